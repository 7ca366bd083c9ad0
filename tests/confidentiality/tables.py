"""Tables to protect: drawn at random, or typed from a publication, with their margins."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ctgeval.confidentiality import contingency
from ctgeval.confidentiality.equations import System

TOTAL = "Ensemble"
Key = tuple[str, str]


@dataclass(frozen=True)
class Table:
    """Counts by row and column, totals included."""

    counts: Mapping[Key, float]
    margins: Mapping[str, Mapping[str, Sequence[str]]]
    threshold: float = 5.0

    @property
    def small(self) -> list[Key]:
        """Cells that may not be shown."""
        return [key for key, value in self.counts.items() if 0 < value < self.threshold]

    def frame(self, **columns: Mapping[Key, float]) -> pd.DataFrame:
        rows = [
            {
                "geo": geo,
                "colonne": name,
                "value": value,
                **{c: told.get((geo, name), np.nan) for c, told in columns.items()},
            }
            for (geo, name), value in self.counts.items()
        ]
        return pd.DataFrame(rows)

    def system(self, *, weight: float | None = None, whole_numbers: bool = True) -> System:
        columns = {} if weight is None else {"weight": dict.fromkeys(self.counts, weight)}
        required = dict.fromkeys(self.small, self.threshold)
        return contingency.system_of(
            self.frame(**columns), self.margins, required=required, whole_numbers=whole_numbers
        )

    def printed(self, hidden: Collection[Any]) -> dict[Key, float | None]:
        return {key: None if key in hidden else value for key, value in self.counts.items()}


def with_margins(
    body: Sequence[Sequence[float]],
    *,
    groups: Sequence[int] = (),
    threshold: float = 5.0,
    rows: Iterable[int] | None = None,
    columns: Iterable[int] | None = None,
) -> Table:
    """Return a table of counts with its totals; ``groups`` gives for each row the number of its group."""
    a = np.asarray(body, dtype=float)
    row_order = list(range(a.shape[0]) if rows is None else rows)
    column_order = list(range(a.shape[1]) if columns is None else columns)
    lines = {f"r{row:02d}": [row] for row in row_order}
    geo: dict[str, list[str]] = {}
    for group in sorted(set(groups)):
        inside = [row for row in row_order if groups[row] == group]
        lines[f"g{group}"] = inside
        geo[f"g{group}"] = [f"r{row:02d}" for row in inside]
    geo[TOTAL] = [f"g{group}" for group in sorted(set(groups))] or [f"r{row:02d}" for row in row_order]
    lines[TOTAL] = row_order
    fields = {f"c{column}": [column] for column in column_order} | {TOTAL: column_order}
    counts = {
        (line, name): float(a[np.ix_(inside, own)].sum())
        for line, inside in lines.items()
        for name, own in fields.items()
    }
    return Table(counts, {"geo": geo, "colonne": {TOTAL: [f"c{column}" for column in column_order]}}, threshold)


def drawn(seed: int, *, rows: int = 0, columns: int = 0) -> Table:
    """Draw a table: zeros, singletons, ties and small or great rows are all common."""
    draw = np.random.default_rng(seed)
    n_rows = rows or int(draw.choice([3, 4, 5, 6, 8, 12, 20, 36], p=[0.3, 0.24, 0.18, 0.12, 0.1, 0.04, 0.01, 0.01]))
    n_columns = columns or int(draw.choice([3, 4, 5, 6, 8], p=[0.4, 0.25, 0.2, 0.1, 0.05]))
    kind = draw.integers(4)
    if kind == 0:
        body = draw.poisson(draw.gamma(0.6, 15, (n_rows, n_columns)) * draw.gamma(1.0, 1.0, (n_rows, 1)))
    elif kind == 1:
        body = draw.integers(0, 8, (n_rows, n_columns))
    elif kind == 2:
        body = draw.choice([0, 0, 1, 1, 1, 2, 9, 30], (n_rows, n_columns))
    else:
        body = draw.poisson(np.exp(draw.normal(1.5, 1.5, (n_rows, n_columns))))
    n_groups = int(draw.integers(2, 4)) if n_rows >= 6 and draw.random() < 0.6 else 0
    groups = (np.arange(n_rows) * n_groups // n_rows).tolist() if n_groups else []
    return with_margins(body.tolist(), groups=groups, threshold=float(draw.choice([3, 5, 5, 11])))


def names(system: System, hidden: Any) -> set[Key]:
    """Return the keys that a mask hides."""
    return {system.keys[at][:2] for at in np.flatnonzero(hidden)}
