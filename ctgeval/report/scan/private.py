"""What the coordinating process knows and a page must not say: true values of masked cells, names of persons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ctgeval.report.scan.document import INTERNAL
from ctgeval.report.scan.figures import Secrets, secrets

if TYPE_CHECKING:
    from ctgeval.confidentiality import Release
    from ctgeval.dossier import Dossier

__all__ = ["Private", "private"]


@dataclass(frozen=True, slots=True, eq=False)
class Private:
    """What is looked for in the pages of one audience; it stays in memory.

    Parameters
    ----------
    secrets : Secrets or None
        True values of the cells that its release masks.
    persons : frozenset of str
        Names that the dossier knows.
    """

    secrets: Secrets | None = None
    persons: frozenset[str] = frozenset()


def private(dossier: Dossier, release: Release) -> Private:
    """Gather what the pages made from a release must not say.

    Parameters
    ----------
    dossier : Dossier
    release : Release
        That of an audience; nothing is hidden from the team.
    """
    from ctgeval.followup import persons

    if release.audience == INTERNAL:
        return Private()
    names = dict(zip(release.indicators["id"], release.indicators["label"], strict=True))
    names |= dict(zip(release.territories["geo"], release.territories["name"], strict=True))
    return Private(secrets(dossier.indicators(), release.results, names=names), persons.known(dossier))
