"""Any table that a dossier describes itself (``tableau``): CSV, JSON, Parquet, XLSX, XLS or ODS.

What is told in ``[source.tableau]`` is all that is known of the file: nothing is guessed, and what the description
leaves out is told in the notes or among the rejected rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from ctgeval import measures, observations
from ctgeval.errors import PersonalDataFound, SourceError, suggestion
from ctgeval.french import fold, plural
from ctgeval.sources import personal_data
from ctgeval.sources.cellbook import Book, Sheet, cell_name
from ctgeval.sources.described import period_in_name, periods_of, places_of
from ctgeval.sources.description import Description
from ctgeval.sources.facts import stack
from ctgeval.sources.layout import Layout, lay
from ctgeval.sources.sheets import read_book
from ctgeval.sources.table import REJECTED_COLUMNS, REPEATED, SET_ASIDE, Format, Options, SourceTable
from ctgeval.sources.understood import decimal_of, hidden, left_out, origins, refuse_twins, understand, years_in

__all__ = ["FORMAT", "NAME"]

NAME = "tableau"
_ALL = ("*",)
_SHOWN = 12
_TEXT = pd.StringDtype(na_value=np.nan)


def _read(path: Path, options: Options) -> SourceTable:
    told = options.description
    if told is None:
        raise SourceError(
            "Le format « tableau » ne se lit que décrit : rien ne dit où sont les colonnes.",
            remedy="Ajoutez [source.tableau] sous la source ; « ctgeval sources essayer FICHIER » en propose un.",
            file=path.name,
            key="tableau",
        )
    book = read_book(
        path,
        encoding=options.encoding,
        separator=options.separator,
        header=told.header[0] if told.header else 1,
        wanted=lambda name: _is_wanted(name, told),
    )
    sheets = _chosen(book, told)
    layouts = [lay(book, sheet, told) for sheet in sheets]
    for layout, sheet in zip(layouts, sheets, strict=True):
        _refuse_silent(layout, sheet)
    admitted = [note for layout in layouts for note in _admitted(layout, told, options)]
    notes = [*(note for layout in layouts for note in layout.grid.notes), *admitted]
    left = [name for name in book.names if told.sheets == _ALL and not _is_wanted(name, told)]
    notes += [f"Feuilles non lues : {_listed(left)}."] if left else []
    if told.shape != "observations":
        table = pd.concat([_as_it_is(layout, told, options) for layout in layouts], ignore_index=True)
        return _table(book, layouts, notes, options.decimal or "", tables={told.shape: table})
    known = options.measures or measures.load()
    decimal = decimal_of(layouts, told, options)
    parts = [understand(layout, told, options, decimal=decimal, known=known) for layout in layouts]
    parts = refuse_twins(parts)
    found = observations.concat([stack(part.rows, part.columns, key=options.key) for part in parts])
    columns = left_out(parts)
    notes += [note for part in parts for note in part.notes]
    notes += [f"Colonnes que la description ne retient pas : {_listed(columns)}."] if columns else []
    return _table(book, layouts, [*notes, hidden(parts)], decimal, facts=found)


def _chosen(book: Book, told: Description) -> list[Sheet]:
    """Return the sheets to read: the only one, those that are named, or all."""
    if not told.sheets and len(book.names) > 1:
        raise SourceError(
            f"Le classeur a {len(book.names)} feuilles : on ne sait laquelle lire.",
            remedy=f'Écrivez feuille = "…" ou feuilles = "*". Feuilles : {_listed(book.names)}.',
            file=book.file,
            key="feuille",
        )
    if not told.sheets or told.sheets == _ALL:
        if not book.sheets:
            raise SourceError(
                "Aucune feuille du classeur n’est à lire.",
                remedy=f"Vérifiez « periode » et « sauf ». Feuilles : {_listed(book.names)}.",
                file=book.file,
                key="feuilles",
            )
        return list(book.sheets)
    known = {fold(sheet.name): sheet for sheet in book.sheets}
    for name in told.sheets:
        if fold(name) not in known:
            listed = f"Feuilles trouvées : {_listed(book.names)}." if any(book.names) else "Retirez « feuille »."
            raise SourceError(
                f"Le classeur n’a pas de feuille « {name} »." if any(book.names) else "Ce fichier n’a pas de feuilles.",
                remedy=suggestion(name, book.names) or listed,
                file=book.file,
                sheet=name,
                key="feuille",
            )
    return [known[fold(name)] for name in dict.fromkeys(told.sheets)]


def _admitted(layout: Layout, told: Description, options: Options) -> tuple[str, ...]:
    """Refuse a table that tells of persons; return what the dossier admits of it, and why."""
    grid = layout.grid
    respondents = told.shape == "reponses"
    try:
        return personal_data.require_none(
            grid.columns, file=grid.file, admitted=options.admitted, respondents=respondents
        )
    except PersonalDataFound as error:
        problem = error.problem
        raise PersonalDataFound(
            problem.message,
            remedy=problem.remedy,
            file=problem.file,
            sheet=grid.sheet,
            problems=tuple(replace(found, sheet=grid.sheet) for found in error.problems),
        ) from None


def _is_wanted(name: str, told: Description) -> bool:
    if not told.sheets:
        return True
    if told.sheets != _ALL:
        return fold(name) in {fold(one) for one in told.sheets}
    if fold(name) in {fold(one) for one in told.except_sheets}:
        return False
    # When sheets are told apart by their period, those that have none hold notes.
    return told.period is None or told.period.of != "feuille" or bool(period_in_name(name))


def _refuse_silent(layout: Layout, sheet: Sheet) -> None:
    """Reject the rows with a formula that gives nothing, whatever the column: their blanks are not blanks."""
    if not sheet.faults:
        return
    at = {line: place for place, line in enumerate(layout.grid.lines)}
    names = {place: name for name, place in layout.places.items()}
    for (line, place), reason in sorted(sheet.faults.items()):
        if line in at and place in names:
            remedy = " Ouvrez le classeur dans un tableur et enregistrez-le, ou tapez la valeur."
            layout.rejections.add(at[line], names[place], reason + remedy)


def _as_it_is(layout: Layout, told: Description, options: Options) -> pd.DataFrame:
    """Keep the rows as they are: answers of a survey, or a table that other parts of the dossier read."""
    own: dict[str, object] = {}
    period = periods_of(layout, told.period, sheet=layout.grid.sheet, file=layout.grid.file)
    if told.period:
        own["time_period"] = period
    if told.place:
        own["geo"] = places_of(layout, told.place, reference=options.reference, years=years_in(period))[0]
    own["origin"] = origins(layout)
    cells = {layout.column(name): [str(cell) for cell in layout.cells(name)] for name in layout.grid.header}
    table = pd.DataFrame({**cells, **own}, dtype=_TEXT)
    return table[~layout.rejections.bad]


def _table(
    book: Book,
    layouts: Sequence[Layout],
    notes: Iterable[str],
    decimal: str,
    *,
    facts: pd.DataFrame | None = None,
    tables: Mapping[str, pd.DataFrame] | None = None,
) -> SourceTable:
    rejected = pd.concat([_with_cells(layout, book) for layout in layouts], ignore_index=True)
    return SourceTable(
        observations=observations.empty() if facts is None else facts,
        rejected=rejected[list(REJECTED_COLUMNS)],
        n_rows=sum(layout.grid.n_rows for layout in layouts),
        n_accepted=sum(int((~layout.rejections.bad).sum()) for layout in layouts),
        encoding=book.encoding,
        separator=book.separator,
        decimal=decimal,
        sha256=book.sha256,
        file=book.file,
        format=NAME,
        notes=tuple(dict.fromkeys(note for note in (*book.notes, *notes) if note)),
        tables=tables or {},
    )


def _with_cells(layout: Layout, book: Book) -> pd.DataFrame:
    """Name the cell of each fault of a workbook, as the spreadsheet does."""
    frame = layout.rejections.frame()
    if not book.is_workbook:
        return frame
    reasons = [
        reason
        if column not in layout.places or reason.startswith((SET_ASIDE, REPEATED))
        else f"Cellule {cell_name(row, layout.places[column])} : {reason[:1].lower()}{reason[1:]}"
        for row, column, reason in zip(frame["row"], frame["column"], frame["reason"], strict=True)
    ]
    return frame.assign(reason=pd.Series(reasons, index=frame.index, dtype=_TEXT))


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(f"« {name} »" for name in names[:_SHOWN])
    return shown + (f" et {plural(len(names) - _SHOWN, 'autre')}" if len(names) > _SHOWN else "")


FORMAT = Format(
    name=NAME,
    label="Tableau décrit dans ctg.toml : CSV, JSON, Parquet, XLSX, XLS ou ODS",
    producer="",
    licence="",
    periodicity="",
    lag_years=0,
    coverage={},
    minimum_population=None,
    measures=(),
    read=_read,
)
