"""What an estimate tells of the counts behind it: forms that hold on the true counts, and none of what is masked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import ctgeval
from ctgeval import designs
from ctgeval.confidentiality.forms import Cell

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def demo() -> ctgeval.Dossier:
    return ctgeval.open(ROOT / "data" / "demo")


@pytest.fixture(scope="module")
def shown(demo: ctgeval.Dossier) -> pd.DataFrame:
    return demo.compute(demo.indicator_observations, ["EPCI-249900001", *designs.extra_geos(demo)], ["PE02", "JE01"])


def counts(demo: ctgeval.Dossier, shown: pd.DataFrame, indicator: str) -> dict[tuple[str, str, str], float]:
    (_, name) = demo.catalogue[indicator].numerator_terms[0]
    own = shown[shown["indicator"].eq(indicator)]
    return {
        (name, geo, period): count
        for geo, period, count in own[["geo", "time_period", "numerator"]].itertuples(index=False)
    }


def test_each_form_holds_on_the_true_counts(demo: ctgeval.Dossier, shown: pd.DataFrame) -> None:
    found = designs.forms(demo, shown, name=lambda *key: key)
    true = counts(demo, shown, "PE02") | counts(demo, shown, "JE01")
    assert {form.indicator for form in found} == {"PE02", "JE01"}
    for form in found:
        told = sum(coefficient * true[cell] for cell, coefficient in form.terms)
        assert told == pytest.approx(form.low, abs=1e-8)
        assert form.low == form.high
        assert not form.masked


def test_the_estimate_is_the_difference_of_mean_changes(demo: ctgeval.Dossier, shown: pd.DataFrame) -> None:
    estimated = next(one for one in demo.impacts if one.result is not None and one.result.method == "did")
    assert estimated.panel is not None
    assert estimated.result is not None
    (form,) = (
        one
        for one in designs.forms(demo, shown, name=lambda *key: key)
        if "/" in one.time_period and one.indicator == estimated.config.indicateur
    )
    assert form.low == estimated.result.estimate
    panel = estimated.panel
    assert len(form.terms) == panel.n_units * panel.n_periods
    # One treated territory: its coefficients after and before, in counts for 100 children.
    bases = shown.set_index(["indicator", "geo", "time_period"])["denominator"]
    (treated,) = (panel.units[i] for i in np.flatnonzero(panel.treated))
    own = {cell[2]: coefficient * bases[estimated.config.indicateur, treated, cell[2]] / 100
           for cell, coefficient in form.terms if cell[1] == treated}  # fmt: skip
    n_post = panel.n_periods - panel.n_pre
    expected = [-1 / panel.n_pre] * panel.n_pre + [1 / n_post] * n_post
    assert [own[period] for period in panel.periods] == pytest.approx(expected)


def test_a_printed_figure_is_known_within_half_a_unit(demo: ctgeval.Dossier, shown: pd.DataFrame) -> None:
    exact, printed = designs.forms(demo, shown), designs.forms(demo, shown, decimals=1)
    assert [form.high - form.low for form in printed] == pytest.approx([0.1] * len(exact))
    assert all(wide.low < form.low < wide.high for form, wide in zip(exact, printed, strict=True))


def test_cells_stand_on_communes(demo: ctgeval.Dossier, shown: pd.DataFrame) -> None:
    cells = [cell for form in designs.forms(demo, shown) for cell, _ in form.terms]
    assert all(isinstance(cell, Cell) for cell in cells)
    own = next(cell for cell in cells if cell[1] == "EPCI-249900001")
    assert len(own[2]) == 35


def hidden(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    rows = frame["geo"].eq("EPCI-249600007") & frame["time_period"].eq("2021") & frame["indicator"].eq("PE02")
    assert rows.sum() == 1
    return frame.assign(**{name: frame[name].mask(rows) for name in columns})


def test_nothing_gives_back_the_one_member_of_a_group_that_is_masked(
    demo: ctgeval.Dossier, shown: pd.DataFrame
) -> None:
    # Twenty-four comparators: their mean less the twenty-three that are shown would be the last one.
    masked = hidden(shown, "value", "low", "high", "numerator", "denominator")
    series = designs.tables(demo, masked)["impact_series"]
    assert not series["nom"].eq("micro-creches").any()
    assert not series.empty
    assert not [form for form in designs.forms(demo, masked) if form.indicator == "PE02"]
    assert [form for form in designs.forms(demo, masked) if form.indicator == "JE01"]


def test_a_rate_whose_base_is_not_shown_is_no_form(demo: ctgeval.Dossier, shown: pd.DataFrame) -> None:
    found = designs.forms(demo, hidden(shown, "denominator"), name=lambda *key: key)
    cell = ("places_eaje", "EPCI-249600007", "2021")
    assert ("places_eaje", "EPCI-249600007", "2022") in {one for form in found for one, _ in form.terms}
    assert cell not in {one for form in found for one, _ in form.terms}
    assert not [form for form in found if form.indicator == "PE02" and "/" in form.time_period]
