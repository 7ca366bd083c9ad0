"""What each column of numbers of a release is: a count of persons, something made from one, or nothing secret.

A column that is not here holds words, keys, days, or a yes or a no: a number found there is refused by `clearing`, so
that a new column of numbers leaves the dossier only once somebody has said what it counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["NATURES", "RESULTS", "Numbers", "Part", "Quoted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A count of persons that stands beside the whole it is a part of.

    Parameters
    ----------
    count, whole : str
        Columns. What is left of the whole must not be a small count either.
    nobody : bool
        Whether a rest of nobody says as much as a small one: «all of them» tells of each. It does for an answer; it
        does not for those who kept silent, when nobody did.
    only : tuple of (str, frozenset of str)
        Column, and the values of it for which the count is that of an answer; empty for every row.
    """

    count: str
    whole: str
    nobody: bool = True
    only: tuple[str, frozenset[str]] = ("", frozenset())


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """A number taken from the results, which must show it to that audience.

    Parameters
    ----------
    column : str
    period, indicator, geo : str
        Columns of the table that say which row of the results it is; an empty ``geo`` when the table doesn't say.
    field : str
        Column of the results.
    typed : bool
        Whether it may have been typed by hand: it must not stand where the results hold a mask.
    """

    column: str
    period: str = "time_period"
    indicator: str = "indicator"
    geo: str = "geo"
    field: str = "value"
    typed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """The columns of numbers of a table.

    Parameters
    ----------
    free : str
        Numbers that tell of nobody: places, meetings, organisations, days, euros, ranks of rows.
    drawn : str
        Columns of which each cell is a list of numbers that tell of nobody: coordinates.
    persons : str
        Counts of persons, households or enterprises: never between 1 and the threshold.
    derived : str
        What is made from such counts, from answers or from results: shares, means, intervals, gaps.
    kept : str
        Those of ``persons`` that a masked row may tell all the same.
    partial : bool
        Whether a masked row hides some of its cells only.
    words : str
        Columns of words that hold numbers, empty in a masked row.
    sources : str
        Column of the keys of the sources that a row was made from.
    parts : tuple of Part
    quoted : tuple of Quoted

    Notes
    -----
    Names of columns are separated by spaces.
    """

    free: str = ""
    drawn: str = ""
    persons: str = ""
    derived: str = ""
    kept: str = ""
    partial: bool = False
    words: str = ""
    sources: str = ""
    parts: tuple[Part, ...] = ()
    quoted: tuple[Quoted, ...] = ()

    @property
    def declared(self) -> frozenset[str]:
        """Columns that may hold numbers."""
        return frozenset(f"{self.free} {self.drawn} {self.persons} {self.derived}".split())

    @property
    def hidden(self) -> frozenset[str]:
        """Columns that a masked row leaves empty."""
        return frozenset(f"{self.persons} {self.derived} {self.words}".split()) - frozenset(self.kept.split())


RESULTS = Numbers(
    free="geography completeness", derived="value low high ci_low ci_high numerator denominator n"
)  # fmt: skip
"""The results: which of their numbers may be shown is for `protection.protect` to say."""

_CHOICE = ("type", frozenset({"unique", "multiple", "likert"}))

NATURES: Mapping[str, Numbers] = {
    "indicators": Numbers(free="decimals"),
    "progress": Numbers(
        free="target target_min target_max tolerance",
        derived="baseline baseline_low baseline_high actual actual_low actual_high share share_low share_high",
        quoted=(Quoted(column="actual"), Quoted(column="baseline", period="period_reference", typed=True)),
    ),
    "changes": Numbers(
        free="n_tests",
        derived="value_from numerator_from denominator_from value_to numerator_to denominator_to change low high "
        "ci_low ci_high p_value p_adjusted",
        quoted=tuple(
            Quoted(column=f"{field}_{when}", period=f"period_{when}", field=field)
            for field in ("value", "numerator", "denominator") for when in ("from", "to")
        ),
    ),
    "actions": Numbers(free="avancement_pct history"),
    "budget": Numbers(free="exercice montant"),
    "practices": Numbers(derived="value", sources="source", quoted=(Quoted(column="value", geo=""),)),
    "evidence": Numbers(
        free="rang", derived="value", words="source limits", sources="source",
        quoted=(Quoted(column="value", geo=""),),
    ),
    "recommendations": Numbers(free="rang"),
    "proposals_of_rules": Numbers(derived="value", quoted=(Quoted(column="value"),)),
    "sources": Numbers(free="n_rows n_rejected"),
    "impact": Numbers(
        free="evidence n_treated n_controls", derived="estimate low high bound_low bound_high p_value",
        words="record evaluability", sources="source",
    ),
    "impact_series": Numbers(free="event_time", derived="value low high"),
    "action_states": Numbers(free="avancement_pct reports jours_report jours_retard"),
    "action_axes": Numbers(
        free="non_engagee en_cours realisee perennisee reportee abandonnee total en_retard avancement_moyen "
        "avancement_n"
    ),
    "action_schemes": Numbers(free="actions"),
    "milestones": Numbers(free="jours_retard"),
    "trends": Numbers(
        free="n n_tested left_out target",
        derived="first last yearly_change change_low change_high yearly_growth p_value p_adjusted projected "
        "projected_low projected_high",
        quoted=(Quoted(column="first", period="first_period"), Quoted(column="last", period="last_period")),
    ),
    # The hypotheses are the author's; the places and the euros come from them and from two figures that are shown.
    "scenarios": Numbers(
        free="target population_low population_high",
        derived="value counted rate_low rate_high places_low places_high investment_low investment_high running_low "
        "running_high own_investment_low own_investment_high own_running_low own_running_high",
        sources="source",
        quoted=(
            Quoted(column="value"),
            Quoted(column="counted", period="counted_period", indicator="counted_by", field="denominator"),
        ),
    ),
    "standing": Numbers(
        free="n_compared rank rank_low rank_high quantile quantile_low quantile_high",
        derived="value low high median median_low median_high gap gap_low gap_high",
        quoted=(Quoted(column="value"),),
    ),
    "standing_lines": Numbers(
        derived="value low high gap gap_low gap_high", quoted=(Quoted(column="value", geo="other"),)
    ),
    "action_history": Numbers(free="rank days rows avancement_pct"),
    "action_sheets": Numbers(free="effectif_vise moyens_humains_etp"),
    "budget_controls": Numbers(free="exercice total declared gap rows"),
    "budget_rates": Numbers(
        free="exercice budget_vote budget_execute taux_execution cout_total financements_externes_recus "
        "taux_cofinancement attendus"
    ),
    "budget_actions": Numbers(free="exercice depenses recettes reste_a_charge"),
    "budget_in_kind": Numbers(free="exercice montant"),
    "unit_costs": Numbers(
        free="exercice depenses", derived="quantite cout_unitaire",
        quoted=(Quoted(column="quantite", period="exercice", indicator="indicateur", geo=""),),
    ),
    "grants": Numbers(free="exercice nombre montant budget ecart", sources="source"),
    "judgements": Numbers(free="rank moved"),
    "partnership": Numbers(
        free="year partners linked isolated pairs possible density groups core actions meetings joined left gained lost"
    ),
    "partners": Numbers(free="year links strength actions meetings betweenness component"),
    "partner_links": Numbers(free="year weight"),
    "partner_changes": Numbers(free="year"),
    "attendance": Numbers(free="meetings counted presences invitations rate"),
    "partner_attendance": Numbers(free="year invitations presences rate invitations_total presences_total"),
    "meetings": Numbers(free="invited present"),
    "workshops": Numbers(free="organisations contributions retenue refusee en_cours en_attente actions"),
    "workshop_contributions": Numbers(free="waiting"),
    "participation": Numbers(free="annee", persons="presences personnes_distinctes", partial=True),
    "participation_years": Numbers(
        free="annee temps comptes information consultation concertation co_construction", persons="presences"
    ),
    "participation_ladder": Numbers(free="information consultation concertation co_construction non_precise"),
    "representativeness": Numbers(
        free="annee meetings left_out population reference_share outcomes",
        persons="participants n",
        derived="share share_low share_high gap p_value p_adjusted test_p",
        sources="source",
        parts=(Part(count="participants", whole="n"),),
    ),
    "proposals": Numbers(free="annee delai"),
    "proposal_years": Numbers(
        free="annee total retenues refusees en_attente repondues delai_median refus_sans_motif devenues_actions"
    ),
    "communication": Numbers(free="annee", persons="valeur"),
    "communication_channels": Numbers(free="annee avec attendues", persons="valeur valeur_avant", derived="evolution"),
    "events": Numbers(
        free="annee cout",
        persons="presences repondants satisfaits presences_avant",
        derived="taux_reponse satisfaction cout_par_presence evolution_presences",
        partial=True,
        parts=(Part(count="satisfaits", whole="repondants"),),
    ),
    "surveys": Numbers(
        persons="invited received incomplete apart unknown n", derived="response_rate", kept="invited",
        sources="source",
        parts=(Part(count="n", whole="invited", nobody=False), Part(count="received", whole="invited", nobody=False),
               Part(count="n", whole="received", nobody=False)),
    ),
    "survey_answers": Numbers(
        free="position", persons="n base asked", derived="share low high mean", kept="base asked",
        parts=(Part(count="n", whole="base", only=_CHOICE), Part(count="base", whole="asked", nobody=False)),
    ),
    "survey_crosses": Numbers(persons="n base", derived="share", parts=(Part(count="n", whole="base"),)),
    "survey_changes": Numbers(
        persons="n_before n_after n_matched", derived="before after difference low high p_value p_adjusted"
    ),
    "survey_scales": Numbers(
        free="items least most", persons="n",
        derived="mean low high alpha alpha_low alpha_high omega omega_low omega_high",
    ),
    "survey_themes": Numbers(
        persons="n base answers", derived="share", kept="base answers", parts=(Part(count="n", whole="base"),)
    ),
    "set_aside": Numbers(free="n"),
    "contours": Numbers(free="geography part ring", drawn="longitude latitude", sources="source"),
}  # fmt: skip
"""What the numbers of each table of a release are; a table that is not here has none."""
