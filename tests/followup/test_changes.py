"""What changed in the demo: what each audience is told, and that nothing masked comes back through it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from ctgeval.confidentiality import Release
from ctgeval.dossier import Dossier
from ctgeval.indicators import CHANGE_COLUMNS

PLACE = "EPCI-249900001"


@pytest.fixture(scope="module")
def dossier(demo: Dossier) -> Dossier:
    return demo


@pytest.fixture(scope="module")
def release(demo_release: Callable[[str], Release]) -> Release:
    return demo_release("habitants")


def test_the_dossier_says_what_changed_since_before_the_convention(dossier: Dossier) -> None:
    found = dossier.changes(geo=PLACE).set_index("indicator")
    share = found.loc["PE04"]
    # 57 of 145 in 2021, 53 of 129 in 2024 (data/demo/observations.csv): 53/129 - 57/145 = 1.77 point.
    assert (share["period_from"], share["period_to"]) == ("2021", "2024")
    assert (share["numerator_from"], share["denominator_from"], share["numerator_to"]) == (57, 145, 53)
    assert share["change"] == pytest.approx(100 * (53 / 129 - 57 / 145))
    assert share["verdict"] == "non_concluant"
    # The census: 2023 and 2019 share surveys, 2018 does not.
    assert found.loc["PO01", ["period_from", "period_to"]].tolist() == ["2018", "2023"]
    # Three structures instead of two: counted whole.
    assert found.loc["AV01", ["change", "verdict"]].tolist() == [1, "amelioration"]
    # The last Filosofi is of 2021.
    assert found.loc["CO02", "verdict"] == "non_evaluable"
    assert set(found["n_tests"]) == {found["p_value"].notna().sum()}


def test_a_release_only_compares_rows_that_it_shows(release: Release) -> None:
    changes, results = release.table("changes"), release.results
    assert tuple(changes.columns) == CHANGE_COLUMNS
    assert PLACE in set(changes["geo"])
    shown = results[results["value"].notna()].set_index(["indicator", "geo", "time_period"])
    for end in ("from", "to"):
        keys = pd.MultiIndex.from_frame(changes[["indicator", "geo", f"period_{end}"]])
        rows = shown.loc[keys]
        assert not set(rows["conf_status"]) & {"C", "D"}
        for name in ("value", "numerator", "denominator"):
            np.testing.assert_array_equal(changes[f"{name}_{end}"], rows[name])


def test_a_rate_is_shown_with_its_counts_or_not_at_all(dossier: Dossier, release: Release) -> None:
    results, catalogue = release.results, dossier.catalogue
    rates = results["indicator"].map(lambda name: bool(catalogue[name].denominator))
    bare = rates & results[["numerator", "denominator"]].isna().any(axis=1)
    assert (bare & results["conf_status"].eq("C")).any()
    assert results.loc[bare, ["value", "low", "high", "ci_low", "ci_high"]].isna().all(axis=None)
    assert not results.loc[bare, "limits"].str.contains("petit_effectif").any()


def test_where_the_counts_are_hidden_no_margin_gives_them_back(dossier: Dossier, release: Release) -> None:
    # No base of the demo is masked under a rate that is shown: take those of one year out.
    results = release.results
    told = results[results["geo"].eq(PLACE) & results["indicator"].isin(["PE04", "PE09", "JE01", "LC01"])]
    margins = ["ci_low", "ci_high", "p_value"]
    assert dossier.changes_of(told)[margins].notna().all(axis=None)
    # 2021 is what later years are compared with.
    first = told["time_period"].eq("2021")
    counts = ["numerator", "denominator", "n", "ci_low", "ci_high"]
    for ends in (first, ~first):
        found = dossier.changes_of(told.assign(**{name: told[name].mask(ends) for name in counts}))
        assert len(found) == 4
        assert found["change"].notna().all()
        assert found[[*margins, "p_adjusted"]].isna().all(axis=None)
