"""One file looked at: what it says beside what the release gives, and what tells of persons or of the computer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from ctgeval.report.scan.cells import Coverage, compare
from ctgeval.report.scan.contents import Content
from ctgeval.report.scan.facts import Facts
from ctgeval.report.scan.figures import Secrets, told_masks, told_secrets
from ctgeval.report.scan.formats import read
from ctgeval.report.scan.hits import Hit, hidden
from ctgeval.report.scan.machine import Machine, traces
from ctgeval.report.scan.personal import personal

if TYPE_CHECKING:
    from ctgeval.confidentiality import Release

__all__ = ["Coverage", "Scanned", "document"]

INTERNAL = "interne"


@dataclass(frozen=True, slots=True)
class Scanned:
    """What was found in a file, and how much of its tables could be compared."""

    hits: tuple[Hit, ...]
    coverage: Coverage


def document(
    name: str,
    data: bytes,
    *,
    audience: str,
    release: Release | None = None,
    secrets: Secrets | None = None,
    persons: frozenset[str] = frozenset(),
    machine: Machine | None = None,
    about: tuple[str, ...] = (),
) -> Scanned:
    """Look at one file.

    Parameters
    ----------
    name : str
        Its name; the suffix says how it is read.
    data : bytes
        Its content.
    audience : str
        Whose it is: ``interne`` may read everything, and only what is nobody's to read is looked for.
    release : Release, optional
        What it was made from.
    secrets : Secrets, optional
        True values of the masked cells of that release; they stay in memory.
    persons : frozenset of str
        Names known to the dossier, see `ctgeval.followup.persons.known`.
    machine : Machine, optional
        This computer, see `here`.
    about : tuple of str
        What a file that has no room for it, as a CSV, holds: the caption of its table, then the headings above it.
    """
    content = read(PurePosixPath(name).suffix, data)
    if about:
        content.grids = [
            replace(grid, caption=grid.caption or about[0], headings=grid.headings or about[1:])
            for grid in content.grids
        ]
    facts = Facts.of(release) if release is not None and audience != INTERNAL else None
    hits = [Hit(name, "illisible", "", where) for where in content.unread]
    hits += _private(name, content, facts, audience=audience, persons=persons, machine=machine)
    coverage = Coverage()
    if facts is not None:
        found, coverage = compare(content.grids, facts)
        hits += [Hit(name, kind, where, what) for kind, where, what in found]
        for piece in content.pieces:
            if piece.prose:
                hits += [Hit(name, "masque", piece.where, what) for what in told_masks(piece.text, facts)]
                if secrets is not None:
                    hits += [
                        Hit(name, "secret", piece.where, what) for what in told_secrets(piece.text, secrets, facts)
                    ]
        if secrets is not None:
            cells = (cell for grid in content.grids for row in grid.rows for cell in row)
            hits += [
                Hit(name, "secret", "tableau", what) for cell in cells for what in told_secrets(cell, secrets, facts)
            ]
    return Scanned(tuple(dict.fromkeys(hits)), coverage)


def _private(
    name: str, content: Content, facts: Facts | None, *, audience: str, persons: frozenset[str], machine: Machine | None
) -> Iterator[Hit]:
    spared = facts.signed if facts is not None else ""
    seen: set[tuple[str, bool]] = set()
    for piece in content.pieces:
        if (piece.text, piece.properties) in seen:
            continue
        seen.add((piece.text, piece.properties))
        told = personal(piece.text, persons=persons, spared=spared, everybody=audience == INTERNAL)
        yield from (Hit(name, kind, piece.where, hidden(what)) for kind, what in told)
        if machine is not None:
            marks = traces(piece.text, machine, properties=piece.properties)
            yield from (Hit(name, kind, piece.where, hidden(what)) for kind, what in marks)
