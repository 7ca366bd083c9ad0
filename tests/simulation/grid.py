"""Panels without any effect, of every design that the ladder of tests may meet."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ctgeval.impact import Panel

UNITS = (10, 20, 40)
TREATED = (1, 2, 3, 5)
WINDOWS = ((3, 1), (5, 3), (8, 3))
RHOS = (0.0, 0.5, 0.8)
SIZES = ("constant", "smallest", "largest")
OTHERS = ("cluster", "counts", "gaps", "staggered", "trend", "anticipation", "sampling", "holes")
EXCEPTED = ("trend", "anticipation")
"""Where no test can hold its level: the bias is reported, and the evidence lowered."""
_DEPARTEMENTS = 8


@dataclass(frozen=True)
class Cell:
    """One design.

    Parameters
    ----------
    units, treated : int
    pre, post : int
        Periods.
    rho : float
        Serial correlation of the AR(1) noise.
    sizes : {"constant", "smallest", "largest"}
        Variance the same for all, or a + b / population with the treated the smallest or the largest units.
    known : bool
        Whether populations are given to the panel.
    kind : str
        ``plain``, or one of `OTHERS`.
    """

    units: int
    treated: int
    pre: int
    post: int
    rho: float
    sizes: str = "constant"
    known: bool = False
    kind: str = "plain"

    @property
    def name(self) -> str:
        """Short name, as in the table."""
        known = "populations known" if self.known else "populations unknown"
        design = f"{self.treated} of {self.units}, {self.pre}+{self.post}, rho {self.rho:g}"
        return f"{design}, {self.sizes}, {known}, {self.kind}"


def cells() -> Iterator[Cell]:
    """Yield the whole grid."""
    for n, k, (pre, post), rho, sizes, known in itertools.product(UNITS, TREATED, WINDOWS, RHOS, SIZES, (True, False)):
        yield Cell(n, k, pre, post, rho, sizes, known)
    for kind, n, k, rho in itertools.product(OTHERS, (20, 40), (2, 5), (0.0, 0.5)):
        yield Cell(n, k, 5, 3, rho, "largest" if kind == "sampling" else "constant", known=False, kind=kind)
    for n, k in itertools.product((20, 40), (1, 3)):
        yield Cell(n, k, 5, 3, 0.5, "constant", known=True, kind="holes")


def noise(cell: Cell, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw the AR(1) noise of a panel, of standard deviation 1 on average, and the populations in thousands."""
    n, t = cell.units, cell.pre + cell.post
    drawn = random.standard_normal((n, t))
    scale = np.sqrt(1 - cell.rho**2)
    for k in range(1, t):
        drawn[:, k] = cell.rho * drawn[:, k - 1] + scale * drawn[:, k]
    population = np.full(n, 10.0)
    if cell.sizes != "constant":
        ordered = np.exp(np.linspace(np.log(2), np.log(200), n))
        ordered = ordered if cell.sizes == "smallest" else ordered[::-1]
        population = np.concatenate([ordered[: cell.treated], random.permutation(ordered[cell.treated :])])
        if cell.kind == "sampling":
            # What lasts is common to all; what comes anew each year is that of the small.
            drawn = np.sqrt(0.3) * drawn + random.standard_normal((n, t)) * np.sqrt(8 / population)[:, None]
        else:
            drawn = drawn * np.sqrt(0.2 + 5 / population)[:, None]
    return drawn, population


def panel(cell: Cell, random: np.random.Generator) -> Panel:
    """Draw one panel without effect: unit effects, a common trend, and the noise of the cell."""
    y, population = noise(cell, random)
    n, t = y.shape
    clusters = np.arange(n)
    start = np.where(np.arange(n) < cell.treated, cell.pre, t)
    periods = np.arange(t)
    if cell.kind == "cluster":
        # All the treated are in one département, and each département has its own shocks.
        clusters = np.arange(n) * _DEPARTEMENTS // n
        start = np.where(clusters == 0, cell.pre, t)
        y = y + random.standard_normal((_DEPARTEMENTS, t))[clusters]
    elif cell.kind == "staggered":
        start = np.where(np.arange(n) < cell.treated, cell.pre - 1 + np.arange(n) % 2 * 2, t)
    elif cell.kind == "trend":
        y = y + 0.25 * (start < t)[:, None] * (periods - cell.pre + 1)
    elif cell.kind == "anticipation":
        y = y + 1.0 * (start < t)[:, None] * (periods == cell.pre - 1)
    y = y + random.standard_normal((n, 1)) + 0.1 * periods
    if cell.kind == "counts":
        y = random.poisson(np.exp(0.5 * np.clip(y, -3, 3))).astype(float)
    elif cell.kind == "gaps":
        hidden = random.random(y.shape) < 0.08
        hidden[:, [0, cell.pre]] = False
        y = np.where(hidden, np.nan, y)
    elif cell.kind == "holes":
        # Half the cells of the treated are missing, and few of the others.
        hidden = random.random(y.shape) < np.where(start < t, 0.45, 0.05)[:, None]
        hidden[:, [0, 1, cell.pre]] = False
        y = np.where(hidden, np.nan, y)
    return Panel(
        units=tuple(f"COM-{i:05d}" for i in range(1, n + 1)),
        periods=tuple(str(2015 + k) for k in periods),
        times=periods.astype(float),
        outcome=y,
        start=start.astype(np.intp),
        treatment=(periods >= start[:, None]).astype(float),
        clusters=clusters.astype(np.intp),
        population=population if cell.known else None,
    )
