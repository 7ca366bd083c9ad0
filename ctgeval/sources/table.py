"""What a reader gives, and what it says of itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from ctgeval.sources.vintages import PLAIN, Vintages

if TYPE_CHECKING:
    from ctgeval.measures import Measure
    from ctgeval.sources.description import Description
    from ctgeval.territory.reference import Reference

__all__ = ["REJECTED_COLUMNS", "REPEATED", "SET_ASIDE", "Format", "Options", "SourceTable", "is_harmless"]

SET_ASIDE = "Ligne laissée de côté"
REPEATED = "La ligne répète la ligne"

REJECTED_COLUMNS: tuple[str, ...] = ("file", "sheet", "row", "column", "value", "reason", "geo")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SourceTable:
    """A producer's file as it was read: nothing is lost, what can't be used is told with its reason.

    The law of every reader: ``n_rows == n_accepted + n_rejected``.

    Parameters
    ----------
    observations : DataFrame
        See `ctgeval.observations.COLUMNS`.
    rejected : DataFrame
        Columns `REJECTED_COLUMNS`, one line for each fault; ``row`` is the line of the file, counted from 1, and
        ``geo`` the territory that it speaks of, or the département when no more is known, empty when unknown. A row of
        the file with one fault gives no observation at all.
    n_rows : int
        Data rows of the file, without the header and the lines wholly blank.
    n_accepted : int
        Rows that were read, including those in which the source publishes no figure.
    encoding, separator, decimal : str
        As found out or told; ``decimal`` is empty when all numbers are whole.
    sha256 : str
        Fingerprint of the file.
    file, format : str
        Basename and name of the format.
    notes : tuple of str
        What a reader of the source sheet should know, in French, whole sentences.
    tables : mapping of str to DataFrame
        What the file holds that is no fact about a territory, by name: ``reponses`` (one row per respondent),
        ``subventions``, ``projets``, ``evenements`` and ``appartenance`` of a geography.
    """

    observations: pd.DataFrame
    rejected: pd.DataFrame
    n_rows: int
    n_accepted: int
    encoding: str
    separator: str
    decimal: str
    sha256: str
    file: str
    format: str
    notes: tuple[str, ...] = ()
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    @property
    def n_rejected(self) -> int:
        """Rows of the file that could not be used."""
        return len(self.rejected[["sheet", "row"]].drop_duplicates())


def is_harmless(reason: str) -> bool:
    """Tell whether a row was rejected because its figures are elsewhere in the file, and nothing is to be mended."""
    return reason.startswith((SET_ASIDE, REPEATED))


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the dossier says about a file, beside its format.

    Parameters
    ----------
    key : str
        Key of the ``[[source]]``.
    reference : Reference or None
        Known territories; without it, codes are checked in their form only.
    encoding, separator, decimal : str or None
        Answers to an `AmbiguousSource`.
    geography : int or None
        Year of the codes, when the file does not say.
    description : Description or None
        What the columns are, for the format ``tableau``.
    measures : mapping of str to Measure, or None
        Measures known to the dossier, its own included; those of the house by default.
    admitted : mapping of str to str
        Columns let in although they hold data about persons, each with the reason.
    """

    key: str = ""
    reference: Reference | None = None
    encoding: str | None = None
    separator: str | None = None
    decimal: str | None = None
    geography: int | None = None
    description: Description | None = None
    measures: Mapping[str, Measure] | None = None
    admitted: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A producer's file format.

    Parameters
    ----------
    name : str
        As written in ``ctg.toml``: ``insee.filosofi``.
    label, producer, licence, periodicity : str
        French texts for the source sheet.
    lag_years : int
        Years between the period and its publication.
    coverage : mapping of str to str
        For each level (COM, EPCI, DEP), a French sentence on which territories the file holds.
    minimum_population : int or None
        Communes with fewer inhabitants are not in the file at all.
    measures : tuple of str
        What it can hold.
    read : callable
        The reader.
    vintages : mapping of str to Vintages
        For each measure whose vintages have rules of their own, these rules; ``""`` for all the others.
    """

    name: str
    label: str
    producer: str
    licence: str
    periodicity: str
    lag_years: int
    coverage: Mapping[str, str]
    minimum_population: int | None
    measures: tuple[str, ...]
    read: Callable[[Path, Options], SourceTable]
    vintages: Mapping[str, Vintages] = field(default_factory=dict)

    def rules(self, measure: str) -> Vintages:
        """Return how the vintages of one of its measures compare."""
        return self.vintages.get(measure) or self.vintages.get("") or PLAIN
