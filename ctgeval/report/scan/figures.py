"""Numbers of sentences and of alternatives, beside the true values of the cells that the release masks."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from ctgeval import french
from ctgeval.prose import fold
from ctgeval.render import wording
from ctgeval.report.scan.facts import Facts, Given
from ctgeval.report.scan.hits import hidden
from ctgeval.report.scan.numerals import Numeral, numerals

__all__ = ["Secrets", "secrets", "told_masks", "told_secrets"]

_KEYS = ["indicator", "geo", "time_period"]
_VALUES = ("value", "low", "high", "numerator", "denominator", "n")
_LEAST, _NAMED = 4, 3
_SENTENCE = re.compile(r"(?<=[.;!?])\s+|\s\|\s")
_WORD = re.compile(r"\w+")
_DATED = re.compile(r"\b(?:en|au|pendant l’)\s+(?=(\w[^,;.()]{3,30}))")


@dataclass(frozen=True, slots=True, eq=False)
class Secrets:
    """True values of the masked cells of a release, in memory only.

    Parameters
    ----------
    values : ndarray of float, shape (n,)
        Absolute values, sorted.
    words : tuple of frozenset of str
        For each, what names its indicator and its place, folded.
    absent : tuple of bool
        For each, whether the release does not even hold the cell: it comes from a source of other readers.
    """

    values: np.ndarray
    words: tuple[frozenset[str], ...]
    absent: tuple[bool, ...]

    def __repr__(self) -> str:
        return f"Secrets({len(self.words)})"


def secrets(true: pd.DataFrame, released: pd.DataFrame, *, names: Mapping[str, str]) -> Secrets:
    """Gather the true values of the cells that a release masks, or leaves out with their source.

    Parameters
    ----------
    true : DataFrame
        Result rows before any protection.
    released : DataFrame
        Those of the release: masked ones have ``conf_status`` C.
    names : mapping of str to str
        What a reader calls the indicators and the places.
    """
    masked = released["conf_status"].isin(["C", "D", "N"])
    shown = _keys(released[~masked & released["value"].notna()])
    marked = _keys(released[masked])
    counted = true[true[list(_VALUES)].notna().any(axis=1)]
    called: dict[str, str] = {}
    found: list[tuple[float, bool, frozenset[str]]] = []
    for key, row in zip(_listed(counted), counted[list(_VALUES)].to_numpy(dtype=float).tolist(), strict=True):
        if key in shown:
            continue
        for code in key[:2]:
            called.setdefault(code, fold(french.typography(names.get(code, code))))
        words = frozenset(called[code] for code in key[:2])
        found += [(abs(one), key not in marked, words) for one in dict.fromkeys(row) if math.isfinite(one) and one]
    found.sort(key=lambda one: one[:2])
    return Secrets(
        np.array([number for number, _, _ in found], dtype=float),
        tuple(words for _, _, words in found),
        tuple(absent for _, absent, _ in found),
    )


def _keys(frame: pd.DataFrame) -> set[tuple[str, ...]]:
    return set(_listed(frame))


def _listed(frame: pd.DataFrame) -> list[tuple[str, ...]]:
    columns = (frame[name].to_numpy(dtype=object).tolist() for name in _KEYS)
    return list(zip(*columns, strict=True))


def told_secrets(text: str, known: Secrets, facts: Facts | None) -> Iterator[str]:
    """Yield, disguised, the numbers of a text that are true values of masked cells.

    Parameters
    ----------
    text : str
    known : Secrets
        Only numbers of four digits and more are recognised anywhere; of three, where the text names the indicator or
        the place; shorter ones are everywhere by chance, and tables alone tell (`ctgeval.report.scan.cells`). Those of
        a cell that the release does not hold are many: they need four digits, the indicator and the place.
    facts : Facts, optional
        What the release gives: a number that it gives too is no secret.
    """
    if not known.words:
        return
    folded = ""
    for told in numerals(text):
        if told.digits < _NAMED or told.is_year or (facts is not None and facts.gives(told)):
            continue
        size, reach = abs(told.value), told.step + 1e-9
        left, right = np.searchsorted(known.values, [size - reach, size + reach])
        if right <= left:
            continue
        folded = folded or fold(text)
        if any(_recognised(told, folded, known, rank) for rank in range(left, right)):
            yield hidden(told.text)


def _recognised(told: Numeral, folded: str, known: Secrets, rank: int) -> bool:
    named = [word in folded for word in known.words[rank]]
    if known.absent[rank]:
        return told.digits >= _LEAST and all(named)
    return told.digits >= _LEAST or any(named)


def told_masks(text: str, facts: Facts) -> Iterator[str]:
    """Yield, disguised, the numbers that a sentence gives to a place and a period that the release masks.

    «Familles suivies. Civray : 3 en 2024» is read as a cell of a table is, whatever the size of the number: the text
    names the indicator, the sentence the place, and a number comes just before its period.
    """
    if " en 20" not in text and " au " not in text:
        return
    folded = fold(text)
    indicators = {id for label, id in facts.labels.items() if len(label) > 4 and label in folded}
    if not indicators:
        return
    for sentence in _SENTENCE.split(text):
        dated = [
            (told, period)
            for told, period in _dated(sentence, facts)
            if any(facts.results.hides(one, period) for one in indicators)
        ]
        if not dated:
            continue
        places = {code for name in _places(sentence, facts) for code in facts.names[name]}
        for told, period in dated:
            cells = [facts.results.get((one, geo, period)) for one in indicators for geo in places or facts.subjects]
            if any(cell is not None and cell.masked for cell in cells) and not _given(told, cells):
                yield hidden(told.text)


def _places(sentence: str, facts: Facts) -> Iterator[str]:
    """Yield the places that a sentence names; one that is also a word of ours (Contre), with its capital only."""
    capitals = {fold(word) for word in _WORD.findall(sentence) if word[0].isupper()}
    for name in facts.named(fold(sentence)):
        words = _WORD.findall(name)
        if capitals.intersection(words) or not _ordinary().issuperset(words):
            yield name


@lru_cache(maxsize=1)
def _ordinary() -> frozenset[str]:
    """Return the words that the sentences of bilans are made of, folded."""
    told = (text for table in wording.catalogue().values() for text in table.values())
    return frozenset(fold(word) for text in told for word in _WORD.findall(text) if word[0].islower())


def _given(told: Numeral, cells: list[Given | None]) -> bool:
    """Whether another indicator or place of the same sentence, which is shown, gives the number."""
    return any(cell is not None and cell.gives(told) for cell in cells)


def _dated(sentence: str, facts: Facts) -> Iterator[tuple[Numeral, str]]:
    """Yield each number that stands just before a period, with it."""
    found = list(numerals(sentence))
    for match in _DATED.finditer(sentence):
        words = fold(match[1]).split(" ")
        period = next(
            (facts.periods[form] for size in (3, 2, 1) if (form := " ".join(words[:size])) in facts.periods), ""
        )
        before = [one for one in found if one.end <= match.start() and not (one.is_year and one.step == 0.5)]
        if period and before and match.start() - before[-1].end <= 40:
            yield before[-1], period
