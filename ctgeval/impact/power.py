"""Which effect could this design find? On the panel's own noise, after an action or before it starts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd

from ctgeval.errors import DesignError, TooFewUnits, suggestion
from ctgeval.impact.inference import deciding_tests
from ctgeval.impact.options import guarded
from ctgeval.impact.panel import Direction, Floats, Ints, Panel
from ctgeval.impact.quantities import size_of
from ctgeval.impact.reading import some
from ctgeval.impact.result import plain
from ctgeval.impact.situation import detectable, situation

__all__ = ["Power", "power"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Power:
    """Effects that a design would find, and how often.

    Parameters
    ----------
    mde : float
        Smallest effect found with probability ``target``, by simulation on the panel's own noise; infinite when none.
    mde_formula : float
        The same by formula (Bloom 1995), for independent units of equal variances.
    target, level : float
        Probability wanted, and level of confidence.
    minimum_p : float
        Smallest p-value that the design could give.
    curve : DataFrame
        ``effect, power``: probability of a verdict, by effect.
    false_alarms : float
        Share of placebos without any effect that a verdict came out of.
    draws : int
        Placebos drawn.
    reasons : tuple of str
        What restricts, in French.
    unit, label, direction
        Of the outcome.
    """

    mde: float
    mde_formula: float
    target: float
    level: float
    minimum_p: float
    curve: pd.DataFrame
    false_alarms: float
    draws: int
    reasons: tuple[str, ...]
    unit: str
    label: str
    direction: Direction

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        names = ("mde", "mde_formula", "target", "level", "minimum_p", "curve", "false_alarms", "draws", "reasons",
                 "unit", "label", "direction")  # fmt: skip
        return {name: plain(getattr(self, name)) for name in names}

    def text(self) -> str:
        """Say it in French sentences."""
        from ctgeval import french

        if np.isfinite(self.mde):
            said = (
                f"Plus petit effet que ce dispositif trouverait {french.number(100 * self.target, 0)} fois sur 100 : "
                f"{size_of(self.mde, self.unit)}."
            )
        else:
            said = "Aucun effet, si grand soit-il, ne pourrait y être distingué du hasard."
        return french.typography(" ".join([said, *self.reasons]))

    def _repr_html_(self) -> str:
        from html import escape

        return f"<p>{escape(self.text())}</p>"


@guarded
def power(
    panel: Panel,
    *,
    treated: str | tuple[str, ...] | list[str] | None = None,
    n_pre: int | None = None,
    n_post: int | None = None,
    effects: list[float] | None = None,
    target: float = 0.8,
    level: float = 0.95,
    draws: int = 100,
    seed: int = 0,
) -> Power:
    """Find the minimum detectable effect by placing the action where and when there was none.

    Parameters
    ----------
    panel : Panel
        Before the action starts, a panel in which nobody is treated yet does: say who will be with ``treated``.
    treated : sequence of str, optional
        Codes of the units that will be treated; those of the panel by default.
    n_pre, n_post : int, optional
        Periods before and after that the evaluation will have; those of the panel by default (when nobody is treated
        yet: as many as the panel has, one fifth of them after).
    effects : list of float, optional
        Effects of the curve, in the unit of the outcome; 0 to 6 standard errors by default.
    target : float
        Probability wanted.
    level : float
    draws : int
        Placebos: pseudo-treated comparators in windows of the periods without treatment.
    seed : int

    Raises
    ------
    DesignError
        When nobody is said to be treated, or a code is unknown.
    TooFewUnits
        When too few untreated periods or units are left to draw placebos from.
    """
    _require_options(target=target, draws=draws, effects=effects, n_pre=n_pre, n_post=n_post)
    chosen = _chosen(panel, treated)
    pre, post = _lengths(panel, n_pre, n_post)
    pool = _placebo_pool(panel, chosen, pre + post)
    planned = _planned(panel, chosen, pre, post)
    facts = situation(planned, level=level)
    grid = _grid(effects, facts.noise, facts.n_treated, facts.n_controls)
    random = np.random.default_rng(seed)
    found, alarms, made = np.zeros(len(grid)), 0.0, 0
    for _ in range(draws):
        placebo = _placebo(panel, pool, n_treated=len(chosen), pre=pre, post=post, random=random)
        tried, tests = deciding_tests(placebo, level=level, draws=499, seed=int(random.integers(2**31)))
        if not tests:
            continue
        # A placebo lacks the units that are really treated: what the design can show must not be lost with them.
        alpha = max(1 - level, tried.minimum_p) if facts.minimum_p <= 1 - level else 1 - level
        # The law of a test of 0 when the effect is +x is that of a test of -x when there is none.
        worst = np.max([test.p_at(-grid) for test in tests.values()], axis=0)
        alarms += float(max(test.p_value for test in tests.values()) <= alpha)
        found += worst <= alpha
        made += 1
    rate = found / made if made else np.full(len(grid), np.nan)
    if not facts.conclusive:
        rate = np.zeros(len(grid))
    return Power(
        mde=_first(grid, rate, target),
        mde_formula=detectable(facts.noise, facts.n_treated, facts.n_controls, level=level, power=target),
        target=target,
        level=level,
        minimum_p=facts.minimum_p,
        curve=pd.DataFrame({"effect": grid, "power": rate}),
        false_alarms=alarms / made if made and facts.conclusive else (0.0 if made else float("nan")),
        draws=made,
        reasons=facts.reasons,
        unit=panel.unit_label,
        label=panel.label,
        direction=panel.direction,
    )


def _require_options(
    *, target: float, draws: int, effects: list[float] | None, n_pre: int | None, n_post: int | None
) -> None:
    wrong: dict[str, object] = {}
    if not isinstance(target, Real) or not 0 < target < 1:
        wrong["target"] = target
    if draws < 1:
        wrong["draws"] = draws
    if effects is not None and not (len(effects) and all(isinstance(e, Real) and np.isfinite(e) for e in effects)):
        wrong["effects"] = effects
    wrong |= {
        name: n
        for name, n in (("n_pre", n_pre), ("n_post", n_post))
        if n is not None and not (isinstance(n, Integral) and n >= 1)
    }
    if wrong:
        raise DesignError(
            f"Cette option n’est pas comprise : {', '.join(f'{name}={value}' for name, value in wrong.items())}.",
            remedy="target entre 0 et 1 (0.8), draws, n_pre et n_post d’au moins 1, effects : une suite de nombres.",
        )


def _chosen(panel: Panel, treated: str | tuple[str, ...] | list[str] | None) -> Ints:
    if not isinstance(treated, list | tuple | None):
        treated = (str(treated),)
    if treated is None or not treated:
        if not panel.n_treated:
            raise DesignError(
                "Personne n’est encore concerné dans ce panel.",
                remedy='Dites qui le sera : impact.power(panel, treated=["COM-..."]).',
            )
        return np.flatnonzero(panel.treated)
    for code in treated:
        if code not in panel.units:
            raise DesignError(
                "Ce territoire n’est pas dans le panel.",
                value=str(code),
                remedy=suggestion(str(code), panel.units) or f"Codes du panel : {some(panel.units)}.",
            )
    return np.array([panel.units.index(code) for code in treated], dtype=np.intp)


def _lengths(panel: Panel, n_pre: int | None, n_post: int | None) -> tuple[int, int]:
    if panel.n_treated:
        pre, post = n_pre or panel.n_pre, n_post or panel.n_post
    else:
        post = n_post or max(1, panel.n_periods // 5)
        pre = n_pre or max(1, panel.n_periods - post)
    if pre + post > panel.n_periods:
        raise TooFewUnits(
            f"Il faut {pre + post} périodes pour essayer ce dispositif ; le panel en a {panel.n_periods}.",
            remedy="Donnez n_pre et n_post plus petits, ou un panel plus long.",
        )
    return pre, post


def _placebo_pool(panel: Panel, chosen: Ints, length: int) -> list[tuple[int, Ints]]:
    """Windows of periods and the rows that are never treated inside them."""
    windows = []
    for first in range(panel.n_periods - length + 1):
        rows = np.flatnonzero(panel.start > first + length - 1)
        if len(rows) >= len(chosen) + 2:
            windows.append((first, rows))
    if not windows:
        raise TooFewUnits(
            "Il n’y a pas assez de territoires sans action pour essayer ce dispositif.",
            remedy="Ajoutez des territoires de comparaison (au moins deux de plus que de territoires concernés).",
        )
    return windows


def _planned(panel: Panel, chosen: Ints, pre: int, post: int) -> Panel:
    """Return the design to come, with the same units, over the last periods of the panel."""
    if panel.n_treated:
        return panel
    last = panel.window(panel.n_periods - pre - post, panel.n_periods - 1)
    start = np.full(panel.n_units, pre + post, dtype=np.intp)
    start[chosen] = pre
    return last.with_start(start)


def _placebo(
    panel: Panel, pool: list[tuple[int, Ints]], *, n_treated: int, pre: int, post: int, random: np.random.Generator
) -> Panel:
    first, rows = pool[int(random.integers(len(pool)))]
    drawn = replace(panel, problems=()).take(rows).window(first, first + pre + post - 1)
    start = np.full(drawn.n_units, pre + post, dtype=np.intp)
    start[random.permutation(drawn.n_units)[:n_treated]] = pre
    return drawn.with_start(start)


def _grid(effects: list[float] | None, noise: float, n1: int, n0: int) -> Floats:
    if effects is not None:
        return np.asarray(sorted(effects), dtype=np.float64)
    error = noise * np.sqrt(1 / max(n1, 1) + 1 / max(n0, 1))
    return np.linspace(0.0, 6.0, 25) * (error if np.isfinite(error) and error > 0 else 1.0)


def _first(grid: Floats, rate: Floats, target: float) -> float:
    """Smallest effect from which on the power is always enough, interpolated."""
    enough = rate >= target
    if not enough[-1]:
        return float("inf")
    k = len(grid) - int(np.argmin(enough[::-1])) if not enough.all() else 0
    if k == 0:
        return float(grid[0])
    below, above = rate[k - 1], rate[k]
    share = (target - below) / (above - below) if above > below else 1.0
    return float(grid[k - 1] + share * (grid[k] - grid[k - 1]))
