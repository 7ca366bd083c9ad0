"""A dossier's ``indicateurs.toml``: what it adds, what it changes field by field, and what one fault leaves out."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from ctgeval import indicators, measures
from ctgeval.indicators import definition, own
from ctgeval.indicators.own import Own

NEW = """
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
JUDGED = """
[QL01]
nature = "jugement"
label = "Partenariat"
kind = "processus"
echelle = ["faible", "moyen", "fort"]
definition = "Comment les partenaires travaillent ensemble."
"""


def declared(folder: Path, text: str) -> Own:
    path = folder / own.FILE_NAME
    path.write_text(text, encoding="utf-8")
    return definition.of_dossier(path)


def told(found: Own) -> list[tuple[str, str, str]]:
    return [(problem.key, problem.message, problem.remedy) for problem in found.problems]


def test_a_dossier_without_the_file_has_the_catalogue_of_the_house(tmp_path: Path) -> None:
    found = definition.of_dossier(tmp_path / own.FILE_NAME)
    assert found == Own(catalogue=indicators.catalogue(), qualitative={}, unusable={})


def test_one_field_is_changed_and_the_others_are_kept(tmp_path: Path) -> None:
    found = declared(tmp_path, '[PE01]\ndirection = "neutral"\n')
    house, mine = indicators.get("PE01"), found.catalogue["PE01"]
    assert (mine.direction, mine.origin, mine.changed) == ("neutral", "modifie", ("direction",))
    assert mine.limits == (*house.limits, own.CHANGED)
    for name in ("label", "published", "unit", "theme", "caveats", "grain", "lag_years", "definition"):
        assert getattr(mine, name) == getattr(house, name)
    assert list(found.catalogue) == list(indicators.catalogue())
    assert found.problems == ()
    assert "définit autrement" in indicators.limit_text(own.CHANGED)


def test_a_field_rewritten_as_it_was_is_no_change(tmp_path: Path) -> None:
    mine = declared(tmp_path, '[PE01]\ndirection = "higher"\n').catalogue["PE01"]
    assert (mine.origin, mine.changed, mine) == ("", (), indicators.get("PE01"))


def test_a_formula_takes_the_place_of_a_published_rate(tmp_path: Path) -> None:
    text = '[PE12]\nnumerator = "places_eaje"\ndenominator = "enfants_0_2"\nfactor = 100\n'
    mine = declared(tmp_path, text).catalogue["PE12"]
    assert (mine.published, mine.nature, mine.factor) == ("", "rapport", 100)
    back = declared(tmp_path, '[PE02]\npublished = "taux_couverture_eaje"\n').catalogue["PE02"]
    assert (back.numerator, back.denominator, back.nature, back.factor) == ("", "", "publie", 1)


def test_an_indicator_of_the_dossier_says_that_it_is_its_own(tmp_path: Path) -> None:
    found = declared(tmp_path, NEW)
    mine = found.catalogue["LC01"]
    assert (mine.origin, mine.theme, mine.limits) == ("dossier", "Indicateurs du dossier", (own.ADDED,))
    assert declared(tmp_path, f'theme = "Local"{NEW}').catalogue["LC01"].theme == "Local"
    assert declared(tmp_path, f'{NEW}theme = "Cantine"\n').catalogue["LC01"].theme == "Cantine"


def test_a_judgement_is_not_among_the_figures(tmp_path: Path) -> None:
    found = declared(tmp_path, JUDGED + NEW)
    assert found.qualitative["QL01"].scale == ("faible", "moyen", "fort")
    assert "QL01" not in found.catalogue
    assert "LC01" in found.catalogue


@pytest.mark.parametrize(
    ("text", "key", "remedy"),
    [
        ('[PE01]\ndirecton = "neutral"\n', "PE01.directon", "direction"),
        ('[PE01]\ndirection = "neutre"\n', "PE01.direction", "neutral"),
        ('[PE01]\nnature = "jugement"\n', "PE01.nature", "autre code"),
        ('[PE01]\nnature = "part"\n', "PE01.nature", "jugement"),
        ('[PE02]\nnumerator = "places_eage"\n', "PE02", "places_eaje"),
        ('[PE100]\ndirection = "neutral"\n', "PE100", "PE10"),
        ('[[PE01]]\ndirection = "neutral"\n', "PE01", ""),
        ('[repas]\nlabel = "x"\n', "repas", ""),
        ("theme = 3\n", "theme", "Indicateurs du dossier"),
    ],
)
def test_a_fault_is_told_with_its_key_and_leaves_only_itself_out(
    tmp_path: Path, text: str, key: str, remedy: str
) -> None:
    found = declared(tmp_path, text + NEW)
    assert key in {place for place, _, _ in told(found)}
    assert any(remedy in mend for _, _, mend in told(found))
    assert all(problem.file == own.FILE_NAME for problem in found.problems)
    severity = "avertissement" if key == "theme" else "partiel"
    assert all(problem.severity == severity for problem in found.problems)
    assert "LC01" in found.catalogue
    broken = {place.partition(".")[0] for place, _, _ in told(found)} - {"theme"}
    assert set(found.unusable) == broken
    # The figures of the house would not be those that the dossier wants: nothing is shown in their place.
    assert not broken & set(found.catalogue)
    assert set(found.catalogue) == {*indicators.catalogue(), "LC01"} - broken


def test_what_can_not_be_used_keeps_a_name(tmp_path: Path) -> None:
    text = (
        "[PE02]\nfactor = 0\n" + NEW.replace("[LC01]", "[LC02]").replace('"realisation"', '"x"') + "[LC03]\nunit = 3\n"
    )
    found = declared(tmp_path, text)
    assert found.unusable == {"PE02": indicators.get("PE02").label, "LC02": "Repas", "LC03": "LC03"}


def test_a_file_that_can_not_be_read_blocks(tmp_path: Path) -> None:
    found = declared(tmp_path, "[PE01\n")
    assert [problem.severity for problem in found.problems] == ["bloquant"]
    assert found.catalogue == indicators.catalogue()


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(["PE01", "LC01", "QL01", "theme", "x"])
FIELDS = st.sampled_from(["label", "nature", "echelle", "kind", "numerator", "published", "factor", "theme", "zz"])


@given(st.dictionaries(KEYS, VALUES | st.dictionaries(FIELDS, VALUES | st.just("jugement"), max_size=5), max_size=4))
def test_whatever_the_file_holds_is_read_or_told(content: dict[str, Any]) -> None:
    house = {"PE01": ("Petite enfance", tomllib.loads(PE01)["PE01"])}
    found = own.read(
        content,
        house=house,
        catalogue={"PE01": indicators.get("PE01")},
        measures=measures.load(),
        limits=definition.limit_codes(),
    )
    asked = set(content) - {"theme", "ordre"}
    assert asked <= {*found.catalogue, *found.qualitative, *found.unusable}
    assert not set(found.unusable) & {*found.catalogue, *found.qualitative}
    assert {problem.key.partition(".")[0] for problem in found.problems} >= set(found.unusable)


PE01 = """[PE01]
label = "Taux de couverture"
kind = "contexte"
published = "taux_couverture_global"
unit = "places"
direction = "higher"
source = "Cnaf"
grain = ["EPCI"]
periodicity = "annuelle"
lag_years = 2
definition = "Places."
"""
