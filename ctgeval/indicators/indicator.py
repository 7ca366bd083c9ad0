"""What an indicator is, and the formulas that it is made of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from ctgeval.errors import IndicatorError
from ctgeval.measures import Measure

Kind = Literal["contexte", "moyens", "realisation", "resultat", "impact", "processus"]
Direction = Literal["higher", "lower", "maintain", "neutral"]
Nature = Literal["compte", "part", "rapport", "publie"]
Grain = Literal["EPCI", "COM", "GRP", "structure"]
Periodicity = Literal["annuelle", "semestrielle", "trimestrielle", "quinquennale"]
Origin = Literal["", "dossier", "modifie"]
Formula = tuple[tuple[int, str], ...]

__all__ = [
    "Direction", "Formula", "Grain", "Indicator", "Kind", "Nature", "Origin", "Periodicity", "parse_formula",
]  # fmt: skip

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
    declared : mapping of str to Measure
        The measures of its formulas, those of the dossier's own ``mesures.toml`` included.
    origin : {"", "dossier", "modifie"}
        Whether the dossier declares it, or changes what the catalogue of the house says of it.
    changed : tuple of str
        The fields that the dossier changes.
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
    declared: Mapping[str, Measure] = field(default_factory=dict, compare=False, repr=False)
    origin: Origin = ""
    changed: tuple[str, ...] = ()

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
        values = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "declared"}
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
