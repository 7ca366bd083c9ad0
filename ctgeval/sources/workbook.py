"""Read a dossier's own tables, from CSV files or from the sheets of one workbook, and make that workbook.

The coordinator's tables are described by a `TableSchema`; `read_tables` gives each one typed, with every cell that
can't be used told by its place (``B12``), and `write_workbook` makes the empty workbook to fill in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pandas as pd

from ctgeval.errors import Problem

Kind = Literal[
    "texte",
    "code",
    "territoire",
    "date",
    "periode",
    "nombre",
    "entier",
    "montant",
    "pourcentage",
    "choix",
    "indicateur",
    "mesure",
    "lien",
]

__all__ = ["Column", "Kind", "Table", "TableSchema"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a dossier's table, as the coordinator reads it.

    Parameters
    ----------
    name : str
        Header, in French without accents; matched whatever the case, the accents and the spaces.
    kind : Kind
        What its cells hold. ``nombre``, ``entier``, ``montant`` and ``pourcentage`` give floats (whole numbers for
        ``entier``, at most two decimals for ``montant``); ``date`` gives ISO text (``2024-06-01``); the others give
        text. An empty cell gives a missing value.
    required : bool
        Whether the column must exist, and each row must fill it.
    choices : tuple of str
        Accepted values of a ``choix``, written as they are stored; matched accents, case and spaces aside.
    help : str
        What to type there, in French; shown as a note on the header.
    """

    name: str
    kind: Kind = "texte"
    required: bool = False
    choices: tuple[str, ...] = ()
    help: str = ""


@dataclass(frozen=True, slots=True)
class TableSchema:
    """One table of a dossier: its name (sheet or CSV file), its columns, and what makes a row unique.

    Parameters
    ----------
    name : str
        Name of the sheet, or of the CSV file without its extension.
    title : str
        What it is, in French.
    columns : tuple of Column
        In the order they are shown.
    key : tuple of str
        Columns that two rows can't share; empty when rows may repeat.
    help : str
        How to fill it in, in French.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    help: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """One table as it was read.

    Parameters
    ----------
    name : str
        Name of the schema.
    frame : DataFrame
        All the columns of the schema, typed, plus ``origin`` (``suivi.xlsx!actions!12``); rows that can't be used
        are left out.
    problems : tuple of Problem
        What is wrong, each with its file, sheet, row and column.
    file : str
        Basename of the file it came from; empty when the dossier has no such table.
    n_rows : int
        Rows with at least one filled cell, whether they could be used or not.
    """

    name: str
    frame: pd.DataFrame
    problems: tuple[Problem, ...]
    file: str
    n_rows: int
