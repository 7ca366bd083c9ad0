"""Choose what to mask so that nothing can be found again, at the least cost: the one entry of the solver.

Order of the work, on each connected part of the system: a first mask by flows, cleaned up; then the exact master, of
which the answers are repaired and cleaned up too; the best is kept, and searched a little where it is not proved to be
the best there is. The budget counts programs and their nodes, never time, so that a slow machine masks the same cells.
Whatever the solver says, `attack.audit` has the last word: a mask that it refuses is widened, up to everything that may
be masked, and is never returned.

References
----------
Fischetti and Salazar (2001), as in `exact_cuts`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ctgeval.confidentiality.attacker import Audit, Level, audit as attacked, violations
from ctgeval.confidentiality.clean_up import drop_needless
from ctgeval.confidentiality.equations import Floats, Mask, System
from ctgeval.confidentiality.exact_cuts import Master, attacker_cut, equation_cut
from ctgeval.confidentiality.exchange import exchanged
from ctgeval.confidentiality.flow_heuristic import mask_flows
from ctgeval.confidentiality.infeasible import freeing, refusal
from ctgeval.confidentiality.parts import Problem, canonical, problems
from ctgeval.confidentiality.witnesses import Proofs
from ctgeval.errors import ProtectionInfeasible

__all__ = ["Budget", "Chosen", "choose"]

_RANK = 1e-6
_SAME = 1e-4
_CONTRIBUTORS = frozenset({"L2", "L3"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How much work to do at most; counted, so that the result does not depend on the machine.

    Parameters
    ----------
    attempts : int
        Cells that the clean-up tries to show, for each mask.
    exchanges : int
        Linear programs that the search of other ways around may solve, for each connected part that cuts don't close.
    iterations : int
        Masters of the exact method for each connected part; 0 for none.
    nodes : int
        Nodes of each master.
    """

    attempts: int = 100_000
    exchanges: int = 300
    iterations: int = 40
    nodes: int = 2_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chosen:
    """What to mask, and how it was chosen.

    Parameters
    ----------
    hidden, primary : ndarray of bool, shape (n,)
        What is masked; what had to be by itself.
    method : {"rien", "flux", "coupes"}
        Nothing had to be masked; by flows, cleaned up; by cuts, proved the best.
    optimal : bool
        Whether no safe mask costs less.
    weight : float
        What masking the secondary cells costs.
    bound : float
        No safe mask costs less than that.
    iterations : int
        Masters that were solved.
    cuts : int
        Cuts that were found.
    audit : Audit
        What the attacker still finds.
    """

    hidden: Mask
    primary: Mask
    method: str
    optimal: bool
    weight: float
    bound: float
    iterations: int
    cuts: int
    audit: Audit


@dataclass(frozen=True, slots=True, eq=False)
class _Answer:
    hidden: Mask
    bound: float
    optimal: bool
    iterations: int
    cuts: int


def choose(system: System, *, primary: Mask | None = None, budget: Budget | None = None, level: Level = "L3") -> Chosen:
    """Choose what to mask.

    Parameters
    ----------
    system : System
        Everything that is or may be published.
    primary : ndarray of bool, shape (n,), optional
        What must be masked besides the cells that are under their own requirement.
    budget : Budget, optional
        How much work to do.
    level : {"L0", "L1", "L2", "L3"}
        The attacker to resist.

    Returns
    -------
    Chosen
        A mask that `attack.audit` finds safe.

    Raises
    ------
    ProtectionInfeasible
        When what is shown whatever happens gives a cell away even with everything else masked.
    ConfidentialityError
        When the system contradicts itself.
    """
    budget = budget or Budget()
    first = primaries(system)
    if primary is not None:
        first |= primary & system.maskable
    cost = costs(system)
    hidden = first.copy()
    answers = []
    for problem in problems(system, aware=level != "L0", contributors=level in _CONTRIBUTORS):
        answer = _solve(problem, first[problem.cells], cost[problem.cells], budget)
        if answer is None:
            raise _infeasible(system, level)
        hidden[problem.cells] |= answer.hidden
        answers.append(answer)
    audit = attacked(system, hidden, level=level)
    kept = bool(audit.safe)
    if not kept:
        hidden, audit = _widened(system, hidden, audit, level)
    weight = float(system.weight[hidden & ~first].sum())
    optimal = kept and all(answer.optimal for answer in answers)
    return Chosen(
        hidden=hidden,
        primary=first,
        method="rien" if not hidden.any() else "coupes" if optimal else "flux",
        optimal=optimal,
        weight=weight,
        bound=weight if optimal else float(sum(answer.bound for answer in answers)),
        iterations=sum(answer.iterations for answer in answers),
        cuts=sum(answer.cuts for answer in answers),
        audit=audit,
    )


def primaries(system: System) -> Mask:
    """Return the cells that their own value puts under their requirement."""
    return system.maskable & (system.value < system.required)


def costs(system: System) -> Floats:
    """Return the weights, with so little more by rank that two masks never cost the same."""
    order = sorted(range(system.size), key=lambda at: canonical(system.keys[at]))
    rank = np.empty(system.size)
    rank[order] = np.arange(system.size)
    return np.asarray(np.maximum(system.weight, 0.0) + _RANK * rank / max(1, system.size), dtype=float)


def _solve(problem: Problem, primary: Mask, cost: Floats, budget: Budget) -> _Answer | None:
    """Return the best mask of a connected part; None when none is safe."""
    problem = replace(problem, weight=cost)
    proofs = Proofs(problem)
    safe, hopeless = mask_flows(proofs, primary)
    if hopeless:
        return None
    first = drop_needless(proofs, safe, primary, attempts=budget.attempts)
    answer = _with_cuts(proofs, Master(problem, primary, cost), first, budget)
    if answer.optimal:
        return answer
    best = exchanged(proofs, answer.hidden, primary, cost, programs=budget.exchanges)
    return replace(answer, hidden=best, optimal=_price(best, primary, cost) <= answer.bound + _SAME)


def _with_cuts(proofs: Proofs, master: Master, best: Mask, budget: Budget) -> _Answer:
    """Solve masters until one is safe, within the budget; keep the best mask met on the way."""
    problem, primary, cost = master.problem, master.primary, master.cost
    bound, number = 0.0, 0
    if budget.iterations and _price(best, primary, cost) > 0:
        master.start()
    while number < budget.iterations and _price(best, primary, cost) > bound + _SAME:
        number += 1
        tried, told, closed = master.solve(nodes=budget.nodes)
        bound = max(bound, told)
        if tried is None or _price(best, primary, cost) <= bound + _SAME:
            break
        failed = proofs.failing(tried, problem.requirements(tried))
        for requirement in failed:
            master.add(attacker_cut(problem, tried, requirement) or equation_cut(problem, tried))
        wider = tried
        if failed:
            wider, _ = mask_flows(proofs, tried)
            wider = drop_needless(proofs, wider, primary, attempts=budget.attempts)
        best = min(best, wider, key=lambda mask: _price(mask, primary, cost))
        if not failed:
            # The best of what the cuts allow, and it is safe: nothing safe costs less.
            bound = max(bound, _price(tried, primary, cost) if closed else 0.0)
            break
    return _Answer(best, bound, _price(best, primary, cost) <= bound + _SAME, number, len(master.cuts))


def _price(hidden: Mask, primary: Mask, cost: Floats) -> float:
    return float(cost[hidden & ~primary].sum())


def _widened(system: System, hidden: Mask, audit: Audit, level: Level) -> tuple[Mask, Audit]:
    """Mask the neighbours of what the attacker finds, until he finds nothing."""
    pattern = (system.matrix != 0).astype(np.int32)
    while True:
        bad = np.zeros(system.size, dtype=np.int32)
        bad[audit.cells[~audit.ok]] = 1
        beside = (pattern.T @ (pattern @ bad)) > 0
        more = hidden | (beside & system.maskable)
        if (more == hidden).all():
            more = system.maskable
        if (more == hidden).all():
            raise _infeasible(system, level)
        hidden, audit = more, attacked(system, more, level=level)
        if audit.safe:
            return hidden, audit


def _infeasible(system: System, level: Level) -> ProtectionInfeasible:
    """Look for the fewest forced cells that would have to be masked too."""
    exposed = np.zeros(system.size, dtype=bool)
    exposed[violations(system, system.maskable, level=level)] = True
    wider, freed = freeing(system)
    hidden, proved = system.maskable.copy(), True
    for problem in problems(wider, aware=level != "L0", contributors=level in _CONTRIBUTORS):
        answer = _solve(problem, system.maskable[problem.cells], problem.weight, Budget())
        if answer is None:
            return refusal(system, None, exposed, proved=True)
        hidden[problem.cells] |= answer.hidden
        proved &= answer.optimal
    return refusal(system, hidden & freed, exposed, proved=proved)
