"""Impact: what changed against what would have been expected, and what may be concluded from it.

Each name is imported on its first use: an estimator is one file, and importing all of them takes longer than running
one.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ctgeval.impact.panel import Panel
    from ctgeval.impact.result import Check, ImpactResult, Interval

# Name -> module that holds it.
_WHERE: dict[str, str] = {
    "Check": "result",
    "ImpactResult": "result",
    "Interval": "result",
    "Panel": "panel",
}

__all__ = ["Check", "ImpactResult", "Interval", "Panel"]


def __getattr__(name: str) -> object:
    if name not in _WHERE:
        raise AttributeError(f"module 'ctgeval.impact' has no attribute {name!r}")
    value: object = getattr(importlib.import_module(f"ctgeval.impact.{_WHERE[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
