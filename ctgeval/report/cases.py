"""Each bilan with its place and what it is made from: what is up to date, what is not, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ctgeval import french
from ctgeval.report import manifest, plan, versions
from ctgeval.report.files import digest, place
from ctgeval.report.plan import Job
from ctgeval.report.versions import Version

if TYPE_CHECKING:
    from ctgeval.config import Config

Standing = Literal["a_jour", "a_refaire", "jamais_fait", "en_echec", "retire", "fige"]
_OURS = ("la version de ", "le programme ctgeval")


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
    versions : tuple of Version
        Those that were frozen, the first one first.
    """

    job: Job
    folder: Path
    page: Path
    manifest: Path
    made_from: Mapping[str, str]
    key: str
    versions: tuple[Version, ...] = ()

    @property
    def up_to_date(self) -> bool:
        """Whether what is published is what the present inputs would give again, in every format asked for."""
        told = manifest.read(self.manifest)
        return (
            bool(self.key)
            and bool(told)
            and told["cle"] == self.key
            and not self.lacking(told)
            and manifest.whole(self.page.parent, told)
        )

    def lacking(self, told: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the formats that are asked for and that a sheet does not tell of."""
        made = {"html", *(one["format"] for one in manifest.files(told))}
        return tuple(name for name in self.job.formats if name not in made)

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
    notebooks = plan.notebook_digests(folder)
    found, kept = [], {}
    for job in jobs:
        if job.folder not in kept:
            kept[job.folder] = versions.kept(place(out, job.folder))
        made_from = plan.ingredients(job, inputs=inputs, notebook_digest=notebooks.get(job.bilan, ""))
        found.append(
            Case(
                job=job,
                folder=folder,
                page=place(out, job.folder, f"{job.slug}.html"),
                manifest=place(out, job.folder, f"{job.slug}.manifest.json"),
                made_from=made_from,
                key=plan.content_key(made_from, secret) if secret else "",
                versions=kept[job.folder].get(job.slug, ()),
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


def changed_since(case: Case, version: Version) -> str:
    """Return in French what changed in a dossier since a version was frozen; empty when nothing of its author did.

    Another release of ctgeval, or of what it is built on, is no reason to revise what a meeting has seen.
    """
    lacking = case.lacking(version.told)
    if lacking:
        return _new_formats(lacking)
    notes = manifest.read(manifest.version_notes_path(case.folder, case.job, version.number))
    if not notes or notes["cle"] == case.key:
        return ""
    before, now = (
        {name: value for name, value in found.items() if not name.startswith(_OURS)}
        for found in (notes["composants"], case.made_from)
    )
    return plan.difference(before, now)


def _new_formats(names: Sequence[str]) -> str:
    shown = french.enumeration([f"« {name} »" for name in names])
    return f"le format {shown} est nouveau" if len(names) == 1 else f"les formats {shown} sont nouveaux"


def _standing(case: Case) -> tuple[Standing, str]:
    if case.withdrawal:
        return "retire", withdrawn_because(case.withdrawal)
    version = versions.held(case)
    if version is not None and versions.intact(case, version):
        changed = changed_since(case, version)
        return ("fige", versions.told_of(version, changed)) if changed else ("a_jour", "")
    if version is not None and case.up_to_date:
        return "a_refaire", f"la version {version.number}, figée, a été modifiée ou supprimée à la main"
    return _compared(case)


def _compared(case: Case) -> tuple[Standing, str]:
    """Compare what a bilan would be made from with what it was made from."""
    if case.up_to_date:
        return "a_jour", ""
    told = manifest.read(case.manifest)
    notes = manifest.read(manifest.notes_path(case.folder, case.job))
    if notes.get("echec") and notes["cle"] == case.key:
        return "en_echec", notes["echec"]
    if not case.page.exists():
        return ("a_refaire", "le fichier publié a été supprimé") if told else ("jamais_fait", "jamais produit ici")
    if not told:
        return "a_refaire", "la fiche de production manque à côté du fichier publié"
    if told["cle"] == case.key:
        lacking = case.lacking(told)
        if lacking:
            return "a_refaire", _new_formats(lacking)
        return "a_refaire", "un fichier publié a été modifié ou supprimé à la main"
    changed = plan.difference(notes["composants"], case.made_from) if notes else ""
    return "a_refaire", changed or "les données ou le programme ont changé"
