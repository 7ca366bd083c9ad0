"""Find the territories that were probably meant by a code or a name that does not exist."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Mapping

__all__ = ["near_ones"]

_COUNT = 5


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
    same_level = [geo for geo in names if geo.startswith(f"{prefix}-")] if prefix else list(names)
    bare = {geo.partition("-")[2]: geo for geo in same_level}
    if code in bare:
        return [bare[code]]
    same_length = [found for found in bare if len(found) == len(code)]
    mistyped = sorted((_differences(code, found), _distance(code, found), found) for found in same_length)
    near = [found for count, _, found in mistyped if count <= max(1, len(code) // 4)]
    if near:
        return [bare[found] for found in near]
    # A digit too many or too few leaves the beginning or the end as it was: comparing with all others takes seconds.
    half = len(code) // 2
    alike = sorted(found for found in bare if found[:half] == code[:half] or found[-half:] == code[-half:])
    begun = sorted(found for found in bare if code and found.startswith(code))
    close = difflib.get_close_matches(code, alike, n=_COUNT, cutoff=0.75)
    return [bare[found] for found in dict.fromkeys([*begun, *close])]


def _differences(code: str, other: str) -> int:
    return sum(left != right for left, right in zip(code, other, strict=True))


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
