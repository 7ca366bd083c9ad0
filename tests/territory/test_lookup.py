"""Near codes and near names."""

from __future__ import annotations

import pytest

from ctgeval.territory.lookup import near_ones

NAMES = {
    "COM-86082": "Valence-en-Poitou",
    "COM-86194": "Poitiers",
    "EPCI-200070035": "CC du Civraisien en Poitou",
    "EPCI-200070043": "CC Vienne et Gartempe",
    "DEP-86": "Vienne",
    "DEP-87": "Haute-Vienne",
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("EPCI-200070036", "EPCI-200070035"),
        ("EPCI-20007003", "EPCI-200070035"),
        ("COM-86083", "COM-86082"),
        ("86082", "COM-86082"),
        ("DEP-88", "DEP-87"),
        ("civraisien", "EPCI-200070035"),
        ("Poitier", "COM-86194"),
        ("VALENCE EN POITOU", "COM-86082"),
        ("EPCI-civraisien", "EPCI-200070035"),
    ],
)
def test_the_nearest_comes_first(text: str, expected: str) -> None:
    assert near_ones(text, NAMES)[0] == f"{expected} ({NAMES[expected]})"


@pytest.mark.parametrize("text", ["COM-13999", "Xylophone", "", "COM-"])
def test_nothing_is_proposed_when_nothing_looks_like_it(text: str) -> None:
    assert near_ones(text, NAMES) == []
