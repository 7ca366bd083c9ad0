"""The description of published data for the catalogues that gather them (data.gouv.fr and others)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ctgeval import french, periods
from ctgeval.report.publication.chosen import Chosen

__all__ = ["LICENCE", "catalogue"]

LICENCE = "https://www.etalab.gouv.fr/licence-ouverte-open-licence/"
"""Under which a collectivity publishes what it makes itself."""
_CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_FRENCH = {"@id": "http://publications.europa.eu/resource/authority/language/FRA"}
_SOCIAL = {"@id": "http://publications.europa.eu/resource/authority/data-theme/SOCI"}
_FREQUENCY = {"@id": "http://publications.europa.eu/resource/authority/frequency/ANNUAL"}
_OFFICE = "application/vnd.openxmlformats-officedocument"
_TYPES = {
    "csv": "text/csv",
    "docx": f"{_OFFICE}.wordprocessingml.document",
    "html": "text/html",
    "json": "application/json",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "odt": "application/vnd.oasis.opendocument.text",
    "pdf": "application/pdf",
    "xlsx": f"{_OFFICE}.spreadsheetml.sheet",
}
"""By the end of a name: the table of a system is not that of another."""


def catalogue(found: Sequence[Chosen], *, publisher: str, title: str, day: str) -> dict[str, Any]:
    """Return the catalogue of what is published, as JSON-LD.

    Parameters
    ----------
    found : sequence of Chosen
        What is published.
    publisher : str
        Who publishes.
    title : str
        Of the site.
    day : str
        ISO date of the publication.

    References
    ----------
    DCAT-AP 3.0: mandatory properties of a catalogue (title, description, publisher), a dataset (title, description) and
    a distribution (access URL); recommended ones where the bilan tells them. Addresses are relative to the site, whose
    own address is not known when it is made.
    """
    agent = {"@type": "foaf:Agent", "foaf:name": publisher}
    return {
        "@context": _CONTEXT,
        "@id": "",
        "@type": "dcat:Catalog",
        "dct:title": _said(title),
        "dct:description": _said(f"Bilans publiés et données de la convention : {title}."),
        "dct:publisher": agent,
        "dct:language": _FRENCH,
        "dct:license": {"@id": LICENCE},
        "dct:modified": _dated(day),
        "dcat:dataset": [_dataset(one, agent) for one in found],
    }


def _dataset(one: Chosen, agent: Mapping[str, str]) -> dict[str, Any]:
    told = one.version.told
    period, name = told["parametres"]["periode"], told["nom"]
    span = periods.parse(period) if period else None
    when_told = french.period(period) if period else ""
    when = {
        "dct:temporal": {
            "@type": "dct:PeriodOfTime",
            "dcat:startDate": _dated(span.start.isoformat()),
            "dcat:endDate": _dated(span.end.isoformat()),
        }
    } if span else {}  # fmt: skip
    files = [file for file in one.files if not str(file["fichier"]).endswith(".schema.json")]
    return {
        "@id": f"#{one.version.page.stem}",
        "@type": "dcat:Dataset",
        "dct:title": _said(", ".join(filter(None, (f"{told['titre']} – {name}", when_told)))),
        "dct:description": _said(_about(one)),
        "dct:publisher": agent,
        "dct:identifier": one.version.page.stem,
        "dct:issued": _dated(one.version.day),
        "dct:spatial": {"@type": "dct:Location", "dct:identifier": told["parametres"]["territoire"]},
        "dct:language": _FRENCH,
        "dct:accrualPeriodicity": _FREQUENCY,
        "dcat:theme": _SOCIAL,
        "dct:source": [_source(source) for source in told.get("sources", ())],
        "dcat:distribution": [_distribution(file, told["titre"]) for file in files],
        **when,
    }


def _about(one: Chosen) -> str:
    told = one.version.told
    validated = f"Validé par {one.body} le {french.date(one.day)}."
    fictional = "Données fictives. " if told["fictif"] else ""
    return f"{fictional}{told['convention']}. {validated}"


def _source(source: Mapping[str, str]) -> dict[str, Any]:
    return {"dct:title": _said(source["titre"] or source["cle"]), "dct:publisher": source["producteur"]}


def _distribution(file: Mapping[str, Any], title: str) -> dict[str, Any]:
    address = f"bilans/{file['fichier']}"
    end = address.rpartition(".")[2]
    return {
        "@type": "dcat:Distribution",
        "dct:title": _said(f"{title} ({end.upper()})"),
        "dcat:accessURL": {"@id": address},
        "dcat:downloadURL": {"@id": address},
        "dcat:mediaType": {"@id": f"https://www.iana.org/assignments/media-types/{_TYPES[end]}"},
        "dcat:byteSize": {"@type": "xsd:nonNegativeInteger", "@value": str(file["octets"])},
        "dct:license": {"@id": LICENCE},
    }


def _said(text: str) -> dict[str, str]:
    return {"@language": "fr", "@value": french.typography(text)}


def _dated(day: str) -> dict[str, str]:
    return {"@type": "xsd:date", "@value": day}
