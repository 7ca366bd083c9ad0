"""The formats that can be read, by name. A new one is one file beside this one, and one line here."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from ctgeval.errors import UnknownFormat, suggestion

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ctgeval.measures import Measure
    from ctgeval.sources.description import Description
    from ctgeval.sources.table import Format, SourceTable
    from ctgeval.territory.reference import Reference

__all__ = ["NAMES", "formats", "read"]

_HOMES = {
    "anct.france_services": "anct_france_services.FORMAT",
    "anct.projets": "anct_projets.FORMAT",
    "caf.cafdata": "caf_cafdata.FORMAT",
    "caf.iris": "caf_iris.FORMAT",
    "caf.taux_couverture": "caf_taux_couverture.FORMAT",
    "education.effectifs": "education_effectifs.FORMAT",
    "geographie.appartenance": "geographie_appartenance.FORMAT_APPARTENANCE",
    "geographie.communes": "geographie_appartenance.FORMAT_COMMUNES",
    "geographie.contours": "geographie_contours.FORMAT",
    "geographie.evenements": "geographie_evenements.FORMAT_EVENEMENTS",
    "geographie.passages": "geographie_evenements.FORMAT_PASSAGES",
    "insee.comparateur": "insee_comparateur.FORMAT",
    "insee.filosofi": "insee_filosofi.FORMAT",
    "insee.filosofi_cc": "insee_filosofi_cc.FORMAT",
    "insee.melodi": "insee_melodi.FORMAT",
    "insee.population": "insee_population.FORMAT",
    "insee.rp": "insee_rp.FORMAT",
    "kobo": "kobo.FORMAT",
    "limesurvey": "limesurvey.FORMAT",
    "questionnaire": "questionnaire.FORMAT",
    "scdl.subventions": "scdl_subventions.FORMAT",
    "tableau": "tableau.FORMAT",
}
NAMES = tuple(sorted(_HOMES))
"""Names of the formats: to check one, no reader is loaded."""


@cache
def formats() -> Mapping[str, Format]:
    """Return every format by its name, in alphabetical order."""
    return MappingProxyType({name: _loaded(_HOMES[name]) for name in NAMES})


def _loaded(home: str) -> Format:
    module, _, attribute = home.partition(".")
    found: Format = getattr(import_module(f"ctgeval.sources.{module}"), attribute)
    return found


def read(
    path: Path | str,
    *,
    format: str,
    key: str = "",
    reference: Reference | None = None,
    encoding: str | None = None,
    separator: str | None = None,
    decimal: str | None = None,
    geography: int | None = None,
    description: Description | None = None,
    measures: Mapping[str, Measure] | None = None,
    admitted: Mapping[str, str] | None = None,
) -> SourceTable:
    """Read a producer's file.

    Parameters
    ----------
    path : Path or str
        File, plain or compressed (``.gz``, or a ``.zip`` that holds one table).
    format : str
        Name of the format (see `formats`).
    key : str
        Key of the ``[[source]]``, written in the observations.
    reference : Reference, optional
        Known territories: codes that exist in none of its years are rejected.
    encoding, separator, decimal : str, optional
        Answers to an `AmbiguousSource` (``encodage``, ``separateur``, ``decimale`` in ``ctg.toml``).
    geography : int, optional
        Year of the codes (1 January), when the file does not say.
    description : Description, optional
        What the columns are (``[source.tableau]`` in ``ctg.toml``), for the format ``tableau``.
    measures : mapping of str to Measure, optional
        Measures known to the dossier, its own included; those of the house by default.
    admitted : mapping of str to str, optional
        Columns to let in although they hold data about persons, each with the reason (``donnees_personnelles``).

    Returns
    -------
    SourceTable
        Observations, rejected rows, and how the file was read.

    Raises
    ------
    UnknownFormat
        When no reader has that name.
    AmbiguousSource
        When the encoding, the separator or the decimal mark can be read in two ways.
    SourceError
        When the file can't be read, or lacks a required column.
    PersonalDataFound
        When a column that is not admitted holds data about persons.
    """
    from ctgeval.sources.table import Options

    if format not in _HOMES:
        raise UnknownFormat(
            f"Le format « {format} » n’est pas connu.",
            remedy=suggestion(format, NAMES) or f"Formats connus : {', '.join(NAMES)}.",
            file=Path(path).name,
            key="format",
            value=format,
        )
    options = Options(
        key=key,
        reference=reference,
        encoding=encoding,
        separator=separator,
        decimal=decimal,
        geography=geography,
        description=description,
        measures=measures,
        admitted=admitted or {},
    )
    return formats()[format].read(Path(path), options)
