"""The index of an audience: its own bilans, and no word of the others."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ctgeval.report import html, manifest
from ctgeval.report.files import digest, place, write_whole
from ctgeval.report.plan import Job

READERS = {
    "interne": "Équipe de la convention (version interne)",
    "cotech": "Comité technique",
    "copil": "Comité de pilotage",
    "partenaire": "Partenaire",
    "habitants": "Habitantes et habitants",
}
STATES = {
    "brouillon": "Document de travail",
    "valide_cotech": "Validé par le comité technique",
    "presente_copil": "Présenté au comité de pilotage",
    "publie": "Version publiée",
}
MENTION = "Territoire fictif – données fictives"


def convention(name: str) -> str:
    """Return how a convention is called, from the name of its territory."""
    return f"Convention territoriale globale – {name}"


def reader(job: Job) -> str:
    """Return the French name of those a bilan is for."""
    name = READERS.get(job.audience, job.audience)
    return f"{name} ({job.partner})" if job.partner else name


def version(job: Job) -> str:
    """Return in French where the validation of a bilan stands, in words that its readers may see."""
    if job.etat == "brouillon" or job.audience in {"interne", "cotech", "copil"}:
        return STATES.get(job.etat, job.etat)
    return STATES["publie"] if job.etat == "publie" else "Version validée"


def write_index(out: Path, jobs: Iterable[Job], *, name: str) -> Path:
    """Write the ``index.html`` of one audience when its content has changed.

    Parameters
    ----------
    out : Path
        Folder of all reports.
    jobs : iterable of Job
        All the jobs of that audience; those whose bilan was written at least once are listed.
    name : str
        Name of the territory of the convention.

    Returns
    -------
    Path
        Of the index.

    Raises
    ------
    ReportError
        When the file can't be written.
    """
    listed = tuple(jobs)
    first = listed[0]
    path = place(out, first.folder, "index.html")
    content = html.page(
        "index.html.j2",
        {
            "ctg": convention(name),
            "destinataire": reader(first),
            "mention": MENTION if first.fictional else "",
            "bilans": [entry for job in listed for entry in _entry(out, job)],
        },
    )
    if not path.is_file() or path.read_bytes() != content:
        write_whole(path, content)
    return path


def _entry(out: Path, job: Job) -> list[dict[str, Any]]:
    told = manifest.read(place(out, job.folder, f"{job.slug}.manifest.json"))
    page = place(out, job.folder, f"{job.slug}.html")
    if not told or digest(page) != told["html"]["sha256"]:
        return []
    return [
        {
            "lien": page.name,
            "titre": told["titre"],
            "nom": told["nom"],
            "periode": job.periode,
            "version": version(job),
            "date": told["date"],
        }
    ]
