"""Who is not observed where a comparison would need it: named in the error, with what to do."""

from __future__ import annotations

import numpy as np

from ctgeval.errors import NotIdentified
from ctgeval.impact.panel import Bools, Panel
from ctgeval.impact.reading import some

__all__ = ["unobserved"]


def unobserved(panel: Panel, otherwise: str = "", *, remedy: str = "") -> NotIdentified:
    """Make the error of a comparison that misses a side: the treated, or the comparators, before or since the action.

    Parameters
    ----------
    panel : Panel
        With treated units.
    otherwise : str
        What happened, in French, when both are observed on both sides.
    remedy : str
        What to do then.
    """
    post = np.arange(panel.n_periods) >= panel.n_pre
    for rows, who in ((panel.treated, "concerné"), (~panel.treated, "de comparaison")):
        seen = panel.observed & rows[:, None]
        if not rows.any() or _both_sides(seen, panel.post if who == "concerné" else post[None, :]).any():
            continue
        return NotIdentified(
            f"Aucun territoire {who} n’est observé à la fois avant et après le début de l’action.",
            value=some([panel.name(int(i)) for i in np.flatnonzero(rows)]),
            remedy=f"Complétez les périodes absentes, ou ajoutez un territoire {who} observé avant et après.",
        )
    return NotIdentified(
        otherwise or "Les territoires concernés et de comparaison ne sont jamais observés aux mêmes périodes.",
        value=some([panel.name(int(i)) for i in np.flatnonzero(panel.treated)]),
        remedy=remedy or "Complétez les périodes absentes.",
    )


def _both_sides(seen: Bools, post: Bools) -> Bools:
    return np.asarray((seen & ~post).any(axis=1) & (seen & post).any(axis=1))
