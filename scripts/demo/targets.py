"""The targets of the fictional convention: one of each kind that a real one holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from demo.figures import Key, counts, coverage, french, numbers, percent
from demo.places import CC


def _communes(known: Mapping[Key, float], measure: str, period: str) -> float:
    return sum(
        value
        for (name, geo, when, _), value in known.items()
        if name == measure and when == period and geo.startswith("COM-")
    )


def targets() -> list[Sequence[str]]:
    """Return the rows of ``cibles.csv``: one of each kind that a real convention holds."""
    known = numbers(counts())
    cc = CC[0]
    places, children = (_communes(known, measure, "2021") for measure in ("places_eaje", "enfants_0_2"))
    older = percent(known, "assistantes_maternelles_55_plus", "assistantes_maternelles", "2021")
    unmet = percent(known, "demandes_accueil_sans_solution", "demandes_accueil", "2021-S2")
    leisure = percent(known, "places_alsh", "enfants_3_11", "2021")
    young = percent(known, "jeunes_accueillis", "jeunes_11_17", "2021")
    solved = percent(known, "demandes_resolues_premier_contact", "demandes_france_services", "2022-S1")
    days = sum(value for key, value in known.items() if key[:3] == ("journees_enfants_alsh", cc, "2021-S2"))
    families = known[("familles_rpe", cc, "2022-S1", "")]
    parents = known[("participations_parents", cc, "2022-S1", "")]
    asked = known[("demandes_france_services", cc, "2022-S1", "")]
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
