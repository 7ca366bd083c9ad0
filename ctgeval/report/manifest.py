"""The sheet that goes with each bilan, and the private notes that the dossier keeps about it."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ctgeval import confinement
from ctgeval.confidentiality.secret import secret
from ctgeval.config import PRIVATE
from ctgeval.report.files import digest, write_whole
from ctgeval.report.formats.document import Produced
from ctgeval.report.plan import Job
from ctgeval.report.program import versions

__all__ = [
    "FORMAT",
    "VERSIONS",
    "describe",
    "files",
    "frozen",
    "links",
    "notes_path",
    "page_name",
    "partial_path",
    "read",
    "remember",
    "secret",
    "sources",
    "version_notes_path",
    "whole",
    "withdrawal",
    "withdrawals",
    "write",
]

FORMAT = 2
VERSIONS = "versions"
"""Folder of the frozen versions, in that of their readers."""
_LINKED = {
    "pdf": "PDF",
    "docx": "Word (DOCX)",
    "odt": "LibreOffice (ODT)",
    "slides": "diapositives",
    "xlsx": "tableaux (XLSX)",
    "ods": "tableaux (ODS)",
    "datapackage": "données ouvertes (JSON)",
}
_SHOWN = ("cle", "titre", "producteur", "licence", "mise_a_jour", "diffusion")


def sources(records: Iterable[Mapping[str, str]], key: bytes) -> list[dict[str, str]]:
    """Return what is told of the sources of a bilan: no path, and no fingerprint that would confirm a guess.

    Parameters
    ----------
    records : iterable of mapping
        Rows of a release's ``sources`` table, as text.
    key : bytes
        The dossier's secret.
    """
    return [
        {name: record[name] for name in _SHOWN}
        | {
            "fichier": record["fichier"].replace("\\", "/").rsplit("/", 1)[-1],
            "empreinte": _fingerprint(record["empreinte"], record["diffusion"], key),
        }
        for record in records
    ]


def _fingerprint(value: str, diffusion: str, key: bytes) -> str:
    if not value or diffusion == "ouverte":
        return value
    return hmac.new(key, value.encode("utf-8"), hashlib.sha256).hexdigest()


def describe(
    job: Job,
    *,
    key: str,
    page: bytes,
    date: str,
    title: str,
    name: str,
    convention: str,
    version: str,
    told_sources: list[dict[str, str]],
    others: Iterable[tuple[str, Produced]] = (),
) -> dict[str, Any]:
    """Return the manifest of a bilan.

    Parameters
    ----------
    job : Job
        The bilan.
    key : str
        Its content key.
    page : bytes
        The page as it is written.
    date : str
        ISO date given by the caller.
    title, name : str
        Title of the bilan, and name of its territory.
    convention, version : str
        What the bilan belongs to, and where its validation stands, in words that its readers may see.
    told_sources : list of dict
        See `sources`.
    others : iterable of (str, Produced)
        The files published beside the page, each with its format.
    """
    beside = [
        {"format": kind, "fichier": one.name, "sha256": hashlib.sha256(one.data).hexdigest(), "octets": len(one.data)}
        for kind, one in others
    ]
    return {
        "format": FORMAT,
        "titre": title,
        "bilan": job.bilan,
        "audience": job.folder,
        "nom": name,
        "convention": convention,
        "etat": job.etat,
        "version": version,
        "fictif": job.fictional,
        "date": date,
        "parametres": {"territoire": job.territoire, "periode": job.periode},
        "sources": told_sources,
        "versions": versions(),
        "cle": key,
        "html": {"fichier": f"{job.slug}.html", "sha256": hashlib.sha256(page).hexdigest(), "octets": len(page)},
        "fichiers": beside,
    }


def files(told: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """Return what a sheet says of each file beside its page: ``format``, ``fichier``, ``sha256``, ``octets``."""
    return tuple(
        one
        for one in told.get("fichiers") or ()
        if isinstance(one, dict) and all(isinstance(one.get(name), str) for name in ("format", "fichier", "sha256"))
    )


def links(told: Mapping[str, Any], *, folder: str = "") -> list[dict[str, Any]]:
    """Return what an index shows of the files beside a page: ``nom`` of the format, ``lien``, ``octets``.

    Parameters
    ----------
    told : mapping
        The sheet of a bilan that stands.
    folder : str
        Of the sheet, from the index, with its final ``/``.
    """
    shown = [one for one in files(told) if one["format"] in _LINKED and not one["fichier"].endswith(".schema.json")]
    return [
        {
            "nom": _LINKED[one["format"]],
            "lien": f"{folder}{one['fichier']}",
            "octets": one["octets"],
        }
        for one in shown
    ]


def whole(folder: Path, told: Mapping[str, Any]) -> bool:
    """Tell whether the page of a sheet and all the files beside it are there, byte for byte.

    Parameters
    ----------
    folder : Path
        Of the sheet.
    told : mapping
        The sheet.
    """
    return all(digest(folder / one["fichier"]) == one["sha256"] for one in (told["html"], *files(told)))


def withdrawal(told: Mapping[str, Any]) -> dict[str, str]:
    """Return the day (``date``) and the reason (``motif``) of a withdrawn bilan; nothing for one that stands."""
    return dict(told.get("retrait") or {})


def withdrawals(told: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the withdrawals of the earlier versions of a bilan, in their order."""
    return [dict(one) for one in told.get("retraits") or ()]


def frozen(told: Mapping[str, Any]) -> bool:
    """Tell whether a sheet is that of a frozen version (see `ctgeval.report.versions`), and says all that it must."""
    page, said = told.get("html"), told.get("figee")
    return (
        isinstance(page, dict)
        and isinstance(said, dict)
        and isinstance(said.get("numero"), int)
        and all(isinstance(said.get(name), str) for name in ("date", "motif", "de"))
        and all(isinstance(page.get(name), str) for name in ("fichier", "sha256"))
        and all(isinstance(told.get(name), str) for name in ("audience", "etat", "version"))
    )


def page_name(told: Mapping[str, Any]) -> str:
    """Return the place of the page that a sheet speaks of, under the reports: ``copil/versions/...-v1.html``."""
    folder = f"{told['audience']}/{VERSIONS}" if "figee" in told else told["audience"]
    return f"{folder}/{told['html']['fichier']}"


def read(path: Path) -> dict[str, Any]:
    """Return a sheet of JSON, or an empty one when the file is missing or is not a sheet of this version."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) and told.get("format") == FORMAT else {}


def write(path: Path, told: Mapping[str, Any]) -> None:
    """Write a sheet of JSON whole."""
    write_whole(path, (json.dumps(told, ensure_ascii=False, indent=1) + "\n").encode("utf-8"))


def notes_path(folder: Path, job: Job) -> Path:
    """Where the dossier keeps what it knows of the last attempt at a bilan."""
    return folder / PRIVATE / "etats" / job.folder / f"{job.slug}.json"


def version_notes_path(folder: Path, job: Job, number: int) -> Path:
    """Where the dossier keeps what it knows of a frozen version: what it was made from."""
    return folder / PRIVATE / "etats" / job.folder / VERSIONS / f"{job.slug}-v{number}.json"


def partial_path(folder: Path, job: Job) -> Path:
    """Where the partial page of a bilan that failed is kept for its author."""
    return folder / PRIVATE / "partiels" / job.folder / f"{job.slug}.html"


def remember(
    folder: Path,
    job: Job,
    *,
    made_from: Mapping[str, str],
    key: str,
    failure: str = "",
    made: tuple[str, str] | None = None,
    tries: int = 1,
) -> None:
    """Keep, inside the dossier only, what the last attempt was made from and how it ended.

    Parameters
    ----------
    folder : Path
        The dossier.
    job : Job
        The bilan.
    made_from, key : mapping, str
        See `ctgeval.report.cases.Case`.
    failure : str
        Why it failed, in French.
    made : tuple of (str, str), optional
        sha256 of the page, and the release that it was made from: the ledger, which knows those of the others, does not
        know those of the team.
    tries : int
        How many times its notebook was run (see `attempts`).
    """
    path = notes_path(folder, job)
    releases = dict(read(path).get("parutions") or {}) | (dict([made]) if made else {})
    told = {
        "format": FORMAT,
        "cle": key,
        "composants": dict(made_from),
        "echec": failure,
        "essais": tries,
        "parutions": releases,
        # What kept the notebook from the dossier: not every system can.
        "confinement": confinement.available(),
    }
    write(path, told)
