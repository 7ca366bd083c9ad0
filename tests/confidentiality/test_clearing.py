"""The gate of a release: nothing but what was protected passes, by type and at run time; no message tells a value."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ctgeval.confidentiality import Cleared, ProtectedTable, Rule, clear, protect
from ctgeval.confidentiality.natures import NATURES
from ctgeval.confidentiality.released import TABLES
from ctgeval.errors import ConfidentialityError
from ctgeval.indicators.compute import RESULT_COLUMNS

ROOT = Path(__file__).parents[2]
RULE = Rule(threshold=5, source="essai")
EMPTY = {name: pd.DataFrame(columns=list(columns), dtype="str") for name, columns in TABLES.items()}
GATE = """
import pandas as pd
from pathlib import Path
from ctgeval.confidentiality import Cleared, Release, clear, release
frame = pd.DataFrame()
cleared: Cleared = clear("interne", results=frame, tables={"actions": frame})
written: Release = release.write(Path(), cleared, meta={})
release.write(Path(), frame, meta={})  # refused
release.write(Path(), {"results": frame}, meta={})  # refused
"""


def results(*values: tuple[str, float]) -> pd.DataFrame:
    frame = pd.DataFrame(values, columns=["time_period", "value"]).assign(indicator="PE07", geo="COM-99101")
    frame = frame.assign(numerator=frame["value"], conf_status="F", obs_status="A").reindex(columns=RESULT_COLUMNS)
    return frame.astype({"reason": str, "limits": str})


@pytest.fixture
def protected() -> ProtectedTable:
    return protect(results(("2023", 3.0), ("2024", 40.0)), RULE, margins={})


def with_row(table: str, **cells: Any) -> dict[str, pd.DataFrame]:
    """Every table empty but one, that has a row."""
    return {**EMPTY, table: pd.DataFrame([cells]).reindex(columns=list(TABLES[table]))}


def test_what_is_sound_passes_as_it_is(protected: ProtectedTable) -> None:
    tables = with_row("participation", id="R1", annee=2024, presences=5.0, conf_status="F")
    found = clear("habitants", results=protected, tables=tables)
    assert found.tables["participation"].equals(tables["participation"])
    assert found.results.equals(protected.frame)
    assert found.audit["masquees"] == 1


def test_what_passed_is_a_copy(protected: ProtectedTable) -> None:
    tables = with_row("participation", id="R1", annee=2024, presences=50.0, conf_status="F")
    found = clear("habitants", results=protected, tables=tables)
    tables["participation"]["presences"] = 3.0
    protected.frame["value"] = 3.0
    assert found.tables["participation"]["presences"].tolist() == [50.0]
    assert 3.0 not in found.results["value"].tolist()


def test_only_the_gate_makes_what_it_lets_through() -> None:
    with pytest.raises(TypeError, match="clear"):
        Cleared(audience="habitants", results=EMPTY["actions"], tables=EMPTY, audit={})


def test_unprotected_results_never_leave() -> None:
    with pytest.raises(ConfidentialityError, match="protégés"):
        clear("habitants", results=results(("2023", 3.0)), tables=EMPTY)


def test_unknown_audience_is_refused(protected: ProtectedTable) -> None:
    with pytest.raises(ConfidentialityError, match="habitants"):
        clear("journalistes", results=protected, tables=EMPTY)


@pytest.mark.parametrize("audience", ["habitants", "cotech"])
@pytest.mark.parametrize(
    ("table", "column", "cells"),
    [
        pytest.param("participation", "presences", {"presences": 4.0, "conf_status": "F"}, id="few-persons"),
        pytest.param("events", "repondants", {"repondants": 4, "conf_status": "F"}, id="few-persons-as-an-integer"),
        pytest.param("communication", "valeur", {"mesure": "Abonnés", "valeur": 4.0}, id="few-subscribers"),
        pytest.param("events", "satisfaits", {"repondants": 44.0, "satisfaits": 44.0}, id="all-of-them"),
        pytest.param("survey_crosses", "n", {"n": 40.0, "base": 44.0}, id="all-but-four"),
        pytest.param("survey_scales", "mean", {"mean": 4.0, "conf_status": "C"}, id="mean-in-a-masked-row"),
        pytest.param("impact", "record", {"record": '{"estimate": 4}', "conf_status": "C"}, id="words-in-a-masked-row"),
        pytest.param("impact_series", "low", {"low": 4.0, "conf_status": "C"}, id="bound-in-a-masked-row"),
        pytest.param("journal", "texte", {"texte": 4.0}, id="number-in-a-column-of-words"),
        pytest.param("links", "changed", {"changed": 4}, id="number-in-a-column-of-yes-and-no"),
        pytest.param("judgements", "scale", {"scale": ["bas", 4]}, id="number-in-a-list-of-words"),
        pytest.param("budget", "montant", {"montant": "quatre"}, id="words-in-a-column-of-numbers"),
        pytest.param(
            "progress", "actual", {"indicator": "PE07", "geo": "COM-99101", "time_period": "2023", "actual": 4.0},
            id="figure-that-the-results-mask",
        ),
        pytest.param(
            "progress", "baseline",
            {"indicator": "PE07", "geo": "COM-99101", "period_reference": "2023", "baseline": 4.0},
            id="typed-figure-that-the-results-mask",
        ),
        pytest.param(
            "changes", "value_to", {"indicator": "PE07", "geo": "COM-99101", "period_to": "2024", "value_to": 4.0},
            id="figure-that-is-not-that-of-the-results",
        ),
        pytest.param(
            "unit_costs", "quantite", {"indicateur": "PE07", "exercice": 2023, "quantite": 4.0}, id="quantity-masked"
        ),
    ],
)  # fmt: skip
def test_what_must_not_be_told_is_refused_and_named_without_its_value(
    protected: ProtectedTable, audience: str, table: str, column: str, cells: dict[str, Any]
) -> None:
    tables = with_row(table, **cells)
    with pytest.raises(ConfidentialityError) as told:
        clear(audience, results=protected, tables=tables)
    assert f"« {column} »" in str(told.value)
    assert f"« {table} »" in str(told.value)
    assert "4" not in str(told.value)
    assert isinstance(clear("interne", results=protected, tables=tables), Cleared)


@pytest.mark.parametrize(
    ("table", "cells"),
    [
        pytest.param("communication", {"mesure": "articles", "valeur": 4.0}, id="articles"),
        pytest.param("meetings", {"present": 4.0}, id="organisations-in-a-meeting"),
        pytest.param("partners", {"links": 4}, id="organisations"),
        pytest.param("budget", {"montant": 4.0}, id="euros"),
        pytest.param("participation_years", {"presences": np.nan, "temps": 4, "conf_status": "C"}, id="meetings"),
        pytest.param("survey_answers", {"n": 44.0, "base": 44.0, "type": "numerique"}, id="all-gave-a-number"),
        pytest.param("survey_answers", {"base": 44.0, "position": 4, "conf_status": "C"}, id="base-of-a-masked-row"),
        pytest.param(
            "changes",
            {"indicator": "PE07", "geo": "COM-99101", "period_to": "2024", "value_to": 40.0, "numerator_to": 40.0},
            id="figure-of-the-results",
        ),
        pytest.param(
            "progress", {"indicator": "PE07", "geo": "COM-99101", "period_reference": "2019", "baseline": 12.0},
            id="figure-typed-where-the-results-know-nothing",
        ),
    ],
)  # fmt: skip
def test_what_tells_of_nobody_passes(protected: ProtectedTable, table: str, cells: dict[str, Any]) -> None:
    assert len(clear("habitants", results=protected, tables=with_row(table, **cells)).tables[table]) == 1


@pytest.mark.parametrize("audience", ["habitants", "interne"])
@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda frame: frame.assign(origin="suivi.xlsx!2"), "« origin »"),
        (lambda frame: frame.drop(columns="type"), "« type »"),
        (lambda frame: pd.concat([frame, frame[["type"]]], axis=1), "« type »"),
    ],
)
def test_a_table_has_its_columns_and_no_other(
    protected: ProtectedTable, audience: str, change: Callable[[pd.DataFrame], pd.DataFrame], told: str
) -> None:
    with pytest.raises(ConfidentialityError, match=told):
        clear(audience, results=protected, tables={**EMPTY, "journal": change(EMPTY["journal"])})


@pytest.mark.parametrize(
    "tables",
    [{name: frame for name, frame in EMPTY.items() if name != "budget"}, {**EMPTY, "brouillon": EMPTY["budget"]}],
)
def test_a_release_has_its_tables_and_no_other(protected: ProtectedTable, tables: dict[str, pd.DataFrame]) -> None:
    with pytest.raises(ConfidentialityError, match=r"budget|brouillon"):
        clear("habitants", results=protected, tables=tables)


def test_attributes_are_refused_outside_and_dropped_inside(protected: ProtectedTable) -> None:
    frame = EMPTY["journal"].copy()
    frame.attrs["chemin"] = "canari"
    with pytest.raises(ConfidentialityError, match="journal"):
        clear("habitants", results=protected, tables={**EMPTY, "journal": frame})
    assert clear("interne", results=protected, tables={**EMPTY, "journal": frame}).tables["journal"].attrs == {}


def test_a_masked_result_that_still_tells_something_is_refused(protected: ProtectedTable) -> None:
    masked = protected.frame["conf_status"].eq("C")
    for column in ("value", "low", "ci_high", "numerator", "n"):
        kept = protected.frame[column].copy()
        protected.frame.loc[masked, column] = 4.0
        with pytest.raises(ConfidentialityError, match=column):
            clear("habitants", results=protected, tables=EMPTY)
        protected.frame[column] = kept


@pytest.mark.parametrize("table", [name for name, numbers in NATURES.items() if numbers.sources])
def test_a_table_made_from_a_source_that_its_reader_may_not_see_is_refused(
    protected: ProtectedTable, table: str
) -> None:
    sources = pd.DataFrame([{"cle": "ouverte"}]).reindex(columns=list(TABLES["sources"]))
    column = NATURES[table].sources
    for told, passes in (("ouverte plan-actions", True), ("ouverte secrete", False), ("", True), (None, True)):
        tables = {**with_row(table, **{column: told}), "sources": sources}
        if passes:
            assert isinstance(clear("habitants", results=protected, tables=tables), Cleared)
        else:
            with pytest.raises(ConfidentialityError, match=table):
                clear("habitants", results=protected, tables=tables)


@pytest.mark.parametrize("audience", ["habitants", "copil", "cotech", "partenaire"])
def test_figures_of_one_structure_are_for_the_team_and_that_partner(audience: str) -> None:
    frame = results(("2023", 30.0), ("2024", 40.0)).assign(structure=["Crèche A", ""])
    told = protect(frame, RULE, margins={})
    if audience == "partenaire":
        assert len(clear(audience, results=told, tables=EMPTY).results) == 2
    else:
        with pytest.raises(ConfidentialityError, match="structure"):
            clear(audience, results=told, tables=EMPTY)


def test_without_a_threshold_small_counts_pass() -> None:
    for threshold in (0, 1):
        told = protect(results(("2023", 3.0)), Rule(threshold=threshold, source="essai"), margins={})
        tables = with_row("events", repondants=2.0, satisfaits=2.0, conf_status="F")
        assert len(clear("habitants", results=told, tables=tables).tables["events"]) == 1


def test_what_is_declared_is_a_column_and_is_so_once() -> None:
    for name, numbers in NATURES.items():
        columns = f"{numbers.free} {numbers.persons} {numbers.derived} {numbers.words}".split()
        assert numbers.sources in {"", *TABLES[name]}
        assert len(columns) == len(set(columns)), name
        asked = {*columns, *numbers.kept.split()}
        asked |= {one for part in numbers.parts for one in (part.count, part.whole, part.only[0]) if one}
        for quoted in numbers.quoted:
            asked |= {quoted.column, quoted.period, quoted.indicator, quoted.geo} - {""}
            assert quoted.field in RESULT_COLUMNS
        assert asked <= set(TABLES[name]), name


@pytest.mark.slow
def test_mypy_refuses_what_has_not_passed_the_gate(tmp_path: Path) -> None:
    snippet = tmp_path / "gate.py"
    snippet.write_text(GATE, encoding="utf-8")
    # The configuration and the cache are those of the checks of the project: what they have read is not read again.
    found = subprocess.run(
        [sys.executable, "-m", "mypy", "--no-error-summary", str(snippet)],
        capture_output=True, text=True, cwd=ROOT, check=False,
    )  # fmt: skip
    refused = [rank for rank, line in enumerate(GATE.splitlines(), start=1) if line.endswith("# refused")]
    told = [line for line in found.stdout.splitlines() if "gate.py:" in line and "error:" in line]
    assert [int(line.split(":")[1]) for line in told if "[arg-type]" in line] == refused, found.stdout + found.stderr
    assert len(told) == len(refused), found.stdout
