"""The coordinator's counts, and those of the plan, as observations."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from ctgeval.programme import SCHEMAS, counts
from ctgeval.sources import workbook

HEADER = "mesure;territoire;periode;valeur;source;remarque"


def _table(folder: Path, *lines: str) -> workbook.Table:
    (folder / "observations.csv").write_text("\n".join([HEADER, *lines]), encoding="utf-8")
    return workbook.read_tables(folder, SCHEMAS)["observations"]


def test_withheld_secret_and_unknown_counts_keep_their_bounds(tmp_path: Path) -> None:
    table = _table(
        tmp_path,
        "familles_rpe;COM-99101;2024;<5;rpe;",
        "familles_rpe;COM-99102;2024;s;rpe;",
        "familles_rpe;COM-99103;2024;nd;rpe;",
        "familles_rpe;COM-99104;2024;12;rpe;provisoire",
    )
    frame, problems = counts.to_observations(table, geography=2025)
    assert problems == []
    assert frame["value"].isna().tolist() == [True, True, True, False]
    assert frame["low"].tolist() == [1, 0, 0, 12]
    assert frame["high"].tolist() == [4, float("inf"), float("inf"), 12]
    assert frame["conf_status"].tolist() == ["C", "C", "F", "F"]
    assert frame["obs_status"].tolist() == ["Q", "Q", "M", "P"]
    assert frame["geography"].eq(2025).all()


@pytest.mark.parametrize(
    ("line", "column", "told"),
    [
        ("familles_rp;COM-99101;2024;12;rpe;", "mesure", "n’existe pas"),
        ("familles_rpe;COM-99101;2024;-3;rpe;", "valeur", "négatif"),
        ("taux_pauvrete;COM-99101;2024;140;insee;", "valeur", "entre 0 et 100"),
        ("taux_couverture_global;COM-99101;2024;-2;caf;", "valeur", "au moins 0"),
    ],
)
def test_a_line_that_can_not_be_is_left_out_and_told(tmp_path: Path, line: str, column: str, told: str) -> None:
    table = _table(tmp_path, "familles_rpe;COM-99102;2024;7;rpe;", line)
    frame, problems = counts.to_observations(table, geography=2025)
    assert frame["geo"].tolist() == ["COM-99102"]
    (problem,) = problems or table.problems
    assert (problem.row, problem.column, problem.file) == (3, column, "observations.csv")
    assert told in problem.message
    assert problem.remedy


def test_the_plan_is_counted_at_the_end_of_each_half_year_and_of_each_year() -> None:
    plan = pd.DataFrame(
        {
            "id": ["A1", "A1", "A2"],
            "axe": "Enfance",
            "intitule": ["un", "un", "deux"],
            "debut": None,
            "fin": ["2023-06-30", "2023-06-30", None],
            "etat": ["en_cours", "realisee", "non_engagee"],
            "etat_date": ["2022-03-01", "2023-05-01", "2023-02-01"],
        }
    ).reindex(columns=[column.name for column in SCHEMAS["actions"].columns])
    frame = counts.plan_observations(plan, geo="EPCI-249900001", geography=2025, start=dt.date(2022, 1, 1))
    table = frame.pivot_table(index="time_period", columns="measure", values="value")
    # A1 begins on 1 March 2022 and is done on 1 May 2023, before its term of 30 June; A2 is told on 1 February 2023.
    assert table["actions_total"].to_dict() == {"2022": 1, "2022-S1": 1, "2022-S2": 1, "2023": 2, "2023-S1": 2}
    assert table["actions_engagees"].to_dict() == {"2022": 1, "2022-S1": 1, "2022-S2": 1, "2023": 1, "2023-S1": 1}
    assert table["actions_echues"].to_dict() == {"2022": 0, "2022-S1": 0, "2022-S2": 0, "2023": 1, "2023-S1": 1}
    assert table["actions_realisees_a_echeance"].to_dict()["2023"] == 1
    # The last state is of 1 May: past the middle of the half-year, not of the year.
    assert set(frame.loc[frame["obs_status"].eq("P"), "time_period"]) == {"2023"}


def test_a_plan_counts_for_nothing_before_the_convention() -> None:
    plan = pd.DataFrame(
        {"id": ["A1"], "axe": "Enfance", "intitule": "un", "etat": "en_cours", "etat_date": "2022-09-01"}
    ).reindex(columns=[column.name for column in SCHEMAS["actions"].columns])
    frame = counts.plan_observations(plan, geo="EPCI-249900001", geography=2025, start=dt.date(2022, 7, 1))
    assert set(frame["time_period"]) == {"2022-S2", "2022"}


def test_without_a_plan_there_is_nothing_to_count() -> None:
    plan = pd.DataFrame(columns=[column.name for column in SCHEMAS["actions"].columns])
    assert counts.plan_observations(plan, geo="EPCI-249900001", geography=2025, start=dt.date(2022, 1, 1)).empty
