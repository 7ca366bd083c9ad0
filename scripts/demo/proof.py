"""What was planted, shown in the figures themselves, and told in ``EFFETS.md``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from demo import money, witnesses
from demo.figures import ALL, EFFECTS, MISSING_RETURN, NULL_ACTION, SEED, Key, counts, numbers, percent
from demo.places import CC, GROUPS, MERGER, MERGER_YEAR, NEIGHBOURS, in_year

Numbers = Mapping[Key, float]


@dataclass(frozen=True, slots=True)
class Promise:
    """What ``EFFETS.md`` says of one effect: a figure, and how much it is moved, in its unit or in hundredths."""

    figure: Callable[[Numbers], float]
    by: Literal["difference", "growth"]
    size: float
    tolerance: float = 0.0


def _at(measure: str, period: str, geo: str = CC[0]) -> Callable[[Numbers], float]:
    return lambda known: known[(measure, geo, period, "")]


def _share(part: str, whole: str, period: str) -> Callable[[Numbers], float]:
    return lambda known: percent(known, part, whole, period)


def _plain_families(known: Numbers) -> float:
    plain = {f"COM-{commune.code}" for commune, _ in in_year(2025) if commune.group == GROUPS[2][0]}
    return sum(known[("familles_rpe", geo, "2023-S2", "")] for geo in sorted(plain))


def _wednesdays(known: Numbers) -> float:
    centres = ("ALSH de Tressonne", "ALSH itinérant")
    return sum(known[("journees_enfants_alsh", CC[0], "2025-S1", name)] for name in centres)


# A tolerance is what the rounding to whole persons allows.
PROMISES: Mapping[str, Promise] = {
    "micro-creche-tressonne": Promise(_at("places_eaje", "2023", "COM-99114"), "difference", 12),
    "micro-creche-sorvanne": Promise(_at("places_eaje", "2024", "COM-99126"), "difference", 12),
    "guichet-unique": Promise(
        _share("demandes_accueil_sans_solution", "demandes_accueil", "2024-S1"), "difference", -9, 0.6
    ),
    "rpe-itinerant": Promise(_plain_families, "growth", 45, 7),
    "metier-assmat": Promise(
        _share("assistantes_maternelles_55_plus", "assistantes_maternelles", "2024"), "difference", -2.4, 0.8
    ),
    "mercredis": Promise(_wednesdays, "growth", 18, 0.2),
    "evs-sorvanne": Promise(_at("usagers_avs", "2024"), "difference", 260),
    "france-services-mobile": Promise(_at("demandes_france_services", "2024-S1"), "growth", 30, 0.1),
    "france-services-mobile-acces": Promise(_at("population_plus_20_min_france_services", "2023"), "difference", -1450),
}


def check() -> list[str]:
    """Return one sentence for each promise of ``EFFETS.md`` that the figures don't keep: none, when all is well."""
    real = numbers(counts())
    bare = numbers(counts(frozenset()))
    faults = []
    for effect in EFFECTS:
        promise = PROMISES[effect.key]
        after, before = promise.figure(real), promise.figure(numbers(counts(ALL - {effect.key})))
        found = after - before if promise.by == "difference" else 100 * after / before - 100
        if abs(found - promise.size) > promise.tolerance:
            faults.append(f"effect {effect.key}: {found:.2f} instead of {promise.size:.2f}")
    changed = [key for key in real if real[key] != bare[key]]
    faults += [f"the null action moves {key}" for key in changed if key[0] == NULL_ACTION[2]]
    away = dict((*NEIGHBOURS, *witnesses.EPCIS))
    faults += [f"an effect reaches the neighbour {key[1]}" for key in changed if key[1] in away]
    return faults + _budget_faults() + _return_faults(real)


def _budget_faults() -> list[str]:
    spent: dict[tuple[str, int], int] = {}
    paid: dict[tuple[str, int], int] = {}
    for line in money.lines():
        kept = {"realise": spent, "verse": paid}.get(line.status)
        if kept is not None:
            kept[line.action, line.year] = kept.get((line.action, line.year), 0) + line.cents
    return [f"{key}: more is paid than spent" for key in sorted(paid) if paid[key] >= spent.get(key, 0)]


def _return_faults(real: Numbers) -> list[str]:
    name, period = MISSING_RETURN
    return ["the missing return is there"] if ("journees_enfants_alsh", CC[0], period, name) in real else []


def document(*, flag: str) -> str:
    """Return the text of ``EFFETS.md``."""
    action, indicator, measure = NULL_ACTION
    rows = "\n".join(
        f"| {one.action} | {one.indicator} | `{one.measure}` | {one.since} | {one.where} | {one.size} |"
        for one in EFFECTS
    )
    code, merged, name = MERGER
    return f"""# Ce qui a été planté dans les chiffres fictifs

Territoire fictif. {flag}. Graine des tirages : `{SEED}`. Fichier écrit par `scripts/make_demo.py`, qui compare chaque
série à la même série sans l'effet, et refuse d'écrire si l'écart n'est pas celui annoncé ici.

## Effets

| Action | Indicateur | Mesure | Depuis | Où | De combien |
| --- | --- | --- | --- | --- | --- |
{rows}

Le taux de couverture publié (PE01) est tenu à peu près stable dans la CC, et baisse chez les quatre voisins : c'est un
« maintien ». Aucun effet n'est planté chez les voisins.

## Les territoires témoins

Les blocs `[[impact]]` comparent la CC à {len(witnesses.EPCIS)} EPCI fictifs du département voisin, de
population proche, choisis avant tout résultat ; aucun effet n'y est planté. Pour PE02, l'effet des deux micro-crèches
(+2,9 places pour 100 enfants, en moyenne sur 2023 et 2024) vaut environ deux fois le plus petit effet que cette
comparaison voit 4 fois sur 5 (+1,4) : il est retrouvé. Pour JE01, rien n'est planté : rien n'est trouvé.

## L'action sans effet

L'action {action} (lieu jeunes itinérant) n'a **aucun effet** sur {indicator} (`{measure}`) : la série suit sa tendance
et son bruit. Un bilan qui lui en trouve un se trompe.

## Difficultés mises exprès

- Commune nouvelle : {name} (COM-{code}) réunit {", ".join(f"COM-{part}" for part in merged)} au 1er janvier
  {MERGER_YEAR} et garde le code du siège ; les recensements de 2015 à 2020 sont dans l'ancienne géographie.
- Retour manquant : {MISSING_RETURN[0]}, {MISSING_RETURN[1]} ; le total de ce semestre ne peut donc pas être fait.
- Petits effectifs : les familles du relais et les enfants de moins de 3 ans des petites communes sont souvent moins
  de 5 ; depuis 2024, le relais retient lui-même les siens (« <5 »). Le détail par commune reste interne.
- Dernière période provisoire ; revenus des communes secrets (cellules vides) ou absents sous un seuil.
- Cibles : maintenir (PE01, AD02), baisser (PE04, PE09), fourchette (EN01), sans référence (AV04), sans valeur (AD01),
  cible 0 (AD03), révisée par l'avenant (PE07).
- Actions : A06 abandonnée avec son motif, A12 reportée, A01 et A13 pérennisées, A18 non engagée.
"""
