"""Before/after designs of a dossier: its panels, what may be evaluated, and the estimates of ``[[impact]]``.

Estimated once at the results stage, like the indicators; for each audience, only from the cells that it is shown.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ctgeval import french, measures, periods
from ctgeval.designs.vintages import Timing, timing
from ctgeval.errors import CtgevalError, DesignError, Problem
from ctgeval.indicators import definition, elsewhere
from ctgeval.indicators.definition import Indicator
from ctgeval.territory import codes

if TYPE_CHECKING:
    from ctgeval.config import ImpactConfig
    from ctgeval.dossier import Dossier
    from ctgeval.impact import ImpactResult, Panel

__all__ = ["Estimated", "estimate", "panel"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimated:
    """One ``[[impact]]`` of a dossier.

    Parameters
    ----------
    config : ImpactConfig
        What ``ctg.toml`` says.
    panel : Panel or None
        The figures compared; None when they can't be put together.
    result : ImpactResult or None
        None when nothing could be estimated: ``problem`` says why.
    problem : Problem or None
    """

    config: ImpactConfig
    panel: Panel | None
    result: ImpactResult | None
    problem: Problem | None


def panel(
    dossier: Dossier,
    indicator: str,
    *,
    treated: Mapping[str, str | dt.date],
    comparators: Iterable[str] | None = None,
    results: pd.DataFrame | None = None,
) -> Panel:
    """Put an indicator of several territories on a unit x period panel.

    Parameters
    ----------
    dossier : Dossier
    indicator : str
        Id of an indicator.
    treated : mapping of str to str or date
        Territories concerned by the action, and the period or the day from which each one was.
    comparators : iterable of str, optional
        Territories to compare with; those of ``[comparaison]`` of the same level by default.
    results : DataFrame, optional
        Result rows to take the figures from (those that an audience is shown); computed by default.

    Returns
    -------
    Panel
        A stock is treated from the period whose last day follows the action; a flow that straddles the first day of the
        action counts neither before nor after, and is told.

    Raises
    ------
    DesignError
        When a territory has no figure at all, periods overlap (censuses), or nobody is treated.
    """
    from ctgeval.impact import Panel

    item = definition.get(indicator, catalogue=dossier.catalogue)
    if not treated:
        raise DesignError(
            "Aucun territoire concerné n’est donné.", remedy='treated={"EPCI-...": "2023"} : code et première période.'
        )
    geos = _geos(dossier, treated, comparators)
    rows = dossier.compute(dossier.indicator_observations, geos, [indicator]) if results is None else results
    rows = _one_frequency(rows[rows["indicator"].eq(indicator) & rows["geo"].isin(geos)])
    _require_figures(dossier, rows, geos, item)
    near = _near_vintages(rows, item, timing(dossier, item))
    frame, told = _with_dates(rows, treated, item)
    population = _population(dossier, geos)
    frame = frame.assign(
        population=frame["geo"].map(population or {}), cluster=frame["geo"].map(_clusters(dossier, treated, geos))
    )
    built = Panel.from_frame(
        frame,
        unit="geo",
        time="time_period",
        outcome="value",
        treated_from="first",
        low="low",
        high="high",
        population="population" if population else None,
        cluster="cluster",
        unit_label=item.unit,
        label=item.label,
        direction="neutral" if item.direction == "maintain" else item.direction,
        names={geo: _name(dossier, geo) for geo in geos},
    )
    return replace(built, problems=(*built.problems, *near, *told, *_elsewhere(dossier, rows, item)))


def _geos(dossier: Dossier, treated: Mapping[str, str | dt.date], comparators: Iterable[str] | None) -> list[str]:
    levels = {codes.level(geo) for geo in treated}
    if comparators is None:
        comparators = [geo for geo in dossier.config.comparaison.territoires if codes.level(geo) in levels]
    geos = list(dict.fromkeys([*treated, *comparators]))
    for geo in geos:
        if geo not in dossier.config.territoire.groupements:
            dossier.reference.name(geo, dossier.year)
    return geos


def _name(dossier: Dossier, geo: str) -> str:
    known = dossier.territories.set_index("geo")["name"]
    return str(known[geo]) if geo in known.index else dossier.reference.name(geo, dossier.year)


def _one_frequency(rows: pd.DataFrame) -> pd.DataFrame:
    """Keep the frequency that most rows have: a panel can't mix years and half-years."""
    kinds = rows["time_period"].map(lambda text: periods.parse(text).frequency)
    return rows[kinds.eq(kinds.value_counts().index[0])] if len(rows) else rows


def _require_figures(dossier: Dossier, rows: pd.DataFrame, geos: list[str], item: Indicator) -> None:
    known = set(rows.loc[rows["value"].notna() | rows["high"].lt(np.inf), "geo"])
    absent = [f"{_name(dossier, geo)} ({geo})" for geo in geos if geo not in known]
    if absent:
        raise DesignError(
            f"L’indicateur {item.id} n’a aucun chiffre pour : {', '.join(absent)}.",
            remedy="Retirez ces territoires de la comparaison, en le disant, ou ajoutez leur source.",
            value=item.id,
        )


def _elsewhere(dossier: Dossier, rows: pd.DataFrame, item: Indicator) -> list[Problem]:
    """Tell the figures that stand under the code of a territory, and are those of another ground."""
    moved = elsewhere(dossier.left_out, item)
    silent = rows[rows["value"].isna()]
    found = [pair for pair in zip(silent["geo"], silent["time_period"], strict=True) if pair in moved]
    return [
        Problem(
            message=(
                f"{_name(dossier, geo)} ({geo}) : même code, autre territoire. Ce que la source donne pour "
                f"{french.enumeration([french.period(label) for at, label in found if at == geo])} n’est pas sur le "
                f"périmètre {dossier.year} et n’est pas comparé."
            ),
            remedy="Prenez la ligne de l’EPCI dans la source, ou ne comparez que des périodes d’après la fusion.",
            value=geo,
            severity="avertissement",
        )
        for geo in dict.fromkeys(at for at, _ in found)
    ]


def _near_vintages(rows: pd.DataFrame, item: Indicator, when: Timing) -> tuple[Problem, ...]:
    """Refuse vintages that share surveys; where the indicator is yearly all the same, tell it.

    Raises
    ------
    DesignError
        When the indicator is one that is published every five years.
    """
    labels = periods.sort(set(rows["time_period"]))
    objection = next((said for a, b in pairwise(labels) if (said := when.objection(a, b))), "")
    if not objection:
        return ()
    if item.periodicity == "quinquennale" or not all(rule.comparable for rule in when.numerator):
        raise DesignError(
            f"Indicateur {item.id} : {objection}",
            remedy="Ne gardez que des millésimes assez éloignés, ou prenez un autre indicateur.",
            value=item.id,
        )
    return (
        Problem(
            message=f"Indicateur {item.id}, à lire comme un élément de contexte : {objection}",
            remedy="Ne concluez pas de ces millésimes qu’une action a eu un effet.",
            value=item.id,
            severity="avertissement",
        ),
    )


def _with_dates(
    rows: pd.DataFrame, treated: Mapping[str, str | dt.date], item: Indicator
) -> tuple[pd.DataFrame, tuple[Problem, ...]]:
    """Add the first treated period; leave out what straddles it, when the figure is a flow."""
    secret = rows["conf_status"].ne("F")
    nothing = rows["value"].isna() & ~secret
    frame = rows.assign(
        low=rows["low"].where(~nothing), high=rows["high"].where(~nothing), value=rows["value"].astype("float64")
    )
    stock = all(measures.get(name, measures=item.declared or None).kind == "stock" for name in item.numerator_measures)
    labels = periods.sort(set(frame["time_period"]))
    first, straddling = {}, {}
    for geo, since in treated.items():
        day = since if isinstance(since, dt.date) else periods.start(since)
        after = [label for label in labels if periods.position(label, day) != "avant"]
        across = [label for label in after if periods.position(label, day) == "a_cheval"]
        if across and not stock:
            straddling[geo] = across[0]
            after = after[1:]
        first[geo] = after[0] if after else ""
    frame = frame.assign(first=frame["geo"].map(first).fillna(""))
    if not straddling:
        return frame, ()
    common = set(straddling.values())
    if len(common) == 1 and len(straddling) == len(treated):
        frame = frame[frame["time_period"].ne(common.pop())]
    else:
        dropped = frame["geo"].map(straddling).eq(frame["time_period"])
        frame = frame.assign(**{name: frame[name].mask(dropped) for name in ("value", "low", "high")})
    told = ", ".join(sorted(set(straddling.values())))
    return frame, (
        Problem(
            message=f"La période {told}, pendant laquelle l’action a commencé, ne compte ni avant ni après.",
            severity="avertissement",
        ),
    )


def _population(dossier: Dossier, geos: list[str]) -> dict[str, float] | None:
    """Last known legal population of each territory; None when one of them has none."""
    rows = dossier.compute(dossier.indicator_observations, geos, ["PO01"]) if "PO01" in dossier.catalogue else None
    if rows is None or rows.empty:
        return None
    known = rows[rows["value"].gt(0)].sort_values("time_period").groupby("geo")["value"].last()
    return {geo: float(known[geo]) for geo in geos} if set(geos) <= set(known.index) else None


def _clusters(dossier: Dossier, treated: Mapping[str, str | dt.date], geos: list[str]) -> dict[str, str]:
    """Cluster of assignment: an action of an EPCI reaches all its communes at once."""
    if len(treated) < 2 or any(not geo.startswith("COM-") for geo in geos):
        return {geo: geo for geo in geos}
    parent = {
        geo: next((up for up in dossier.reference.parents(geo, dossier.year) if up.startswith("EPCI-")), geo)
        for geo in geos
    }
    inside = {parent[geo] for geo in treated}
    mixed = any(parent[geo] in inside for geo in geos if geo not in treated)
    return {geo: geo for geo in geos} if mixed else parent


def estimate(dossier: Dossier, config: ImpactConfig, *, results: pd.DataFrame | None = None) -> Estimated:
    """Estimate one ``[[impact]]``.

    Parameters
    ----------
    dossier : Dossier
    config : ImpactConfig
    results : DataFrame, optional
        Result rows to take the figures from; computed by default.

    Returns
    -------
    Estimated
        With the reason when nothing could be estimated: never an error.
    """
    built = None
    try:
        built = panel(
            dossier,
            config.indicateur,
            treated=config.territoires_concernes,
            comparators=comparators(config),
            results=results,
        )
        _require_suitable(dossier, config)
        return Estimated(config=config, panel=built, result=_estimate(built), problem=None)
    except CtgevalError as error:
        return Estimated(config=config, panel=built, result=None, problem=error.problem)


def _require_suitable(dossier: Dossier, config: ImpactConfig) -> None:
    """Refuse to estimate what can't be a before/after: no verdict comes of it, whatever the figures.

    Raises
    ------
    DesignError
        With the points that stand against it.
    """
    from ctgeval.designs.suitability import suitability

    for geo in config.territoires_concernes:
        found = suitability(dossier, config.indicateur, geo=geo, design=config)
        if found.status == "non_evaluable":
            raise DesignError(
                f"{found.text()} ({_name(dossier, geo)})",
                remedy="Choisissez un autre indicateur, ou attendez les chiffres qui manquent.",
                value=config.nom,
            )


def comparators(config: ImpactConfig) -> list[str] | None:
    """Territories to compare with; None for those of ``[comparaison]``."""
    named = config.territoires_comparaison
    return (
        None if tuple(named) == ("comparaison",) else [geo for geo in named if geo not in config.territoires_concernes]
    )


def _estimate(built: Panel) -> ImpactResult:
    """Estimate by the first method that the panel allows."""
    from ctgeval import impact

    if built.n_treated and built.n_controls:
        return impact.did(built) if built.single_date else impact.group_time(built)
    rows = built.treated if built.n_treated else np.ones(built.n_units, dtype=bool)
    # The mean of those that answered would change with who answered: a period counts when all of them did.
    whole = built.observed[rows].all(axis=0)
    means = built.outcome[rows][:, whole].mean(axis=0)
    frame = pd.DataFrame({"time_period": np.array(built.periods)[whole], "value": means})
    return impact.interrupted_series(
        frame,
        outcome="value",
        time="time_period",
        at=built.periods[built.n_pre] if built.n_treated else built.periods[-1],
        unit_label=built.unit_label,
        label=built.label,
        direction=built.direction,
    )
