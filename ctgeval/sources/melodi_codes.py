"""Insee's Melodi: what its codes of measures, ages and sexes are here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

__all__ = ["BY_AGE", "MEASURES", "TOTALS", "Meaning", "meaning"]

TOTALS = frozenset({"", "_T", "_Z", "_X"})
"""Codes of a dimension that leave a figure whole."""

BY_AGE = "population_par_age"
_POPULATION = "population_municipale"
_SEXES = {"F": "F", "M": "M"}
_AGE = re.compile(r"Y(?:_LT(?P<below>\d+)|_GE(?P<above>\d+)|(?P<first>\d+)T(?P<last>\d+)|(?P<only>\d+))")

_Key = tuple[str, str, frozenset[tuple[str, str]]]


def _key(concept: str, code: str, **dimensions: str) -> _Key:
    return concept, code, frozenset(dimensions.items())


_FILOSOFI = {
    "NUM_HH": "menages_fiscaux",
    "NUM_PER": "personnes_menages_fiscaux",
    "NUM_CU": "unites_consommation",
    "MED_SL": "revenu_median",
    "Q1_SL": "revenu_q1",
    "Q3_SL": "revenu_q3",
    **{f"D{rank}_SL": f"revenu_d{rank}" for rank in (1, 2, 3, 4, 6, 7, 8, 9)},
    "IR_D9_D1_SL": "rapport_interdecile",
    "GI_SL": "indice_gini",
    "PR_MD60": "taux_pauvrete",
    "S_HH_TAX": "part_menages_imposes",
    "S_EI_DI": "part_activite",
    "S_EI_DI_SAL": "part_salaires",
    "S_EI_DI_UNE": "part_chomage",
    "S_EI_DI_N_SAL": "part_non_salaries",
    "S_RET_PEN_DI": "part_pensions",
    "S_INC_ASS_DI": "part_patrimoine",
    "S_SOC_BEN_DI": "part_prestations_sociales",
    "S_SOC_BEN_DI_FAM_BEN": "part_prestations_familiales",
    "S_SOC_BEN_DI_MIN_SOC": "part_minima_sociaux",
    "S_SOC_BEN_DI_HOU_BEN": "part_prestations_logement",
    "S_DIR_TAX_DI": "part_impots",
}
_AGES = {
    "Y_LT3": "enfants_0_2",
    "Y3T11": "enfants_3_11",
    "Y11T17": "jeunes_11_17",
    "Y15T24": "population_15_24",
    "Y15T64": "population_15_64",
    "Y_GE60": "population_60_plus",
    "Y_GE75": "population_75_plus",
}
_RP = "RP_MEASURE"
MEASURES: Mapping[_Key, str] = MappingProxyType(
    {
        **{_key("FILOSOFI_MEASURE", code): measure for code, measure in _FILOSOFI.items()},
        _key("POPREF_MEASURE", "PMUN"): _POPULATION,
        _key("POPREF_MEASURE", "PTOT"): "population_totale",
        _key("POPREF_MEASURE", "PCAP"): "population_comptee_a_part",
        _key("EC_MEASURE", "LVB"): "naissances",
        _key("EC_MEASURE", "DTH"): "deces",
        _key(_RP, "POP"): _POPULATION,
        _key(_RP, "SUP"): "superficie_km2",
        _key(_RP, "BRTH"): "naissances_entre_recensements",
        _key(_RP, "DEATH"): "deces_entre_recensements",
        **{_key(_RP, "POP", AGE=code): measure for code, measure in _AGES.items()},
        _key(_RP, "POP", EMPSTA_ENQ="1T2", AGE="Y15T64"): "actifs_15_64",
        _key(_RP, "POP", EMPSTA_ENQ="1", AGE="Y15T64"): "actifs_occupes_15_64",
        _key(_RP, "POP", EMPSTA_ENQ="2", AGE="Y15T64"): "chomeurs_15_64",
        _key(_RP, "POP", EMPSTA_ENQ="1T2", AGE="Y_GE15"): "population_active_15_plus",
        _key(_RP, "POP", EMPSTA_ENQ="1", AGE="Y_GE15"): "actifs_occupes",
        _key(_RP, "POP", EMPSTA_ENQ="2", AGE="Y_GE15"): "chomeurs_15_plus",
        _key(_RP, "DWELLINGS", OCS="_T"): "logements",
        _key(_RP, "DWELLINGS", OCS="DW_MAIN"): "residences_principales",
        _key(_RP, "DWELLINGS", OCS="DW_SEC_DW_OCC"): "residences_secondaires",
        _key(_RP, "DWELLINGS", OCS="DW_VAC"): "logements_vacants",
        _key(_RP, "DWELLINGS", OCS="_T", TDW="1"): "maisons",
        _key(_RP, "DWELLINGS", OCS="_T", TDW="2"): "appartements",
        _key(_RP, "DWELLINGS", OCS="DW_MAIN", TSH="100"): "residences_principales_proprietaires",
        _key(_RP, "DWELLINGS", OCS="DW_MAIN", TSH="200"): "residences_principales_locataires",
        _key(_RP, "DWELLINGS", OCS="DW_MAIN", TSH="221"): "residences_principales_hlm",
        _key(_RP, "DWELLINGS", OCS="DW_MAIN", CARS="C0"): "menages_sans_voiture",
        _key(_RP, "DWELLINGS", TPH="_T"): "menages",
        _key(_RP, "DWELLINGS", TPH="11"): "menages_personne_seule",
        _key(_RP, "FAM", TFN="_T"): "familles_ensemble",
        _key(_RP, "FAM", TFN="1"): "familles_monoparentales",
        _key(_RP, "FAM", TFN="21"): "couples_sans_enfant",
        _key(_RP, "FAM", TFN="22"): "couples_avec_enfants",
    }
)
"""Our measure, by the concept and code of Melodi's and the dimensions that are not whole."""
# A total of these dimensions says what is counted: dwellings where it is their occupation, households where their type.
_TELLING = frozenset({"OCS", "TPH", "TFN"})
_WORDS = {"AGE": "âge", "SEX": "sexe", "PCS": "catégorie sociale", "EDUC": "diplôme"}


class Meaning(NamedTuple):
    """What a combination of codes is: a measure and its categories, or why it is not taken."""

    measure: str
    sexe: str = ""
    age: str = ""
    reason: str = ""


def meaning(concept: str, code: str, dimensions: Mapping[str, str]) -> Meaning:
    """Return what a row counts.

    Parameters
    ----------
    concept, code : str
        Column of the measure, and its code: ``RP_MEASURE``, ``POP``.
    dimensions : mapping of str to str
        Codes of the other dimensions.
    """
    if concept == _RP and code.startswith("FAM"):
        code = "FAM"
    rest = {name: text for name, text in dimensions.items() if text not in TOTALS or name in _TELLING}
    sexe = _SEXES.get(rest.get("SEX", ""), "")
    if sexe:
        del rest["SEX"]
    found = MEASURES.get(_key(concept, code, **rest))
    if found == _POPULATION and sexe:
        return Meaning(BY_AGE, sexe)
    if found:
        return Meaning(found, sexe)
    age = _years(rest.get("AGE", ""))
    if (concept, code) == (_RP, "POP") and age and set(rest) == {"AGE"}:
        return Meaning(BY_AGE, sexe, age)
    cut = ", ".join(f"{_WORDS.get(name, name)} = {text}" for name, text in sorted(rest.items()) if text not in TOTALS)
    if any(key[:2] == (concept, code) for key in MEASURES) and cut:
        return Meaning("", reason=f"ventilation que ce format ne reprend pas : {cut}")
    return Meaning("", reason=f"mesure que ce format ne reprend pas : {concept} = {code}")


def _years(code: str) -> str:
    """Return an age as a dossier writes it: ``0-14``, ``15-24``, ``65+``; empty when it is not one."""
    match = _AGE.fullmatch(code)
    if match is None:
        return ""
    if match["below"]:
        return f"0-{int(match['below']) - 1}"
    if match["above"]:
        return f"{match['above']}+"
    return match["only"] or f"{match['first']}-{match['last']}"
