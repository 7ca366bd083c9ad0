from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import ctgeval
from ctgeval import designs
from ctgeval.confidentiality import Release
from tests.light import light

Released = Callable[[str], Release]


def test_every_audience_reads_the_same_estimate(demo_release: Released) -> None:
    inside, outside = demo_release("interne"), demo_release("habitants")
    assert inside.impact["nom"].tolist() == ["micro-creches", "lieu-jeunes"]
    columns = ["nom", "estimate", "low", "high", "p_value", "verdict", "evidence"]
    assert inside.impact[columns].equals(outside.impact[columns])
    assert outside.impact["conf_status"].eq("F").all()
    record = json.loads(outside.impact.loc[0, "record"])
    assert record["estimate"] == pytest.approx(outside.impact.loc[0, "estimate"])
    assert outside.impact.loc[0, "question_label"].startswith("L'ouverture")
    assert set(outside.contribution["rubrique"]) == {
        "criteres_de_jugement", "mecanisme", "pour", "contre", "autres", "elements_qualitatifs", "reponse",
        "validee_par",
    }  # fmt: skip
    assert outside.impact.loc[0, "source"].split() == ["caf-levrine", "caf-ombrenne"]


def test_the_witnesses_are_in_the_trajectories_and_nowhere_else(demo_release: Released) -> None:
    release = demo_release("habitants")
    series = release.impact_series
    assert set(series["series"]) == {"concerne", "comparaison", "temoin", "ecart"}
    witnesses = series[series["series"].eq("temoin") & series["nom"].eq("micro-creches")]
    assert witnesses["name"].nunique() == 24
    assert not release.results["geo"].str.startswith("EPCI-2496").any()
    assert not release.territories["geo"].str.startswith("EPCI-2496").any()


def test_an_audience_gets_no_figure_of_a_design_with_a_masked_cell(demo: ctgeval.Dossier) -> None:
    shown = demo.compute(demo.indicator_observations, ["EPCI-249900001", *designs.extra_geos(demo)], ["PE02", "JE01"])
    whole = designs.tables(demo, shown)["impact"].set_index("nom")
    assert whole["conf_status"].eq("F").all()
    masked = shown.copy()
    hidden = masked["geo"].eq("EPCI-249600007") & masked["time_period"].eq("2021") & masked["indicator"].eq("PE02")
    assert hidden.sum() == 1
    masked.loc[hidden, ["value", "low", "high"]] = np.nan
    told = designs.tables(demo, masked)
    row = told["impact"].set_index("nom").loc["micro-creches"]
    assert row["conf_status"] == "C"
    assert np.isnan(row["estimate"])
    assert row["record"] == ""
    assert row["verdict"] == "non_evaluable"
    assert "diffusables" in row["reason"]
    assert not told["impact_series"]["nom"].eq("micro-creches").any()
    assert told["impact"].set_index("nom").loc["lieu-jeunes", "conf_status"] == "F"


def test_a_secret_source_takes_the_estimate_with_it(tmp_path: Path) -> None:
    demo = ctgeval.open(light(tmp_path / "demo", files=("actions.csv",), impacts=True))
    sources = tuple(
        source.model_copy(update={"diffusion": "interne"}) if source.cle == "caf-levrine" else source
        for source in demo.config.sources
    )
    secret = ctgeval.Dossier(demo.path, demo.config.model_copy(update={"sources": sources}))
    assert secret.release("habitants").impact["estimate"].isna().all()
    assert secret.release("interne").impact["estimate"].notna().all()
