"""The script that builds the reference, over seven tiny versions of its package."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import pytest


@pytest.fixture(scope="module")
def script(checkout: Path) -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("build_reference", checkout / "scripts" / "build_reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def commune(code: str, population: int = 10, former: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "code": code,
        "nom": f"Commune {code}",
        "type": "commune-actuelle",
        "departement": code[:2],
        "region": "84",
        "population": population,
        "anciensCodes": list(former),
    }


def commune_lists(year: int) -> list[dict[str, Any]]:
    """01002 joins 01001 in 2022 and comes back in 2024; 01003 becomes 01004 in 2025."""
    merged = 2022 <= year < 2024
    last = commune("01004", former=("01003",)) if year >= 2025 else commune("01003")
    first = commune("01001", former=("01002",) if merged else ())
    return [first, *([] if merged else [commune("01002")]), last]


@pytest.fixture
def packages(tmp_path: Path, script: ModuleType) -> Path:
    for year, version in script.VERSIONS.items():
        data = tmp_path / version / "package" / "data"
        data.mkdir(parents=True)
        communes = commune_lists(year)
        members = [{"code": row["code"], "populationMunicipale": 10} for row in communes]
        tables = {
            "communes": communes,
            "epci": [{"code": "200000001", "nom": "CC d’essai ", "type": "CC", "membres": members}],
            "departements": [{"code": "01", "nom": "Ain"}],
            "regions": [{"code": "84", "nom": "Auvergne-Rhône-Alpes"}, {"code": "975", "nom": "x", "zone": "com"}],
            "historique-communes": HISTORY,
        }
        for name, rows in tables.items():
            (data / f"{name}.json").write_text(json.dumps(rows), encoding="utf-8")
        (data.parent / "LICENSE").write_text("MIT License\n", encoding="utf-8")
    return tmp_path


HISTORY = [
    {"id": "COM-01009@1943", "type": "COM", "code": "01009", "dateFin": "2016-06-01", "successeur": "COMD-01009@2016"},
    {"id": "COMD-01009@2016", "type": "COMD", "code": "01009", "pole": "COM-01001@2016"},
    {"id": "COM-01001@1943", "type": "COM", "code": "01001", "dateFin": "2016-06-01", "successeur": "COMD-01001@2016"},
    {"id": "COMD-01001@2016", "type": "COMD", "code": "01001", "pole": "COM-01001@2016"},
    {"id": "COM-01008@1943", "type": "COM", "code": "01008", "dateFin": "1972-01-01", "successeur": "COMD-01009@2016"},
]


def test_mergers_splits_and_changes_of_code_are_told(script: ModuleType, packages: Path, tmp_path: Path) -> None:
    script.build(packages, tmp_path / "out")
    events = pd.read_parquet(tmp_path / "out" / "events.parquet")
    assert [tuple(row) for row in events.itertuples(index=False)] == [
        ("01001", "01001", "2016-06-01", "fusion"),
        ("01009", "01001", "2016-06-01", "fusion"),
        ("01001", "01001", "2022-01-01", "fusion"),
        ("01002", "01001", "2022-01-01", "fusion"),
        ("01001", "01001", "2024-01-01", "scission"),
        ("01001", "01002", "2024-01-01", "scission"),
        ("01003", "01004", "2025-01-01", "changement_de_code"),
    ]


def test_years_are_told_as_runs(script: ModuleType, packages: Path, tmp_path: Path) -> None:
    script.build(packages, tmp_path / "out")
    communes = pd.read_parquet(tmp_path / "out" / "communes.parquet")
    runs = communes[communes["code"] == "01002"][["first", "last"]].to_numpy().tolist()
    assert runs == [[2020, 2021], [2024, 2026]]
    places = pd.read_parquet(tmp_path / "out" / "territories.parquet")
    assert places["geo"].tolist() == ["DEP-01", "EPCI-200000001", "REG-84"]
    assert places["name"].tolist()[1] == "CC d’essai"
    populations = pd.read_parquet(tmp_path / "out" / "populations.parquet")
    assert sorted(populations["census"].unique()) == [2018, 2019, 2020, 2021, 2022, 2023]


def test_the_same_versions_give_the_same_bytes(script: ModuleType, packages: Path, tmp_path: Path) -> None:
    for name in ("first", "second"):
        script.build(packages, tmp_path / name)
    files = sorted(path.name for path in (tmp_path / "first").iterdir())
    assert "LICENSE-decoupage-administratif.txt" in files
    for name in files:
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()
