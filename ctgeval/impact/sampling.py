"""Many samples without replacement at once, by the fastest way for each size."""

from __future__ import annotations

import numpy as np

from ctgeval.impact.panel import Ints

__all__ = ["ordered_sample"]

_CELLS = 4_000_000


def ordered_sample(n: int, size: int, draws: int, rng: np.random.Generator) -> Ints:
    """Draws of ``size`` different numbers under n, in random order: the fastest way for each size."""
    if size * size <= 2 * n:
        return _by_rejection(n, size, draws, rng)
    if n * draws <= 4 * _CELLS and n <= 2_000:
        return _by_exchange(n, size, draws, rng)
    return np.stack([rng.choice(n, size, replace=False) for _ in range(draws)])


def _by_rejection(n: int, size: int, draws: int, rng: np.random.Generator) -> Ints:
    found: list[Ints] = []
    missing = draws
    while missing > 0:
        # The share of draws without a repeat is about exp(-size² / 2n), at least a third here.
        tried = rng.integers(0, n, size=(int(missing * np.exp(size * size / (1.6 * n)) * 1.05) + 16, size))
        ordered = np.sort(tried, axis=1)
        kept = tried[(ordered[:, 1:] != ordered[:, :-1]).all(axis=1)][:missing]
        found.append(kept)
        missing -= len(kept)
    return found[0] if len(found) == 1 else np.concatenate(found)


def _by_exchange(n: int, size: int, draws: int, rng: np.random.Generator) -> Ints:
    """First steps of a Fisher-Yates shuffle, for all draws at once."""
    state = np.tile(np.arange(n, dtype=np.int32)[:, None], (1, draws))
    column = np.arange(draws)
    for j in range(min(size, n - 1)):
        other = rng.integers(j, n, size=draws)
        taken = state[other, column]
        state[other, column] = state[j]
        state[j] = taken
    return np.ascontiguousarray(state[:size].T).astype(np.intp)
