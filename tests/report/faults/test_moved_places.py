"""A folder that goes while it is written, a file that is not one, a link that was planted: told, and mended."""

from __future__ import annotations

import pytest

from tests.report.faults.conftest import Model, Nursery, campaign, mended
from tests.report.faults.yard import Yard

PAGE = "interne/epci-200070035-essai-2024.html"


@pytest.mark.torture
@campaign
def test_reports_deleted_during_a_build_are_made_again(nursery: Nursery, model: Model, yard: Yard) -> None:
    fault = {"do": "vanish", "like": f"fsync {yard.out}/{PAGE.replace('/', '/.')}", "path": str(yard.out)}
    done = nursery.run(yard, yard.command("--audience", "interne"), fault=fault)
    assert done.code == 1, done.err
    assert "disparu" in done.err
    assert "imprévue" not in done.err
    assert yard.left() == []
    done = nursery.run(yard, yard.command("--audience", "interne"))
    assert done.code == 0, done.err
    names = [name for name in model.new if name.startswith("interne/")]
    assert {name: yard.published()[name] for name in names} == {name: model.new[name] for name in names}


@pytest.mark.torture
@campaign
def test_a_link_planted_before_the_build_is_refused(nursery: Nursery, model: Model, yard: Yard) -> None:
    target = yard.root / "ailleurs.html"
    target.write_bytes(b"intact")
    (yard.out / PAGE).unlink()
    (yard.out / PAGE).symlink_to(target)
    done = nursery.run(yard, yard.command())
    assert done.code == 1, done.err
    assert "lien symbolique" in done.err
    assert target.read_bytes() == b"intact"
    (yard.out / PAGE).unlink()
    mended(nursery, model, yard)


@pytest.mark.torture
@campaign
def test_a_link_planted_during_the_build_is_replaced_and_leads_nowhere(
    nursery: Nursery, model: Model, yard: Yard
) -> None:
    target = yard.root / "ailleurs.html"
    target.write_bytes(b"intact")
    fault = {"do": "plant", "like": f"fsync {yard.out}/{PAGE.replace('/', '/.')}", "path": str(yard.out / PAGE)}
    done = nursery.run(yard, yard.command(), fault=fault | {"to": str(target)})
    assert done.code == 0, done.err
    assert target.read_bytes() == b"intact"
    assert not (yard.out / PAGE).is_symlink()
    assert yard.published() == model.new


@pytest.mark.torture
@campaign
@pytest.mark.parametrize("name", [PAGE, "copil/epci-200070035-essai-2024.manifest.json"])
def test_a_folder_in_the_place_of_a_file_is_told(nursery: Nursery, model: Model, yard: Yard, name: str) -> None:
    place = yard.out / name
    place.unlink()
    place.mkdir()
    done = nursery.run(yard, yard.command())
    assert done.code == 1, done.err
    assert "un dossier porte ce nom" in done.err
    assert "imprévue" not in done.err
    place.rmdir()
    mended(nursery, model, yard)
