"""Scenarios are made from what their reader is shown, and a fault of the dossier is told with its place."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

import ctgeval
from ctgeval.confidentiality.released import TABLES
from ctgeval.followup import Reader, scenarios

CODE = "EPCI-200070035"
OBSERVATIONS = f"""\
mesure;territoire;periode;valeur;source
enfants_0_2;{CODE};2023;450;relais
places_eaje;{CODE};2023;90;relais
"""
SCENARIO = """
[[scenario]]
nom = "creches"
libelle = "25 places pour 100 enfants"
indicateur = "{indicator}"
cible = 25
{more}
hypotheses = "Devis de 2025"
"""


@pytest.fixture
def opened(dossier: Callable[..., ctgeval.Dossier]) -> Callable[..., ctgeval.Dossier]:
    def made(indicator: str = "PE02", more: str = "") -> ctgeval.Dossier:
        folder = dossier(observations=OBSERVATIONS).path
        text = (folder / "ctg.toml").read_text(encoding="utf-8")
        (folder / "ctg.toml").write_text(text + SCENARIO.format(indicator=indicator, more=more), encoding="utf-8")
        return ctgeval.open(folder)

    return made


def table(opened: ctgeval.Dossier, made: Reader) -> pd.DataFrame:
    assert scenarios.TOPIC.tables
    found = scenarios.TOPIC.tables(opened, made)["scenarios"]
    assert list(found.columns) == list(TABLES["scenarios"])
    return found


def test_places_come_from_the_last_rate_and_those_that_it_counts(
    opened: Callable[..., ctgeval.Dossier], reader: Callable[..., Reader]
) -> None:
    made = opened(more="investissement_place = [10000, 12000]")
    row = table(made, reader(made, "interne")).iloc[0]
    # 90 places for 450 children are 20 for 100; 5 more for 100 are 22.5 places, hence 23.
    assert (row["value"], row["counted"], row["counted_by"], row["time_period"]) == (20.0, 450.0, "PE02", "2023")
    assert (row["places_low"], row["places_high"]) == (23, 23)
    assert (row["investment_low"], row["investment_high"]) == (230_000, 276_000)
    assert row["source"] == "relais"


def test_a_supposed_population_takes_the_place_of_the_counted_one(
    opened: Callable[..., ctgeval.Dossier], reader: Callable[..., Reader]
) -> None:
    made = opened(more="population = [400, 500]")
    row = table(made, reader(made, "interne")).iloc[0]
    assert (row["places_low"], row["places_high"]) == (20, 25)
    assert row["counted_by"] == ""


def test_what_a_reader_is_not_shown_makes_no_scenario_for_it(
    opened: Callable[..., ctgeval.Dossier], reader: Callable[..., Reader]
) -> None:
    made = opened()
    row = table(made, reader(made, "copil", masked="2023")).iloc[0]
    assert pd.isna(row[["value", "counted", "places_low", "places_high"]]).all()
    assert "Il manque" in row["reason"]


@pytest.mark.parametrize(
    ("indicator", "said"), [("PE2", "inconnu"), ("PE03", "pour 100 personnes"), ("CO02", "pour 100 personnes")]
)
def test_a_scenario_on_what_is_no_rate_is_told_and_left_out(
    opened: Callable[..., ctgeval.Dossier], reader: Callable[..., Reader], indicator: str, said: str
) -> None:
    made = opened(indicator)
    assert table(made, reader(made, "interne")).empty
    told = made.problems()
    row = told[told["key"].eq("scenario[1].indicateur")].iloc[0]
    assert said in row["message"]
    assert row["severity"] == "partiel"


def test_ends_in_the_wrong_order_and_shares_above_all_are_refused(opened: Callable[..., ctgeval.Dossier]) -> None:
    with pytest.raises(ctgeval.errors.DossierError) as raised:
        opened(more="population = [500, 400]\naide_investissement = [120]\ninvestissement_place = [1, 2, 3]")
    told = " ".join(problem.message for problem in raised.value.problems)
    assert "La première borne de « population » est au-dessus de la seconde." in told
    assert "au plus 100" in told
    assert "2 valeurs au plus" in told
