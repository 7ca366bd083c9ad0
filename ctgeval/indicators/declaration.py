"""Read the declaration of an indicator, and tell everything that is wrong in it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, get_args

from ctgeval import measures as measures_
from ctgeval.errors import IndicatorError, Problem, suggestion
from ctgeval.indicators.indicator import Direction, Grain, Indicator, Kind, Nature, Periodicity, parse_formula
from ctgeval.measures import Measure

__all__ = ["check_id", "field_problem", "read"]

_ID = re.compile(r"[A-Z]{2,4}\d{2,3}[a-z]?")
_TYPES: Mapping[str, tuple[type, ...]] = {
    "label": (str,),
    "kind": (str,),
    "numerator": (str,),
    "denominator": (str,),
    "published": (str,),
    "factor": (int, float),
    "unit": (str,),
    "direction": (str,),
    "decimals": (int,),
    "source": (str,),
    "grain": (list,),
    "periodicity": (str,),
    "lag_years": (int,),
    "definition": (str,),
    "caveats": (list,),
    "limits": (list,),
    "part": (bool,),
    "since_start": (bool,),
}
_REQUIRED = ("label", "kind", "unit", "direction", "source", "grain", "periodicity", "lag_years", "definition")
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "kind": get_args(Kind),
    "direction": get_args(Direction),
    "periodicity": get_args(Periodicity),
    "grain": get_args(Grain),
}


def read(id: str, theme: str, declared: object, known: Mapping[str, Measure], limits: Iterable[str]) -> Indicator:
    """Make an indicator of what a file declares.

    Parameters
    ----------
    id, theme : str
        Its code, and the theme of its file.
    declared : object
        What the TOML file holds under that code.
    known : mapping of str to Measure
        Measures that a formula may name.
    limits : iterable of str
        Codes of limits that it may carry.

    Raises
    ------
    IndicatorError
        When a field is unknown, missing or of a wrong type, or when a formula can't be used.
    UnknownMeasure
        When a formula names a measure that is not declared.
    """
    check_id(id)
    if not isinstance(declared, dict):
        raise IndicatorError("Un indicateur est une table : [PE01], puis une ligne par champ.")
    _check_fields(declared)
    _check_formulas(declared, known)
    unknown = sorted(set(declared.get("limits", ())) - set(limits))
    if unknown:
        raise IndicatorError("Une limite n’est pas déclarée dans limites.toml.", key="limits", value=", ".join(unknown))
    nature: Nature = "publie" if declared.get("published") else "rapport" if declared.get("denominator") else "compte"
    values = {name: value for name, value in declared.items() if name != "part"}
    values |= {name: tuple(values.get(name, ())) for name in ("grain", "caveats", "limits")}
    values["factor"] = float(values.get("factor", 1))
    made = Indicator(id=id, theme=theme, nature="part" if declared.get("part") else nature, **values)
    used = {name: known[name] for name in made.measures}
    return replace(made, sensitive=any(measure.sensible for measure in used.values()), declared=used)


def check_id(id: str) -> None:
    """Refuse a code that is not written as those of the catalogue.

    Raises
    ------
    IndicatorError
        When it is not.
    """
    if not _ID.fullmatch(id):
        raise IndicatorError("Un identifiant a la forme PE01 ou PA01a.", value=id)


def _check_fields(declared: Mapping[str, Any]) -> None:
    problems = [
        Problem(
            message="Ce champ n’existe pas.",
            remedy=suggestion(name, _TYPES) or f"Champs possibles : {', '.join(_TYPES)}.",
            key=name,
        )
        for name in declared
        if name not in _TYPES
    ]
    problems += [
        Problem(message="Ce champ est obligatoire.", remedy=f"Ajoutez une ligne : {name} = {_example(name)}.", key=name)
        for name in _REQUIRED
        if name not in declared
    ]
    problems += [
        problem for name, value in declared.items() if name in _TYPES and (problem := field_problem(name, value))
    ]
    if problems:
        raise IndicatorError("Champs mal renseignés.", problems=problems)


def _example(name: str) -> str:
    """Write what a field may hold, as TOML writes it."""
    if name in _CHOICES:
        words = " ou ".join(f'"{choice}"' for choice in _CHOICES[name])
        return f"[{words}]" if list in _TYPES[name] else words
    return "1" if int in _TYPES[name] else '"…"'


def field_problem(name: str, value: Any) -> Problem | None:
    """Tell why a field of the form can't hold a value; None when it can."""
    if not isinstance(value, _TYPES[name]) or (isinstance(value, bool) and bool not in _TYPES[name]):
        remedy = f"Écrivez {name} = {_example(name)}."
        return Problem(message="Ce champ n’a pas le bon type.", remedy=remedy, key=name, value=str(value))
    if isinstance(value, list) and not all(isinstance(item, str) for item in value):
        remedy = "Mettez chaque élément entre guillemets."
        return Problem(message="Ce champ est une liste de textes.", remedy=remedy, key=name, value=str(value))
    given = set(value) if isinstance(value, list) else {value}
    if name in _CHOICES and not given <= set(_CHOICES[name]):
        remedy = f"Valeurs possibles : {', '.join(_CHOICES[name])}."
        return Problem(message="Cette valeur n’est pas connue.", remedy=remedy, key=name, value=str(value))
    return None


def _check_formulas(declared: Mapping[str, Any], known: Mapping[str, Measure]) -> None:
    published, numerator = declared.get("published", ""), declared.get("numerator", "")
    denominator = declared.get("denominator", "")
    if bool(published) is bool(numerator) or (published and denominator):
        raise IndicatorError(
            "Un indicateur a soit un numérateur (et peut-être un dénominateur), soit une mesure publiée.",
            remedy="Garder « numerator » et « denominator », ou « published » seul.",
        )
    if not math.isfinite(declared.get("factor", 1)) or declared.get("factor", 1) <= 0:
        raise IndicatorError("Le facteur est un nombre positif.", key="factor", value=str(declared["factor"]))
    if declared.get("part") and not denominator:
        raise IndicatorError("Une part a un dénominateur.", key="part")
    for key in ("published", "numerator", "denominator"):
        for _, name in parse_formula(declared[key]) if declared.get(key) else ():
            measure = measures_.get(name, measures=known)
            if key == "published" and not measure.published:
                raise IndicatorError(
                    "Cette mesure n’est pas de celles qui sont publiées telles quelles.", key=key, value=name
                )
            if key != "published" and measure.published:
                raise IndicatorError(
                    "Une mesure publiée telle quelle n’entre pas dans une formule.", key=key, value=name
                )
            if declared.get("since_start") and not measure.additive_over_time:
                raise IndicatorError(measure.refusal("time"), key=key, value=name)
