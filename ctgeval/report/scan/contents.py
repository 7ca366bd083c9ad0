"""What a file says, whatever its format: pieces of text with their place, and tables with their headers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

__all__ = ["Content", "Grid", "Piece"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A text, as a reader or a machine finds it.

    Parameters
    ----------
    text : str
    where : str
        In French, for whoever must find it again.
    properties : bool
        Whether it is metadata rather than something that is read.
    prose : bool
        Whether its numbers mean something; those of a style sheet do not.
    """

    text: str
    where: str
    properties: bool = False
    prose: bool = True


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: what it is about, and its rows as text.

    Parameters
    ----------
    caption : str
    headings : tuple of str
        Those above it in the page, the nearest first.
    columns : tuple of str
        Headers; a header over several rows is one text.
    rows : tuple of tuple of str
        The first cell names the row.
    where : str
        In French.
    id : str
        Its identifier in the page.
    """

    caption: str
    headings: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    where: str
    id: str = ""


@dataclass(slots=True)
class Content:
    """All that a file says; ``unread`` tells what of it could not be read."""

    pieces: list[Piece] = field(default_factory=list)
    grids: list[Grid] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)

    def say(self, text: str, where: str, *, properties: bool = False, prose: bool = True) -> None:
        """Add a text, unless it is empty."""
        if text and not text.isspace():
            self.pieces.append(Piece(text.strip(), where, properties, prose))

    def add(
        self,
        rows: Iterable[Iterable[str]],
        where: str,
        *,
        caption: str = "",
        headings: tuple[str, ...] = (),
        id: str = "",
    ) -> None:
        """Add a table whose first row holds the headers, and what its cells say."""
        kept = [tuple(row) for row in rows]
        kept = [row for row in kept if any(row)]
        for row in kept:
            self.say(" | ".join(cell for cell in row if cell), where)
        if len(kept) > 1:
            self.grids.append(Grid(caption, headings, kept[0], tuple(kept[1:]), where, id))

    def join(self, other: Content, where: str) -> None:
        """Add what something embedded says."""
        self.pieces += [Piece(one.text, f"{where}, {one.where}", one.properties, one.prose) for one in other.pieces]
        self.grids += [
            Grid(one.caption, one.headings, one.columns, one.rows, f"{where}, {one.where}", one.id)
            for one in other.grids
        ]
        self.unread += [f"{where}, {one}" for one in other.unread]
