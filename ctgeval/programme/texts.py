"""The author's prose, ``textes/<bilan>/<section>.md``, and the figures that it quotes by reference.

A reference is ``{{PE01:valeur}}``, or ``{{PE01@COM-86194:valeur}}`` for another territory than the dossier's; what it
asks for is one of `FIELDS`. The files are read, never written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from ctgeval import french, periods
from ctgeval.errors import Problem, suggestion
from ctgeval.observations import WITHHELD

__all__ = ["FIELDS", "NOT_RELEASED", "Definition", "Text", "Texts", "problems", "read", "resolved"]

FIELDS: Mapping[str, str] = {
    "valeur": "la dernière valeur connue",
    "cible": "la cible",
    "reference": "la valeur de départ",
    "part": "la part du chemin parcourue",
}
NOT_RELEASED = "non diffusable"
_REFERENCE = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_PARTS = re.compile(r"\s*([\w-]+)\s*(?:@\s*([\w-]+)\s*)?:\s*([\w-]+)\s*")
_DIMENSIONS = ("sexe", "age", "structure", "action", "financeur")


class Definition(Protocol):
    """What is needed of an indicator to write its figures."""

    @property
    def unit(self) -> str:
        """Unit, as `ctgeval.french.quantity` reads it."""

    @property
    def decimals(self) -> int:
        """Digits after the comma."""


@dataclass(frozen=True, slots=True)
class Text:
    """One section of one bilan, as its author wrote it."""

    bilan: str
    section: str
    markdown: str
    file: str


_NOT_PROSE = re.compile(r"^\s*(?:#{1,6}\s.*|[|>].*|[-*_]{3,})$", re.MULTILINE)
_MARKS = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s+|[*_`]|\[|\]\([^)]*\)", re.MULTILINE)


def sentences_of(markdown: str) -> list[str]:
    """Return the paragraphs and the items of lists of an author's text, without titles, tables and marks.

    Parameters
    ----------
    markdown : str
        As its author wrote it; a figure quoted by reference (``{{PE01:valeur}}``) is read as a number.
    """
    told = re.sub(r"\{\{[^}]*\}\}", "100", markdown)
    items = re.sub(r"\n(?=\s*(?:[-*+]|\d+[.)])\s)", "\n\n", _NOT_PROSE.sub("", told))
    return [" ".join(_MARKS.sub("", part).split()) for part in re.split(r"\n\s*\n", items) if part.strip()]


@dataclass(frozen=True, slots=True)
class Texts:
    """Every text of a dossier, in order of bilan and section, and the files that can't be read."""

    items: tuple[Text, ...]
    unreadable: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class _Figures:
    results: pd.DataFrame
    progress: pd.DataFrame
    catalogue: Mapping[str, Definition]
    territory: str
    until: str | None


def read(folder: Path) -> Texts:
    """Read the texts of a dossier.

    Parameters
    ----------
    folder : Path
        The folder ``textes``; when it does not exist there are no texts.
    """
    items: list[Text] = []
    unreadable: list[Problem] = []
    for path in sorted(folder.glob("*/*.md")):
        name = f"{folder.name}/{path.parent.name}/{path.name}"
        try:
            markdown = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
        except UnicodeDecodeError as error:
            unreadable.append(
                Problem(
                    message="Ce texte n’est pas enregistré en UTF-8.",
                    remedy="Dans votre éditeur : « Enregistrer sous », encodage UTF-8.",
                    file=name,
                    row=error.object.count(b"\n", 0, error.start) + 1,
                )
            )
            continue
        except OSError as error:
            unreadable.append(
                Problem(
                    message="Ce texte ne peut pas être lu.",
                    remedy="Fermez-le dans l’autre programme, et vérifiez les droits de lecture.",
                    file=name,
                    value=error.strerror or "",
                )
            )
            continue
        if markdown.strip():
            items.append(Text(path.parent.name, path.stem, markdown, name))
    return Texts(tuple(items), tuple(unreadable))


def problems(texts: Texts, *, catalogue: Mapping[str, Definition]) -> list[Problem]:
    """Tell every file that can't be read and every reference that means nothing, with its line.

    Parameters
    ----------
    texts : Texts
        As read.
    catalogue : mapping of str to Definition
        Known indicators.
    """
    return [*texts.unreadable, *(problem for text in texts.items for problem in _unknown(text, catalogue))]


def resolved(
    texts: Texts,
    results: pd.DataFrame,
    progress: pd.DataFrame,
    *,
    catalogue: Mapping[str, Definition],
    territory: str,
    until: str | None = None,
) -> pd.DataFrame:
    """Put the figures in the texts.

    A figure that the rows mask reads « non diffusable », one that does not exist « non disponible »; a reference that
    means nothing (`problems` tells it) reads « non disponible » too, so that no template text is ever published.

    Parameters
    ----------
    texts : Texts
        As read.
    results : DataFrame
        Rows of results, protected for the readers of the texts.
    progress : DataFrame
        Progress computed from these same rows.
    catalogue : mapping of str to Definition
        Known indicators.
    territory : str
        Code of the territory of a reference that names none.
    until : str, optional
        Period of the bilan: values of a later period are not quoted.

    Returns
    -------
    DataFrame
        ``bilan, section, markdown``.
    """
    figures = _Figures(results, progress, catalogue, territory, until)
    rows = [
        (text.bilan, text.section, _REFERENCE.sub(lambda found: _figure(found[1], figures), text.markdown))
        for text in texts.items
    ]
    return pd.DataFrame(rows, columns=["bilan", "section", "markdown"])


def _unknown(text: Text, catalogue: Mapping[str, Definition]) -> Iterator[Problem]:
    for found in _REFERENCE.finditer(text.markdown):
        parts = _PARTS.fullmatch(found[1])
        message = remedy = ""
        if parts is None:
            message = "Cette référence à un chiffre n’est pas écrite comme il faut."
            remedy = "Écrivez par exemple {{PE01:valeur}}, ou {{PE01@COM-86194:valeur}} pour un autre territoire."
        elif parts[1] not in catalogue:
            message = f"Aucun indicateur ne s’appelle « {parts[1]} »."
            remedy = suggestion(parts[1], catalogue) or "Donnez le code d’un indicateur du catalogue."
        elif parts[3] not in FIELDS:
            message = f"Une référence ne peut pas demander « {parts[3]} »."
            remedy = suggestion(parts[3], FIELDS) or f"Demandez {_fields()}."
        if message:
            yield Problem(
                message=message,
                remedy=remedy,
                file=text.file,
                row=text.markdown.count("\n", 0, found.start()) + 1,
                value=found[0],
            )


def _fields() -> str:
    return french.enumeration([f"« {name} » ({what})" for name, what in FIELDS.items()], last="ou")


def _figure(reference: str, figures: _Figures) -> str:
    parts = _PARTS.fullmatch(reference)
    if parts is None or parts[1] not in figures.catalogue:
        return french.MISSING
    indicator, field = parts[1], parts[3]
    geo = parts[2] or figures.territory
    if field == "valeur":
        return _value(indicator, geo, figures)
    if field in FIELDS:
        return _of_progress(indicator, geo, field, figures)
    return french.MISSING


def _rows(frame: pd.DataFrame, indicator: str, geo: str) -> pd.DataFrame:
    kept = frame[(frame["indicator"] == indicator) & (frame["geo"] == geo)]
    for name in _DIMENSIONS:
        if name in kept:
            kept = kept[kept[name].isna() | (kept[name].astype(object) == "")]
    return kept


def _value(indicator: str, geo: str, figures: _Figures) -> str:
    rows = _rows(figures.results, indicator, geo)
    if figures.until is not None:
        end = periods.end(figures.until)
        rows = rows[[periods.end(str(text)) <= end for text in rows["time_period"]]]
    if rows.empty:
        return french.MISSING
    latest = periods.latest(dict.fromkeys(rows["time_period"].astype(str)))
    row = rows[rows["time_period"] == latest].iloc[0]
    if row["conf_status"] in WITHHELD:
        return NOT_RELEASED
    return _quantity(row["value"], indicator, figures)


def _of_progress(indicator: str, geo: str, field: str, figures: _Figures) -> str:
    rows = _rows(figures.progress, indicator, geo)
    if rows.empty:
        return french.MISSING
    row = rows.iloc[_last(rows["period_target"].astype(str))]
    if field == "cible":
        if pd.isna(row["target"]) and not (pd.isna(row["target_min"]) and pd.isna(row["target_max"])):
            return _range(row["target_min"], row["target_max"], indicator, figures)
        return _quantity(row["target"], indicator, figures)
    asked = [row["period_reference"]] + ([row["time_period"]] if field == "part" else [])
    if any(_is_masked(indicator, geo, period, figures) for period in asked):
        return NOT_RELEASED
    if field == "reference":
        return _quantity(row["baseline"], indicator, figures)
    return french.percent(100 * _number(row["share"], float("nan")), 0)


def _last(texts: pd.Series[str]) -> int:
    keys = [periods.sort_key(text) for text in texts]
    return keys.index(max(keys))


def _is_masked(indicator: str, geo: str, period: object, figures: _Figures) -> bool:
    rows = _rows(figures.results, indicator, geo)
    return bool(rows[rows["time_period"] == period]["conf_status"].isin(WITHHELD).any())


def _quantity(value: Any, indicator: str, figures: _Figures) -> str:
    definition = figures.catalogue[indicator]
    return french.quantity(_number(value, float("nan")), definition.unit, definition.decimals)


def _range(low: Any, high: Any, indicator: str, figures: _Figures) -> str:
    definition = figures.catalogue[indicator]
    bottom, top = _number(low, float("-inf")), _number(high, float("inf"))
    return french.interval(bottom, top, definition.decimals, definition.unit)


def _number(value: Any, missing: float) -> float:
    return missing if pd.isna(value) else float(value)
