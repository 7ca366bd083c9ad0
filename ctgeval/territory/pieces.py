"""The finest communes known: what each commune is made of, back to the geography since which all changes are known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ctgeval.territory.reference import Reference

__all__ = ["pieces"]


def pieces(reference: Reference, year: int) -> Mapping[str, tuple[str, ...]]:
    """Return the former communes that each commune of a geography is made of; one that never changed is not there.

    Parameters
    ----------
    reference : Reference
    year : int
        Geography (1 January) of the communes.

    Notes
    -----
    A former commune that was split since is in no commune whole: each part of it has a name of its own.
    """
    since = min(reference.known_since, year)
    images = reference.timeline.chain(since, year).images
    found: dict[str, list[str]] = {}
    for before, after in sorted(images.items()):
        for commune in after:
            found.setdefault(commune, []).append(before if len(after) == 1 else f"{before}>{commune}")
    return {commune: tuple(parts) for commune, parts in found.items() if parts != [commune]}
