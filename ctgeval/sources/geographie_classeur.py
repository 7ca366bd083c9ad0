"""Find the table of a geography in a workbook: Insee and DGCL publish theirs under titles, on one sheet of several."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ctgeval.errors import SourceError
from ctgeval.french import fold
from ctgeval.sources import personal_data
from ctgeval.sources.cellbook import Book, Sheet
from ctgeval.sources.files import is_workbook
from ctgeval.sources.opening import open_grid
from ctgeval.sources.sheets import read_book
from ctgeval.sources.table import Options
from ctgeval.sources.text import Grid

__all__ = ["open_table"]

_HEAD_LINES = 40
_OTHERS = frozenset({".xls", ".ods"})


def open_table(path: Path, options: Options, *groups: Sequence[str]) -> Grid:
    """Return the cells of a CSV, or of the sheet of a workbook that has the columns wanted.

    Parameters
    ----------
    path : Path
        CSV, compressed or not, XLSX, XLS or ODS.
    options : Options
        What the dossier says of it.
    *groups : sequence of str
        Names that each column wanted may bear.

    Raises
    ------
    AmbiguousSource
        When the encoding or the separator of a CSV can be read in two ways.
    SourceError
        When the file can't be read, or no sheet has these columns.
    PersonalDataFound
        When a column holds data about persons.
    """
    if not is_workbook(path) and path.suffix.lower() not in _OTHERS:
        return open_grid(path, options)
    book = read_book(path)
    for sheet in book.sheets:
        for rank, (_, cells) in enumerate(sheet.rows[:_HEAD_LINES]):
            known = {_loose(cell) for cell in cells}
            if all(known & {_loose(name) for name in names} for names in groups):
                grid = _grid(book, sheet, rank)
                return grid.noted(*personal_data.require_none(grid.columns, file=grid.file, admitted=options.admitted))
    wanted = " et ".join(f"« {names[0]} »" for names in groups)
    raise SourceError(
        f"Aucune feuille de ce classeur n’a les colonnes {wanted} dans ses {_HEAD_LINES} premières lignes.",
        remedy=f"Feuilles trouvées : {', '.join(book.names)}. Vérifiez le fichier, ou le format déclaré.",
        file=book.file,
        column=groups[0][0],
    )


def _loose(name: str) -> str:
    return " ".join(fold(name).replace("_", " ").replace("-", " ").split())


def _grid(book: Book, sheet: Sheet, rank: int) -> Grid:
    header = [cell.strip() for cell in sheet.rows[rank][1]]
    width = max((place + 1 for place, name in enumerate(header) if name), default=0)
    kept: list[list[str]] = []
    lines: list[int] = []
    ragged: list[tuple[int, int, str]] = []
    for line, cells in sheet.rows[rank + 1 :]:
        if any(cell.strip() for cell in cells[width:]):
            ragged.append((line, len(cells), ";".join(cells)[:60]))
        else:
            kept.append([cell.strip() for cell in cells[:width]] + [""] * (width - len(cells)))
            lines.append(line)
    columns = list(zip(*kept, strict=True)) if kept else [()] * width
    named = {name: columns[place] for place, name in reversed(list(enumerate(header[:width]))) if name}
    names = tuple(name for name in dict.fromkeys(header) if name)
    return Grid(
        file=book.file,
        header=names,
        width=width,
        columns={name: named[name] for name in names},
        lines=lines,
        ragged=tuple(ragged),
        n_rows=len(lines) + len(ragged),
        encoding=book.encoding,
        separator=book.separator,
        sha256=book.sha256,
        notes=(*book.notes, f"Feuille lue : « {sheet.name} », en-tête en ligne {sheet.rows[rank][0]}."),
        sheet=sheet.name,
    )
