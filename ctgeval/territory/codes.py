"""Codes of territories: always prefixed text (``COM-86082``), read from what producers and people write."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, Literal

from ctgeval.errors import TerritoryError

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "ARRONDISSEMENTS",
    "LEVELS",
    "Code",
    "Level",
    "arrondissement_parent",
    "commune",
    "communes",
    "departement",
    "epci",
    "level",
    "levels",
    "parse",
    "region",
]

Level = Literal["COM", "EPCI", "DEP", "REG", "GRP", "FRANCE"]
LEVELS: tuple[Level, ...] = ("COM", "EPCI", "DEP", "REG", "GRP", "FRANCE")

_FORMS: dict[Level, re.Pattern[str]] = {
    "COM": re.compile(r"(?:[0-9]{2}|2[AB])[0-9]{3}"),
    "EPCI": re.compile(r"[0-9]{9}"),
    "DEP": re.compile(r"[0-9]{2,3}|2[AB]"),
    "REG": re.compile(r"[0-9]{2,3}"),
    "GRP": re.compile(r"[a-z0-9][a-z0-9_-]*", re.IGNORECASE),
}
_EXAMPLES: dict[Level, str] = {
    "COM": "COM-86082",
    "EPCI": "EPCI-200070035",
    "DEP": "DEP-86",
    "REG": "REG-75",
    "GRP": "GRP-gencay",
    "FRANCE": "FRANCE",
}
_NOUNS: dict[Level, str] = {
    "COM": "de commune",
    "EPCI": "d’EPCI",
    "DEP": "de département",
    "REG": "de région",
    "GRP": "de groupement",
    "FRANCE": "de la France",
}
ARRONDISSEMENTS = {
    f"COM-{prefix}{number:0{5 - len(prefix)}d}": city
    for city, prefix, count in (("COM-75056", "751", 20), ("COM-69123", "6938", 9), ("COM-13055", "132", 16))
    for number in range(1, count + 1)
}
"""The arrondissements municipaux of Paris, Lyon and Marseille, and the commune of each."""
_EXPONENT = re.compile(r"[0-9]+(?:[.,][0-9]+)?E\+?[0-9]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Code:
    """A territory's level and its code without prefix."""

    level: Level
    code: str

    def __str__(self) -> str:
        return self.level if self.level == "FRANCE" else f"{self.level}-{self.code}"


def parse(text: str) -> Code:
    """Return the level and code of a prefixed code.

    Raises
    ------
    TerritoryError
        When the prefix is unknown, or the code has not the form of its level.

    Examples
    --------
    >>> parse("EPCI-200070035")
    Code(level='EPCI', code='200070035')
    """
    cleaned = text.strip() if isinstance(text, str) else ""
    if cleaned == "FRANCE":
        return Code("FRANCE", "")
    prefix, _, code = cleaned.partition("-")
    for name, form in _FORMS.items():
        if prefix == name:
            if form.fullmatch(code):
                return Code(name, code)
            raise _refusal(text, name, f"Le code {_NOUNS[name]} n’a pas la bonne forme.", meant=_meant(cleaned))
    meant = _meant(cleaned)
    raise TerritoryError(
        "Le code de territoire n’a pas de préfixe connu.",
        remedy=f"Vouliez-vous dire {meant} ?" if meant else f"Écrivez par exemple {', '.join(_EXAMPLES.values())}.",
        value=str(text),
    )


def _meant(text: str) -> str:
    """Return the code that was probably meant: without its prefix, its capitals or its first zero; or nothing."""
    prefix, dash, rest = text.upper().rpartition("-")
    for name, read in {"COM": commune, "EPCI": epci, "DEP": departement, "REG": region}.items():
        # Two digits without a prefix may be those of a département or of a région: no guess.
        if prefix == name or (not dash and len(rest) in {5, 9}):
            try:
                return read(rest)
            except TerritoryError:
                continue
    return ""


def arrondissement_parent(geo: str) -> str | None:
    """Return the commune of an arrondissement municipal (``COM-13202`` is in ``COM-13055``), or None."""
    return ARRONDISSEMENTS.get(geo)


def level(geo: str) -> Level:
    """Return the level of a prefixed code.

    Raises
    ------
    TerritoryError
        When it is not a prefixed code.
    """
    return parse(geo).level


def levels(geos: pd.Series[Any]) -> pd.Series[Any]:
    """Return the prefix of each code, unchecked."""
    return geos.str.partition("-")[0]


def commune(raw: object) -> str:
    """Return the prefixed code of a commune from what a file holds.

    Parameters
    ----------
    raw : object
        Text or whole number; a lost leading zero is put back (``1001`` is ``COM-01001``), spaces are left out.

    Raises
    ------
    TerritoryError
        When it is empty, a number damaged by a spreadsheet (``8.6082E+04``), a SIREN, or anything else.
    """
    text = _clean(raw, "COM")
    if re.fullmatch(r"[0-9]{4}", text):
        text = f"0{text}"
    if re.fullmatch(r"[0-9]{9}", text):
        raise _refusal(raw, "COM", "Ce code a neuf chiffres : c’est un numéro SIREN (EPCI), pas une commune.")
    return _checked(raw, "COM", text)


def epci(raw: object) -> str:
    """Return the prefixed code of an EPCI from its SIREN.

    Raises
    ------
    TerritoryError
        When it is not nine digits.
    """
    text = _clean(raw, "EPCI")
    if _FORMS["COM"].fullmatch(text):
        raise _refusal(raw, "EPCI", "Ce code a cinq caractères : c’est une commune, pas un EPCI.")
    return _checked(raw, "EPCI", text)


def departement(raw: object) -> str:
    """Return the prefixed code of a département (``6`` and ``006`` are ``DEP-06``).

    Raises
    ------
    TerritoryError
        When it is not the number of a département.
    """
    text = _clean(raw, "DEP")
    if re.fullmatch(r"[0-9]", text):
        text = f"0{text}"
    elif re.fullmatch(r"0(?:[0-9]{2}|2[AB])", text):
        text = text[1:]
    return _checked(raw, "DEP", text)


def region(raw: object) -> str:
    """Return the prefixed code of a région (``1`` is ``REG-01``).

    Raises
    ------
    TerritoryError
        When it is not the number of a région.
    """
    text = _clean(raw, "REG")
    return _checked(raw, "REG", f"0{text}" if re.fullmatch(r"[0-9]", text) else text)


def communes(series: pd.Series[Any]) -> pd.Series[Any]:
    """Return the prefixed codes of communes, missing where `commune` would refuse: the caller rejects those rows."""
    # A code alone is checked without pandas.
    import pandas as pd

    raw = pd.Series(series.unique())
    found = {value: _or_missing(value) for value in raw[raw.notna()].tolist()}
    return series.map(found).astype(pd.StringDtype(na_value=math.nan))


def _or_missing(raw: object) -> str | float:
    try:
        return commune(raw)
    except TerritoryError:
        return math.nan


def _clean(raw: object, name: Level) -> str:
    # Those of numpy too.
    if isinstance(raw, Real) and not isinstance(raw, Integral) and float(raw).is_integer():
        raw = int(float(raw))
    text = re.sub(r"\s", "", str(raw)).upper() if isinstance(raw, str | Integral) else ""
    text = re.sub(r"\.0+$", "", text.removeprefix(f"{name}-"))
    if not text or isinstance(raw, bool):
        raise _refusal(raw, name, f"Il manque un code {_NOUNS[name]}.")
    if _EXPONENT.fullmatch(text):
        raise TerritoryError(
            f"Un tableur a transformé ce code {_NOUNS[name]} en nombre : des chiffres peuvent être perdus.",
            remedy="Reprenez le fichier d’origine et mettez la colonne au format Texte avant d’enregistrer.",
            value=str(raw),
        )
    return text


def _checked(raw: object, name: Level, text: str) -> str:
    if not _FORMS[name].fullmatch(text):
        raise _refusal(raw, name, f"Ce n’est pas un code {_NOUNS[name]}.")
    return f"{name}-{text}"


def _refusal(raw: object, name: Level, message: str, *, meant: str = "") -> TerritoryError:
    remedy = f"Vouliez-vous dire {meant} ?" if meant else f"Écrivez par exemple {_EXAMPLES[name]}."
    return TerritoryError(message, remedy=remedy, value=str(raw))
