"""Which versions everybody may read: frozen, published, validated by a body on a day, whole as they were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ctgeval import french
from ctgeval.report import manifest, site, versions
from ctgeval.report.files import place
from ctgeval.report.plan import Job
from ctgeval.report.versions import Version

if TYPE_CHECKING:
    from ctgeval.config import BilanConfig, Config

__all__ = ["AUDIENCE", "PUBLISHED", "Chosen", "Left", "chosen"]

AUDIENCE = "habitants"
PUBLISHED = "publie"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A version to publish, with the body that validated it and on which day.

    Parameters
    ----------
    version : Version
        Frozen and whole.
    day, body, deliberation : str
        ISO day, the body, and the reference of its decision (empty when there is none).
    """

    version: Version
    day: str
    body: str
    deliberation: str = ""

    @property
    def files(self) -> tuple[dict[str, Any], ...]:
        """The page, then the files beside it, as its sheet tells them."""
        told = self.version.told
        return (dict(told["html"]), *(dict(one) for one in manifest.files(told)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """A bilan for everybody that is not published, and why, in French."""

    slug: str
    reason: str


def chosen(config: Config, jobs: Sequence[Job], out: Path) -> tuple[tuple[Chosen, ...], tuple[Left, ...]]:
    """Return the versions to publish, and the bilans that stay.

    Parameters
    ----------
    config : Config
        Of the dossier.
    jobs : sequence of Job
        All that the dossier asks for.
    out : Path
        Folder of the reports.
    """
    found: list[Chosen] = []
    left: list[Left] = []
    kept = versions.kept(place(out, AUDIENCE))
    own = site.convention(config.territoire.nom or config.territoire.code)
    for job in jobs:
        if job.audience != AUDIENCE:
            continue
        mine = [one for one in kept.get(job.slug, ()) if one.told["convention"] == own]
        published = [one for one in mine if one.etat == PUBLISHED and not one.withdrawal]
        reason = _stays(job, mine, published, out)
        declared = _declared(config, job)
        if not reason and not (declared and declared.date and declared.instance):
            reason = "ctg.toml ne dit pas quelle instance l’a validé, ni quand (« date » et « instance »)"
        if reason or declared is None or declared.date is None:
            left.append(Left(slug=job.slug, reason=reason))
            continue
        found.append(
            Chosen(
                version=published[-1],
                day=declared.date.isoformat(),
                body=declared.instance,
                deliberation=declared.deliberation,
            )
        )
    return tuple(found), tuple(left)


def _stays(job: Job, mine: Sequence[Version], published: Sequence[Version], out: Path) -> str:
    """Return why a bilan can't be published yet; empty when it can."""
    if job.etat != PUBLISHED:
        return f"son état est « {job.etat} », et non « {PUBLISHED} »"
    if not mine:
        return "il n’a pas encore été construit depuis qu’il est publié : lancez « ctgeval construire »"
    if not published:
        told = mine[-1].withdrawal
        return f"il a été retiré le {french.date(told['date'])}" if told else "aucune version publiée n’en a été figée"
    last = published[-1]
    if not manifest.whole(last.page.parent, last.told):
        return f"sa version {last.number} a été modifiée ou supprimée à la main dans {out.name}/{AUDIENCE}/versions"
    return ""


def _declared(config: Config, job: Job) -> BilanConfig | None:
    """Return the block of ``ctg.toml`` that asks for a bilan."""
    asked = (job.bilan, job.audience, job.periode)
    return next(
        (
            one
            for one in config.bilans
            if (one.carnet, one.audience, one.periode) == asked
            and job.territoire in (one.territoires or (config.territoire.code,))
        ),
        None,
    )
