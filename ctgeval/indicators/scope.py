"""Which territories a dossier speaks of, and in which role."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from ctgeval.territory import Reference, codes

ROLES = ("territoire", "membre", "groupement", "comparateur", "parent", "pair")
_PEERS_AT_MOST = 2_000
_SMALL_WORDS = frozenset({"au", "aux", "de", "des", "du", "en", "et", "la", "le", "les", "sous", "sur"})


def territories(
    subjects: Iterable[str],
    *,
    observations: pd.DataFrame,
    reference: Reference,
    year: int,
    comparators: Iterable[str] = (),
    groupings: Mapping[str, tuple[str, ...]] | None = None,
    names: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """List the territories of a dossier, each once, in its first role.

    Parameters
    ----------
    subjects : iterable of str
        The territory of the dossier, then those of its bilans.
    observations : DataFrame
        Rows on the perimeter of the dossier; they tell which peers are known.
    reference : Reference
        Geography.
    year : int
        Perimeter, at 1 January.
    comparators : iterable of str
        Territories chosen beforehand for comparison.
    groupings : mapping of str to tuple of str
        Own groupings (``GRP-``) and their communes.
    names : mapping of str to str
        Names that the dossier gives to its own groupings.

    Returns
    -------
    DataFrame
        ``geo, name, level, role``. A *pair* is a territory of the same level as a subject: in the same source where
        that source knows at most 2,000 of them, in the same département otherwise.
    """
    groups = groupings or {}
    subjects = list(dict.fromkeys(subjects))
    roles: dict[str, str] = dict.fromkeys(subjects, "territoire")

    def add(geos: Iterable[str], role: str) -> None:
        for geo in geos:
            roles.setdefault(geo, role)

    members = {geo: groups.get(geo) or reference.members(geo, year) for geo in subjects}
    add(comparators, "comparateur")
    add(groups, "groupement")
    for geo in subjects:
        if geo.startswith(("EPCI-", "GRP-")):
            add(members[geo], "membre")
    for geo in subjects:
        if not geo.startswith("GRP-"):
            add(reference.parents(geo, year), "parent")
    known = _known(observations)
    for geo in subjects:
        add(_peers(geo, known, reference, year), "pair")
    rows = [
        {
            "geo": geo,
            "name": _name(geo, reference, year) if geo not in groups else (names or {}).get(geo) or _title(geo),
            "level": codes.level(geo),
            "role": role,
        }
        for geo, role in roles.items()
    ]
    return pd.DataFrame(rows, columns=["geo", "name", "level", "role"])


def _known(observations: pd.DataFrame) -> dict[tuple[str, str], set[str]]:
    """Return the territories that each source tells of, by source and level."""
    source, sources = pd.factorize(observations["source"])
    place, geos = pd.factorize(observations["geo"])
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for pair in np.unique(source.astype(np.int64) * max(len(geos), 1) + place).tolist():
        rank, at = divmod(pair, len(geos))
        geo = str(geos[at])
        found[str(sources[rank]), geo.partition("-")[0]].add(geo)
    return found


def _peers(geo: str, known: Mapping[tuple[str, str], set[str]], reference: Reference, year: int) -> list[str]:
    level = codes.level(geo)
    near = _same_departement(geo, reference, year)
    found: set[str] = set()
    for (_, of_level), told in known.items():
        if of_level == level and geo in told:
            found |= told if len(told) <= _PEERS_AT_MOST else told & near
    return sorted(other for other in found if other != geo and reference.exists(other, year))


def _same_departement(geo: str, reference: Reference, year: int) -> set[str]:
    level = codes.level(geo)
    return {
        other
        for parent in reference.parents(geo, year)
        if parent.startswith("DEP-")
        for other in reference.members(parent, year, level=level)
    }


def _name(geo: str, reference: Reference, year: int) -> str:
    if reference.exists(geo, year):
        return reference.name(geo, year)
    return _title(geo)


def _title(geo: str) -> str:
    """Make a name of the code of a grouping: ``GRP-pays-de-gencay`` is *Pays de Gencay*."""
    words = geo.partition("-")[2].split("-")
    return " ".join(word if word in _SMALL_WORDS else word.capitalize() for word in words)
