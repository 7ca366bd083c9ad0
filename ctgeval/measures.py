"""What is counted, before any indicator: the kind, object and unit of each measure, and what may be summed."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, get_args

from ctgeval.errors import MeasureError, UnknownMeasure, suggestion

Kind = Literal["stock", "flow", "distinct", "amount", "ratio", "quantile"]
Object = Literal["personnes", "foyers", "entreprises", "structures", "places", "actions", "seances", "euros", "autres"]
Over = Literal["places", "time"]
Chance = Literal["", "none", "repeated", "volunteers"]
Cumul = Literal["", "annee", "convention"]

__all__ = ["Kind", "Measure", "Object", "get", "load"]

FILE_NAME = "mesures.toml"
"""A dossier's own measures."""
CATALOGUE = Path(__file__).with_name("measures.toml")
_SECRET_OBJECTS = frozenset({"personnes", "foyers", "entreprises"})
_FIELDS = frozenset(
    ("label", "kind", "object", "unit", "published", "bounds", "factor", "sensible", "legal", "chance", "cumul")
)
_WHERE = {
    "places": (
        "d’un territoire à l’autre",
        "prendre la ligne que la source donne pour le territoire lui-même (EPCI, département...)",
    ),
    "time": ("d’une période à l’autre", "prendre la ligne que la source donne pour la période entière"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One thing that is counted.

    Parameters
    ----------
    id : str
        Name used in the observations, in formulas and by readers of files.
    label : str
        French name.
    kind : {"stock", "flow", "distinct", "amount", "ratio", "quantile"}
        Decides what may be summed over places and over time.
    object : str
        What is counted; secrecy applies to persons, households and enterprises.
    unit : str
        French unit, in the plural; empty for a pure number.
    published : bool
        The source gives the result only: shown, never aggregated.
    bounds : tuple of float or None
        What a value can be at all (0 to 100 for a percentage); None means 0 to infinity for what is counted, and
        anything for ratios, quantiles and amounts.
    factor : float
        What a ratio was multiplied by (100 for a percentage).
    sensible : bool
        Crossed with income, health or disability: the higher threshold of the dossier applies.
    legal : bool
        Published for every commune, however small, by virtue of a text (legal populations: decree of each year).
    chance : {"", "none", "repeated", "volunteers"}
        Of persons, households or enterprises: ``none`` when the count follows from a decision (who lives in a covered
        commune), ``repeated`` when it counts acts and the same persons come again, ``volunteers`` when it counts some
        of those who chose to answer, who are no sample; empty when each is its own case.
    cumul : {"", "annee", "convention"}
        Each value already counts those before it, since 1 January or since the start of the convention: it never goes
        down, and is never summed over time.
    """

    id: str
    label: str
    kind: Kind
    object: Object
    unit: str
    published: bool = False
    bounds: tuple[float, float] | None = None
    factor: float = 1.0
    sensible: bool = False
    legal: bool = False
    chance: Chance = ""
    cumul: Cumul = ""

    @property
    def additive_over_places(self) -> bool:
        """Whether the figure of a territory is the sum of the figures of its communes."""
        return self.kind in {"stock", "flow", "amount"} and not self.published

    @property
    def additive_over_time(self) -> bool:
        """Whether the figure of a year is the sum of the figures of its months."""
        return self.kind in {"flow", "amount"} and not self.published and not self.cumul

    @property
    def is_secret_object(self) -> bool:
        """Whether small counts of it must be kept secret: what the law publishes for every commune is not."""
        return self.object in _SECRET_OBJECTS and not self.legal

    @property
    def is_random(self) -> bool:
        """Whether it counts cases that chance could have made more or fewer, one independently of the other."""
        counted = self.kind in {"stock", "flow", "distinct"} and not self.published
        return counted and self.is_secret_object and not self.chance

    @property
    def possible(self) -> tuple[float, float]:
        """The least and the greatest value that are not a mistake."""
        if self.bounds is not None:
            return self.bounds
        if self.kind in {"stock", "flow", "distinct"}:
            return (0.0, math.inf)
        return (-math.inf, math.inf)

    def refusal(self, over: Over) -> str:
        """Tell in French why the measure can't be summed, and which row to use instead.

        Parameters
        ----------
        over : {"places", "time"}
            What the sum would have run over.

        Returns
        -------
        str
            A whole sentence; empty when the sum has a meaning.
        """
        if self.additive_over_places if over == "places" else self.additive_over_time:
            return ""
        name = f"« {self.label} »"
        where, instead = _WHERE[over]
        if self.kind == "quantile":
            return f"{name} est une médiane ou un quantile : il ne s’additionne ni ne se moyenne {where} ; {instead}."
        if self.kind == "ratio" or self.published:
            return (
                f"{name} n’est publié que comme un résultat, sans numérateur ni dénominateur : "
                f"il ne s’additionne ni ne se moyenne {where} ; {instead}."
            )
        if self.kind == "distinct":
            return (
                f"{name} ne compte chacun qu’une fois : une somme {where} compterait deux fois ceux qui reviennent ; "
                f"{instead}, ou demander au partenaire le nombre sans double compte pour l’ensemble."
            )
        if self.cumul and over == "time":
            return f"{name} cumule déjà les périodes d’avant : prendre la dernière période, sans l’additionner."
        return f"{name} est un état à une date : il ne s’additionne pas {where} ; prendre la dernière période."


def load(extra: Path | None = None) -> Mapping[str, Measure]:
    """Return every measure by its id, sorted.

    Parameters
    ----------
    extra : Path or None
        A dossier's own ``mesures.toml``, in the same form; it may add measures, not change those of the house.

    Returns
    -------
    mapping of str to Measure
        Read-only.

    Raises
    ------
    MeasureError
        When a declaration can't be used; all the reasons are told together.
    """
    found = _house()
    if extra is None:
        return found
    own = _read(extra)
    again = sorted(set(own) & set(found))
    if again:
        raise MeasureError(
            f"Ces mesures existent déjà et ne se redéfinissent pas : {', '.join(again)}.",
            remedy="Leur donner un autre nom dans le fichier du dossier.",
            file=str(extra),
        )
    return MappingProxyType(dict(sorted({**found, **own}.items())))


@cache
def _house() -> Mapping[str, Measure]:
    return MappingProxyType(dict(sorted(_read(CATALOGUE).items())))


def get(id: str, *, measures: Mapping[str, Measure] | None = None) -> Measure:
    """Return one measure.

    Parameters
    ----------
    id : str
        Its name.
    measures : mapping, optional
        Where to look; the house's own by default.

    Raises
    ------
    UnknownMeasure
        When no measure has that name; near ones are told.
    """
    known = load() if measures is None else measures
    if id not in known:
        raise UnknownMeasure(
            f"Aucune mesure ne s’appelle « {id} ».",
            remedy=suggestion(id, known) or "La liste des mesures est dans ctgeval/measures.toml.",
            value=id,
        )
    return known[id]


def _read(path: Path) -> dict[str, Measure]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise MeasureError(f"Le fichier des mesures n’est pas un TOML valide : {error}.", file=str(path)) from error
    except (OSError, UnicodeDecodeError) as error:
        raise MeasureError(f"Le fichier des mesures est illisible : {error}.", file=str(path)) from error
    found: dict[str, Measure] = {}
    for theme, table in content.items():
        if not isinstance(table, dict):
            raise MeasureError(
                "Une mesure se range sous un thème.", remedy="Écrire [theme].", file=str(path), key=theme
            )
        for id, fields in table.items():
            if id in found:
                raise MeasureError(f"La mesure « {id} » est déclarée deux fois.", file=str(path), key=f"{theme}.{id}")
            found[id] = _measure(id, fields, file=str(path), key=f"{theme}.{id}")
    return found


def _measure(id: str, fields: Any, *, file: str, key: str) -> Measure:
    if not isinstance(fields, dict):
        raise MeasureError("Une mesure se décrit par des champs : { label, kind, object, unit }.", file=file, key=key)
    unknown = sorted(set(fields) - _FIELDS)
    missing = sorted({"label", "kind", "object", "unit"} - set(fields))
    if unknown or missing:
        raise MeasureError(
            f"La mesure « {id} » est mal décrite.",
            remedy="Champs inconnus : " + ", ".join(unknown) if unknown else "Champs manquants : " + ", ".join(missing),
            file=file,
            key=key,
        )
    choices = {"kind": Kind, "object": Object, "chance": Chance, "cumul": Cumul}
    for field, allowed in ((name, get_args(one)) for name, one in choices.items()):
        if fields.get(field, "") not in allowed:
            raise MeasureError(
                f"La mesure « {id} » a un « {field} » inconnu.",
                remedy=f"Valeurs possibles : {', '.join(filter(None, allowed))}.",
                file=file,
                key=f"{key}.{field}",
                value=str(fields[field]),
            )
    for field, type_ in (
        ("label", str),
        ("unit", str),
        ("published", bool),
        ("sensible", bool),
        ("legal", bool),
        ("factor", (int, float)),
    ):
        if field in fields and not isinstance(fields[field], type_):
            raise MeasureError(
                f"Le champ « {field} » de la mesure « {id} » n’a pas le bon type.",
                file=file,
                key=f"{key}.{field}",
                value=str(fields[field]),
            )
    bounds = fields.get("bounds")
    if bounds is not None and not (
        isinstance(bounds, list)
        and len(bounds) == 2
        and all(isinstance(end, int | float) for end in bounds)
        and bounds[0] <= bounds[1]
    ):
        raise MeasureError(
            f"Les bornes de la mesure « {id} » sont deux nombres croissants.",
            remedy="Écrire par exemple bounds = [0, 100] ou bounds = [0, inf].",
            file=file,
            key=f"{key}.bounds",
            value=str(bounds),
        )
    return Measure(
        id=id,
        label=fields["label"],
        kind=fields["kind"],
        object=fields["object"],
        unit=fields["unit"],
        published=fields.get("published", False),
        bounds=None if bounds is None else (float(bounds[0]), float(bounds[1])),
        factor=float(fields.get("factor", 1.0)),
        sensible=fields.get("sensible", False),
        legal=fields.get("legal", False),
        chance=fields.get("chance", ""),
        cumul=fields.get("cumul", ""),
    )
