"""May a before/after be made of an indicator of this dossier? Answered point by point, before any estimate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ctgeval import french
from ctgeval.designs.before_after import Case, case_of, described
from ctgeval.indicators import definition, elsewhere
from ctgeval.indicators.definition import Indicator
from ctgeval.programme.actions import ENGAGED, STATE_LABELS
from ctgeval.sources.vintages import PLAIN

if TYPE_CHECKING:
    from ctgeval.config import ImpactConfig
    from ctgeval.dossier import Dossier

__all__ = ["Criterion", "Suitability", "suitability"]

LABELS = {
    "evaluable": "Évaluable",
    "contexte_seulement": "Contexte seulement",
    "non_evaluable": "Non évaluable",
}
_CRITERIA = {
    "reference": "Situation de départ",
    "final": "Situation d’arrivée",
    "chevauchement": "Périodes distinctes",
    "perimetre": "Périmètre",
    "champ": "Champ",
    "precision": "Précision",
    "action": "Action menée",
    "nature": "Nature du chiffre",
    "comparaison": "Comparaison",
    "definition": "Définition",
    "statut": "Chiffre définitif",
}
_ANSWERS = {True: "oui", False: "non", None: "sans réponse"}
_BLOCKING = frozenset({"reference", "final", "chevauchement", "action", "perimetre"})


@dataclass(frozen=True, slots=True)
class Criterion:
    """One point of the check: its code, whether it holds (None: it can't be told), and why, in French."""

    name: str
    passed: bool | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Suitability:
    """What may be made of an indicator.

    Parameters
    ----------
    indicator, geo : str
    status : {"evaluable", "contexte_seulement", "non_evaluable"}
    criteria : tuple of Criterion
    """

    indicator: str
    geo: str
    status: str
    criteria: tuple[Criterion, ...]

    def table(self) -> pd.DataFrame:
        """Return one row per criterion: ``criterion, passed, text``."""
        return pd.DataFrame(
            [(item.name, item.passed, item.text) for item in self.criteria], columns=["criterion", "passed", "text"]
        )

    def text(self) -> str:
        """Say it in French: the status, and what stands against more."""
        against = [item.text for item in self.criteria if item.passed is False]
        return french.typography(" ".join([f"{LABELS[self.status]}.", *against]))

    def _repr_html_(self) -> str:
        from html import escape

        from ctgeval.impact.html_table import html_table

        rows = [[_CRITERIA.get(item.name, item.name), _ANSWERS[item.passed], item.text] for item in self.criteria]
        return f"<p>{escape(self.text())}</p>{html_table('Point par point', ['Critère', 'Satisfait', 'Constat'], rows)}"


def suitability(
    dossier: Dossier, indicator: str, *, geo: str | None = None, design: ImpactConfig | None = None
) -> Suitability:
    """Check an indicator against the conditions of a before/after.

    The baseline is the last figure that ends before the start; the final one the last that begins once the action could
    have an effect, a consolidated figure rather than a provisional one; older ones when the source says that these two
    are not compared, and that those are. Days are those that a figure describes (five
    years of surveys for the census, December for the Caf), not those of its label.

    Parameters
    ----------
    dossier : Dossier
    indicator : str
    geo : str, optional
        The territory of the dossier by default.
    design : ImpactConfig, optional
        One ``[[impact]]`` alone, its dates and its action; by default, all those of the indicator.

    Raises
    ------
    UnknownIndicator
        With the near ones.
    """
    item = definition.get(indicator, catalogue=dossier.catalogue)
    place = geo or dossier.config.territoire.code
    every = [config for config in dossier.config.impact if config.indicateur == indicator]
    designs = every if design is None else [design]
    case = case_of(dossier, item, dossier.indicators(indicator, geo=place), designs, place)
    criteria = (
        _reference(case),
        _final(case),
        _overlap(case),
        _definition(dossier, case),
        _perimeter(case, sorted(label for at, label in elsewhere(dossier.left_out, item) if at == place)),
        _larger_than_error(case),
        _settled(case),
        _carried_out(dossier, [config.action for config in designs if config.action]),
        _nature(item),
        _comparators(dossier, place, indicator),
    )
    failed = {criterion.name for criterion in criteria if criterion.passed is False}
    status = "non_evaluable" if failed & _BLOCKING else "contexte_seulement" if failed else "evaluable"
    return Suitability(indicator=indicator, geo=place, status=status, criteria=criteria)


def _reference(case: Case) -> Criterion:
    if case.start is None:
        return Criterion("reference", passed=False, text="Ni la convention ni une action ne donnent de date de début.")
    if case.before:
        said = described(case, case.before)
        return Criterion("reference", passed=True, text=f"Référence antérieure : {said}.")
    said = (
        f" Premier chiffre connu : {described(case, case.labels[0])}." if case.labels else " Aucun chiffre n’est connu."
    )
    return Criterion(
        "reference",
        passed=False,
        text=f"Aucun chiffre n’est antérieur au début ({french.date(case.start)}).{said}{_apart(case)}",
    )


def _final(case: Case) -> Criterion:
    if case.after:
        return Criterion("final", passed=True, text=f"Dernier chiffre postérieur : {described(case, case.after)}.")
    said = f" Dernier chiffre connu : {described(case, case.labels[-1])}." if case.labels else ""
    late = case.start is not None and case.effect is not None and case.effect > case.start
    since = f" de l’action et son délai d’effet ({french.date(case.effect)})" if late and case.effect else ""
    return Criterion(
        "final",
        passed=False,
        text=f"Aucun chiffre ne commence après le début{since}.{said}{_apart(case)}{_to_come(case)}",
    )


def _apart(case: Case) -> str:
    """Name the figures of another convention: they are known, and nothing is compared with them."""
    if not case.others:
        return ""
    several = len(case.others) > 1
    said = french.enumeration([french.period(label) for label in case.others])
    verb = "ne sont pas retenus" if several else "n’est pas retenu"
    return (
        f" {'Les chiffres' if several else 'Le chiffre'} de {said} {verb} : des périodes de sortes différentes "
        "(année civile, année scolaire, semestre…) ne se comparent pas."
    )


def _to_come(case: Case) -> str:
    """Say which vintage will be the first that can serve, when it is published, and when none ever will."""
    if case.effect is None or not case.before or all(rule == PLAIN for rule in case.timing.numerator):
        return ""
    year = case.timing.first_after(case.before, case.effect)
    if year is None:
        if case.timing.last is not None:
            instead = f" {case.timing.instead}" if case.timing.instead else ""
            return (
                f" La série s’arrête au millésime {case.timing.last} : aucun chiffre plus récent ne viendra.{instead}"
            )
        return ""
    published = year + case.timing.lag
    late = case.end is not None and published > case.end.year
    after = ", après la fin de la convention" if late else ""
    ended = " C’est le dernier de la série." if year == case.timing.last else ""
    return f" Premier millésime utilisable : {year}, publié vers {published}{after}.{ended}"


def _overlap(case: Case) -> Criterion:
    if not case.paired:
        return Criterion("chevauchement", passed=None, text="Sans deux périodes, rien à vérifier.")
    objection = case.timing.objection(case.before, case.after)
    if objection:
        return Criterion("chevauchement", passed=False, text=objection)
    doubt = case.timing.denominator_objection(case.before, case.after)
    if doubt:
        return Criterion(
            "chevauchement",
            passed=None,
            text=f"Le numérateur se compare, mais le dénominateur sert d’ordre de grandeur. {doubt}",
        )
    cautions = "".join(f" {text}" for text in case.timing.cautions(case.before, case.after))
    return Criterion("chevauchement", passed=True, text=f"Les deux périodes ne se chevauchent pas.{cautions}")


def _definition(dossier: Dossier, case: Case) -> Criterion:
    if not case.paired:
        return Criterion("definition", passed=None, text="Sans deux périodes, rien à vérifier.")
    first, last = (set(str(case.row(label)["source"]).split()) for label in (case.before, case.after))
    if first == last:
        return Criterion("definition", passed=True, text="Même source, même définition.")
    formats = {source.cle: source.format for source in dossier.config.sources}
    kinds = [sorted({formats.get(key, "") for key in keys}) for keys in (first, last)]
    named = f"{french.enumeration(sorted(first))} puis {french.enumeration(sorted(last))}"
    if kinds[0] == kinds[1] and "" not in kinds[0]:
        return Criterion("definition", passed=True, text="Même source d’une année à l’autre, même définition.")
    if kinds[0] != kinds[1] and "" not in {*kinds[0], *kinds[1]}:
        return Criterion(
            "definition",
            passed=False,
            text=f"Les deux chiffres viennent de sources différentes ({named}) : la définition n’est pas la même.",
        )
    return Criterion(
        "definition",
        passed=None,
        text=f"Les deux chiffres viennent de sources différentes ({named}) : vérifiez que la définition est la même.",
    )


def _settled(case: Case) -> Criterion:
    if not case.paired:
        return Criterion("statut", passed=None, text="Sans deux périodes, rien à vérifier.")
    waiting = [label for label in (case.before, case.after) if label in case.provisional]
    if waiting:
        said = french.enumeration([french.period(label) for label in waiting])
        return Criterion(
            "statut",
            passed=False,
            text=f"Le chiffre de {said} est provisoire : il ne se compare pas à un chiffre consolidé.",
        )
    return Criterion("statut", passed=True, text="Les deux chiffres sont définitifs.")


def _perimeter(case: Case, elsewhere_in: Sequence[str]) -> Criterion:
    if not case.paired and elsewhere_in:
        said = french.enumeration([french.period(label) for label in elsewhere_in])
        return Criterion(
            "perimetre",
            passed=False,
            text=(
                f"Même code, autre territoire : ce que la source donne pour {said} n’est pas sur le périmètre retenu "
                "et n’est pas comparé."
            ),
        )
    if not case.paired:
        return Criterion("perimetre", passed=None, text="Sans deux périodes, rien à vérifier.")
    used = case.known[case.known["time_period"].isin([case.before, case.after])]
    partial = used["completeness"].lt(1.0 - 1e-9) & used["completeness"].notna()
    years = sorted(used["geography"].dropna().unique())
    if len(years) > 1:
        said = french.enumeration([f"{year:.0f}" for year in years])
        return Criterion(
            "perimetre", passed=False, text=f"Les deux chiffres ne sont pas sur le même périmètre ({said})."
        )
    if partial.any():
        return Criterion(
            "champ", passed=False, text="Une partie des communes manque dans l’un des deux chiffres : le champ diffère."
        )
    if used["geography"].isna().any():
        return Criterion(
            "perimetre",
            passed=None,
            text=(
                "La source ne dit pas dans quelle géographie sont ses chiffres : vérifiez que le périmètre est le même "
                "(clé « geographie » de la source)."
            ),
        )
    return Criterion("perimetre", passed=True, text=f"Même périmètre (périmètre {years[0]:.0f}) et même champ.")


def _larger_than_error(case: Case) -> Criterion:
    if not case.paired:
        return Criterion("precision", passed=None, text="Sans deux périodes, rien à vérifier.")
    first, last = case.row(case.before), case.row(case.after)
    apart = last["low"] > first["high"] or last["high"] < first["low"]
    exact = first["low"] == first["high"] and last["low"] == last["high"]
    if apart:
        return Criterion("precision", passed=True, text="L’écart dépasse l’imprécision de la source.")
    if exact and np.isfinite(first["value"]):
        return Criterion("precision", passed=True, text="Les deux chiffres sont égaux, et la source les donne exacts.")
    return Criterion(
        "precision", passed=False, text="L’écart ne dépasse pas l’imprécision de la source (arrondis ou secret)."
    )


def _carried_out(dossier: Dossier, actions: list[str]) -> Criterion:
    if not actions:
        return Criterion("action", passed=None, text="Aucun bloc [[impact]] ne relie une action à cet indicateur.")
    plan: dict[str, str] = dict(dossier.actions()[["id", "etat"]].itertuples(index=False))
    idle = [name for name in actions if plan.get(name) not in ENGAGED]
    if idle:
        states = ", ".join(
            f"{name} ({STATE_LABELS.get(str(plan[name]), '') if name in plan else 'absente du plan'})" for name in idle
        )
        return Criterion("action", passed=False, text=f"L’action n’a pas été menée : {states}.")
    return Criterion("action", passed=True, text=f"Action menée : {', '.join(actions)}.")


def _nature(item: Indicator) -> Criterion:
    if item.kind == "contexte":
        return Criterion("nature", passed=False, text="C’est un indicateur de contexte : il décrit, il n’évalue pas.")
    return Criterion("nature", passed=True, text="L’indicateur porte sur ce que l’action peut changer.")


def _comparators(dossier: Dossier, geo: str, indicator: str) -> Criterion:
    from ctgeval.designs.panels import comparators

    named = {
        other
        for config in dossier.config.impact
        if config.indicateur == indicator and geo in config.territoires_concernes
        for other in (comparators(config) or dossier.config.comparaison.territoires)
    } or set(dossier.config.comparaison.territoires)
    others = [other for other in named if other != geo and other.partition("-")[0] == geo.partition("-")[0]]
    rows = dossier.compute(dossier.indicator_observations, others, [indicator]) if others else None
    count = 0 if rows is None else rows.loc[rows["value"].notna(), "geo"].nunique()
    if not count:
        return Criterion(
            "comparaison",
            passed=False,
            text="Aucun territoire de comparaison n’a ce chiffre : ce serait un simple constat.",
        )
    said = french.plural(count, "territoire de comparaison", "territoires de comparaison")
    return Criterion("comparaison", passed=True, text=f"{said}.")
