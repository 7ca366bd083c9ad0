from __future__ import annotations

import pytest

from ctgeval.sources import names
from ctgeval.territory import reference


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ST-SAVIN", "Saint-Savin"),
        ("STE SOLINE", "Sainte-Soline"),
        ("RHEU (LE)", "Le Rheu"),
        ("Haye-Fouassière, La", "La Haye-Fouassière"),
        ("L'ISLE-JOURDAIN", "L’Isle-Jourdain"),
        ("OEYREGAVE", "Œyregave"),
        ("CHALONS S MARNE", "Châlons-sur-Marne"),
    ],
)
def test_spellings_of_one_name(one: str, other: str) -> None:
    assert names.key(one) == names.key(other)


def test_different_names_stay_different() -> None:
    assert names.key("Saint-Martin-la-Pallu") != names.key("Saint-Martin-Pallu")
    assert names.key("La Roche") != names.key("Roche")
    assert names.key("Vaux S") == "vaux s"


@pytest.mark.parametrize(
    ("cell", "code"),
    [("86", "86"), ("6", "06"), ("086", "86"), ("2a", "2A"), ("VIENNE", "86"), ("Ille et Vilaine", "35"), ("rien", "")],
)
def test_a_departement_by_its_code_or_its_name(cell: str, code: str) -> None:
    assert names.departement(cell, reference.load()) == code


@pytest.mark.parametrize(
    ("school", "dep"),
    [("0350103X", "35"), ("6200001a", "2A"), ("7200001B", "2B"), ("9740001C", "974"), ("350103X", ""), ("", "")],
)
def test_the_departement_of_a_school(school: str, dep: str) -> None:
    assert names.departement_of_school(school) == dep


def test_every_commune_is_found_by_its_own_name_or_shares_it() -> None:
    known = reference.load()
    table = known.territories("COM", 2024)
    sample = table.iloc[::40]
    for geo, name in zip(sample["geo"], sample["name"], strict=True):
        raw = geo.removeprefix("COM-")
        found = names.commune(name.upper(), raw[:3] if raw.startswith("97") else raw[:2], 2024, known)
        assert found.geo == geo or geo in found.reason


def test_an_unknown_arrondissement_is_refused() -> None:
    known = reference.load()
    assert names.commune("PARIS 21E ARRONDISSEMENT", "75", 2024, known).geo == ""
    assert names.commune("Lyon 3", "69", 2024, known).geo == "COM-69383"
