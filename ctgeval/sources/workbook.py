"""Read a dossier's own tables, from CSV files or from the sheets of one workbook ``suivi.xlsx``.

The coordinator's tables are described by a `TableSchema`; `read_tables` gives each one typed, with every cell that
can't be used told by its place (``B12``), and `write_workbook` makes the empty workbook to fill in.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from ctgeval.errors import PersonalDataFound, Problem, SourceError, suggestion
from ctgeval.french import fold
from ctgeval.sources import personal_data
from ctgeval.sources.archive import check_archive
from ctgeval.sources.dialect import separator_of
from ctgeval.sources.extent import check_extent
from ctgeval.sources.files import RawFile, read_raw, stored
from ctgeval.sources.schema import NUMERIC, Column, Kind, Table, TableSchema
from ctgeval.sources.template import write_workbook
from ctgeval.sources.text import decode
from ctgeval.sources.typed import Cell, Fault, blank, convert, shown
from ctgeval.sources.uncached import silent_cells

__all__ = ["WORKBOOK", "Column", "Kind", "Table", "TableSchema", "read_tables", "write_workbook"]

WORKBOOK = "suivi.xlsx"
_SUBFOLDERS = ("", "tables")
_HEADER_ROWS = 10
_TEXT = pd.StringDtype(na_value=np.nan)


@dataclass(frozen=True, slots=True)
class _Sheet:
    """Rows of cells of one table, with their place: ``rows`` pairs a line number with its cells."""

    file: str
    sheet: str
    rows: list[tuple[int, list[object]]]
    silent: Mapping[str, str] = field(default_factory=dict)

    def place(self, row: int, column: int) -> str:
        """Return the name of a cell: ``B12``."""
        return f"{_letters(column)}{row}"

    def problem(
        self, message: str, remedy: str, *, row: int | None = None, column: str = "", value: str = ""
    ) -> Problem:
        """Return a problem with this place."""
        return Problem(
            message=message, remedy=remedy, file=self.file, sheet=self.sheet, row=row, column=column, value=value[:80]
        )

    def origin(self, row: int) -> str:
        """Return where a row is, as the observations tell it."""
        return "!".join(part for part in (self.file, self.sheet, str(row)) if part)


def read_tables(folder: Path, schemas: Mapping[str, TableSchema] | Iterable[TableSchema]) -> dict[str, Table]:
    """Read all the tables of a dossier, whatever is wrong in them.

    Each one is a sheet of ``suivi.xlsx`` or a file ``<name>.csv``, in the folder or in its subfolder ``tables``; both
    filled for the same table is a problem, since nothing says which one is right.

    Parameters
    ----------
    folder : Path
        The dossier.
    schemas : mapping or iterable of TableSchema
        Tables to look for.

    Returns
    -------
    dict of str to Table
        One for each schema, in their order; without any row when the dossier has no such table. A workbook that
        can't be opened is told once, by the first table.
    """
    wanted = list(schemas.values() if isinstance(schemas, Mapping) else schemas)
    sheets, trouble = _workbook_sheets(folder, wanted)
    tables: dict[str, Table] = {}
    for schema in wanted:
        found, faults = _csv_sheets(folder, schema)
        if schema.name in sheets:
            found.insert(0, sheets[schema.name])
        read = _table(schema, found, faults)
        tables[schema.name] = replace(read, problems=(*trouble, *read.problems))
        trouble = []
    return tables


def _table(schema: TableSchema, found: Sequence[_Sheet], faults: Sequence[Problem]) -> Table:
    persons = [problem for sheet in found for problem in _persons(sheet)]
    if persons:
        # Nothing of it may go on to a table, a cache or a report.
        return Table(schema.name, _frame(schema, [], []), (*faults, *persons), found[0].file, len(found[0].rows) - 1)
    read = _read(schema, found, faults)
    return read if schema.essential else replace(read, problems=tuple(map(_partial, read.problems)))


def _read(schema: TableSchema, found: Sequence[_Sheet], faults: Sequence[Problem]) -> Table:
    filled = [sheet for sheet in found if len(sheet.rows) > 1]
    problems = list(faults)
    if len(filled) > 1:
        names = " et ".join(_named(sheet) for sheet in filled)
        problems.append(
            Problem(
                message=f"La table « {schema.name} » est remplie à deux endroits : {names}. Aucun des deux n’est lu.",
                remedy="Gardez un seul des deux, et videz ou retirez l’autre.",
                file=filled[1].file,
                sheet=filled[1].sheet,
            )
        )
        return Table(schema.name, _frame(schema, [], []), tuple(problems), filled[0].file, 0, unread=True)
    chosen = filled or list(found)
    if not chosen:
        return Table(schema.name, _frame(schema, [], []), tuple(problems), "", 0, unread=bool(problems))
    return _typed(schema, chosen[0], problems)


def _persons(sheet: _Sheet) -> list[Problem]:
    """Return a problem for each column that tells of persons, those that no table knows included."""
    start = max(range(min(len(sheet.rows), _HEADER_ROWS)), key=lambda rank: _filled_cells(sheet.rows[rank]), default=0)
    width = max((len(cells) for _, cells in sheet.rows), default=0)
    columns: dict[str, list[str]] = {}
    for place in range(width):
        cells = [
            shown(row[place]) if place < len(row) and not blank(row[place]) else "" for _, row in sheet.rows[start:]
        ]
        if any(cells):
            columns[f"{cells[0]} ({_letters(place)})" if cells[0] else _letters(place)] = cells[1:]
    try:
        personal_data.require_none(columns, file=sheet.file)
    except PersonalDataFound as error:
        remedy = "Retirez ces données de la table : elle ne contient que des totaux, et ne nomme personne."
        return [replace(problem, sheet=sheet.sheet, remedy=remedy) for problem in error.problems]
    return []


def _filled_cells(row: tuple[int, list[object]]) -> int:
    return sum(not blank(cell) for cell in row[1])


def _typed(schema: TableSchema, sheet: _Sheet, problems: list[Problem]) -> Table:
    rows, columns, width = _header(schema, sheet, problems)
    if columns is None:
        return Table(schema.name, _frame(schema, [], []), tuple(problems), sheet.file, len(rows), unread=bool(rows))
    kept: list[dict[str, Cell]] = []
    origins: list[str] = []
    seen: dict[tuple[object, ...], int] = {}
    for line, cells in rows:
        values, faults = _row(schema, sheet, line, cells, columns)
        faults.extend(_overflow(sheet, line, cells, width))
        if not faults and schema.key:
            key = tuple(values[name].value if name in values else "" for name in schema.key)
            if key in seen:
                what = ", ".join(f"{name} {shown(values[name].value)}" for name in schema.key if name in values)
                faults = [
                    sheet.problem(
                        f"La ligne répète la ligne {seen[key]} ({what}).",
                        "Gardez une seule des deux lignes ; si elles parlent de deux choses, donnez à l’une un autre "
                        "identifiant ou une autre date.",
                        row=line,
                        column=schema.key[0],
                        value=shown(values[schema.key[0]].value) if schema.key[0] in values else "",
                    )
                ]
            seen.setdefault(key, line)
        problems.extend(faults)
        if not faults:
            kept.append(values)
            origins.append(sheet.origin(line))
    problems.extend(_small_percentages(schema, sheet, kept))
    return Table(schema.name, _frame(schema, kept, origins), tuple(problems), sheet.file, len(rows))


def _header(
    schema: TableSchema, sheet: _Sheet, problems: list[Problem]
) -> tuple[list[tuple[int, list[object]]], dict[str, int] | None, int]:
    """Return the rows under the header, the place of each column (None when it can't be used) and its width."""
    names = {_loose(column.name): column.name for column in schema.columns}
    scores = [
        sum(_loose(shown(cell)) in names for cell in cells if not blank(cell)) for _, cells in sheet.rows[:_HEADER_ROWS]
    ]
    best = max(scores, default=0)
    start = scores.index(best) if best else 0
    rows = sheet.rows[start + 1 :]
    if not sheet.rows:
        return [], {}, 0
    line, header = sheet.rows[start]
    columns: dict[str, int] = {}
    usable = True
    for place, cell in enumerate(header):
        if blank(cell):
            _tell_unnamed(sheet, rows, place, line, problems)
            continue
        text = shown(cell)
        name = names.get(_loose(text))
        if name is None:
            hint = suggestion(_loose(text), names) or "Renommez-la comme dans le modèle, ou ignorez cet avertissement."
            message = f"La colonne « {text} » n’est pas connue de la table « {schema.name} » : elle n’est pas lue."
            told = sheet.problem(message, hint, row=line, column=text)
            problems.append(_warning(told))
        elif name in columns:
            message = f"La colonne « {name} » figure deux fois : on ne sait laquelle lire."
            problems.append(sheet.problem(message, "Gardez une seule colonne de ce nom.", row=line, column=name))
            usable = False
        else:
            columns[name] = place
    for column in schema.columns:
        if column.required and column.name not in columns:
            near = suggestion(_loose(column.name), [_loose(shown(cell)) for cell in header if not blank(cell)])
            message = f"Il manque la colonne « {column.name} » à la table « {schema.name} »."
            problems.append(
                sheet.problem(message, near or "Ajoutez-la, ou repartez du modèle.", row=line, column=column.name)
            )
            usable = False
    return rows, columns if usable else None, len(header)


def _row(
    schema: TableSchema, sheet: _Sheet, line: int, cells: list[object], columns: Mapping[str, int]
) -> tuple[dict[str, Cell], list[Problem]]:
    values: dict[str, Cell] = {}
    faults: list[Problem] = []
    for column in schema.columns:
        place = columns.get(column.name)
        if place is None:
            continue
        raw = cells[place] if place < len(cells) else None
        name = sheet.place(line, place)
        if name in sheet.silent:
            message = f"Cellule {name} : {_lower(sheet.silent[name])}"
            remedy = "Ouvrez le classeur dans un tableur, enregistrez-le, ou tapez la valeur à la place de la formule."
            faults.append(sheet.problem(message, remedy, row=line, column=column.name))
        elif blank(raw):
            if column.required:
                message = f"Cellule {name} : « {column.name} » est obligatoire et la cellule est vide."
                remedy = "Remplissez la cellule" + (", ou écrivez « nd »." if column.measured else ".")
                faults.append(sheet.problem(message, remedy, row=line, column=column.name))
        else:
            read = convert(raw, column)
            if isinstance(read, Fault):
                message = f"Cellule {name} : {_lower(read.message)}"
                faults.append(sheet.problem(message, read.remedy, row=line, column=column.name, value=shown(raw)))
            else:
                values[column.name] = read
    return values, faults


def _overflow(sheet: _Sheet, line: int, cells: list[object], width: int) -> list[Problem]:
    """Tell a CSV row that has more cells than the header: an unquoted separator shifted them."""
    if not any(not blank(cell) for cell in cells[width:]):
        return []
    return [
        sheet.problem(
            f"La ligne compte {len(cells)} cellules, l’en-tête en compte {width}.",
            "Mettez entre guillemets le texte qui contient le séparateur.",
            row=line,
        )
    ]


def _tell_unnamed(
    sheet: _Sheet, rows: list[tuple[int, list[object]]], place: int, line: int, problems: list[Problem]
) -> None:
    filled = [number for number, cells in rows if place < len(cells) and not blank(cells[place])]
    if filled:
        message = f"La colonne {_letters(place)} n’a pas de nom : ses {len(filled)} cellules ne sont pas lues."
        problems.append(_warning(sheet.problem(message, "Donnez-lui un nom du modèle, ou videz-la.", row=line)))


def _small_percentages(schema: TableSchema, sheet: _Sheet, kept: Sequence[Mapping[str, Cell]]) -> list[Problem]:
    """Warn of a column of percentages that a spreadsheet holds as fractions (0.4 shown as 40 %)."""
    told: list[Problem] = []
    for column in schema.columns:
        values = [float(row[column.name].value) for row in kept if column.name in row and column.kind == "pourcentage"]
        if sheet.sheet and any(0 < value < 1 for value in values) and max(values) <= 1:
            message = (
                f"Toutes les valeurs de « {column.name} » sont entre 0 et 1 : des fractions, ou de vrais pourcentages ?"
            )
            remedy = "Tapez 40 pour 40 %, et mettez la colonne au format « Nombre »."
            told.append(_warning(sheet.problem(message, remedy, column=column.name)))
    return told


def _frame(schema: TableSchema, rows: Sequence[Mapping[str, Cell]], origins: Sequence[str]) -> pd.DataFrame:
    data: dict[str, pd.Series[float] | pd.Series[str]] = {}
    for column in schema.columns:
        cells = [row.get(column.name) for row in rows]
        numeric = column.kind in NUMERIC
        missing: float | None = np.nan if numeric else None
        data[column.name] = pd.Series(
            [missing if cell is None else cell.value for cell in cells], dtype="float64" if numeric else _TEXT
        )
        if column.measured:
            low, high, status = column.derived
            data[low] = pd.Series([np.nan if cell is None else cell.low for cell in cells], dtype="float64")
            data[high] = pd.Series([np.nan if cell is None else cell.high for cell in cells], dtype="float64")
            data[status] = pd.Series(["M" if cell is None else cell.status for cell in cells], dtype=_TEXT)
    data["origin"] = pd.Series(list(origins), dtype=_TEXT)
    return pd.DataFrame(data)


def _workbook_sheets(folder: Path, schemas: Sequence[TableSchema]) -> tuple[dict[str, _Sheet], list[Problem]]:
    paths = [folder / part / WORKBOOK for part in _SUBFOLDERS if (folder / part / WORKBOOK).exists()]
    if not paths:
        return {}, []
    problems: list[Problem] = []
    if len(paths) > 1:
        problems.append(
            Problem(
                message=f"Le dossier contient deux classeurs « {WORKBOOK} » : seul celui de la racine est lu.",
                remedy="Gardez un seul classeur.",
                file=f"tables/{WORKBOOK}",
            )
        )
    try:
        sheets = _open(paths[0])
    except SourceError as error:
        return {}, [*error.problems, *problems]
    known = {_loose(schema.name): schema.name for schema in schemas}
    found = {known[_loose(name)]: sheet for name, sheet in sheets.items() if _loose(name) in known}
    missing = [name for name in known.values() if name not in found]
    for name, sheet in sheets.items():
        if _loose(name) not in known and (hint := suggestion(_loose(name), missing)):
            message = f"La feuille « {name} » n’est pas connue : elle n’est pas lue."
            problems.append(_warning(sheet.problem(message, hint)))
    return found, problems


def _open(path: Path) -> dict[str, _Sheet]:
    from python_calamine import CalamineError, CalamineWorkbook

    data = stored(path)
    if not data:
        raise SourceError("Le classeur est vide.", remedy="Repartez du modèle.", file=path.name)
    check_archive(data, path.name)
    check_extent(data, path.name, "xlsx")
    silent = silent_cells(data, path.name)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        cells = {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in silent}
    except (CalamineError, ValueError) as error:
        raise SourceError(
            "Le classeur ne se lit pas.",
            remedy="Ouvrez-le dans un tableur, enregistrez-le de nouveau au format .xlsx, puis recommencez.",
            file=path.name,
        ) from error
    return {
        name: _Sheet(
            path.name,
            name,
            _filled([(line, [*row]) for line, row in enumerate(rows, start=1)], silent[name]),
            silent[name],
        )
        for name, rows in cells.items()
    }


def _csv_sheets(folder: Path, schema: TableSchema) -> tuple[list[_Sheet], list[Problem]]:
    sheets: list[_Sheet] = []
    problems: list[Problem] = []
    for part in _SUBFOLDERS:
        path = folder / part / f"{schema.name}.csv"
        if not path.exists():
            continue
        try:
            sheets.append(_csv(path))
        except SourceError as error:
            problems.extend(error.problems)
    return sheets, problems


def _csv(path: Path) -> _Sheet:
    raw: RawFile = read_raw(path)
    text, _ = decode(raw)
    first = next((line for line in text.splitlines() if line.strip()), "")
    separator = ";" if ";" in first else separator_of(text, file=path.name)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows: list[tuple[int, list[object]]] = []
    before = 0
    try:
        for record in reader:
            rows.append((before + 1, [cell.strip() for cell in record]))
            before = reader.line_num
    except csv.Error as error:
        raise SourceError(
            "Le fichier ne se découpe pas en cellules : un guillemet n’est sans doute pas refermé.",
            remedy="Corrigez ou retirez ce guillemet dans le fichier.",
            file=path.name,
            row=before + 1,
        ) from error
    return _Sheet(path.name, "", _filled(rows, {}))


def _filled(rows: Iterable[tuple[int, list[object]]], silent: Mapping[str, str]) -> list[tuple[int, list[object]]]:
    """Keep the rows with something in them, a cell that shows nothing but holds a formula included."""
    lines = {int("".join(letter for letter in name if letter.isdigit())) for name in silent}
    return [(line, cells) for line, cells in rows if line in lines or any(not blank(cell) for cell in cells)]


def _warning(problem: Problem) -> Problem:
    return replace(problem, severity="avertissement")


def _partial(problem: Problem) -> Problem:
    return replace(problem, severity="partiel") if problem.severity == "bloquant" else problem


def _named(sheet: _Sheet) -> str:
    return f"la feuille « {sheet.sheet} » de {sheet.file}" if sheet.sheet else f"le fichier {sheet.file}"


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def _letters(place: int) -> str:
    letters = ""
    rank = place + 1
    while rank:
        rank, rest = divmod(rank - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _loose(text: str) -> str:
    return "_".join(fold(text).replace("_", " ").replace("-", " ").replace("’", " ").replace("'", " ").split())
