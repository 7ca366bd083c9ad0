"""Check what partners are asked for (``[source.gabarit]``): measures that exist, sheets that a workbook can hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from ctgeval import measures
from ctgeval.config.checks import Context
from ctgeval.config.toml import Key
from ctgeval.errors import CtgevalError, Problem, near
from ctgeval.sources.partner_form import sheet_fault

if TYPE_CHECKING:
    from ctgeval.measures import Measure

__all__ = ["problems"]


def problems(context: Context) -> list[Problem]:
    """Return every problem of what partners are asked for."""
    asked = [rank for rank, _ in context.blocks("source") if context.table("source", rank, "gabarit")]
    known = _known(context) if asked else {}
    return [problem for rank in asked for problem in (*_measures(context, rank, known), *_sheets(context, rank))]


def _known(context: Context) -> Mapping[str, Measure]:
    own = context.folder / measures.FILE_NAME
    try:
        return measures.load(own) if own.is_file() else measures.load()
    except CtgevalError:
        # The file of measures is told for itself: none can be said to be unknown.
        return {}


def _measures(context: Context, rank: int, known: Mapping[str, Measure]) -> Iterator[Problem]:
    start: Key = ("source", rank, "gabarit")
    lists = [(*start, "mesures"), *((*start, "feuilles", name) for name in context.table(*start, "feuilles"))]
    for one in lists:
        for key, name in context.texts(*one):
            if known and name not in known:
                close = near(name, known)
                yield context.problem(
                    key,
                    f"La mesure « {name} » n’existe pas dans le catalogue : le partenaire ne peut pas la compter.",
                    f"Vouliez-vous dire « {close[0]} » ?" if close else "Décrivez-la dans mesures.toml, ou retirez-la.",
                    value=name,
                )


def _sheets(context: Context, rank: int) -> Iterator[Problem]:
    start: Key = ("source", rank, "gabarit", "feuilles")
    seen: dict[str, str] = {}
    for name in context.table(*start):
        before = seen.setdefault(name.lower(), name)
        fault = sheet_fault(name) or (f"ne diffère que par la casse de « {before} »" if before != name else "")
        if fault:
            yield context.problem(
                (*start, name),
                f"Le nom de feuille « {name} » {fault} : aucun tableur ne l’accepte.",
                "Choisissez un nom court, de lettres et de chiffres.",
                value=name,
            )
