"""The task is handed to the scheduler of the user, in place of the former one, and the rest of theirs is left alone."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from ctgeval.errors import ParameterError, ReportError
from ctgeval.report.schedule import cron, install, systemd
from tests.report.schedule.conftest import Make

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the commands that stand in for schedulers are POSIX scripts")
CRONTAB = """\
#!{python}
import pathlib, sys
table = pathlib.Path({table!r})
if sys.argv[1:] == ["-l"]:
    if not table.exists():
        sys.stderr.write("no crontab for marie\\n")
        sys.exit(1)
    sys.stdout.buffer.write(table.read_bytes())
else:
    assert sys.argv[1:] == ["-"]
    table.write_bytes(sys.stdin.buffer.read())
"""
NOTING = """\
#!{python}
import json, sys
with open({table!r}, "a") as stream:
    stream.write(json.dumps(sys.argv[1:]) + "\\n")
"""
REFUSING = "#!{python}\nimport sys\nsys.stderr.write('permission denied: {table}\\n')\nsys.exit(1)\n"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return tmp_path / "table"


def stand_in(name: str, script: str, table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = table.parent / "bin"
    folder.mkdir(exist_ok=True)
    program = folder / name
    program.write_text(script.format(python=sys.executable, table=str(table)), encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(folder))


def test_a_crontab_that_does_not_exist_is_made(make: Make, table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in("crontab", CRONTAB, table, monkeypatch)
    task = make("/srv/l'été 100 %")
    install.install("cron", task, cron.write(task), ())
    assert table.read_text(encoding="utf-8") == next(iter(cron.write(task).values()))


def test_a_crontab_keeps_its_other_lines_and_one_line_of_ours(
    make: Make, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in("crontab", CRONTAB, table, monkeypatch)
    before = b"MAILTO=a@b.fr\n0 1 * * * sauve \xff\\%F"
    table.write_bytes(before)
    task, other = make("/srv/un"), make("/srv/deux")
    for one in (task, other, task, task):
        install.install("cron", one, cron.write(one), ())
    blocks = [next(iter(cron.write(one).values())).encode() for one in (other, task)]
    assert table.read_bytes() == before + b"\n" + b"".join(blocks)


def test_a_crontab_that_can_t_be_read_is_not_replaced(make: Make, table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in("crontab", REFUSING, table, monkeypatch)
    with pytest.raises(ReportError, match="permission denied"):
        install.install("cron", make(), cron.write(make()), ())
    assert not table.exists()


def test_systemd_is_given_the_units_then_told(make: Make, table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in("systemctl", NOTING, table, monkeypatch)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(table.parent / "réglages"))
    task = make("/srv/l'été")
    install.install("systemd", task, systemd.write(task), ())
    for name, text in systemd.write(task).items():
        assert (table.parent / "réglages" / "systemd" / "user" / name).read_text(encoding="utf-8") == text
    assert table.read_text().splitlines() == [
        '["--user", "daemon-reload"]',
        f'["--user", "enable", "--now", "{task.name}.timer"]',
    ]


def test_windows_is_given_the_file(make: Make, table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in("schtasks", NOTING, table, monkeypatch)
    task = make()
    install.install("windows", task, {}, (Path("a b.xml"),))
    assert table.read_text() == f'["/Create", "/F", "/TN", "{task.name}", "/XML", "a b.xml"]\n'


def test_a_scheduler_that_is_not_there_is_told(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ReportError, match="« crontab » n’existe pas"):
        install.install("cron", make(), cron.write(make()), ())


def test_a_cluster_is_not_installed_from_here(make: Make) -> None:
    with pytest.raises(ParameterError, match="kubectl apply"):
        install.install("argo", make(), {}, (Path("a.argo.json"),))
