"""Communes and départements that a file names without their codes: found by name, in one département, or refused.

Capitals, accents, hyphens, apostrophes, articles and the abbreviations of saints do not matter. A name that several
communes bear, or none, gives no code: the near names are told.
"""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ctgeval.errors import TerritoryError
from ctgeval.french import fold, plural
from ctgeval.sources.tidy import Texts
from ctgeval.territory import codes

if TYPE_CHECKING:
    from ctgeval.territory.reference import Reference

__all__ = [
    "Found",
    "commune",
    "departement",
    "departement_of_school",
    "key",
    "known",
    "of_arrondissements",
    "whole_communes",
]

_ABBREVIATIONS = {"st": "saint", "ste": "sainte", "sts": "saints", "stes": "saintes", "s": "sur", "ss": "sous"}
_ARTICLES = ("le", "la", "les", "l")
_ARRONDISSEMENT = re.compile(r"(paris|lyon|marseille) 0*(\d{1,2}) ?(?:er|e|eme)?(?: arrondissement)?")
_BEFORE_NUMBER = {"paris": "751", "lyon": "6938", "marseille": "132"}
_CORSICA = {"620": "2A", "720": "2B"}
_SCHOOL = re.compile(r"\d{7}[A-Z]")


class Found(NamedTuple):
    """What a name gave.

    Parameters
    ----------
    geo : str
        Prefixed code; empty when there is none, or several.
    geography : int or None
        Year in which the commune bears that name.
    reason : str
        Why there is no code, in French.
    """

    geo: str
    geography: int | None
    reason: str


def key(name: str) -> str:
    """Reduce a name to what its spellings share.

    Examples
    --------
    >>> key("ST-GERMAIN DE L'ÉPINAY"), key("Rheu (Le)")
    ('saint germain de l epinay', 'le rheu')
    """
    words = re.findall(r"[a-z0-9]+", fold(name))
    if len(words) > 1 and words[-1] in _ARTICLES and re.search(r"[(,]", name):
        words = [words[-1], *words[:-1]]
    # A letter alone abbreviates « sur » between two words only: « Lys-s-Bois », never « S... » at an end.
    last = len(words) - 1
    return " ".join(
        _ABBREVIATIONS.get(word, word) if word not in {"s", "ss"} or 0 < place < last else word
        for place, word in enumerate(words)
    )


def departement(cell: str, reference: Reference | None) -> str:
    """Return the bare code of a département told by its code (``6``, ``086``) or its name; empty when it is neither."""
    text = cell.strip()
    try:
        return codes.departement(text).removeprefix("DEP-")
    except TerritoryError:
        wanted = key(text)
    return _departements(reference).get(wanted, "") if reference is not None and wanted else ""


def departement_of_school(number: str) -> str:
    """Return the département of a school from its national number (UAI): ``0350103X`` is in ``35``; empty if unread."""
    text = number.strip().upper()
    if not _SCHOOL.fullmatch(text):
        return ""
    head = text[:3]
    return _CORSICA.get(head) or (head.removeprefix("0"))


def commune(name: str, dep: str, year: int, reference: Reference) -> Found:
    """Find the commune of a département that bears a name in a year, or bore it in the nearest year that has it.

    Parameters
    ----------
    name : str
        As the file writes it.
    dep : str
        Bare code of the département.
    year : int
        Year of the figures: before the first year of the reference, its nearest year is taken.
    reference : Reference
        Known communes.
    """
    wanted = key(name)
    if not wanted:
        return Found("", None, "Le nom de la commune manque.")
    city = _ARRONDISSEMENT.fullmatch(wanted)
    if city is not None:
        return _arrondissement(city[1], int(city[2]), name)
    for known in _nearest_first(reference, year):
        exact, without_article = _index(reference, known, dep)
        bearers = exact.get(wanted) or without_article.get(_bare(wanted)) or []
        if len(bearers) == 1:
            return Found(bearers[0], known, "")
        if bearers:
            several = ", ".join(f"{geo} ({reference.name(geo, known)})" for geo in bearers)
            return Found("", None, f"Plusieurs communes du département {dep} portent ce nom : {several}.")
    return Found("", None, _unknown(wanted, dep, year, reference))


@lru_cache(maxsize=8)
def known(reference: Reference) -> frozenset[str]:
    """Return every commune that the reference tells of, in a year or in an event."""
    events = reference.events
    return frozenset({*reference.places["geo"], *events["code_before"], *events["code_after"]})


def whole_communes(geo: Texts) -> Texts:
    """Return the codes with those of arrondissements municipaux replaced by that of their commune."""
    return np.array([codes.arrondissement_parent(code) or code for code in geo.tolist()], dtype=object)


def of_arrondissements(geo: Texts) -> str:
    """Say in French that the rows of arrondissements municipaux are counted in their commune; empty without any."""
    found = {code for code in geo.tolist() if codes.arrondissement_parent(code)}
    if not found:
        return ""
    return (
        f"Lignes d’arrondissements de Paris, de Lyon ou de Marseille ({plural(len(found), 'arrondissement')}) : elles "
        "sont comptées dans leur commune."
    )


def _nearest_first(reference: Reference, year: int) -> Iterator[int]:
    """Give the years of the reference by their distance, the earlier first: an old name outlives a merger."""
    yield from sorted(reference.years, key=lambda known: (abs(known - year), known))


def _arrondissement(city: str, number: int, name: str) -> Found:
    prefix = _BEFORE_NUMBER[city]
    geo = f"COM-{prefix}{number:0{5 - len(prefix)}d}"
    if geo in codes.ARRONDISSEMENTS:
        return Found(geo, None, "")
    return Found("", None, f"« {name} » n’est pas un arrondissement de cette ville.")


def _unknown(wanted: str, dep: str, year: int, reference: Reference) -> str:
    nearest = next(_nearest_first(reference, year))
    exact, _ = _index(reference, nearest, dep)
    if not exact:
        return f"Le département « {dep} » n’est pas connu." if dep else "Le département de la commune n’est pas connu."
    longer = [name for name in sorted(exact) if name.startswith(f"{wanted} ") or wanted.startswith(f"{name} ")]
    close = [*longer, *difflib.get_close_matches(wanted, sorted(exact), n=3, cutoff=0.75)]
    near = [f"{geo} ({reference.name(geo, nearest)})" for name in dict.fromkeys(close) for geo in exact[name]]
    hint = f" Noms proches : {', '.join(near[:3])}." if near else ""
    return f"Aucune commune du département {dep} ne porte ce nom.{hint}"


@lru_cache(maxsize=4096)
def _index(reference: Reference, year: int, dep: str) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Return the communes of a département by name, and by name without article."""
    exact: dict[str, list[str]] = defaultdict(list)
    bare: dict[str, list[str]] = defaultdict(list)
    for geo in _members(reference, year, dep):
        wanted = key(reference.name(geo, year))
        exact[wanted].append(geo)
        bare[_bare(wanted)].append(geo)
    return dict(exact), dict(bare)


def _members(reference: Reference, year: int, dep: str) -> tuple[str, ...]:
    if not dep:
        return ()
    if reference.exists(f"DEP-{dep}", year):
        return reference.members(f"DEP-{dep}", year)
    # Collectivités d'outre-mer are not départements: their communes are told by the beginning of their codes.
    return tuple(sorted(geo for geo in reference.codes("COM", year) if geo.startswith(f"COM-{dep}")))


@lru_cache(maxsize=8)
def _departements(reference: Reference) -> dict[str, str]:
    found: dict[str, str] = {}
    for year in reference.years:
        for geo in sorted(reference.codes("DEP", year)):
            wanted, code = key(reference.name(geo, year)), geo.removeprefix("DEP-")
            found[wanted] = code
            found.setdefault(_bare(wanted), code)
    return found


def _bare(wanted: str) -> str:
    head, _, rest = wanted.partition(" ")
    return rest if head in _ARTICLES and rest else wanted
