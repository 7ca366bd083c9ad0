"""The sheet that goes with each bilan, and the private notes that the dossier keeps about it."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ctgeval.confidentiality.secret import secret
from ctgeval.config import PRIVATE
from ctgeval.report.files import write_whole
from ctgeval.report.plan import Job, versions

__all__ = [
    "FORMAT",
    "describe",
    "notes_path",
    "partial_path",
    "read",
    "remember",
    "secret",
    "sources",
    "withdrawal",
    "withdrawals",
    "write",
]

FORMAT = 2
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
    """
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
    }


def withdrawal(told: Mapping[str, Any]) -> dict[str, str]:
    """Return the day (``date``) and the reason (``motif``) of a withdrawn bilan; nothing for one that stands."""
    return dict(told.get("retrait") or {})


def withdrawals(told: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the withdrawals of the earlier versions of a bilan, in their order."""
    return [dict(one) for one in told.get("retraits") or ()]


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


def partial_path(folder: Path, job: Job) -> Path:
    """Where the partial page of a bilan that failed is kept for its author."""
    return folder / PRIVATE / "partiels" / job.folder / f"{job.slug}.html"


def remember(folder: Path, job: Job, *, made_from: Mapping[str, str], key: str, failure: str = "") -> None:
    """Keep, inside the dossier only, what the last attempt was made from and how it ended."""
    path = notes_path(folder, job)
    write(path, {"format": FORMAT, "cle": key, "composants": dict(made_from), "echec": failure})
