"""The units are those that systemd reads, and the command is given back word by word."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given

from ctgeval.errors import ParameterError
from ctgeval.report.schedule import systemd
from tests.report.schedule.conftest import Make
from tests.report.schedule.hostile import NAMES, WORDS

KEYS = {
    "Unit": {"Description"},
    "Service": {"Type", "ExecStart", "Nice"},
    "Timer": {"OnCalendar", "Persistent", "RandomizedDelaySec"},
    "Install": {"WantedBy"},
}
CALENDAR = re.compile(r"(Mon )?\*-(\*|\d\d)-(\*|\d\d) ([01]\d|2[0-3]):[0-5]\d:00")
ESCAPES = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"\\": b"\\", b'"': b'"'}


def parsed(text: str) -> dict[str, dict[str, str]]:
    """Read a unit by the grammar of systemd.syntax(7), and accept nothing else than what is written here."""
    found: dict[str, dict[str, str]] = {}
    for row in text.rstrip("\n").split("\n"):
        if not row:
            continue
        header = re.fullmatch(r"\[(\w+)\]", row)
        if header:
            section = found.setdefault(header[1], {})
            assert not section
        else:
            key, sign, value = row.partition("=")
            assert sign
            assert not row.endswith("\\")
            assert key in KEYS[next(reversed(found))]
            section[key] = value
    return found


def unquoted(command: str) -> list[bytes]:
    """Read a command line of quoted words by the grammar of systemd.service(5), specifiers included."""
    assert command.startswith(':"'), "without the colon, systemd would replace variables"
    words = re.findall(r'"((?:[^"\\]|\\.)*)"(?: |$)', command[1:], re.DOTALL)
    assert " ".join(f'"{word}"' for word in words) == command[1:]
    return [re.sub(rb"%(.)", _percent, re.sub(rb"\\(x..|.)", _escape, word.encode())) for word in words]


def _escape(found: re.Match[bytes]) -> bytes:
    sign = found[1]
    return bytes.fromhex(sign[1:].decode()) if sign.startswith(b"x") else ESCAPES[sign]


def _percent(found: re.Match[bytes]) -> bytes:
    assert found[1] == b"%", "a specifier"
    return b"%"


def check(make: Make, name: str) -> None:
    task = make(name, options=("--out", name + "/reports"))
    units = systemd.write(task)
    assert list(units) == [f"{task.name}.service", f"{task.name}.timer"]
    service, timer = (parsed(text) for text in units.values())
    assert set(service) == {"Unit", "Service"}
    assert set(timer) == {"Unit", "Timer", "Install"}
    assert unquoted(service["Service"]["ExecStart"]) == [word.encode("utf-8", "surrogateescape") for word in task.words]
    assert CALENDAR.fullmatch(timer["Timer"]["OnCalendar"])


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_name_is_one_word(make: Make, name: str) -> None:
    check(make, name)


@given(WORDS)
def test_any_name_is_one_word(make: Make, name: str) -> None:
    check(make, "/srv/" + name)


@pytest.mark.parametrize("python", ["/srv/l'été/python", "/srv/a\nb/python", "/srv/a\\b/python"])
def test_an_interpreter_that_systemd_refuses_is_refused_here(make: Make, python: str) -> None:
    with pytest.raises(ParameterError, match="systemd"):
        systemd.write(make(python=python))


def verified(folder: Path, *paths: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", "verify", *map(str, paths)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "XDG_RUNTIME_DIR": str(folder), "LC_ALL": "C.UTF-8"},
    )


def test_systemd_itself_accepts_the_units(make: Make, tmp_path: Path) -> None:
    units = {}
    for name in NAMES:
        units |= systemd.write(make(name, python=sys.executable))
    for name, text in units.items():
        parsed(text)
        (tmp_path / name).write_text(text, encoding="utf-8")
    broken = tmp_path / "casse.service"
    broken.write_text('[Service]\nType=oneshot\nExecStart=:"/bin/true" "a%Z\n', encoding="utf-8")
    known = tmp_path / "connu.service"
    known.write_text("[Service]\nType=oneshot\nExecStart=/bin/true\n", encoding="utf-8")
    # Where systemd is not there, or can't verify a unit that is surely right, the grammar above is what checks.
    if shutil.which("systemd-analyze") and verified(tmp_path, known).returncode == 0:
        assert verified(tmp_path, broken).returncode != 0
        done = verified(tmp_path, *sorted(tmp_path / name for name in units))
        assert (done.returncode, done.stderr) == (0, "")
    with pytest.raises(AssertionError):
        parsed("[Service]\nExecStart=a\\\nb")
