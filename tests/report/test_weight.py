"""The reference bilan, from its cells to its published page: what it weighs, and that everybody can read it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from ctgeval.report.build import build
from tests.report import reference

LIMIT = 150 * 1024


@pytest.fixture(scope="module")
def page(shared_workshop) -> Path:
    workshop = shared_workshop
    release = workshop.folder / ".ctgeval" / "releases" / "habitants"
    release.mkdir(parents=True)
    reference.write(release / "places.csv")
    cells = [
        workshop.text("# Bilan de référence"),
        workshop.text("## Les données"),
        *map(workshop.code, reference.CELLS),
    ]
    workshop.notebook("essai", *cells)
    built = build(workshop.folder, out=workshop.out, audience="habitants", date=dt.date(2026, 1, 15))
    assert built.failed == ()
    return built.entries[0].path


def test_it_weighs_no_more_than_150_kilobytes(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert len(re.findall("<figure ", text)) == 4
    assert len(re.findall("<table ", text)) == 3 + 4
    assert page.stat().st_size <= LIMIT


def test_figures_of_an_author_keep_the_promises_of_every_page(page: Path, check_page: Callable[[Path], None]) -> None:
    check_page(page)
