"""Cells of text into numbers, a column at a time, without ever taking a marker, a blank or a NaN for a figure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

from ctgeval.sources.dialect import decimal_mark

__all__ = ["BAD", "EMPTY", "MISSING", "NO_MARKERS", "NUMBER", "SECRET", "Markers", "Numbers", "common_mark", "numbers"]

NUMBER, EMPTY, SECRET, MISSING, BAD = range(5)

_SPACES = "[ \u00a0\u202f\u2009]"
_SAMPLE = 1_000
_ERRORS = re.compile(r"#(?:REF|N/?A|VALUE|VALEUR|DIV/0|NAME|NOM|NUM|NOMBRE|NULL|NUL)[!?]?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Markers:
    """What a source writes where it publishes no figure; matched case aside.

    Parameters
    ----------
    secret : frozenset of str
        The figure exists and is secret.
    missing : frozenset of str
        The figure does not exist, or is not known.
    """

    secret: frozenset[str] = frozenset()
    missing: frozenset[str] = frozenset()


NO_MARKERS = Markers()


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """A column of numbers.

    Parameters
    ----------
    figures : ndarray of float64, shape (n,)
        NaN where there is no number.
    status : ndarray of int8, shape (n,)
        One of `NUMBER`, `EMPTY`, `SECRET`, `MISSING`, `BAD`.
    reasons : dict of int to str
        For each place whose status is `BAD`, why, in French.
    """

    figures: npt.NDArray[np.float64]
    status: npt.NDArray[np.int8]
    reasons: dict[int, str]


def common_mark(columns: Sequence[Sequence[str]], *, file: str, decimal: str | None = None) -> str:
    """Return the decimal mark that the columns of numbers of one file share (see `decimal_mark`).

    Raises
    ------
    AmbiguousSource
        When it can be read in two ways.
    SourceError
        When the one that was told is not a mark.
    """
    sample = {cell.strip() for column in columns for cell in column[:_SAMPLE] if "," in cell or "." in cell}
    if decimal or any(not re.fullmatch(r"[+-]?[1-9]\d{0,2}[.,]\d{3}", cell) for cell in sample):
        return decimal_mark(sorted(sample), file=file, decimal=decimal)
    every = {cell.strip() for column in columns for cell in column if "," in cell or "." in cell}
    return decimal_mark(sorted(every), file=file)


def numbers(cells: Sequence[str], *, decimal: str, markers: Markers = NO_MARKERS) -> Numbers:
    """Return the numbers of a column.

    Parameters
    ----------
    cells : sequence of str, shape (n,)
        As they are in the file.
    decimal : str
        ``","``, ``"."`` or empty.
    markers : Markers
        What stands for a secret or missing figure.
    """
    texts = pc.utf8_trim_whitespace(pa.array(cells, pa.string()))
    fraction = rf"(?:{re.escape(decimal)}\d+)?" if decimal else ""
    plain = pc.match_substring_regex(texts, rf"^[+-]?\d+{fraction}$")
    kept = pc.if_else(plain, texts, None)
    if decimal == ",":
        kept = pc.replace_substring(kept, ",", ".")
    values = np.array(pc.fill_null(pc.cast(_unsigned(kept), pa.float64()), np.nan).to_numpy(zero_copy_only=False))
    status = np.zeros(len(texts), dtype=np.int8)
    reasons: dict[int, str] = {}
    known: dict[str, tuple[int, float, str]] = {}
    read = _reader(decimal, markers)
    empty = pc.equal(texts, "").to_numpy(zero_copy_only=False)
    status[empty] = EMPTY
    rest = np.flatnonzero(~plain.to_numpy(zero_copy_only=False) & ~empty)
    for place, text in zip(rest.tolist(), texts.take(pa.array(rest)).to_pylist(), strict=True):
        if text not in known:
            known[text] = read(text)
        status[place], values[place], reason = known[text]
        if reason:
            reasons[place] = reason
    for place in np.flatnonzero((status == NUMBER) & ~np.isfinite(values)).tolist():
        status[place], values[place], reasons[place] = BAD, np.nan, _why("inf")
    return Numbers(figures=values, status=status, reasons=reasons)


def _unsigned(texts: pa.Array) -> pa.Array:
    """Drop the plus sign, which Arrow does not read."""
    return pc.utf8_ltrim(texts, "+")


def _reader(decimal: str, markers: Markers) -> Callable[[str], tuple[int, float, str]]:
    mark = re.escape(decimal) if decimal else r"(?!)"
    other = {",": r"\.", ".": ","}.get(decimal, r"(?!)")
    spaced = re.compile(rf"[+-]?\d{{1,3}}(?:{_SPACES}\d{{3}})+(?:{mark}\d+)?")
    grouped = re.compile(rf"[+-]?[1-9]\d{{0,2}}(?:{other}\d{{3}})+(?:{mark}\d+)?")
    plain = re.compile(rf"[+-]?\d+(?:{mark}\d+)?")
    secret = {marker.casefold() for marker in markers.secret}
    missing = {marker.casefold() for marker in markers.missing}

    def read(text: str) -> tuple[int, float, str]:
        if text.casefold() in secret:
            return SECRET, np.nan, ""
        if text.casefold() in missing:
            return MISSING, np.nan, ""
        signed = text.replace("\u2212", "-")
        if spaced.fullmatch(signed):
            signed = re.sub(_SPACES, "", signed)
        elif grouped.fullmatch(signed):
            signed = re.sub(other, "", signed)
        if plain.fullmatch(signed):
            return NUMBER, float(signed.replace(",", ".")), ""
        return BAD, np.nan, _why(text)

    return read


def _why(text: str) -> str:
    folded = text.casefold().lstrip("+-")
    if folded in {"nan", "inf", "infinity", "1.#inf", "1.#qnan", "∞"}:
        return "La valeur n’est pas un nombre fini."
    if _ERRORS.fullmatch(text):
        return "La cellule contient une erreur de formule du tableur."
    if re.fullmatch(r"[+-]?\d+(?:[.,]\d+)?e[+-]?\d+", folded):
        return "Le nombre est écrit en notation scientifique : des chiffres ont pu être perdus."
    if re.search(r"\d", text) and re.search(r"[^\W\d_]", text):
        return "La cellule mêle un nombre et du texte."
    return "La cellule ne contient pas un nombre lisible."
