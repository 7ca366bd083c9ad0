"""The catalogue: formulas, fields, and the ids of the domain."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from ctgeval import french, indicators, measures
from ctgeval.errors import IndicatorError, UnknownIndicator
from ctgeval.indicators import definition
from ctgeval.indicators.definition import parse_formula

DOMAIN = {
    "PE": 11, "EN": 7, "JE": 6, "PA": 7, "AV": 7, "AD": 9, "CO": 4, "LO": 4, "HA": 4, "MO": 4, "SE": 3, "PI": 10,
}  # fmt: skip
SPLIT = {"PA01": "ab", "PA02": "ab", "AV03": "ab", "AD07": "ab", "PI09": "abc", "PI10": "ab"}


def test_the_76_indicators_of_the_domain_are_declared() -> None:
    wanted = {f"{theme}{rank:02d}" for theme, count in DOMAIN.items() for rank in range(1, count + 1)}
    assert len(wanted) == 76
    expected = {id + suffix for id in wanted for suffix in SPLIT.get(id, " ")}
    assert {id.strip() for id in expected} <= set(indicators.catalogue())


def test_every_indicator_is_whole() -> None:
    for id, item in indicators.catalogue().items():
        assert item.id == id
        assert all(text.endswith(".") for text in (item.definition, *item.caveats)), id
        assert "'" not in item.label + item.definition + "".join(item.caveats), id
        assert all((item.grain, item.source, 0 <= item.lag_years <= 5)), id
        if item.unit == "%" and not item.published:
            assert (bool(item.denominator), item.factor) == (True, 100), id
        for name in item.measures:
            assert measures.get(name).published is bool(item.published), id


def test_what_a_source_publishes_only_as_a_rate_has_no_formula() -> None:
    for id in ("PE01", "CO01", "CO02"):
        item = indicators.get(id)
        assert item.published
        assert not item.numerator + item.denominator
        assert item.nature == "publie"


def test_income_health_and_disability_are_sensitive() -> None:
    assert all(indicators.get(id).sensitive for id in ("AD04", "HA01", "CO01", "EN04"))
    assert not any(indicators.get(id).sensitive for id in ("PO01", "PE01", "AV01"))


def test_the_limit_of_a_half_counted_population_is_carried() -> None:
    assert all("hors_msa" in indicators.get(id).limits for id in ("AD04", "AD05", "CO03", "LO01", "HA01", "HA04"))


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("a", ((1, "a"),)),
        ("places_ouvertes - places_fermees", ((1, "places_ouvertes"), (-1, "places_fermees"))),
        (" a+b -c ", ((1, "a"), (1, "b"), (-1, "c"))),
        ("a − b", ((1, "a"), (-1, "b"))),
    ],
)
def test_formulas(text: str, terms: tuple[tuple[int, str], ...]) -> None:
    assert parse_formula(text) == terms


@pytest.mark.parametrize(
    "text", ["", "+", "a +", "a b", "a + + b", "a * b", "a / b", "(a)", "A", "a - a", "__import__('os')", "a.b", "2a"]
)
def test_a_formula_that_is_not_names_and_signs_is_refused(text: str) -> None:
    with pytest.raises(IndicatorError):
        parse_formula(text)


@given(st.text(max_size=40))
def test_any_text_is_a_formula_or_an_error_of_ours(text: str) -> None:
    try:
        terms = parse_formula(text)
    except IndicatorError:
        return
    assert terms
    assert all(sign in {1, -1} and name.isidentifier() for sign, name in terms)


@pytest.mark.parametrize(
    ("id", "near"), [("PE01x", "PE01"), ("PA01", "PA01b"), ("Population municipal", "PO01"), ("co02", "CO02")]
)
def test_an_unknown_id_names_the_near_ones(id: str, near: str) -> None:
    with pytest.raises(UnknownIndicator, match=near):
        indicators.get(id)


OWN = """theme = "Local"
[LC01]
label = "Repas"
kind = "realisation"
numerator = "journees_enfants_alsh"
unit = "repas"
direction = "higher"
source = "CC"
grain = ["EPCI"]
periodicity = "annuelle"
lag_years = 1
definition = "Repas servis."
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "indicateurs.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_dossier_adds_its_own_indicator(tmp_path: Path) -> None:
    found = indicators.load(write(tmp_path, OWN))
    assert found["LC01"].theme == "Local"
    assert list(found)[-1] == "LC01"
    assert "LC01" not in indicators.catalogue()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[LC01]", "[repas]", "forme PE01"),
        ('theme = "Local"', "theme = 3", "thème est un texte"),
        ('kind = "realisation"', 'kind = "output"', "Valeurs possibles : contexte"),
        ("lag_years = 1", "", "lag_years"),
        ("lag_years = 1", "lag_years = true", "bon type"),
        ("lag_years = 1", "lag_years = 1\ncouleur = 3", "n’existe pas"),
        ('grain = ["EPCI"]', "grain = [1]", "liste de textes"),
        ("journees_enfants_alsh", "journees_enfant_alsh", "journees_enfants_alsh"),
        ("journees_enfants_alsh", "journees_enfants_alsh * 2", "pas lisible"),
        ("journees_enfants_alsh", "taux_pauvrete", "n’entre pas dans une formule"),
        ('numerator = "journees_enfants_alsh"', "", "soit un numérateur"),
        ('numerator = "journees_enfants_alsh"', 'published = "naissances"', "publiées telles quelles"),
        ("lag_years = 1", "lag_years = 1\nfactor = 0", "nombre positif"),
        ("lag_years = 1", "lag_years = 1\npart = true", "a un dénominateur"),
        ("lag_years = 1", 'lag_years = 1\nlimits = ["x"]', "limites.toml"),
        (
            "journees_enfants_alsh",
            'enfants_alsh"\nsince_start = true\nlimits = []\ncaveats = ["x."]#',
            "compterait deux fois",
        ),
        ("[LC01]", "[LC01", "TOML valide"),
    ],
)
def test_a_wrong_declaration_is_told(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in OWN
    with pytest.raises(IndicatorError) as raised:
        indicators.load(write(tmp_path, OWN.replace(old, new)))
    assert message in str(raised.value)


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    text = OWN.replace('unit = "repas"', "").replace('source = "CC"', "")
    with pytest.raises(IndicatorError) as raised:
        indicators.load(write(tmp_path, text))
    assert {problem.key for problem in raised.value.problems} == {"LC01.unit", "LC01.source"}


def test_limits_and_reasons_are_whole_french_sentences() -> None:
    for code, sentence in (definition.limit_codes() | definition.reasons()).items():
        assert sentence.endswith("."), code
        assert "'" not in sentence, code
        assert french.typography(sentence)


def test_an_unknown_limit_is_an_error() -> None:
    with pytest.raises(IndicatorError, match="hors_msa"):
        indicators.limit_text("hors_mas")


def test_each_missing_field_is_told_with_what_to_write(tmp_path: Path) -> None:
    with pytest.raises(IndicatorError) as raised:
        indicators.load(write(tmp_path, 'theme = "Local"\n[LC01]\nlabel = 3\n'))
    remedies = {problem.key: problem.remedy for problem in raised.value.problems}
    assert all(remedies.values())
    assert '"higher" ou "lower"' in remedies["LC01.direction"]
