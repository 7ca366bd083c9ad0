"""Which surveys say nothing of chance by the number of their answers: their sources give indicators no interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctgeval.surveys.comparing import is_plain

if TYPE_CHECKING:
    from ctgeval.dossier import Dossier

__all__ = ["unsampled"]


def unsampled(dossier: Dossier) -> frozenset[str]:
    """Return the sources from whose counts no interval may be drawn: volunteers, and designs that weigh their answers.

    What chance makes of a share that was weighted is told by its survey, not by the number of those who answered.
    """
    return frozenset(
        taken.survey.source
        for taken in dossier.surveys.taken.values()
        if taken.survey.recrutement != "aleatoire" or not is_plain(taken.designed.design)
    )
