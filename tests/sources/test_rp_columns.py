from __future__ import annotations

import pytest

from ctgeval import measures
from ctgeval.sources.rp_columns import MEASURES, counted


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("POP", ("population_municipale", "", "")),
        ("pop0014", ("population_par_age", "", "0-14")),
        ("POP90P", ("population_par_age", "", "90+")),
        ("POPF", ("population_par_age", "F", "")),
        ("POPH", ("population_par_age", "M", "")),
        ("H1529", ("population_par_age", "M", "15-29")),
        ("F75P", ("population_par_age", "F", "75+")),
        ("POP0002", ("enfants_0_2", "", "")),
        ("POP75P", ("population_75_plus", "", "")),
        ("FAMMONO", ("familles_monoparentales", "", "")),
    ],
)
def test_a_header_counts_one_thing(name: str, expected: tuple[str, str, str]) -> None:
    assert counted(name) == expected


@pytest.mark.parametrize("name", ["POP1524_PSEUL", "HF", "FH", "ACT", "POP15P_CS1", "RP_VOIT1P", "MENSFAM"])
def test_what_is_not_known_is_not_guessed(name: str) -> None:
    assert counted(name) is None


def test_every_measure_is_declared() -> None:
    assert all(measures.get(name).id == name for name in MEASURES)
