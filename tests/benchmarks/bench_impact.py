"""Time the estimators of ctgeval, plain numpy and peers on the same data: ``python tests/benchmarks/bench_impact.py``.

    --peers-python PATH   interpreter where the extra ``peers`` is installed (this one by default)
    --only TEXT           tasks whose name holds it; nothing is written then
    --repeats N           timed calls after a warm-up (5)

The table goes to ``docs/impact_speed.md``, which is committed. A package that is not installed is told as absent.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TABLE = ROOT / "docs" / "impact_speed.md"
SLOW = 6.0  # seconds: beyond, a package is timed once after its warm-up
VERY_SLOW = 60.0  # beyond, the warm-up itself is what is told

sys.path.insert(0, str(HERE))

from speed_table import render  # noqa: E402
from tasks import TASKS  # noqa: E402

_IMPORT = """
import json, sys, time
import pandas
sys.path.insert(0, {root!r})
start = time.perf_counter(), time.process_time()
{line}
print(json.dumps([time.perf_counter() - start[0], time.process_time() - start[1]]))
"""
IMPORTS = {
    "`import ctgeval.impact`": "import ctgeval.impact",
    "the same, and `Panel`, `did`": "from ctgeval.impact import Panel, did",
    "the same, and every public name": "import ctgeval.impact as i; [getattr(i, name) for name in i.__all__]",
}
PEER_IMPORTS = (
    "import diff_diff",
    "import statsmodels.formula.api",
    "import linearmodels",
    "import moderndid",
    "from pyfixest import feols",
)
DISTRIBUTIONS = (
    "diff-diff",
    "moderndid",
    "numpy",
    "pandas",
    "pyfixest",
    "ritest-python",
    "statsmodels",
    "wildboottest",
)


@dataclass
class Player:
    """A package at work on a task, in its own process."""

    task: str
    package: str
    process: subprocess.Popen[str]
    status: str = ""
    why: str = ""
    runs: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def start(cls, task: str, package: str, python: str) -> Player:
        process = subprocess.Popen(
            [python, str(HERE / "child.py"), task, package],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        player = cls(task, package, process)
        player._read()
        return player

    def _read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        found: dict[str, Any] = json.loads(line) if line else {"status": "error", "why": "the process ended"}
        self.status, self.why = found.pop("status"), found.pop("why", "")
        return found

    def play(self) -> None:
        """Estimate once; the first time is the warm-up."""
        known = [run["wall"] for run in self.runs]
        slow = known and (known[-1] > VERY_SLOW or (len(known) >= 2 and known[-1] > SLOW))
        if slow or self.status not in ("ready", "ok"):
            return
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        found = self._read()
        if self.status == "ok":
            self.runs.append(found)

    def stop(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(timeout=60)

    def told(self) -> dict[str, Any]:
        """Medians of the calls after the warm-up."""
        known: dict[str, Any] = {"task": self.task, "package": self.package, "status": self.status, "why": self.why}
        timed = self.runs[1:] or self.runs
        if not timed:
            return known
        known |= {name: statistics.median(run[name] for run in timed) for name in ("wall", "cpu")}
        for name, told in (("read", "panel_s"), ("read_cpu", "panel_cpu")):
            known[name] = statistics.median(run.get(told) or 0.0 for run in timed)
        known["call_memory"] = statistics.median(run["call_memory"] for run in timed)
        known |= {"first": self.runs[0]["wall"], "memory": max(run["memory"] for run in self.runs), "n": len(timed)}
        return known | {name: timed[-1].get(name) for name in ("est", "se", "p", "high")}


def play(task: str, peers_python: str, repeats: int) -> list[dict[str, Any]]:
    """Time everybody on a task, in turns."""
    who = ["ctgeval", *(["numpy"] if TASKS[task].reference else []), *TASKS[task].peers]
    players = [
        Player.start(task, name, sys.executable if name in ("ctgeval", "numpy") else peers_python) for name in who
    ]
    try:
        for _ in range(repeats + 1):
            for player in players:
                player.play()
    finally:
        for player in players:
            player.stop()
    return [player.told() for player in players]


def imports(peers_python: str) -> list[dict[str, Any]]:
    """Time imports beyond pandas, each in five new processes."""
    lines = [(name, line, sys.executable) for name, line in IMPORTS.items()]
    lines += [(f"`{line}`", line, peers_python) for line in PEER_IMPORTS]
    found = []
    for name, line, python in lines:
        code = _IMPORT.format(root=str(ROOT), line=line)
        runs = [subprocess.run([python, "-c", code], capture_output=True, text=True, check=False) for _ in range(5)]
        seconds = [json.loads(run.stdout.splitlines()[-1]) for run in runs if run.returncode == 0]
        wall, processor = (
            (statistics.median(column) for column in zip(*seconds, strict=True)) if seconds else (None, None)
        )
        found.append({"name": name, "wall": wall, "cpu": processor})
    return found


def versions(python: str) -> str:
    """Tell what is installed."""
    code = "import json; from importlib.metadata import distributions as d; "
    code += "print(json.dumps({x.name.lower(): x.version for x in d()}))"
    run = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    known = json.loads(run.stdout)
    return ", ".join(f"{name} {known[name]}" for name in DISTRIBUTIONS if name in known)


def main() -> int:
    """Time all tasks and write the table."""
    parser = argparse.ArgumentParser(
        description="Seconds and memory of ctgeval, plain numpy and peers on the same data."
    )
    parser.add_argument("--peers-python", default=sys.executable)
    parser.add_argument("--only", default="")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    found: dict[str, list[dict[str, Any]]] = {}
    for task in TASKS:
        if options.only in task:
            found[task] = play(task, options.peers_python, options.repeats)
            for row in found[task]:
                sys.stdout.write(json.dumps(row) + "\n")
                sys.stdout.flush()
    if options.only:
        return 0
    machine = {
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan"),
        "python": platform.python_version(),
        "versions": versions(options.peers_python),
    }
    TABLE.write_text(render(found, imports(options.peers_python), machine), encoding="utf-8")
    sys.stdout.write(f"{TABLE.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
