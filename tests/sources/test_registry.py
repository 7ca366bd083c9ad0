from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ctgeval import measures, sources
from ctgeval.errors import UnknownFormat


def test_each_format_says_what_a_source_sheet_needs() -> None:
    known = sources.formats()
    assert list(known) == sorted(known)
    assert {"caf.taux_couverture", "insee.comparateur", "insee.filosofi_cc", "insee.population"} <= set(known)
    for name, each in known.items():
        assert each.name == name
        assert each.producer or not each.measures
        assert each.lag_years >= 0
        assert all(sentence.endswith(".") for sentence in each.coverage.values())
        for measure in each.measures:
            assert measures.get(measure).id == measure
    assert known["caf.taux_couverture"].minimum_population == 10_000


def test_an_unknown_format_gives_the_near_one(tmp_path: Path) -> None:
    with pytest.raises(UnknownFormat, match=r"insee\.filosofi"):
        sources.read(tmp_path / "x.csv", format="insee.filosophi")


def test_a_path_may_be_a_text_and_the_key_is_kept(write: Callable[..., Path]) -> None:
    path = write("CODGEO,LIBGEO,millesime_rp,annee_geo,POP\n86194,Poitiers,2018,2020,88665\n")
    table = sources.read(str(path), format="insee.population", key="rp")
    assert table.observations["source"].tolist() == ["rp"]
    assert table.observations["origin"].tolist() == ["fichier.csv!2"]
