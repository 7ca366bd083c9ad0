"""Measure how often the ladder of tests calls noise an effect, cell by cell: ``python scripts/impact_size.py``.

    --panels N     panels by cell (5,000 by default)
    --only TEXT    cells whose name holds it
    --jobs N       processes
    --forget       measure again what the same code has measured

What the same code has measured is not measured again (``.torture/impact_size.json``, written after each cell). The
table goes to ``docs/impact_size.md``, which is committed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / ".torture" / "impact_size.json"
TABLE = ROOT / "docs" / "impact_size.md"
CODE = (
    "assignments", "canonical", "contrast", "contrasts", "few_treated", "inference", "inversion", "moments",
    "randomization", "silence", "situation", "studentised", "tested",
)  # fmt: skip
HEADER = """# How often noise is called an effect

Written by `python scripts/impact_size.py` (part of `make torture`). Panels without any effect, {panels} by cell; a
verdict is false when it is «amelioration» or «degradation».

- Cells: {cells}; largest share of false verdicts: {worst} %; above 7.5 % by more than two standard errors: {above}.
- Coverage: share of intervals that hold the effect. With a constant effect, the law of a test of the true effect does
  not depend on its size, so that one figure serves for 0, 0.5 and 1 standard deviation.
- Power: share of verdicts for an effect of 1, 2 and 3 standard deviations of the noise; beside it, that of the best
  single test that holds its level in the same cell (it is not known beforehand which one that is).
- `trend` and `anticipation` have no effect but a bias, against which no test can hold its level: the bias is given, and
  the evidence is lowered by the pre-trend check.

| design | false % | coverage % | power 1 / 2 / 3 SD | best valid test | no verdict % | tests alone, false % | bias |
|---|--:|--:|---|---|--:|---|--:|
"""

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
sys.path.insert(0, str(ROOT))

from tests.simulation import campaign, grid  # noqa: E402


def code_hash() -> str:
    """Hash what the figures depend on."""
    files = [
        *(ROOT / "ctgeval" / "impact" / f"{name}.py" for name in CODE),
        *(ROOT / "tests" / "simulation").glob("*.py"),
    ]
    digest = hashlib.sha256()
    for path in sorted(path for path in files if path.is_file()):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def one(cell: grid.Cell, panels: int) -> dict[str, Any]:
    """Measure a cell."""
    return campaign.measure(cell, panels).as_dict()


def main(arguments: list[str] | None = None) -> int:
    """Measure the cells that are not known yet, and write the table; return 1 when one is above the target."""
    parser = argparse.ArgumentParser(description="Share of false verdicts, coverage and power of the ladder of tests.")
    parser.add_argument("--panels", type=int, default=5_000)
    parser.add_argument("--only", default="")
    parser.add_argument("--jobs", type=int, default=max(1, os.cpu_count() or 1))
    parser.add_argument("--forget", action="store_true")
    options = parser.parse_args(arguments)
    known: dict[str, Any] = {} if options.forget or not STATE.is_file() else json.loads(STATE.read_text("utf-8"))
    code = code_hash()
    chosen = [cell for cell in grid.cells() if options.only in cell.name]
    todo = [cell for cell in chosen if known.get(cell.name, {}).get("key") != [code, options.panels]]
    with ProcessPoolExecutor(options.jobs) as pool:
        waiting = {pool.submit(one, cell, options.panels): cell for cell in todo}
        for count, done in enumerate(as_completed(waiting), start=1):
            cell = waiting[done]
            known[cell.name] = {"key": [code, options.panels], **done.result()}
            STATE.parent.mkdir(exist_ok=True)
            STATE.write_text(json.dumps(known, sort_keys=True), "utf-8")
            print(f"{count}/{len(todo)} {cell.name}: {100 * known[cell.name]['false']:.1f} % false", flush=True)
    rows = [(cell, known[cell.name]) for cell in grid.cells() if cell.name in known]
    TABLE.write_text(document(rows), "utf-8")
    above = [cell for cell, found in rows if cell.kind not in grid.EXCEPTED and too_often(found)]
    for cell in above:
        print(f"above the target: {cell.name}", file=sys.stderr)
    return 1 if above else 0


def too_often(found: dict[str, Any]) -> bool:
    """Whether a cell is above the target by more than two standard errors."""
    error = (campaign.TARGET * (1 - campaign.TARGET) / found["panels"]) ** 0.5
    return bool(found["false"] > campaign.TARGET + 2 * error)


def share(value: float | None) -> str:
    """Write a share in hundredths; a dash where there is none."""
    return "–" if value is None or value != value else f"{100 * value:.1f}"  # noqa: PLR0124


def document(rows: list[tuple[grid.Cell, dict[str, Any]]]) -> str:
    """Return the text of the table."""
    kept = [(cell, found) for cell, found in rows if cell.kind not in grid.EXCEPTED]
    worst = max((found["false"] for _, found in kept), default=0.0)
    panels = sorted({found["panels"] for _, found in rows})
    above = sum(too_often(found) for _, found in kept)
    head = HEADER.format(
        panels=" or ".join(f"{count:,}" for count in panels), cells=len(kept), worst=share(worst), above=above
    )
    lines = []
    for cell, found in rows:
        power = " / ".join(share(found["power"].get(key)) for key in ("1", "2", "3"))
        best = " / ".join(share(found["best_valid"].get(key)) for key in ("1", "2", "3"))
        tests = ", ".join(f"{code} {share(value)}" for code, value in sorted(found["tests"].items()))
        lines.append(
            f"| {cell.name} | {share(found['false'])} | {share(found['coverage'])} | {power} | {best} | "
            f"{share(found['inconclusive'])} | {tests} | {found['bias']:.2f} |"
        )
    return head + "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
