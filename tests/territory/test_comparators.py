"""Nearest territories: what is compared, what is left out, and that the answer is always the same."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from ctgeval import sources, territory
from ctgeval.errors import TerritoryError, UnknownTerritory
from ctgeval.territory.comparators import Comparators, nearest
from ctgeval.territory.reference import Reference

OWN = "EPCI-200070035"


def french_spaces(text: str) -> str:
    return text.replace("\u202f", " ").replace("\u00a0", " ")


@pytest.fixture(scope="module")
def plain() -> Comparators:
    return nearest(OWN, year=2024, number=1_000)


def test_the_nearest_are_like_it(plain: Comparators) -> None:
    first = plain.table.iloc[0]
    assert (first["population"], first["communes"]) == (25_528, 33)
    assert plain.table["distance"].is_monotonic_increasing
    assert OWN not in plain.geos
    assert [one.name for one in plain.variables] == ["population", "communes", "croissance"]
    assert [one.log for one in plain.variables] == [True, True, False]


def test_the_distance_is_the_root_mean_square_of_robust_standard_scores(plain: Comparators) -> None:
    every = territory.profiles.profiles("EPCI", 2024, territory.reference.load())
    raw = np.column_stack([np.log(every.population), np.log(every.communes), every.growth])
    low, middle, high = np.nanquantile(raw[:, :], [0.25, 0.5, 0.75], axis=0)
    scores = (raw - middle) / ((high - low) / 1.349)
    gaps = scores - scores[every.geos.index(OWN)]
    distance = dict(zip(every.geos, np.sqrt((gaps**2).mean(axis=1)), strict=True))
    for row in plain.table.head(50).itertuples():
        assert row.distance == pytest.approx(distance[row.geo], rel=1e-9)


def test_each_choice_is_explained_in_one_line() -> None:
    area = pd.DataFrame({"geo": [OWN, "EPCI-200070043"], "superficie_km2": [886.0, 1_940.0]})
    found = nearest(OWN, year=2024, number=5, variables=area)
    assert [french_spaces(line) for line in found.table["sentence"]] == [
        (
            "CC Vienne et Gartempe : 38 830 habitants (26 926), 55 communes (35), densité 20 hab./km² (30), "
            "évolution annuelle −0,35 % (−0,57 %) ; distance 1,41"
        )
    ]
    text = found.text()
    assert "densité (en logarithme)" in text
    assert "faute d’une de ces variables : aucune valeur n’est inventée" in text.replace("\u202f", " ").replace(
        " ", " "
    )
    assert "1 territoire peut être retenu, sur 5 demandés" in french_spaces(text)
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.year = 2025  # type: ignore[misc]


def test_exclusions_change_no_distance_and_are_told(plain: Comparators) -> None:
    barred = plain.geos[:3]
    fewer = nearest(OWN, year=2024, number=20, exclude=barred)
    assert fewer.geos == plain.geos[3:23]
    distances = plain.table.set_index("geo")["distance"]
    assert fewer.table.set_index("geo")["distance"].equals(distances[list(fewer.geos)])
    assert plain.table["name"][0] in " ".join(fewer.notes)


def test_neighbours_and_changed_perimeters_are_left_out_on_demand(plain: Comparators) -> None:
    found = nearest(OWN, year=2024, number=1_000, exclude_same_department=True, window=(2020, 2024))
    known = territory.reference.load()
    vienne = {"EPCI-200069854", "EPCI-248600413", "EPCI-200070043"}
    assert vienne & set(plain.geos)
    assert not vienne & set(found.geos)
    assert not any("DEP-86" in known.parents(geo, 2024) for geo in found.geos)
    assert not any(not known.exists(geo, 2020) or known.changed_between(geo, 2020, 2024) for geo in found.geos)
    assert any("périmètre a changé" in note for note in found.notes)
    assert any("(Vienne)" in note for note in found.notes)


def test_years_that_are_not_known_are_told() -> None:
    found = nearest(OWN, year=2024, window=(2015, 2024))
    assert any("que de 2020 à 2024" in note for note in found.notes)


def fictional(values: dict[str, list[float]], n: int) -> tuple[Reference, pd.DataFrame]:
    geos = [f"EPCI-9000000{rank:02d}" for rank in range(n)]
    places = pd.DataFrame({"geo": geos, "name": [f"CC {rank}" for rank in range(n)], "type": "CC", "first": 2024,
                           "last": 2024})  # fmt: skip
    empty = pd.DataFrame({"territory": [], "commune": [], "first": [], "last": []})
    events = pd.DataFrame({"code_before": [], "code_after": [], "effective": pd.to_datetime([]), "kind": []})
    populations = pd.DataFrame({"geo": [], "census": [], "geography": [], "population": []})
    known = Reference(
        places=places, membership=empty.astype({"first": int, "last": int}), events=events, populations=populations,
        years=(2024,), title="", source="", licence="", updated="",
    )  # fmt: skip
    return known, pd.DataFrame(values, index=geos)


def test_ties_are_settled_by_code_and_missing_values_are_never_filled() -> None:
    known, table = fictional({"revenu": [10.0, 12.0, 12.0, np.nan, 8.0], "part": [5.0, 5.0, 5.0, 5.0, 5.0]}, 5)
    found = nearest("EPCI-900000000", year=2024, variables=table, reference=known)
    assert found.geos == ("EPCI-900000001", "EPCI-900000002", "EPCI-900000004")
    said = " ".join(found.notes)
    assert "1\u00a0territoire n’est pas candidat" in said
    assert "part" in said
    assert "la même partout" in said


@settings(max_examples=25)
@given(
    rows=st.lists(st.tuples(st.floats(1, 1e6), st.floats(-50, 50)), min_size=6, max_size=12, unique=True),
    scale=st.floats(0.01, 100),
    shift=st.floats(-100, 100),
)
def test_units_change_nothing(rows: list[tuple[float, float]], scale: float, shift: float) -> None:
    known, table = fictional({"population": [r[0] for r in rows], "croissance": [r[1] for r in rows]}, len(rows))
    moved = pd.DataFrame({"population": table["population"] * scale, "croissance": table["croissance"] + shift})
    try:
        one = nearest("EPCI-900000000", year=2024, variables=table, reference=known, only=["population", "croissance"])
    except TerritoryError:
        return
    two = nearest("EPCI-900000000", year=2024, variables=moved, reference=known, only=["population", "croissance"])
    np.testing.assert_allclose(sorted(one.table["distance"]), sorted(two.table["distance"]), rtol=1e-5, atol=1e-6)


def test_a_skewed_variable_is_compared_in_logarithm() -> None:
    known, table = fictional({"x": [1.0, 10.0, 100.0, 1_000.0, 9.0, 11.0], "y": [1.0, 2.0, 3.0, 4.0, 2.0, 2.5]}, 6)
    found = nearest("EPCI-900000001", year=2024, variables=table, reference=known)
    assert {one.name: one.log for one in found.variables} == {"x": True, "y": False}


@pytest.mark.parametrize(
    ("geo", "options", "error", "word"),
    [
        ("GRP-nord", {}, TerritoryError, "de même niveau"),
        ("EPCI-200070034", {}, UnknownTerritory, "200070034"),
        (OWN, {"number": 0}, TerritoryError, "au moins 1"),
        (OWN, {"exclude": ["EPCI-123456789"]}, UnknownTerritory, "123456789"),
        (OWN, {"only": ["populations"]}, TerritoryError, "« population »"),
        (OWN, {"only": ["revenu_median"]}, TerritoryError, "aucune variable connue"),
        (OWN, {"variables": pd.DataFrame({"x": ["a"]}, index=[OWN])}, TerritoryError, "pas faite de nombres"),
        (OWN, {"variables": pd.DataFrame({"x": [1, 2]}, index=[OWN, OWN])}, TerritoryError, "deux lignes"),
        (OWN, {"variables": pd.DataFrame({"x": [1.0]}, index=[OWN]), "only": ["x"]}, TerritoryError, "aucune variable"),
    ],
)
def test_what_can_not_be_answered_is_refused(
    geo: str, options: dict[str, object], error: type[TerritoryError], word: str
) -> None:
    with pytest.raises(error, match=word):
        nearest(geo, year=2024, **options)  # type: ignore[arg-type]


def test_density_and_income_of_real_files(real_data: object) -> None:
    read = sources.read(f"{real_data}/insee/base_cc_comparateur_2022.csv.gz", format="insee.population")
    rows = read.observations
    known = territory.reference.load()
    area = rows[rows["measure"].eq("superficie_km2")].set_index("geo")["value"]
    table = known.membership.query("first <= 2022 <= last and territory.str.startswith('EPCI-')")
    total = area.reindex(table["commune"]).groupby(table["territory"].to_numpy()).sum(min_count=1)
    found = nearest(OWN, year=2022, variables=total.to_frame("superficie_km2"), exclude_same_department=True)
    assert [one.name for one in found.variables] == ["population", "communes", "densite", "croissance"]
    assert found.table["densite"].between(15, 60).all(), "as rural as the Civraisien (31 per km²)"
    assert found.candidates > 1_150
