"""Show the bilans as they are built: a bar on a terminal, plain lines elsewhere, nothing with ``--json``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ctgeval.cli import output
from ctgeval.cli.messages import as_json, say

if TYPE_CHECKING:
    from ctgeval.report.build import Entry

Told = Callable[[int, int, "Entry"], None]


@contextmanager
def shown() -> Iterator[Told | None]:
    """Give the function to call after each bilan: how many are done, how many there are, which one."""
    if as_json():
        yield None
    elif sys.stderr.isatty():
        with _bar() as told:
            yield told
    else:
        yield _line


def _line(done: int, total: int, entry: Entry) -> None:
    output.error(f"[{done}/{total}] {_sentence(entry)}")
    for line in _details(entry):
        output.error(line)


@contextmanager
def _bar() -> Iterator[Told]:
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(say("construire.running"), total=None)

        def told(done: int, total: int, entry: Entry) -> None:
            bar.update(task, completed=done, total=total)
            for line in (_sentence(entry), *_details(entry)):
                bar.console.print(escape(line), highlight=False)

        yield told


def _sentence(entry: Entry) -> str:
    seconds = f" ({entry.seconds:.1f} s)" if entry.status == "fait" else ""
    names = f"{entry.audience}, {entry.bilan}, {entry.territoire}, {entry.periode}"
    return f"{say(f'construire.{entry.status}')} : {names}{seconds}"


def _details(entry: Entry) -> list[str]:
    lines = [output.wrapped(line, indent="    ") for line in entry.message.splitlines()]
    if entry.partial is not None:
        lines.append("    " + say("construire.partial", path=entry.partial))
    return lines
