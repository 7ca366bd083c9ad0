"""A clock that jumps: what is up to date stays so, the rest is made again, and no living builder loses its lock."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from ctgeval.report import lock
from tests.report.faults.conftest import Model, Nursery, campaign
from tests.report.faults.yard import Yard

YEARS = 10 * 366 * 86400.0


def stamped(yard: Yard, when: float) -> None:
    """Give every file the same date."""
    for folder in (yard.dossier, yard.out):
        for path in folder.rglob("*"):
            os.utime(path, (when, when))


def statuses(nursery: Nursery, yard: Yard) -> list[str]:
    """Return where each bilan stands."""
    done = nursery.run(yard, ["etat", str(yard.dossier), "--out", str(yard.out), "--json"])
    return [one["status"] for one in json.loads(done.out)["bilans"]]


def test_dates_of_files_and_of_days_that_go_back_and_forth_change_nothing(
    nursery: Nursery, model: Model, tmp_path: Path
) -> None:
    yard = model.after.copy(tmp_path / "cour")
    for when, day in ((time.time() + YEARS, "2026-03-31"), (0.0, "2030-01-01")):
        stamped(yard, when)
        assert statuses(nursery, yard) == ["a_jour", "a_jour"]
        done = nursery.run(yard, yard.command(day=day))
        assert done.code == 0
        assert done.err.count("à jour") == 2
        assert yard.published() == model.new
    # What was written before the clock went back is older than what it replaces, and is the last all the same.
    yard.count(7999)
    stamped(yard, 0.0)
    assert statuses(nursery, yard) == ["a_refaire", "fige"]


def test_the_lock_of_a_living_builder_is_not_taken_whatever_the_clock_says(
    nursery: Nursery, model: Model, yard: Yard
) -> None:
    with lock.hold(yard.dossier) as held:
        for late in (-YEARS, YEARS):
            stamp = time.time() - late
            os.utime(held.path, (stamp, stamp))
            done = nursery.run(yard, [*yard.scheduled(), "--attente", "0"], late=late)
            assert done.code == 3, done.err
            assert str(os.getpid()) in done.err
            held.check()
    assert yard.published() == model.old


@pytest.mark.torture
@campaign
def test_the_lock_of_a_dead_builder_from_the_future_is_taken_at_once(
    nursery: Nursery, model: Model, yard: Yard
) -> None:
    like = f"open {yard.out}/interne/"
    nursery.run(yard, yard.command(), fault={"do": "kill", "like": like})
    future = time.time() + YEARS
    os.utime(yard.private / "production.verrou", (future, future))
    begun = time.monotonic()
    done = nursery.run(yard, yard.command(), late=-YEARS)
    assert done.code == 0, done.err
    assert time.monotonic() - begun < 600
    assert yard.published() == model.new
    assert yard.left() == []
