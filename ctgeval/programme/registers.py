"""The registers that a coordinator keeps beside the plan: partners, meetings, participation, communication, decisions.

Their names and columns are a contract with the dossiers that exist: a column may be added, none is renamed.
"""

from __future__ import annotations

from ctgeval.sources.workbook import Column, TableSchema

MEETING_TYPES = ("COPIL", "COTECH", "atelier", "groupe")
LADDER = ("information", "consultation", "concertation", "co-construction")
"""Levels of participation, the least first."""
SEQUELS = ("retenue", "en cours", "refusee")
"""What became of a proposal of inhabitants, or of a contribution to a workshop."""
RECOMMENDATION_STATES = ("proposee", "acceptee", "amendee", "refusee", "faite")

PARTENAIRES = TableSchema(
    name="partenaires",
    title="Partenaires",
    key=("id",),
    help="Une ligne par organisme. Ni nom, ni téléphone, ni courriel d’une personne.",
    columns=(
        Column("id", "code", required=True, help="Identifiant stable, par exemple caf, msa, creche-civray."),
        Column("nom", "texte", required=True, help="Nom de l’organisme, écrit comme dans le plan d’actions."),
        Column("type", "texte", help="Nature de l’organisme : collectivité, Caf, association, établissement."),
        Column("territoire", "territoire", help="Code du territoire où il agit, par exemple EPCI-200070035."),
        Column(
            "autres_noms",
            "texte",
            help="Autres façons d’écrire son nom dans le plan et les réunions, séparées par des points-virgules.",
        ),
    ),
)

INSTANCES = TableSchema(
    name="instances",
    title="Instances, ateliers et groupes de travail",
    key=("id",),
    help=(
        "Une ligne par réunion. On compte des organismes, jamais des noms : « invites » et « presents » sont des "
        "nombres."
    ),
    columns=(
        Column("id", "code", required=True, help="Identifiant stable, par exemple COPIL-2024-1."),
        Column("type", "choix", required=True, choices=MEETING_TYPES, help="Nature de la réunion."),
        Column("date", "date", required=True, help="Date de la réunion."),
        Column("invites", "entier", help="Nombre d’organismes invités."),
        Column("presents", "entier", help="Nombre d’organismes présents, parmi les invités."),
        Column(
            "partenaires_presents", "texte", help="Organismes présents (id ou nom), séparés par des points-virgules."
        ),
        Column("sujet", "texte", help="Objet de la réunion."),
        Column("partenaires_invites", "texte", help="Organismes invités (id ou nom), séparés par des points-virgules."),
        Column("action", "code", help="Identifiant de l’action dont la réunion traite, s’il y en a une."),
        Column("methode", "texte", help="Pour un atelier : la méthode d’animation, par exemple « cartographie »."),
    ),
)

CONTRIBUTIONS = TableSchema(
    name="contributions",
    title="Contributions des ateliers",
    key=("id",),
    help="Une ligne par contribution retenue d’un atelier, et ce qu’elle est devenue. Ne nommez aucune personne.",
    columns=(
        Column("id", "code", required=True, help="Identifiant stable, par exemple AT1-03."),
        Column("atelier", "code", required=True, help="Identifiant de l’atelier, dans la feuille « instances »."),
        Column("texte", "texte", required=True, help="La contribution, en une ou deux phrases."),
        Column("suite", "choix", choices=SEQUELS, help="Ce qu’elle est devenue."),
        Column("action", "code", help="Identifiant de l’action qui la reprend, si elle est retenue."),
        Column("reponse_le", "date", help="Date à laquelle les participants ont eu une réponse."),
        Column("motif", "texte", help="Pourquoi elle a été retenue, amendée ou refusée."),
    ),
)

PARTICIPATION = TableSchema(
    name="participation",
    title="Participation des habitants",
    key=("id", "tranche_age", "sexe", "secteur"),
    help=(
        "Une ligne par temps de participation ; plusieurs lignes de même identifiant s’il est ventilé par âge, sexe ou "
        "secteur. Des totaux seulement, jamais de liste nominative."
    ),
    columns=(
        Column("id", "code", required=True, help="Identifiant stable, par exemple CONC-2024-1."),
        Column("action", "code", help="Identifiant de l’action concernée."),
        Column("date", "date", required=True, help="Date, ou premier jour si cela dure."),
        Column("type", "texte", required=True, help="Réunion publique, questionnaire, marche, conseil de jeunes."),
        Column("niveau", "choix", choices=LADDER, help="Degré de participation proposé aux habitants."),
        Column("presences", "entier", help="Nombre de présences."),
        Column("personnes_distinctes", "entier", help="Nombre de personnes différentes, si on le connaît."),
        Column("tranche_age", "texte", help="Tranche d’âge de l’Insee, par exemple 15-29 ; vide : tous les âges."),
        Column("sexe", "texte", help="F ou M ; vide : ensemble."),
        Column("secteur", "territoire", help="Code de la commune ou du groupement ; vide : tout le territoire."),
    ),
)

PROPOSITIONS = TableSchema(
    name="propositions",
    title="Propositions des habitants",
    key=("id",),
    help="Une ligne par proposition, et la réponse qui lui a été faite. Ne nommez aucune personne.",
    columns=(
        Column("id", "code", required=True, help="Identifiant stable, par exemple P12."),
        Column(
            "origine",
            "texte",
            required=True,
            help="D’où elle vient : un temps de participation, un atelier.",
        ),
        Column("date", "date", required=True, help="Date de la proposition."),
        Column("texte", "texte", required=True, help="La proposition, en une ou deux phrases."),
        Column("suite", "choix", choices=SEQUELS, help="Ce qu’elle est devenue."),
        Column("reponse_le", "date", help="Date de la réponse aux habitants."),
        Column("motif", "texte", help="Pourquoi elle a été retenue ou refusée."),
        Column("action", "code", help="Identifiant de l’action qui la reprend, si elle est retenue."),
    ),
)

COMMUNICATION = TableSchema(
    name="communication",
    title="Communication, canal par canal",
    key=("canal", "periode", "mesure"),
    help="Une ligne par canal, période et mesure. Les canaux ne s’additionnent pas : ce ne sont pas des personnes.",
    columns=(
        Column("canal", "texte", required=True, help="Site, lettre, réseau social, presse, affichage."),
        Column("periode", "periode", required=True, help="2024, 2024-S1, 2024-T3 ou 2024-09."),
        Column("mesure", "texte", required=True, help="Ce qui est compté : envois, ouvertures, visites, articles."),
        Column("valeur", "nombre", required=True, help="Un nombre, sans unité ; « nd » s’il n’est pas connu."),
    ),
)

EVENEMENTS = TableSchema(
    name="evenements",
    title="Événement annuel de la convention",
    key=("id",),
    help="Une ligne par édition de l’événement annuel.",
    columns=(
        Column("id", "code", required=True, help="Identifiant stable, par exemple JOURNEE-2024."),
        Column("date", "date", required=True, help="Date de l’événement."),
        Column("intitule", "texte", required=True, help="Nom de l’événement."),
        Column("lieu", "texte", help="Commune ou lieu public."),
        Column("objectifs", "texte", help="Ce qui en était attendu."),
        Column("presences", "entier", help="Nombre de présences."),
        Column("comptage", "texte", help="Comment elles sont comptées : entrées, émargement, estimation."),
        Column("repondants", "entier", help="Nombre de réponses au questionnaire de satisfaction."),
        Column("satisfaits", "entier", help="Nombre de répondants satisfaits ou très satisfaits."),
        Column("cout", "montant", help="Coût total, en euros."),
        Column("action", "code", help="Identifiant de l’action dont il relève."),
        Column("enseignement", "texte", help="Ce qui en a été retenu."),
    ),
)

RECOMMANDATIONS = TableSchema(
    name="recommandations",
    title="Préconisations et décisions",
    key=("id", "etat"),
    help=(
        "Une ligne par préconisation et par état : quand une instance décide, ajoutez une ligne avec le même "
        "identifiant, n’effacez pas l’ancienne."
    ),
    columns=(
        Column("id", "code", required=True, help="Identifiant stable, par exemple R03."),
        Column("date", "date", required=True, help="Date de la préconisation."),
        Column("origine", "texte", required=True, help="D’où elle vient : une règle, une question, le COTECH."),
        Column("texte", "texte", required=True, help="La préconisation, en une ou deux phrases."),
        Column("etat", "choix", required=True, choices=RECOMMENDATION_STATES, help="Où elle en est."),
        Column("instance", "texte", help="Instance qui a décidé, par exemple le COPIL."),
        Column("decidee_le", "date", help="Date de la décision."),
        Column("chiffre", "texte", help="Le chiffre qui l’a fait naître, par exemple PE09 2025 : 24 %."),
        Column("action", "code", help="Identifiant de l’action concernée."),
        Column("motif", "texte", help="Pourquoi elle est amendée ou refusée ; ce qui a été fait."),
    ),
)

JUGEMENTS = TableSchema(
    name="jugements",
    title="Indicateurs qualitatifs",
    key=("indicateur", "territoire", "date"),
    help=(
        "Une ligne par jugement daté, sur l’échelle que l’indicateur déclare dans indicateurs.toml. "
        "Un nouveau jugement est une nouvelle ligne."
    ),
    columns=(
        Column("indicateur", "indicateur", required=True, help="Code de l’indicateur qualitatif."),
        Column("territoire", "territoire", required=True, help="Code du territoire jugé."),
        Column("date", "date", required=True, help="Date du jugement."),
        Column("niveau", "texte", required=True, help="L’un des niveaux de l’échelle déclarée."),
        Column("juge_par", "texte", required=True, help="Qui a jugé : instance ou fonction, jamais un nom."),
        Column("motif", "texte", required=True, help="Pourquoi ce niveau, en une ou deux phrases."),
        Column("lien_preuve", "lien", help="Compte rendu, entretien, document."),
    ),
)

REGISTERS = (
    PARTENAIRES,
    INSTANCES,
    CONTRIBUTIONS,
    PARTICIPATION,
    PROPOSITIONS,
    COMMUNICATION,
    EVENEMENTS,
    RECOMMANDATIONS,
    JUGEMENTS,
)
