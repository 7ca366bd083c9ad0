"""A notebook is handed its territory, what it is compared with, and no commune of the others."""

from __future__ import annotations

import filecmp
from pathlib import Path

import pandas as pd
import pytest

from ctgeval.confidentiality.handed import Handed

PLACES = pd.DataFrame(
    [
        ("EPCI-1", "Un", "EPCI", "territoire"),
        ("EPCI-2", "Deux", "EPCI", "territoire"),
        ("EPCI-3", "Trois", "EPCI", "pair"),
        ("DEP-86", "Vienne", "DEP", "parent"),
        ("COM-11", "A", "COM", "membre"),
        ("COM-12", "B", "COM", "membre"),
        ("COM-21", "C", "COM", "membre"),
        ("COM-22", "D", "COM", "territoire"),
    ],
    columns=["geo", "name", "level", "role"],
)
PARTS = pd.DataFrame(
    [("EPCI-1", "COM-11"), ("EPCI-1", "COM-12"), ("EPCI-2", "COM-21"), ("EPCI-2", "COM-22")], columns=["geo", "commune"]
)


@pytest.fixture
def release(tmp_path: Path) -> Path:
    folder = tmp_path / "release"
    folder.mkdir()
    results = pd.DataFrame(
        [(f"I{n}", geo, str(year), 1.0 * n) for n in range(2) for geo in PLACES["geo"] for year in (2022, 2023)],
        columns=["indicator", "geo", "time_period", "value"],
    )
    results.loc[3, "value"] = float("nan")
    results.to_parquet(folder / "results.parquet", index=False)
    PLACES.to_parquet(folder / "territories.parquet", index=False)
    PARTS.to_parquet(folder / "members.parquet", index=False)
    pd.DataFrame({"geo": ["COM-11", "COM-21"], "ring": [1, 2]}).to_parquet(folder / "contours.parquet", index=False)
    pd.DataFrame({"geo": ["COM-21"], "value": [1.0]}).to_parquet(folder / "changes.parquet", index=False)
    (folder / "release.json").write_text("{}", encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("territoire", "left_out"), [("EPCI-1", {"COM-21"}), ("EPCI-2", {"COM-11", "COM-12"}), ("DEP-86", None)]
)
def test_the_communes_of_other_territories_are_left_out(
    release: Path, tmp_path: Path, territoire: str, left_out: set[str] | None
) -> None:
    handed = Handed(release)
    gone = {"COM-11", "COM-12", "COM-21"} if left_out is None else left_out
    for turn in range(2):
        folder = tmp_path / "travail" / f"{turn}"
        handed.give(territoire, folder)
        for name, column in (("results", "geo"), ("territories", "geo"), ("contours", "geo")):
            whole, part = (pd.read_parquet(place / f"{name}.parquet") for place in (release, folder))
            pd.testing.assert_frame_equal(part, whole[~whole[column].isin(gone)].reset_index(drop=True), obj=name)
        parts = pd.read_parquet(folder / "members.parquet")
        pd.testing.assert_frame_equal(parts, PARTS[PARTS["geo"].eq(territoire)].reset_index(drop=True))
        for name in ("release.json", "changes.parquet"):
            assert filecmp.cmp(folder / name, release / name, shallow=False)


@pytest.mark.parametrize("territoire", ["COM-22", "COM-11"])
def test_a_commune_is_compared_with_all_communes(release: Path, tmp_path: Path, territoire: str) -> None:
    Handed(release).give(territoire, tmp_path / "travail")
    same, differ, odd = filecmp.cmpfiles(
        release, tmp_path / "travail", [path.name for path in release.iterdir()], shallow=False
    )
    assert (len(same), differ, odd) == (6, [], [])


def test_whatever_has_no_such_table_is_handed_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "release").mkdir()
    (tmp_path / "release" / "canari.txt").write_text("x", encoding="utf-8")
    Handed(tmp_path / "release").give("EPCI-1", tmp_path / "travail")
    assert [path.name for path in (tmp_path / "travail").iterdir()] == ["canari.txt"]
