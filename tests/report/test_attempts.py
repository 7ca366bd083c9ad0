"""A notebook is run again when it could not start or was killed from outside, and never otherwise."""

from __future__ import annotations

import datetime as dt
import importlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ctgeval.report import attempts, endings, manifest
from ctgeval.report.pool import Pool, Task
from tests.report.running import Bench

build = importlib.import_module("ctgeval.report.build").build

TASK = Task(Path("carnet.ipynb"), Path("ici"), {}, 1.0)
KILLED = {"message": "Le noyau a été tué.", "cellule": 2, "source": "1", "reprise": True}
FAILED = {"message": "KeyError : 'PE01'", "cellule": 3, "source": "1"}
MADE = {"html": "<p>fait</p>"}


class Replies:
    """Gives these replies, one at each run."""

    def __init__(self, *replies: dict[str, Any]) -> None:
        self.left = list(replies)
        self.prepared = 0

    def run(self, task: Task) -> dict[str, Any]:
        assert task is TASK
        return dict(self.left.pop(0))

    def prepare(self) -> None:
        self.prepared += 1


@pytest.mark.parametrize(
    ("replies", "tries", "left"),
    [
        ((MADE,), 1, 0),
        ((FAILED, MADE), 1, 1),
        ((KILLED, MADE), 2, 0),
        ((KILLED, FAILED), 2, 0),
        ((KILLED, KILLED, MADE), attempts.TRIES, 1),
    ],
)
def test_only_what_may_end_otherwise_is_run_again(replies: tuple[dict[str, Any], ...], tries: int, left: int) -> None:
    pool = Replies(*replies)
    reply = attempts.run(pool, TASK, pool.prepare)
    assert (reply["essais"], pool.prepared, len(pool.left)) == (tries, tries, left)
    assert "reprise" not in reply
    assert reply.get("reprises", []) == [KILLED["message"]] * (tries - 1)
    last = replies[tries - 1]
    assert ("message" in reply) == ("message" in last)
    if "message" in last:
        assert reply["message"].startswith(last["message"])
        assert ("2\u00a0essais ont été faits." in reply["message"]) == (tries == 2)


def test_what_a_cluster_did_again_is_counted_and_told() -> None:
    pool = Replies(MADE | {"reprises": ["la machine a a disparu"]})
    reply = attempts.run(pool, TASK, pool.prepare)
    assert (reply["essais"], pool.prepared) == (2, 1)
    assert attempts.told(reply) == "Fait au 2e essai (la machine a a disparu)."
    assert attempts.told(attempts.run(Replies(MADE), TASK, pool.prepare)) == ""


@pytest.mark.parametrize(
    ("code", "again", "said"),
    [
        (-9, True, "SIGKILL"), (-15, True, "SIGTERM"), (-11, False, "SIGSEGV"), (-6, False, "SIGABRT"),
        (0, False, "code 0"), (137, False, "code 137"), (None, False, "coupé"), (-63, False, "signal 63"),
    ],
)  # fmt: skip
def test_each_death_is_told_and_is_worth_another_try_or_not(code: int | None, again: bool, said: str) -> None:
    assert endings.from_outside(code) == again
    assert said in endings.died(code)


def once_killed(root: Path) -> type:
    """A pool whose first notebook is killed, as by the system when memory is short."""

    class Killing(Pool):
        asked = 0

        def run(self, task: Task) -> dict[str, Any]:
            Killing.asked += 1
            found = sorted(path.name for path in (task.scratch / "travail").iterdir())
            assert found == ["release"], "each try begins as the first one"
            if Killing.asked == 1:
                (task.scratch / "travail" / "reste").touch()
                return dict(KILLED)
            return {"html": "<p>fait</p>", "titre": "Essai", "cpu": 1.0}

    assert root.exists()
    return Killing


def test_the_entry_and_the_notes_tell_how_many_tries_it_took(
    workshop: Any, run_by: Callable[[type], None], tmp_path: Path
) -> None:
    run_by(once_killed(tmp_path))
    (entry,) = build(workshop.folder, out=workshop.out, audience="habitants", date=dt.date(2026, 1, 15)).entries
    assert (entry.status, entry.tries) == ("fait", 2)
    assert entry.message == "Fait au 2e essai (Le noyau a été tué)."
    (notes,) = (workshop.folder / ".ctgeval" / "etats" / "habitants").glob("*.json")
    assert json.loads(notes.read_text(encoding="utf-8"))["essais"] == 2
    assert manifest.read(notes)["echec"] == ""


def test_a_notebook_that_is_killed_each_time_fails_and_says_so(workshop: Any) -> None:
    workshop.notebook("essai", workshop.code("print('avant')"), workshop.code("import os\nos.kill(os.getpid(), 9)"))
    (entry,) = build(workshop.folder, out=workshop.out, audience="habitants", date=dt.date(2026, 1, 15)).entries
    assert (entry.status, entry.tries) == ("echec", 2)
    assert "à la cellule de code n°\u00a03" in entry.message
    assert "tué (SIGKILL)" in entry.message
    assert "2\u00a0essais ont été faits." in entry.message


@pytest.mark.parametrize("kernels", ["fork", "process"])
def test_a_notebook_that_can_not_be_born_is_worth_another_try(tmp_path: Path, kernels: str) -> None:
    bench = Bench(tmp_path.resolve())
    try:
        task = bench.task("1", kernels=kernels)
        # Where it would run is a file: no process can stand there.
        (task.scratch / "travail").rename(task.scratch / "ailleurs")
        (task.scratch / "travail").touch()
        reply = bench.pool(kernels).run(task)
    finally:
        bench.close()
    assert reply["message"].startswith(endings.UNBORN)
    assert (reply["cellule"], reply["reprise"]) == (0, True)
