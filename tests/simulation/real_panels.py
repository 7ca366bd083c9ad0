"""Panels of real communes, among which an action that never happened is placed: reality's own dependence and sizes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ctgeval import sources
from ctgeval.impact import Panel
from tests.simulation.grid import Cell


@dataclass(frozen=True)
class Real:
    """A complete panel of communes: outcome of shape (N, T), populations of shape (N,)."""

    outcome: np.ndarray
    population: np.ndarray | None
    codes: tuple[str, ...]
    periods: tuple[str, ...]


def _complete(rows: pd.DataFrame) -> pd.DataFrame:
    wide = rows.pivot_table(index="geo", columns="time_period", values="value")
    return wide.dropna().sort_index()


def coverage(folder: Path) -> Real:
    """Coverage rates of early-childhood care of the Caf, communes of all five years."""
    table = sources.read(folder / "caf" / "txcouv_pe_com_2017_2021.csv", format="caf.taux_couverture").observations
    rows = table[table["measure"].eq("taux_couverture_global") & table["geo"].str.startswith("COM-")]
    wide = _complete(rows)
    return Real(wide.to_numpy(), None, tuple(wide.index), tuple(wide.columns))


def population(folder: Path) -> Real:
    """Logarithm (in hundredths) of municipal populations of eight censuses, in communes of 500 inhabitants and more."""
    path = folder / "population" / "population_communes_2006_2023.csv.gz"
    table = sources.read(path, format="insee.population").observations
    rows = table[table["measure"].eq("population_municipale") & table["geo"].str.startswith("COM-")]
    wide = _complete(rows).iloc[:, -8:]
    wide = wide[wide.min(axis=1) >= 500]
    known = wide.to_numpy()
    return Real(100 * np.log(known), known.mean(axis=1), tuple(wide.index), tuple(wide.columns))


def drawer(real: Real, *, known: bool) -> Callable[[Cell, np.random.Generator], Panel]:
    """Return what draws communes and gives some of them an action that never happened."""

    def draw(cell: Cell, random: np.random.Generator) -> Panel:
        chosen = np.sort(random.choice(len(real.codes), cell.units, replace=False))
        t = len(real.periods)
        start = np.full(cell.units, t, dtype=np.intp)
        start[random.permutation(cell.units)[: cell.treated]] = cell.pre
        return Panel(
            units=tuple(real.codes[i] for i in chosen),
            periods=real.periods,
            times=np.arange(t, dtype=float),
            outcome=real.outcome[chosen].copy(),
            start=start,
            treatment=(np.arange(t) >= start[:, None]).astype(float),
            clusters=np.arange(cell.units, dtype=np.intp),
            population=real.population[chosen].copy() if known and real.population is not None else None,
        )

    return draw
