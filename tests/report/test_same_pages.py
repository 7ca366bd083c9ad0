"""The same bilans, byte for byte: one at a time or several, by forked processes or by others, once or twice."""

from __future__ import annotations

import datetime as dt
import hashlib
import importlib
from pathlib import Path

import pytest

from ctgeval.report.kernels import best
from tests.examples import sample
from tests.light import light

build = importlib.import_module("ctgeval.report.build").build

DAY = dt.date(2026, 1, 15)
# Kinds of processes and how many at a time, compared with the first.
WAYS = (("process", 1), ("fork", 2), ("fork", 1), ("process", 2), ("fork", 2))[: sample(2, 5)]
BILANS = (
    ("diagnostic", "interne"), ("impact", "interne"), ("bilan_annuel", "interne"), ("diagnostic", "copil"),
    ("bilan_annuel", "habitants"), ("impact", "habitants"),
)[: sample(1, 6)]  # fmt: skip
# What was told to an audience settles what may be told next: the ledger is as it will stay after the first time.
FIRST = (("fork", 2),) * sample(0, 1)


@pytest.fixture(scope="module")
def dossier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = light(tmp_path_factory.mktemp("pareils") / "dossier")
    place = folder / "ctg.toml"
    kept = place.read_text(encoding="utf-8").partition("[[bilan]]")[0]
    asked = [f'[[bilan]]\ncarnet = "{name}"\naudience = "{audience}"\nperiode = "2025"\n' for name, audience in BILANS]
    place.write_text(kept + "\n".join(asked), encoding="utf-8")
    return folder


def published(out: Path) -> dict[str, str]:
    """What a reader is given, and the sheets beside: each file with what tells its bytes."""
    return {
        path.relative_to(out).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }


@pytest.mark.torture
@pytest.mark.skipif(best() != "fork", reason="this system has one way only")
def test_pages_and_sheets_are_the_same_however_they_are_made(dossier: Path, tmp_path: Path) -> None:
    seen = []
    for kernels, jobs in FIRST + WAYS:
        report = build(dossier, out=tmp_path / "bilans", force=True, date=DAY, kernels=kernels, jobs=jobs)
        assert [(entry.status, entry.message) for entry in report.entries] == [("fait", "")] * len(report.entries)
        seen.append(published(tmp_path / "bilans"))
    del seen[: len(FIRST)]
    assert sum(name.endswith(".html") for name in seen[0]) >= 2, "a page, and the index of its readers"
    for (kernels, jobs), found in zip(WAYS, seen, strict=True):
        assert found == seen[0], f"{kernels}, {jobs} at a time"
