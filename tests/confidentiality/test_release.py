"""A release is whole, content-addressed, and holds protected tables only."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ctgeval.confidentiality import ProtectedTable, Release, Rule, clear, protect, release
from ctgeval.errors import ConfidentialityError, ReportError
from ctgeval.indicators.compute import RESULT_COLUMNS

EMPTY = {name: pd.DataFrame(columns=list(columns), dtype=str) for name, columns in release.TABLES.items()}
META = {"nom": "CC d’essai", "territoire": "EPCI-299900001"}


def write(store: Path, audience: str, results: pd.DataFrame | ProtectedTable, meta: dict[str, Any] = META) -> Release:
    return release.write(store, clear(audience, results=results, tables=EMPTY), meta=meta)


@pytest.fixture
def results() -> pd.DataFrame:
    frame = pd.DataFrame({"indicator": ["PE07"], "geo": ["COM-99101"], "time_period": ["2024"], "value": [3.0]})
    frame = frame.assign(numerator=3.0, conf_status="F", obs_status="A").reindex(columns=RESULT_COLUMNS)
    return frame.astype({"reason": str, "limits": str})


def test_what_has_not_passed_the_gate_is_never_written(tmp_path: Path, results: pd.DataFrame) -> None:
    anything: Any = {"results": results, **EMPTY}
    with pytest.raises(ConfidentialityError, match="contrôle de confidentialité"):
        release.write(tmp_path, anything, meta=META)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_changed_by_another_hand_is_not_read(tmp_path: Path, results: pd.DataFrame) -> None:
    made = write(tmp_path, "habitants", protect(results, Rule(threshold=5, source="essai"), margins={}))
    made.results.assign(value=3.0).to_parquet(made.path / "results.parquet", index=False)
    asked = EMPTY["participation"].astype({"presences": float})
    asked.loc[0, ["id", "presences"]] = ["R1", 3.0]
    asked.to_parquet(made.path / "participation.parquet", index=False)
    for name in ("results", "participation"):
        with pytest.raises(ConfidentialityError, match=name) as told:
            Release.load(made.path).table(name)
        assert "3" not in str(told.value)


def test_same_content_is_the_same_folder_and_is_read_back(tmp_path: Path, results: pd.DataFrame) -> None:
    table = protect(results, Rule(threshold=5, source="essai"), margins={})
    first = write(tmp_path, "habitants", table)
    again = write(tmp_path, "habitants", table)
    other = write(tmp_path, "habitants", table, {**META, "nom": "autre"})
    assert first.path == again.path
    assert other.path != first.path
    read = Release.load(first.path)
    assert (read.audience, read.meta["nom"]) == ("habitants", "CC d’essai")
    assert read.results["value"].isna().all()
    assert list(read.territories.columns) == list(release.TABLES["territories"])


def test_no_byte_of_the_folder_holds_a_masked_value(tmp_path: Path, results: pd.DataFrame) -> None:
    canary = 7919.0
    frame = results.assign(value=canary, numerator=canary, low=canary, high=canary, n=canary)
    table = protect(frame, Rule(threshold=10_000, source="essai"), margins={})
    folder = write(tmp_path, "copil", table).path
    loaded = Release.load(folder).results
    assert not loaded.isin([canary]).any(axis=None)
    packed = canary.hex().encode(), b"7919", pd.Series([canary]).to_numpy().tobytes()
    for file in folder.iterdir():
        content = file.read_bytes()
        assert not any(trace in content for trace in packed)


def test_damaged_folder_is_written_again(tmp_path: Path, results: pd.DataFrame) -> None:
    table = protect(results, Rule(threshold=5, source="essai"), margins={})
    folder = write(tmp_path, "habitants", table).path
    (folder / "results.parquet").write_bytes(b"")
    again = write(tmp_path, "habitants", table)
    assert len(again.results) == 1


def test_what_is_not_a_release_is_told(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="construire"):
        Release.load(tmp_path)
    (tmp_path / "release.json").write_text(json.dumps({"format": 99}), encoding="utf-8")
    with pytest.raises(ReportError, match="autre version"):
        Release.load(tmp_path)


def test_unknown_table_suggests_the_near_one(tmp_path: Path, results: pd.DataFrame) -> None:
    made = write(tmp_path, "interne", results)
    with pytest.raises(ReportError, match="results"):
        made.table("result")


def test_several_builds_at_once_make_one_whole_folder(tmp_path: Path, results: pd.DataFrame) -> None:
    table = protect(results, Rule(threshold=5, source="essai"), margins={})

    def make(_: int) -> Path:
        return write(tmp_path, "habitants", table).path

    with ThreadPoolExecutor(8) as threads:
        made = set(threads.map(make, range(16)))
    assert len(made) == 1
    assert [path.name for path in (tmp_path / "habitants").iterdir()] == [made.pop().name]


def test_what_a_killed_build_left_is_swept_an_hour_later(tmp_path: Path, results: pd.DataFrame) -> None:
    old, new = tmp_path / "habitants" / ".tmp-vieux", tmp_path / "habitants" / ".tmp-recent"
    old.mkdir(parents=True)
    new.mkdir()
    os.utime(old, (0, 0))
    table = protect(results, Rule(threshold=5, source="essai"), margins={})
    write(tmp_path, "habitants", table)
    assert (old.exists(), new.exists()) == (False, True)
