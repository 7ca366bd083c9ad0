"""Where a described table is inside a sheet: its header over one or several lines, its rows, its footer.

Everything between the header and the footer is a row of the table: those that the description leaves out (totals,
repeated headers) are counted among the rejected ones, with the reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np

from ctgeval.errors import SourceError, suggestion
from ctgeval.french import fold
from ctgeval.sources.cellbook import Book, Figure, Sheet, cell_name
from ctgeval.sources.description import Condition, Description
from ctgeval.sources.table import SET_ASIDE
from ctgeval.sources.text import Grid, is_tail, loose
from ctgeval.sources.tidy import Rejections

__all__ = ["JOINT", "Layout", "lay"]

JOINT = " / "
_SHOWN = 12


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """A table found in a sheet.

    Parameters
    ----------
    rejections : Rejections
        Its grid of named columns, and the rows already left out.
    parts : dict of str to tuple of str
        For each column, what each line of the header says of it, merged cells filled.
    places : dict of str to int
        Place of each column in the sheet, from 0.
    twice : frozenset of str
        Names that several columns bear: they can't be used.
    row : int
        Last line of the header.
    """

    rejections: Rejections
    parts: dict[str, tuple[str, ...]]
    places: dict[str, int]
    twice: frozenset[str]
    row: int

    @property
    def grid(self) -> Grid:
        """The columns."""
        return self.rejections.grid

    def column(self, name: str) -> str:
        """Return the header of a column that the description names, accents, case and a leading ``#`` aside.

        Raises
        ------
        SourceError
            When no column has that name, or two have it.
        """
        if name in self.places:
            found = name
        else:
            folded = {_loose(header): header for header in self.places}
            found = folded.get(_loose(name), "")
        if not found:
            near = suggestion(name, self.places)
            shown = ", ".join(list(self.places)[:_SHOWN]) + ("…" if len(self.places) > _SHOWN else "")
            raise SourceError(
                f"Il manque la colonne « {name} ».",
                remedy=near or f"Colonnes trouvées : {shown}. Vérifiez « entete » et le nom de la colonne.",
                file=self.grid.file,
                sheet=self.grid.sheet,
                row=self.row,
                column=name,
            )
        self._refuse_twice(found)
        return found

    def matching(self, pattern: str) -> list[str]:
        """Return the columns whose header a pattern describes (``*`` stands for any characters), at least one.

        Raises
        ------
        SourceError
            When there is none, or when two columns have the same name.
        """
        if "*" not in pattern or pattern in self.places:
            return [self.column(pattern)]
        found = [header for header in self.places if fnmatchcase(_loose(header), _loose(pattern))]
        if not found:
            return [self.column(pattern)]
        for header in found:
            self._refuse_twice(header)
        return found

    def cells(self, column: str) -> Sequence[str]:
        """Return the cells of a column."""
        return self.grid.columns[column]

    def _refuse_twice(self, header: str) -> None:
        if _loose(header) in self.twice:
            raise SourceError(
                f"Plusieurs colonnes s’appellent « {header} » : on ne sait laquelle lire.",
                remedy="Donnez un nom différent à chacune, ou déclarez les deux lignes de l’en-tête dans « entete ».",
                file=self.grid.file,
                sheet=self.grid.sheet,
                row=self.row,
                column=header,
            )


def lay(book: Book, sheet: Sheet, description: Description) -> Layout:
    """Find a described table in a sheet.

    Parameters
    ----------
    book, sheet : Book, Sheet
        The file.
    description : Description
        What the dossier says of it.

    Raises
    ------
    SourceError
        When the header is not where it is said to be, when there is no row under it, or a quote is not closed.
    """
    lines = dict(sheet.rows)
    header = description.header or ((sheet.rows[0][0],) if sheet.rows else (1,))
    absent = [line for line in header if line not in lines]
    if absent:
        raise SourceError(
            f"La ligne {absent[0]} est vide ou n’existe pas : l’en-tête ne peut pas y être.",
            remedy="Corrigez « entete » : le numéro de ligne que le tableur affiche, ou [4, 5] pour deux lignes.",
            file=book.file,
            sheet=sheet.name,
            row=absent[0],
            key="entete",
        )
    width = max(len(lines[line]) for line in header)
    heads = [_padded([_squeezed(cell) for cell in lines[line]], width) for line in header]
    filled, carried = _filled(heads, header, sheet)
    body, notes = _body(sheet, header[-1], description.end)
    if not body:
        raise SourceError(
            "Le tableau n’a aucune ligne de données sous son en-tête.",
            remedy="Vérifiez « entete » et « fin », ou téléchargez le fichier de nouveau.",
            file=book.file,
            sheet=sheet.name,
            row=header[-1],
        )
    kept, ragged = _squared(book, sheet, body, width)
    names = _names(heads, filled, kept, notes)
    if carried:
        notes.append("Cellules d’en-tête vides lues comme la suite de celle qui les précède (cellules fusionnées).")
    twice = frozenset(name for name, count in Counter(_loose(one) for one in names.values()).items() if count > 1)
    columns = list(zip(*(cells for _, cells in kept), strict=True)) if kept else [()] * width
    places: dict[str, int] = {}
    for place, name in names.items():
        places.setdefault(name, place)
    grid = Grid(
        file=book.file,
        header=tuple(names.values()),
        width=width,
        columns={
            name: [cell if cell.__class__ is Figure else cell.strip() for cell in columns[place]]
            for name, place in places.items()
        },
        lines=[line for line, _ in kept],
        ragged=ragged,
        n_rows=len(kept) + len(ragged),
        encoding=book.encoding,
        separator=book.separator,
        sha256=book.sha256,
        notes=tuple(notes),
        sheet=sheet.name,
    )
    layout = Layout(
        rejections=Rejections(grid),
        parts={name: tuple(line[place] for line in filled) for name, place in places.items()},
        places=places,
        twice=twice,
        row=header[-1],
    )
    _set_aside(layout, heads, names, description)
    return layout


def _filled(heads: list[list[str]], header: Sequence[int], sheet: Sheet) -> tuple[list[list[str]], bool]:
    """Give each column what the merged cells above it say; tell whether it had to be guessed from empty cells."""
    if len(heads) == 1:
        return heads, False
    filled = [list(line) for line in heads]
    merged = [
        (rank, first, last)
        for top, first, _, last in sheet.merged or ()
        for rank, line in enumerate(header)
        if line == top and last > first
    ]
    if merged:
        for rank, first, last in merged:
            for place in range(first, min(last + 1, len(filled[rank]))):
                filled[rank][place] = heads[rank][first]
        return filled, False
    carried = False
    for line in filled[:-1]:
        last_seen = ""
        for place, cell in enumerate(line):
            last_seen = cell or last_seen
            carried |= bool(last_seen and not cell)
            line[place] = last_seen
    return filled, carried


def _names(
    heads: list[list[str]], filled: list[list[str]], kept: list[tuple[int, list[str]]], notes: list[str]
) -> dict[int, str]:
    """Name each column after the lines of its header; one that has none of its own is named after its place."""
    names: dict[int, str] = {}
    unnamed: list[str] = []
    for place in range(len(heads[0])):
        if any(line[place] for line in heads):
            below = [rank for rank, line in enumerate(heads) if line[place]][-1]
            parts = [line[place] for line in filled[: below + 1] if line[place]]
            names[place] = JOINT.join(dict.fromkeys(parts))
        elif any(cells[place].strip() for _, cells in kept):
            names[place] = f"Colonne {cell_name(0, place)}"
            unnamed.append(names[place])
    if unnamed:
        some = ", ".join(unnamed[:3]) + ("…" if len(unnamed) > 3 else "")
        notes.append(f"Colonnes sans nom, appelées d’après leur place : {some}.")
    return names


def _body(sheet: Sheet, after: int, end: str | int) -> tuple[list[tuple[int, list[str]]], list[str]]:
    rows = [(line, cells) for line, cells in sheet.rows if line > after]
    notes = [f"Lignes entièrement vides, non comptées : {sheet.blank}."] if sheet.blank else []
    if isinstance(end, int):
        return [(line, cells) for line, cells in rows if line <= end], notes
    if not end:
        return rows, notes
    wanted = fold(end)
    for rank, (_, cells) in enumerate(rows):
        if fold(next((cell.strip() for cell in cells if cell.strip()), "")).startswith(wanted):
            return rows[:rank], notes
    return rows, [*notes, f"Aucune ligne ne commence par « {end} » : le tableau est lu jusqu’à la fin."]


def _squared(
    book: Book, sheet: Sheet, body: list[tuple[int, list[str]]], width: int
) -> tuple[list[tuple[int, list[str]]], tuple[tuple[int, int, str], ...]]:
    """Keep the rows that have as many cells as the header; only those of a CSV may have too few."""
    kept: list[tuple[int, list[str]]] = []
    ragged: list[tuple[int, int, str]] = []
    for line, cells in body:
        if len(cells) == width:
            kept.append((line, cells))
        elif len(cells) > width and is_tail(cells[width:], book.separator):
            kept.append((line, cells[:width]))
        elif book.is_workbook and len(cells) < width:
            kept.append((line, _padded(cells, width)))
        else:
            if any("\n" in cell for cell in cells):
                raise SourceError(
                    "Un guillemet ouvert n’est pas refermé : la suite du fichier ne se découpe plus.",
                    remedy="Corrigez ou retirez ce guillemet dans le fichier.",
                    file=book.file,
                    sheet=sheet.name,
                    row=line,
                )
            ragged.append((line, len(cells), (book.separator or " ").join(cells)[:60]))
    return kept, tuple(ragged)


def _set_aside(layout: Layout, heads: list[list[str]], names: dict[int, str], description: Description) -> None:
    rejections, grid = layout.rejections, layout.grid
    titles = [[line[place] for place in names] for line in heads]
    first = next(iter(names.values()), "")
    if len(set(names.values())) == len(names) and any(any(title) for title in titles):
        columns = [grid.columns[name] for name in names.values()]
        starts = {title[0] for title in titles}
        for place, cell in enumerate(columns[0]):
            if _squeezed(cell) in starts and [_squeezed(column[place]) for column in columns] in titles:
                rejections.add(place, first, f"{SET_ASIDE} (l’en-tête est répété).")
    for condition in description.ignore:
        _leave(layout, condition, meant=True)
    for condition in description.keep:
        _leave(layout, condition, meant=False)


def _leave(layout: Layout, condition: Condition, *, meant: bool) -> None:
    column = layout.column(condition.column)
    wanted = {fold(value) for value in condition.values}
    start = fold(condition.start)

    def chosen(cell: str) -> bool:
        folded = fold(cell)
        return folded in wanted or (not folded and condition.empty) or bool(start and folded.startswith(start))

    known = {cell: chosen(cell) for cell in set(layout.cells(column))}
    for place in np.flatnonzero([known[cell] is meant for cell in layout.cells(column)]).tolist():
        if not layout.rejections.bad[place]:
            why = "demandé par « ignorer »" if meant else "non demandé par « garder »"
            layout.rejections.add(place, column, f"{SET_ASIDE} ({why}).")


def _padded(cells: list[str], width: int) -> list[str]:
    return cells if len(cells) == width else [*cells, *[""] * (width - len(cells))]


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def _loose(name: str) -> str:
    return loose(name).lstrip("# ")
