"""The tables that a coordinator keeps by hand: their columns, in the words of the workbook.

The same schemas make the sheets of ``suivi.xlsx``, read them back, and read the CSV files of the same names. Names of
tables and columns are a contract with the dossiers that exist: a column may be added, none is renamed.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ctgeval.programme.registers import REGISTERS
from ctgeval.sources.workbook import Column, TableSchema

ACTION_STATES = ("non_engagee", "en_cours", "realisee", "perennisee", "reportee", "abandonnee")
BUDGET_NATURES = ("depense", "recette")
BUDGET_STATUSES = ("prevu", "sollicite", "acquis", "verse", "realise")
BUDGET_CONTRIBUTIONS = ("numeraire", "nature")
JOURNAL_TYPES = ("reussite", "difficulte", "levier", "frein")
JOURNAL_LABELS: Mapping[str, str] = MappingProxyType(
    {"reussite": "Réussite", "difficulte": "Difficulté", "levier": "Levier", "frein": "Frein"}
)

CIBLES = TableSchema(
    name="cibles",
    title="Références et cibles des indicateurs",
    essential=True,
    key=("indicateur", "territoire", "periode_cible", "revisee_le"),
    help=(
        "Une ligne par indicateur, territoire et échéance. Une cible révisée est une nouvelle ligne, "
        "avec sa date de révision et son motif."
    ),
    columns=(
        Column("indicateur", "indicateur", required=True, help="Code du catalogue, par exemple PE01."),
        Column("territoire", "territoire", required=True, help="Code du territoire, par exemple EPCI-200070035."),
        Column(
            "periode_reference", "periode", help="Période de la valeur de départ : 2021, 2021-S1, 2021-T3, 2021-09."
        ),
        Column("valeur_reference", "nombre", help="Valeur de départ ; vide : la source la donne, si elle la contient."),
        Column("periode_cible", "periode", required=True, help="Période à laquelle la cible doit être atteinte."),
        Column("valeur_cible", "nombre", help="Valeur visée ; égale à la valeur de départ pour « maintenir »."),
        Column("cible_min", "nombre", help="Bas de la fourchette visée, si la cible est une fourchette."),
        Column("cible_max", "nombre", help="Haut de la fourchette visée, si la cible est une fourchette."),
        Column("tolerance", "nombre", help="Écart admis autour de la cible, dans l’unité de l’indicateur."),
        Column("revisee_le", "date", help="Date de la révision de la cible."),
        Column("motif", "texte", help="Pourquoi la cible a été révisée."),
    ),
)

ACTIONS = TableSchema(
    name="actions",
    title="Plan d’actions",
    key=("id", "etat_date"),
    help=(
        "Une ligne par action et par état : quand l’état change, ajoutez une ligne avec le même identifiant et la "
        "nouvelle date, n’effacez pas l’ancienne."
    ),
    columns=(
        Column("id", "code", required=True, help="Identifiant stable, par exemple A07."),
        Column("axe", "texte", required=True, help="Axe de la convention, par exemple Petite enfance."),
        Column("objectif", "texte", help="Objectif auquel l’action répond."),
        Column("intitule", "texte", required=True, help="Nom de l’action."),
        Column("pilote", "texte", help="Organisme et fonction, jamais le nom d’une personne."),
        Column("partenaires", "texte", help="Organismes associés, séparés par des points-virgules."),
        Column("public_cible", "texte", help="À qui l’action s’adresse."),
        Column("debut", "date", help="Date de début prévue."),
        Column("fin", "date", help="Échéance prévue."),
        Column("etat", "choix", required=True, choices=ACTION_STATES, help="État de l’action à la date de l’état."),
        Column("etat_date", "date", required=True, help="Date à laquelle l’action est entrée dans cet état."),
        Column("avancement_pct", "pourcentage", help="Avancement estimé, de 0 à 100."),
        Column("dispositifs", "texte", help="Autres dispositifs dont l’action relève : CLS, PEdT, SDSF, ABS."),
        Column("motif", "texte", help="Pourquoi l’action est reportée, abandonnée ou modifiée."),
        Column("lien_preuve", "lien", help="Adresse ou chemin de la délibération, du compte rendu, du document."),
    ),
)

KINDS = ("contexte", "moyens", "realisation", "resultat", "impact", "processus")
"""Places of an indicator in the chain of results."""

FICHES = TableSchema(
    name="fiches",
    title="Fiches-actions",
    key=("action",),
    help="Une ligne par action : ce que sa fiche dit de plus que le plan d’actions.",
    columns=(
        Column("action", "code", required=True, help="Identifiant de l’action."),
        Column("enjeu", "texte", help="Enjeu du territoire auquel elle répond."),
        Column("objectif_general", "texte", help="Objectif général."),
        Column("objectifs_operationnels", "texte", help="Objectifs opérationnels, séparés par des points-virgules."),
        Column("constat", "texte", help="Constat ou besoin de départ, avec sa source."),
        Column("description", "texte", help="En quoi elle consiste."),
        Column("effectif_vise", "entier", help="Taille estimée du public visé."),
        Column("territoires", "texte", help="Codes des territoires concernés, séparés par des points-virgules."),
        Column("copilotes", "texte", help="Organismes et fonctions, jamais le nom d’une personne."),
        Column("moyens_humains_etp", "nombre", help="Moyens humains, en équivalents temps plein."),
        Column("moyens_materiels", "texte", help="Locaux, véhicules, matériel."),
        Column("resultats_attendus", "texte", help="Ce qui doit avoir changé."),
        Column("freins", "texte", help="Ce qui peut la gêner."),
        Column("leviers", "texte", help="Ce qui peut l’aider."),
        Column("suites", "texte", help="Ce qui est prévu après."),
        Column("lien_deliberation", "lien", help="Adresse ou chemin de la délibération."),
    ),
)

JALONS = TableSchema(
    name="jalons",
    title="Jalons des actions",
    key=("action", "intitule"),
    help="Une ligne par étape prévue d’une action. Une étape non franchie garde « realise_le » vide.",
    columns=(
        Column("action", "code", required=True, help="Identifiant de l’action."),
        Column("intitule", "texte", required=True, help="L’étape, par exemple Ouverture au public."),
        Column("prevu_le", "date", required=True, help="Date prévue."),
        Column("realise_le", "date", help="Date à laquelle l’étape a été franchie."),
    ),
)

LIENS = TableSchema(
    name="liens",
    title="Indicateurs de chaque action",
    key=("action", "indicateur"),
    help="Une ligne par action et par indicateur qui la suit.",
    columns=(
        Column("action", "code", required=True, help="Identifiant de l’action."),
        Column("indicateur", "indicateur", required=True, help="Code de l’indicateur."),
        Column(
            "nature",
            "choix",
            choices=KINDS,
            help="Place de l’indicateur pour cette action, si elle diffère de celle du catalogue.",
        ),
        Column("motif", "texte", help="Pourquoi elle diffère."),
    ),
)

BUDGET = TableSchema(
    name="budget",
    title="Budget des actions",
    help=(
        "Une ligne par montant. Quand un montant change de statut, changez-le ou ajoutez une ligne : il n’est compté "
        "qu’une fois. Le reste à charge est calculé (dépenses moins recettes) : ne l’ajoutez pas."
    ),
    columns=(
        Column("action", "code", required=True, help="Identifiant de l’action."),
        Column("exercice", "entier", required=True, help="Année du budget, par exemple 2024."),
        Column("nature", "choix", required=True, choices=BUDGET_NATURES, help="Dépense ou recette."),
        Column("poste", "texte", help="Poste de dépense ou de recette, par exemple Personnel."),
        Column("financeur", "texte", help="Qui apporte la recette, par exemple Caf de la Vienne."),
        Column("statut", "choix", required=True, choices=BUDGET_STATUSES, help="Où en est ce montant."),
        Column("montant", "montant", required=True, help="En euros, au centime, positif."),
        Column(
            "apport",
            "choix",
            choices=BUDGET_CONTRIBUTIONS,
            help="« nature » pour un apport valorisé (bénévolat, locaux prêtés) ; vide : en argent.",
        ),
    ),
)

OBSERVATIONS = TableSchema(
    name="observations",
    title="Comptages des partenaires",
    essential=True,
    key=("mesure", "territoire", "periode", "source", "structure", "sexe", "age"),
    help=(
        "Une ligne par mesure, territoire et période. Aucune donnée sur une personne : des totaux seulement. "
        "Une valeur inconnue ne se saisit pas : écrivez « nd », jamais 0."
    ),
    columns=(
        Column("mesure", "mesure", required=True, help="Ce qui est compté, par exemple places_eaje."),
        Column("territoire", "territoire", required=True, help="Code du territoire, par exemple EPCI-200070035."),
        Column("periode", "periode", required=True, help="2024, 2024-S1, 2024-T3, 2024-09 ou 2024-2025 (scolaire)."),
        Column(
            "valeur",
            "nombre",
            required=True,
            help="Un nombre, sans unité ; « <5 » retenu, « s » secret, « nd » inconnu.",
        ),
        Column("source", "texte", required=True, help="Clé d’une [[source]] de ctg.toml, ou nom du partenaire."),
        Column("structure", "texte", help="Structure concernée, si le comptage est à ce grain."),
        Column("sexe", "texte", help="F ou M, si le comptage est ventilé par sexe."),
        Column("age", "texte", help="Tranche d’âge, par exemple 3-11, si le comptage est ventilé par âge."),
        Column(
            "remarque", "texte", help="Ce qu’il faut savoir pour lire ce nombre ; « provisoire » s’il peut changer."
        ),
    ),
)

JOURNAL = TableSchema(
    name="journal",
    title="Journal des réussites et des difficultés",
    help="Une ligne par fait à retenir. Ne nommez aucune personne.",
    columns=(
        Column("date", "date", required=True, help="Date du fait."),
        Column("action", "code", help="Identifiant de l’action, si le fait s’y rattache."),
        Column("type", "choix", required=True, choices=JOURNAL_TYPES, help="Nature du fait."),
        Column("texte", "texte", required=True, help="Le fait, en une ou deux phrases."),
        Column("a_refaire", "texte", help="Ce qu’il faudrait refaire."),
        Column("a_eviter", "texte", help="Ce qu’il faudrait éviter."),
        Column("contexte", "texte", help="Dans quelles circonstances."),
        Column("freins", "texte", help="Ce qui a gêné."),
        Column("leviers", "texte", help="Ce qui a aidé."),
        Column("indicateur", "indicateur", help="Code de l’indicateur qui en témoigne, s’il y en a un."),
        Column("mots_cles", "texte", help="Mots pour la retrouver, séparés par des points-virgules."),
    ),
)

SCHEMAS: Mapping[str, TableSchema] = MappingProxyType(
    {
        schema.name: schema
        for schema in (CIBLES, ACTIONS, FICHES, JALONS, LIENS, BUDGET, OBSERVATIONS, JOURNAL, *REGISTERS)
    }
)
