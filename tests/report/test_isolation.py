"""Bilans made together hold what is theirs and nothing of one another: 60 at each run, 1,000 in the campaign."""

from __future__ import annotations

import datetime as dt
import importlib
import re
from pathlib import Path
from typing import Any

import pytest

from ctgeval.territory import reference
from tests.examples import sample
from tests.report.running import Bench

build = importlib.import_module("ctgeval.report.build").build

COUNT = sample(60, 1000)
# The canary is read from the release, written in the folder of work, kept in a module that others share, and shown.
CANARY = """\
import json, os, tempfile
from pathlib import Path
import matplotlib as mpl, pandas as pd
from IPython.display import HTML, display
audience = Path(release, "canari.txt").read_text()
mine = f"canari-{audience}-{territoire}-fin"
assert not os.path.exists("trace.txt")
assert not any("canari-" in one for one in os.listdir(tempfile.gettempdir()))
Path("trace.txt").write_text(mine)
Path(tempfile.gettempdir(), mine).write_text(mine)
os.environ["TRACE"], mpl.ctgeval_trace, pd.ctgeval_trace = mine, mine, mine
"""
SHOWN = """\
told = [Path("trace.txt").read_text(), os.environ["TRACE"], mpl.ctgeval_trace, pd.ctgeval_trace, territoire]
told += [one for one in os.listdir(tempfile.gettempdir()) if "canari-" in one]
display(HTML("<h2>Section</h2>" + "".join(f"<p>{one}</p>" for one in told)))
"""
_CANARIES = re.compile(r"canari-\w+-([A-Z]+-\d+)-fin")


def asked(workshop: Any, count: int) -> list[str]:
    known = reference.load()
    codes = sorted(known.codes("COM", 2024))[5000 : 5000 + count]
    assert len(codes) == count
    place = workshop.folder / "ctg.toml"
    head = place.read_text(encoding="utf-8").partition("[[bilan]]")[0]
    bilan = f'[[bilan]]\ncarnet = "essai"\naudience = "copil"\nperiode = "2025"\nterritoires = {codes}\n'
    place.write_text(head + bilan.replace("'", '"'), encoding="utf-8")
    workshop.notebook("essai", workshop.text("# Essai"), workshop.code(CANARY), workshop.code(SHOWN))
    return codes


def seen(out: Path, codes: list[str]) -> dict[str, list[str]]:
    """The territories whose canary each page holds."""
    pages = {code: out / "copil" / f"{code.lower()}-essai-2025.html" for code in codes}
    return {code: _CANARIES.findall(page.read_text(encoding="utf-8")) for code, page in pages.items()}


@pytest.mark.torture
def test_each_bilan_holds_its_own_canary_and_no_other(workshop: Any) -> None:
    codes = asked(workshop, COUNT)
    report = build(workshop.folder, out=workshop.out, jobs=8, date=dt.date(2026, 1, 15))
    assert [entry.message for entry in report.failed] == []
    assert [entry.tries for entry in report.entries] == [1] * COUNT
    # Four things that it left, and the file that only it may find.
    assert seen(workshop.out, codes) == {code: [code] * 5 for code in codes}
    files = [path for path in workshop.out.rglob("*") if path.is_file() and not path.name.startswith("index")]
    for path in files:
        found = set(_CANARIES.findall(path.read_text(encoding="utf-8")))
        assert found <= {path.name[:9].upper()}, path.name


def test_processes_that_are_used_again_keep_nothing_of_the_former_bilan(workshop: Any) -> None:
    codes = asked(workshop, sample(6, 60))
    report = build(workshop.folder, out=workshop.out, jobs=2, date=dt.date(2026, 1, 15), kernels="process")
    assert [entry.message for entry in report.failed] == []
    assert seen(workshop.out, codes) == {code: [code] * 5 for code in codes}


@pytest.mark.parametrize("kernels", ["fork", "process"])
def test_one_notebook_can_not_reach_the_folder_of_another(tmp_path: Path, kernels: str) -> None:
    bench = Bench(tmp_path.resolve())
    try:
        first = bench.task("1", nom="un", kernels=kernels)
        reply = bench.run(
            f"open({str(first.scratch / 'travail' / 'release' / 'canari.txt')!r}).read()", kernels=kernels
        )
    finally:
        bench.close()
    assert "PermissionError" in reply["message"]
