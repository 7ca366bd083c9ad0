"""What a sentence tells of a person: a name, an address, a number; looked for before anybody else reads it.

`ctgeval.sources.personal_data` looks at columns, where repetition tells much; a sentence is alone, so that only what is
plain is found here. A person still reads each sentence before it is published. Names are those that
`ctgeval.sources.person_names` finds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from ctgeval.sources import personal_data
from ctgeval.sources.person_names import named_in
from ctgeval.sources.personal_data import KINDS

__all__ = ["found_in", "named", "removed", "replaced"]

_STREET = re.compile(
    r"\b\d{1,4} ?(?:bis|ter)?,? +(?:rue|avenue|boulevard|chemin|route|place|impasse|allée|quai|lieu-dit|résidence)\b",
    re.IGNORECASE,
)
_CORE = re.compile(r"[\w+](?:.*\w)?", re.DOTALL)
_DIGIT = re.compile(r"\d")
_STREET_REST = re.compile(r"[^,;.()\n]*")
_MARKS = {"nir": "[numéro]", "iban": "[numéro]", "courriel": "[courriel]", "telephone": "[téléphone]"}


def found_in(text: str) -> tuple[str, ...]:
    """Return the kinds of personal data that a sentence holds, keys of `ctgeval.sources.personal_data.KINDS`.

    Parameters
    ----------
    text : str
        A sentence, a few at most: what an inhabitant said, a finding, an open answer.
    """
    return _kinds_in(text)


# The same words come back in every table and for every reader.
@lru_cache(maxsize=16384)
def _kinds_in(text: str) -> tuple[str, ...]:
    tests = _TESTS if _DIGIT.search(text) else _WITHOUT_DIGIT
    return tuple(kind for kind, holds in tests.items() if holds(text))


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
    patterns = personal_data.patterns()
    text = replaced(text, {patterns[kind]: mark for kind, mark in _MARKS.items()})
    if addresses:
        for found in reversed(list(_STREET.finditer(text))):
            rest = _STREET_REST.match(text, found.end())
            text = text[: found.start()] + "[adresse]" + text[rest.end() if rest else found.end() :]
    # From the last to the first: what comes before keeps its place.
    for one in reversed(named_in(text)):
        text = f"{text[: one.start]}[nom]{text[one.end :]}"
    return text


def replaced(text: str, marks: Mapping[str, str]) -> str:
    """Return a text with marks in the place of what patterns find, less the signs that they need on both sides of it.

    Parameters
    ----------
    text : str
    marks : mapping of str to str
        The mark of each regular expression.
    """
    for pattern, mark in marks.items():
        text = re.sub(pattern, _around(mark), text)
    return text


def _around(mark: str) -> Callable[[re.Match[str]], str]:
    def put(found: re.Match[str]) -> str:
        core = _CORE.search(found[0])
        return mark if core is None else found[0][: core.start()] + mark + found[0][core.end() :]

    return put


def _holds(kind: str) -> Callable[[str], bool]:
    pattern = re.compile(personal_data.patterns()[kind])
    return lambda text: pattern.search(text) is not None


_TESTS: dict[str, Callable[[str], bool]] = {
    "nir": _holds("nir"),
    "iban": _holds("iban"),
    "courriel": _holds("courriel"),
    "telephone": _holds("telephone"),
    "nom": lambda text: bool(named_in(text)),
    "adresse": lambda text: _STREET.search(text) is not None,
}
_WITHOUT_DIGIT = {kind: holds for kind, holds in _TESTS.items() if kind in {"courriel", "nom"}}
"""What a sentence without any digit may hold: all other kinds have one."""
