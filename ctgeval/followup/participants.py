"""Participants against the census: meeting by meeting for the team, year by year for everybody.

Attendances are not persons: two persons who came to four meetings are eight attendances. What must not be small is the
number of persons, which is at least that of the meeting where most of them were.

Other readers than the team are shown years alone, and merged bands: a meeting beside the year that holds it would give
a masked band back by subtraction. The widest gap that PI07 publishes comes from the same merged bands, so that it is
one figure for all readers. The population comes from open sources alone, for the same reason.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from ctgeval import french
from ctgeval.confidentiality.declared_rules import public_rule
from ctgeval.errors import DossierError
from ctgeval.programme import age_bands, census, participation, representativeness
from ctgeval.programme.age_bands import Band
from ctgeval.programme.census import Census
from ctgeval.programme.representativeness import Composition

if TYPE_CHECKING:
    from ctgeval.dossier import Dossier

__all__ = ["Ground", "rows", "small", "widest"]

_NO_CENSUS = "Aucune source ouverte du dossier ne donne la population par {what} : pas de comparaison, pas de test."
_WHAT = {"tranche_age": "âge", "sexe": "sexe", "secteur": "secteur"}
_REST = "reste du territoire"
_Compared = tuple[Composition, str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """The territory of a convention, and its population by age, sex and sector.

    Parameters
    ----------
    communes : tuple of str
        Its communes.
    groups : mapping of str to tuple of str
        Its groupings, and their communes.
    names : mapping of str to str
        Of both.
    observed : DataFrame
        What open sources say of their population.
    censuses : tuple of Census
        Ages and sexes of the whole, vintage by vintage.
    """

    communes: tuple[str, ...]
    groups: Mapping[str, tuple[str, ...]]
    names: Mapping[str, str]
    observed: pd.DataFrame
    censuses: tuple[Census, ...]

    @classmethod
    def of(cls, dossier: Dossier) -> Ground:
        """Gather it for a dossier."""
        code, year = dossier.config.territoire.code, dossier.year
        own = {name: tuple(parts) for name, parts in dossier.config.territoire.groupements.items()}
        known = dossier.reference.exists(code, year)
        communes = own.get(code) or (dossier.reference.members(code, year) if known else (code,))
        groups = {name: parts for name, parts in own.items() if set(parts) <= set(communes)}
        open_keys = {source.cle for source in dossier.config.sources if source.diffusion == "ouverte"}
        observed = dossier.census[dossier.census["source"].isin(open_keys)]
        names = {geo: dossier.reference.last_name(geo) or geo for geo in (*communes, *groups)}
        return cls(
            communes=tuple(communes),
            groups=groups,
            names=names,
            observed=observed,
            censuses=tuple(census.read(observed, code, () if code.startswith("COM-") else communes)),
        )

    def compared(self, found: Mapping[str, float], year: int, dimension: str) -> _Compared:
        """Put participants beside the population of the same categories, at the right vintage."""
        if dimension == "secteur":
            return self._sectors(found, year)
        reference = census.nearest(self.censuses, year)
        if not (reference.ages if dimension == "tranche_age" else reference.sexes):
            return Composition(reason=_NO_CENSUS.format(what=_WHAT[dimension])), "", ()
        if dimension == "tranche_age":
            return representativeness.by_age(found, reference.ages), reference.period, reference.sources
        genders: dict[str, float] = {}
        for text, count in found.items():
            name = representativeness.SEXES.get(participation.sex(text), text)
            genders[name] = genders.get(name, 0.0) + count
        people = {label: reference.sexes[one] for one, label in representativeness.SEXES.items()}
        return representativeness.by_category(genders, people), reference.period, reference.sources

    def _sectors(self, found: Mapping[str, float], year: int) -> _Compared:
        """Compare sectors, with the rest of the territory as one more when they are not the whole of it."""
        own = {name: self.groups.get(name) or (name,) for name in found if name in self.names}
        if not own:
            return Composition(reason="Aucun secteur n’est dans le territoire de la convention."), "", ()
        held = [commune for parts in own.values() for commune in parts]
        if len(set(held)) < len(held):
            reason = "Des secteurs se recouvrent : une même personne serait comptée deux fois."
            return Composition(reason=reason), "", ()
        rest = tuple(sorted(set(self.communes) - set(held)))
        parts = {**own, **({_REST: rest} if rest else {})}
        people, period, sources = census.sectors(self.observed, parts, parts, year)
        if not people:
            return Composition(reason=_NO_CENSUS.format(what="secteur")), "", ()
        names = {name: self.names.get(name, name) for name in parts}
        counted = {names[name]: found[name] for name in own}
        return representativeness.by_category(counted, {names[name]: people[name] for name in parts}), period, sources


def small(values: pd.Series[Any], limit: float) -> pd.Series[Any]:
    """Tell which counts are too few persons to be shown."""
    return values.gt(0) & values.lt(limit)


def rows(dossier: Dossier, *, internal: bool) -> list[dict[str, Any]]:
    """Return the rows of the table ``representativeness`` for a reader.

    Parameters
    ----------
    internal : bool
        Whether the reader is the team, who sees each meeting and every band.
    """
    limit = 0 if internal else public_rule(dossier.config).threshold
    register = dossier.tables["participation"].frame
    ground = Ground.of(dossier)
    found: list[dict[str, Any]] = []
    for _, of_year in participation.events(register).groupby("annee", sort=True):
        for dimension in participation.DIMENSIONS:
            found += _pooled(ground, register, of_year, dimension, limit=limit)
            if internal and len(of_year) > 1:
                found += _each(ground, register, of_year, dimension)
    return found


def widest(dossier: Dossier) -> dict[int, float]:
    """Return the widest gap between the ages of the participants of a year and those of the population, in points.

    The largest in absolute value over the bands that may be shown to everybody.
    """
    limit = public_rule(dossier.config).threshold
    register = dossier.tables["participation"].frame
    if register["tranche_age"].isna().all():
        return {}
    ground = Ground.of(dossier)
    gaps: dict[int, float] = {}
    for year, of_year in participation.events(register).groupby("annee", sort=True):
        known = [
            abs(row["gap"]) for row in _pooled(ground, register, of_year, "tranche_age", limit=limit) if row["band"]
        ]
        if known:
            gaps[int(str(year))] = max(known)
    return gaps


def _pooled(
    ground: Ground, register: pd.DataFrame, events: pd.DataFrame, dimension: str, *, limit: float
) -> list[dict[str, Any]]:
    """Compare the participants of the meetings of a year that are broken down; attendances, when there are several."""
    shown = events[~small(events["presences"], limit) & ~small(events["personnes_distinctes"], limit)]
    # Persons are known in one meeting; over several, attendances alone add up.
    units = ("personnes_distinctes", "presences") if len(shown) == 1 else ("presences",)
    told = [participation.breakdown(register, str(name), dimension, units=units) for name in shown["id"]]
    parts = [part for part, _ in told if part]
    if not parts:
        return []
    counted = shown[[bool(part) for part, _ in told]]
    base = {
        "annee": int(events["annee"].iloc[0]),
        "event": "",
        "event_label": "",
        "unit": next(unit for part, unit in told if part),
        "repeated": len(parts) > 1 or _repeated(counted.iloc[0].to_dict(), told[0][1]),
        "meetings": len(parts),
        "left_out": len(events) - len(parts),
    }
    labels = _labels(dimension, parts)
    again = [_again(event) if base["unit"] == "presences" else 0.0 for event in counted.to_dict("records")]
    persons = _persons([_on(labels, part) for part in parts], again)
    pooled: dict[str, float] = {}
    for part in parts:
        for label, count in _on(labels, part).items():
            pooled[label] = pooled.get(label, 0.0) + count
    return list(_compared(ground, pooled, dimension, base, limit=limit, persons=persons))


def _again(event: Mapping[Any, Any]) -> float:
    """Return how many attendances of a meeting are those of somebody who had already come to it, when it is known."""
    again = float(event["presences"]) - float(event["personnes_distinctes"])
    return 0.0 if math.isnan(again) else max(0.0, again)


def _persons(parts: Sequence[Mapping[str, float]], again: Sequence[float]) -> dict[str, float]:
    """Return how many persons there are in each band at least: those of the meeting where most of them were."""
    found: dict[str, float] = {}
    for part, more in zip(parts, again, strict=True):
        for label, count in part.items():
            found[label] = max(found.get(label, 0.0), count - more, float(count > 0))
    return found


def _each(ground: Ground, register: pd.DataFrame, events: pd.DataFrame, dimension: str) -> Iterator[dict[str, Any]]:
    for event in events.to_dict("records"):
        found, unit = participation.breakdown(register, str(event["id"]), dimension)
        if found:
            base = {
                "annee": int(event["annee"]),
                "event": str(event["id"]),
                "event_label": f"{event['type']}, {french.date(str(event['date']))}",
                "unit": unit,
                "repeated": _repeated(event, unit),
                "meetings": 1,
                "left_out": 0,
            }
            yield from _compared(ground, found, dimension, base, limit=0)


def _repeated(event: Mapping[Any, Any], unit: str) -> bool:
    """Tell whether one person is known to be there several times in what is counted: no test holds then."""
    return unit == "presences" and event["personnes_distinctes"] < event["presences"]


def _labels(dimension: str, parts: Sequence[Mapping[str, float]]) -> dict[str, str]:
    """Give each band of several meetings the name under which all of them can be counted: one that none cuts."""
    texts = list(dict.fromkeys(text for part in parts for text in part))
    same = {text: text for text in texts}
    if dimension != "tranche_age" or len(parts) == 1:
        return same
    try:
        read = sorted((age_bands.parse(text), text) for text in texts)
    except DossierError:
        # The comparison itself tells what is no band.
        return same
    spans: list[tuple[Band, list[str]]] = []
    for band, text in read:
        if spans and band.first < spans[-1][0].end:
            last, held = spans[-1]
            spans[-1] = Band(last.first, max(last.end, band.end)), [*held, text]
        else:
            spans.append((band, [text]))
    return {text: band.label for band, held in spans for text in held}


def _on(labels: Mapping[str, str], part: Mapping[str, float]) -> dict[str, float]:
    found: dict[str, float] = {}
    for text, count in part.items():
        found[labels[text]] = found.get(labels[text], 0.0) + count
    return found


def _compared(
    ground: Ground,
    found: Mapping[str, float],
    dimension: str,
    base: Mapping[str, Any],
    *,
    limit: float,
    persons: Mapping[str, float] | None = None,
) -> Iterator[dict[str, Any]]:
    composition, period, sources = ground.compared(found, base["annee"], dimension)
    people = composition if persons is None else ground.compared(persons, base["annee"], dimension)[0]
    # Those who came from elsewhere are what is left of the attendances of the meeting.
    elsewhere = sum((found if persons is None else persons).values()) - sum(people.counts)
    if not composition.reason and 0 < elsewhere < limit:
        composition = Composition(reason=representativeness.NOT_TOLD)
    composition = representativeness.merged(composition, limit, rest="autres secteurs", persons=people.counts)
    table, fit = representativeness.table(composition, tested=not base["repeated"])
    about = {
        **base,
        "dimension": dimension,
        "reference_period": period,
        "source": " ".join(sources),
        "test_p": fit.p_value,
        "test": fit.method,
        "outcomes": fit.outcomes,
        "reason": composition.reason,
    }
    if table.empty:
        yield {**about, "band": ""}
    for row in table.to_dict("records"):
        yield {**about, **{str(name): value for name, value in row.items()}}
