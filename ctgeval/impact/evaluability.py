"""May anything be concluded from this design? Asked, and answered, before any estimate."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from ctgeval.errors import Problem
from ctgeval.impact.options import guarded
from ctgeval.impact.panel import Direction, Panel
from ctgeval.impact.quantities import size_of
from ctgeval.impact.situation import MANY_CONTROLS, Situation, situation

__all__ = ["STATUSES", "Evaluability", "evaluability"]

Status = Literal["evaluable", "contexte_seulement", "non_evaluable"]
STATUSES: tuple[Status, ...] = ("evaluable", "contexte_seulement", "non_evaluable")

_LABELS = {
    "evaluable": "Évaluable",
    "contexte_seulement": "Contexte seulement",
    "non_evaluable": "Non évaluable",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluability:
    """What may be concluded from a design.

    Parameters
    ----------
    status : {"evaluable", "contexte_seulement", "non_evaluable"}
        Whether a verdict may come out; figures may be shown without one; nothing can be compared.
    situation : Situation
        The facts it stands on.
    minimum_p : float
        Smallest p-value that this design could ever give.
    mde : float
        Smallest effect it would find four times in five, in ``unit``; infinite when it can find none.
    reasons : tuple of str
        What restricts, in French sentences.
    needed : tuple of str
        What would be needed, in French sentences.
    problems : tuple of Problem
        What was seen in the data.
    label, unit, direction
        Of the outcome.
    """

    status: Status
    situation: Situation
    minimum_p: float
    mde: float
    reasons: tuple[str, ...]
    needed: tuple[str, ...]
    problems: tuple[Problem, ...]
    label: str
    unit: str
    direction: Direction

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        from ctgeval.impact.result import plain

        return {
            "status": self.status,
            "label": self.label,
            "unit": self.unit,
            "direction": self.direction,
            "minimum_p": plain(self.minimum_p),
            "mde": plain(self.mde),
            "reasons": list(self.reasons),
            "needed": list(self.needed),
            "problems": [problem.as_dict() for problem in self.problems],
            "situation": plain(asdict(self.situation)),
        }

    def text(self) -> str:
        """Say it in French sentences."""
        from ctgeval import french

        facts = self.situation
        lines = [f"{_LABELS[self.status]}."]
        compared = facts.n_units - facts.n_units_treated
        sizes = [
            french.plural(facts.n_units_treated, "territoire concerné", "territoires concernés"),
            french.plural(compared, "territoire de comparaison", "territoires de comparaison"),
            f"{french.plural(facts.n_pre, 'période')} avant l’action",
            f"{french.plural(facts.n_post, 'période')} depuis",
        ]
        lines.append(f"{', '.join(sizes)}.")
        if np.isfinite(self.minimum_p) and self.minimum_p > 0:
            lines.append(f"Même l’écart le plus extrême pourrait y venir du hasard {_odds(self.minimum_p)}.")
        if np.isfinite(self.mde):
            lines.append(
                "Le plus petit effet que cette comparaison verrait quatre fois sur cinq est d’environ "
                f"{size_of(self.mde, self.unit)}."
            )
        elif self.status != "non_evaluable":
            lines.append("Aucun effet, si grand soit-il, ne pourrait y être distingué du hasard.")
        lines += self.reasons
        if self.needed:
            lines.append("Ce qu’il faudrait : " + " ; ".join(self.needed) + ".")
        return french.typography(" ".join(lines))

    def _repr_html_(self) -> str:
        from html import escape

        return f"<p>{escape(self.text())}</p>"


def _odds(probability: float) -> str:
    """Write a small probability as odds."""
    if probability < 1e-4:
        return "moins d’une fois sur 10\u202f000"
    from ctgeval import french

    return f"une fois sur {french.number(round(1 / probability))}"


@guarded
def evaluability(panel: Panel, *, level: float = 0.95) -> Evaluability:
    """Say what may be concluded, from what is known before the action and of the comparators alone.

    Parameters
    ----------
    panel : Panel
    level : float
        Of confidence.

    Returns
    -------
    Evaluability
        With the smallest p-value and the smallest effect that the design could ever show.
    """
    facts = situation(panel, level=level)
    reasons = list(facts.reasons)
    status: Status = "evaluable" if facts.conclusive else "contexte_seulement"
    if not facts.n_treated or not facts.n_controls or not facts.n_pre or not facts.n_post:
        status = "non_evaluable"
        reasons += _absent(facts)
    if facts.n_pre == 1 and status != "non_evaluable":
        reasons.append(
            "Une seule période avant l’action : rien ne dit que les territoires évoluaient de même auparavant."
        )
    if panel.withheld.any():
        reasons.append("Des valeurs masquées sont sans bornes : aucun verdict n’en sera tiré.")
        status = "contexte_seulement" if status == "evaluable" else status
    return Evaluability(
        status=status,
        situation=facts,
        minimum_p=facts.minimum_p,
        mde=facts.mde,
        reasons=tuple(dict.fromkeys(reasons)),
        needed=tuple(_needed(facts)),
        problems=panel.problems,
        label=panel.label,
        unit=panel.unit_label,
        direction=panel.direction,
    )


def _absent(facts: Situation) -> list[str]:
    found = []
    if not facts.n_treated:
        found.append("Aucun territoire n’est concerné par l’action sur ces périodes.")
    if facts.n_treated and not facts.n_post:
        found.append("Aucune période n’est observée depuis l’action.")
    return found


def _needed(facts: Situation) -> list[str]:
    found = []
    if facts.n_treated == 1 and facts.n_units_treated > 1:
        found.append("des territoires concernés dans plusieurs groupes distincts")
    elif facts.n_treated and facts.n_clusters < MANY_CONTROLS:
        found.append(f"au moins {MANY_CONTROLS - facts.n_treated} territoires de comparaison semblables")
    if facts.sizes == "unknown":
        found.append("la population de chaque territoire")
    if facts.much_smaller:
        found.append("des territoires de comparaison de population voisine")
    if facts.n_pre < 3:
        found.append("au moins trois périodes avant l’action")
    return found
