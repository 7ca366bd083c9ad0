"""How long it takes to protect tables, and how much more than the least is masked without the exact method.

``python tests/benchmarks/bench_confidentiality.py [--draws N] [--level L3]`` prints a table; it exits 1 when a
département takes more than 30 s of processor without cuts or 60 s with them, a CC more than 3 s, or when flows and
clean-up cost more than 1.05 times the least on average (1.10 for a département). Audits are included.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ctgeval.confidentiality.contingency import system_of
from ctgeval.confidentiality.equations import System
from ctgeval.confidentiality.suppression import Budget, Chosen, choose

THRESHOLD = 5.0
TOTAL = "Ensemble"


@dataclass(frozen=True)
class Size:
    """A table of counts: communes by columns, in EPCIs."""

    rows: int
    columns: int
    groups: int
    draws: int
    quick: float
    exact: float
    ratio: float


SIZES = (
    Size(rows=10, columns=5, groups=1, draws=10, quick=3, exact=3, ratio=1.05),
    Size(rows=36, columns=6, groups=3, draws=6, quick=3, exact=3, ratio=1.05),
    Size(rows=100, columns=8, groups=5, draws=2, quick=15, exact=30, ratio=1.05),
    Size(rows=266, columns=8, groups=7, draws=2, quick=30, exact=60, ratio=1.10),
)


def system(size: Size, seed: int) -> System:
    """Draw gamma-Poisson counts of communes of all sizes; totals of EPCIs and of the whole weigh ten times more."""

    draw = np.random.default_rng(seed)
    body = draw.poisson(draw.gamma(0.6, 15, (size.rows, size.columns)) * draw.gamma(1.0, 1.0, (size.rows, 1)))
    group = np.arange(size.rows) * size.groups // size.rows
    communes = [f"COM-{row:03d}" for row in range(size.rows)]
    lines = dict(zip(communes, body, strict=True))
    epcis = {f"EPCI-{one}": [communes[row] for row in np.flatnonzero(group == one)] for one in range(size.groups)}
    geo = ({TOTAL: list(epcis)} | epcis) if size.groups > 1 else {TOTAL: communes}
    for name, inside in ({} if size.groups == 1 else epcis).items():
        lines[name] = np.sum([lines[one] for one in inside], axis=0)
    lines[TOTAL] = body.sum(axis=0)
    names = [f"c{column}" for column in range(size.columns)]
    records = []
    for name, counts in lines.items():
        for column, value in zip((*names, TOTAL), (*counts, counts.sum()), strict=True):
            weight = (1.0 + np.log1p(value)) * (1.0 if name in communes else 10.0)
            records.append({"geo": name, "colonne": column, "value": float(value), "weight": weight})
    frame = pd.DataFrame(records)
    required = {(one["geo"], one["colonne"]): THRESHOLD for one in records if 0 < float(str(one["value"])) < THRESHOLD}
    return system_of(frame, {"geo": geo, "colonne": {TOTAL: names}}, required=required)


def timed(table: System, budget: Budget, level: str) -> tuple[Chosen, float]:
    """Protect a table, and return the seconds of processor that it took."""
    start = time.process_time()
    found = choose(table, budget=budget, level=level)
    return found, time.process_time() - start


def main() -> int:
    """Measure each size, print a row for each, and say whether the budget holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=0, help="tables of each size")
    parser.add_argument("--level", default="L3", choices=["L1", "L2", "L3"])
    options = parser.parse_args()
    sys.stdout.write("| table | cells | primary | secondary, least | flows: s | cells | weight | exact: s | closed |\n")
    sys.stdout.write("|---|---:|---:|---:|---:|---:|---:|---:|---:|\n")
    failed = False
    for size in SIZES:
        quick, exact, cells, weights, shape, closed = [], [], [], [], [], 0
        draws = options.draws or size.draws
        for seed in range(draws):
            table = system(size, seed)
            rough, seconds = timed(table, Budget(iterations=0), options.level)
            quick.append(seconds)
            best, seconds = timed(table, Budget(), options.level)
            exact.append(seconds)
            least = int((best.hidden & ~best.primary).sum())
            shape.append((table.size, int(best.primary.sum()), least))
            closed += best.optimal
            if best.optimal and best.weight > 0:
                cells.append((rough.hidden & ~rough.primary).sum() / least)
                weights.append(rough.weight / best.weight)
        told = [f"{np.mean(column):.0f}" for column in zip(*shape, strict=True)]
        sys.stdout.write(
            f"| {size.rows} x {size.columns}, {size.groups} EPCI | {' | '.join(told)} | {max(quick):.1f} | "
            f"{np.mean(cells):.3f} | {np.mean(weights):.3f} | {max(exact):.1f} | {closed}/{draws} |\n"
        )
        sys.stdout.flush()
        slow = max(quick) > size.quick or max(exact) > size.exact
        failed |= slow or float(np.mean(weights)) > size.ratio or closed < draws
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
