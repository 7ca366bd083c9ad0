"""What a sentence tells of a person: a name, an address, a number; looked for before anybody else reads it.

`ctgeval.sources.personal_data` looks at columns, where repetition tells much; a sentence is alone, so that only what is
plain is found here. A person still reads each sentence before it is published.

Two capitals in a row are somebody's when one is a given name, unless the word before them is that of a body: « École
Jean Moulin » and « Espace Simone Veil » are nobody.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from ctgeval.prose import fold
from ctgeval.sources import personal_data
from ctgeval.sources.personal_data import KINDS

__all__ = ["found_in", "named", "removed", "spans"]

_CAPITAL = "[A-ZÀÂÄÇÉÈÊËÎÏÔÖÙÛÜ]"
_WORD = rf"{_CAPITAL}[^\W\d_]+(?:-{_CAPITAL}[^\W\d_]+)*"
_TITLED = re.compile(
    rf"\b(?:M\.|MM\.|Mr|Mme|Mmes|Mlle|Monsieur|Madame|Mademoiselle|Dr|Docteur)[ \u00a0\u202f]+({_WORD})"
)
_NAME = rf"(?:{_CAPITAL}{{2,}}(?:-{_CAPITAL}{{2,}})*|{_WORD})"
# Looked for at each word, so that « Directrice Claire Martin » does not hide the pair behind the function.
_PAIR = re.compile(rf"(?<![\w’'-])(?=({_NAME})[ \u00a0\u202f]+({_NAME})(?![\w-]))")
_BEFORE = re.compile(r"([^\W\d_]+)[ \u00a0\u202f’']+$")
_MORE = re.compile(rf"(?:[ \u00a0\u202f]+{_NAME})*")
# A given name alone is that of somebody when the word before it says so.
_CLOSE = re.compile(
    r"\b(?:fils|fille|frère|sœur|mari|femme|compagnon|compagne|enfant|petit|petite|ami|amie|voisin|voisine|collègue|"
    rf"chez|avec)[ \u00a0\u202f]+({_WORD})"
)
_STREET = re.compile(
    r"\b\d{1,4} ?(?:bis|ter)?,? +(?:rue|avenue|boulevard|chemin|route|place|impasse|allée|quai|lieu-dit|résidence)\b",
    re.IGNORECASE,
)
_CORE = re.compile(r"[\w+](?:.*\w)?", re.DOTALL)
_STREET_REST = re.compile(r"[^,;.()\n]*")
_BODIES = personal_data.BODIES | {"salle", "stade", "gymnase", "pole", "piscine", "quartier", "fete", "prix", "udaf"}
_MARKS = {"nir": "[numéro]", "courriel": "[courriel]", "telephone": "[téléphone]"}


def found_in(text: str) -> tuple[str, ...]:
    """Return the kinds of personal data that a sentence holds, keys of `ctgeval.sources.personal_data.KINDS`.

    Parameters
    ----------
    text : str
        A sentence, a few at most: what an inhabitant said, a finding, an open answer.
    """
    return tuple(kind for kind, holds in _TESTS.items() if holds(text))


def named(kinds: tuple[str, ...]) -> str:
    """Return what was found, in French: ``nom de personne, numéro de téléphone``."""
    return ", ".join(KINDS[kind] for kind in kinds)


def removed(text: str, *, addresses: bool = True) -> str:
    """Return a text with a mark in the place of what `found_in` finds.

    Parameters
    ----------
    text : str
        A sentence, a few at most.
    addresses : bool
        Whether postal addresses go too; False for the place of a public meeting.

    Examples
    --------
    >>> removed("Appeler Mme Durand au 06 12 34 56 78, école Jean Moulin.")
    'Appeler Mme [nom] au [téléphone], école Jean Moulin.'
    """
    for kind, mark in _MARKS.items():
        text = re.sub(personal_data.patterns()[kind], _around(mark), text)
    if addresses:
        for found in reversed(list(_STREET.finditer(text))):
            rest = _STREET_REST.match(text, found.end())
            text = text[: found.start()] + "[adresse]" + text[rest.end() if rest else found.end() :]
    # From the last to the first: what comes before keeps its place.
    for start, end in reversed(spans(text)):
        text = f"{text[:start]}[nom]{text[end:]}"
    return text


def spans(text: str) -> tuple[tuple[int, int], ...]:
    """Return where names of persons stand in a sentence, in order, without civility nor function.

    Examples
    --------
    >>> said = "Vu avec Mme Durand et la directrice Claire Martin"
    >>> [said[start:end] for start, end in spans(said)]
    ['Durand', 'Claire Martin']
    """
    kept: list[tuple[int, int]] = []
    for start, end in sorted(_names(text), key=lambda span: (span[0], -span[1])):
        if kept and start < kept[-1][1]:
            # Two that overlap are one.
            kept[-1] = (kept[-1][0], max(end, kept[-1][1]))
        else:
            kept.append((start, end))
    return tuple(kept)


def _around(mark: str) -> Callable[[re.Match[str]], str]:
    """Put a mark in the place of what is found, less the signs that the pattern needs on both sides of it."""

    def replaced(found: re.Match[str]) -> str:
        core = _CORE.search(found[0])
        return mark if core is None else found[0][: core.start()] + mark + found[0][core.end() :]

    return replaced


def _names(text: str) -> Iterator[tuple[int, int]]:
    """Yield where names of persons stand, civility and function left out."""
    for titled in _TITLED.finditer(text):
        more = _MORE.match(text, titled.end())
        yield titled.start(1), more.end() if more else titled.end()
    for close in _CLOSE.finditer(text):
        if _given(close[1]):
            yield close.span(1)
    for pair in _PAIR.finditer(text):
        first, second = pair[1], pair[2]
        words = {fold(first), fold(second)}
        before = _BEFORE.search(text, 0, pair.start())
        body = not words.isdisjoint(_BODIES) or (before is not None and fold(before[1]) in _BODIES)
        reversed_ = first.isupper() and len(first) > 2 and _given(second)
        if not body and (_given(first) or reversed_):
            more = _MORE.match(text, pair.end(2))
            yield pair.start(), more.end() if more else pair.end(2)


def _given(word: str) -> bool:
    known = personal_data.given_names()
    return all(part in known for part in fold(word).split("-"))


def _person(text: str) -> bool:
    return next(_names(text), None) is not None


def _holds(kind: str) -> Callable[[str], bool]:
    return lambda text: re.search(personal_data.patterns()[kind], text) is not None


_TESTS: dict[str, Callable[[str], bool]] = {
    "nir": _holds("nir"),
    "courriel": _holds("courriel"),
    "telephone": _holds("telephone"),
    "nom": _person,
    "adresse": lambda text: _STREET.search(text) is not None,
}
