"""The public API is what the contract says, and importing it costs nothing."""

from __future__ import annotations

import datetime as dt
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import ctgeval

CONTRACT = {
    "open",
    "build",
    "page",
    "sources",
    "territory",
    "confidentiality",
    "render",
    "errors",
    "help",
    "impact",
    "Dossier",
    "Release",
    "BuildReport",
    "CtgevalError",
    "Problem",
    "__version__",
}
HEAVY = {"pandas", "numpy", "pydantic", "babel", "matplotlib", "seaborn", "nbconvert", "papermill", "jinja2", "click"}


def python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_all_names_the_contract_and_nothing_else() -> None:
    assert set(ctgeval.__all__) == CONTRACT
    assert sorted(ctgeval.__all__) == ctgeval.__all__
    assert set(dir(ctgeval)) >= CONTRACT


@pytest.mark.parametrize("name", sorted(CONTRACT))
def test_each_name_is_there_and_documented(name: str) -> None:
    found = getattr(ctgeval, name)
    assert found == getattr(ctgeval, name)
    assert name == "__version__" or found.__doc__


def test_sources_and_territory_hold_what_the_contract_calls() -> None:
    for name in ("read", "formats"):
        assert callable(getattr(ctgeval.sources, name))
    for name in ("name", "members", "harmonise"):
        assert callable(getattr(ctgeval.territory, name))
    assert callable(ctgeval.confidentiality.protect)


@pytest.mark.parametrize(
    "method",
    [
        "problems",
        "observations",
        "indicators",
        "progress",
        "actions",
        "budget",
        "journal",
        "release",
        "changes",
        "trends",
        "benchmark",
        "network",
        "survey",
        "search",
        "handover",
        "recommendations",
    ],
)
def test_a_dossier_has_the_tables_of_the_contract(method: str) -> None:
    assert callable(getattr(ctgeval.Dossier, method))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'ouvrir'"):
        ctgeval.ouvrir  # type: ignore[attr-defined]  # noqa: B018


def test_the_version_is_that_of_the_project(checkout: Path) -> None:
    assert f'version = "{ctgeval.__version__}"' in (checkout / "pyproject.toml").read_text(encoding="utf-8")


def test_importing_loads_no_dependency() -> None:
    loaded = set(python("import sys, ctgeval; print(*sys.modules)").split())
    assert not loaded & HEAVY


def test_importing_takes_less_than_150_ms() -> None:
    code = "import time; t = time.process_time(); import ctgeval; print(time.process_time() - t)"
    assert min(float(python(code)) for _ in range(3)) < 0.150


DAY = dt.date(2025, 12, 31)
FOLLOW_UP: dict[str, dict[str, dt.date]] = {
    "actions": {}, "action_changes": {"since": dt.date(2024, 12, 31), "until": DAY}, "milestones": {"at": DAY},
    "budget": {}, "budget_controls": {}, "participation": {}, "proposals": {}, "communication": {}, "events": {},
    "journal": {}, "recommendations": {"at": DAY}, "partners": {}, "meetings": {}, "workshops": {},
}  # fmt: skip


@pytest.mark.parametrize("method", FOLLOW_UP)
def test_a_table_of_the_follow_up_says_its_columns(demo: ctgeval.Dossier, method: str) -> None:
    asked = getattr(demo, method)
    found = asked(**FOLLOW_UP[method])
    told = set(re.findall(r"[a-z_]+", " ".join(re.findall(r"``([^`]+)``", inspect.getdoc(asked) or ""))))
    assert len(found)
    assert set(found.columns) <= told


def test_a_recommendation_stands_as_it_was_decided_at_a_day(demo: ctgeval.Dossier) -> None:
    before, after = (demo.recommendations(at=dt.date(2024, month, 2)).set_index("id") for month in (5, 6))
    assert (before.loc["R01", "etat"], after.loc["R01", "etat"]) == ("proposee", "amendee")
    assert demo.recommendations(history=True).query("id == 'R01'")["etat"].tolist() == ["proposee", "amendee", "faite"]
