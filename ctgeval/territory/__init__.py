"""Territories: codes, names, members, and one perimeter for figures of several years.

Names are loaded when they are first used, so that importing the package stays light.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ctgeval.territory import codes, comparators, contours, crosswalk, grounds, perimeter, reference
    from ctgeval.territory.comparators import Comparators, nearest
    from ctgeval.territory.crosswalk import Harmonised, harmonise
    from ctgeval.territory.perimeter import exists, members, name, near, parents
    from ctgeval.territory.reference import Reference

__all__ = [
    "Comparators",
    "Harmonised",
    "Reference",
    "codes",
    "comparators",
    "contours",
    "crosswalk",
    "exists",
    "grounds",
    "harmonise",
    "members",
    "name",
    "near",
    "nearest",
    "parents",
    "perimeter",
    "reference",
]

_HOMES = {
    "Comparators": "comparators",
    "Harmonised": "crosswalk",
    "Reference": "reference",
    "exists": "perimeter",
    "harmonise": "crosswalk",
    "members": "perimeter",
    "name": "perimeter",
    "near": "perimeter",
    "nearest": "comparators",
    "parents": "perimeter",
}


def __getattr__(attribute: str) -> Any:
    if attribute not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {attribute!r}")
    home = import_module(f"{__name__}.{_HOMES.get(attribute, attribute)}")
    return getattr(home, attribute) if attribute in _HOMES else home


def __dir__() -> list[str]:
    return sorted(__all__)
