"""Insee's census files: what their columns count, whatever the vintage.

A header is an extraction (``P`` main, ``C`` complementary, ``D`` a census of 1968 to 1999), two digits of the year and
a name: ``P18_POP0014``. The file of communes over 2,000 inhabitants has names of its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

__all__ = ["BY_AGE", "MEASURES", "PLAIN", "SUMS", "Counted", "counted"]

BY_AGE = "population_par_age"


class Counted(NamedTuple):
    """What a column counts: a measure and its categories."""

    measure: str
    sexe: str = ""
    age: str = ""


_NAMES = {
    "POP": "population_municipale",
    "POP0002": "enfants_0_2",
    "POP0311": "enfants_3_11",
    "POP1117": "jeunes_11_17",
    "POP1524": "population_15_24",
    "POP1564": "population_15_64",
    "POP60P": "population_60_plus",
    "POP75P": "population_75_plus",
    "POP75P_PSEUL": "population_75_plus_seule",
    "MEN": "menages",
    "MENPSEUL": "menages_personne_seule",
    "FAM": "familles_ensemble",
    "FAMMONO": "familles_monoparentales",
    "COUPAENF": "couples_avec_enfants",
    "COUPSENF": "couples_sans_enfant",
    "LOG": "logements",
    "RP": "residences_principales",
    "RSECOCC": "residences_secondaires",
    "LOGVAC": "logements_vacants",
    "MAISON": "maisons",
    "APPART": "appartements",
    "RP_PROP": "residences_principales_proprietaires",
    "RP_LOC": "residences_principales_locataires",
    "RP_LOCHLMV": "residences_principales_hlm",
    "ACT1564": "actifs_15_64",
    "ACTOCC1564": "actifs_occupes_15_64",
    "CHOM1564": "chomeurs_15_64",
    "ACT1564_CS1": "actifs_agriculteurs",
    "ACT1564_CS2": "actifs_independants",
    "ACT1564_CS3": "actifs_cadres",
    "ACT1564_CS4": "actifs_intermediaires",
    "ACT1564_CS5": "actifs_employes",
    "ACT1564_CS6": "actifs_ouvriers",
    "ACT15P": "population_active_15_plus",
    "ACTOCC15P": "actifs_occupes",
    "CHOM15P": "chomeurs_15_plus",
    "ACTOCC15P_VOIT": "actifs_occupes_voiture",
    "ACTOCC15P_VOITURE": "actifs_occupes_voiture",
    "EMPLT": "emplois",
    "EMPLT_SAL": "emplois_salaries",
    "SCOL1824": "scolarises_18_24",
    "NSCOL15P": "non_scolarises_15_plus",
    "NSCOL15P_DIPLMIN": "diplome_aucun",
    "NSCOL15P_BEPC": "diplome_bepc",
    "NSCOL15P_CAPBEP": "diplome_cap_bep",
    "NSCOL15P_BAC": "diplome_bac",
    "NSCOL15P_SUP2": "diplome_sup_2",
    "NSCOL15P_SUP34": "diplome_sup_3_4",
    "NSCOL15P_SUP5": "diplome_sup_5",
}
_BANDS = re.compile(r"(?P<who>POP|H|F)(?:(?P<first>\d\d)(?:(?P<last>\d\d)|P)|(?P<sex>[HF]))")
_SEXES = {"H": "M", "F": "F", "POP": ""}

PLAIN: Mapping[str, Counted] = MappingProxyType(
    {
        "pop_tot": Counted("population_municipale"),
        "pop_0_14": Counted(BY_AGE, "", "0-14"),
        "pop_15_29": Counted(BY_AGE, "", "15-29"),
        "pop_18_24": Counted(BY_AGE, "", "18-24"),
        "pop_75p": Counted("population_75_plus"),
        "pop_femmes": Counted(BY_AGE, "F"),
        # Whatever their name, these are of 15 to 64: the same figures as P18_ACT1564 and P18_CHOM1564.
        "pop_act_15p": Counted("actifs_15_64"),
        "pop_chom": Counted("chomeurs_15_64"),
        "pop_agric": Counted("actifs_agriculteurs"),
        "pop_indep": Counted("actifs_independants"),
        "pop_cadres": Counted("actifs_cadres"),
        "pop_interm": Counted("actifs_intermediaires"),
        "pop_empl": Counted("actifs_employes"),
        "pop_ouvr": Counted("actifs_ouvriers"),
        "pop_scol_18_24": Counted("scolarises_18_24"),
        "pop_non_scol_15p": Counted("non_scolarises_15_plus"),
        "pop_dipl_aucun": Counted("diplome_aucun"),
        "pop_dipl_bepc": Counted("diplome_bepc"),
        "pop_dipl_capbep": Counted("diplome_cap_bep"),
        "pop_dipl_bac": Counted("diplome_bac"),
        "pop_dipl_sup2": Counted("diplome_sup_2"),
        "pop_dipl_sup34": Counted("diplome_sup_3_4"),
        "pop_dipl_sup": Counted("diplome_sup_5"),
        "log_rp": Counted("residences_principales"),
        "log_proprio": Counted("residences_principales_proprietaires"),
        "log_loc": Counted("residences_principales_locataires"),
        "log_hlm": Counted("residences_principales_hlm"),
        "log_sec": Counted("residences_secondaires"),
        "log_maison": Counted("maisons"),
        "log_appart": Counted("appartements"),
    }
)
"""The names of the file of communes over 2,000 inhabitants."""

SUMS: Mapping[str, tuple[tuple[tuple[str, int], ...], ...]] = MappingProxyType(
    {
        "population_60_plus": (
            (("POP6074", 1), ("POP75P", 1)),
            (("POP6074", 1), ("POP7589", 1), ("POP90P", 1)),
        ),
        "population_75_plus": ((("POP7589", 1), ("POP90P", 1)),),
        "menages_sans_voiture": ((("RP", 1), ("RP_VOIT1P", -1)),),
    }
)
"""Measures that the file gives by their parts: the ways to add them up, the first that the file allows being taken."""

MEASURES = tuple(sorted({BY_AGE, *_NAMES.values(), *SUMS, *(what.measure for what in PLAIN.values())}))
"""All that these files can hold."""


def counted(name: str) -> Counted | None:
    """Return what a column counts, by its name without the extraction and the year; None when it is not known.

    Examples
    --------
    >>> counted("POP0014")
    Counted(measure='population_par_age', sexe='', age='0-14')
    """
    upper = name.upper()
    if upper in _NAMES:
        return Counted(_NAMES[upper])
    match = _BANDS.fullmatch(upper)
    if match is None:
        return None
    if match["sex"]:
        return Counted(BY_AGE, _SEXES[match["sex"]]) if match["who"] == "POP" else None
    first = int(match["first"])
    age = f"{first}+" if match["last"] is None else f"{first}-{int(match['last'])}"
    return Counted(BY_AGE, _SEXES[match["who"]], age)
