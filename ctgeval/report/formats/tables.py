"""The tables of a bilan, for a spreadsheet: CSV with what describes each, Excel and OpenDocument workbooks.

The figures are those that the page gives, at the precision of the CSV that it already offers for most of its tables.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ctgeval import french
from ctgeval.errors import ReportError, SourceError
from ctgeval.render import tables as rendered
from ctgeval.report.formats import schema
from ctgeval.report.formats.document import Document, Produced
from ctgeval.report.formats.grids import Grid, grids
from ctgeval.sources.presented import Book, Figure, Sheet, Words, sheet_names

__all__ = ["comma_separated", "csv", "ods", "xlsx"]

_CONTENTS = "Sommaire"


def csv(document: Document) -> tuple[Produced, ...]:
    """Return each table as ``<name>-<table>.csv``, and what its columns hold as ``<name>-<table>.schema.json``.

    Parameters
    ----------
    document : Document

    Returns
    -------
    tuple of Produced
        Nothing for a bilan without any table. CSV as French spreadsheets open it: UTF-8 with BOM, semicolons, decimal
        commas; a text that could be taken for a formula begins with an apostrophe. Where the page offers a CSV, the
        file is that one, byte for byte.

    Raises
    ------
    ReportError
        When a table and its download do not tell the same.

    References
    ----------
    Frictionless Data, *Table Schema*, version 1.
    """
    made = []
    for grid in grids(document):
        table = comma_separated(document, grid)
        described = schema.written(schema.described(grid, table.data))
        made += [table, Produced(name=f"{table.name.removesuffix('.csv')}.schema.json", data=described)]
    return tuple(made)


def xlsx(document: Document) -> Produced:
    """Return the tables as one Excel workbook, a sheet each, after a sheet of contents.

    Parameters
    ----------
    document : Document

    Raises
    ------
    ReportError
        When a table and its download do not tell the same, or a spreadsheet can't hold it.
    """
    from ctgeval.sources import presented_xlsx

    return Produced(name=f"{document.name}.xlsx", data=_written(document, presented_xlsx.xlsx))


def ods(document: Document) -> Produced:
    """Return the tables as one OpenDocument spreadsheet: what `xlsx` holds.

    Parameters
    ----------
    document : Document

    Raises
    ------
    ReportError
        See `xlsx`.
    """
    from ctgeval.sources import presented_ods

    return Produced(name=f"{document.name}.ods", data=_written(document, presented_ods.ods))


def comma_separated(document: Document, grid: Grid) -> Produced:
    """Return the CSV of a table: the one that the page offers, or one made as those are."""
    return Produced(
        name=f"{document.name}-{grid.id}.csv",
        data=grid.download or _made(grid),
        about=(grid.caption, *grid.headings),
    )


def _made(grid: Grid) -> bytes:
    rows = [
        [
            rendered.Cell(cell.text, raw=cell.content.value if isinstance(cell.content, Figure) else cell.content.text)
            for cell in row
        ]
        for row in grid.rows
    ]
    columns = [rendered.Column(column) for column in grid.columns]
    return rendered.to_csv(rendered.Table(grid.id, grid.caption, columns, rows))


def _written(document: Document, write: Callable[[Book], bytes]) -> bytes:
    try:
        return write(_book(document))
    except SourceError as error:
        raise ReportError(
            f"Les tableaux de ce bilan ne tiennent pas dans un classeur{french.NNBSP}: {error.problem.message}",
            remedy=error.problem.remedy,
            sheet=error.problem.sheet,
            row=error.problem.row,
            column=error.problem.column,
            value=error.problem.value,
        ) from error


def _book(document: Document) -> Book:
    context, found = document.context, grids(document)
    names = sheet_names([_CONTENTS, *(grid.id for grid in found)])[1:]
    told = _told(context)
    title = " – ".join((context["titre"], context["nom"], french.period(context["job"].periode)))
    sheets = [_sheet(name, grid, told) for name, grid in zip(names, found, strict=True)]
    return Book(
        title=french.typography(title),
        day=context["date"],
        sheets=[_contents(context, tuple(zip(names, found, strict=True))), *sheets],
    )


def _told(context: Any) -> str:
    """Return where a table comes from, for whoever only has its sheet."""
    what = (
        f"«{french.NNBSP}{context['titre']}{french.NNBSP}», {context['nom']}, {french.period(context['job'].periode)}"
    )
    said = f"Tableau du bilan {what}. {context['version']}, {french.date(context['date'])}."
    return french.typography(f"{said} {context['mention']}.".removesuffix(" ."))


def _sheet(name: str, grid: Grid, told: str) -> Sheet:
    return Sheet(
        name=name,
        title=grid.caption,
        above=grid.about,
        columns=grid.columns,
        rows=[[cell.content for cell in row] for row in grid.rows],
        below=(*grid.legend, *grid.notes, told),
    )


def _contents(context: Any, listed: tuple[tuple[str, Grid], ...]) -> Sheet:
    lines = (
        context["ctg"],
        context["sous_titre"],
        f"Territoire : {context['nom']}",
        f"Période : {french.period(context['job'].periode)}",
        f"Destinataire : {context['destinataire']}",
        f"Version : {context['version']}",
        context["mention"],
        f"Document produit le {french.date(context['date'])}.",
        context["regle"],
    )
    return Sheet(
        name=_CONTENTS,
        title=french.typography(context["titre"]),
        above=[french.typography(line) for line in lines if line],
        columns=("Feuille", "Tableau", "Unité"),
        rows=[(Words(text=name, sheet=name), Words(text=grid.caption), Words(text=grid.unit)) for name, grid in listed],
        below=[french.typography(line) for line in ("Sources :", *map(_source, context["sources"]))],
    )


def _source(source: Any) -> str:
    told = [source["titre"] or source["cle"], source["producteur"]]
    if source["mise_a_jour"]:
        told.append(f"mise à jour du {french.date(source['mise_a_jour'])}")
    told.append(source["licence"])
    return ", ".join(filter(None, told))
