"""The table of speeds, in Markdown."""

from __future__ import annotations

import math
from typing import Any

from tasks import COMPLETE, TASKS

Row = dict[str, Any]

HEADER = """# Seconds and memory, beside the fastest peers and plain numpy

Written by `python tests/benchmarks/bench_impact.py --peers-python PATH` (see `tests/benchmarks/README.md`).

- Each package has its own process and the same data; they estimate **in turns**, {repeats} times after a warm-up, and
  the median is given. Seconds are of the clock, then of the processor (all threads): on a machine that does other work,
  the second is the one to compare, and the fastest peer is told by it.
- ctgeval's seconds hold everything from the table of data to the result with its checks and limits; «reading» is the
  part of `Panel.from_frame`. Peers and numpy start from the same table; numpy assumes that it is sorted and complete.
- «Ratio»: ctgeval's seconds over theirs; below 1, ctgeval is faster. MB (ctgeval's, the peer's): what the first call
  adds at its peak (what it imports or compiles included), then what a later call adds.
- Standard errors that differ: peers draw those of group-time and synthetic DiD, ctgeval's are by formula, or those of
  all placebos. With gaps, each cell of group-time agrees with diff-diff's (`tests/impact/golden/staggered`), and its
  average weighs cohorts otherwise. p-values drawn 9,999 times differ by some 0.002 from a seed to another.
- {cores} cores, mean load {load:.1f} at the end, Python {python};
  {versions}.

## Summary

| task | s (reading) | CPU (reading) | peer | s | CPU | ratio, CPU | numpy | CPU | ratio, CPU | MB | MB | found |
|---|--:|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|---|
"""

# Peers' bounds stand on a grid, whose step is this (moderndid 0.2.0: 1,000 points).
_GRID = 1e-3


def figure(value: float | None, digits: int = 2) -> str:
    """Give so many significant digits, without exponent."""
    if value is None or not math.isfinite(value):
        return "–"
    if abs(value) < 1e-4:
        return "0.0000"
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    return f"{value:.{places}f}"


def _of(rows: list[Row], package: str) -> Row | None:
    return next((row for row in rows if row["package"] == package and "wall" in row), None)


def _fastest(rows: list[Row]) -> Row | None:
    others = [row for row in rows if row["package"] not in ("ctgeval", "numpy") and "wall" in row]
    return min(others, key=lambda row: row["cpu"], default=None)


def _ratio(ours: Row, theirs: Row | None) -> str:
    return (
        "–" if theirs is None else f"{ours['wall'] / theirs['wall']:.2f}, {ours['cpu'] / max(theirs['cpu'], 1e-4):.2f}"
    )


def _memory(row: Row | None) -> str:
    return "–" if row is None else f"{row['memory']:.0f}, {row['call_memory']:.0f}"


def agreement(task: str, ours: Row, theirs: Row) -> str:
    """Say how far two packages are from each other."""
    said = []
    tolerance = _GRID if task == "sensitivity" else 1e-6
    for name, label in (("est", ""), ("high", "high end ")):
        if ours.get(name) is not None and theirs.get(name) is not None:
            gap = abs(ours[name] - theirs[name])
            said.append(f"{label}same" if gap <= tolerance * max(1, abs(ours[name])) else f"{label}differ by {gap:.2g}")
    if ours.get("se") and theirs.get("se"):
        gap = abs(theirs["se"] / ours["se"] - 1)
        said.append("same SE" if gap < 1e-4 else f"SE {100 * gap:.2g} % apart")
    if ours.get("p") is not None and theirs.get("p") is not None:
        said.append(f"p {ours['p']:.4f} and {theirs['p']:.4f}")
    return ", ".join(said)


def _summary(task: str, rows: list[Row]) -> str:
    ours, numpy, peer = _of(rows, "ctgeval"), _of(rows, "numpy"), _fastest(rows)
    if ours is None:
        return f"| {TASKS[task].title} | {rows[0]['status']}: {rows[0]['why']} |" + " |" * 11
    cells = [TASKS[task].title]
    for name, part in (("wall", "read"), ("cpu", "read_cpu")):
        cells.append(figure(ours[name]) + (f" ({figure(ours[part])})" if ours[part] else ""))
    cells += [peer["package"], figure(peer["wall"]), figure(peer["cpu"])] if peer else ["–", "–", "–"]
    cells.append(_ratio(ours, peer))
    cells += [figure(numpy["wall"]), figure(numpy["cpu"])] if numpy else ["–", "–"]
    cells.append(_ratio(ours, numpy))
    cells += [_memory(ours), _memory(peer)]
    cells.append("; ".join(f"{row['package']}: {agreement(task, ours, row)}" for row in rows[1:] if "wall" in row))
    return "| " + " | ".join(cells) + " |"


def _gaps(found: dict[str, list[Row]]) -> list[str]:
    lines = ["## Panels with gaps", "", "| task | complete, CPU s | 10 % missing, CPU s | times |", "|---|--:|--:|--:|"]
    for task, complete in COMPLETE.items():
        ours, whole = (_of(found.get(name, []), "ctgeval") for name in (task, complete))
        if ours and whole:
            title = TASKS[complete].title
            lines.append(
                f"| {title} | {figure(whole['cpu'])} | {figure(ours['cpu'])} | {ours['cpu'] / whole['cpu']:.1f} |"
            )
    return lines


def _everything(found: dict[str, list[Row]]) -> list[str]:
    lines = [
        "## Everything measured",
        "",
        "| task | package | s | CPU s | first call s | MB | estimate | SE | p | calls |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for task, rows in found.items():
        for row in rows:
            if "wall" not in row:
                lines.append(f"| {task} | {row['package']} | {row['status']}: {row['why'][:80]} |" + " |" * 7)
                continue
            numbers = [figure(row.get(name), 7) for name in ("est", "se")] + [figure(row.get("p"), 4)]
            seconds = [figure(row[name]) for name in ("wall", "cpu", "first")]
            cells = [task, row["package"], *seconds, _memory(row), *numbers, str(row["n"])]
            lines.append("| " + " | ".join(cells) + " |")
    return lines


def render(found: dict[str, list[Row]], imports: list[Row], machine: dict[str, Any]) -> str:
    """Write the whole file."""
    counts = [row["n"] for rows in found.values() for row in rows if "n" in row]
    head = HEADER.format(repeats=max(counts, default=0), **machine)
    lines = [_summary(task, rows) for task, rows in found.items()]
    lines += ["", *_gaps(found), "", "## Imports, beyond pandas", "", "| import | s | CPU s |", "|---|--:|--:|"]
    for row in imports:
        lines.append(f"| {row['name']} | {figure(row['wall'])} | {figure(row['cpu'])} |")
    return head + "\n".join([*lines, "", *_everything(found)]) + "\n"
