"""What a release says of the ``[[impact]]`` designs: figures from cells that the audience is shown, or none.

The same estimate goes to every audience. Where one cell that it stands on is not shown to an audience, that audience
is told so, and gets no figure of that design.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ctgeval.confidentiality.released import TABLES
from ctgeval.designs.panels import Estimated, comparators
from ctgeval.programme.evaluation import ANSWER, APPROVED, CRITERIA, QUALITATIVE
from ctgeval.prose import typography

if TYPE_CHECKING:
    from ctgeval.dossier import Dossier

__all__ = ["extra_geos", "is_shown", "tables"]

_WITHHELD = "Des chiffres de cette comparaison ne sont pas diffusables à ce public : l’estimation n’est pas donnée."
_LONGEST = 2_000
_NUMBERS = frozenset(
    {"estimate", "low", "high", "bound_low", "bound_high", "p_value", "evidence", "n_treated", "n_controls", "value",
     "event_time"}
)  # fmt: skip


def extra_geos(dossier: Dossier) -> list[str]:
    """Territories of the designs that are not among those of the dossier: protected together with them."""
    known = set(dossier.territories["geo"])
    wanted = [
        geo for item in dossier.config.impact for geo in (*item.territoires_concernes, *(comparators(item) or ()))
    ]
    return [geo for geo in dict.fromkeys(wanted) if geo not in known]


def tables(dossier: Dossier, shown: pd.DataFrame, *, everything: bool = False) -> dict[str, pd.DataFrame]:
    """Return the tables ``impact``, ``impact_series`` and ``contribution`` of a release.

    Parameters
    ----------
    dossier : Dossier
    shown : DataFrame
        Result rows that the audience is shown, masked ones without value.
    everything : bool
        Whether the audience is shown everything (``interne``).
    """
    rows, series, contribution = [], [], []
    for estimated in dossier.impacts:
        visible = everything or is_shown(estimated, shown)
        row = _row(dossier, estimated, visible=visible)
        rows.append({**row, **_origin(estimated, shown)} if visible else row)
        if visible:
            series += list(_series(estimated))
        contribution += list(_contribution(dossier, estimated, everything=everything))
    return {
        "impact": _frame(rows, "impact"),
        "impact_series": _frame(series, "impact_series"),
        "contribution": _frame(contribution, "contribution"),
    }


def _frame(rows: Iterable[dict[str, Any]], table: str) -> pd.DataFrame:
    columns = TABLES[table]
    frame = pd.DataFrame(list(rows), columns=list(columns))
    return frame.astype(
        {name: "float64" if name in _NUMBERS else "bool" if name == "valid" else "str" for name in columns}
    )


def is_shown(estimated: Estimated, shown: pd.DataFrame) -> bool:
    """Tell whether every cell that an estimate stands on is in what the audience is shown, at the same value.

    With one that is not, nothing of the design is: the mean of a group less its other members, each shown, would be the
    one that is hidden, and so would the estimate less all that it is made from.
    """
    if estimated.panel is None:
        return True
    panel = estimated.panel
    own = shown[shown["indicator"].eq(estimated.config.indicateur) & shown["value"].notna()]
    known = {
        (str(geo), str(period)): value
        for geo, period, value in own[["geo", "time_period", "value"]].itertuples(index=False)
    }
    used = np.argwhere(~np.isnan(panel.outcome) | panel.withheld)
    return all(
        np.isclose(known.get((panel.units[i], panel.periods[t]), np.nan), panel.outcome[i, t], rtol=1e-12)
        for i, t in used
    )


def _row(dossier: Dossier, estimated: Estimated, *, visible: bool) -> dict[str, Any]:
    from ctgeval import impact

    config, panel, result = estimated.config, estimated.panel, estimated.result
    actions = dossier.actions().set_index("id")["intitule"]
    question = dossier.evaluation.questions.get(config.question)
    may = None if panel is None else impact.evaluability(panel)
    row: dict[str, Any] = {
        "nom": config.nom,
        "action": config.action,
        "question": config.question,
        "indicator": config.indicateur,
        "geo": " ".join(config.territoires_concernes),
        "label": panel.label if panel is not None else config.indicateur,
        "action_label": str(actions.get(config.action, "")),
        "question_label": question.texte if question else "",
        "evaluable": may.status if may else "non_evaluable",
        "evaluability": may.text() if may and visible else "",
        "method": "",
        "verdict": "non_evaluable",
        "unit": panel.unit_label if panel is not None else "",
        "direction": panel.direction if panel is not None else "",
        "time_from": panel.periods[0] if panel is not None else "",
        "time_to": panel.periods[-1] if panel is not None else "",
        "start": str(min(config.territoires_concernes.values())),
        "valid": False,
        "conf_status": "F" if visible else "C",
        "reason": "",
        "record": "",
        "source": "",
        "limits": "",
    }
    if not visible:
        return {**row, "reason": typography(_WITHHELD)}
    if result is None:
        problem = estimated.problem
        return {**row, "reason": f"{problem.message} {problem.remedy}".strip() if problem else ""}
    return {
        **row,
        "method": result.method,
        "verdict": result.verdict,
        "evidence": result.evidence,
        "estimate": result.estimate,
        "low": result.interval.low,
        "high": result.interval.high,
        "bound_low": result.bounds.low,
        "bound_high": result.bounds.high,
        "p_value": result.p_value,
        "n_treated": result.n_treated,
        "n_controls": result.n_controls,
        "valid": result.valid,
        "record": _record(result.to_dict()),
    }


def _origin(estimated: Estimated, shown: pd.DataFrame) -> dict[str, str]:
    """Return the sources and the limits of every figure that is compared, those of the comparators too."""
    if estimated.panel is None:
        return {"source": "", "limits": ""}
    own = shown[
        shown["indicator"].eq(estimated.config.indicateur)
        & shown["geo"].isin(estimated.panel.units)
        & shown["time_period"].isin(estimated.panel.periods)
    ]
    return {
        name: " ".join(sorted({key for text in own[name].dropna().astype(str) for key in text.split()}))
        for name in ("source", "limits")
    }


def _record(values: dict[str, Any]) -> str:
    """Write a result as text, without long laws that only a figure of the evaluator needs."""
    details = {
        name: item for name, item in values["details"].items() if not isinstance(item, list) or len(item) <= _LONGEST
    }
    return json.dumps({**values, "details": details}, ensure_ascii=False, sort_keys=True)


def _series(estimated: Estimated) -> Iterable[dict[str, Any]]:
    """Yield the means of both groups, each witness, and the gap between the groups, period by period."""
    panel, result = estimated.panel, estimated.result
    if panel is None or result is None:
        return
    base = {"nom": estimated.config.nom, "conf_status": "F", "low": np.nan, "high": np.nan}
    for t, period in enumerate(panel.periods):
        when = {**base, "time_period": period, "event_time": float(t - panel.n_pre)}
        for series, rows in (("concerne", panel.treated), ("comparaison", ~panel.treated)):
            seen = rows & panel.observed[:, t]
            if seen.any():
                yield {**when, "series": series, "name": "", "value": float(panel.outcome[seen, t].mean())}
        for i in np.flatnonzero(~panel.treated & panel.observed[:, t]):
            code = panel.units[i]
            yield {**when, "series": "temoin", "name": panel.names.get(code, code), "value": float(panel.outcome[i, t])}
    for item in result.by_period.to_dict("records"):
        yield {
            **base,
            "time_period": str(item["time_period"]),
            "event_time": float(item.get("event_time", np.nan)),
            "series": "ecart",
            "name": "",
            "value": item["estimate"],
            "low": item.get("low", np.nan),
            "high": item.get("high", np.nan),
        }


def _contribution(dossier: Dossier, estimated: Estimated, *, everything: bool) -> Iterable[dict[str, Any]]:
    question = dossier.evaluation.questions.get(estimated.config.question)
    if question is None:
        return
    told = {CRITERIA: question.criteres_de_jugement}
    # What nobody has validated stays with the team: the answer, and what it would be drawn from.
    if everything or question.validee_par:
        told |= {
            **question.contribution,
            QUALITATIVE: question.elements_qualitatifs,
            ANSWER: (question.reponse,),
            APPROVED: (question.validee_par,),
        }
    for rubric, sentences in told.items():
        for sentence in filter(None, sentences):
            yield {"nom": estimated.config.nom, "rubrique": rubric, "texte": sentence}
