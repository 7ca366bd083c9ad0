"""One line of a partner's sheet: what its labels say, with the cells that were merged, and what its figures are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ctgeval.sources.cellbook import Sheet, cell_name
from ctgeval.sources.partner_head import Head

__all__ = ["LineOfSheet", "Merged"]


@dataclass(frozen=True, slots=True)
class Merged:
    """First cell of each block of merged cells, by place, and the blocks whose figure is that of several places."""

    first: Mapping[tuple[int, int], tuple[int, int]]
    blocks: Mapping[tuple[int, int], tuple[int, int, int, int]]

    @classmethod
    def of(cls, sheet: Sheet) -> Merged:
        """Return those of a sheet; none when its kind of file does not tell."""
        bottom = sheet.rows[-1][0] if sheet.rows else 0
        width = max((len(cells) for _, cells in sheet.rows), default=0)
        blocks = {(top, left): (top, left, low, right) for top, left, low, right in sheet.merged or ()}
        first = {
            (line, place): (top, left)
            for top, left, low, right in blocks.values()
            for line in range(top, min(low, bottom) + 1)
            for place in range(left, min(right, width) + 1)
        }
        return cls(first, blocks)


@dataclass(frozen=True, slots=True)
class LineOfSheet:
    """One line under a head."""

    sheet: Sheet
    line: int
    cells: Sequence[str]
    head: Head
    merged: Merged

    def cell(self, place: int) -> str:
        """Return the text at a place; empty beyond the last cell."""
        return self.cells[place] if place < len(self.cells) else ""

    def label(self, name: str) -> str:
        """Return what a column of the form says of the line; a cell that was merged says it of all its lines."""
        place = self.head.labels.get(name)
        if place is None:
            return ""
        line, first = self.merged.first.get((self.line, place), (self.line, place))
        if line == self.line:
            return self.cell(first).strip()
        if line <= self.head.line:
            return ""
        above = next(cells for number, cells in self.sheet.rows if number == line)
        return above[first].strip() if first < len(above) else ""

    def shared(self, place: int) -> str:
        """Return the block of merged cells that gives one figure to several places, if that of a cell does."""
        top, left, low, right = self.merged.blocks.get((self.line, place), (0, 0, 0, 0))
        spread = sum(left <= column <= right for column in self.head.periods)
        return f"{cell_name(top, left)}:{cell_name(low, right)}" if low > top or spread > 1 else ""
