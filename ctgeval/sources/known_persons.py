"""Names of the persons that a dossier speaks of, to be looked for in what leaves it: a family name alone has no form.

« Durand » alone reads as any other word. Once a table has said « Mme Durand » or « Claire Durand », it is the name of
somebody, and a page that writes it is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

import pandas as pd

from ctgeval.prose import fold
from ctgeval.sources.person_names import is_given, named_in
from ctgeval.sources.personal_data import BODIES

__all__ = ["known_persons", "persons_in", "without_known"]

_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
_BEFORE = re.compile(r"([^\W\d_]+)([ \u00a0\u202f’'-]+)(?:(?:d[eu]s?|la|les?)[ \u00a0\u202f]+|[dl]['’])*$")
_RUN = re.compile(r"\S+")
_SHORTEST = 3


def known_persons(
    tables: Mapping[str, pd.DataFrame], *, texts: Iterable[str] = (), bodies: Iterable[str] = ()
) -> frozenset[str]:
    """Return the names of persons that the tables of a dossier hold, whole and family name alone.

    To be given to `persons_in`, which looks for them in what is published.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        By name; every column of text is read, but ``origin``.
    texts : iterable of str
        Other sentences of the dossier: answers to questions, what partners sent back. Not the author's prose, which may
        be signed.
    bodies : iterable of str
        Names of organisations and of places, which are nobody even when they read so: « Compagnie Claire Durand ».

    Returns
    -------
    frozenset of str
        ``{"Claire Durand", "Durand"}``. A family name is not given alone when the dossier also writes it in lower case
        (« un petit banc » beside « Mme Petit »), or when it is a word of the name of a body or of a place: it would be
        found everywhere. It remains in the whole name.

    Examples
    --------
    >>> journal = pd.DataFrame({"texte": ["Vu avec Mme Durand", "Un petit banc pour M. Petit"]})
    >>> sorted(known_persons({"journal": journal}))
    ['Durand']
    """
    listed = sorted({body for body in bodies if body}, key=lambda name: (-len(name), name))
    said = sorted({*_cells(tables), *texts})
    ordinary = {fold(match[0]) for text in said for match in _ordinary(text, _WORD.finditer(text))}
    ordinary |= {fold(word) for body in listed for word in _WORD.findall(body)}
    found: set[str] = set()
    hiding = [body for body in listed if named_in(body)]
    for name, called in _names(said, hiding):
        words = name.split()
        family = _family(words)
        if len(words) > 1:
            found.add(" ".join(words))
        elif not called and is_given(family):
            # « Son fils Lucas »: a given name alone is that of many.
            continue
        if len(family) >= _SHORTEST and not {fold(word) for word in family.split()} <= ordinary:
            found.add(family)
    return frozenset(found)


def persons_in(text: str, known: frozenset[str]) -> tuple[str, ...]:
    """Return the names among those known that a text writes, whatever their accents and capitals, in order.

    Parameters
    ----------
    text : str
        What a reader sees: a page without its marks, a cell.
    known : frozenset of str
        See `known_persons`.

    Notes
    -----
    A capital is needed. A single name after a hyphen or the word for a body or a place is nobody (« Saint-Martin »,
    « école Durand »), and neither is one that the same text also writes in lower case.

    Examples
    --------
    >>> persons_in("Reprise du relais par DURAND, école Durand.", frozenset({"Durand"}))
    ('Durand',)
    """
    return tuple(dict.fromkeys(name for _, _, name in _places(text, known)))


def without_known(text: str, known: frozenset[str]) -> str:
    """Return a text with a mark in the place of the names that `persons_in` finds.

    Examples
    --------
    >>> without_known("Reprise du relais par DURAND, école Durand.", frozenset({"Durand"}))
    'Reprise du relais par [nom], école Durand.'
    """
    for start, end, _ in reversed(list(_places(text, known))):
        text = f"{text[:start]}[nom]{text[end:]}"
    return text


def _places(text: str, known: frozenset[str]) -> Iterator[tuple[int, int, str]]:
    """Yield where known names stand, the longest at each place, in order."""
    if not known:
        return
    written = [(match, fold(match[0])) for match in _WORD.finditer(text)]
    ordinary = {fold(match[0]) for match in _ordinary(text, [match for match, _ in written])}
    names = {tuple(fold(name).split()): name for name in sorted(known)}
    longest, free = max(map(len, names)), 0
    for place, (match, folded) in enumerate(written):
        if place < free or not match[0][0].isupper():
            continue
        for size in range(min(longest, len(written) - place), 0, -1):
            name = names.get(tuple(word for _, word in written[place : place + size]))
            if name and (size > 1 or not (folded in ordinary or _of_a_body(text, match.start()))):
                free = place + size
                yield match.start(), written[free - 1][0].end(), name
                break


def _ordinary(text: str, words: Iterable[re.Match[str]]) -> Iterator[re.Match[str]]:
    """Give the words in lower case; « claire.durand@ccva.fr » does not make an ordinary word of her name."""
    addresses = [run.span() for run in _RUN.finditer(text) if "@" in run[0]] if "@" in text else []
    for word in words:
        if word[0].islower() and not any(start <= word.start() < end for start, end in addresses):
            yield word


def _names(said: Iterable[str], bodies: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """Yield each name of somebody, and whether a civility comes before it."""
    for sentence in said:
        text = sentence
        for body in bodies:
            text = text.replace(body, " … ")
        for one in named_in(text):
            yield text[one.start : one.end], one.called


def _cells(tables: Mapping[str, pd.DataFrame]) -> Iterator[str]:
    for name in sorted(tables):
        frame = tables[name]
        for column in map(str, frame.select_dtypes(["object", "str"])):
            if column != "origin":
                yield from (cell for cell in frame[column] if isinstance(cell, str))


def _family(words: list[str]) -> str:
    """Return the family name of somebody: « Durand » of « Claire Durand », of « DURAND Claire », of « Durand »."""
    if len(words) == 1:
        return words[0]
    loud = [word for word in words if word.isupper() and len(word) > 1]
    if loud and len(loud) < len(words):
        return " ".join(loud)
    kept = [word for word in words if not is_given(word)]
    return " ".join(kept) or words[-1]


def _of_a_body(text: str, start: int) -> bool:
    before = _BEFORE.search(text, max(0, start - 40), start)
    return before is not None and ("-" in before[2] or fold(before[1]) in BODIES)
