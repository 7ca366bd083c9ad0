"""Which rows of a result table are masked, for all groups of readers at once, and the proof that it is enough.

1. Rows that break the rule are masked; a count that only such rows show is gone with them.
2. What is published is cut into blocks; each that holds something to protect is a system of equations, with what
   earlier releases and estimates tell.
3. The solver chooses, block by block, what else must be masked: a row goes when one of its counts does.
4. The attacker, who is not the solver, tries every block again: one in which he finds something is never released.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from ctgeval.confidentiality.attacker import Audit, Level, audit, violations
from ctgeval.confidentiality.equations import System, assemble
from ctgeval.confidentiality.forms import Form
from ctgeval.confidentiality.grounds import Grounds
from ctgeval.confidentiality.remembered import Memory, known_alone, remember
from ctgeval.confidentiality.result_blocks import Block, blocks
from ctgeval.confidentiality.result_cells import Held, counted, loose
from ctgeval.confidentiality.result_forms import Choices, Linked, linked
from ctgeval.confidentiality.row_counts import Key, contributions
from ctgeval.confidentiality.rules import Mask, Rule, primary
from ctgeval.confidentiality.suppression import Budget, Chosen, choose
from ctgeval.errors import ConfidentialityError, ProtectionInfeasible
from ctgeval.indicators.definition import Indicator

__all__ = ["Decision", "decide"]

_NAMED = 12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Decision:
    """What is masked, in the rows of all versions one after the other.

    Parameters
    ----------
    masked, primary : ndarray of bool, shape (rows,)
        Rows that are not shown; those of them that break the rule by themselves.
    system : System
        Every block that holds something to protect.
    hidden : ndarray of bool, shape (n,)
        What is masked in it.
    audit : Audit
        What the attacker still finds.
    kept : ndarray of bool, shape (rows,)
        Rows masked only because they were in an earlier release.
    revised : int
        Figures of earlier releases that the present data contradict.
    already : int
        Small counts that earlier releases give away by themselves.
    """

    masked: Mask
    primary: Mask
    system: System
    hidden: Mask
    audit: Audit
    kept: Mask
    revised: int
    already: int


def decide(
    versions: Sequence[pd.DataFrame],
    rule: Rule,
    *,
    grounds: Grounds,
    catalogue: Mapping[str, Indicator],
    earlier: Iterable[Any] = (),
    knowing: Iterable[Form] = (),
    forced: Collection[tuple[str, str, str]] = (),
    insiders: Sequence[pd.DataFrame] = (),
    budget: Budget | None = None,
    level: Level = "L3",
) -> Decision:
    """Choose the rows to mask in every version of a result table.

    Parameters
    ----------
    versions : sequence of DataFrame
        Result rows with their true counts, as each group of readers would get them.
    rule, grounds, catalogue, earlier, knowing, forced, insiders, level
        See `protection.protect`.
    budget : Budget, optional
        Of the solver.

    Raises
    ------
    ProtectionInfeasible, ConfidentialityError
        See `protection.protect`.
    """
    held = counted(versions, rule, grounds=grounds, catalogue=catalogue)
    by_key: dict[Key, list[int]] = {}
    for rank, cell in enumerate(held.cells):
        by_key.setdefault(cell.key, []).append(rank)
    sums = dict(held.sums)
    memory = remember(earlier, knowing, held.cells, by_key, sums=sums, grounds=grounds)
    breach = np.concatenate([primary(table, rule, catalogue=catalogue).any for table in versions])
    empty = np.concatenate([loose(table, catalogue) for table in versions])
    masked = (breach & ~empty) | held.withheld
    for cell in held.cells:
        if cell.small:
            masked[cell.rows] = True
    shown_keys = _forced_rows(versions, forced)
    _refuse_breaking(versions, shown_keys, masked)
    for rank in memory.stays:
        if held.cells[rank].value != 0:
            masked[held.cells[rank].rows] = True
    by_rule = breach & masked
    gone = {rank for rank, cell in enumerate(held.cells) if masked[cell.rows].all() and not cell.small} | memory.stays
    choices = Choices(
        gone=frozenset(gone),
        told=memory.told | {rank for rank, cell in enumerate(held.cells) if shown_keys.intersection(cell.rows)},
        complement=rule.complement,
        contributed=_contributed(insiders, by_key, grounds=grounds, catalogue=catalogue),
    )
    pairs = [(held.cells[part].key, held.cells[whole].key) for part, whole in held.shares]
    solver = _Solver(by_key, held, choices, memory, budget, level)
    cut = blocks(by_key, pairs, known=memory.known, sums=sums, grounds=grounds)
    solved = [one for one in map(solver.solve, cut) if one is not None]
    for one in solved:
        for rank, position in one.linked.position.items():
            if one.chosen.hidden[position]:
                masked[held.cells[rank].rows] = True
    kept = np.zeros(len(masked), dtype=bool)
    kept[[row for rank in memory.stays for row in held.cells[rank].rows if held.cells[rank].value != 0]] = True
    system, hidden = _together([(one.system, one.chosen.hidden) for one in solved])
    attacked = audit(system, hidden, level=level)
    if not attacked.safe:
        raise _unsafe(system, attacked)
    return Decision(
        masked=masked,
        primary=by_rule,
        system=system,
        hidden=hidden,
        audit=attacked,
        kept=kept & ~by_rule,
        revised=memory.revised + sum(one.linked.revised for one in solved),
        already=sum(one.already for one in solved),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Solved:
    linked: Linked
    system: System
    chosen: Chosen
    already: int


@dataclass(frozen=True, slots=True, eq=False)
class _Solver:
    """What a block is solved with."""

    by_key: Mapping[Key, Sequence[int]]
    held: Held
    choices: Choices
    memory: Memory
    budget: Budget | None
    level: Level

    def solve(self, block: Block) -> _Solved | None:
        """Choose what to mask in a block, and try to find it again; None when it holds nothing to protect."""
        found = linked(block, self.by_key, self.held, self.choices)
        if not found.asks:
            return None
        system = found.system
        shown_before = [rank for rank in found.position if rank in self.memory.told]
        lost: list[int] = []
        if shown_before or block.known:
            told = [found.position[rank] for rank in shown_before]
            lost = known_alone(system, list(found.position.values()), told, level=self.level)
            required = system.required.copy()
            required[lost] = np.nan
            system = replace(system, required=required)
        try:
            chosen = choose(system, budget=self.budget, level=self.level)
        except ProtectionInfeasible as error:
            releases = {str(form.told) for form in block.known} | {self.memory.releases[rank] for rank in shown_before}
            if not releases - {""}:
                raise
            raise _too_late(sorted(releases - {""}), error) from error
        if len(violations(system, chosen.hidden, level=self.level)):
            raise _unsafe(system, audit(system, chosen.hidden, level=self.level))
        before = [rank for rank in shown_before if self.held.cells[rank].small]
        return _Solved(found, system, chosen, len(lost) + len(before))


def _too_late(releases: Sequence[str], error: ProtectionInfeasible) -> ConfidentialityError:
    others = " et d’autres" if len(releases) > 1 else ""
    return ConfidentialityError(
        f"Ce bilan et la {releases[0]}{others}, lus ensemble, redonneraient ce qui doit rester secret, quoi que l’on "
        "masque.",
        key=error.problem.key,
        remedy="Gardez le périmètre de la version précédente, ou retirez l’indicateur de ce bilan.",
    )


def _contributed(
    insiders: Sequence[pd.DataFrame],
    by_key: Mapping[Key, Sequence[int]],
    *,
    grounds: Grounds,
    catalogue: Mapping[str, Indicator],
) -> dict[int, set[float]]:
    found: dict[int, set[float]] = {}
    for table in insiders:
        for key, own in contributions(table, grounds=grounds, catalogue=catalogue):
            for rank in by_key.get(key, ()):
                found.setdefault(rank, set()).add(own)
    return found


def _forced_rows(versions: Sequence[pd.DataFrame], forced: Collection[tuple[str, str, str]]) -> frozenset[int]:
    if not forced:
        return frozenset()
    wanted, start, found = set(forced), 0, set()
    for table in versions:
        found |= {start + row for row, key in enumerate(_row_keys(table)) if key in wanted}
        start += len(table)
    told = {key for table in versions for key in _row_keys(table)}
    missing = sorted(key for key in wanted if key not in told)
    if missing:
        raise ConfidentialityError(
            "Des lignes qui doivent être montrées ne sont pas dans le tableau.",
            value=_said(missing),
            remedy="Nommez chacune par son indicateur, son territoire et sa période.",
        )
    return frozenset(found)


def _refuse_breaking(versions: Sequence[pd.DataFrame], shown: frozenset[int], masked: Mask) -> None:
    """Refuse to show a row that the rule itself masks."""
    breaking = [row for row in sorted(shown) if masked[row]]
    if breaking:
        keys = [key for table in versions for key in _row_keys(table)]
        raise ProtectionInfeasible(
            "Des lignes qui doivent être montrées enfreignent la règle par elles-mêmes.",
            key=_said(sorted({keys[row] for row in breaking})),
            remedy="Ôtez-les de ce qui doit être montré.",
        )


def _row_keys(table: pd.DataFrame) -> Iterator[tuple[str, ...]]:
    return table[["indicator", "geo", "time_period"]].astype(str).itertuples(index=False, name=None)


def _said(keys: Sequence[tuple[str, ...]]) -> str:
    told = " ; ".join(", ".join(key) for key in keys[:_NAMED])
    return f"{told} …" if len(keys) > _NAMED else told


def _together(parts: Sequence[tuple[System, Mask]]) -> tuple[System, Mask]:
    """Put the systems of blocks side by side."""
    if not parts:
        return assemble({}, []), np.zeros(0, dtype=bool)
    systems = [system for system, _ in parts]
    arrays = ("right", "value", "floor", "ceiling", "shown_low", "shown_high", "least", "shown", "forced", "required",
              "weight", "integral")  # fmt: skip
    joined: dict[str, Any] = {name: np.concatenate([getattr(one, name) for one in systems]) for name in arrays}
    keys = [
        (*key, "bloc", number) if str(key[0]) == "form" else key
        for number, one in enumerate(systems)
        for key in one.keys
    ]
    matrix = sparse.block_diag([one.matrix for one in systems], format="csr")
    return System(keys=tuple(keys), matrix=matrix, **joined), np.concatenate([hidden for _, hidden in parts])


def _unsafe(system: System, found: Audit) -> ConfidentialityError:
    """Return the refusal; it names where, never a value."""
    places = [" ".join(str(part) for part in system.keys[cell][:3] if part) for cell in found.cells[~found.ok]]
    told = " ; ".join(dict.fromkeys(places[:_NAMED])) + (" …" if len(places) > _NAMED else "")
    return ConfidentialityError(
        "Version refusée avant d’être écrite : des chiffres publiés permettraient de retrouver un effectif trop petit.",
        key=told,
        remedy="C’est une erreur de ctgeval : signalez-la avec ce message, qui ne contient aucun chiffre.",
    )
