"""What asks how a thousand bilans stand loads little, and reads each file once: counted, not timed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ctgeval.report.build import build, status
from tests.report.conftest import CIVRAISIEN, GARTEMPE, Workshop

HEAVY = ("numpy", "pandas", "scipy", "matplotlib", "pyarrow", "nbformat", "nbconvert", "IPython", "papermill")


def test_nothing_that_computes_or_draws_is_loaded_to_tell_how_bilans_stand() -> None:
    code = f"import ctgeval.report.build, json, sys; print(json.dumps([one for one in {HEAVY} if one in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []


@pytest.fixture
def opened() -> Iterator[Counter[str]]:
    """How many times each file was opened by this process."""
    counted: Counter[str] = Counter()

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and counting and isinstance(arguments[0], str | Path):
            counted[str(arguments[0])] += 1

    counting = [True]
    # A hook can't be taken back: it is told to stop.
    sys.addaudithook(watch)
    yield counted
    counting.clear()


def many(workshop: Workshop, count: int) -> None:
    """Ask for as many bilans as that, with periods of their own, for two territories and two audiences."""
    blocks = [
        f'\n[[bilan]]\ncarnet = "essai"\naudience = "{audience}"\nperiode = "{year}"\n'
        f'territoires = ["{CIVRAISIEN}", "{GARTEMPE}"]\n'
        for audience in ("copil", "habitants")
        for year in range(1950, 1950 + count // 4)
    ]
    path = workshop.folder / "ctg.toml"
    path.write_text(path.read_text(encoding="utf-8").partition("[[bilan]]")[0] + "".join(blocks), encoding="utf-8")


@pytest.mark.usefixtures("instant")
def test_each_file_is_read_as_often_for_many_bilans_as_for_few(workshop: Workshop, opened: Counter[str]) -> None:
    used = {}
    for count in (8, 40):
        many(workshop, count)
        build(workshop.folder, out=workshop.out)
        for name, command in (("etat", status), ("construire", build)):
            opened.clear()
            command(workshop.folder, out=workshop.out)
            shared = {path: times for path, times in opened.items() if not path.startswith(str(workshop.out))}
            own = {path: times for path, times in opened.items() if path.startswith(str(workshop.out))}
            used[name, count] = (sum(shared.values()), sum(own.values()) / count, max(own.values()))
    for name, most in (("etat", 2), ("construire", 5)):
        few, lots = used[name, 8], used[name, 40]
        # What bilans share is read once, whatever their number.
        assert lots[0] <= few[0], name
        # A page and its sheet: so many times each, never more when there are more of them.
        assert lots[1] <= few[1], name
        assert lots[2] <= most, (name, lots)


@pytest.mark.usefixtures("instant")
def test_publishing_many_bilans_reads_each_file_a_few_times(workshop: Workshop, opened: Counter[str]) -> None:
    used = {}
    for count in (8, 40):
        many(workshop, count)
        build(workshop.folder, out=workshop.out)
        opened.clear()
        build(workshop.folder, out=workshop.out, force=True)
        used[count] = sum(opened.values()) / count
    assert used[40] <= used[8]
