"""What was set aside in the tables that the coordinator keeps, as each reader is told of it.

A bilan that leaves rows out says so at the top of the section where they would have been. Outside the team it is told
how many and of what, never where nor with which value.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pandas as pd

from ctgeval import french
from ctgeval.confidentiality.released import TABLES
from ctgeval.errors import Problem
from ctgeval.followup import recommendations
from ctgeval.followup.topic import Reader, Topic
from ctgeval.programme import evaluation, plan_checks, rules
from ctgeval.render import wording
from ctgeval.surveys import declaration

if TYPE_CHECKING:
    from ctgeval.dossier import Dossier
    from ctgeval.sources.workbook import Table

__all__ = ["TOPIC", "counts"]

SECTIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "actions": ("actions",),
        "fiches": ("actions",),
        "jalons": ("actions",),
        "liens": ("actions",),
        "budget": ("budget",),
        "partenaires": ("partenariat",),
        "instances": ("partenariat", "ateliers"),
        "contributions": ("ateliers",),
        "participation": ("participation",),
        "propositions": ("participation",),
        "communication": ("communication",),
        "evenements": ("evenement",),
        "journal": ("journal",),
        "recommandations": ("recommandations",),
        "jugements": ("qualitatif",),
    }
)
"""Sections of a bilan that each table feeds."""
_FILES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        evaluation.FILE_NAME: ("questions", "evaluation"),
        rules.FILE_NAME: ("regles", "recommandations"),
        declaration.FILE_NAME: ("enquetes", "enquetes"),
    }
)
_MOST_PLACES = 5


def counts(dossier: Dossier) -> dict[str, int]:
    """Return how many rows and entries of each file were set aside; a whole table counts for what it holds."""
    found: Counter[str] = Counter()
    for table in _set_aside(dossier):
        file = table.file or next(problem.file for problem in table.problems if problem.severity == "partiel")
        found[file] += max(table.n_set_aside, 1)
    found.update(file for file, _ in {(problem.file, _entry(problem)) for problem in _entries(dossier)})
    return dict(sorted(found.items()))


def _set_aside(dossier: Dossier) -> Iterator[Table]:
    for name in SECTIONS:
        table = dossier.tables[name]
        if any(problem.severity == "partiel" for problem in table.problems):
            yield table


def _entries(dossier: Dossier) -> list[Problem]:
    told = (
        dossier.evaluation.problems,
        recommendations.declared(dossier).problems,
        dossier.surveys.problems,
        dossier.own_indicators.problems,
    )
    return [problem for problems in told for problem in problems if problem.severity == "partiel"]


def _entry(problem: Problem) -> str:
    """Return which entry of a declaration is left out: one that is wrong in several ways is one."""
    return problem.key.partition(".")[0]


def _tables(dossier: Dossier, reader: Reader) -> Mapping[str, pd.DataFrame]:
    rows: list[dict[str, Any]] = []
    for table in _set_aside(dossier):
        found = [problem for problem in table.problems if problem.severity == "partiel"]
        count = 0 if table.unread else table.n_set_aside
        rows += [
            _row(section, table.name, count, found, reader) for section in SECTIONS[table.name] if count or table.unread
        ]
    entries = _entries(dossier)
    for file, (name, section) in _FILES.items():
        found = [problem for problem in entries if problem.file == file]
        if found:
            count = 0 if any(not one.key for one in found) else len({_entry(one) for one in found})
            rows.append(_row(section, name, count, found, reader))
    plan = dossier.tables["actions"]
    for row in plan_checks.doubtful(plan.frame, plan.problems).to_dict("records"):
        sentence = wording.say(f"doute_{row['kind']}", {"un": row["first"], "autre": row["second"]}, table="ecartees")
        place = "" if not reader.internal else f"{row['id']} : {row['place']}"
        rows.append({"section": "actions", "table": "actions", "n": 0, "sentence": sentence, "place": place})
    return {"set_aside": pd.DataFrame(rows, columns=list(TABLES["set_aside"]))}


def _row(section: str, name: str, count: int, found: list[Problem], reader: Reader) -> dict[str, Any]:
    """Return what a section says of a table that lost some rows, or of one that could not be read at all."""
    words = wording.catalogue()["ecartees"]
    if count:
        one, several = words[f"{name}_une"], words[f"{name}_plusieurs"]
        sentence = french.typography(f"{french.plural(count, one, several)}.")
    else:
        sentence = wording.say(f"{name}_rien", table="ecartees")
    place = _places(found) if reader.internal else ""
    return {"section": section, "table": name, "n": count, "sentence": sentence, "place": place}


def _places(found: Iterable[Problem]) -> str:
    """Return where some problems are, file by file: the first lines only, the check gives them all."""
    rows: dict[str, set[int]] = {}
    keys: dict[str, list[str]] = {}
    for problem in found:
        where = problem.sheet or problem.file
        rows.setdefault(where, set()).update([] if problem.row is None else [problem.row])
        keys.setdefault(where, []).extend([problem.key] if problem.key else [])
    return " ; ".join(f"{where}{_listed(sorted(rows[where]), keys[where])}" for where in rows)


def _listed(rows: list[int], keys: list[str]) -> str:
    told = [str(row) for row in rows] or [f"« {key} »" for key in dict.fromkeys(keys)]
    if not told:
        return ""
    shown = told[:_MOST_PLACES] if len(told) <= _MOST_PLACES else [*told[:_MOST_PLACES], "d’autres"]
    kind = ("ligne", "lignes") if rows else ("clé", "clés")
    return f", {kind[len(told) > 1]} {french.enumeration(shown)}"


TOPIC = Topic(tables=_tables)
