"""Take out of an answer in prose what tells of a person: names, telephones, addresses, small places.

A program misses some: nothing that was only scrubbed is published, somebody reads it first (`open_answers`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache

from ctgeval import french
from ctgeval.sources import personal_data

__all__ = ["scrub"]

_MARKS = {
    "courriel": "[courriel]",
    "nir": "[numéro]",
    "iban": "[numéro]",
    "telephone": "[téléphone]",
    "adresse": "[adresse]",
}
_WORD = r"[^\W\d_]+(?:-[^\W\d_]+)*"
_CAPITAL = r"[A-ZÀ-ÖØ-Þ][^\W\d_]+(?:-[A-ZÀ-ÖØ-Þ]?[^\W\d_]+)*"
_TITLED = re.compile(
    rf"\b((?i:mme|mlle|mr|m\.|madame|mademoiselle|monsieur|docteur|dr|maître)\.?)[ \u00a0\u202f]+"
    rf"(?!le\b|la\b|les\b)({_CAPITAL}(?:[ \u00a0\u202f]{_CAPITAL})*)"
)
_KIN = re.compile(
    rf"\b((?i:fils|fille|filles|mari|femme|conjointe?|compagn(?:e|on)|enfants?|bébé|petite?|frère|s(?:œ|oe)ur|prénommée?|"
    rf"s’appelle|s'appelle|appelée?))[ \u00a0\u202f,]+({_WORD})"
)
_NAMED = re.compile(rf"\b({_CAPITAL})((?:[ \u00a0\u202f]{_CAPITAL})*)")
_LONG = re.compile(r"(?<!\d)\d(?:[ .]?\d){6,}(?!\d)")
_STREET_NAME = r"(?:[ \u00a0\u202f]+(?:d[eu]s?|la|les?|l[’']|d[’'])*[ \u00a0\u202f]*[^\W\d_][\w’'\-]*){1,4}"


def scrub(text: str, *, places: Iterable[str] = ()) -> str:
    """Return a text without what tells of a person.

    Parameters
    ----------
    text : str
        An answer in prose.
    places : iterable of str
        Names of places too small to be told, such as the communes of the territory.

    Returns
    -------
    str
        With «[prénom]», «[nom]», «[téléphone]», «[courriel]», «[adresse]», «[numéro]», «[commune]» in their place.

    Examples
    --------
    >>> scrub("Appelez Mme Durand au 06 12 34 56 78, son fils lucas attend.")
    'Appelez Mme [nom] au [téléphone], son fils [prénom] attend.'
    """
    for kind, pattern in _patterns():
        text = pattern.sub(_around(_MARKS[kind]), text)
    text = _LONG.sub("[numéro]", text)
    for pattern in _places(tuple(sorted(set(places), key=lambda name: (-len(name), name)))):
        text = pattern.sub("[commune]", text)
    text = _TITLED.sub(r"\1 [nom]", text)
    text = _KIN.sub(lambda found: f"{found[1]} [prénom]" if _given(found[2]) else found[0], text)
    return _NAMED.sub(_without_name, text)


def _around(mark: str) -> Callable[[re.Match[str]], str]:
    """Replace what was found, less the spaces and marks that the pattern needed on both sides of it."""

    def replaced(found: re.Match[str]) -> str:
        core = re.search(r"[\w+](?:.*\w)?", found[0], re.DOTALL)
        return found[0] if core is None else found[0][: core.start()] + mark + found[0][core.end() :]

    return replaced


def _without_name(found: re.Match[str]) -> str:
    """Take a given name out, with the capitals after it, which are a family name."""
    if not _given(found[1]):
        return found[0]
    return "[prénom]" if not found[2] else "[prénom] [nom]"


def _given(word: str) -> bool:
    names = personal_data.given_names()
    parts = re.findall(r"[a-z]+", french.fold(word))
    return bool(parts) and all(part in names for part in parts)


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    told = dict(personal_data.patterns())
    told["adresse"] += _STREET_NAME
    return tuple((kind, re.compile(pattern)) for kind, pattern in told.items())


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
