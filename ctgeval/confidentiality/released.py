"""The tables of a release beside its results: what an audience may be told, column by column."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["TABLES"]

TABLES: Mapping[str, tuple[str, ...]] = {
    "indicators": (
        "id", "label", "theme", "kind", "unit", "direction", "decimals", "source", "definition", "caveats", "nature",
        "retained",
    ),
    "territories": ("geo", "name", "level", "role"),
    "members": ("geo", "commune"),
    "progress": (
        "indicator", "geo", "label", "unit", "direction", "period_reference", "baseline", "baseline_low",
        "baseline_high", "period_target", "target", "target_min", "target_max", "tolerance", "time_period", "actual",
        "actual_low", "actual_high", "share", "share_low", "share_high", "verdict", "sentence", "provisional",
    ),
    "changes": (
        "indicator", "geo", "label", "unit", "direction", "period_from", "value_from", "numerator_from",
        "denominator_from", "period_to", "value_to", "numerator_to", "denominator_to", "change", "low", "high",
        "ci_low", "ci_high", "p_value", "p_adjusted", "n_tests", "law", "moved", "verdict", "sentence", "provisional",
    ),
    "actions": (
        "id", "axe", "objectif", "intitule", "pilote", "debut", "fin", "etat", "etat_date", "avancement_pct",
        "dispositifs", "motif", "history",
    ),
    "budget": ("action", "exercice", "nature", "poste", "financeur", "statut", "montant", "apport"),
    "journal": (
        "date", "action", "type", "texte", "a_refaire", "a_eviter", "contexte", "freins", "leviers", "indicateur",
    ),
    "practices": (
        "date", "action", "action_label", "texte", "a_refaire", "leviers", "indicator", "label", "shown", "value",
        "time_period", "source", "provisional",
    ),
    "questions": ("question", "rubrique", "contenu", "detail", "niveau"),
    "evidence": (
        "question", "rang", "type", "texte", "lien", "date", "told_by", "valide_par", "indicator", "label", "place",
        "shown", "value", "time_period", "source", "limits", "provisional", "conf_status",
    ),
    "recommendations": (
        "id", "date", "origine", "texte", "etat", "etat_le", "instance", "chiffre", "action", "action_label", "motif",
        "rang",
    ),
    "proposals_of_rules": (
        "periode", "regle", "texte", "chiffre", "indicator", "action", "geo", "time_period", "value", "source",
        "recommandation",
    ),
    "sources": (
        "cle", "titre", "producteur", "licence", "mise_a_jour", "diffusion", "fichier", "format", "n_rows",
        "n_rejected", "empreinte", "notes",
    ),
    "limits": ("code", "sentence"),
    "texts": ("bilan", "section", "markdown"),
    "notices": ("code", "territoire", "indicator", "sentence"),
    "impact": (
        "nom", "action", "question", "indicator", "geo", "label", "action_label", "question_label", "evaluable",
        "evaluability", "method", "verdict", "evidence", "estimate", "low", "high", "bound_low", "bound_high",
        "p_value", "unit", "direction", "time_from", "time_to", "start", "n_treated", "n_controls", "valid",
        "conf_status", "reason", "record", "source", "limits",
    ),
    "impact_series": ("nom", "time_period", "event_time", "series", "name", "value", "low", "high", "conf_status"),
    "contribution": ("nom", "rubrique", "texte"),
    "action_states": (
        "periode", "jour", "id", "axe", "intitule", "pilote", "debut", "fin", "etat", "etat_date", "avancement_pct",
        "motif", "fin_initiale", "reports", "jours_report", "realisee_le", "jours_retard", "situation", "doubt",
    ),
    "action_axes": (
        "periode", "jour", "axe", "non_engagee", "en_cours", "realisee", "perennisee", "reportee", "abandonnee",
        "total", "en_retard", "avancement_moyen", "avancement_n",
    ),
    "action_schemes": ("periode", "jour", "dispositif", "actions"),
    "milestones": (
        "periode", "jour", "action", "intitule", "prevu_le", "realise_le", "jours_retard", "situation", "prochain",
    ),
    "trends": (
        "indicator", "geo", "unit", "direction", "n", "first_period", "first", "last_period", "last", "yearly_change",
        "change_low", "change_high", "yearly_growth", "p_value", "p_adjusted", "n_tested", "way", "verdict",
        "target_period", "target", "projected", "projected_low", "projected_high", "left_out", "reason", "sentence",
    ),
    "standing": (
        "indicator", "geo", "unit", "direction", "time_period", "value", "low", "high", "n_compared", "rank",
        "rank_low", "rank_high", "quantile", "quantile_low", "quantile_high", "median", "median_low", "median_high",
        "gap", "gap_low", "gap_high", "place", "reason", "sentence",
    ),
    "standing_lines": (
        "indicator", "geo", "other", "time_period", "value", "low", "high", "gap", "gap_low", "gap_high",
    ),
    "action_changes": (
        "periode", "since", "jour", "id", "axe", "intitule", "kind", "before", "after", "day", "motif",
    ),
    "action_history": ("id", "rank", "etat", "since", "until", "days", "rows", "avancement_pct", "motif", "fin"),
    "action_sheets": (
        "action", "enjeu", "objectif_general", "objectifs_operationnels", "constat", "description", "effectif_vise",
        "territoires", "copilotes", "moyens_humains_etp", "moyens_materiels", "resultats_attendus", "freins",
        "leviers", "suites", "lien_deliberation",
    ),
    "budget_controls": ("control", "exercice", "nature", "statut", "total", "declared", "gap", "rows"),
    "budget_doubts": ("exercice", "sentence"),
    "budget_rates": (
        "exercice", "budget_vote", "budget_execute", "taux_execution", "cout_total", "financements_externes_recus",
        "taux_cofinancement", "attendus", "reason",
    ),
    "budget_actions": ("exercice", "action", "depenses", "recettes", "reste_a_charge", "statut"),
    "budget_in_kind": ("exercice", "financeur", "poste", "montant"),
    "unit_costs": ("action", "exercice", "indicateur", "depenses", "quantite", "cout_unitaire", "reason"),
    "grants": ("sens", "exercice", "tiers", "nombre", "montant", "budget", "ecart", "source"),
    "sheets": ("indicator", "label", "kind_label", "key", "term", "text"),
    "links": ("action", "action_label", "indicator", "label", "kind", "kind_label", "changed", "motif"),
    "judgements": (
        "indicator", "label", "definition", "kind_label", "scale", "direction", "retained", "geo", "date", "rank",
        "level", "before", "moved", "by", "reason", "evidence", "last",
    ),
    "partnership": (
        "year", "partners", "linked", "isolated", "pairs", "possible", "density", "reason", "groups", "core", "actions",
        "meetings", "joined", "left", "gained", "lost",
    ),
    "partners": (
        "year", "id", "nom", "type", "links", "strength", "actions", "meetings", "betweenness", "component", "place",
    ),
    "partner_links": ("year", "source", "target", "weight"),
    "partner_changes": ("year", "kind", "partner", "other"),
    "attendance": ("time_period", "type", "meetings", "counted", "presences", "invitations", "rate", "reason"),
    "partner_attendance": (
        "year", "nom", "invitations", "presences", "rate", "invitations_total", "presences_total", "last",
    ),
    "meetings": ("date", "type", "subject", "action", "invited", "present", "reason"),
    "workshops": (
        "periode", "jour", "date", "id", "subject", "method", "organisations", "came", "contributions", "retenue",
        "refusee", "en_cours", "en_attente", "actions",
    ),
    "workshop_contributions": (
        "periode", "jour", "workshop", "subject", "date", "text", "state", "action_label", "answered", "reason",
        "waiting",
    ),
    "participation": (
        "id", "annee", "date", "action", "action_label", "type", "niveau", "presences", "personnes_distinctes",
        "conf_status",
    ),
    "participation_years": (
        "annee", "temps", "comptes", "presences", "information", "consultation", "concertation", "co_construction",
        "conf_status",
    ),
    "participation_ladder": (
        "action", "action_label", "annee", "information", "consultation", "concertation", "co_construction",
        "non_precise", "plus_haut",
    ),
    "representativeness": (
        "annee", "event", "event_label", "unit", "repeated", "meetings", "left_out", "dimension", "band",
        "participants", "n", "share", "share_low", "share_high", "population", "reference_share", "reference_period",
        "gap", "p_value", "p_adjusted", "test_p", "test", "outcomes", "reason", "source",
    ),
    "proposals": (
        "id", "annee", "date", "origine", "texte", "suite", "reponse_le", "delai", "motif", "action", "action_label",
    ),
    "proposal_years": (
        "annee", "cumul", "total", "retenues", "refusees", "en_attente", "repondues", "delai_median",
        "attente_depuis", "refus_sans_motif", "devenues_actions",
    ),
    "communication": ("annee", "canal", "mesure", "periode", "valeur"),
    "communication_channels": (
        "annee", "canal", "mesure", "frequence", "premiere", "derniere", "avec", "attendues", "sans", "arretee",
        "valeur", "compare_a", "valeur_avant", "evolution",
    ),
    "events": (
        "id", "annee", "date", "intitule", "lieu", "objectifs", "presences", "comptage", "repondants", "satisfaits",
        "taux_reponse", "satisfaction", "cout", "cout_par_presence", "presences_avant",
        "evolution_presences", "enseignement", "action", "reason", "conf_status",
    ),
    "surveys": (
        "survey", "title", "wave", "recruitment", "population", "start", "end", "source", "previous", "invited",
        "received", "incomplete", "apart", "unknown", "n", "response_rate", "weighted", "intervals", "method", "absent",
        "conf_status",
    ),
    "survey_answers": (
        "survey", "wave", "position", "question", "text", "type", "option", "label", "opinion", "favourable", "n",
        "base", "asked", "share", "low", "high", "mean", "unit", "reason", "conf_status",
    ),
    "survey_crosses": (
        "survey", "wave", "question", "by", "by_text", "group", "group_label", "option", "label", "n", "base", "share",
        "reason", "conf_status",
    ),
    "survey_changes": (
        "survey", "previous", "wave_before", "wave_after", "question", "text", "option", "label", "kind", "before",
        "after", "n_before", "n_after", "n_matched", "difference", "low", "high", "p_value", "p_adjusted", "verdict",
        "method", "reason", "sentence", "conf_status",
    ),
    "survey_scales": (
        "survey", "wave", "scale", "label", "items", "n", "mean", "low", "high", "least", "most", "alpha", "alpha_low",
        "alpha_high", "omega", "omega_low", "omega_high", "reason", "conf_status",
    ),
    "survey_themes": (
        "survey", "wave", "question", "text", "theme", "n", "base", "answers", "share", "reason", "conf_status",
    ),
    "verbatims": ("survey", "wave", "question", "text", "themes", "verbatim", "approved"),
    "scenarios": (
        "nom", "libelle", "geo", "indicator", "label", "unit", "horizon", "target", "value", "time_period",
        "counted_by", "counted", "counted_period", "population_low", "population_high", "rate_low", "rate_high",
        "places_low", "places_high", "investment_low", "investment_high", "running_low", "running_high",
        "own_investment_low", "own_investment_high", "own_running_low", "own_running_high", "hypotheses", "source",
        "limits", "reason",
    ),
    "set_aside": ("section", "table", "n", "sentence", "place"),
    "contours": ("geo", "geography", "part", "ring", "longitude", "latitude", "source"),
}  # fmt: skip
"""Columns of every table of a release beside ``results`` (whose columns are the contract of the results)."""
