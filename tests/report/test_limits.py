"""Limits of a notebook: asked for all, declared by itself, or usual; nothing else is taken for one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from ctgeval.errors import ParameterError
from ctgeval.report import limits
from ctgeval.report.limits import Limits


def notebook(folder: Path, told: object) -> Path:
    path = folder / "carnet.ipynb"
    path.write_text(json.dumps({"metadata": {"ctgeval": {"limites": told}}, "cells": []}), encoding="utf-8")
    return path


def test_what_is_asked_comes_before_what_is_declared_and_that_before_what_is_usual(tmp_path: Path) -> None:
    path = notebook(tmp_path, {"duree": 600, "duree_cellule": 60.5, "memoire": "1,5 Go"})
    assert limits.of(path, {}) == Limits(whole=600.0, cell=60.5, memory=1_500_000_000)
    asked = limits.asked(whole=120, memory="800 Mo")
    assert limits.of(path, asked) == Limits(whole=120.0, cell=60.5, memory=800_000_000)
    assert limits.of(notebook(tmp_path, {}), {}) == Limits()
    assert limits.of(notebook(tmp_path, {}), limits.asked(whole=5)) == Limits(whole=5.0, cell=5.0)


@pytest.mark.parametrize("content", [b"", b"[]", b"{\xff", b'{"metadata": []}', b'{"metadata": {"ctgeval": 3}}', None])
def test_what_can_not_be_read_is_told_by_what_runs_it(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "carnet.ipynb"
    if content is not None:
        path.write_bytes(content)
    assert limits.of(path, {}) == Limits()


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"dure": 600}, "« duree »"),
        ({"memory": "2 Go"}, "Limites possibles|« memoire »"),
        ({"duree": "600"}, "en secondes"),
        ({"duree": True}, "en secondes"),
        ({"duree": 0}, "plus longue que zéro"),
        ({"duree": -1}, "plus longue que zéro"),
        ({"duree_cellule": 1e9}, "une semaine"),
        ({"duree": float("nan")}, "plus longue que zéro"),
        ({"memoire": 2_000_000_000}, "« 2 Go »"),
        ({"memoire": "2 Gio"}, "« 2 Go »"),
        ({"memoire": "2 Go\n"}, None),
        ({"memoire": "٢ Go"}, "« 2 Go »"),
        ({"memoire": "100 Mo"}, "au moins 500"),
        ([600], "ne se lisent pas"),
        ("600", "ne se lisent pas"),
    ],
)
def test_what_is_no_limit_is_refused_with_its_place(tmp_path: Path, told: Any, said: str | None) -> None:
    path = notebook(tmp_path, told)
    if said is None:
        assert limits.of(path, {}).memory == 2 * 10**9
        return
    with pytest.raises(ParameterError, match=said) as caught:
        limits.of(path, {})
    assert caught.value.problem.file == "carnet.ipynb"
    assert caught.value.problem.key.startswith("metadata.ctgeval.limites")


@pytest.mark.parametrize("asked", [{"whole": 0}, {"cell": float("inf")}, {"memory": "beaucoup"}, {"memory": "1 Mo"}])
def test_what_is_asked_is_checked_too(asked: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        limits.asked(**asked)


@given(st.integers(min_value=limits.LEAST_MEMORY, max_value=10**14))
def test_a_size_reads_back_as_it_is_written(size: int) -> None:
    text = limits.written(size)
    unit = 10**9 if "Go" in text else 10**6
    assert abs(limits.memory(text.replace("\u202f", "")) - size) <= unit / 20
