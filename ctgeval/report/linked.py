"""What a bilan says of itself to machines: a block of JSON-LD in the words of schema.org.

It holds nothing but what the sheet beside the page tells (see `ctgeval.report.manifest`); like the rest of the page, it
goes through the leak scan. Browsers run no block of that type, and the policy of the page does not hinder it.

References
----------
https://schema.org/Report, https://schema.org/DataCatalog, https://schema.org/Dataset
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from markupsafe import Markup

from ctgeval import periods
from ctgeval.report.plan import Job

__all__ = ["block", "described"]

_STATUS = {"brouillon": "Draft", "publie": "Published"}


def described(job: Job, told: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is told of a bilan, as schema.org names it; what is not known is left out.

    Parameters
    ----------
    job : Job
        The bilan.
    told : mapping
        ``titre``, ``nom``, ``ctg``, ``version``, ``mention``, ``date``, ``cle``, ``sources`` (`manifest.sources`).

    Raises
    ------
    PeriodError
        When the period can't be read.
    """
    period = periods.parse(job.periode)
    return _known(
        {
            "@context": "https://schema.org",
            "@type": "Report",
            "name": told["titre"],
            "description": told["mention"],
            "inLanguage": "fr",
            "identifier": told["cle"],
            "dateModified": told["date"],
            "version": told["version"],
            "creativeWorkStatus": _STATUS.get(job.etat, ""),
            "temporalCoverage": f"{period.start.isoformat()}/{period.end.isoformat()}",
            "spatialCoverage": {"@type": "AdministrativeArea", "name": told["nom"], "identifier": job.territoire},
            "isPartOf": {"@type": "CreativeWork", "name": told["ctg"]},
            "isBasedOn": _catalogues(told["sources"]),
        }
    )


def _catalogues(sources: Iterable[Mapping[str, str]]) -> list[dict[str, Any]]:
    """Return the sources of each producer under each licence, so that neither is told a hundred times."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for source in sources:
        one = {"@type": "Dataset", "name": source["titre"] or source["cle"], "dateModified": source["mise_a_jour"]}
        found.setdefault((source["producteur"], source["licence"]), []).append(_known(one))
    return [
        _known(
            {
                "@type": "DataCatalog",
                "publisher": {"@type": "Organization", "name": producer} if producer else "",
                "license": licence,
                "dataset": datasets,
            }
        )
        for (producer, licence), datasets in found.items()
    ]


def _known(said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if value}


def block(job: Job, told: Mapping[str, Any]) -> Markup:
    """Return the content of the page's block of data: one line of JSON in which no markup can begin or end.

    Parameters
    ----------
    job, told
        See `described`.

    Raises
    ------
    PeriodError
        When the period can't be read.
    """
    text = json.dumps(described(job, told), ensure_ascii=False, separators=(",", ":"))
    for mark in "<>&":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return Markup(text)  # noqa: S704 no mark of HTML is left
