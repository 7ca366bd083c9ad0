"""Say in French why figures can't be expressed in a geography: one refusal for each territory and each reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from ctgeval import french
from ctgeval.errors import Problem
from ctgeval.measures import Measure
from ctgeval.territory.codes import arrondissement_parent
from ctgeval.territory.events import Chain, Event
from ctgeval.territory.reference import Reference

__all__ = [
    "Refusal",
    "absent",
    "backwards",
    "moved",
    "not_additive",
    "not_shared",
    "split",
    "stranger",
    "told_twice",
    "too_old",
    "unique",
    "unknown",
    "without_geography",
]

_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Refusal:
    """A kind of reason, and the problem to tell."""

    kind: Literal["inconnu", "perimetre", "non_additif"]
    problem: Problem


def _refusal(kind: Literal["inconnu", "perimetre", "non_additif"], geo: str, message: str, remedy: str) -> Refusal:
    return Refusal(kind, Problem(message=message, remedy=remedy, value=geo, severity="avertissement"))


def unique(found: Iterable[Refusal]) -> list[Refusal]:
    """Return the first refusal of each territory for each kind of reason, in order."""
    kept: dict[tuple[str, str], Refusal] = {}
    for refusal in found:
        kept.setdefault((refusal.kind, refusal.problem.value), refusal)
    return list(kept.values())


def absent(geos: Iterable[str], link: Chain, known: Reference) -> list[Refusal]:
    """Refuse codes that were no commune in the geography that their rows claim."""
    return [
        _refusal(
            "inconnu",
            geo,
            f"{_named(geo, known)} n’est pas une commune au 1er janvier {link.since} : "
            f"{_passage(link.absent[geo], known)}.",
            "Corrigez l’année de la géographie de ce fichier, ou le code.",
        )
        for geo in geos
    ]


def split(geos: Iterable[str], link: Chain, known: Reference) -> list[Refusal]:
    """Refuse communes whose ground was shared out between several."""
    found = []
    for geo in geos:
        event = link.split[geo]
        parts = _list(link.images[geo], known)
        found.append(
            _refusal(
                "perimetre",
                geo,
                f"{_named(geo, known)} ne peut pas être suivie de {link.since} à {link.to} : le territoire de "
                f"{event.code_before} a été partagé le {french.date(event.effective)} (aujourd’hui {parts}), "
                "et rien ne dit comment répartir ses chiffres.",
                "Prenez les chiffres que la source publie après cette date, ou ceux de l’EPCI ; ou déclarez une source "
                "au format « geographie.passages » qui donne la part de chaque commune.",
            )
        )
    return found


def not_shared(
    rows: pd.DataFrame,
    parts: Mapping[tuple[int, str], tuple[tuple[str, float], ...]],
    known: Reference,
    kinds: Mapping[str, Measure],
) -> list[Refusal]:
    """Refuse communes that were split of which a measure can't be shared out."""
    found = []
    for geo, group in rows.groupby("geo"):
        since = int(group["geography"].min())
        what, plural = _measures(group["measure"].unique().tolist(), kinds)
        became = _list((code for code, _ in parts[since, str(geo)]), known)
        found.append(
            _refusal(
                "non_additif",
                str(geo),
                f"Le territoire de {_named(str(geo), known)} (géographie {since}) a été partagé entre {became} : "
                f"{what} ne se {'partagent' if plural else 'partage'} pas selon la population.",
                "Prenez la ligne de l’EPCI, ou celles que la source donne pour ces communes dans une géographie où le "
                "partage est fait.",
            )
        )
    return found


def too_old(year: int, count: int, known: Reference) -> Refusal:
    """Refuse the communes of a geography older than all that is known of their changes."""
    communes = f"{french.plural(count, 'commune')} de la géographie {year}"
    return _refusal(
        "perimetre",
        str(year),
        f"Les chiffres de {communes} ne peuvent pas être suivis : les changements de communes ne sont connus que "
        f"depuis le 1er janvier {known.known_since}.",
        "Déclarez l’historique des communes dans une source (format « geographie.evenements »), ou retirez ces années.",
    )


def _measures(names: Iterable[str], kinds: Mapping[str, Measure]) -> tuple[str, bool]:
    labels = [f"« {kinds[name].label} »" for name in sorted(names)]
    what = ", ".join(labels[:3]) + (f" et {len(labels) - 3} autres mesures" if len(labels) > 3 else "")
    return what, len(labels) > 1


def backwards(
    geos: Iterable[str], changed: Mapping[str, Event], since: int, to: int, known: Reference
) -> list[Refusal]:
    """Refuse communes of a geography later than the one asked for, which changed in between."""
    return [
        _refusal(
            "perimetre",
            geo,
            f"{_named(geo, known)}, dans la géographie {since}, n’est pas la même commune qu’en {to} : "
            f"{_passage(changed[geo], known)}.",
            f"Choisissez la géographie {since} ou une plus récente : on réunit des communes, on ne les sépare pas.",
        )
        for geo in geos
    ]


def without_geography(geos: Iterable[str], changed: Mapping[str, Event], known: Reference) -> list[Refusal]:
    """Refuse communes whose code may name two grounds, in rows that don't say of which year they are."""
    return [
        _refusal(
            "perimetre",
            geo,
            f"La source ne dit pas dans quelle géographie est {_named(geo, known)}, et ce code a changé de "
            f"contenu : {_passage(changed[geo], known)}. Même code, autre commune : rien n’est comparé "
            "de part et d’autre de cette date.",
            "Indiquez l’année de la géographie de ce fichier (clé « geographie » de la source).",
        )
        for geo in geos
    ]


def unknown(geos: Iterable[str], known: Reference, to: int) -> list[Refusal]:
    """Refuse codes that lead to no commune of the geography asked for."""
    found = []
    for geo in geos:
        parent = arrondissement_parent(geo)
        if parent is not None:
            name = f"{parent} ({known.name(parent)})" if known.exists(parent, to) else parent
            remedy = f"Prenez la ligne de {parent}, si la source la donne : ses arrondissements ne la remplacent pas."
            message = f"{geo} est un arrondissement municipal de {name}, pas une commune."
            found.append(_refusal("inconnu", geo, message, remedy))
            continue
        near = known.near(geo)
        found.append(
            _refusal(
                "inconnu",
                geo,
                f"{geo} ne correspond à aucune commune au 1er janvier {to}.",
                f"Codes proches : {', '.join(near)}." if near else "Vérifiez le code.",
            )
        )
    return found


def stranger(geo: str, year: int, known: Reference) -> Refusal:
    """Refuse a territory that does not exist in the geography that its rows claim."""
    near = known.near(geo)
    return _refusal(
        "inconnu",
        geo,
        f"{geo} n’existe pas au 1er janvier {year}.",
        f"Codes proches : {', '.join(near)}." if near else "Vérifiez le code.",
    )


def moved(geo: str, year: int, to: int, known: Reference) -> Refusal:
    """Refuse a territory, other than a commune, whose ground changed or that is gone."""
    name = f"{geo} ({known.name(geo, year)})"
    what = f"n’a pas le même périmètre en {year} et en {to}" if known.exists(geo, to) else f"n’existe plus en {to}"
    return _refusal(
        "perimetre",
        geo,
        f"{name} {what}.",
        f"Prenez les chiffres que la source publie dans le périmètre {to}, ou recalculez-les par commune.",
    )


def not_additive(
    rows: pd.DataFrame,
    target: pd.Series[Any],
    wholes: Mapping[tuple[int, str], tuple[str, ...]],
    known: Reference,
    kinds: Mapping[str, Measure],
) -> list[Refusal]:
    """Refuse merged communes of which a measure can't be summed."""
    found = []
    by_target = rows.groupby(target)
    first = by_target["geography"].min().to_dict()
    for geo, names in sorted(by_target["measure"].unique().to_dict().items()):
        since = int(first[geo])
        what, plural = _measures(names, kinds)
        verb = "ne s’additionnent pas" if plural else "ne s’additionne pas"
        found.append(
            _refusal(
                "non_additif",
                str(geo),
                f"{_named(str(geo), known)} réunit {_list(wholes[since, str(geo)], known)} (géographie {since}) : "
                f"{what} {verb} d’une commune à l’autre.",
                f"Prenez la ligne de l’EPCI, ou celle que la source donne pour {geo} dans une géographie où "
                "la réunion est faite.",
            )
        )
    return found


def told_twice(rows: pd.DataFrame, target: pd.Series[Any]) -> list[Refusal]:
    """Refuse merged communes of which the same fact is told twice."""
    sources = rows["source"].groupby(target).first()
    return [
        _refusal(
            "perimetre",
            str(geo),
            f"La source « {source} » donne deux fois le même fait pour une des communes que réunit {geo}.",
            "Gardez une seule ligne par fait : la somme compterait deux fois la même commune.",
        )
        for geo, source in sorted(sources.items())
    ]


def _named(geo: str, known: Reference) -> str:
    name = known.last_name(geo)
    return f"{geo} ({name})" if name else geo


def _list(geos: Iterable[str], known: Reference) -> str:
    names = [_named(geo, known) for geo in geos]
    if len(names) > _SHOWN:
        names = [*names[: _SHOWN - 1], f"{len(names) - _SHOWN + 1} autres"]
    return french.enumeration(names)


def _passage(event: Event, known: Reference) -> str:
    day = french.date(event.effective)
    if event.code_before == event.code_after:
        return f"le territoire de {_named(event.code_after, known)} a changé le {day}"
    return f"le territoire de {_named(event.code_before, known)} est passé à {_named(event.code_after, known)} le {day}"
