"""Which estimator for this panel: ranked, each with its reason, before any estimate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from ctgeval.impact.options import guarded
from ctgeval.impact.panel import Panel
from ctgeval.impact.situation import FEW, Situation, situation

__all__ = ["Advice", "Candidate", "advise"]

_SERIES_POINTS = 12
_SYNTHETIC_PRE = 8


@dataclass(frozen=True, slots=True)
class Candidate:
    """One estimator and whether it suits a panel.

    Parameters
    ----------
    method : str
        Name of the function of ``ctgeval.impact``.
    suitable : bool
    reason : str
        Why, a French sentence.
    """

    method: str
    suitable: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Advice:
    """Estimators for a panel, the most suitable first.

    Parameters
    ----------
    candidates : tuple of Candidate
    reasons : tuple of str
        What restricts any conclusion, whatever the estimator.
    """

    candidates: tuple[Candidate, ...]
    reasons: tuple[str, ...]

    @property
    def best(self) -> str:
        """Name of the first suitable estimator; empty when there is none."""
        return next((item.method for item in self.candidates if item.suitable), "")

    def table(self) -> pd.DataFrame:
        """Return one row per estimator: ``rank, method, suitable, reason``."""
        rows = [
            {"rank": rank, "method": item.method, "suitable": item.suitable, "reason": item.reason}
            for rank, item in enumerate(self.candidates, start=1)
        ]
        return pd.DataFrame(rows, columns=["rank", "method", "suitable", "reason"])

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {"candidates": self.table().to_dict("records"), "reasons": list(self.reasons)}

    def text(self) -> str:
        """Say it in French sentences."""
        from ctgeval import french

        kept = [item for item in self.candidates if item.suitable]
        left = [item for item in self.candidates if not item.suitable]
        lines = [f"{rank}. impact.{item.method} : {item.reason}" for rank, item in enumerate(kept, start=1)]
        lines += [f"À éviter : impact.{item.method} : {item.reason}" for item in left]
        lines += [f"À savoir : {reason}" for reason in self.reasons]
        return "\n".join(french.typography(line) for line in lines)

    def _repr_html_(self) -> str:
        from html import escape

        rows = "".join(f"<li>{escape(line)}</li>" for line in self.text().splitlines())
        return f"<ul>{rows}</ul>"


@guarded
def advise(panel: Panel, *, level: float = 0.95) -> Advice:
    """Rank the estimators for a panel.

    Parameters
    ----------
    panel : Panel
    level : float
        Of confidence.

    Returns
    -------
    Advice
        Suitable ones first; each with its reason, in French.
    """
    facts = situation(panel, level=level)
    candidates = [
        _did(facts, panel),
        _group_time(facts, panel),
        _synthetic("synthetic_control", facts, panel),
        _synthetic("synthetic_did", facts, panel),
        _series(facts),
        _before_after(facts),
    ]
    if not panel.single_date and facts.n_treated:
        candidates[0], candidates[1] = candidates[1], candidates[0]
    ordered = sorted(candidates, key=lambda item: not item.suitable)
    return Advice(tuple(ordered), facts.reasons)


def _did(facts: Situation, panel: Panel) -> Candidate:
    if not facts.n_treated or not facts.n_controls:
        return Candidate(
            "did", suitable=False, reason="Il faut des territoires concernés et d’autres qui ne le sont pas."
        )
    if not panel.single_date:
        return Candidate(
            "did",
            suitable=True,
            reason="Les dates de début diffèrent : l’écart moyen mêle des comparaisons entre territoires déjà "
            "concernés (voir impact.bacon).",
        )
    how = (
        "l’évolution des territoires concernés est comparée à celle des autres, et le test choisi selon leur nombre"
        if facts.n_treated < FEW
        else "il y a assez de territoires concernés pour croiser plusieurs tests"
    )
    return Candidate("did", suitable=True, reason=f"Une seule date de début : {how}.")


def _group_time(facts: Situation, panel: Panel) -> Candidate:
    if not facts.n_treated or not facts.n_controls:
        return Candidate("group_time", suitable=False, reason="Il faut des territoires de comparaison.")
    if panel.single_date:
        return Candidate(
            "group_time",
            suitable=True,
            reason="Donne l’effet période par période ; même comparaison avec une seule date.",
        )
    return Candidate(
        "group_time",
        suitable=True,
        reason="Les dates de début diffèrent : chaque groupe n’est comparé qu’à des territoires pas encore concernés.",
    )


def _synthetic(method: str, facts: Situation, panel: Panel) -> Candidate:
    if not facts.n_treated or not facts.n_controls:
        return Candidate(method, suitable=False, reason="Il faut des territoires de comparaison.")
    if facts.n_pre < _SYNTHETIC_PRE:
        return Candidate(
            method,
            suitable=False,
            reason=f"Il faut au moins {_SYNTHETIC_PRE} périodes avant l’action (ici {facts.n_pre}) : avec moins, les "
            "territoires s’ajustent par hasard et le test se trompe jusqu’à 2 fois sur 5.",
        )
    if not panel.balanced:
        return Candidate(
            method, suitable=False, reason="Des périodes manquent : complétez-les ou retirez ces territoires."
        )
    if facts.n_units_treated > facts.n_controls:
        return Candidate(method, suitable=False, reason="Il y a moins de donneurs que de territoires concernés.")
    return Candidate(
        method, suitable=True, reason="La période d’avant est assez longue pour composer un territoire comparable."
    )


def _series(facts: Situation) -> Candidate:
    if facts.n_pre + facts.n_post < _SERIES_POINTS or facts.n_pre < 8 or facts.n_post < 4:
        return Candidate(
            "interrupted_series",
            suitable=False,
            reason=f"Il faut au moins 8 périodes avant et 4 depuis (ici {facts.n_pre} et {facts.n_post}).",
        )
    control = " avec la moyenne des comparaisons comme témoin" if facts.n_controls else ""
    return Candidate("interrupted_series", suitable=True, reason=f"La série d’un territoire est assez longue{control}.")


def _before_after(facts: Situation) -> Candidate:
    reason = (
        "Ne sépare pas l’action de ce qui aurait changé sans elle."
        if facts.n_controls
        else "Sans territoire de comparaison, c’est un simple constat."
    )
    return Candidate("before_after", suitable=not facts.n_controls, reason=reason)
