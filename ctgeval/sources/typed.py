"""One cell of a dossier's table, as its column wants it, or the reason why it can't be."""

from __future__ import annotations

import datetime as dt
import math
import re
from dataclasses import dataclass

import numpy as np

from ctgeval import periods
from ctgeval.errors import PeriodError, suggestion
from ctgeval.french import fold
from ctgeval.sources.schema import NUMERIC, Column

__all__ = ["Cell", "Fault", "blank", "convert", "shown"]

_SPACES = re.compile("[ \u00a0\u202f\u2009]")
_GROUPED = re.compile("[+-]?\\d{1,3}(?:[ \u00a0\u202f\u2009]\\d{3})+(?:[.,]\\d+)?")
_PLAIN = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
_THOUSANDS_OR_NOT = re.compile(r"[+-]?[1-9]\d{0,2}\.\d{3}")
_WITHHELD = re.compile(r"<\s*(\d{1,3})")
_BELOW = re.compile(
    r"(?:moins de|inf(?:erieur|\.)? a|au[- ]dessous de|<) ?(?P<below>\d{1,3})(?: \w+)?|"
    r"(?:≤|<=|=<|au plus|maximum|max\.?|jusqu.?a) ?(?P<least>\d{1,3})(?: \w+)?|(?P<minus>\d{1,3}) ?-"
)
_SECRET = frozenset({"s", "secret"})
_UNKNOWN = frozenset({"nd", "n.d.", "non disponible"})
_ERROR = re.compile(r"#(?:REF|N/?A|VALUE|VALEUR|DIV/0|NAME|NOM|NUM|NOMBRE|NULL|NUL)[!?]?", re.IGNORECASE)
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]00:00(?::00)?)?")
_FRENCH = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]{2,}):", re.IGNORECASE)
_CENT = 1e-6


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell once read: its value, and for a measured one its bounds and status."""

    value: str | float
    low: float = np.nan
    high: float = np.nan
    status: str = "A"


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a cell can't be used, and what to do, in French."""

    message: str
    remedy: str


def blank(raw: object) -> bool:
    """Whether a cell holds nothing."""
    return raw is None or (isinstance(raw, str) and not raw.strip())


def shown(raw: object) -> str:
    """Return a cell as its reader sees it."""
    if isinstance(raw, bool):
        return "oui" if raw else "non"
    if isinstance(raw, float) and raw.is_integer() and abs(raw) < 1e15:
        return str(int(raw))
    if isinstance(raw, dt.datetime):
        return raw.date().isoformat() if raw.time() == dt.time() else raw.isoformat(sep=" ")
    return str(raw).strip()


def convert(raw: object, column: Column) -> Cell | Fault:
    """Return the value of a cell that is not blank.

    Parameters
    ----------
    raw : object
        Text of a CSV file; or text, number, date or truth value of a workbook.
    column : Column
        What is expected.
    """
    text = shown(raw)
    if _ERROR.fullmatch(text):
        return Fault(
            f"La cellule contient une erreur de formule ({text}).",
            "Corrigez la formule dans le tableur, ou tapez la valeur.",
        )
    if column.kind in NUMERIC:
        return _number(raw, text, column)
    if column.kind == "date":
        return _date(raw, text)
    if column.kind == "periode":
        return _period(raw, text)
    if column.kind == "choix":
        return _choice(text, column)
    if column.kind == "lien" and (scheme := _SCHEME.match(text)) and scheme[1].lower() not in {"http", "https"}:
        return Fault("Ce lien n’est pas une adresse web.", "Écrivez une adresse qui commence par https://.")
    return Cell(text)


def _number(raw: object, text: str, column: Column) -> Cell | Fault:
    if column.measured:
        if (withheld := _WITHHELD.fullmatch(text)) and int(withheld[1]) > 1:
            return Cell(np.nan, 1.0, max(float(withheld[1]) - 1.0, 1.0), "Q")
        if text.casefold() in _SECRET:
            return Cell(np.nan, 0.0, np.inf, "Q")
        if text.casefold() in _UNKNOWN:
            return Cell(np.nan, 0.0, np.inf, "M")
    if isinstance(raw, bool | dt.date | dt.time | dt.timedelta):
        return Fault(
            f"La cellule contient « {text} » à la place d’un nombre.",
            "Mettez la colonne au format « Nombre », puis tapez le nombre.",
        )
    if isinstance(raw, int | float):
        value = float(raw)
    else:
        signed = text.replace("\u2212", "-")
        if column.kind == "pourcentage":
            signed = signed.removesuffix("%").rstrip("\u00a0\u202f ")
        if column.kind == "montant":
            signed = re.sub("[ \u00a0\u202f]*(?:€|EUR)$", "", signed)
        if _GROUPED.fullmatch(signed):
            signed = _SPACES.sub("", signed)
        if not _PLAIN.fullmatch(signed):
            return _not_a_number(text, column)
        if _THOUSANDS_OR_NOT.fullmatch(signed):
            return Fault(
                f"« {text} » peut être un millier ou un nombre à trois décimales.",
                f"Écrivez {signed.replace('.', '')} ou {signed.replace('.', ',')}.",
            )
        value = float(signed.replace(",", "."))
    return _within(value, text, column)


def _within(value: float, text: str, column: Column) -> Cell | Fault:
    if not math.isfinite(value):
        return Fault(f"« {text} » n’est pas un nombre fini.", "Tapez la valeur, ou laissez la cellule vide.")
    if column.kind == "entier":
        if not value.is_integer():
            return Fault(f"« {text} » n’est pas un nombre entier.", "Tapez un nombre entier.")
        if value < 0:
            return Fault(f"« {text} » est négatif, ce qui est impossible ici.", "Corrigez la valeur.")
    if column.kind == "pourcentage" and not 0 <= value <= 100:
        return Fault(f"« {text} » n’est pas entre 0 et 100.", "Tapez un pourcentage entre 0 et 100, par exemple 40.")
    if column.kind == "montant" and abs(value * 100 - round(value * 100)) > _CENT * max(1.0, abs(value)):
        return Fault(f"« {text} » a plus de deux décimales.", "Arrondissez le montant au centime.")
    return Cell(value, value, value) if column.measured else Cell(value)


def _not_a_number(text: str, column: Column) -> Fault:
    if text.casefold().lstrip("+-") in {"nan", "inf", "infinity", "∞"}:
        return Fault(f"« {text} » n’est pas un nombre fini.", "Tapez la valeur, ou laissez la cellule vide.")
    if column.measured and (below := _BELOW.fullmatch(fold(text))):
        # Keeping the number alone would make an exact figure of a bound.
        least = int(below["least"] or 0) + 1 if below["least"] else int(below["below"] or below["minus"])
        shown = f"<{least}" if least > 1 else "0"
        return Fault(f"« {text} » mêle un nombre et du texte.", f"Écrivez {shown}, si c’est ce qu’il veut dire.")
    found = re.search("\\d[\\d \u00a0\u202f.,]*", text)
    if found and re.search(r"[^\W\d_]|[<>~±]", text):
        number = found[0].strip(" \u00a0\u202f.,")
        where = " et mettez la précision dans la colonne des remarques" if column.measured else ""
        return Fault(f"« {text} » mêle un nombre et du texte.", f"Gardez le nombre seul (par exemple {number}){where}.")
    return Fault(f"« {text} » n’est pas un nombre.", "Tapez un nombre seul, sans unité, par exemple 1 234,5.")


def _date(raw: object, text: str) -> Cell | Fault:
    if isinstance(raw, dt.datetime):
        return Cell(raw.date().isoformat())
    if isinstance(raw, dt.date):
        return Cell(raw.isoformat())
    remedy = "Écrivez la date comme 15/09/2024 ou 2024-09-15."
    if iso := _ISO.fullmatch(text):
        year, month, day = (int(part) for part in iso.groups())
    elif french := _FRENCH.fullmatch(text):
        day, month, year = (int(part) for part in french.groups())
    elif isinstance(raw, int | float):
        return Fault(f"« {text} » est un nombre, pas une date.", f"Mettez la colonne au format « Date ». {remedy}")
    else:
        return Fault(f"« {text} » n’est pas une date lisible.", remedy)
    try:
        return Cell(dt.date(year, month, day).isoformat())
    except ValueError:
        return Fault(f"« {text} » n’est pas un jour du calendrier.", remedy)


def _period(raw: object, text: str) -> Cell | Fault:
    if isinstance(raw, dt.date):
        return Fault(
            f"Le tableur a changé la période en date ({text}).",
            "Mettez la colonne au format « Texte », puis tapez de nouveau la période, par exemple 2024-09.",
        )
    try:
        return Cell(periods.normalise(text))
    except PeriodError as error:
        return Fault(error.problem.message, error.problem.remedy)


def _choice(text: str, column: Column) -> Cell | Fault:
    known = {_loose(choice): choice for choice in column.choices}
    if _loose(text) in known:
        return Cell(known[_loose(text)])
    every = f"Valeurs possibles : {', '.join(column.choices)}."
    hint = suggestion(text, column.choices)
    return Fault(f"« {text} » n’est pas une valeur prévue.", f"{hint} {every}".strip())


def _loose(text: str) -> str:
    return re.sub(r"[\s_’'-]+", "_", fold(text).strip())
