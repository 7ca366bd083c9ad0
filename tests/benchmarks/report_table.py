"""The table of ways of making reports, in Markdown, and what is beyond the targets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

HEADER = """# Processor seconds of a report, beside the ways of the peers

Written by `python tests/benchmarks/bench_report.py` (see `tests/benchmarks/README.md`).

- Every way makes reports from the same notebook (12 cells, 18,000 rows read from a CSV, 4 seaborn figures, 3 styled
  tables) with other parameters each time, in a process of its own; they work **in turns**, {turns} times, and the
  median is given, between the lowest and the highest turn. CPU: all processes of the way, those that have ended too.
- «Start»: what is spent once, before the first report. «Ratio»: CPU of a report over that of the floor in the same
  turn. «Over 1,000»: the same with the start spread over 1,000 reports, by calculation.
- The floor runs the notebook's own cells in a process forked from one that has loaded all libraries, makes their
  outputs and drops them: no page, no notebook, no confinement. `ctgeval construire` also confines the process of the
  notebook, follows it from another one, and cleans the page.
- Pages differ: nbconvert's holds its style and scripts' addresses, ours is the content that goes in the shell.
- {cores} core(s), mean load {load:.1f} at the end, Python {python};
  {versions}.

## One report

| way | CPU s | lowest – highest | clock s | start, CPU s | ratio | over 1,000 | a minute, 2 cores | kB | reports |
|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|
"""
TITLES = {
    "floor": "floor: the cells alone, warm",
    "construire": "`ctgeval construire` (`ForkPool`, page cleaned)",
    "engine": '`papermill.execute_notebook(engine_name="ctgeval")`, nbconvert\'s exporter reused',
    "papermill": "`papermill.execute_notebook`, exporter reused",
    "dask": "the same in 2 workers of Dask",
    "commands": "`papermill`, then `jupyter nbconvert`, beside JupyterLab",
}
COMMANDS = {
    "help": "`ctgeval --help`, 20 times",
    "import": '`python -c "import ctgeval"`, 20 times',
    "first": "`ctgeval construire --bilan diagnostic --audience copil` on the demo, nothing ready",
    "again": "the same bilan again (`--force`), what its readers may know being ready, 5 times",
}


@dataclass(frozen=True)
class Target:
    """What a figure must not exceed."""

    what: str
    most: float
    unit: str = ""


TARGETS = {
    "ratio": Target("CPU of a report of `construire` over the floor, 1,000 reports", 1.15),
    "memory": Target("memory of each worker more", 150, " MB"),
    "again": Target("one report from the shell, CPU", 3, " s"),
    "help": Target("`ctgeval --help`, CPU (median)", 0.1, " s"),
    "import": Target("`import ctgeval`, CPU (median), the interpreter's start included", 0.15, " s"),
}

__all__ = ["TARGETS", "render"]


def _way(row: dict[str, Any]) -> str:
    cells = [
        TITLES[row["way"]],
        f"{row['cpu']:.2f}",
        f"{row['low']:.2f} – {row['high']:.2f}",
        f"{row['wall']:.2f}",
        f"{row['start']:.1f}",
        f"{row['ratio']:.2f}",
        f"{row['amortised']:.2f}",
        f"{120 / row['cpu']:.0f}",
        f"{row['size'] / 1000:.0f}" if row["size"] else "–",
        str(row["reports"]),
    ]
    return "| " + " | ".join(cells) + " |"


def _values(found: dict[str, Any]) -> dict[str, float]:
    told = {"ratio": found["close"]["amortised"], "memory": found["memory"]["extra"]}
    return told | {name: found["commands"][name]["cpu"] for name in ("again", "help", "import")}


def render(found: dict[str, Any]) -> tuple[str, list[str]]:
    """Return the whole file, and the names of the targets that are missed."""
    lines = [_way(row) for row in found["ways"]]
    close = found["close"]
    spread, over = "{:.2f} – {:.2f}".format(*close["quartiles"]), f"{close['amortised']:.3f}"
    lines += [
        "",
        "## Beside the floor, a report each in turn",
        "",
        "The two lines that the target is about, made again by turns of one report, so that both meet the same moments",
        f"of the machine: {close['rounds']} reports each.",
        "",
        "| floor, mean CPU s | `construire` | ratio | quartiles of the pairs | over 1,000, start included |",
        "|--:|--:|--:|--:|--:|",
        "| "
        + " | ".join((f"{close['floor']:.3f}", f"{close['ours']:.3f}", f"{close['ratio']:.3f}", spread, over))
        + " |",
    ]
    lines += ["", "## From the shell", "", "| command | CPU s | highest | clock s |", "|---|--:|--:|--:|"]
    for name, title in COMMANDS.items():
        row = found["commands"][name]
        lines.append(f"| {title} | {row['cpu']:.3f} | {row['high']:.3f} | {row['wall']:.2f} |")
    memory = found["memory"]
    lines += [
        "",
        "## Memory",
        "",
        "Peak of the proportional memory (PSS) of all processes, looked at 5 times a second: a page shared by several",
        "processes counts once, so that what one worker more adds is the difference.",
        "",
        "| | MB |",
        "|---|--:|",
        f"| one report at a time: coordinator, warm process, the two of the report | {memory['one']:.0f} |",
        f"| three at a time | {memory['several']:.0f} |",
        f"| each worker more | {memory['extra']:.0f} |",
        "",
        "## Targets",
        "",
        "| what | at most | found | |",
        "|---|--:|--:|---|",
    ]
    values = _values(found)
    missed = [name for name, target in TARGETS.items() if values[name] > target.most]
    for name, target in TARGETS.items():
        met = "missed" if name in missed else "met"
        lines.append(f"| {target.what} | {target.most}{target.unit} | {values[name]:.3g}{target.unit} | {met} |")
    return HEADER.format(**found["machine"]) + "\n".join(lines) + "\n", missed
