"""Lay out problems for a person: grouped by file, each with its place, its value and its remedy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ctgeval.cli import output
from ctgeval.cli.messages import say
from ctgeval.errors import Problem


def by_file(found: Sequence[Problem]) -> Iterator[str]:
    """Give the lines that tell problems, file by file, in the order they come."""
    for file in dict.fromkeys(problem.file for problem in found):
        yield file or say("verifier.dossier")
        for problem in found:
            if problem.file == file:
                yield from _lines(problem)
        yield ""


def _lines(problem: Problem) -> Iterator[str]:
    yield output.wrapped(problem.message, first="  - ", indent="    ")
    where = _where(problem)
    if where:
        yield output.wrapped(where, indent="    ")
    if problem.remedy:
        yield output.wrapped(say("error.remedy", remedy=problem.remedy), first="    ", indent="      ")


def _where(problem: Problem) -> str:
    parts: dict[str, object] = {
        "sheet": problem.sheet,
        "row": problem.row,
        "column": problem.column,
        "key": problem.key,
        "value": problem.value,
    }
    return ", ".join(say(f"verifier.{name}", **{name: part}) for name, part in parts.items() if part)
