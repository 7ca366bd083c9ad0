"""The reason of a withdrawal or of a revision, which readers see: it can be printed, and tells of nobody."""

from __future__ import annotations

import re

from ctgeval.config.models import LONGEST_REASON
from ctgeval.errors import ConfidentialityError, ParameterError

__all__ = ["checked"]

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def checked(reason: str, *, of: str) -> str:
    """Return a reason that can be printed for readers.

    Parameters
    ----------
    reason : str
        As its author wrote it.
    of : str
        What it explains, in French: ``du retrait``.

    Raises
    ------
    ParameterError
        When it is empty, too long, or holds signs that are not printed.
    ConfidentialityError
        When it tells of a person.
    """
    told = reason.strip()
    if not told or len(told) > LONGEST_REASON or _CONTROL.search(told):
        raise ParameterError(
            f"Le motif {of} est vide, trop long, ou contient des signes qui ne s’impriment pas.",
            value=_CONTROL.sub("?", told[:80]),
            remedy=f"Écrivez une phrase de {LONGEST_REASON} signes au plus : les lecteurs de l’index la verront.",
        )
    # Heavy, and of no use to whoever reads only the versions.
    from ctgeval.report import scan

    hits = scan.document("motif.txt", told.encode("utf-8"), audience="habitants").hits
    if hits:
        raise ConfidentialityError(
            f"Le motif {of} ne peut pas être montré aux lecteurs : {scan.KINDS[hits[0].kind]}.",
            value=hits[0].what,
            remedy="Écrivez-le sans rien qui désigne une personne.",
        )
    return told
