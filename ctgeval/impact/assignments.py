"""Where the treatment could have gone: every distinct assignment, or a sample of them drawn without replacement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, combinations
from math import comb, factorial, prod

import numpy as np
import numpy.typing as npt

from ctgeval.errors import DesignError
from ctgeval.impact.panel import Floats, Ints
from ctgeval.impact.sampling import ordered_sample

__all__ = ["Assignments", "assignments"]

_CELLS = 4_000_000
"""Numbers held at once by a block of draws."""
_CERTAINLY_DISTINCT = 10**15
"""Above so many assignments, two equal ones among the draws would be a wonder: they need not be looked for."""


@dataclass(frozen=True, eq=False, kw_only=True)
class _Pool:
    """Things of one stratum among which the treatments that are not the commonest go around."""

    members: Ints
    kinds: Ints  # sorted: one per treatment to place


@dataclass(frozen=True, eq=False, kw_only=True)
class Assignments:
    """Distinct ways of giving the treatment paths that were given, inside strata, whole clusters together.

    Parameters
    ----------
    count : int
        Number of distinct assignments; for clusters of which only a part is treated, a number that it is not under.
    enumerated : bool
        Whether all of them are here.
    observed : int
        Index of the real one: the first, so that a law of statistics begins by the observed one.
    size : int
        Number of assignments here, B.
    base : int
        Path of the units that are not placed: the commonest.
    kinds : ndarray of intp, shape (m,)
        Path that goes to each place.
    group : ndarray of intp, shape (N,)
        What moves as one, for each unit: its cluster, or itself.
    """

    count: int
    enumerated: bool
    observed: int
    size: int
    base: int
    kinds: Ints
    group: Ints
    _stored: Ints | None
    _pools: tuple[_Pool, ...]
    _first: Ints
    _seed: int

    def blocks(self, rows: int | None = None) -> Iterator[Ints]:
        """Yield the places of the treatments, block by block, the same ones at each call.

        Parameters
        ----------
        rows : int, optional
            Assignments in a block; by default, what fits in some tens of megabytes.

        Yields
        ------
        ndarray of intp, shape (b, m)
            Group (see ``group``) that gets the path ``kinds[j]``, for each place j; the others get ``base``.
        """
        step = rows or max(1, _CELLS // max(1, len(self.kinds)))
        if self._stored is not None:
            for first in range(0, self.size, step):
                yield self._stored[first : first + step]
            return
        rng = np.random.default_rng(self._seed)
        yield self._first
        for first in range(1, self.size, step):
            yield _draw(self._pools, min(step, self.size - first), rng)

    @property
    def halves(self) -> bool:
        """Whether every assignment has a mirror, where the treated and the others change places."""
        return bool(self._pools) and all(
            2 * len(pool.kinds) == len(pool.members) and len(np.unique(pool.kinds)) == 1 for pool in self._pools
        )

    @cached_property
    def rows(self) -> npt.NDArray[np.integer]:
        """Path of each unit under each assignment, shape (B, N), small integers: only for small designs."""
        top = int(max(self.base, self.kinds.max(initial=0)))
        found = np.full((self.size, int(self.group.max()) + 1), self.base, dtype=np.int8 if top < 128 else np.int32)
        first = 0
        for places in self.blocks():
            block = found[first : first + len(places)]
            np.put_along_axis(block, places, np.broadcast_to(self.kinds.astype(found.dtype), places.shape), axis=1)
            first += len(places)
        return found[:, self.group]


def assignments(
    rows: npt.ArrayLike,
    *,
    clusters: npt.ArrayLike | None = None,
    strata: npt.ArrayLike | None = None,
    limit: int = 20_000,
    draws: int = 9_999,
    seed: int = 0,
) -> Assignments:
    """List the assignments of treatment that could have been, or draw some of them.

    Parameters
    ----------
    rows : array_like of int, shape (N,)
        Treatment path of each unit.
    clusters : array_like, shape (N,), optional
        Units of a cluster were treated together: whole clusters exchange their paths, whatever their sizes (a statistic
        must then compare means, since the number of treated units changes). When some cluster holds units of several
        paths, its treated units move together to as many units, drawn at random, of another cluster that is large
        enough.
    strata : array_like, shape (N,), optional
        The treatment could only have gone to another unit of the same stratum.
    limit : int
        Assignments are all listed when there are at most so many.
    draws : int
        Otherwise, so many are drawn without replacement, besides the real one, which is always there.
    seed : int

    Returns
    -------
    Assignments
        The smallest p-value of a permutation test is one over its ``count``.

    Raises
    ------
    DesignError
        When a cluster stands in several strata.

    References
    ----------
    Phipson, B. and Smyth, G. (2010), Permutation P-values Should Never Be Zero, SAGMB 9(1).
    """
    path = np.asarray(rows, dtype=np.intp)
    n = len(path)
    stratum = np.zeros(n, dtype=np.intp) if strata is None else np.unique(np.asarray(strata), return_inverse=True)[1]
    group = np.arange(n) if clusters is None else np.unique(np.asarray(clusters), return_inverse=True)[1]
    n_groups = int(group.max()) + 1
    _inside_strata(group, stratum, n_groups)
    width = int(path.max()) + 1
    if len(np.unique(group * width + path)) > n_groups:
        return _partial(path, group, stratum, draws=draws, seed=seed)
    head = np.unique(group, return_index=True)[1]
    thing, place = path[head], stratum[head]
    base = _commonest(thing)
    pools, moved = _pools(thing, place, base)
    count = prod(_count(pool) for pool in pools)
    kinds = np.concatenate([pool.kinds for pool in pools]) if pools else np.empty(0, dtype=np.intp)
    stored = None
    enumerated = count <= max(limit, draws + 1)
    if enumerated:
        stored = _product([_every(pool) for pool in pools])
        real = int(np.flatnonzero((_canonical(stored, pools) == _canonical(moved, pools)).all(axis=1))[0])
        stored[[0, real]] = stored[[real, 0]]
    elif count < _CERTAINLY_DISTINCT:
        stored = _distinct(pools, moved, draws, kinds, np.random.default_rng(seed))
    return Assignments(
        count=count,
        enumerated=enumerated,
        observed=0,
        size=len(stored) if stored is not None else draws + 1,
        base=base,
        kinds=kinds,
        group=group,
        _stored=stored,
        _pools=pools,
        _first=moved,
        _seed=seed,
    )


def _inside_strata(group: Ints, stratum: Ints, n_groups: int) -> None:
    pairs = np.unique(np.column_stack([group, stratum]), axis=0)
    if len(pairs) > n_groups:
        several = len(pairs) - n_groups
        raise DesignError(
            f"{several} groupe(s) à cheval sur plusieurs strates : l’action n’a pas pu être répartie à la fois par "
            "groupe et à l’intérieur des strates.",
            remedy="Donnez la même strate à toutes les unités d’un groupe, ou retirez l’une des deux colonnes.",
        )


def _commonest(path: Ints) -> int:
    counts = np.bincount(path)
    return int(np.flatnonzero(counts == counts.max())[-1])


def _pools(thing: Ints, stratum: Ints, base: int) -> tuple[tuple[_Pool, ...], Ints]:
    """Strata where something moves, and the real places, shape (1, m)."""
    found, places = [], []
    for value in np.unique(stratum[thing != base]):
        members = np.flatnonzero(stratum == value)
        placed = members[thing[members] != base]
        placed = placed[np.argsort(thing[placed], kind="stable")]
        found.append(_Pool(members=members, kinds=thing[placed]))
        places.append(placed)
    return tuple(found), (np.concatenate(places) if places else np.empty(0, dtype=np.intp))[None, :]


def _sizes(kinds: Ints) -> list[int]:
    return [int(size) for size in np.unique(kinds, return_counts=True)[1]]


def _count(pool: _Pool) -> int:
    left, total = len(pool.members), 1
    for size in _sizes(pool.kinds):
        total *= comb(left, size)
        left -= size
    return total


def _every(pool: _Pool) -> Ints:
    """Every assignment inside a stratum, shape (count, m)."""
    chosen, left = np.empty((1, 0), dtype=np.intp), pool.members[None, :]
    for size in _sizes(pool.kinds):
        n = left.shape[1]
        taken = np.fromiter(chain.from_iterable(combinations(range(n), size)), dtype=np.intp).reshape(-1, size)
        free = np.ones((len(taken), n), dtype=bool)
        np.put_along_axis(free, taken, values=False, axis=1)
        others = np.nonzero(free)[1].reshape(len(taken), n - size)
        chosen = np.concatenate(
            [np.repeat(chosen, len(taken), axis=0), left[:, taken].reshape(-1, size)], axis=1
        )  # fmt: skip
        left = left[:, others].reshape(len(chosen), n - size)
    return chosen


def _product(parts: list[Ints]) -> Ints:
    """Every combination of the assignments of each stratum."""
    found = np.empty((1, 0), dtype=np.intp)
    for part in parts:
        found = np.concatenate([np.repeat(found, len(part), axis=0), np.tile(part, (len(found), 1))], axis=1)
    return found


def _canonical(places: Ints, pools: tuple[_Pool, ...]) -> Ints:
    """Sort the places of a same path: their order says nothing."""
    parts, first = [], 0
    for pool in pools:
        for size in _sizes(pool.kinds):
            parts.append(np.sort(places[:, first : first + size], axis=1))
            first += size
    return np.concatenate(parts, axis=1) if parts else places


def _distinct(pools: tuple[_Pool, ...], moved: Ints, draws: int, kinds: Ints, rng: np.random.Generator) -> Ints:
    """Draw distinct assignments, the real one first."""
    n = max(int(pool.members.max()) for pool in pools) + 1
    keys = rng.integers(0, 2**64, size=(n, int(kinds.max()) + 1), dtype=np.uint64)
    found = moved
    while len(found) < draws + 1:
        missing = draws + 1 - len(found)
        found = np.concatenate([found, _draw(pools, missing + missing // 8 + 8, rng)])
        # A sum of random keys tells two assignments apart without sorting their places.
        marks = keys[found, kinds].sum(axis=1)
        found = found[np.sort(np.unique(marks, return_index=True)[1])]
    return found[: draws + 1]


def _draw(pools: tuple[_Pool, ...], draws: int, rng: np.random.Generator) -> Ints:
    """Independent uniform assignments, shape (draws, m)."""
    parts = [pool.members[ordered_sample(len(pool.members), len(pool.kinds), draws, rng)] for pool in pools]
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)


def _partial(path: Ints, group: Ints, stratum: Ints, *, draws: int, seed: int) -> Assignments:
    """Draw assignments when only a part of some cluster is treated: cluster first, then units inside it."""
    rng = np.random.default_rng(seed)
    base = _commonest(path)
    kinds, places, real, count = [], [], [], 1
    for value in np.unique(stratum[path != base]):
        inside = np.flatnonzero(stratum == value)
        found = _partial_stratum(path, group, inside, base=base, draws=draws, rng=rng)
        kinds.append(found[0])
        real.append(found[1])
        places.append(found[2])
        count *= found[3]
    stored = np.concatenate([np.concatenate(real)[None, :], np.concatenate(places, axis=1)])
    return Assignments(
        count=count,
        enumerated=False,
        observed=0,
        size=len(stored),
        base=base,
        kinds=np.concatenate(kinds),
        group=np.arange(len(path)),
        _stored=stored,
        _pools=(),
        _first=stored[:1],
        _seed=seed,
    )


def _partial_stratum(
    path: Ints, group: Ints, inside: Ints, *, base: int, draws: int, rng: np.random.Generator
) -> tuple[Ints, Ints, Ints, int]:
    """Paths to place, their real places, drawn places and a number of assignments, for one stratum."""
    units = [inside[group[inside] == g] for g in np.unique(group[inside])]
    units.sort(key=len, reverse=True)
    sizes = np.array([len(member) for member in units])
    padded = np.zeros((len(units), int(sizes[0])), dtype=np.intp)
    for row, member in enumerate(units):
        padded[row, : len(member)] = member
    moved = [member[path[member] != base] for member in units]
    moved = [member[np.argsort(path[member], kind="stable")] for member in moved if len(member)]
    moved.sort(key=lambda member: (-len(member), tuple(path[member])))
    state = np.tile(np.arange(len(units))[:, None], (1, draws))
    column = np.arange(draws)
    places, count = [], 1
    for j, member in enumerate(moved):
        # Clusters are sorted by size, and patterns too: those large enough for this one were so for none larger.
        enough = int((sizes >= len(member)).sum())
        other = rng.integers(j, enough, size=draws)
        taken = state[other, column]
        state[other, column] = state[j]
        state[j] = taken
        luck: Floats = rng.random((draws, padded.shape[1]))
        luck[np.arange(padded.shape[1]) >= sizes[taken][:, None]] = np.inf
        order = np.argsort(luck, axis=1)[:, : len(member)]
        places.append(np.take_along_axis(padded[taken], order, axis=1))
        smallest = int(sizes[sizes >= len(member)].min())
        same = prod(factorial(size) for size in _sizes(path[member]))
        count *= (enough - j) * factorial(smallest) // factorial(smallest - len(member)) // same
    alike = np.unique([" ".join(map(str, path[member])) for member in moved], return_counts=True)[1]
    count //= prod(factorial(int(size)) for size in alike)
    real = np.concatenate(moved)
    return path[real], real, np.concatenate(places, axis=1), count
