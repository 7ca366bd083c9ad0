"""The calendar of the convention: observations, returns, instances, and the report of 30 September."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from ctgeval.config.models import Config, ConventionConfig, GabaritConfig, SourceConfig, TerritoireConfig
from ctgeval.programme.coming import YEARLY
from ctgeval.report.schedule.calendar import KINDS, calendar

DAY = dt.date(2026, 2, 1)
INSTANCES = pd.DataFrame(
    [
        ("COPIL", "2026-06-24", "Bilan de 2025"),
        ("COTECH", "2026-02-01", None),
        ("COPIL", "2026-01-31", "Hier"),
        ("atelier", "2026-04-01", "Pas une instance"),
        ("COPIL", "2027-02-03", "Au-delà d’un an"),
        ("COPIL", None, "Sans date"),
    ],
    columns=["type", "date", "sujet"],
)


def config(*sources: SourceConfig) -> Config:
    return Config(
        territoire=TerritoireConfig(code="EPCI-200070035", perimetre=2024),
        convention=ConventionConfig(debut=dt.date(2022, 1, 1), fin=dt.date(2026, 12, 31)),
        source=sources,
    )


def test_each_usual_date_has_a_kind() -> None:
    assert {(month, day) for month, day, _ in YEARLY} == set(KINDS)


def test_the_year_of_a_convention_holds_what_it_must() -> None:
    found = calendar(config(), INSTANCES, DAY)
    assert list(found) == sorted(found)
    by_kind = {kind: [date.day.isoformat() for date in found if date.kind == kind] for kind in KINDS.values()}
    assert by_kind["observation"] == ["2026-07-31", "2027-01-31"]
    assert by_kind["rapport_epci"] == ["2026-09-30"]
    assert by_kind["retours"] == ["2026-03-31"]
    assert by_kind["instance"] == ["2026-02-01", "2026-06-24", "2026-06-30"]
    told = {date.day.isoformat(): date.text for date in found}
    assert told["2026-02-01"] == "COTECH."
    assert told["2026-06-24"] == "COPIL : Bilan de 2025."
    assert told["2026-12-31"] == "Fin de la convention."


def test_the_returns_of_a_partner_come_back_at_their_rhythm() -> None:
    asked = GabaritConfig(partenaire="la crèche", periodicite="semestrielle", avant_le=dt.date(2025, 8, 31))
    once = GabaritConfig(avant_le=dt.date(2026, 5, 1))
    sources = (SourceConfig(cle="creche", gabarit=asked), SourceConfig(cle="ram", gabarit=once))
    found = [date for date in calendar(config(*sources), INSTANCES, DAY) if "classeur" in date.text]
    assert [(date.day.isoformat(), date.text) for date in found] == [
        ("2026-02-28", "Retour du classeur de la crèche."),
        ("2026-05-01", "Retour du classeur de ram."),
        ("2026-08-31", "Retour du classeur de la crèche."),
    ]


def test_a_source_that_has_a_periodicity_has_a_date_to_be_renewed() -> None:
    source = SourceConfig(cle="filosofi", periodicite="annuelle", mise_a_jour=dt.date(2025, 2, 10))
    (found,) = [date for date in calendar(config(source), INSTANCES, DAY) if date.kind == "source"]
    assert found.day == dt.date(2026, 2, 10)
    assert "10 février 2025" in found.text
