"""Real files that no reader knows: what ``[source.tableau]`` says of each, by its path among the real files."""

from __future__ import annotations

__all__ = ["DESCRIBED", "OWN_MEASURES"]

OWN_MEASURES = """
[estimations]
population_estimee = { label = "Population estimée", kind = "stock", object = "personnes", unit = "habitants" }
bases_nettes = { label = "Bases nettes", kind = "amount", object = "euros", unit = "euros" }
"""
"""``mesures.toml`` of a dossier that holds them."""

DESCRIBED: dict[str, str] = {
    "insee/base_cc_comparateur_2022_variables.csv": 'forme = "table"',
    "messy/populations_legales_2018_ensemble.xlsx": """
        feuille = "communes"
        entete = 8
        territoire = { colonnes = ["Code département", "Code commune"], niveau = "COM" }
        periode = "2018"
        mesures = { "Population municipale" = "population_municipale", "Population totale" = "population_totale" }
        """,
    "messy/estim-pop-dep-sexe-gca-1975-2023.xls": """
        feuilles = "*"
        entete = [4, 5]
        fin = "Source"
        periode = "feuille"
        mesures = { "* / *" = "population_estimee" }
        [territoire]
        colonne = "Départements"
        niveau = "DEP"
        codes = { "France métropolitaine et DOM" = "FRANCE" }
        [[ignorer]]
        colonne = "Départements"
        valeurs = ["France métropolitaine", "DOM"]
        [dimensions]
        sexe = { entete = 1, correspondances = { "Ensemble" = "", "Hommes" = "M", "Femmes" = "F" } }
        age = { entete = 2, correspondances = { "Total" = "" } }
        """,
    "messy/rei_1987_notice.xlsx": """
        feuille = "REI_1987"
        entete = 2
        territoire = { colonne = "DEPCOM", niveau = "COM" }
        periode = "feuille"
        mesures = { "B11" = "bases_nettes" }
        """,
    "messy/dgcl_epci_sans_communes_2021_extrait.xlsx": """
        territoire = { colonne = "siren_epci", niveau = "EPCI" }
        periode = "2018"
        mesures = { "pmun_epci_2021" = "population_municipale", "ptot_epci_2021" = "population_totale" }
        """,
    "messy/laposte_hexasmal_latin1.csv": """
        forme = "table"
        territoire = { colonne = "Code_commune_INSEE", niveau = "COM" }
        """,
    "messy/caf_txcouv_2014_entetes_repetes.csv": """
        territoire = { colonne = "NUMCOM", niveau = "COM" }
        periode = "2014"
        mesures = { "TXCOUVGLO_COM_2014" = "taux_couverture_global" }
        """,
    "survey/hdv2003.csv": 'forme = "reponses"',
    "survey/gss_happy.csv.gz": 'forme = "reponses"',
}
"""By path under the folder of the real files."""
