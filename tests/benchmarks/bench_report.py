"""Time ways of making reports from one notebook, in turns: ``python tests/benchmarks/bench_report.py``.

    --only WAY,...    these ways alone; nothing is written then
    --turns N         turns of all ways (6)
    --rounds N        rounds of `construire` beside the floor, a report each (20)

The table goes to ``docs/report_speed.md``, which is committed; exits 1 above a target of issue 7.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TABLE = ROOT / "docs" / "report_speed.md"
sys.path.insert(0, str(HERE))

import report_notebook  # noqa: E402
from processes import seconds, watched  # noqa: E402
from report_table import TARGETS, render  # noqa: E402

# How many reports a way makes at each turn: two for each worker of Dask, fewer for the slowest.
BATCHES = {"floor": 4, "construire": 4, "engine": 3, "papermill": 2, "dask": 4, "commands": 1}
TOGETHER = 3
BUILT = ("construire", "--bilan", "diagnostic", "--audience", "copil")
PACKAGES = (
    "papermill", "nbclient", "nbconvert", "ipykernel", "jupyterlab", "distributed", "pandas", "seaborn", "matplotlib",
)  # fmt: skip


@dataclass
class Way:
    """One way of making reports, in its own process."""

    name: str
    process: subprocess.Popen[str]
    start: float = 0.0
    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    last: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def begin(cls, name: str, folder: Path) -> Way:
        """Start it, and make a first report: what it loads is told apart."""
        command = [sys.executable, str(HERE / "report_way.py"), name, str(folder)]
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        made = cls(name, process)
        made._ask(1)
        made.start = seconds(process.pid)
        return made

    def _ask(self, count: int) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{count}\n")
        self.process.stdin.flush()
        self.last = json.loads(self.process.stdout.readline())

    def play(self, count: int) -> None:
        """Make so many reports."""
        before, started = seconds(self.process.pid), time.perf_counter()
        self._ask(count)
        self.wall.append((time.perf_counter() - started) / count)
        self.cpu.append((seconds(self.process.pid) - before) / count)

    def weigh(self, count: int) -> float:
        """Make so many reports, and return the peak of the memory of all its processes (PSS), in MB."""
        with watched(self.process.pid) as memory:
            self._ask(count)
        return memory.proportional

    def end(self) -> None:
        """Let it close what it opened."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(timeout=60)

    def told(self) -> dict[str, Any]:
        """Return its row of the table."""
        each = statistics.median(self.cpu)
        return {
            "way": self.name,
            "reports": self.last["made"],
            "start": max(0.0, self.start - each),
            "cpu": each,
            "low": min(self.cpu),
            "high": max(self.cpu),
            "wall": statistics.median(self.wall),
            "size": self.last["size"],
        }


def turns(folder: Path, names: list[str], count: int) -> list[dict[str, Any]]:
    """Time everybody, in turns."""
    ways = [Way.begin(name, folder) for name in names]
    try:
        for way in ways:
            if way.name != "floor":
                assert way.last["figures"] >= report_notebook.FIGURES, way
                assert way.last["tables"] >= report_notebook.TABLES, way
        for turn in range(count):
            # Not always after the same one: some leave a warm cache to the next.
            for way in ways if turn % 2 else reversed(ways):
                way.play(BATCHES[way.name])
    finally:
        for way in ways:
            way.end()
    rows = [way.told() for way in ways]
    floor = next((way for way in ways if way.name == "floor"), None)
    for way, row in zip(ways, rows, strict=True):
        # Beside the floor of the same turn: another program may take the processor's caches for a while.
        if floor is not None:
            pairs = [ours / theirs for ours, theirs in zip(way.cpu, floor.cpu, strict=True)]
            row["ratio"] = statistics.median(pairs)
            row["amortised"] = row["ratio"] + row["start"] / 1000 / statistics.median(floor.cpu)
    return rows


def closely(folder: Path, rounds: int) -> dict[str, Any]:
    """Time `construire` beside the floor, a report each in turn: on a busy machine a second is not always as long."""
    ours, floor = (Way.begin(name, folder) for name in ("construire", "floor"))
    try:
        for one in range(rounds):
            for way in (ours, floor) if one % 2 else (floor, ours):
                way.play(1)
    finally:
        ours.end()
        floor.end()
    pairs = sorted(mine / theirs for mine, theirs in zip(ours.cpu, floor.cpu, strict=True))
    mine, theirs = statistics.fmean(ours.cpu), statistics.fmean(floor.cpu)
    return {
        "rounds": rounds,
        "ours": mine,
        "floor": theirs,
        "ratio": mine / theirs,
        "quartiles": (pairs[rounds // 4], pairs[(3 * rounds) // 4]),
        "amortised": (mine + ours.told()["start"] / 1000) / theirs,
    }


def memory(folder: Path) -> dict[str, float]:
    """Weigh one worker, then several at a time."""
    peaks = {}
    for name, count in (("construire", 1), ("construire-3", TOGETHER)):
        way = Way.begin(name, folder)
        try:
            peaks[name] = way.weigh(3 * count)
        finally:
            way.end()
    extra = (peaks["construire-3"] - peaks["construire"]) / (TOGETHER - 1)
    return {"one": peaks["construire"], "several": peaks["construire-3"], "extra": extra}


def command(*arguments: str, repeats: int = 1, cwd: Path | None = None) -> dict[str, float]:
    """Time a command: processor seconds of its processes, and the clock."""
    cpu, wall = [], []
    for _ in range(repeats):
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL, cwd=cwd)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        wall.append(time.perf_counter() - started)
    return {"cpu": statistics.median(cpu), "high": max(cpu), "wall": statistics.median(wall)}


def commands(folder: Path) -> dict[str, dict[str, float]]:
    """Time what is asked from the shell."""
    program = str(Path(sys.executable).with_name("ctgeval"))
    dossier = folder / "dossier"
    shutil.copytree(ROOT / "data" / "demo", dossier, ignore=shutil.ignore_patterns(".ctgeval", "reports"))
    out = str(folder / "rapports")
    return {
        "help": command(program, "--help", repeats=20),
        "import": command(sys.executable, "-c", "import ctgeval", repeats=20),
        "first": command(program, *BUILT, str(dossier), "--out", out),
        "again": command(program, *BUILT, str(dossier), "--out", out, "--force", repeats=5),
    }


def main() -> int:
    """Time everything and write the table."""
    parser = argparse.ArgumentParser(description="Processor seconds of ways of making reports.")
    parser.add_argument("--only", default="")
    parser.add_argument("--turns", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    asked = [name for name in options.only.split(",") if name]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        report_notebook.make(folder)
        found: dict[str, Any] = {"ways": turns(folder, asked or list(BATCHES), options.turns)}
        for row in found["ways"]:
            sys.stdout.write(json.dumps(row) + "\n")
            sys.stdout.flush()
        if asked:
            return 0
        found["close"] = closely(folder, options.rounds)
        found |= {"memory": memory(folder), "commands": commands(folder)}
    found["machine"] = {
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "python": platform.python_version(),
        "versions": ", ".join(f"{name} {version(name)}" for name in PACKAGES),
        "turns": options.turns,
    }
    text, missed = render(found)
    TABLE.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{TABLE.relative_to(ROOT)}\n")
    for name in missed:
        sys.stdout.write(f"missed: {TARGETS[name].what}\n")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
