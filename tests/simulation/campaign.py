"""Measure the ladder of tests on panels without effect: false verdicts, coverage, power, share of «non concluant»."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np

from ctgeval.impact import Panel
from ctgeval.impact.inference import deciding_tests
from tests.simulation.grid import Cell, panel

LEVEL = 0.95
TARGET = 0.075
DRAWS = 499


@dataclass(frozen=True)
class Measured:
    """What a campaign found in one cell.

    Parameters
    ----------
    panels : int
    false : float
        Share of panels without effect that a verdict of amelioration or degradation came out of.
    coverage : float
        Share of intervals that hold the effect: with a constant effect, one minus the share that rejects it.
    power : dict of str to float
        Share of verdicts for an effect of 1, 2 and 3 standard deviations of the noise.
    inconclusive : float
        Share of panels without effect whose verdict was «non concluant».
    tests : dict of str to float
        Share of rejections of each test alone.
    best_valid : dict of str to float
        Power of the single test that is the most powerful among those that hold their level in this cell.
    bias : float
        Mean estimate.
    """

    panels: int
    false: float
    coverage: float
    power: dict[str, float]
    inconclusive: float
    tests: dict[str, float]
    best_valid: dict[str, float]
    bias: float

    def as_dict(self) -> dict[str, object]:
        """Return plain values."""
        return asdict(self)


def measure(
    cell: Cell, panels: int, *, seed: int = 2026, draw: Callable[[Cell, np.random.Generator], Panel] = panel
) -> Measured:
    """Run one cell.

    The law of a test of no effect when the effect is x is that of a test of -x on the same noise without effect, so
    that one panel tells the power at every x.
    """
    random = np.random.default_rng([seed, zlib.crc32(cell.name.encode())])
    effects = np.array([0.0, 1.0, 2.0, 3.0])
    alpha = 1 - LEVEL
    said = np.zeros(len(effects))
    rejected, alone, by_test, estimates = 0, {}, {}, []
    for _ in range(panels):
        drawn = draw(cell, random)
        facts, tests = deciding_tests(drawn, level=LEVEL, draws=DRAWS, seed=int(random.integers(2**31)))
        estimates.append(_estimate(drawn))
        if not tests:
            continue
        p = {code: test.p_at(-effects) for code, test in tests.items()}
        worst = np.max(list(p.values()), axis=0)
        rejected += bool(worst[0] <= alpha)
        said += (worst <= alpha) & facts.conclusive
        for code, values in p.items():
            alone[code] = alone.get(code, 0) + bool(values[0] <= alpha)
            by_test[code] = by_test.get(code, np.zeros(len(effects))) + (values <= alpha)
    power = {f"{effect:g}": float(share) for effect, share in zip(effects[1:], said[1:] / panels, strict=True)}
    single = {code: count / panels for code, count in alone.items()}
    valid = [code for code, share in single.items() if share <= TARGET + 2 * _error(panels)]
    best = max(valid, key=lambda code: by_test[code][2], default="")
    return Measured(
        panels=panels,
        false=float(said[0] / panels),
        coverage=1 - rejected / panels,
        power=power,
        inconclusive=float(1 - said[0] / panels),
        tests=single,
        best_valid={
            f"{effect:g}": float(share)
            for effect, share in zip(effects[1:], (by_test[best][1:] / panels if best else []), strict=False)
        },
        bias=float(np.mean(known))
        if (known := [value for value in estimates if not np.isnan(value)])
        else float("nan"),
    )


def _estimate(drawn: Panel) -> float:
    """Difference of mean changes, for the bias."""
    post = drawn.start[:, None] <= np.arange(drawn.n_periods)
    if not drawn.single_date or not drawn.balanced:
        return float("nan")
    after = np.arange(drawn.n_periods) >= drawn.cohorts[0]
    change = drawn.outcome[:, after].mean(axis=1) - drawn.outcome[:, ~after].mean(axis=1)
    treated = post.any(axis=1)
    return float(change[treated].mean() - change[~treated].mean())


def _error(panels: int) -> float:
    return float(np.sqrt(TARGET * (1 - TARGET) / panels))


def too_often(found: Measured) -> bool:
    """Whether false verdicts are above the target by more than two standard errors."""
    return found.false > TARGET + 2 * _error(found.panels)
