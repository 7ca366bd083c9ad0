"""Indicators as they are declared: formula, unit, direction, source, caveats; and the catalogue that holds them."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, get_args

from ctgeval import measures as measures_
from ctgeval.errors import CtgevalError, IndicatorError, Problem, UnknownIndicator, near
from ctgeval.measures import Measure

Kind = Literal["contexte", "moyens", "realisation", "resultat", "impact", "processus"]
Direction = Literal["higher", "lower", "maintain", "neutral"]
Nature = Literal["compte", "part", "rapport", "publie"]
Grain = Literal["EPCI", "COM", "GRP", "structure"]
Periodicity = Literal["annuelle", "semestrielle", "trimestrielle", "quinquennale"]
Formula = tuple[tuple[int, str], ...]

__all__ = ["Indicator", "catalogue", "get", "load", "parse_formula"]

FOLDER = Path(__file__).with_name("catalogue")
_NOT_THEMES = frozenset({"limites.toml", "progres.toml"})
_ID = re.compile(r"[A-Z]{2,4}\d{2,3}[a-z]?")
_TOKEN = re.compile(r"\s*(?:(?P<name>[a-z][a-z0-9_]*)|(?P<sign>[+\-−]))")


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """One indicator, as the catalogue declares it.

    Parameters
    ----------
    id : str
        Stable code, such as ``PE01``; ``PA01a`` for one half of an indicator that would mix two units.
    label, theme, definition, source : str
        French texts.
    kind : str
        Place in the chain of results; a bilan that only has ``contexte`` and ``realisation`` can't speak of impact.
    numerator, denominator : str
        Formulas: names of measures with + and -. The denominator is empty for a count.
    published : str
        Measure shown as its source gives it, when that is all the source gives; then there is no formula.
    factor : float
        What the quotient is multiplied by: 100 for a percentage.
    unit : str
        French unit, in the plural.
    direction : {"higher", "lower", "maintain", "neutral"}
        Which way is progress.
    decimals : int
        Digits after the comma that the source deserves.
    grain : tuple of str
        Levels at which it may be published, the best first.
    periodicity : str
        How often the source gives it.
    lag_years : int
        In March of year N, the last known year is N minus this.
    caveats : tuple of str
        What to keep in mind, in French.
    limits : tuple of str
        Codes printed under each table or figure made from it.
    nature : {"compte", "part", "rapport", "publie"}
        ``part`` when the numerator is counted in the denominator (a share is never above 100 %).
    since_start : bool
        The flows are summed since the start of the convention.
    sensitive : bool
        Crossed with income, health or disability.
    """

    id: str
    label: str
    theme: str
    kind: Kind
    numerator: str = ""
    denominator: str = ""
    published: str = ""
    factor: float = 1.0
    unit: str
    direction: Direction
    decimals: int = 0
    source: str
    grain: tuple[Grain, ...]
    periodicity: Periodicity
    lag_years: int
    definition: str
    caveats: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    nature: Nature
    since_start: bool = False
    sensitive: bool = False

    @property
    def numerator_terms(self) -> Formula:
        """The numerator as (sign, measure) pairs; the published measure alone when there is no formula."""
        return ((1, self.published),) if self.published else parse_formula(self.numerator)

    @property
    def denominator_terms(self) -> Formula:
        """The denominator as (sign, measure) pairs; empty for a count."""
        return parse_formula(self.denominator) if self.denominator else ()

    @property
    def numerator_measures(self) -> tuple[str, ...]:
        """Measures of the numerator, or the published one."""
        return tuple(name for _, name in self.numerator_terms)

    @property
    def denominator_measures(self) -> tuple[str, ...]:
        """Measures of the denominator."""
        return tuple(name for _, name in self.denominator_terms)

    @property
    def measures(self) -> tuple[str, ...]:
        """Every measure it needs, each once."""
        return tuple(dict.fromkeys((*self.numerator_measures, *self.denominator_measures)))

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as plain values, tuples as lists."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def parse_formula(text: str) -> Formula:
    """Read a formula: names of measures with + and -.

    Parameters
    ----------
    text : str
        ``places_ouvertes - places_fermees``.

    Returns
    -------
    tuple of (int, str)
        Sign and name of each term, in order.

    Raises
    ------
    IndicatorError
        When it is anything else than names, + and -, or names a measure twice.

    Examples
    --------
    >>> parse_formula("places_ouvertes - places_fermees")
    ((1, 'places_ouvertes'), (-1, 'places_fermees'))
    """
    terms: list[tuple[int, str]] = []
    sign, expects_name, position = 1, True, 0
    rest = text.rstrip()
    while position < len(rest):
        found = _TOKEN.match(rest, position)
        is_name = found is not None and found["name"] is not None
        if found is None or is_name is not expects_name:
            raise _formula_error(text, position)
        if is_name:
            terms.append((sign, found["name"]))
        else:
            sign = 1 if found["sign"] == "+" else -1
        expects_name = not is_name
        position = found.end()
    if expects_name:
        raise _formula_error(text, position)
    names = [name for _, name in terms]
    for name in names:
        if names.count(name) > 1:
            raise IndicatorError(f"La formule nomme deux fois la mesure « {name} ».", value=text)
    return tuple(terms)


def _formula_error(text: str, position: int) -> IndicatorError:
    return IndicatorError(
        f"La formule n’est pas lisible à partir du caractère {position + 1}.",
        remedy="Écrire des noms de mesures séparés par + ou -, par exemple « places_ouvertes - places_fermees ».",
        value=text,
    )


def catalogue() -> Mapping[str, Indicator]:
    """Return the indicators of the house, in the order in which a bilan shows them."""
    return load()


@cache
def load(extra: Path | None = None, *, measures: Path | None = None) -> Mapping[str, Indicator]:
    """Return the catalogue, with a dossier's own indicators after those of the house.

    Parameters
    ----------
    extra : Path or None
        A dossier's own ``indicateurs.toml``: same form as a file of the catalogue.
    measures : Path or None
        A dossier's own ``mesures.toml``, whose measures its formulas may name.

    Returns
    -------
    mapping of str to Indicator
        Read-only.

    Raises
    ------
    IndicatorError
        When declarations can't be used; all the problems at once.
    """
    known = measures_.load(measures)
    limits = set(limit_codes())
    paths = [path for path in sorted(FOLDER.glob("*.toml")) if path.name not in _NOT_THEMES]
    themes = sorted(((_toml(path), path) for path in paths), key=lambda item: (item[0].get("ordre", 0), item[1].name))
    if extra is not None:
        themes.append((_toml(extra), extra))
    found: dict[str, Indicator] = {}
    problems: list[Problem] = []
    for content, path in themes:
        theme = content.get("theme")
        if not isinstance(theme, str) or not theme:
            problems.append(
                Problem(message="Le thème n’est pas nommé.", remedy='Écrire theme = "...".', file=path.name)
            )
            continue
        for id, declared in content.items():
            if id in {"theme", "ordre"}:
                continue
            try:
                if id in found:
                    raise IndicatorError("Cet indicateur existe déjà.", remedy="Lui donner un autre identifiant.")
                found[id] = _indicator(id, theme, declared, known, limits)
            except CtgevalError as error:
                problems.extend(
                    Problem(
                        message=p.message,
                        remedy=p.remedy,
                        value=p.value,
                        key=f"{id}.{p.key}".rstrip("."),
                        file=path.name,
                    )
                    for p in error.problems
                )
    if problems:
        raise IndicatorError("Le catalogue d’indicateurs ne peut pas servir tel quel.", problems=problems)
    return MappingProxyType(found)


def get(id: str, *, catalogue: Mapping[str, Indicator] | None = None) -> Indicator:
    """Return one indicator.

    Parameters
    ----------
    id : str
        Its code.
    catalogue : mapping, optional
        Where to look; that of the house by default.

    Raises
    ------
    UnknownIndicator
        When no indicator has that code; near ones are told, by code and by label.
    """
    known = load() if catalogue is None else catalogue
    if id in known:
        return known[id]
    parts = [name for name in known if name[:-1] == id and name[-1].isalpha()]
    by_label = {item.label: name for name, item in known.items()}
    close = parts or near(id, known) or [by_label[label] for label in near(id, by_label)]
    listed = " ou ".join(f"« {name} » ({known[name].label})" for name in close)
    raise UnknownIndicator(
        f"Aucun indicateur ne porte le code « {id} ».",
        remedy=f"Vouliez-vous dire {listed} ?" if close else "La commande « ctgeval indicateurs » les liste tous.",
        value=id,
    )


@cache
def limit_codes() -> Mapping[str, str]:
    """Return the sentence of each limit, by code; ``{}`` stands for what follows the colon of a code."""
    return MappingProxyType(dict(sorted(_toml(FOLDER / "limites.toml")["limites"].items())))


@cache
def reasons() -> Mapping[str, str]:
    """Return the sentence of each reason why a figure is undefined, by code."""
    return MappingProxyType(dict(sorted(_toml(FOLDER / "limites.toml")["raisons"].items())))


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise IndicatorError(f"Le fichier n’est pas un TOML valide : {error}.", file=path.name) from error
    except (OSError, UnicodeDecodeError) as error:
        raise IndicatorError(f"Le fichier est illisible : {error}.", file=path.name) from error


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


def _indicator(id: str, theme: str, declared: object, known: Mapping[str, Measure], limits: Iterable[str]) -> Indicator:
    if not _ID.fullmatch(id):
        raise IndicatorError("Un identifiant a la forme PE01 ou PA01a.", value=id)
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
    sensitive = any(known[name].sensible for name in made.measures)
    return Indicator(**{field.name: getattr(made, field.name) for field in fields(made)} | {"sensitive": sensitive})


def _check_fields(declared: Mapping[str, Any]) -> None:
    problems = [
        Problem(message="Ce champ n’existe pas.", remedy=f"Champs possibles : {', '.join(_TYPES)}.", key=name)
        for name in declared
        if name not in _TYPES
    ]
    problems += [Problem(message="Ce champ est obligatoire.", key=name) for name in _REQUIRED if name not in declared]
    problems += [
        problem for name, value in declared.items() if name in _TYPES and (problem := _field_problem(name, value))
    ]
    if problems:
        raise IndicatorError("Champs mal renseignés.", problems=problems)


def _field_problem(name: str, value: Any) -> Problem | None:
    if not isinstance(value, _TYPES[name]) or (isinstance(value, bool) and bool not in _TYPES[name]):
        return Problem(message="Ce champ n’a pas le bon type.", key=name, value=str(value))
    if isinstance(value, list) and not all(isinstance(item, str) for item in value):
        return Problem(message="Ce champ est une liste de textes.", key=name, value=str(value))
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
