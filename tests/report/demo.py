"""The pages of the two demo dossiers, as ``make bilan`` leaves them."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from pathlib import Path

import pytest

from ctgeval.report import build as report, manifest
from tests import made
from tests.once import shared_root

DAY = dt.date(2026, 1, 15)
PAGES = {
    "demo": {"interne": 1, "copil": 3, "habitants": 3},
    "civraisien": {"interne": 1, "habitants": 1},
}
PRODUCED = [
    (dossier, audience, rank)
    for dossier, audiences in PAGES.items()
    for audience, count in audiences.items()
    for rank in range(count + 1)
]
Key = tuple[str, str, int]


def built(checkout: Path, factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return the reports of each dossier, as the `make bilan` of the README left them, and an index of its own."""
    found = {}
    makes = os.name != "nt" and shutil.which("make")
    done = made.checkout_with_bilans(shared_root(factory)) if makes else None
    assert done is None or made.said(done).returncode == 0, made.said(done)
    for name in PAGES:
        folder = factory.mktemp("dossiers") / name
        out = factory.mktemp("rapports") / name
        source = done / "pages" / "data" if done else checkout / "data"
        shutil.copytree(source / name, folder, ignore=None if done else shutil.ignore_patterns(".ctgeval"))
        for state in report.status(folder, out=done / "pages" / "reports") if done else ():
            (out / state.path.parent.name).mkdir(parents=True, exist_ok=True)
            sheet = state.path.with_suffix(".manifest.json")
            beside = [state.path.with_name(one["fichier"]) for one in manifest.files(manifest.read(sheet))]
            for path in (state.path, sheet, *beside):
                shutil.copy(path, out / path.parent.name)
        outcome = report.build(folder, out=out, date=DAY)
        assert outcome.failed == ()
        # What another worker has just built is up to date, and is not built again.
        assert done is None or {entry.status for entry in outcome.entries} == {"a_jour"}, outcome.entries
        found[name] = out
    return found


def pages(reports: dict[str, Path]) -> dict[Key, Path]:
    """Return each produced page by dossier, audience and rank; the index is the last of its audience."""
    found = {}
    for dossier, out in reports.items():
        assert {path.name for path in out.iterdir() if path.is_dir()} == set(PAGES[dossier])
        for audience in PAGES[dossier]:
            written = sorted((out / audience).glob("*.html"), key=lambda path: (path.name == "index.html", path.name))
            found |= {(dossier, audience, rank): path for rank, path in enumerate(written)}
    return found
