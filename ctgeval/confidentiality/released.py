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
    "actions": (
        "id", "axe", "objectif", "intitule", "pilote", "debut", "fin", "etat", "etat_date", "avancement_pct",
        "dispositifs", "motif", "history",
    ),
    "budget": ("action", "exercice", "nature", "poste", "financeur", "statut", "montant"),
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
    "contours": ("geo", "geography", "part", "ring", "longitude", "latitude", "source"),
}  # fmt: skip
"""Columns of every table of a release beside ``results`` (whose columns are the contract of the results)."""
