"""Each bilan with its place and what it is made from: what is up to date, what is not, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ctgeval import checks, french
from ctgeval.report import manifest, plan
from ctgeval.report.files import digest, place
from ctgeval.report.plan import Job

if TYPE_CHECKING:
    from ctgeval.config import Config

Standing = Literal["a_jour", "a_refaire", "jamais_fait", "en_echec", "retire"]


@dataclass(frozen=True, slots=True)
class Case:
    """A job with where it goes and what it is made from.

    Parameters
    ----------
    job : Job
        The bilan.
    folder : Path
        The dossier.
    page, manifest : Path
        Where the page and its sheet are published.
    made_from : mapping
        See `plan.ingredients`.
    key : str
        Content key; empty as long as the dossier has no secret, hence no published bilan.
    """

    job: Job
    folder: Path
    page: Path
    manifest: Path
    made_from: Mapping[str, str]
    key: str

    @property
    def up_to_date(self) -> bool:
        """Whether the published page is the one that the present inputs would give again."""
        told = manifest.read(self.manifest)
        return bool(self.key) and bool(told) and told["cle"] == self.key and digest(self.page) == told["html"]["sha256"]

    @property
    def withdrawal(self) -> dict[str, str]:
        """Day and reason of its withdrawal, as its sheet tells them; empty for a bilan that stands."""
        return manifest.withdrawal(manifest.read(self.manifest))


@dataclass(frozen=True, slots=True)
class State:
    """Where a bilan stands, and why it is to be made again (French, empty when it is up to date)."""

    job: Job
    path: Path
    status: Standing
    reason: str


def cases(jobs: Iterable[Job], config: Config, folder: Path, out: Path, *, create: bool) -> list[Case]:
    """Return the case of each job.

    Parameters
    ----------
    jobs : iterable of Job
        See `plan.jobs`.
    config : Config
        Of the dossier.
    folder, out : Path
        The dossier, and the folder of all reports.
    create : bool
        Whether the dossier may be given its secret (see `manifest.secret`).

    Raises
    ------
    ReportError
        When a place can't be used.
    """
    secret = manifest.secret(folder, create=create)
    inputs = {path.relative_to(folder).as_posix(): digest(path) for path in plan.input_files(config, folder)}
    notebooks = {name: digest(path) for name, path in checks.notebooks().items()}
    found = []
    for job in jobs:
        made_from = plan.ingredients(job, inputs=inputs, notebook_digest=notebooks.get(job.bilan, ""))
        found.append(
            Case(
                job=job,
                folder=folder,
                page=place(out, job.folder, f"{job.slug}.html"),
                manifest=place(out, job.folder, f"{job.slug}.manifest.json"),
                made_from=made_from,
                key=plan.content_key(made_from, secret) if secret else "",
            )
        )
    return found


def state(case: Case) -> State:
    """Compare a case with what is published and with the notes of the last attempt."""
    status, reason = _standing(case)
    return State(job=case.job, path=case.page, status=status, reason=reason)


def withdrawn_because(told: Mapping[str, str]) -> str:
    """Return in French when a bilan was withdrawn, and why."""
    return f"le {french.date(told['date'])} : {told['motif']}"


def _standing(case: Case) -> tuple[Standing, str]:
    notes = manifest.read(manifest.notes_path(case.folder, case.job))
    told = manifest.read(case.manifest)
    if case.withdrawal:
        return "retire", withdrawn_because(case.withdrawal)
    if case.up_to_date:
        return "a_jour", ""
    if notes.get("echec") and notes["cle"] == case.key:
        return "en_echec", notes["echec"]
    if not case.page.exists():
        return ("a_refaire", "le fichier publié a été supprimé") if told else ("jamais_fait", "jamais produit ici")
    if not told:
        return "a_refaire", "la fiche de production manque à côté du fichier publié"
    if told["cle"] == case.key:
        return "a_refaire", "le fichier publié a été modifié à la main"
    changed = plan.difference(notes["composants"], case.made_from) if notes else ""
    return "a_refaire", changed or "les données ou le programme ont changé"
