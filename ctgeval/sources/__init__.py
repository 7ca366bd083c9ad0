"""Producers' files, read into observations: rows in = rows out + rows rejected.

Names are loaded when they are first used: to know how formats are called, none of their readers is needed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ctgeval.sources.registry import formats, read
    from ctgeval.sources.table import REJECTED_COLUMNS, Format, Options, SourceTable, is_harmless

__all__ = ["REJECTED_COLUMNS", "Format", "Options", "SourceTable", "formats", "is_harmless", "read"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = "registry" if name in {"formats", "read"} else "table"
    found = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
