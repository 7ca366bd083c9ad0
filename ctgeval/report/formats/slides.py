"""A bilan as slides for a COPIL: one page without script, that the keyboard turns, whose notes are shown or printed."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree.ElementTree import Element

from markupsafe import Markup

from ctgeval.report import html
from ctgeval.report.formats import content, shell, storyboard
from ctgeval.report.formats.document import Document, Produced

__all__ = ["made"]

_HEADING = re.compile(r"h([3-6])")


def made(document: Document) -> Produced:
    """Return a bilan as slides: a title, the sections, and what the foot of the page tells.

    Each slide shows the message of its section, its key figures, its figures or its tables, cut where a screen ends;
    the prose, the limits and the values are in its notes. Nothing of the page is left out.

    Parameters
    ----------
    document : Document

    Raises
    ------
    ReportError
        See `content.tree`.
    """
    root = content.reading(content.tree(document))
    told = storyboard.slides(root)
    opening = [slide for slide in told if not slide.anchor]
    if any(storyboard.is_visual(block) for slide in opening for block in slide.shown):
        # A bilan without sections has slides all the same.
        opening, sections = [], [replace(slide, title=slide.title or document.context["titre"]) for slide in told]
    else:
        sections = told[len(opening) :]
    style = f"{html.stylesheet()}{shell.asset('slides.css')}{document.rules}"
    shown = {
        "intitule": shell.title(document.context),
        "entete": shell.heading(document.context),
        "style": shell.safe(style),
        "politique": html.policy(style),
        "ouverture": _notes([block for slide in opening for block in (*slide.shown, *slide.notes)], 1),
        "diapositives": [_told(slide, rank) for rank, slide in enumerate(sections, start=3)],
        "total": len(sections) + 3,
    }
    page = shell.filled("slides.html.j2", {**document.context, **shown})
    return Produced(name=f"{document.name}-diapositives.html", data=page.encode())


def _told(slide: storyboard.Slide, rank: int) -> dict[str, object]:
    level = _settle(slide.shown, 2)
    return {
        "rang": rank,
        "ancre": slide.anchor if slide.rank == 1 else "",
        "titre": slide.title,
        "suite": f"{slide.rank} sur {slide.count}" if slide.count > 1 else "",
        "contenu": _markup(slide.shown),
        "notes": _notes(slide.notes, level),
    }


def _notes(blocks: list[Element], level: int) -> Markup:
    _settle(blocks, level)
    return _markup(blocks)


def _settle(blocks: list[Element], level: int) -> int:
    """Give to each heading a level that follows the one before it; return the last."""
    for block in blocks:
        for one in block.iter():
            found = _HEADING.fullmatch(one.tag)
            if found:
                level = min(int(found.group(1)), level + 1)
                one.tag = f"h{level}"
    return level


def _markup(blocks: list[Element]) -> Markup:
    return Markup("\n").join(content.markup(_held(block)) for block in blocks)


def _held(block: Element) -> Element:
    """Return a block in what the style of the page wants around it: a table is laid out by the room that it has."""
    if block.tag != "table":
        return block
    around = Element("div", {"class": "tableau"})
    around.append(block)
    return around
