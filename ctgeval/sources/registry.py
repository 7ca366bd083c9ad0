"""The formats that can be read, by name. A new one is one file beside this one, and one line here."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from ctgeval.errors import UnknownFormat, suggestion
from ctgeval.sources import (
    anct_france_services,
    anct_projets,
    caf_cafdata,
    caf_iris,
    caf_taux_couverture,
    education_effectifs,
    geographie_appartenance,
    geographie_contours,
    geographie_evenements,
    insee_comparateur,
    insee_filosofi,
    insee_filosofi_cc,
    insee_melodi,
    insee_population,
    insee_rp,
    kobo,
    limesurvey,
    questionnaire,
    scdl_subventions,
    tableau,
)
from ctgeval.sources.table import Format, Options, SourceTable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ctgeval.measures import Measure
    from ctgeval.sources.description import Description
    from ctgeval.territory.reference import Reference

__all__ = ["formats", "read"]


@cache
def formats() -> Mapping[str, Format]:
    """Return every format by its name, in alphabetical order."""
    known = (
        anct_france_services.FORMAT,
        anct_projets.FORMAT,
        caf_cafdata.FORMAT,
        caf_iris.FORMAT,
        caf_taux_couverture.FORMAT,
        education_effectifs.FORMAT,
        geographie_appartenance.FORMAT_APPARTENANCE,
        geographie_appartenance.FORMAT_COMMUNES,
        geographie_contours.FORMAT,
        geographie_evenements.FORMAT_EVENEMENTS,
        geographie_evenements.FORMAT_PASSAGES,
        insee_comparateur.FORMAT,
        insee_filosofi.FORMAT,
        insee_filosofi_cc.FORMAT,
        insee_melodi.FORMAT,
        insee_population.FORMAT,
        insee_rp.FORMAT,
        kobo.FORMAT,
        limesurvey.FORMAT,
        questionnaire.FORMAT,
        scdl_subventions.FORMAT,
        tableau.FORMAT,
    )
    return MappingProxyType({each.name: each for each in sorted(known, key=lambda each: each.name)})


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
    known = formats()
    if format not in known:
        raise UnknownFormat(
            f"Le format « {format} » n’est pas connu.",
            remedy=suggestion(format, known) or f"Formats connus : {', '.join(known)}.",
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
    return known[format].read(Path(path), options)
