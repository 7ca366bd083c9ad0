"""What a sentence tells of a person: a name, an address, a number; looked for before anybody else reads it.

`ctgeval.sources.personal_data` looks at columns, where repetition tells much; a sentence is alone, so that only what is
plain is found here. A person still reads each sentence before it is published.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ctgeval.prose import fold
from ctgeval.sources import personal_data
from ctgeval.sources.personal_data import KINDS

__all__ = ["found_in", "named"]

_CAPITAL = "[A-ZÀÂÄÇÉÈÊËÎÏÔÖÙÛÜ]"
_WORD = rf"{_CAPITAL}[^\W\d_]+(?:-{_CAPITAL}[^\W\d_]+)*"
_TITLED = re.compile(rf"\b(?:M\.|MM\.|Mr|Mme|Mmes|Mlle|Monsieur|Madame|Mademoiselle|Dr|Docteur)[ \u00a0\u202f]+{_WORD}")
_PAIR = re.compile(rf"(?<![\w-])({_WORD})[ \u00a0\u202f]+((?:{_CAPITAL}{{2,}}|{_WORD}))")
# A given name alone is that of somebody when the word before it says so.
_CLOSE = re.compile(
    r"\b(?:fils|fille|frère|sœur|mari|femme|compagnon|compagne|enfant|petit|petite|ami|amie|voisin|voisine|collègue|"
    rf"chez|avec)[ \u00a0\u202f]+({_WORD})"
)
_STREET = re.compile(
    r"\b\d{1,4} ?(?:bis|ter)?,? +(?:rue|avenue|boulevard|chemin|route|place|impasse|allée|quai|lieu-dit|résidence)\b",
    re.IGNORECASE,
)
_PLACES = frozenset({"saint", "sainte", "st", "ste", "france", "caf", "msa"})


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


def _person(text: str) -> bool:
    if _TITLED.search(text):
        return True
    given = personal_data.given_names()
    if any(fold(match[1]) in given for match in _CLOSE.finditer(text)):
        return True
    return any(
        fold(match[1]) in given and fold(match[2]) not in _PLACES and fold(match[1]) not in _PLACES
        for match in _PAIR.finditer(text)
    )


def _holds(kind: str) -> Callable[[str], bool]:
    return lambda text: re.search(personal_data.patterns()[kind], text) is not None


_TESTS: dict[str, Callable[[str], bool]] = {
    "nir": _holds("nir"),
    "courriel": _holds("courriel"),
    "telephone": _holds("telephone"),
    "nom": _person,
    "adresse": lambda text: _STREET.search(text) is not None,
}
