"""Ten builders at once: of one dossier, one works and the others wait or leave; of several, no index forgets a page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.examples import sample
from tests.report.faults.conftest import Model, Nursery, campaign
from tests.report.faults.yard import PLACE, Yard

PLACES = (PLACE, "EPCI-200070043", "EPCI-200069854", "EPCI-248600413")


def test_ten_builders_of_one_dossier_make_each_page_once(nursery: Nursery, model: Model, tmp_path: Path) -> None:
    for rank in range(sample(1, 10)):
        yard = model.before.copy(tmp_path / f"fois-{rank}")
        started = [nursery.start(yard, yard.command()) for _ in range(10)]
        ended = [nursery.wait(one) for one in started]
        for done in ended:
            assert done.code in {0, 1}, done.err
            assert done.code == 0 or "Une autre production de ce dossier est en cours" in done.err, done.err
        assert sum(len(re.findall(r"^\[\d/2\] fait", done.err, re.MULTILINE)) for done in ended) == 2
        assert yard.published() == model.new
        assert yard.kept() == model.kept
        assert yard.left() == []


@pytest.mark.torture
@campaign
def test_builders_of_several_dossiers_share_a_folder_and_its_index(
    nursery: Nursery, place: Path, tmp_path: Path
) -> None:
    for rank in range(10):
        root = tmp_path / f"fois-{rank}"
        yards = [Yard(root / code, place, shared=root / "rapports") for code in PLACES]
        for yard, code in zip(yards, PLACES, strict=True):
            yard.begin(place=code)
        started = [nursery.start(yard, yard.command("--audience", "copil")) for yard in yards]
        for one in started:
            done = nursery.wait(one)
            assert done.code == 0, done.err
        found = yards[0].published()
        names = {f"{code.lower()}-essai-2024" for code in PLACES}
        assert {Path(name).stem for name in found if re.fullmatch(r"copil/[^/]*-essai-2024\.html", name)} == names
        listed = re.findall(r'href="([a-z0-9-]*-essai-2024)\.html"', found["copil/index.html"].decode("utf-8"))
        assert set(listed) == names, "the last index that was written knows the pages of all"
        assert not [name for name in found if name.endswith(".tmp")]
