"""One builder at a time, whatever became of the one before."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ctgeval.errors import ReportError
from ctgeval.report import lock

HOLDER = """
import sys, time
from pathlib import Path
from ctgeval.report import lock
with lock.hold(Path(sys.argv[1]), patience=float(sys.argv[2])):
    print("pris", flush=True)
    sys.stdin.readline()
print("rendu", flush=True)
"""


def holder(folder: Path, patience: float = 0.0) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder), str(patience)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_a_second_builder_is_told_who_holds_the_dossier_and_since_when(tmp_path: Path) -> None:
    with lock.hold(tmp_path) as first:
        first.check()
        again = lock.hold(tmp_path, patience=0.3)
        with pytest.raises(ReportError, match="Une autre production de ce dossier est en cours") as caught, again:
            pytest.fail("two at a time")
        told = str(caught.value)
        assert first.holder.user in told
        assert f"processus {os.getpid()}" in told
        assert first.holder.since[:4] in told
        assert "Attendez" in caught.value.problem.remedy
    assert not (tmp_path / lock.FILE).exists()
    with lock.hold(tmp_path, patience=0.0):
        pass
    assert list((tmp_path / ".ctgeval").iterdir()) == []


def test_two_processes_exclude_each_other_and_the_second_waits_its_turn(tmp_path: Path) -> None:
    first = holder(tmp_path)
    assert first.stdout is not None
    assert first.stdout.readline() == "pris\n"
    second = holder(tmp_path, patience=60.0)
    with pytest.raises(ReportError), lock.hold(tmp_path, patience=0.2):
        pytest.fail("three at a time")
    assert second.poll() is None, "it waits"
    assert first.communicate("\n")[0] == "rendu\n"
    out, err = second.communicate("\n")
    assert out == "pris\nrendu\n", err


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs to know whether a process lives")
def test_the_lock_of_a_killed_builder_is_taken_at_once(tmp_path: Path) -> None:
    killed = holder(tmp_path)
    assert killed.stdout is not None
    killed.stdout.readline()
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert (tmp_path / lock.FILE).exists()
    with lock.hold(tmp_path, patience=0.0 + 0.5):
        pass


def test_a_number_of_process_used_again_is_not_its_former_owner(tmp_path: Path) -> None:
    with lock.hold(tmp_path) as held:
        mine = held.holder
    if not mine.space:
        pytest.skip("this system does not tell when a process began")
    _write(tmp_path, dataclasses.replace(mine, born="1"))
    with lock.hold(tmp_path, patience=0.5):
        pass


def test_another_machine_is_waited_for_until_it_has_been_silent_for_minutes(tmp_path: Path) -> None:
    with lock.hold(tmp_path) as held:
        other = dataclasses.replace(held.holder, host="autre-poste", pid=1, mark="0")
    path = _write(tmp_path, other)
    with pytest.raises(ReportError, match="autre-poste"), lock.hold(tmp_path, patience=0.3):
        pytest.fail("it may be at work")
    os.utime(path, (0, 0))
    with lock.hold(tmp_path, patience=0.5) as taken:
        assert taken.holder.host != "autre-poste"


def test_a_holder_that_was_asleep_finds_out_that_its_place_was_taken(tmp_path: Path) -> None:
    with lock.hold(tmp_path) as slept:
        _write(tmp_path, dataclasses.replace(slept.holder, mark="0", user="quelqu’un"))
        with pytest.raises(ReportError, match="suspendue trop longtemps"):
            slept.check()
    assert (tmp_path / lock.FILE).exists(), "the other one's lock is left alone"


def test_a_lock_that_is_half_written_is_waited_for_then_taken(tmp_path: Path) -> None:
    path = tmp_path / lock.FILE
    path.parent.mkdir()
    path.write_text('{"mark": "ab', encoding="ascii")
    with pytest.raises(ReportError, match="on ne sait pas par qui"), lock.hold(tmp_path, patience=0.3):
        pytest.fail("it may be at work")
    os.utime(path, (0, 0))
    with lock.hold(tmp_path, patience=0.5):
        pass


def test_the_lock_is_touched_while_it_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "_BEAT", 0.01)
    with lock.hold(tmp_path) as held:
        os.utime(held.path, (0, 0))
        for _ in range(500):
            if held.path.stat().st_mtime > 0:
                break
            lock.time.sleep(0.01)
        assert held.path.stat().st_mtime > 0


def test_a_dossier_that_cant_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / ".ctgeval").write_text("un fichier à la place du dossier", encoding="utf-8")
    with pytest.raises(ReportError, match="Rien ne peut être écrit"), lock.hold(tmp_path):
        pytest.fail("nowhere to write")


def _write(folder: Path, holder: lock.Holder) -> Path:
    path = folder / lock.FILE
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(dataclasses.asdict(holder)), encoding="ascii")
    return path
