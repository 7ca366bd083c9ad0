"""What stands around the content in several forms of a bilan: its title, its state, its letters, its templates."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ctgeval import french

__all__ = ["asset", "filled", "fonts", "heading", "safe", "title"]

_FONTS = ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSans-BoldOblique", "DejaVuSansMono")


@lru_cache(maxsize=1)
def fonts() -> Mapping[str, Path]:
    """Return the files of the letters that every machine has, since they come with matplotlib.

    With those of the system, the same bilan would not be the same bytes on two machines, nor be readable on one that
    has none.
    """
    # Its place alone: importing matplotlib takes longer than making some of the files.
    found = find_spec("matplotlib")
    folder = Path((found and found.origin) or "").parent / "mpl-data" / "fonts" / "ttf"
    return {name: folder / f"{name}.ttf" for name in _FONTS}


def title(context: Mapping[str, Any]) -> str:
    """Return the title of the file, as its window or its properties show it."""
    parts = (context["titre"], context["nom"], french.period(context["job"].periode), context["mention"])
    return " – ".join(french.typography(str(part)) for part in parts if part)


def heading(context: Mapping[str, Any]) -> str:
    """Return what each page says of its state: the version, and that its data are fictional when they are."""
    return " – ".join(french.typography(str(part)) for part in (context["version"], context["mention"]) if part)


def asset(name: str) -> str:
    """Return a style sheet of this package."""
    return (files("ctgeval.report.formats") / "templates" / name).read_text(encoding="utf-8")


def safe(markup: str) -> Markup:
    """Return what this package has written as markup, for a template to take it as it is."""
    return Markup(markup)  # noqa: S704 ours: the texts that it holds are escaped


@lru_cache(maxsize=1)
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("ctgeval.report.formats"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    made.filters.update(jour=french.date, periode=french.period, typographie=french.typography)
    return made


def filled(template: str, context: Mapping[str, Any]) -> str:
    """Return a template of this package filled with what a bilan says.

    Parameters
    ----------
    template : str
        Its file name.
    context : mapping
        See `Document`; texts are escaped, markup goes as it is.
    """
    return _environment().get_template(template).render(context)
