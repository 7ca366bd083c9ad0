"""The handover as a file: one accessible page that needs nothing else, or Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from ctgeval import french

if TYPE_CHECKING:
    from ctgeval.programme.handover_parts import Grid, Handover, Part

__all__ = ["html", "markdown"]


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("ctgeval.render", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["typography"] = french.typography
    return environment.get_template("passation.html.j2")


def html(found: Handover) -> str:
    """Return a handover as one page of HTML, without script, network nor other file."""
    page = _template().render(found=found, day=french.date(found.day))
    return re.sub(r"\n\s*\n+", "\n", page).lstrip()


def markdown(found: Handover) -> str:
    """Return a handover as Markdown."""
    lines = [f"# {_plain(found.title)}", "", f"État du dossier au {french.date(found.day)}.", ""]
    for mention in found.mentions:
        lines += [f"> **{_plain(mention)}**", ""]
    for part in found.parts:
        lines += _part(part, 2)
    return "\n".join(lines).rstrip() + "\n"


def _part(part: Part, level: int) -> Iterator[str]:
    yield from (f"{'#' * level} {_plain(part.title)}", "")
    for sentence in part.sentences:
        yield from (_plain(sentence), "")
    if part.items:
        yield from (f"- {_plain(item)}" for item in part.items)
        yield ""
    if part.grid is not None:
        yield from _grid(part.grid)
    for smaller in part.parts:
        yield from _part(smaller, level + 1)


def _grid(grid: Grid) -> Iterator[str]:
    yield from (f"{_plain(grid.caption)} :", "")
    yield _line(grid.columns)
    yield _line(("---",) * len(grid.columns))
    yield from (_line(row) for row in grid.rows)
    yield ""


def _line(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cell if cell == "---" else _plain(cell).replace("|", "\\|") for cell in cells) + " |"


def _plain(text: str) -> str:
    """Return a text on one line, that Markdown does not take for anything else."""
    told = " ".join(french.typography(text).split(" ")).replace("\n", " ")
    return re.sub(r"([\\`*_<>\[\]#])", r"\\\1", told)
