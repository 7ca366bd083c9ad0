"""The tables of a public bilan as open data: a ``datapackage.json`` (licence, source, date) and its CSV files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from ctgeval import french
from ctgeval.config import OPEN_AUDIENCES, OPEN_DATA
from ctgeval.errors import ParameterError
from ctgeval.report.formats import schema
from ctgeval.report.formats.document import Document, Produced
from ctgeval.report.formats.grids import Grid, grids
from ctgeval.report.formats.tables import comma_separated

__all__ = ["DIALECT", "made"]

_ETALAB = "https://www.etalab.gouv.fr/licence-ouverte-open-licence/"
_LICENCES = (
    ("licence ouverte", "etalab-2.0", "Licence Ouverte 2.0", _ETALAB),
    ("odbl", "ODbL-1.0", "Open Database License 1.0", "https://opendatacommons.org/licenses/odbl/1-0/"),
    ("cc0", "CC0-1.0", "CC0 1.0", "https://creativecommons.org/publicdomain/zero/1.0/"),
)
DIALECT = {
    "csvddfVersion": 1.2, "delimiter": ";", "lineTerminator": "\r\n", "quoteChar": '"', "doubleQuote": True,
    "skipInitialSpace": False, "header": True,
}  # fmt: skip


def made(document: Document) -> tuple[Produced, ...]:
    """Return ``<name>.datapackage.json``, and the CSV files that it describes.

    Parameters
    ----------
    document : Document
        A bilan for everybody.

    Returns
    -------
    tuple of Produced
        The CSV files are those of `ctgeval.report.formats.tables.csv`: asked for together, they are made once.

    Raises
    ------
    ParameterError
        When the bilan is not for everybody, or has no table.
    ReportError
        When a table and its download do not tell the same.

    References
    ----------
    Frictionless Data, *Data Package* and *Tabular Data Package*, version 1: ``territory``, ``period``, ``status`` and
    what is told of the sources beside their title are ours, which the specification allows.
    """
    context = document.context
    if context["job"].audience not in OPEN_AUDIENCES:
        raise ParameterError(
            "Ce bilan n’est pas ouvert à tout le monde : ses tableaux ne peuvent pas être publiés en données ouvertes.",
            value=OPEN_DATA,
            remedy="Demandez ce format pour le bilan destiné aux habitants, et « csv » ou « xlsx » pour celui-ci.",
        )
    found = [(grid, comma_separated(document, grid)) for grid in grids(document)]
    if not found:
        raise ParameterError(
            "Ce bilan n’a aucun tableau : il n’y a pas de données à publier.",
            value=OPEN_DATA,
            remedy="Retirez ce format de ce bilan.",
        )
    described = schema.written(_package(document, found))
    return (Produced(name=f"{document.name}.datapackage.json", data=described), *(table for _, table in found))


def _package(document: Document, found: Iterable[tuple[Grid, Produced]]) -> dict[str, Any]:
    context = document.context
    period = french.period(context["job"].periode)
    sources = list(context["sources"])
    licences = _licences(sources)
    own = "" if licences else "Chaque source garde sa licence"
    told = (context["ctg"], context["mention"], _perimeter(context["perimetre"]), context["regle"], own)
    return {
        "profile": "tabular-data-package",
        "name": document.name,
        "title": french.typography(" – ".join((context["titre"], context["nom"], period))),
        "description": french.typography(" ".join(f"{one.rstrip('.')}." for one in told if one)),
        "created": f"{context['date']}T00:00:00Z",
        "status": context["version"],
        "territory": {"code": context["job"].territoire, "name": context["nom"]},
        "period": context["job"].periode,
        "keywords": ["convention territoriale globale", context["nom"], context["job"].periode],
        **({"licenses": licences} if licences else {}),
        "sources": [_source(source) for source in sources],
        "resources": [_resource(grid, table) for grid, table in found],
    }


def _perimeter(year: object) -> str:
    return f"Périmètre {year} : communes et territoires au {french.date(f'{year}-01-01')}" if year else ""


def _source(source: Mapping[str, str]) -> dict[str, str]:
    told = {
        "title": source["titre"] or source["cle"],
        "organization": source["producteur"],
        "updated": source["mise_a_jour"],
        "license": source["licence"],
    }
    return {name: value for name, value in told.items() if value}


def _licences(sources: Iterable[Mapping[str, str]]) -> list[dict[str, str]]:
    """Return the licences that the sources are under: all of them hold, and none is invented.

    Nothing when one of the sources has none that is known to be open: its own words are told with the source.
    """
    kept: dict[str, dict[str, str]] = {}
    for source in sources:
        words = french.fold(source["licence"])
        known = [{"name": name, "path": path, "title": title} for mark, name, title, path in _LICENCES if mark in words]
        if not known:
            return []
        kept |= {one["name"]: one for one in known}
    return [kept[name] for name in sorted(kept)]


def _resource(grid: Grid, table: Produced) -> dict[str, Any]:
    told = schema.described(grid, table.data)
    about: dict[str, Any] = {name: told.pop(name) for name in ("title", "description", "headings") if name in told}
    return {
        "profile": "tabular-data-resource",
        "name": grid.id,
        "path": table.name,
        **about,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": len(table.data),
        "hash": f"sha256:{hashlib.sha256(table.data).hexdigest()}",
        "dialect": DIALECT,
        "schema": told,
    }
