"""Separator and decimal mark of a CSV file: found out from its cells, or asked for, never guessed."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Sequence

from ctgeval.errors import AmbiguousSource, SourceError

__all__ = ["SEPARATORS", "decimal_mark", "separator_of"]

SEPARATORS = (";", ",", "\t", "|")
_NAMES = {";": "point-virgule « ; »", ",": "virgule « , »", "\t": "tabulation", "|": "barre « | »"}
_ASKED = {"tab": "\t", "tabulation": "\t", "\\t": "\t", "point-virgule": ";", "virgule": ",", "point": "."}
_SNIFFED = 200_000
_INNER_COMMA = re.compile(r"(?<!\d),|,(?!\d)")


def separator_of(text: str, *, file: str, separator: str | None = None) -> str:
    """Return the separator of a CSV text: the one that cuts its first lines into the same number of cells.

    Raises
    ------
    AmbiguousSource
        When two separators do it.
    SourceError
        When the one that was told is not a separator.
    """
    if separator:
        told = _ASKED.get(separator, separator)
        if told not in SEPARATORS:
            raise SourceError(
                "Ce séparateur de colonnes n’est pas connu.",
                remedy="Valeurs possibles : ;  ,  |  tabulation.",
                file=file,
                key="separateur",
                value=separator,
            )
        return told
    lines = [line for line in text[:_SNIFFED].splitlines()[:200] if line.strip()]
    if not lines:
        return SEPARATORS[0]
    cuts = {candidate: _widths(lines, candidate) for candidate in SEPARATORS if candidate in lines[0]}
    scores = {
        candidate: sum(width == widths[0] for width in widths) / len(widths)
        for candidate, widths in cuts.items()
        if widths and widths[0] > 1
    }
    best = [candidate for candidate, score in scores.items() if score == max(scores.values())]
    if len(best) > 1 and "," in best and not any(_INNER_COMMA.search(line) for line in lines[1:]):
        # All its commas are between two digits: they are decimal marks.
        best.remove(",")
    if len(best) > 1:
        # A name may hold a comma once; a true separator is the one that cuts the header much finer.
        (first, most), (_, next_most) = Counter({candidate: cuts[candidate][0] for candidate in best}).most_common(2)
        if most >= 3 * next_most:
            return first
        raise AmbiguousSource(
            f"Le séparateur de colonnes ne se devine pas : {' ou '.join(_NAMES[name] for name in best)}.",
            remedy='Indiquez-le dans ctg.toml, sous la source : separateur = ";" (ou "," ou "tabulation").',
            file=file,
            row=1,
            key="separateur",
        )
    return best[0] if best else SEPARATORS[0]


def _widths(lines: Sequence[str], separator: str) -> list[int]:
    try:
        return [len(row) for row in csv.reader(lines, delimiter=separator) if row]
    except csv.Error:
        return []


_GROUPS = {mark: re.compile(rf"[+-]?[1-9]\d{{0,2}}(?:{re.escape(mark)}\d{{3}})+") for mark in ".,"}
_FRACTION = {mark: re.compile(rf"[+-]?\d*{re.escape(mark)}\d+") for mark in ".,"}
_BOTH = {
    ",": re.compile(r"[+-]?\d{1,3}(?:\.\d{3})+,\d+"),
    ".": re.compile(r"[+-]?\d{1,3}(?:,\d{3})+\.\d+"),
}


def decimal_mark(cells: Iterable[str], *, file: str, decimal: str | None = None) -> str:
    """Return the decimal mark that the numbers of a file use: ``","``, ``"."``, or empty when all are whole.

    ``1,234`` may be one thousand or one and a bit: it is no evidence. Evidence is a cell that reads in one way only
    (``0,5``; ``12,75``; ``1.234,5``).

    Parameters
    ----------
    cells : iterable of str
        Distinct cells of the columns of numbers that hold a comma or a point.
    file : str
        Basename, for the message.
    decimal : str or None
        What the user answered.

    Raises
    ------
    AmbiguousSource
        When all the marks may be thousands, or both marks are used as a decimal mark.
    SourceError
        When the mark that was told is neither a comma nor a point.
    """
    if decimal:
        told = _ASKED.get(decimal, decimal)
        if told not in {",", "."}:
            raise SourceError(
                "Ce séparateur décimal n’est pas connu.",
                remedy='Valeurs possibles : decimale = "," ou decimale = ".".',
                file=file,
                key="decimale",
                value=decimal,
            )
        return told
    proofs: Counter[str] = Counter()
    doubtful: dict[str, str] = {}
    for cell in cells:
        for mark in (",", "."):
            if mark not in cell:
                continue
            if _BOTH[mark].fullmatch(cell) or (_FRACTION[mark].fullmatch(cell) and not _GROUPS[mark].fullmatch(cell)):
                proofs[mark] += 1
            elif _GROUPS[mark].fullmatch(cell):
                # Two groups (1.234.567) can only be thousands, so the other mark is the decimal one.
                if cell.count(mark) > 1:
                    proofs["," if mark == "." else "."] += 1
                else:
                    doubtful.setdefault(mark, cell)
    if proofs:
        (first, most), *others = proofs.most_common()
        if not others or most >= 20 * others[0][1]:
            return first
        how, value = "la virgule et le point servent tous deux de séparateur décimal", ""
    elif doubtful:
        value = next(iter(doubtful.values()))
        how = f"« {value} » peut être un millier ou un nombre à trois décimales"
    else:
        return ""
    raise AmbiguousSource(
        f"Le séparateur décimal ne se devine pas : {how}.",
        remedy='Indiquez-le dans ctg.toml, sous la source : decimale = "," (ou ".").',
        file=file,
        key="decimale",
        value=value,
    )
