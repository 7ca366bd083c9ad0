"""The network of those who work together: pairs, density, groups apart, core and periphery, change between two years.

Two partners are linked when they took part in the same action or the same working meeting; the weight of their link
is the number of these occasions. Everything here is arithmetic on that symmetric table, and knows nothing of a CTG.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse
from scipy.sparse import csgraph

__all__ = ["APART", "CORE", "PERIPHERY", "Change", "Network", "betweenness", "build", "change", "core", "occasions"]

CORE, PERIPHERY, APART = "noyau", "peripherie", "isole"
"""Places that a partner may have."""
TOO_FEW = "Une densité demande au moins deux partenaires."
Link = tuple[str, str]


@dataclass(frozen=True, eq=False)
class Network:
    """Partners and how many times each pair of them worked together.

    Parameters
    ----------
    nodes : tuple of str
        Ids, sorted.
    weights : scipy.sparse.csr_array, shape (nodes, nodes)
        Symmetric, nothing on the diagonal: occasions that two partners shared.
    names : mapping of str to str
        Name of each node, for those who read; its id when it has none.
    """

    nodes: tuple[str, ...]
    weights: sparse.csr_array
    names: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def degrees(self) -> npt.NDArray[np.int64]:
        """Number of partners that each one works with."""
        return np.diff(self.weights.indptr).astype(np.int64)

    @cached_property
    def strengths(self) -> npt.NDArray[np.int64]:
        """Sum of the weights of the links of each one."""
        return np.asarray(self.weights.sum(axis=1), dtype=np.int64).reshape(-1)

    @property
    def pairs(self) -> int:
        """Pairs that work together."""
        return int(self.weights.nnz) // 2

    @property
    def possible(self) -> int:
        """Pairs that could: ``n (n - 1) / 2``."""
        return len(self.nodes) * (len(self.nodes) - 1) // 2

    @property
    def density(self) -> float:
        """Observed pairs over possible pairs, 0 to 1 (PI06 is this, times 100); NaN under two partners.

        References
        ----------
        Wasserman and Faust (1994), *Social Network Analysis*, section 4.2.3, eq. 4.3.
        """
        return self.pairs / self.possible if self.possible else float("nan")

    @property
    def reason(self) -> str:
        """Why the density is not defined; empty when it is."""
        return "" if self.possible else TOO_FEW

    @cached_property
    def components(self) -> npt.NDArray[np.int64]:
        """Rank of the group of each one, which nothing links to others: the largest first, then by order of nodes."""
        if not self.nodes:
            return np.zeros(0, dtype=np.int64)
        _, labels = csgraph.connected_components(self.weights, directed=False)
        sizes = np.bincount(labels)
        ranks = np.empty_like(sizes)
        ranks[np.argsort(-sizes, kind="stable")] = np.arange(len(sizes))
        return np.asarray(ranks[labels], dtype=np.int64)

    @property
    def isolated(self) -> tuple[str, ...]:
        """Those who work with nobody else."""
        return tuple(node for node, degree in zip(self.nodes, self.degrees, strict=True) if not degree)

    @property
    def linked(self) -> frozenset[str]:
        """Those who work with somebody."""
        return frozenset(self.nodes) - frozenset(self.isolated)

    @property
    def links(self) -> dict[Link, int]:
        """Weight of each link, its two ends in the order of nodes."""
        upper = sparse.triu(self.weights, format="coo")
        found = sorted(zip(upper.row.tolist(), upper.col.tolist(), upper.data.tolist(), strict=True))
        return {(self.nodes[first], self.nodes[second]): int(weight) for first, second, weight in found}

    @cached_property
    def betweenness(self) -> npt.NDArray[np.float64]:
        """Share of the shortest ways between two others that go through each one, 0 to 1; see `betweenness`."""
        return betweenness(self.weights.toarray() > 0)

    @cached_property
    def core(self) -> frozenset[str]:
        """Those who work with one another and with the rest; see `core`."""
        return frozenset(self.nodes[rank] for rank in core(self.weights))

    def place(self, node: str) -> str:
        """Return ``noyau``, ``peripherie`` or ``isole``."""
        if node in self.core:
            return CORE
        return PERIPHERY if node in self.linked else APART

    def table(self) -> pd.DataFrame:
        """Return one row per partner, the most linked first.

        Returns
        -------
        DataFrame
            ``id, nom, links, strength, betweenness, component, place``.
        """
        frame = pd.DataFrame(
            {
                "id": pd.Series(self.nodes, dtype="str"),
                "nom": pd.Series([self.names.get(node, node) for node in self.nodes], dtype="str"),
                "links": self.degrees,
                "strength": self.strengths,
                "betweenness": self.betweenness,
                "component": self.components,
                "place": pd.Series([self.place(node) for node in self.nodes], dtype="str"),
            }
        )
        return frame.sort_values(["links", "strength"], ascending=False, kind="stable").reset_index(drop=True)


def build(
    nodes: Iterable[str], occasions: Iterable[Iterable[str]], *, names: Mapping[str, str] | None = None
) -> Network:
    """Make the network of those who met on the same occasions.

    Parameters
    ----------
    nodes : iterable of str
        Partners that are there even if they work with nobody.
    occasions : iterable of iterable of str
        Who took part in each action or meeting; twice on one occasion is once.
    names : mapping of str to str, optional
        Name of each partner.

    Returns
    -------
    Network
        Of these nodes and of all who took part in something. Its weights are ``B B'`` without its diagonal, where ``B``
        is the 0-1 table of partners by occasions (Breiger 1974, «The duality of persons and groups», eq. 4).
    """
    groups = [sorted(set(group)) for group in occasions]
    known = tuple(sorted({*nodes, *(node for group in groups for node in group)}))
    ranks = {node: rank for rank, node in enumerate(known)}
    rows = [ranks[node] for group in groups for node in group]
    columns = [rank for rank, group in enumerate(groups) for _ in group]
    presence = sparse.csr_array((np.ones(len(rows), dtype=np.int64), (rows, columns)), shape=(len(known), len(groups)))
    weights = sparse.csr_array(presence @ presence.T)
    weights.setdiag(0)
    weights.eliminate_zeros()
    weights.sort_indices()
    return Network(known, weights, dict(names or {}))


def betweenness(adjacency: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Return the share of the shortest ways between two others that go through each node.

    Parameters
    ----------
    adjacency : array of bool, shape (n, n)
        Symmetric, false on the diagonal.

    Returns
    -------
    array of float, shape (n,)
        ``2 / ((n - 1) (n - 2))`` times the sum, over the pairs of others, of the share of their shortest ways that
        pass there; 0 for all under three nodes, where nobody can be between two others.

    References
    ----------
    Freeman (1977), «A set of measures of centrality based on betweenness»; the accumulation is that of Brandes (2001),
    «A faster algorithm for betweenness centrality», eq. 7, made level by level for every source at once.
    """
    size = len(adjacency)
    if size < 3:
        return np.zeros(size)
    links = adjacency.astype(float)
    start = np.eye(size)
    ways, depth, frontier, levels = start.copy(), np.where(start > 0, 0, -1), start, 0
    while frontier.any():
        frontier = np.where(depth < 0, frontier @ links, 0.0)
        levels += 1
        depth[frontier > 0] = levels
        ways += frontier
    owed = np.zeros((size, size))
    for level in range(levels, 0, -1):
        share = np.divide(1 + owed, ways, out=np.zeros_like(owed), where=(depth == level) & (ways > 0))
        owed += np.where(depth == level - 1, ways * (share @ links), 0.0)
    np.fill_diagonal(owed, 0.0)
    return np.asarray(owed.sum(axis=0) / ((size - 1) * (size - 2)), dtype=np.float64)


def core(weights: sparse.csr_array) -> tuple[int, ...]:
    """Return the nodes of the core: linked to one another, while those of the periphery are not.

    Parameters
    ----------
    weights : scipy.sparse.csr_array
        Of a `Network`.

    Returns
    -------
    tuple of int
        Ranks of the nodes, the most linked first; empty when no core stands out (no link, a ring of equals).

    Notes
    -----
    The core ``C`` makes the fewest errors ``Z(C) = k (k - 1) / 2 - e(C) + e(P)``: pairs of the core that don't work
    together, plus pairs of the periphery ``P`` that do. As ``e(C) - e(P)`` is half of the sum of degrees in ``C`` less
    that in ``P``, the best core of ``k`` nodes is that of the ``k`` highest degrees: the optimum is exact. Nodes of the
    same degree and strength are never separated, so that the answer depends on nobody's name; at equal errors, the
    smaller core.

    References
    ----------
    Borgatti and Everett (2000), «Models of core/periphery structures», section 2, ideal pattern without condition
    between core and periphery; Lip (2011), «A fast algorithm for the discrete core/periphery bipartitioning problem».
    """
    degrees = np.diff(weights.indptr)
    strengths = np.asarray(weights.sum(axis=1)).reshape(-1)
    alike = [(-int(degree), -int(strength)) for degree, strength in zip(degrees, strengths, strict=True)]
    order = sorted(range(len(alike)), key=lambda rank: (alike[rank], rank))
    best: tuple[float, int] = (int(degrees.sum()) / 2, 0)
    size, inside, everything = 0, 0, int(degrees.sum())
    for _, group in groupby(order, key=alike.__getitem__):
        members = list(group)
        size += len(members)
        inside += int(degrees[members].sum())
        best = min(best, (size * (size - 1) / 2 - (2 * inside - everything) / 2, size))
    return tuple(order[: best[1]])


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What differs between two networks.

    Parameters
    ----------
    joined, left : tuple of str
        Partners that work with somebody in the second and did not in the first, and the reverse.
    gained, lost : tuple of pairs of str
        Pairs that work together in the second and did not in the first, and the reverse.
    """

    joined: tuple[str, ...]
    left: tuple[str, ...]
    gained: tuple[Link, ...]
    lost: tuple[Link, ...]


def change(before: Network, after: Network) -> Change:
    """Tell what changed from one network to another."""
    first, second = before.links, after.links
    return Change(
        joined=tuple(sorted(after.linked - before.linked)),
        left=tuple(sorted(before.linked - after.linked)),
        gained=tuple(pair for pair in second if pair not in first),
        lost=tuple(pair for pair in first if pair not in second),
    )


def occasions(frame: pd.DataFrame, *, of: str = "event", who: str = "partner") -> Sequence[list[str]]:
    """Return who took part in each occasion of a table of one row per occasion and partner."""
    return [sorted(group[who]) for _, group in frame.groupby(of, sort=True)]
