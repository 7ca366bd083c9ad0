"""Find the territories that were probably meant by a code or a name that does not exist."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterator, Mapping

__all__ = ["near_ones"]

_COUNT = 5
_LONG = 9
_DIGITS = "0123456789AB"
_PREFIXES = ("COM", "EPCI", "DEP", "REG")


def near_ones(text: str, names: Mapping[str, str]) -> list[str]:
    """Return the territories that look like a text, by code when it has digits, else by name.

    Parameters
    ----------
    text : str
        A prefixed code or a name, as typed.
    names : mapping
        Name of each prefixed code.

    Returns
    -------
    list of str
        At most five, the nearest first, as ``COM-86082 (Valence-en-Poitou)``.
    """
    typed = text.strip()
    found = _by_code(typed, names) if any(letter.isdigit() for letter in typed) else _by_name(typed, names)
    return [f"{geo} ({names[geo]})" for geo in found[:_COUNT]]


def _by_code(typed: str, names: Mapping[str, str]) -> list[str]:
    prefix, _, code = typed.rpartition("-")
    prefixes = [prefix] if prefix else list(_PREFIXES)
    found: dict[str, None] = {}
    # Looking up each possible mistake is a thousand times faster than comparing with every code.
    for mistake in (_nothing, _one_digit, _swap, _one_too_few_or_many, _two_digits):
        known = {f"{name}-{variant}" for variant in mistake(code) for name in prefixes} & names.keys()
        found.update(dict.fromkeys(sorted(known, key=lambda geo: (_distance(code, geo.rpartition("-")[2]), geo))))
    return list(found)


def _nothing(code: str) -> Iterator[str]:
    yield code


def _one_digit(code: str) -> Iterator[str]:
    for place in range(len(code)):
        for digit in _DIGITS:
            yield code[:place] + digit + code[place + 1 :]


def _swap(code: str) -> Iterator[str]:
    for place in range(len(code) - 1):
        yield code[:place] + code[place + 1] + code[place] + code[place + 2 :]


def _one_too_few_or_many(code: str) -> Iterator[str]:
    for place in range(len(code) + 1):
        yield code[:place] + code[place + 1 :]
        for digit in _DIGITS:
            yield code[:place] + digit + code[place:]


def _two_digits(code: str) -> Iterator[str]:
    # Two wrong digits out of five would make half of the communes of a département look alike.
    if len(code) >= _LONG:
        for variant in _one_digit(code):
            yield from _one_digit(variant)


def _distance(code: str, other: str) -> int:
    return abs(int(code) - int(other)) if code.isdigit() and other.isdigit() else 0


def _by_name(typed: str, names: Mapping[str, str]) -> list[str]:
    prefix, dash, rest = typed.partition("-")
    wanted = _fold(rest if dash and prefix.isupper() else typed)
    if not wanted:
        return []
    folded = {geo: _fold(name) for geo, name in names.items()}
    inside = sorted((len(name), geo) for geo, name in folded.items() if wanted in name)
    if inside:
        return [geo for _, geo in inside]
    alike: dict[str, str] = {}
    for geo, name in sorted(folded.items()):
        if name[:1] == wanted[:1]:
            alike.setdefault(name, geo)
    return [alike[found] for found in difflib.get_close_matches(wanted, list(alike), n=_COUNT, cutoff=0.7)]


def _fold(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text.casefold())
    letters = "".join(letter if letter.isalnum() else " " for letter in decomposed if not unicodedata.combining(letter))
    return " ".join(letters.split())
