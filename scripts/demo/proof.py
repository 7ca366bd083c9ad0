"""What was planted, shown in the figures themselves; the targets that go with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from demo import money
from demo.figures import (
    ALL,
    CC,
    EFFECTS,
    MISSING_RETURN,
    NULL_ACTION,
    SEED,
    STRUCTURES,
    Count,
    counts,
    coverage,
    french,
)
from demo.places import GROUPS, MERGER, MERGER_YEAR, NEIGHBOURS, in_year

Key = tuple[str, str, str, str]


def _by_key(rows: Sequence[Count]) -> dict[Key, float]:
    return {
        (row.measure, row.geo, row.period, row.structure): 2.0 if row.value == "<5" else float(row.value.replace(",", "."))
        for row in rows
    }


def _percent(numbers: Mapping[Key, float], part: str, whole: str, period: str) -> float:
    return 100 * numbers[(part, CC[0], period, "")] / numbers[(whole, CC[0], period, "")]


def _members(numbers: Mapping[Key, float], measure: str, period: str, geos: set[str]) -> float:
    return sum(value for (name, geo, when, _), value in numbers.items() if (name, when) == (measure, period) and geo in geos)


def _shift(measured: Callable[[Mapping[Key, float]], float], key: str, real: Mapping[Key, float]) -> float:
    return measured(real) - measured(_by_key(counts(ALL - {key})))


def check() -> list[str]:
    """Return one sentence for each promise of ``EFFETS.md`` that the figures don't keep: none, when all is well."""
    real = _by_key(counts())
    cc = CC[0]
    plain = {f"COM-{commune.code}" for commune, _ in in_year(2025) if commune.group == GROUPS[2][0]}
    users: Key = ("usagers_avs", cc, "2024", "")
    far: Key = ("population_plus_20_min_france_services", cc, "2023", "")
    centres = [name for name, _ in STRUCTURES if name in ("ALSH de Tressonne", "ALSH itinérant")]
    without = {key: _by_key(counts(ALL - {key})) for key in ("rpe-itinerant", "mercredis", "france-services-mobile")}
    measured = {
        "micro-creche-tressonne": (_shift(lambda n: n[("places_eaje", "COM-99114", "2023", "")], "micro-creche-tressonne", real), 12.0, 0.0),
        "micro-creche-sorvanne": (_shift(lambda n: n[("places_eaje", "COM-99126", "2024", "")], "micro-creche-sorvanne", real), 12.0, 0.0),
        "guichet-unique": (
            _shift(lambda n: _percent(n, "demandes_accueil_sans_solution", "demandes_accueil", "2024-S1"), "guichet-unique", real),
            -9.0,
            0.6,
        ),
        "metier-assmat": (
            _shift(lambda n: _percent(n, "assistantes_maternelles_55_plus", "assistantes_maternelles", "2024"), "metier-assmat", real),
            -2.4,
            0.8,
        ),
        "rpe-itinerant": (
            100 * _members(real, "familles_rpe", "2023-S2", plain)
            / _members(without["rpe-itinerant"], "familles_rpe", "2023-S2", plain) - 100,
            45.0,
            7.0,
        ),
        "mercredis": (
            100 * sum(real[("journees_enfants_alsh", cc, "2025-S1", name)] for name in centres)
            / sum(without["mercredis"][("journees_enfants_alsh", cc, "2025-S1", name)] for name in centres) - 100,
            18.0,
            0.2,
        ),
        "evs-sorvanne": (_shift(lambda n: n[users], "evs-sorvanne", real), 260.0, 0.0),
        "france-services-mobile": (
            100 * real[("demandes_france_services", cc, "2024-S1", "")]
            / without["france-services-mobile"][("demandes_france_services", cc, "2024-S1", "")] - 100,
            30.0,
            0.1,
        ),
        "france-services-mobile-acces": (_shift(lambda n: n[far], "france-services-mobile-acces", real), -1450.0, 0.0),
    }  # fmt: skip
    faults = [
        f"effect {effect.key}: {measured[effect.key][0]:.2f} instead of {measured[effect.key][1]:.2f}"
        for effect in EFFECTS
        if not abs(measured[effect.key][0] - measured[effect.key][1]) <= measured[effect.key][2]
    ]
    bare = _by_key(counts(frozenset()))
    faults += [f"the null action moves {key}" for key in real if key[0] == NULL_ACTION[2] and real[key] != bare[key]]
    faults += [
        f"an effect reaches the neighbour {key[1]}"
        for key in real
        if key[1] in dict(NEIGHBOURS) and real[key] != bare[key]
    ]
    return faults + _budget_faults() + _return_faults(real)


def _budget_faults() -> list[str]:
    lines = list(money.lines())
    spent = sum(line.cents for line in lines if (line.nature, line.status) == ("depense", "realise"))
    by_action = {line.action: 0 for line in lines}
    for line in lines:
        if (line.nature, line.status) == ("depense", "realise"):
            by_action[line.action] += line.cents
    received = sum(line.cents for line in lines if line.status in ("verse", "acquis"))
    faults = [] if spent == sum(by_action.values()) else ["the budget does not add up by action"]
    return faults + ([] if received < spent else ["more is received than spent"])


def _return_faults(real: Mapping[Key, float]) -> list[str]:
    name, period = MISSING_RETURN
    present = [key for key in real if key[0] == "journees_enfants_alsh" and key[2] == period]
    return ["the missing return is there"] if any(key[3] in (name, "") for key in present) else []


def targets() -> list[Sequence[str]]:
    """Return the rows of ``cibles.csv``: one of each kind that a real convention holds."""
    numbers = _by_key(counts())
    cc = CC[0]
    places, children = (
        sum(value for (name, geo, when, _), value in numbers.items() if name == measure and when == "2021" and geo.startswith("COM-"))
        for measure in ("places_eaje", "enfants_0_2")
    )
    older = _percent(numbers, "assistantes_maternelles_55_plus", "assistantes_maternelles", "2021")
    unmet = _percent(numbers, "demandes_accueil_sans_solution", "demandes_accueil", "2021-S2")
    leisure = _percent(numbers, "places_alsh", "enfants_3_11", "2021")
    young = _percent(numbers, "jeunes_accueillis", "jeunes_11_17", "2021")
    solved = _percent(numbers, "demandes_resolues_premier_contact", "demandes_france_services", "2022-S1")
    days = numbers[("journees_enfants_alsh", cc, "2021-S2", "")]
    families = numbers[("familles_rpe", cc, "2022-S1", "")]
    parents = numbers[("participations_parents", cc, "2022-S1", "")]
    asked = numbers[("demandes_france_services", cc, "2022-S1", "")]
    level = french(coverage(cc, 2021))
    revised = "2024-06-01"
    header = ("indicateur", "territoire", "periode_reference", "valeur_reference", "periode_cible", "valeur_cible",
              "cible_min", "cible_max", "tolerance", "revisee_le", "motif")  # fmt: skip
    return [
        header,
        ("PE01", cc, "2021", level, "2026", level, "", "", "1,5", "", ""),
        ("PE02", cc, "2021", french(100 * places / children), "2026", "22,0", "", "", "", "", ""),
        ("PE04", cc, "2021", french(older), "2026", "38,0", "", "", "", "", ""),
        ("PE07", cc, "2022-S1", f"{families:.0f}", "2025-S2", "260", "", "", "", "", ""),
        ("PE07", cc, "2022-S1", f"{families:.0f}", "2025-S2", "235", "", "", "", revised,
         "Cible revue à la baisse : la tournée n'a commencé qu'en septembre 2023"),
        ("PE09", cc, "2021-S2", french(unmet), "2026-S2", "20,0", "", "", "", "", ""),
        ("EN01", cc, "2021", french(leisure), "2026", "", "9,0", "11,0", "", "", ""),
        ("EN02", cc, "2021-S2", f"{days:.0f}", "2026-S2", "11500", "", "", "", "", ""),
        ("JE01", cc, "2021", french(young), "2026", french(young + 4), "", "", "", "", ""),
        ("PA04", cc, "2022-S1", f"{parents:.0f}", "2026-S2", "300", "", "", "", "", ""),
        ("AV04", cc, "", "", "2026", "7,0", "", "", "", "", ""),
        ("AD01", cc, "2022-S1", f"{asked:.0f}", "2026-S2", "", "", "", "", "", ""),
        ("AD02", cc, "2022-S1", french(solved), "2026-S2", french(solved), "", "", "2", revised,
         "Maintenir la qualité de la réponse malgré la hausse des demandes"),
        ("AD03", cc, "2021", "", "2026", "0", "", "", "", "", ""),
        ("PI01", cc, "", "", "2026", "100", "", "", "", "", ""),
    ]  # fmt: skip


def document(*, flag: str) -> str:
    """Return the text of ``EFFETS.md``."""
    action, indicator, measure = NULL_ACTION
    rows = "\n".join(
        f"| {effect.action} | {effect.indicator} | `{effect.measure}` | {effect.since} | {effect.where} | {effect.size} |"
        for effect in EFFECTS
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

## L'action sans effet

L'action {action} (lieu jeunes itinérant) n'a **aucun effet** sur {indicator} (`{measure}`) : la série suit sa tendance
et son bruit. Un bilan qui lui en trouve un se trompe.

## Difficultés mises exprès

- Commune nouvelle : {name} (COM-{code}) réunit {", ".join(f"COM-{part}" for part in merged)} au 1er janvier
  {MERGER_YEAR} et garde le code du siège ; les recensements de 2015 à 2020 sont dans l'ancienne géographie.
- Retour manquant : {MISSING_RETURN[0]}, {MISSING_RETURN[1]} ; le total de ce semestre n'est donc pas donné non plus.
- Petits effectifs : les familles du relais et les enfants de moins de 3 ans des petites communes sont souvent moins
  de 5 ; depuis 2024, le relais retient lui-même les siens (« <5 »).
- Dernière période provisoire ; revenus des communes secrets (cellules vides) ou absents sous un seuil.
- Cibles : maintenir (PE01, AD02), baisser (PE04, PE09), fourchette (EN01), sans référence (AV04), sans valeur (AD01),
  cible 0 (AD03), révisée par l'avenant (PE07).
- Actions : A06 abandonnée avec son motif, A12 reportée, A01 et A13 pérennisées, A18 non engagée.
"""
