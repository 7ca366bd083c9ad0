"""A build that is asked to stop ends at once, says so in French, leaves nothing behind, and goes on the next time."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.report.faults.conftest import Model, Nursery, campaign, ended, mended
from tests.report.faults.yard import Yard, whole

CODES = {"int": (130, "Interrompu"), "term": (143, "SIGTERM"), "hup": (129, "SIGHUP")}
MOMENTS = (
    ("term", "open {dossier}/.ctgeval/releases/"),
    ("int", "os.rename {out}/interne/epci-200070035-essai-2024.html"),
    ("hup", "open {out}/copil/versions/"),
)


@pytest.mark.torture
@campaign
def test_stopped_three_times_then_left_alone_it_gives_the_same_as_never_stopped(
    nursery: Nursery, model: Model, yard: Yard
) -> None:
    for sign, moment in MOMENTS:
        like = moment.format(dossier=yard.dossier, out=yard.out)
        done = nursery.run(yard, yard.command(), fault={"do": sign, "like": like})
        code, told = CODES[sign]
        assert done.code == code, (like, done.err)
        assert told in done.err
        assert yard.left() == []
        assert whole(yard.published(), model.old, model.new) == []
    mended(nursery, model, yard)


@pytest.mark.torture
@campaign
def test_stopped_while_a_notebook_runs_it_does_not_wait_for_it(yard: Yard, model: Model, place: Path) -> None:
    yard.slow()
    started = yard.start(yard.command("--audience", "interne"))
    yard.running(started)
    begun = time.monotonic()
    started.send_signal(signal.SIGTERM)
    code, said = ended(started)
    assert (code, time.monotonic() - begun < 60) == (143, True)
    assert said.strip().endswith("Relancez la même commande pour reprendre.")
    assert "Traceback" not in said
    assert yard.left() == []
    assert yard.published() == model.old
    notes = yard.private / "etats" / "interne" / "epci-200070035-essai-2024.json"
    assert notes.read_bytes() == (model.before.private / notes.relative_to(yard.private)).read_bytes()


def test_a_scheduled_run_tells_in_its_state_what_stopped_it(nursery: Nursery, model: Model, yard: Yard) -> None:
    like = f"open {yard.out}/interne/"
    for sign in ("term", "int"):
        done = nursery.run(yard, yard.scheduled(), fault={"do": sign, "like": like})
        code, told = CODES[sign]
        assert done.code == code, done.err
        assert told in done.err
        state = yard.state()
        assert (state["etat"], state["code_de_sortie"]) == ("interrompu", code)
        draft, validated = (row["etat"] for row in state["bilans"])
        # What the signal found half-way is written whole: the second run has nothing to do but the index.
        assert (draft, validated) == ("en_attente" if sign == "term" else "a_jour", "laisse")
        assert yard.left() == []
    done = nursery.run(yard, yard.scheduled(), fault={"do": "kill", "like": like})
    assert done.code == -signal.SIGKILL
    told = nursery.run(yard, ["planifier", str(yard.dossier), "--afficher", "--cible", "cron"])
    assert "interrompu" in told.out
    done = nursery.run(yard, yard.scheduled())
    assert done.code == 0, done.err
    state = yard.state()
    assert (state["etat"], state["code_de_sortie"]) == ("reussi", 0)
    assert [row["etat"] for row in state["bilans"]] == ["a_jour", "laisse"]
    assert yard.left() == []


@pytest.mark.torture
@campaign
@pytest.mark.parametrize("sign", CODES)
def test_stopped_at_any_step_it_leaves_nothing(nursery: Nursery, model: Model, tmp_path: Path, sign: str) -> None:
    counted = model.before.copy(tmp_path / "compte")
    steps = nursery.run(counted, counted.command(), fault={"do": "tell"}).steps
    for step in range(1, len(steps) + 1, 3):
        yard = model.before.copy(tmp_path / f"pas-{step}")
        done = nursery.run(yard, yard.command(), fault={"do": sign, "at": step})
        assert done.code == CODES[sign][0], (steps[step - 1], done.err)
        assert CODES[sign][1] in done.err
        assert yard.left() == [], steps[step - 1]
        assert whole(yard.published(), model.old, model.new) == []
        mended(nursery, model, yard)
        yard.remove()


@pytest.mark.torture
@campaign
@pytest.mark.parametrize("batch", range(5))
def test_stopped_at_random_moments_for_real(real: Model, tmp_path: Path, batch: int) -> None:
    chance = random.Random(batch)  # noqa: S311 - moments, always the same ones
    for rank in range(20):
        number, (code, told) = (signal.SIGINT, CODES["int"]) if rank % 2 else (signal.SIGTERM, CODES["term"])
        yard = real.before.copy(tmp_path / f"fois-{rank}")
        started = yard.start(yard.command("--jobs", "2"))
        yard.listening(started)
        with suppress(subprocess.TimeoutExpired):
            started.wait(timeout=chance.uniform(0.0, real.seconds))
        started.send_signal(number)
        found, said = ended(started)
        assert found in {0, code}, said
        assert "Traceback" not in said
        assert found == 0 or told in said
        assert yard.left() == []
        assert whole(yard.published(), real.old, real.new) == []
        found, said = ended(yard.start(yard.command("--jobs", "2")))
        assert found == 0, said
        assert yard.published() == real.new
        yard.remove()
