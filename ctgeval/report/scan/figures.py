"""Numbers of sentences and of alternatives, beside the true values of the cells that the release masks."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ctgeval import french
from ctgeval.prose import fold
from ctgeval.report.scan.facts import Facts, Given
from ctgeval.report.scan.hits import hidden
from ctgeval.report.scan.numerals import Numeral, numerals

__all__ = ["Secrets", "secrets", "told_masks", "told_secrets"]

_KEYS = ["indicator", "geo", "time_period"]
_VALUES = ("value", "low", "high", "numerator", "denominator", "n")
_LEAST, _NAMED = 4, 3
_SENTENCE = re.compile(r"(?<=[.;!?])\s+|\s\|\s")
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
    """

    values: np.ndarray
    words: tuple[frozenset[str], ...]

    def __repr__(self) -> str:
        return f"Secrets({len(self.words)})"


def secrets(true: pd.DataFrame, released: pd.DataFrame, *, names: Mapping[str, str]) -> Secrets:
    """Gather the true values of the cells that a release masks.

    Parameters
    ----------
    true : DataFrame
        Result rows before any protection.
    released : DataFrame
        Those of the release: masked ones have ``conf_status`` C.
    names : mapping of str to str
        What a reader calls the indicators and the places.
    """
    masked = released.loc[released["conf_status"].isin(["C", "D", "N"]), _KEYS].drop_duplicates()
    rows = true.merge(masked, on=_KEYS)
    found: list[tuple[float, frozenset[str]]] = []
    for name in _VALUES:
        for indicator, geo, number in zip(rows["indicator"], rows["geo"], rows[name].astype(float), strict=True):
            if math.isfinite(number) and number:
                words = (fold(french.typography(names.get(code, code))) for code in (indicator, geo))
                found.append((abs(number), frozenset(words)))
    found.sort(key=lambda one: one[0])
    return Secrets(np.array([number for number, _ in found], dtype=float), tuple(words for _, words in found))


def told_secrets(text: str, known: Secrets, facts: Facts | None) -> Iterator[str]:
    """Yield, disguised, the numbers of a text that are true values of masked cells.

    Parameters
    ----------
    text : str
    known : Secrets
        Only numbers of four digits and more are recognised anywhere; of three, where the text names the indicator or
        the place; shorter ones are everywhere by chance, and tables alone tell (`ctgeval.report.scan.cells`).
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
        if told.digits >= _LEAST or any(word in folded for rank in range(left, right) for word in known.words[rank]):
            yield hidden(told.text)


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
        words = fold(sentence)
        places = {code for name, codes in facts.names.items() if len(name) > 3 and name in words for code in codes}
        for told, period in _dated(sentence, facts):
            cells = [facts.results.get((one, geo, period)) for one in indicators for geo in places or facts.subjects]
            if any(cell is not None and cell.masked for cell in cells) and not _given(told, cells):
                yield hidden(told.text)


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
