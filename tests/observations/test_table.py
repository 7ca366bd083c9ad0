"""The table of observations: types, validation, joining."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from ctgeval import observations as obs
from ctgeval.errors import SourceError

ROW = {"measure": "naissances", "geo": "COM-86082", "time_period": "2021"}


def test_frame_types_orders_and_fills() -> None:
    table = obs.frame([{**ROW, "value": 3, "geography": 2021}, {**ROW, "value": None, "low": 1, "high": 4}, ROW])
    assert tuple(table.columns) == obs.COLUMNS
    assert table["value"].dtype == np.float64
    assert str(table["geography"].dtype) == "Int64"
    assert table["low"].tolist() == [3, 1, -math.inf]
    assert table["high"].tolist() == [3, 4, math.inf]
    assert table["obs_status"].tolist() == ["A", "M", "M"]
    assert table["conf_status"].tolist() == ["F", "F", "F"]
    assert table["sexe"].tolist() == ["", "", ""]
    assert obs.check(table.iloc[:2].drop_duplicates(list(obs.KEY))) == []


def test_frame_of_a_frame_is_the_same_frame() -> None:
    table = obs.frame([{**ROW, "value": 3, "conf_status": "C", "origin": "a.csv:2"}])
    pd.testing.assert_frame_equal(obs.frame(table), table)
    pd.testing.assert_series_equal(obs.empty().dtypes, table.dtypes)


def test_concat_keeps_types_and_ignores_empty_tables() -> None:
    table = obs.frame([{**ROW, "value": 3}])
    pd.testing.assert_frame_equal(obs.concat([obs.empty(), table]), table)
    assert len(obs.concat([table, table])) == 2
    pd.testing.assert_frame_equal(obs.concat([]), obs.empty())


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({**ROW, "valeu": 1}, "colonne inconnue.*« value »"),
        ({"measure": "a", "geo": "COM-1"}, "time_period"),
        ({**ROW, "value": "douze"}, "texte là où il faut un nombre"),
        ({**ROW, "geography": "2024.5"}, "nombre entier"),
    ],
)
def test_frame_refuses_what_it_cannot_hold(data: dict[str, object], message: str) -> None:
    with pytest.raises(SourceError) as caught:
        obs.frame([data])
    assert pd.Series([str(caught.value)]).str.contains(message).all()


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ({"measure": ""}, "measure"),
        ({"geo": "86082"}, "geo"),
        ({"time_period": "2017-2021"}, "time_period"),
        ({"value": math.inf}, "value"),
        ({"low": 3.5}, "value"),
        ({"low": 9.0, "value": None}, "low"),
        ({"obs_status": "?"}, "obs_status"),
        ({"conf_status": "X"}, "conf_status"),
    ],
)
def test_check_tells_each_fault_and_its_place(change: dict[str, object], column: str) -> None:
    good = {**ROW, "value": 3.0, "low": 3.0, "high": 4.0, "source": "rp", "origin": "rp.csv:2"}
    assert obs.check(obs.frame([good])) == []
    problems = obs.check(obs.frame([{**good, **change}]))
    assert [problem.column for problem in problems] == [column]
    assert problems[0].key == "rp.csv:2"
    assert problems[0].remedy


def test_check_counts_repeated_facts() -> None:
    problems = obs.check(obs.frame([{**ROW, "value": 3}] * 3))
    assert [problem.message.split(" (")[0] for problem in problems] == ["2 observations répètent un fait déjà donné"]


def test_check_of_an_incomplete_table_names_the_columns() -> None:
    assert "conf_status" in obs.check(obs.empty().drop(columns="conf_status"))[0].message
