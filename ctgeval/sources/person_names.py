"""Where names of persons stand in a sentence: one set of rules, for what is quoted and for what is only looked at.

Two capitals in a row are somebody's when one is a given name, unless the word before them is that of a body: « École
Jean Moulin » and « Espace Simone Veil » are nobody. Answers of inhabitants are looked at strictly: any given name is
somebody's there, even that of a school.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from ctgeval.prose import fold
from ctgeval.sources.personal_data import BODIES, given_names

__all__ = ["Named", "is_given", "named_in"]

_CAPITAL = "[A-ZÀ-ÖØ-Þ]"
_SPACE = "[ \u00a0\u202f]"
_WORD = rf"{_CAPITAL}[^\W\d_]+(?:-{_CAPITAL}?[^\W\d_]+)*"
_NAME = rf"(?:{_CAPITAL}{{2,}}(?:-{_CAPITAL}{{2,}})*|{_WORD})"
_TITLED = re.compile(
    rf"\b(?:(?<!\d )[Mm]\.|MM\.|(?i:mr|mmes?|mlles?|monsieur|madame|mademoiselle|dr|docteur|ma[iî]tre)\.?){_SPACE}+"
    rf"(?P<name>{_WORD})"
)
# Looked for at each word, so that « Directrice Claire Martin » does not hide the pair behind the function.
_PAIR = re.compile(rf"(?<![\w’'-])(?=(?P<first>{_NAME}){_SPACE}+(?P<second>{_NAME})(?![\w-]))")
_ALONE = re.compile(rf"(?<![\w-])(?P<name>{_WORD})")
_BEFORE = re.compile(rf"([^\W\d_]+)(?:{_SPACE}|[’'])+$")
_MORE = re.compile(rf"(?:{_SPACE}+{_NAME})*")
# A given name alone is that of somebody when the word before it says so.
_KIN = (
    "fils|filles?|frères?|s(?:œ|oe)urs?|mari|femme|conjointe?|compagn(?:e|on)|enfants?|bébé|petite?|prénommée?|"
    "s[’']appelle|appelée?"
)
_CLOSE = re.compile(rf"\b(?i:{_KIN}|amie?|voisine?|collègue|chez|avec)(?:{_SPACE}|,)+(?P<name>{_WORD})")
_QUIET = re.compile(rf"\b(?i:{_KIN})(?:{_SPACE}|,)+(?P<name>[^\W\d_]+(?:-[^\W\d_]+)*)")
_BODIES = BODIES | {"salle", "stade", "gymnase", "pole", "piscine", "quartier", "fete", "prix", "udaf"}


class Named(NamedTuple):
    """Where a name stands, civility and function left out, and whether a civility comes before it."""

    start: int
    end: int
    called: bool


def named_in(text: str, *, strict: bool = False) -> tuple[Named, ...]:
    """Return the names of persons that a sentence writes, in order; two that overlap are one.

    Parameters
    ----------
    text : str
    strict : bool
        Whether a given name is always somebody's: alone, after the word of a body, in lower case after « son fils ».

    Examples
    --------
    >>> said = "Vu avec Mme Durand et la directrice Claire Martin, école Jean Moulin"
    >>> [said[one.start : one.end] for one in named_in(said)]
    ['Durand', 'Claire Martin']
    """
    kept: list[Named] = []
    for one in sorted(_found(text, strict=strict), key=lambda one: (one.start, -one.end, not one.called)):
        if kept and one.start < kept[-1].end:
            kept[-1] = kept[-1]._replace(end=max(one.end, kept[-1].end))
        else:
            kept.append(one)
    return tuple(kept)


def is_given(word: str) -> bool:
    """Tell whether a word, or each part of it, is a given name: « Jean-Pierre »."""
    return given_names().issuperset(fold(word).split("-"))


def _found(text: str, *, strict: bool) -> Iterator[Named]:
    for titled in _TITLED.finditer(text):
        yield Named(titled.start("name"), _end(text, titled.end()), called=True)
    for close in _CLOSE.finditer(text):
        if is_given(close["name"]):
            yield Named(*close.span("name"), called=False)
    for pair in _PAIR.finditer(text):
        first, second = pair["first"], pair["second"]
        reversed_ = first.isupper() and len(first) > 2 and is_given(second)
        if (is_given(first) or reversed_) and (strict or not _of_a_body(text, pair)):
            yield Named(pair.start(), _end(text, pair.end("second")), called=False)
    if strict:
        for quiet in _QUIET.finditer(text):
            if is_given(quiet["name"]):
                yield Named(*quiet.span("name"), called=False)
        for alone in _ALONE.finditer(text):
            if is_given(alone["name"]):
                yield Named(alone.start(), _end(text, alone.end()), called=False)


def _end(text: str, start: int) -> int:
    """Return where the capitals that follow a name end."""
    more = _MORE.match(text, start)
    return more.end() if more else start


def _of_a_body(text: str, pair: re.Match[str]) -> bool:
    before = _BEFORE.search(text, 0, pair.start())
    return not _BODIES.isdisjoint({fold(pair["first"]), fold(pair["second"])}) or (
        before is not None and fold(before[1]) in _BODIES
    )
