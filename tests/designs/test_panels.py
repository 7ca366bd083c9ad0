from __future__ import annotations

import copy
import datetime as dt

import numpy as np
import pytest

import ctgeval
from ctgeval.designs.panels import comparators
from ctgeval.errors import DesignError, UnknownIndicator, UnknownTerritory

CC = "EPCI-249900001"
WITNESSES = [f"EPCI-2496{rank:05d}" for rank in range(1, 25)]


def test_a_panel_holds_the_figures_of_the_indicators(demo: ctgeval.Dossier) -> None:
    panel = demo.panel("PE02", treated={CC: dt.date(2023, 9, 4)}, comparators=WITNESSES)
    assert panel.units == tuple(sorted([CC, *WITNESSES]))
    assert panel.periods == tuple(str(year) for year in range(2018, 2025))
    rows = demo.indicators("PE02", geo=CC).set_index("time_period")["value"]
    own = panel.outcome[panel.units.index(CC)]
    np.testing.assert_array_equal(own, rows.loc[list(panel.periods)])
    # Places at 31 December: those of the year in which the action began are after it.
    assert panel.periods[panel.n_pre] == "2023"
    assert panel.population is not None
    assert panel.population[panel.units.index(CC)] == pytest.approx(26_306, rel=0.01)
    assert panel.names[CC] == "CC du Val d'Arvelle"


def test_a_flow_that_straddles_the_action_counts_on_neither_side(demo: ctgeval.Dossier) -> None:
    panel = demo.panel("JE01", treated={CC: dt.date(2022, 11, 7)}, comparators=WITNESSES)
    assert "2022" not in panel.periods
    assert panel.periods[panel.n_pre] == "2023"
    assert any("ne compte ni avant ni après" in problem.message for problem in panel.problems)
    whole = demo.panel("JE01", treated={CC: "2023"}, comparators=WITNESSES)
    assert "2022" in whole.periods


def test_the_comparators_of_the_dossier_are_taken_by_default(demo: ctgeval.Dossier) -> None:
    panel = demo.panel("PE02", treated={CC: "2023"})
    assert panel.units == tuple(f"EPCI-24990000{rank}" for rank in range(1, 6))


def test_what_can_t_be_compared_is_refused_by_name(demo: ctgeval.Dossier) -> None:
    with pytest.raises(DesignError, match="Bois de Mornave"):
        demo.panel("AD01", treated={CC: "2024-S1"})
    with pytest.raises(UnknownIndicator):
        demo.panel("PE2", treated={CC: "2023"})
    with pytest.raises(UnknownTerritory):
        demo.panel("PE02", treated={"EPCI-249900009": "2023"})
    with pytest.raises(DesignError, match="Aucun territoire concerné"):
        demo.panel("PE02", treated={})


def test_planted_effects_are_found_and_the_null_one_is_not(demo: ctgeval.Dossier) -> None:
    found = {estimated.config.nom: estimated for estimated in demo.impacts}
    planted, null = found["micro-creches"].result, found["lieu-jeunes"].result
    assert planted is not None
    assert null is not None
    assert planted.verdict == "amelioration"
    assert planted.evidence == 3
    assert planted.estimate == pytest.approx(2 * planted.details["mde"], rel=0.25)
    assert null.verdict in {"pas_d_effet_decelable", "non_concluant"}
    assert null.interval.low < 0 < null.interval.high


def test_a_design_that_can_t_be_estimated_says_why(demo: ctgeval.Dossier) -> None:
    from ctgeval import designs

    broken = demo.config.impact[0].model_copy(update={"indicateur": "AD01"})
    estimated = designs.estimate(demo, broken)
    assert estimated.result is None
    assert estimated.problem is not None
    assert estimated.problem.remedy


def test_the_word_comparaison_means_the_comparators_of_the_dossier(demo: ctgeval.Dossier) -> None:
    config = demo.config.impact[0]
    assert comparators(config) == WITNESSES
    assert comparators(config.model_copy(update={"territoires_comparaison": ("comparaison",)})) is None


@pytest.mark.parametrize(
    ("indicator", "status", "because"),
    [
        ("PE02", "evaluable", ""),
        ("PE01", "contexte_seulement", "contexte"),
        ("AD01", "non_evaluable", "Aucun chiffre n’est antérieur"),
    ],
)
def test_evaluability_is_told_point_by_point(demo: ctgeval.Dossier, indicator: str, status: str, because: str) -> None:
    found = demo.evaluability(indicator)
    assert found.status == status
    assert because in found.text()
    assert set(found.table()["criterion"]) >= {"reference", "final", "action", "nature", "comparaison"}


def test_an_abandoned_action_is_not_evaluable(demo: ctgeval.Dossier, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = demo.actions()
    plan.loc[plan["id"].eq("A01"), "etat"] = "abandonnee"
    monkeypatch.setattr(type(demo), "actions", lambda _: plan)
    found = copy.copy(demo).evaluability("PE02")
    assert found.status == "non_evaluable"
    assert "A01" in found.text()
