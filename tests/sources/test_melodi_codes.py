from __future__ import annotations

import pytest

from ctgeval import measures
from ctgeval.sources.melodi_codes import MEASURES, meaning


@pytest.mark.parametrize(
    ("concept", "code", "dimensions", "measure", "sexe", "age"),
    [
        ("RP_MEASURE", "POP", {"SEX": "_T", "AGE": "_T"}, "population_municipale", "", ""),
        ("RP_MEASURE", "POP", {"SEX": "M", "AGE": "_T"}, "population_par_age", "M", ""),
        ("RP_MEASURE", "POP", {"SEX": "_T", "AGE": "Y_GE65"}, "population_par_age", "", "65+"),
        ("RP_MEASURE", "POP", {"SEX": "_T", "AGE": "Y5"}, "population_par_age", "", "5"),
        ("RP_MEASURE", "POP", {"SEX": "F", "AGE": "Y_GE75"}, "population_75_plus", "F", ""),
        ("RP_MEASURE", "POP", {"EMPSTA_ENQ": "2", "AGE": "Y15T64", "SEX": "F"}, "chomeurs_15_64", "F", ""),
        ("RP_MEASURE", "POP", {"EMPSTA_ENQ": "_T", "AGE": "Y15T64"}, "population_15_64", "", ""),
        ("RP_MEASURE", "FAMILIES", {"TFN": "1", "NCH": "_T"}, "familles_monoparentales", "", ""),
        ("RP_MEASURE", "FAMILIES", {"TFN": "1", "NCH": "2"}, "", "", ""),
        ("RP_MEASURE", "DWELLINGS", {"TPH": "_T", "AGE": "_T"}, "menages", "", ""),
        ("EC_MEASURE", "LVB", {}, "naissances", "", ""),
    ],
)
def test_codes_mean_one_measure(  # noqa: PLR0917 - one line a case
    concept: str, code: str, dimensions: dict[str, str], measure: str, sexe: str, age: str
) -> None:
    found = meaning(concept, code, dimensions)
    assert found[:3] == (measure, sexe, age)
    assert bool(found.reason) is not bool(measure)


def test_every_measure_is_declared() -> None:
    assert all(measures.get(name).id == name for name in MEASURES.values())


def test_a_code_that_is_not_taken_says_why() -> None:
    assert "âge = Y_GE15" in meaning("RP_MEASURE", "POP", {"AGE": "Y_GE15", "PCS": "3"}).reason
    assert "FILOSOFI_MEASURE = XX" in meaning("FILOSOFI_MEASURE", "XX", {}).reason
