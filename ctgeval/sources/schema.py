"""What a dossier's own table is made of: its columns, its key, and the table once it is read."""

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

__all__ = ["NUMERIC", "Column", "Kind", "Table", "TableSchema"]

NUMERIC: frozenset[str] = frozenset({"nombre", "entier", "montant", "pourcentage"})


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a dossier's table, as the coordinator reads it.

    Parameters
    ----------
    name : str
        Header, in French without accents; matched whatever the case, the accents and the spaces.
    kind : Kind
        What its cells hold. ``nombre``, ``entier``, ``montant`` and ``pourcentage`` give floats (whole and not
        negative for ``entier``, at most two decimals for ``montant``); ``date`` gives ISO text (``2024-06-01``); the
        others give text. An empty cell gives a missing value.
    required : bool
        Whether the column must exist, and each row must fill it. A required ``nombre`` is a figure that may be
        withheld: it also takes ``<5``, ``s`` (secret) and ``nd`` (not known), see `measured`.
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

    @property
    def measured(self) -> bool:
        """Whether the column comes with its bounds ``<name>_low`` and ``<name>_high``, and a column ``statut``."""
        return self.kind == "nombre" and self.required

    @property
    def derived(self) -> tuple[str, ...]:
        """Names of the columns that a measured one adds: bounds, and SDMX status (A, Q suppressed, M missing)."""
        return (f"{self.name}_low", f"{self.name}_high", "statut") if self.measured else ()


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
    essential : bool
        Whether a row that can't be used stops the bilans (the figures themselves are made of it), or is set aside and
        said to be missing.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    help: str = ""
    essential: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """One table as it was read.

    Parameters
    ----------
    name : str
        Name of the schema.
    frame : DataFrame
        All the columns of the schema, typed, with the bounds and status of the measured one, plus ``origin``
        (``suivi.xlsx!actions!12``, ``actions.csv!12``); rows that can't be used are left out.
    problems : tuple of Problem
        What is wrong, each with its file, sheet, row and column.
    file : str
        Basename of the file it came from; empty when the dossier has no such table.
    n_rows : int
        Rows with at least one filled cell, whether they could be used or not.
    unread : bool
        Whether the table as a whole could not be read, rather than some of its rows.
    """

    name: str
    frame: pd.DataFrame
    problems: tuple[Problem, ...]
    file: str
    n_rows: int
    unread: bool = False

    @property
    def n_set_aside(self) -> int:
        """How many rows could not be used."""
        return self.n_rows - len(self.frame)
