"""A full disk, a file that may not grow, a folder that may not be written: told, and nothing is half written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.examples import sample
from tests.ordinary import CAN_BE_ORDINARY
from tests.report.faults.breaking import NOT_ALLOWED
from tests.report.faults.conftest import Ended, Model, Nursery, campaign, mended
from tests.report.faults.yard import Yard, contents, whole

# Where the room ends: it stays full until the end of the command.
MOMENTS = (
    "open {dossier}/.ctgeval/.production.verrou",
    "fsync {dossier}/.ctgeval/.registre.sceau",
    "fsync {out}/interne/.epci-200070035-essai-2024.html",
    "open {out}/copil/versions/",
)
PAGE = "interne/epci-200070035-essai-2024.html"


def told(done: Ended, *words: str) -> None:
    """See that a failure is one, in French, and without the words of the system."""
    assert done.code == 1, done.err
    assert all(word in done.err for word in words), done.err
    for word in ("Errno", "No space left", "Permission denied", "too large", "imprévue"):
        assert word not in done.err, done.err


@pytest.mark.parametrize("moment", MOMENTS[-sample(1, len(MOMENTS)) :])
def test_a_full_disk_is_told_and_nothing_is_half_written(
    nursery: Nursery, model: Model, yard: Yard, moment: str
) -> None:
    like = moment.format(dossier=yard.dossier, out=yard.out)
    told(nursery.run(yard, yard.command(), fault={"do": "full", "like": like}), "disque", "plein")
    assert whole(yard.published(), model.old, model.new) == []
    assert yard.left() == []
    mended(nursery, model, yard)


@pytest.mark.torture
@campaign
def test_a_disk_that_is_full_from_any_step_on_is_mended(nursery: Nursery, model: Model, tmp_path: Path) -> None:
    counted = model.before.copy(tmp_path / "compte")
    steps = nursery.run(counted, counted.command(), fault={"do": "tell"}).steps
    for step in range(1, len(steps) + 1):
        yard = model.before.copy(tmp_path / f"pas-{step}")
        done = nursery.run(yard, yard.command(), fault={"do": "full", "at": step})
        # The last step only takes a file away, which a full disk lets anybody do.
        assert done.code == (1 if step < len(steps) else 0), (steps[step - 1], done.err)
        assert whole(yard.published(), model.old, model.new) == [], steps[step - 1]
        assert yard.left() == [], steps[step - 1]
        mended(nursery, model, yard)
        yard.remove()


@pytest.mark.torture
@campaign
def test_a_file_that_may_not_grow_is_told(nursery: Nursery, model: Model, yard: Yard) -> None:
    largest = len(model.new[PAGE]) - 100
    told(nursery.run(yard, yard.command("--audience", "interne"), largest=largest), "taille permise")
    assert yard.published() == model.old
    assert yard.left() == []


@pytest.mark.torture
@campaign
def test_a_disk_that_is_really_too_small_keeps_what_it_had(nursery: Nursery, model: Model, yard: Yard) -> None:
    room = sum(len(data) for data in model.old.values()) + len(model.new[PAGE]) + 20_000
    done = nursery.run(yard, yard.command(), small={"path": str(yard.out), "bytes": room})
    if done.code == NOT_ALLOWED:
        pytest.skip("this system lets nobody mount a disk of their own")
    told(done, "disque", "plein")
    found = contents(yard.out.with_name("rapports-disque"))
    assert whole(found, model.old, model.new) == []
    assert not [name for name in found if name.endswith(".tmp")]


@pytest.mark.skipif(not CAN_BE_ORDINARY, reason="the modes of files forbid nothing here")
@pytest.mark.parametrize("which", ["rapports/interne", "dossier/.ctgeval"][: sample(1, 2)])
def test_a_folder_that_may_not_be_written_is_told(nursery: Nursery, model: Model, yard: Yard, which: str) -> None:
    place = yard.root / which
    place.chmod(0o500)
    try:
        told(nursery.run(yard, yard.command("--audience", "interne"), ordinary=True), "refuse l’accès")
    finally:
        place.chmod(0o700)
    assert yard.published() == model.old
    assert yard.left() == []
