"""The faults found in a file while it is read: which rows give nothing, and why."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctgeval.sources.table import REJECTED_COLUMNS
from ctgeval.sources.text import Grid

__all__ = ["Rejections", "Texts"]

Texts = npt.NDArray[np.object_]
_TEXT = pd.StringDtype(na_value=np.nan)


@dataclass(slots=True)
class Rejections:
    """The faults found in a grid, gathered while it is read.

    Parameters
    ----------
    grid : Grid
        The file.
    where : ndarray of str, shape (n,), or None
        Prefixed code of the territory of each row, empty where it is unknown; set by the reader once it knows it.
    """

    grid: Grid
    where: Texts | None = None
    found: list[tuple[int, str, str, str]] = field(default_factory=list)
    bad: npt.NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        self.bad = np.zeros(len(self.grid.lines), dtype=bool)
        for line, cells, start in self.grid.ragged:
            reason = f"La ligne compte {cells} cellules, l’en-tête en compte {self.grid.width}."
            self.found.append((line, "", start, reason))

    def add(self, place: int, column: str, reason: str) -> None:
        """Reject the row at a place of the grid, for what it has in a column."""
        value = str(self.grid.columns[column][place]).strip() if column else ""
        self.found.append((int(self.grid.lines[place]), column, value, reason))
        self.bad[place] = True

    def add_all(self, wrong: npt.NDArray[np.bool_], column: str, reason: str | Texts) -> None:
        """Reject the rows of a mask, for the same reason, or each for its own (an array of one reason a row)."""
        places = np.flatnonzero(wrong).tolist()
        if not places:
            return
        lines, cells = self.grid.lines, self.grid.columns[column] if column else None
        reasons = [reason] * len(places) if isinstance(reason, str) else reason[places].tolist()
        values = [""] * len(places) if cells is None else [str(cells[place]).strip() for place in places]
        self.found.extend(
            zip([int(lines[place]) for place in places], [column] * len(places), values, reasons, strict=True)
        )
        self.bad[places] = True

    def frame(self) -> pd.DataFrame:
        """Return the faults as a table, by line of the file."""
        # A column may hold two measures, and a cell two faults: the first that was found is told.
        first: dict[tuple[int, str], tuple[int, str, str, str]] = {}
        for fault in self.found:
            first.setdefault(fault[:2], fault)
        rows = [first[place] for place in sorted(first)]
        table = pd.DataFrame(rows, columns=["row", "column", "value", "reason"])
        told = {} if self.where is None else dict(zip(map(int, self.grid.lines), self.where.tolist(), strict=True))
        geos = [told.get(row) or "" for row in table["row"].tolist()]
        return pd.DataFrame(
            {
                "file": pd.Series(self.grid.file, index=table.index, dtype=_TEXT),
                "sheet": pd.Series(self.grid.sheet, index=table.index, dtype=_TEXT),
                "row": table["row"].astype("int64"),
                **{name: table[name].astype(_TEXT) for name in ("column", "value", "reason")},
                "geo": pd.Series(geos, index=table.index, dtype=_TEXT),
            },
            columns=list(REJECTED_COLUMNS),
        )
