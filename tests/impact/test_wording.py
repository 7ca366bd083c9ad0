from __future__ import annotations

import itertools
import json
import math
import re
from html.parser import HTMLParser
from typing import Any

import pandas as pd
import pytest

from ctgeval import impact
from ctgeval.impact import change_tests, inference, phrasebook, wording
from ctgeval.impact.quantities import Scale, frequency, scale_of
from ctgeval.impact.result import SCHEMA, VERDICTS, ImpactResult

NNBSP, NBSP = "\u202f", "\u00a0"
METHODS = (
    "before_after", "did", "did_cross_section", "event_study", "group_time", "imputation", "two_stage", "sun_abraham",
    "bacon", "interrupted_series", "synthetic_control", "augmented_synthetic_control", "synthetic_did",
)  # fmt: skip
FORBIDDEN = re.compile(
    r"\b(?:prouv\w*|preuves?|a causé|cause de l’|causal\w*|grâce à|démontr\w*|responsable)", re.IGNORECASE
)
ENGLISH = re.compile(
    r"\b(?:the|of|and|with|treated|control|estimate|effect|interval|before|after|pre|post|trend|unit|units|true|false|"
    r"higher|lower|neutral|p-value|group|time|period|ridge|bounds)\b",
    re.IGNORECASE,
)
TRAPS = re.compile(
    r"\bde les?\b|\bà les?\b|\bde (?=[aeiouéèêAEIOUÉÈ])|\bque (?=il|elle|un\b|une\b)"
    r"|(?<![\d,. ])(?:0|1) (?!fois|place)\w+s\b"
    r"|\bnan\b|\bNone\b|\binf\b|\{|\}|  |\.\.|\(\)| \.| ,|\bsi il\b|’ | ’|'"
)


def values(**changed: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "schema": SCHEMA,
        "method": "did",
        "label": "Taux de couverture",
        "estimate": 4.315,
        "std_error": 0.84,
        "interval": {"low": 2.309, "high": 6.322},
        "bounds": {"low": 4.315, "high": 4.315},
        "level": 0.95,
        "p_value": 0.0123,
        "unit": "%",
        "direction": "higher",
        "n_treated": 1,
        "n_controls": 24,
        "n_pre": 3,
        "n_post": 2,
        "by_period": [
            {"time_period": str(2018 + t), "event_time": t - 3, "estimate": 0.1 * t, "low": None, "high": None}
            for t in range(5)
        ],
        "checks": [{"name": "pre_trends", "passed": True, "text": "Avant l’action, rien ne différait."}],
        "evidence": 3,
        "verdict": "amelioration",
        "limits": [],
        "valid": True,
        "inference": "collapsed+permutation",
        "steps": ["1 territoire concerné et 24 de comparaison : permutation exacte."],
        "details": {"units_treated": ["Le Blanc"], "minimum_p": 0.04, "mde": 3.2, "minimum_effect": 3.2},
    }
    details = {**base["details"], **changed.pop("details", {})}
    return {**base, **changed, "details": details}


def plain(text: str) -> str:
    return text.replace(NNBSP, " ").replace(NBSP, " ")


def every() -> Any:
    numbers: list[dict[str, Any]] = [
        {},
        {"estimate": -4.315, "interval": {"low": -6.3, "high": -2.3}},
        {"interval": {"low": -1.0, "high": 9.0}, "p_value": 0.31},
        {"interval": {"low": None, "high": None}, "p_value": None, "std_error": None},
        {"interval": {"low": "-inf", "high": 9.0}, "p_value": 0.9999},
        {"estimate": None, "interval": {"low": None, "high": None}, "bounds": {"low": None, "high": None},
         "p_value": None, "std_error": None},
        {"bounds": {"low": "-inf", "high": "inf"}},
        {"bounds": {"low": 1.0, "high": 5.5}, "p_value": 1e-9},
        {"estimate": 0.001, "interval": {"low": -4.0, "high": 4.0}, "p_value": 0.98},
        {"n_controls": 0, "details": {"paired": True, "moments": ["2021", "2024"]}},
        {"n_pre": 0, "details": {"paired": False}},
        {"n_treated": 0, "n_controls": 0, "by_period": [], "details": {"units_treated": []}},
        {"n_treated": 7, "n_controls": 1, "details": {"units_treated": list("ABCDEFG"), "mde": None}},
        {"details": {"minimum_p": 0.1, "conclusive": False, "mde": "inf", "minimum_effect": None}},
        {"valid": False, "limits": ["Ce test ne fonctionne pas ici"], "unit": "EUR par an"},
        {"unit": "places pour 100 enfants de moins de 3 ans", "label": "", "level": 0.9},
        {"unit": "", "details": {"units_treated": None, "rate_ratio": {"estimate": 1.2}}},
        {"checks": [{"name": "a", "passed": False, "text": "Non"}, {"name": "b", "passed": None, "text": "?"}]},
        {"checks": [{"name": c, "passed": False, "text": "Non."} for c in "ab"], "evidence": 1, "steps": []},
    ]  # fmt: skip
    for method, verdict, direction in itertools.product(METHODS, VERDICTS, ("higher", "lower", "neutral")):
        for number in numbers:
            yield values(**{**number, "method": method, "verdict": verdict, "direction": direction})


@pytest.fixture(scope="module")
def spoken() -> list[tuple[dict[str, Any], dict[str, str]]]:
    return [(found, wording.sentences(found)) for found in every()]


def test_no_combination_says_more_than_it_may_nor_stumbles(
    spoken: list[tuple[dict[str, Any], dict[str, str]]],
) -> None:
    for found, said in spoken:
        text = plain(" ".join(part for part in said.values() if part))
        own = text.replace(str(found["label"]) or "\0", "Essai")
        assert not FORBIDDEN.search(text), text
        assert not ENGLISH.search(own), (ENGLISH.search(own), text)
        assert not TRAPS.search(own), (TRAPS.search(own), text)
        assert tuple(said) == wording.PARTS
        assert all(said[part] for part in wording.PARTS if part != "limits")
        for part in said.values():
            assert not part or part[0].isupper() or part[0].isdigit()
            assert not part or part[-1] in ".!?"
    assert len(spoken) > 3_000


def test_sentences_of_the_reader_are_short(spoken: list[tuple[dict[str, Any], dict[str, str]]]) -> None:
    for _, said in spoken:
        for part in ("comparison", "difference", "certainty", "verdict", "not_shown", "needed", "solidity"):
            for sentence in re.split(r"(?<=[.!?]) ", plain(said[part])):
                assert len(sentence.split()) <= 42, sentence


def test_jargon_stays_in_the_annex(spoken: list[tuple[dict[str, Any], dict[str, str]]]) -> None:
    for _, said in spoken:
        front = " ".join(said[part] for part in wording.PARTS if part != "method")
        assert not re.search(r"\bp\s*[<=]|écart-type|erreur type|p-valeur|significati|H0|hypothèse nulle", front)


def test_contribution_asks_for_a_sound_method_a_verdict_and_no_failed_check() -> None:
    assert wording.level(values()) == "contribution"
    failed = [{"name": "pre_trends", "passed": False, "text": "Non."}]
    for weaker in ({"evidence": 2}, {"checks": failed}, {"valid": False}, {"verdict": "non_concluant"}):
        assert wording.level(values(**weaker)) == "ecart"
        assert "ontribution plausible" not in wording.text(values(**weaker))
    assert wording.level(values(method="before_after", n_controls=0, evidence=5)) == "constat"
    assert "contribution de l’action" not in wording.text(values(method="before_after", n_controls=0))


def test_a_failed_check_is_told_up_front() -> None:
    failed = [{"name": "a", "passed": False, "text": "Non."}, {"name": "b", "passed": True, "text": "Oui."}]
    said = wording.sentences(values(checks=failed))
    assert "1 vérification sur 2 n’est pas satisfaite" in said["solidity"]
    assert "qui reste à confirmer" in said["verdict"]


def test_what_was_compared_is_told_with_names_periods_and_comparators() -> None:
    said = plain(wording.sentences(values())["comparison"])
    assert said == (
        "Chiffre suivi : Taux de couverture. Territoire concerné : Le Blanc. L’évolution du territoire concerné entre "
        "l’avant (2018 à 2020) et l’après (2021 à 2022) est comparée à celle de 24 territoires de comparaison."
    )
    many = plain(wording.sentences(values(n_treated=6, details={"units_treated": list("ABCDEF")}))["comparison"])
    assert "Territoires concernés : A, B, C et 3 autres. L’évolution des 6 territoires concernés" in many


def test_persons_before_and_after_are_told_as_such() -> None:
    alone = {"method": "before_after", "n_treated": 30, "n_controls": 0, "n_pre": 1, "n_post": 1}
    rows = [{"time_period": "après", "event_time": 0, "estimate": 1.0}]
    said = plain(wording.sentences(values(**alone, by_period=rows, details={"paired": True}))["comparison"])
    assert "L’après est comparé à l’avant pour les mêmes unités (30 observations), sans groupe" in said
    dated = values(**alone, details={"paired": False, "moments": ["2021", "2024"]})
    assert "L’après (2024) est comparé à l’avant (2021) pour 30 unités" in plain(wording.text(dated))
    grouped = values(**{**alone, "n_controls": 28}, details={"moments": ["2021", "2024"]})
    assert "groupe concerné (30 observations) entre l’avant (2021) et l’après (2024)" in plain(wording.text(grouped))
    assert wording.level(grouped) == "contribution"
    unmeasured = values(**{**alone, "n_controls": 28, "n_pre": 0})
    assert "Rien n’a été mesuré avant." in wording.text(unmeasured)


def test_periods_are_counted_when_a_table_leaves_some_out() -> None:
    found = values(by_period=[{"time_period": "2021", "event_time": 0}], n_pre=3, n_post=1)
    assert "l’avant (3 périodes) et l’après (2021)" in plain(wording.sentences(found)["comparison"])


def test_a_series_tells_its_own_periods_and_its_last_effect() -> None:
    rows = [{"time_period": f"2021-{month:02d}", "observed": 1.0} for month in range(1, 13)]
    found = values(
        method="interrupted_series", n_controls=0, n_pre=8, n_post=4, unit="demandes", by_period=[],
        details={"counterfactual": rows, "at": ["2021-09"],
                 "effect_end": {"time_period": "2021-12", "estimate": -6.0}},
    )  # fmt: skip
    said = wording.sentences(found)
    assert "depuis l’action (septembre 2021 à décembre 2021)" in said["comparison"]
    assert "d’avant (janvier 2021 à août 2021)" in said["comparison"]
    assert "À la dernière période (décembre 2021), l’écart est d’environ 6,0 demandes de moins" in plain(
        said["difference"]
    )


@pytest.mark.parametrize(
    ("unit", "told"),
    [
        ("%", "4,3 points de plus"),
        ("", "4,3 de plus"),
        ("EUR par an", "4,3 € de plus par an"),
        ("places pour 100 enfants", "4,3 places de plus pour 100 enfants"),
        ("jours d’attente", "4,3 jours d’attente de plus"),
    ],
)
def test_the_gap_is_in_its_natural_unit(unit: str, told: str) -> None:
    assert f"environ {told} que" in plain(wording.sentences(values(unit=unit))["difference"])


def test_a_rate_ratio_is_in_percent_and_not_in_points() -> None:
    found = values(method="interrupted_series", n_controls=0, details={"rate_ratio": {"estimate": 1.04}})
    assert "4,3 % de plus" in plain(wording.sentences(found)["difference"])


@pytest.mark.parametrize(
    ("estimate", "low", "high", "told", "span"),
    [
        (-27.349, -63.0, 8.3, "27 points de moins", "de −63 à +8 points"),
        (12_345.0, 9_000.0, 15_690.0, "12 300 points de plus", "de +9 000 à +15 700 points"),
        (4.3, 0.3, 8.3, "4 points de plus", "de +0,3 à +8,3 points"),
        (1.04, 0.4, 1.7, "1,0 point de plus", "de +0,4 à +1,7 point"),
        (1.45, 0.94, 1.96, "1,5 point de plus", "de +0,9 à +2,0 points"),
        (4.3, 0.3, math.inf, "4,3 points de plus", "au moins +0,3 point"),
    ],
)
def test_figures_are_rounded_to_what_the_interval_lets_one_read(
    estimate: float, low: float, high: float, told: str, span: str
) -> None:
    ends = {"low": low, "high": "inf" if high == math.inf else high}
    scale = scale_of({"estimate": estimate, "interval": ends, "unit": "%"})
    assert plain(scale.difference(estimate)) == told
    assert plain(scale.span(low, high)) == span


def test_rounding_never_moves_an_end_of_the_interval_onto_zero() -> None:
    for exponent in range(-5, 4):
        low = 10.0**exponent
        said = plain(Scale("", 0).span(low, 5000.0))
        assert not re.search(r"de [+−]?0(,0+)? à", said), said


@pytest.mark.parametrize(
    ("p", "told"),
    [
        (0.0001, "moins d’une fois sur 1 000"),
        (0.004, "environ 4 fois sur 1 000"),
        (0.0123, "environ 1 fois sur 100"),
        (0.05, "environ 5 fois sur 100"),
        (0.0540, "environ 5,4 fois sur 100"),
        (0.31, "environ 31 fois sur 100"),
        (0.999, "presque à chaque fois"),
    ],
)
def test_probabilities_are_told_as_frequencies(p: float, told: str) -> None:
    said = plain(wording.sentences(values(p_value=p))["certainty"])
    assert f"Si l’action n’avait aucun effet, un écart au moins aussi grand s’observerait {told}." in said


def test_a_frequency_near_the_threshold_tells_its_side() -> None:
    for p in (0.0505, 0.0512, 0.0549, 0.0451, 0.0495):
        count, base = frequency(p)
        assert base == "100"
        assert (float(count.replace(",", ".")) > 5) == (p > 0.05)


def test_verdicts_are_those_of_the_contract() -> None:
    said = {verdict: plain(wording.sentences(values(verdict=verdict))["verdict"]) for verdict in VERDICTS}
    assert "évolution compatible avec une contribution de l’action" in said["amelioration"]
    assert said["pas_d_effet_decelable"] == "Aucun effet supérieur à 3,2 points n’est décelable."
    assert said["non_concluant"] == "Les données ne permettent pas de conclure."
    assert said["non_evaluable"].startswith("Non évaluable")
    assert "moins bonne" in said["degradation"]
    assert "effet" not in said["degradation"]


def test_a_favourable_fall_is_told_as_such() -> None:
    fall = values(direction="lower", estimate=-4.3, interval={"low": -6.0, "high": -2.0})
    assert "à la baisse" in wording.sentences(fall)["verdict"]
    assert "c’est une baisse qui est favorable" in wording.sentences(fall)["verdict"]
    assert "baisse favorable" in wording.sentences({**fall, "method": "before_after", "n_controls": 0})["verdict"]


def test_a_neutral_figure_is_told_by_its_sign_and_judged_by_nobody() -> None:
    said = wording.sentences(values(direction="neutral", verdict="non_concluant"))["verdict"]
    assert "va dans le sens de la hausse" in said
    assert "sans jugement" in said
    wide = values(direction="neutral", verdict="non_concluant", interval={"low": -1.0, "high": 9.0})
    assert wording.sentences(wide)["verdict"] == "Les données ne permettent pas de conclure."


def test_what_is_not_valid_is_descriptive_with_its_reason_and_no_frequency() -> None:
    found = values(valid=False, verdict="non_evaluable", limits=["Un autre.", "Ce test ne fonctionne pas ici"])
    said = wording.sentences(found)
    assert said["difference"].endswith("aucune conclusion ne peut en être tirée. Ce test ne fonctionne pas ici.")
    assert said["limits"] == "Un autre."
    assert "fois sur" not in said["certainty"]
    assert all("fois sur" not in value for _, value in wording.figures(found))


def test_bounds_of_the_data_are_told_when_they_are_not_a_point() -> None:
    assert "deux bornes" not in wording.text(values())
    assert "de +1,0 à +5,5 points" in plain(wording.sentences(values(bounds={"low": 1.0, "high": 5.5}))["difference"])
    open_ended = wording.sentences(values(bounds={"low": "-inf", "high": "inf"}))["difference"]
    assert "rien ne borne" in open_ended


def test_the_number_of_comparators_needed_is_told_where_it_is_known() -> None:
    found = values(n_controls=9, verdict="non_concluant", details={"minimum_p": 0.1, "conclusive": False})
    said = plain(wording.sentences(found)["needed"])
    assert "environ 10 fois sur 100" in said
    assert "au moins 19 territoires de comparaison" in said


def test_every_test_has_its_french_name() -> None:
    known = phrasebook.catalogue()["tests"]
    assert dict(inference.NAMES).items() <= known.items()
    assert dict(change_tests.NAMES).items() <= known.items()


def test_every_method_has_a_name_and_a_comparison() -> None:
    names = {method: wording.method_name(method) for method in METHODS}
    assert len(set(names.values())) == len(METHODS)
    assert wording.method_name("autre_methode") == "autre methode"


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.opened.append(tag)
        self.tags.add(tag)
        assert all(name == "scope" for name, _ in attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.opened.pop() == tag


def test_html_is_balanced_escaped_and_semantic() -> None:
    hostile = "<script>alert(1)</script> & co"
    found = values(label=hostile, limits=[hostile], steps=[hostile], details={"units_treated": [hostile]})
    parser = _Text()
    parser.feed(wording.html(found))
    assert parser.opened == []
    assert parser.tags <= {
        "div", "p", "strong", "ul", "li", "table", "caption", "thead", "tbody", "tr", "th", "td", "details", "summary",
    }  # fmt: skip
    assert {"table", "details", "caption"} <= parser.tags
    assert "<details open" not in wording.html(found)


def test_a_record_read_back_from_json_says_the_same() -> None:
    found = values(bounds={"low": "-inf", "high": 9.0})
    assert wording.text(json.loads(json.dumps(found))) == wording.text(found)


def test_a_result_speaks_for_itself() -> None:
    found = ImpactResult(
        method="did", label="Essai", estimate=math.nan, std_error=math.nan,
        interval=impact.Interval(math.nan, math.nan), bounds=impact.Interval(math.nan, math.nan), level=0.95,
        p_value=math.nan, unit="", direction="higher", n_treated=1, n_controls=2, n_pre=1, n_post=1,
        by_period=pd.DataFrame(columns=["time_period", "event_time", "estimate"]), checks=(), evidence=1,
        verdict="non_evaluable", valid=False, limits=("Rien n’est connu.",),
    )  # fmt: skip
    assert "L’écart ne peut pas être calculé." in found.text()
    assert "Rien n’est connu." in found._repr_html_()


def test_territories_are_told_by_their_names_on_a_page() -> None:
    limit = "La valeur ne change jamais pour Ayron (COM-99001), Orvanne (99002) et 25 autres."
    check = {"name": "x", "passed": True, "text": "Sans Ayron (COM-99001), rien (2024)"}
    found = values(limits=[limit], checks=[check])
    assert wording.sentences(found)["limits"] == "La valeur ne change jamais pour Ayron, Orvanne et 25 autres."
    assert "Sans Ayron, rien (2024)." in dict(wording.annex(found))["Vérifications"][0]


@pytest.mark.parametrize(
    ("passed", "said"),
    [
        ([], "Aucune vérification n’a pu être faite."),
        ([None], "Aucune vérification n’a pu être faite."),
        ([True], "La vérification faite est satisfaite."),
        ([True, True, None], "Les 2 vérifications faites sont satisfaites."),
        ([True, False], "1 vérification sur 2 n’est pas satisfaite"),
    ],
)
def test_what_was_checked_is_always_told(passed: list[bool | None], said: str) -> None:
    checks = [{"name": "x", "passed": one, "text": "Rien"} for one in passed]
    assert said in wording.sentences(values(checks=checks))["solidity"]
