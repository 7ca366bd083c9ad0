"""ctgeval: evaluate a convention territoriale globale.

The public API, and nothing else. Each name is imported on its first use, so that ``import ctgeval`` costs nothing:

>>> import ctgeval
>>> dossier = ctgeval.open("data/demo")  # doctest: +SKIP
>>> ctgeval.build("data/demo", out="reports")  # doctest: +SKIP
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ctgeval import confidentiality, errors, impact, render, sources, territory
    from ctgeval.confidentiality import Release
    from ctgeval.dossier import Dossier
    from ctgeval.errors import CtgevalError, Problem
    from ctgeval.lookup import help  # noqa: A004 what it is, for who explores
    from ctgeval.render import open_page as page
    from ctgeval.report.build import BuildReport, build

    __version__: str
    open = Dossier.open

# Name -> module, and what to take in it; a module alone is itself the name's value.
_WHERE: dict[str, tuple[str, str]] = {
    "BuildReport": ("ctgeval.report.build", "BuildReport"),
    "CtgevalError": ("ctgeval.errors", "CtgevalError"),
    "Dossier": ("ctgeval.dossier", "Dossier"),
    "Problem": ("ctgeval.errors", "Problem"),
    "Release": ("ctgeval.confidentiality", "Release"),
    "build": ("ctgeval.report.build", "build"),
    "confidentiality": ("ctgeval.confidentiality", ""),
    "errors": ("ctgeval.errors", ""),
    "help": ("ctgeval.lookup", "help"),
    "impact": ("ctgeval.impact", ""),
    "open": ("ctgeval.dossier", "Dossier.open"),
    "page": ("ctgeval.render", "open_page"),
    "render": ("ctgeval.render", ""),
    "sources": ("ctgeval.sources", ""),
    "territory": ("ctgeval.territory", ""),
}

__all__ = [
    "BuildReport",
    "CtgevalError",
    "Dossier",
    "Problem",
    "Release",
    "__version__",
    "build",
    "confidentiality",
    "errors",
    "help",
    "impact",
    "open",
    "page",
    "render",
    "sources",
    "territory",
]


def __getattr__(name: str) -> object:
    if name == "__version__":
        from importlib.metadata import version

        value: object = version("ctgeval")
    elif name in _WHERE:
        module, path = _WHERE[name]
        value = importlib.import_module(module)
        for part in path.split(".") if path else ():
            value = getattr(value, part)
    else:
        raise AttributeError(f"module 'ctgeval' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
