from __future__ import annotations

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ctgeval import render
from ctgeval.confidentiality.released import TABLES
from ctgeval.errors import ReportError
from ctgeval.impact.result import SCHEMA

EPCI = "EPCI-900000001"
COMMUNE = "COM-99003"
YEARS = [str(year) for year in range(2019, 2025)]
Open = Callable[..., render.Page]


def record(**changed: Any) -> dict[str, Any]:
    base = {
        "schema": SCHEMA, "method": "did", "label": "Taux de couverture", "estimate": 4.3, "std_error": 0.8,
        "interval": {"low": 2.3, "high": 6.3}, "bounds": {"low": 4.3, "high": 4.3}, "level": 0.95, "p_value": 0.012,
        "unit": "%", "direction": "higher", "n_treated": 1, "n_controls": 3, "n_pre": 4, "n_post": 2,
        "by_period": [{"time_period": year, "event_time": t - 4, "estimate": 0.5 * t, "low": None, "high": None}
                      for t, year in enumerate(YEARS)],
        "checks": [{"name": "pre_trends", "passed": True, "text": "Rien ne différait <b>avant</b>."}],
        "evidence": 3, "verdict": "amelioration", "limits": ["Une limite de l’essai."], "valid": True,
        "inference": "permutation", "steps": ["Une étape."],
        "details": {"units_treated": ["CC des Trois Vallées"], "minimum_p": 0.01, "mde": 3.0, "minimum_effect": 3.0},
    }  # fmt: skip
    return {**base, **changed, "details": {**base["details"], **changed.get("details", {})}}  # type: ignore[dict-item]


def row(nom: str = "essai", found: dict[str, Any] | None = None, **changed: Any) -> dict[str, Any]:
    blank: dict[str, Any] = dict.fromkeys(TABLES["impact"], "")
    return {
        **blank, "nom": nom, "indicator": "PE01", "geo": EPCI, "label": "Taux de couverture", "conf_status": "F",
        "action_label": "Ouvrir un lieu", "question_label": "L’offre a-t-elle suivi ?", "evaluability": "Évaluable.",
        "time_from": "2019", "time_to": "2024", "start": "2023-09-01", "valid": True,
        "record": "" if found is None else json.dumps(found), **changed,
    }  # fmt: skip


def series(nom: str = "essai", *, secret: bool = False) -> list[dict[str, Any]]:
    rows = []
    for t, year in enumerate(YEARS):
        base = {"nom": nom, "time_period": year, "event_time": float(t - 4), "low": np.nan, "high": np.nan}
        base |= {"conf_status": "F", "name": ""}
        rows += [
            {**base, "series": "concerne", "value": 20.0 + t + 4 * (t >= 4)},
            {**base, "series": "comparaison", "value": 20.0 + t},
            *({**base, "series": "temoin", "name": f"CC {i}", "value": 18.0 + t + i} for i in range(3)),
        ]
    if secret:
        rows[-1] |= {"conf_status": "C", "value": 987.6}
    return rows


@pytest.fixture
def opened(full: SimpleNamespace) -> Open:
    def page(
        rows: list[dict[str, Any]], lines: list[dict[str, Any]] | None = None, *, territoire: str = "",
        periode: str = "", contribution: list[tuple[str, str, str]] | None = None, audience: str = "copil",
        carnet: str = "bilan_annuel",
    ) -> render.Page:  # fmt: skip
        tables = {
            "impact": pd.DataFrame(rows, columns=list(TABLES["impact"])),
            "impact_series": pd.DataFrame(series() if lines is None else lines, columns=list(TABLES["impact_series"])),
            "contribution": pd.DataFrame(contribution or [], columns=list(TABLES["contribution"])),
        }
        release = type(full)(**{**vars(full), **tables, "audience": audience})
        return render.Page(release, territoire=territoire, periode=periode, carnet=carnet)  # type: ignore[arg-type]

    return page


def plain(fragment: object) -> str:
    text = re.sub(r"<[^>]+>", " ", str(fragment))
    return " ".join(text.replace("\u202f", " ").replace("\u00a0", " ").split())


class Headings(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.levels: list[int] = []
        self.ids: list[str] = []
        self.opened: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.opened.append(tag)
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if re.fullmatch(r"h[1-6]", tag):
            self.levels.append(int(tag[1]))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        assert tag == "path"

    def handle_endtag(self, tag: str) -> None:
        assert self.opened.pop() == tag


def test_a_design_tells_question_verdict_difference_limits_and_solidity(opened: Open) -> None:
    said = plain(opened([row(found=record())]).impact())
    parts = (
        "L’offre a-t-elle suivi ?", "Action étudiée : Ouvrir un lieu.", "↗ Contribution plausible.",
        "environ 4,3 points de plus", "de +2,3 à +6,3 points", "Une limite de l’essai.",
        "environ 1 fois sur 100", "Ce que ce chiffre ne montre pas", "Solidité de la méthode : 3 sur 5", "Conclusion",
        "La méthode en détail", "Évaluable.",
    )  # fmt: skip
    places = [said.index(part) for part in parts]
    assert places == sorted(places)
    asked_first = plain(opened([row(found=record())], carnet="impact").impact())
    assert asked_first.index("Évaluable.") < asked_first.index("↗ Contribution plausible.")


def test_its_figure_has_an_alternative_and_its_values_in_a_table(opened: Open) -> None:
    html = str(opened([row(found=record())]).impact())
    assert html.count("<svg") == 1
    assert "3\u00a0territoires de comparaison, de 23\u202f% à 25\u202f% (2024)" in html
    assert "Télécharger le tableau (CSV)" in html
    assert "2024 29 25" in " ".join(re.findall(r"\w+", plain(html)))


def test_html_is_balanced_with_unique_identifiers_and_escaped(opened: Open) -> None:
    found = Headings()
    html = str(opened([row("a", record()), row("b", record())], [*series("a"), *series("b")]).impact())
    found.feed(html)
    assert found.opened == []
    assert len(found.ids) == len(set(found.ids))
    assert all(after <= before + 1 for before, after in zip(found.levels, found.levels[1:], strict=False))
    assert found.levels[0] == 2
    assert "<b>" not in html


def test_what_is_withheld_gives_its_reason_and_no_figure(opened: Open) -> None:
    kept = row(conf_status="C", reason="Des chiffres ne sont pas diffusables à ce public.", evaluability="")
    html = str(opened([kept], []).impact())
    assert "Estimation non diffusable." in html
    assert "Des chiffres ne sont pas diffusables" in html
    assert "<svg" not in html
    assert "points" not in plain(html)


def test_no_masked_value_of_the_series_is_drawn(opened: Open) -> None:
    html = plain(str(opened([row(found=record())], series(secret=True)).impact()))
    raw = str(opened([row(found=record())], series(secret=True)).impact())
    assert "987" not in html
    assert "987" not in raw
    assert "988" not in raw


def test_what_could_not_be_estimated_says_why_and_what_would_be_needed(opened: Open) -> None:
    said = plain(opened([row(reason="Aucun comparateur. Ajoutez-en.", evaluability="Non évaluable.")], []).impact())
    assert "Aucune estimation n’a pu être faite. Aucun comparateur. Ajoutez-en. Non évaluable." in said


def test_a_design_of_other_territories_is_not_on_the_page_of_a_part(opened: Open) -> None:
    rows = [
        row("a", record()),
        row("b", record(label="Autre"), geo=f"COM-99009 {COMMUNE}", question_label="La seconde"),
    ]
    said = plain(opened(rows, [*series("a"), *series("b")], territoire=COMMUNE).impact())
    assert "La seconde" in said
    assert "L’offre a-t-elle suivi" not in said


def test_one_design_can_be_asked_for_and_an_unknown_one_is_refused(opened: Open) -> None:
    page = opened([row("a", record()), row("b", record(), question_label="La seconde")], [*series("a"), *series("b")])
    assert "La seconde" not in plain(page.impact("a"))
    with pytest.raises(ReportError, match="« c »"):
        page.impact("c")


def test_nothing_later_than_the_period_of_the_page_is_shown(opened: Open) -> None:
    page = opened([row(found=record())], periode="2022")
    said = plain(page.impact())
    assert "va jusqu’à la période 2024, après celle de ce bilan" in said
    assert "points" not in said


def test_without_design_the_evaluator_is_told_what_to_provide(opened: Open) -> None:
    assert "bloc [[impact]]" in plain(opened([], [], audience="interne").impact())
    assert "[[impact]]" not in plain(opened([], []).impact())


def test_the_analysis_of_contribution_follows_its_rubrics(opened: Open) -> None:
    told = [("essai", "contre", "Les naissances baissent."), ("essai", "mecanisme", "Plus de places."),
            ("autre", "pour", "Ailleurs.")]  # fmt: skip
    said = plain(opened([row(found=record())], contribution=told).impact())
    assert said.index("Mécanisme attendu Plus de places.") < said.index("Éléments contraires Les naissances baissent.")
    assert "Ailleurs." not in said


def test_the_notebook_of_effects_asks_compares_checks_explains_then_concludes(opened: Open) -> None:
    told = [
        ("essai", "criteres_de_jugement", "L’offre augmente."), ("essai", "mecanisme", "Plus de places."),
        ("essai", "elements_qualitatifs", "Onze familles le disent."), ("essai", "reponse", "Oui, en partie."),
        ("essai", "validee_par", "le comité"),
    ]  # fmt: skip
    said = plain(opened([row(found=record())], contribution=told, carnet="impact").impact())
    parts = (
        "L’offre augmente.", "Avant tout calcul Évaluable.", "↗ Contribution plausible.", "environ 4,3 points de plus",
        "Les vérifications", "La vérification faite est satisfaite.", "Mécanisme attendu Plus de places.",
        "Éléments en faveur d’une contribution Rien n’a été relevé.", "Onze familles le disent.",
        "Conclusion Contribution plausible.", "Oui, en partie.", "le comité", "La méthode en détail",
    )  # fmt: skip
    places = [said.index(part) for part in parts]
    assert places == sorted(places)


def test_each_check_is_told_in_the_open_to_those_who_check_and_in_the_annex_to_others(opened: Open) -> None:
    for audience, before in (("interne", True), ("cotech", True), ("copil", False), ("habitants", False)):
        said = plain(opened([row(found=record())], audience=audience).impact())
        assert said.count("Rien ne différait") == 1
        assert (said.index("Rien ne différait") < said.index("La méthode en détail")) is before


def test_the_notebook_of_effects_cites_its_own_sources_and_limits_alone(opened: Open, full: SimpleNamespace) -> None:
    cited, other = sorted(full.sources["cle"])[:2]
    code, sentence = full.limits[["code", "sentence"]].iloc[0]
    kept = row(found=record(), source=cited, limits=code)
    titles = full.sources.set_index("cle")["titre"]
    own = opened([kept], carnet="impact")
    assert titles[cited] in plain(own.sources())
    assert titles[other] not in plain(own.sources())
    assert titles[cited] in plain(own.impact())
    every = opened([kept])
    assert titles[other] in plain(every.sources())
    assert plain(sentence) in plain(own.limits())
    assert len(plain(own.limits())) < len(plain(every.limits()))


def test_a_series_is_drawn_with_what_was_expected(opened: Open) -> None:
    path = [{"time_period": year, "observed": 20.0 + t, "fitted": 20.0 + t, "counterfactual": 19.0 + t,
             "low": 18.0 + t, "high": 20.0 + t} for t, year in enumerate(YEARS)]  # fmt: skip
    found = record(method="interrupted_series", n_controls=0, details={"counterfactual": path, "at": ["2023"]})
    html = str(opened([row(found=found)], []).impact())
    assert "tendance d’avant, prolongée" in html
    told = plain(html)
    assert "Cette tendance, au moins" in told
    assert "2022 23 23 – – –" in told
    assert "2024 25 25 24 23 25" in told


def test_a_synthetic_control_is_drawn_with_weights_and_placebos_in_the_annex(opened: Open) -> None:
    by_period = [{"time_period": year, "event_time": t - 4, "estimate": 0.1, "treated": 20.0 + t, "synthetic": 20.0}
                 for t, year in enumerate(YEARS)]  # fmt: skip
    details = {
        "weights": [{"unit": "a", "name": "CC A", "weight": 0.7}, {"unit": "b", "name": "CC B", "weight": 0.3}],
        "gaps": [{"time_period": year, "u": 0.1 * t} for t, year in enumerate(YEARS)],
        "placebo_gaps": [{"time_period": year, "a": 0.2, "b": -0.1} for year in YEARS],
    }
    found = record(method="synthetic_control", by_period=by_period, details=details)
    html = str(opened([row(found=found)]).impact())
    assert html.count("<svg") == 3
    assert "CC A\u202f: 70\u202f%" in html
    assert html.count("Les valeurs en tableau") == 3
    told = plain(html)
    assert "CC A 70,0 % CC B 30,0 %" in told
    assert "2024 25 20" in told
    assert "2021 +0,20 −0,10 +0,20" in told
    plainer = str(opened([row(found=found)], audience="habitants").impact())
    assert plainer.count("<svg") == 1


def test_same_release_gives_the_same_bytes(opened: Open) -> None:
    assert str(opened([row(found=record())]).impact()) == str(opened([row(found=record())]).impact())
