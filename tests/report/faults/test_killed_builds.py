"""A build that is killed leaves each file as it was or as it will be, and the next one gives what none would have."""

from __future__ import annotations

import random
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from tests.examples import sample
from tests.report.faults.conftest import Model, Nursery, campaign, ended, mended
from tests.report.faults.yard import READERS, Yard, whole

# In the order of a build, so that each one goes further than the one before.
MOMENTS = (
    "fsync {dossier}/.ctgeval/audits/",
    "open {out}/interne/",
    "fsync {dossier}/.ctgeval/etats/copil/",
    "os.rename {out}/copil/epci-200070035-essai-2024.manifest.json",
    "os.rename {out}/copil/versions/epci-200070035-essai-2024-v2.html",
    "os.remove {dossier}/.ctgeval/production.verrou",
)
BATCH = 20


def test_killed_several_times_then_left_alone_it_gives_the_same_as_never_killed(
    nursery: Nursery, model: Model, yard: Yard
) -> None:
    for moment in MOMENTS[:: sample(2, 1)]:
        like = moment.format(dossier=yard.dossier, out=yard.out)
        done = nursery.run(yard, yard.command(), fault={"do": "kill", "like": like})
        assert done.code == -signal.SIGKILL, like
        assert whole(yard.published(), model.old, model.new) == [], like
    mended(nursery, model, yard)


@pytest.mark.torture
@campaign
@pytest.mark.parametrize("first", range(1, 6))
def test_killed_at_any_step_it_is_mended_by_the_next_one(
    nursery: Nursery, model: Model, tmp_path: Path, first: int
) -> None:
    counted = model.before.copy(tmp_path / "compte")
    steps = nursery.run(counted, counted.command(), fault={"do": "tell"}).steps
    assert len(steps) > 80
    for step in range(first, len(steps) + 1, 5):
        yard = model.before.copy(tmp_path / f"pas-{step}")
        done = nursery.run(yard, yard.command(), fault={"do": "kill", "at": step})
        assert done.code == -signal.SIGKILL, steps[step - 1]
        assert whole(yard.published(), model.old, model.new) == [], steps[step - 1]
        mended(nursery, model, yard)
        yard.remove()


@pytest.mark.torture
@campaign
def test_killed_while_a_notebook_runs_it_leaves_no_process_and_the_next_one_leaves_nothing(
    nursery: Nursery, model: Model, yard: Yard
) -> None:
    yard.slow()
    started = yard.start(yard.command("--audience", "interne"))
    yard.running(started)
    started.send_signal(signal.SIGKILL)
    assert ended(started)[0] == -signal.SIGKILL
    assert yard.published() == model.old
    assert [name for name in yard.left() if name.startswith("tmp/ctgeval-")]
    done = nursery.run(yard, yard.command("--audience", "interne"))
    assert done.code == 0, done.err
    assert yard.left() == []


@pytest.mark.torture
@campaign
@pytest.mark.parametrize("batch", range(10))
def test_killed_at_random_moments_for_real(real: Model, tmp_path: Path, batch: int) -> None:
    chance = random.Random(batch)  # noqa: S311 - moments, always the same ones
    for rank in range(BATCH):
        yard = real.before.copy(tmp_path / f"fois-{rank}")
        started = yard.start(yard.command("--jobs", "2"))
        if rank % 2:
            yard.running(started)
        with suppress(subprocess.TimeoutExpired):
            started.wait(timeout=chance.uniform(0.0, real.seconds))
        started.send_signal(signal.SIGKILL)
        assert ended(started)[0] in {0, -signal.SIGKILL}
        assert whole(yard.published(), real.old, real.new) == []
        code, said = ended(yard.start(yard.command("--jobs", "2")))
        assert code == 0, said
        assert yard.published() == real.new
        assert yard.left() == []
        yard.remove()


@pytest.mark.torture
@campaign
def test_what_somebody_saved_in_a_notebook_is_in_no_page(real: Model) -> None:
    pages = {name: data for name, data in real.new.items() if name.endswith("2024.html")}
    assert len(pages) == len(READERS)
    for page in pages.values():
        assert b"Naissances" in page
        assert b"sortie-enregistree" not in page
        assert b"exemple.invalid" not in page
        assert len(page) < 300_000
