"""The state file: whole, and true even when the process that wrote it is no more."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from ctgeval.report import lock
from ctgeval.report.schedule import state
from ctgeval.report.schedule.state import State

RUNNING = """
import sys
from pathlib import Path
from ctgeval.report import lock
from ctgeval.report.schedule import state
me = lock.myself()
state.write(Path(sys.argv[1]), state.State(etat="en_cours", processus=me, debut=me.since))
print("ecrit", flush=True)
sys.stdin.readline()
"""
BILAN = {"bilan": "essai", "audience": "copil", "territoire": "X", "periode": "2025", "etat": "fait", "message": "été"}


def running() -> State:
    me = lock.myself()
    return State(etat="en_cours", processus=me, debut=me.since, bilans=(BILAN,))


def test_what_is_written_is_read(tmp_path: Path) -> None:
    assert state.read(tmp_path) is None
    state.write(tmp_path, running())
    assert state.read(tmp_path) is not None
    ended = replace(running(), etat="echec", fin="2026-01-01T00:00:00+01:00", code_de_sortie=1, message="Raté.")
    state.write(tmp_path, ended)
    assert state.read(tmp_path) == ended
    told = json.loads((tmp_path / state.FILE).read_text(encoding="utf-8"))
    assert (told["etat"], told["code_de_sortie"], told["bilans"]) == ("echec", 1, [BILAN])
    assert told["processus"]["pid"] == ended.processus.pid
    assert [path.name for path in (tmp_path / ".ctgeval").iterdir()] == ["etat.json"]


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs to know whether a process lives")
def test_a_killed_run_is_interrupted_and_a_living_one_goes_on(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", RUNNING, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "ecrit\n"
    alive = state.read(tmp_path)
    assert alive is not None
    assert (alive.etat, alive.processus.pid, alive.code_de_sortie) == ("en_cours", child.pid, None)
    child.send_signal(signal.SIGKILL)
    child.communicate()
    dead = state.read(tmp_path)
    assert dead is not None
    assert (dead.etat, dead.debut, dead.fin, dead.code_de_sortie) == ("interrompu", alive.debut, "", None)
    assert "disparu" in dead.message


def test_a_run_of_another_machine_is_told_as_it_says(tmp_path: Path) -> None:
    me = replace(lock.myself(), host="une autre machine", pid=1)
    state.write(tmp_path, replace(running(), processus=me))
    found = state.read(tmp_path)
    assert found is not None
    assert found.etat == "en_cours"


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"format": 2}', '{"format": 1, "etat": "parti"}', '{"format": 1, "etat": "echec"}', "é\x00"],
)
def test_a_file_that_is_not_a_state_is_no_state(tmp_path: Path, text: str) -> None:
    (tmp_path / ".ctgeval").mkdir()
    (tmp_path / state.FILE).write_text(text, encoding="latin-1")
    assert state.read(tmp_path) is None
