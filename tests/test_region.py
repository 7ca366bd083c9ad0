"""The diagnostics of some EPCIs of a federation from the real files, in one dossier: stopped, then taken up again.

The whole campaign, its time and its memory: `tests/benchmarks/bench_region.py`, which writes `docs/report_scale.md`.
"""

from __future__ import annotations

import datetime as dt
import html
import json
import re
from pathlib import Path

import pytest

import ctgeval
from ctgeval import french
from ctgeval.report.build import BuildReport, Entry, build
from tests.regions import YEAR, epcis, region

# Ranks of four digits, quotes in a name, a city, a small one, two départements that are not neighbours.
CODES = ("200070043", "200036473", "200069854", "200070035", "200071892", "243500139")
DAY = dt.date(2026, 1, 15)


@pytest.fixture(scope="module")
def territories(real_data: Path) -> dict[str, str]:
    """Six of them, by code."""
    every = epcis(real_data)
    assert 300 <= len(every) <= 320
    found = {f"EPCI-{code}": every[f"EPCI-{code}"] for code in CODES if f"EPCI-{code}" in every}
    rest = (code for code in every if code not in found)
    return found | {code: every[code] for code, _ in zip(rest, range(6 - len(found)), strict=False)}


@pytest.fixture(scope="module")
def dossier(real_data: Path, territories: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("Fédération") / "dossier"
    files = ("FILO2018_DISP_EPCI.csv.gz", "txcouv_pe_com_2017_2021.csv")
    return region(folder, real_data, territories, code="REG-75", name="Nouvelle-Aquitaine", files=files)


class Stopped(Exception):
    """The evaluator closes the lid."""


@pytest.fixture(scope="module")
def runs(dossier: Path) -> tuple[list[Entry], BuildReport, BuildReport]:
    """What was told of a run that is stopped after two bilans, of the next, of one when nothing has changed."""
    told: list[Entry] = []

    def watch(_done: int, _of: int, entry: Entry) -> None:
        told.append(entry)
        if len(told) == 2:
            raise Stopped

    out = dossier.parent / "reports"
    with pytest.raises(Stopped):
        build(dossier, out=out, date=DAY, progress=watch)
    return told, build(dossier, out=out, date=DAY), build(dossier, out=out, date=DAY)


def test_what_was_made_before_the_stop_is_not_made_again(runs: tuple[list[Entry], BuildReport, BuildReport]) -> None:
    before, after, again = runs
    made = {entry.territoire for entry in before if entry.status == "fait"}
    assert len(made) == 2
    assert not after.failed, [entry.message for entry in after.failed]
    assert {entry.territoire for entry in after.entries if entry.status == "a_jour"} >= made
    assert {entry.status for entry in again.entries} == {"a_jour"}
    assert len(again.entries) == 6


@pytest.mark.usefixtures("runs")
def test_each_page_tells_its_own_territory_and_no_other(dossier: Path, territories: dict[str, str]) -> None:
    pages = {path.name: _text(path) for path in (dossier.parent / "reports" / "habitants").glob("epci-*.html")}
    assert len(pages) == 6
    names = {code: _folded(french.typography(ctgeval.territory.name(code, year=YEAR))) for code in territories}
    for code, name in names.items():
        own = pages[f"{code.lower()}-diagnostic-2023.html"]
        assert name in own
        # A whole federation is compared by its median: none of the others was chosen to be named.
        assert [other for other in names.values() if other != name and other in own] == []


@pytest.mark.usefixtures("runs")
def test_nothing_is_published_that_the_release_does_not_give(dossier: Path) -> None:
    sheets = sorted((dossier.parent / "reports" / "habitants").glob("*.manifest.json"))
    looked = [json.loads(path.read_text(encoding="utf-8"))["controle"] for path in sheets]
    assert all(one["resultats"] > 0 for one in looked), looked


def _text(path: Path) -> str:
    body = re.sub(r"<style.*?</style>|<[^>]+>", " ", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    return _folded(html.unescape(body))


def _folded(text: str) -> str:
    return re.sub(r"[\s\u00a0\u202f«»\"]+", " ", text.replace("’", "'")).strip()
