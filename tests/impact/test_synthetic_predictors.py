from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ctgeval.errors import DesignError, NotIdentified
from ctgeval.impact import Panel, synthetic_control
from tests.impact.synthetic_cases import factor_panel, from_arrays


def test_proposition_99_with_the_predictors_of_the_article(real_data: Path) -> None:
    table = pd.read_csv(real_data / "impact" / "california_prop99_predicteurs.csv")
    table["first"] = np.where(table["state"].eq("California"), 1989, np.nan)
    panel = Panel.from_frame(
        table, unit="state", time="year", outcome="cigsale", treated_from="first", direction="lower"
    )
    averaged = (
        table[table["year"].between(1980, 1988)].groupby("state")[["lnincome", "beer", "age15to24", "retprice"]].mean()
    )
    found = synthetic_control(
        panel,
        predictors=(*averaged.columns, ("outcome", ["1975"]), ("outcome", ["1980"]), ("outcome", ["1988"])),
        predictor_table=averaged,
        placebos=False,
    )
    # Weights of Abadie, Diamond and Hainmueller 2010, table 2; their peers' losses: 4.1 and 21.4.
    weights = found.details["weights"].set_index("unit")["weight"]
    published = {"Utah": 0.334, "Nevada": 0.234, "Montana": 0.199, "Colorado": 0.164, "Connecticut": 0.069}
    assert weights.head(5).to_dict() == pytest.approx(published, abs=0.02)
    assert -20 < found.estimate < -17.8
    assert found.details["loss_outcomes_only"] <= found.details["loss"] < 3.2
    assert found.details["predictors"]["importance"].sum() == pytest.approx(1)


def test_the_basque_country(real_data: Path) -> None:
    table = pd.read_csv(real_data / "impact" / "basque.csv")
    table = table[table["regionno"] != 1]
    table["first"] = np.where(table["regionno"] == 17, 1970, np.nan)
    panel = Panel.from_frame(table, unit="regionname", time="year", outcome="gdpcap", treated_from="first")
    table["school.higher"] = table["school.high"] + table["school.post.high"]
    later = ["school.illit", "school.prim", "school.med", "school.higher", "invest"]
    sectors = [name for name in table.columns if name.startswith("sec.")]
    averaged = pd.concat(
        [
            table[table["year"].between(1964, 1969)].groupby("regionname")[later].mean(),
            table[table["year"].between(1961, 1969)].groupby("regionname")[[*sectors, "popdens"]].mean(),
        ],
        axis=1,
    )
    found = synthetic_control(
        panel,
        predictors=(*averaged.columns, ("outcome", [str(year) for year in range(1960, 1970)])),
        predictor_table=averaged,
        placebos=False,
    )
    place = {name: i for i, name in enumerate(panel.units)}
    published = {"Cataluna": 0.851, "Madrid (Comunidad De)": 0.149}
    gap = panel.outcome[place["Basque Country (Pais Vasco)"]] - sum(
        weight * panel.outcome[place[name]] for name, weight in published.items()
    )
    assert found.details["loss"] <= float((gap[:15] ** 2).mean())
    weights = found.details["weights"].set_index("unit")["weight"]
    assert weights[list(published)].sum() > 0.5
    relative = (found.by_period["estimate"] / found.by_period["synthetic"]).iloc[20:].mean()
    assert -0.13 < relative < -0.06


def test_the_same_call_gives_the_same_weights() -> None:
    panel = factor_panel(14, 14, 10)
    random = np.random.default_rng(1)
    income, density = random.standard_normal((2, 14, 1)) + panel.outcome[None, :, :1]
    described = from_arrays(
        panel.outcome, panel.start, income=np.tile(income, (1, 14)), density=np.tile(density, (1, 14))
    )
    predictors = ("income", "density", ("outcome", ["2009", "2010"]))
    first = synthetic_control(described, predictors=predictors)
    second = synthetic_control(described, predictors=predictors)
    pd.testing.assert_frame_equal(first.details["weights"], second.details["weights"])
    assert first.details["loss"] >= first.details["loss_outcomes_only"] - 1e-12
    assert first.details["predictors"]["predictor"].tolist() == ["income", "density", "outcome (2009, 2010)"]
    assert first.details["minimum_p"] == pytest.approx(1 / 14)


def test_bad_input_is_refused() -> None:
    panel = factor_panel(11, 14, 10)
    random = np.random.default_rng(1)
    many = pd.DataFrame(random.standard_normal((11, 40)), index=list(panel.units)).add_prefix("x")
    with pytest.raises(NotIdentified, match="10 donneurs ne peuvent pas départager 40 prédicteurs"):
        synthetic_control(panel, predictor_table=many)
    with pytest.raises(DesignError, match="x1"):
        synthetic_control(panel, predictors=("x1x",), predictor_table=many)
    with pytest.raises(DesignError, match="COM-00003"):
        synthetic_control(panel, predictors=("x1", "x2"), predictor_table=many.drop(index="COM-00003"))
    with pytest.raises(DesignError, match="même valeur"):
        synthetic_control(panel, predictor_table=many.iloc[:, :2].assign(x1=3.0))
    with pytest.raises(DesignError, match="2012"):
        synthetic_control(panel, predictors=(("outcome", ["2012"]),))
    with pytest.raises(DesignError, match="nested"):
        synthetic_control(panel, predictors=("x1",), predictor_table=many, v="outcomes")
    with pytest.raises(DesignError, match="prédicteurs"):
        synthetic_control(panel, v="nested")
