"""Stage 7: sections, figures and tables of a bilan; draws what a release holds and computes nothing of its own.

Names are loaded when they are first used: the words of the bilans need no drawing library.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ctgeval.render.authored import drawing, figure, table
    from ctgeval.render.fragment import Fragment
    from ctgeval.render.page import Page, open_page

__all__ = ["Fragment", "Page", "drawing", "figure", "open_page", "table"]

_HOMES = {
    "Fragment": "ctgeval.render.fragment",
    "Page": "ctgeval.render.page",
    "drawing": "ctgeval.render.authored",
    "figure": "ctgeval.render.authored",
    "open_page": "ctgeval.render.page",
    "table": "ctgeval.render.authored",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(_HOMES[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
