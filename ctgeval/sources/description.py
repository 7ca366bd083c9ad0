"""What a dossier says of a table that no reader knows: where it is in the file, and what its columns are.

``ctg.toml`` says it in French (`ctgeval.config.tableau`); these are the same things, checked, for the reader.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["Condition", "Description", "Dimension", "Long", "Marks", "Period", "Place", "Shape", "Wide"]

Shape = Literal["observations", "reponses", "table"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Which rows to keep or to set aside: those whose cell is one of these, begins by this, or is empty.

    Parameters
    ----------
    column : str
        Header.
    values : tuple of str
        Cells, matched accents and case aside.
    start : str
        First characters of the cell.
    empty : bool
        Whether an empty cell is meant too.
    """

    column: str
    values: tuple[str, ...] = ()
    start: str = ""
    empty: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the territory of a row is told.

    Parameters
    ----------
    level : str
        ``COM``, ``EPCI``, ``DEP``, ``REG``; empty for cells that already hold prefixed codes.
    columns : tuple of str
        One column of codes, or several to join (``Code département``, ``Code commune``).
    name, departement : str
        Columns of the name of a commune, and of its département, when the file has no code.
    code : str
        Territory of the whole file, prefixed.
    codes : mapping of str to str
        Cells that are no code, and the territory that each one is.
    """

    level: str = ""
    columns: tuple[str, ...] = ()
    name: str = ""
    departement: str = ""
    code: str = ""
    codes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Where the period of a row is told: the same for all, in a column, or in the name of the sheet or of the file.

    Parameters
    ----------
    value, column : str
        The period itself, or the header of its column.
    of : {"", "feuille", "fichier"}
        What has it in its name.
    take : {"", "debut", "fin"}
        Which year of a span such as ``1968-1975`` stands for it; empty to read it as a period.
    periods : mapping of str to str
        Cells that are no period, and the period that each one is.
    """

    value: str = ""
    column: str = ""
    of: Literal["", "feuille", "fichier"] = ""
    take: Literal["", "debut", "fin"] = ""
    periods: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimension:
    """Where a dimension (``sexe``, ``age``) is told: the same for all, in a column, or in a line of the header.

    Parameters
    ----------
    value, column : str
        The modality itself, or the header of its column.
    header : int
        Rank of the line of the header, from 1; 0 for none.
    values : mapping of str to str
        What is in the file, and the modality that it is; empty for the total.
    """

    value: str = ""
    column: str = ""
    header: int = 0
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wide:
    """A column that holds a measure, with its own period or modalities when it has some."""

    measure: str
    period: str = ""
    dimensions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Long:
    """A table with one figure in each row: the column that names it, the column that holds it, and the measures."""

    measure: str
    value: str
    measures: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What the source writes where it gives no figure.

    Parameters
    ----------
    secret : tuple of str
        The figure exists and is secret.
    missing : tuple of str
        The figure does not exist, or is not known.
    bounds : mapping of str to (float, float)
        The figure exists, and is known to be between two values (``<5``: 1 and 4).
    """

    secret: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    bounds: Mapping[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """A table, described.

    Parameters
    ----------
    sheets : tuple of str
        Names of the sheets; ``("*",)`` for all; none when the file has only one.
    except_sheets : tuple of str
        Sheets left aside when all are read.
    header : tuple of int
        Lines of the header, from 1; empty when it is the first line with something in it.
    end : str or int
        What the first cell of the footer begins by, or the last line of the table; empty to read to the end.
    keep, ignore : tuple of Condition
        Rows to keep (all when there is none), and rows to set aside.
    place, period : Place or None, Period or None
        Territory and period.
    geography : str
        Column of the year of the codes.
    wide : mapping of str to Wide
        Measures by header; ``*`` stands for any characters.
    long : Long or None
        When each row holds one figure.
    dimensions : mapping of str to Dimension
        ``sexe``, ``age``, ``structure``, ``action``, ``financeur``.
    marks : Marks
        Markers.
    shape : {"observations", "reponses", "table"}
        Facts about territories; one row for each respondent; or a table that is kept as it is.
    """

    sheets: tuple[str, ...] = ()
    except_sheets: tuple[str, ...] = ()
    header: tuple[int, ...] = ()
    end: str | int = ""
    keep: tuple[Condition, ...] = ()
    ignore: tuple[Condition, ...] = ()
    place: Place | None = None
    period: Period | None = None
    geography: str = ""
    wide: Mapping[str, Wide] = field(default_factory=dict)
    long: Long | None = None
    dimensions: Mapping[str, Dimension] = field(default_factory=dict)
    marks: Marks = field(default_factory=Marks)
    shape: Shape = "observations"
