"""Build the diagnostic of every EPCI of three regions for inhabitants, from the real files, and write what it costs.

``CTGEVAL_REAL_DATA=PATH python tests/benchmarks/bench_region.py [--epci N] [--each N] [--jobs N] [--folder DIR]``:
one dossier that asks for the N EPCIs (all by default), killed once on the way and run again, then run when nothing has
changed; and a dossier for each of ``--each`` EPCIs (20), as their conventions would keep them. ``--write`` puts the
table in ``docs/report_scale.md``. Exit 1 when a bilan fails, or when the last run is not idle.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.regions import epcis, region  # noqa: E402 - run as a script, from any folder

DATE = "2026-01-15"
TABLE = ROOT / "docs" / "report_scale.md"
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass
class Run:
    """One command: what it said, how long it took, and the most memory that its processes occupied."""

    entries: list[dict[str, Any]] = field(default_factory=list)
    made: int = 0
    wall: float = 0.0
    cpu: float = 0.0
    own: float = 0.0
    coordinator: int = 0
    children: int = 0
    status: int = 0

    @property
    def cells(self) -> float:
        return sum(float(entry["cpu"]) for entry in self.entries)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epci", type=int, default=None, help="so many of them, spread over all")
    parser.add_argument("--each", type=int, default=20, help="dossiers of one EPCI")
    parser.add_argument("--jobs", type=int, default=2, help="bilans at the same time")
    parser.add_argument("--folder", type=Path, default=None, help="where to make all this; a temporary one by default")
    parser.add_argument("--write", action="store_true", help="write the table in docs/")
    chosen = parser.parse_args(arguments)
    real_data = Path(os.environ["CTGEVAL_REAL_DATA"])
    with contextlib.ExitStack() as stack:
        folder = chosen.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        every = epcis(real_data)
        told = [*_one(folder / "region", real_data, _spread(list(every), chosen.epci), jobs=chosen.jobs)]
        failed = told[-1].entries and _failures([told[-1]])
        idle = {entry["status"] for entry in told[-1].entries} <= {"a_jour"}
        each = _each(folder, real_data, {code: every[code] for code in _spread(list(every), chosen.each)})
        text = _table(folder / "region", told, each, count=len(every), jobs=chosen.jobs)
    sys.stdout.write(text)
    if chosen.write:
        TABLE.write_text(text, encoding="utf-8")
    return int(bool(failed) or not idle or bool(_failures([each])))


def _spread(codes: list[str], count: int | None) -> list[str]:
    if count is None or count >= len(codes):
        return codes
    return [codes[rank * len(codes) // count] for rank in range(count)]


def _one(folder: Path, real_data: Path, codes: list[str], *, jobs: int) -> Iterable[Run]:
    """One dossier: a run that is killed when a third is done, the one that finishes, one when nothing has changed."""
    if not folder.exists():
        region(folder, real_data, codes, code="FRANCE", name="France")
    out = folder / "reports"
    yield run(folder, out, jobs=jobs, until=len(codes) // 3)
    yield run(folder, out, jobs=jobs)
    yield run(folder, out, jobs=jobs)


def _each(folder: Path, real_data: Path, named: dict[str, str]) -> Run:
    """Make one dossier per EPCI, one after the other, as one run."""
    total = Run()
    for code, name in named.items():
        place = folder / code.lower()
        if not place.exists():
            region(place, real_data, [code], code=code, name=name.replace('"', "'"))
        one = run(place, place / "reports", jobs=1)
        total.entries += one.entries
        total.made += one.made
        total.wall, total.cpu, total.own = total.wall + one.wall, total.cpu + one.cpu, total.own + one.own
        total.coordinator = max(total.coordinator, one.coordinator)
        total.children = max(total.children, one.children)
        total.status = max(total.status, one.status)
    return total


def run(dossier: Path, out: Path, *, jobs: int, until: int | None = None) -> Run:
    """Run ``ctgeval construire`` and watch its processes; with ``until``, kill it when so many pages are there."""
    command = [sys.executable, "-m", "ctgeval", "construire", str(dossier), "--out", str(out), "--json"]
    command += ["--date", DATE, "--jobs", str(jobs)]
    there = len(list(out.glob("*/*.manifest.json")))
    begun, before = time.perf_counter(), os.times()
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        found = Run()
        watch = threading.Thread(target=_watch, args=(process, found, out, until), daemon=True)
        watch.start()
        said = process.stdout.read() if process.stdout else ""
        found.status = process.wait()
        watch.join()
    after = os.times()
    found.wall = time.perf_counter() - begun
    found.cpu = after.children_user + after.children_system - before.children_user - before.children_system
    found.made = len(list(out.glob("*/*.manifest.json"))) - there
    # A command that is killed says nothing at its end.
    with contextlib.suppress(ValueError):
        found.entries = json.loads(said)["entries"]
    return found


def _watch(process: subprocess.Popen[str], found: Run, out: Path, until: int | None) -> None:
    while process.poll() is None:
        with contextlib.suppress(OSError, ValueError, IndexError):
            fields = Path(f"/proc/{process.pid}/stat").read_text("ascii").rpartition(")")[2].split()
            found.own = max(found.own, (int(fields[11]) + int(fields[12])) / _TICK)
            found.coordinator = max(found.coordinator, _memory(process.pid))
            found.children = max(found.children, sum(map(_memory, _below(process.pid))))
        if until is not None and len(list(out.glob("*/*.manifest.json"))) >= until:
            process.send_signal(signal.SIGTERM)
            until = None
        time.sleep(0.5)


def _below(pid: int) -> list[int]:
    """Return the processes that another one started, and those that they started."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, task.read_text("ascii").split()):
                found += [child, *_below(child)]
    return found


def _memory(pid: int) -> int:
    """Return the memory of a process in kilobytes, what it shares with others divided among them."""
    with contextlib.suppress(OSError):
        told = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text("ascii"), re.MULTILINE)
        return int(told[1]) if told else 0
    return 0


def _failures(runs: Iterable[Run]) -> list[str]:
    failed = [entry for one in runs for entry in one.entries if entry["status"] == "echec"]
    return [f"{entry['territoire']} : {entry['message']}" for entry in failed]


def _table(folder: Path, told: list[Run], each: Run, *, count: int, jobs: int) -> str:
    pages = sorted(path.stat().st_size for path in (folder / "reports" / "habitants").glob("epci-*.html"))
    (release,) = sorted((folder / ".ctgeval" / "releases" / "habitants").iterdir())[-1:]
    audit = json.loads((release / "release.json").read_text(encoding="utf-8"))["audit"]
    labels = ("interrompue au tiers", "reprise jusqu’au bout", "une fois de plus, rien n’a changé")
    runs = [*zip(labels, told, strict=True), (f"{len(each.entries)} dossiers d’un EPCI", each)]
    lines = [
        "# Une campagne de diagnostics : les EPCI de trois régions", "",
        "Écrit par `tests/benchmarks/bench_region.py --write`, sur les fichiers réels de l’Insee et de la Cnaf : le",
        f"diagnostic de {len(pages)} des {count} EPCI de Nouvelle-Aquitaine, des Pays de la Loire et du Centre-Val",
        f"de Loire, pour les habitants ; un seul dossier pour tous (--jobs {jobs}), puis un dossier par EPCI.",
        f"Charge de la machine à la fin : {os.getloadavg()[1]:.1f} pour {os.cpu_count()} cœurs.", "",
        ("| production | bilans faits | durée (s) | processeur (s) | dont coordination | dont cellules "
         "| mémoire de la coordination (Mo) | mémoire des autres (Mo) |"),
        "|---|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for label, one in runs:
        lines.append(
            f"| {label} | {one.made} | {one.wall:.0f} | {one.cpu:.0f} | {one.own:.0f} | {one.cells:.0f} "
            f"| {one.coordinator // 1024} | {one.children // 1024} |"
        )
    failures = _failures([told[-1], each])
    lines += [
        "",
        (
            f"Pages : {pages[0] // 1000} à {pages[-1] // 1000} ko, médiane {statistics.median(pages) / 1000:.0f} ko. "
            f"Protection : {audit['cellules']} cases, {audit['masquees']} masquées (seuil {audit['seuil']})."
        ),
        "",
        *([f"- {one}" for one in failures] or ["Aucun échec."]),
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
