from __future__ import annotations

import pytest

from ctgeval import measures
from ctgeval.sources.caf_benefits import BENEFITS, benefit_of, figure_of


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Nombre foyers NDUR", ("foyers", "ndur")),
        ("indfoy_rsa", ("foyers", "rsa")),
        ("Nombre de personnes", ("personnes", "")),
        ("indnbp_aah", ("personnes", "aah")),
        ("Montant total AF", ("montant", "af")),
        ("Nombre foyers RSA majoré", None),
        ("Nom EPCI", None),
    ],
)
def test_a_column_says_what_it_counts(header: str, expected: tuple[str, str] | None) -> None:
    assert figure_of(header) == expected


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("RSA", "rsa"),
        ("Revenu de solidarité active (RSA)", "rsa"),
        ("Aides au logement", "ndural"),
        ("Allocation d’éducation de l’enfant handicapé", "aeeh"),
        ("Prime de naissance", "prime de naissance"),
    ],
)
def test_a_cell_names_a_benefit(cell: str, code: str) -> None:
    assert benefit_of(cell) == code


def test_every_measure_is_declared() -> None:
    assert all(measures.get(name).id == name for names in BENEFITS.values() for name in names.values())
