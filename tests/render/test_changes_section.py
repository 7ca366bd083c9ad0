"""The section of what changed: how many, by chance or not, for whom."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from ctgeval.confidentiality.released import TABLES
from ctgeval.render.page import Page
from ctgeval.render.sections import changes

GEO = "EPCI-299900001"


def text(html: object) -> str:
    plain = re.sub(r"<[^>]+>", " ", re.sub(r'href="data:[^"]*"', "", str(html)))
    return re.sub(r"[\s\u00a0\u202f]+", " ", plain)


class FakeRelease:
    """Two indicators at two periods, and what was compared."""

    def __init__(self, audience: str, changes: list[dict[str, Any]]) -> None:
        self.audience = audience
        self.meta = {"territoire": GEO, "nom": "CC d’Essai", "retenus": ["PE04"]}
        self.audit: dict[str, Any] = {}
        self.changes = pd.DataFrame(changes, columns=list(TABLES["changes"]))

    def table(self, name: str) -> pd.DataFrame:
        own = getattr(self, f"_{name}", None)
        if name == "changes":
            return self.changes
        return own() if own else pd.DataFrame(columns=list(TABLES[name]))

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name.startswith("_"):
            raise AttributeError(name)
        return self.table(name)

    def _indicators(self) -> pd.DataFrame:
        rows = [
            ("PE04", "Part des assistantes maternelles de 55 ans et plus", "%", "lower", 1, True),
            ("AV01", "Structures agréées", "structures", "higher", 0, False),
        ]
        table = pd.DataFrame(rows, columns=["id", "label", "unit", "direction", "decimals", "retained"])
        return table.assign(theme="", kind="realisation", source="", definition="", caveats=[()] * len(table))

    def _territories(self) -> pd.DataFrame:
        return pd.DataFrame([(GEO, "CC d’Essai", "EPCI", "territoire")], columns=list(TABLES["territories"]))

    def _results(self) -> pd.DataFrame:
        rows = [
            ("PE04", "2021", 57, 145, 31.74, 47.43), ("PE04", "2024", 20, 129, 10.26, 22.75),
            ("AV01", "2021", 2, None, None, None), ("AV01", "2024", 3, None, None, None),
        ]  # fmt: skip
        table = pd.DataFrame(rows, columns=["indicator", "time_period", "numerator", "n", "ci_low", "ci_high"])
        table["value"] = table["numerator"].where(table["n"].isna(), 100 * table["numerator"] / table["n"])
        table = table.assign(geo=GEO, low=table["value"], high=table["value"], geography=2024, obs_status="A")
        return table.assign(conf_status="F", source="", limits="", reason="")


def row(indicator: str, **columns: Any) -> dict[str, Any]:
    known = {
        "indicator": indicator, "geo": GEO, "period_from": "2021", "period_to": "2024", "change": 1.0, "moved": "",
        "verdict": "non_concluant", "sentence": f"{indicator} en une phrase.", "p_value": float("nan"),
        "ci_low": float("nan"), "ci_high": float("nan"),
    }  # fmt: skip
    return known | columns


SHARE = {"change": -23.8, "ci_low": -33.4, "ci_high": -13.3, "p_value": 1e-5}
MOVED = row("PE04", verdict="amelioration", moved="baisse", **SHARE)
OPENED = row("AV01", verdict="amelioration", moved="hausse")


@pytest.fixture
def section() -> Callable[..., str]:
    def draw(audience: str, *changes: dict[str, Any], periode: str = "") -> str:
        release: Any = FakeRelease(audience, list(changes))
        return text(Page(release, territoire=GEO, periode=periode).changes()._repr_html_())

    return draw


def test_the_team_reads_how_many_were_compared_which_moved_and_the_margin(section) -> None:
    told = section("interne", MOVED, OPENED)
    assert "Sur 2 indicateurs comparés à leur situation de départ, 2 s’améliorent." in told
    assert "Une seule de ces comparaisons porte sur des effectifs que le hasard fait varier" in told
    assert "39,3 (2021) ; 57 sur 145" in told
    assert "15,5 (2024) ; de 10,3 à 22,8 % ; 20 sur 129" in told
    assert "−23,8 points (de −33,4 à −13,3) ✔ amélioration" in told
    assert "+1 ✔ amélioration" in told


def test_chance_is_told_by_how_many_were_compared(section) -> None:
    share = row("PE04", verdict="non_concluant", change=-23.8, ci_low=-33.4, ci_high=-0.1, p_value=0.04)
    count = row("AV01", change=1.0, ci_low=-4.0, ci_high=6.0, p_value=0.6)
    told = section("interne", share, count)
    # Two comparisons at 5 %: 0.1 by chance alone. One stands alone (0.04), none once adjusted.
    assert "Parmi ces comparaisons, 2 portent sur des effectifs" in told
    assert "il en sortirait tout de même 0,1 de la marge d’aléa, en moyenne" in told
    assert "Prises une à une, une seule en sort ; jugées ensemble" in told
    assert "il n’en reste aucune." in told
    assert "PE04 en une phrase." in told
    assert "AV01 en une phrase." not in told


def test_an_indicator_without_a_wished_direction_is_told_by_its_movement(section) -> None:
    told = section("interne", row("PE04", moved="baisse", **SHARE))
    assert "Sur 1 indicateur comparé à sa situation de départ, 1 est en baisse." in told
    assert "↘ en baisse" in told


def test_elected_officials_read_what_moved(section) -> None:
    told = section("copil", MOVED, row("AV01", verdict="pas_d_effet_decelable", change=0.0))
    assert "Sur 2 indicateurs comparés" in told
    assert "Structures agréées" not in told
    assert "ne montre que les indicateurs dont l’évolution est établie" in told
    assert "15,5 (2024) ; 20 sur 129 −23,8 points ✔ amélioration" in told
    assert "Constat" not in section("copil", row("PE04")).split("Ce sont des constats")[1]


def test_the_inhabitants_read_plain_sentences(section) -> None:
    told = section("habitants", MOVED, OPENED)
    assert "Un seul chiffre a changé de façon certaine" in told
    assert "15,5 % en 2024, contre 39,3 % en 2021, soit une baisse de 23,8 points." in told
    assert not re.search(r"Benjamini|marge d’aléa|\b[A-Z]{2}\d{2}\b", told)
    assert "Aucun des chiffres suivis" in section("habitants", row("PE04"))


def test_nothing_to_compare_is_one_line(section) -> None:
    assert "Non renseigné cette année" in section("copil")
    assert "À fournir" in section("interne")
    assert "Non renseigné" in section("interne", MOVED, periode="2023")


def test_what_the_table_of_changes_gives_is_not_given_again() -> None:
    def page(audience: str) -> Page:
        moved = [row("PE04", verdict="non_concluant", change=0.1), OPENED]
        release: Any = FakeRelease(audience, moved)
        return Page(release, territoire=GEO)

    found = {one.indicator.id for one in changes._found(page("copil").view)}
    assert found == {"PE04", "AV01"}
    assert changes.told(page("interne").view) == {"PE04", "AV01"}
    # The committee's table has only what moved for sure; the inhabitants have none.
    assert changes.told(page("copil").view) == {"AV01"}
    assert changes.told(page("habitants").view) == frozenset()
