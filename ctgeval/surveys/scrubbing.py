"""Take out of an answer in prose what tells of a person: names, telephones, addresses, small places.

A program misses some: nothing that was only scrubbed is published, somebody reads it first (`open_answers`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from ctgeval import french
from ctgeval.sources import free_text, personal_data
from ctgeval.sources.known_persons import without_known
from ctgeval.sources.person_names import Named, is_given, named_in

__all__ = ["scrub"]

_MARKS = {
    "courriel": "[courriel]",
    "nir": "[numéro]",
    "iban": "[numéro]",
    "telephone": "[téléphone]",
    "adresse": "[adresse]",
}
_LONG = r"(?<!\d)\d(?:[ .]?\d){6,}(?!\d)"
_STREET_NAME = r"(?:[ \u00a0\u202f]+(?:d[eu]s?|la|les?|l[’']|d[’'])*[ \u00a0\u202f]*[^\W\d_][\w’'\-]*){1,4}"


def scrub(text: str, *, places: Iterable[str] = (), persons: frozenset[str] = frozenset()) -> str:
    """Return a text without what tells of a person.

    Parameters
    ----------
    text : str
        An answer in prose.
    places : iterable of str
        Names of places too small to be told, such as the communes of the territory.
    persons : frozenset of str
        Names that the other answers say are those of persons (`ctgeval.sources.known_persons`).

    Returns
    -------
    str
        With «[prénom]», «[nom]», «[téléphone]», «[courriel]», «[adresse]», «[numéro]», «[commune]» in their place.

    Examples
    --------
    >>> scrub("Appelez Mme Durand au 06 12 34 56 78, son fils lucas attend.")
    'Appelez Mme [nom] au [téléphone], son fils [prénom] attend.'
    """
    text = free_text.replaced(text, _patterns())
    for pattern in _places(tuple(sorted(set(places), key=lambda name: (-len(name), name)))):
        text = pattern.sub("[commune]", text)
    # From the last to the first: what comes before keeps its place.
    for one in reversed(named_in(text, strict=True)):
        text = f"{text[: one.start]}{_mark(text, one)}{text[one.end :]}"
    return without_known(text, persons)


def _mark(text: str, one: Named) -> str:
    first, _, more = text[one.start : one.end].partition(" ")
    if one.called or not is_given(first):
        return "[nom]"
    return "[prénom] [nom]" if more else "[prénom]"


@cache
def _patterns() -> dict[str, str]:
    told = dict(personal_data.patterns())
    told["adresse"] += _STREET_NAME
    return {pattern: _MARKS[kind] for kind, pattern in told.items()} | {_LONG: "[numéro]"}


@cache
def _places(names: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    """Return patterns that find each place with or without its hyphens, accents and capitals."""
    kept = [name for name in names if len(name) > 2]
    return tuple(re.compile(rf"(?i)(?<!\w){_lenient(name)}(?!\w)") for name in kept)


def _lenient(name: str) -> str:
    letters = {"a": "[aàâä]", "e": "[eéèêë]", "i": "[iîï]", "o": "[oôö]", "u": "[uùûü]", "c": "[cç]"}
    told = []
    for letter in french.fold(name):
        if letter.isalnum():
            told.append(letters.get(letter, letter))
        else:
            told.append(r"[\s\u00a0\u202f’'\-]+")
    return "".join(told)
