"""How long a notebook and each of its cells may last, and how much memory it may take: asked, declared or usual."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ctgeval import french
from ctgeval.errors import ParameterError, suggestion

__all__ = ["KEY", "LEAST_MEMORY", "MEMORY", "Asked", "Limits", "asked", "declared", "memory", "of", "written"]

KEY = "limites"
LEAST_MEMORY = 500_000_000
"""Bytes: less than what Python, pandas and matplotlib take before the first cell would stop every notebook."""
MEMORY = 4 * 10**9
"""Bytes that a notebook may occupy when nobody says."""
_WHERE = f"metadata.ctgeval.{KEY}"
_SIZE = re.compile(r"(\d{1,6}(?:[.,]\d{1,3})?)[ \u00a0\u202f]?(Mo|Go)", re.IGNORECASE | re.ASCII)
_UNITS = {"mo": 10**6, "go": 10**9}
_LONGEST = 7 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What one notebook may take.

    Parameters
    ----------
    whole : float
        Seconds for the whole notebook.
    cell : float
        Seconds for each cell.
    memory : int
        Bytes that its process may occupy in memory, with those that it may have started.
    """

    whole: float = 900.0
    cell: float = 900.0
    memory: int = MEMORY


Asked = Mapping[str, float | int]
"""What is asked for all notebooks, by the names of `Limits`."""


def asked(*, whole: float | None = None, cell: float | None = None, memory: str | None = None) -> Asked:
    """Return what is asked for all the notebooks of a build, checked.

    Parameters
    ----------
    whole, cell : float, optional
        Seconds, see `Limits`.
    memory : str, optional
        As in ``2 Go``.

    Raises
    ------
    ParameterError
        When one is not a duration or a size that can be kept.
    """
    told = {"whole": whole, "cell": cell, "memory": memory}
    return {name: _READ[name](value) for name, value in told.items() if value is not None}


def of(notebook: Path, asked: Asked) -> Limits:
    """Return the limits of a notebook: what is asked comes before what it declares, and that before what is usual.

    Parameters
    ----------
    notebook : Path
        Its ``metadata.ctgeval.limites`` may hold ``duree`` and ``duree_cellule``, in seconds, and ``memoire``, as in
        ``"2 Go"``.
    asked : mapping
        See `asked`.

    Raises
    ------
    ParameterError
        When a limit is unknown, or is not a duration or a size that can be kept.
    """
    try:
        metadata = json.loads(notebook.read_text(encoding="utf-8")).get("metadata", {})
    except (OSError, ValueError, AttributeError):
        # What can't be read is told by what runs it.
        metadata = {}
    found = Limits(**{**declared(metadata, notebook=notebook.name), **asked})
    return Limits(whole=found.whole, cell=min(found.cell, found.whole), memory=found.memory)


def declared(metadata: Mapping[str, Any], *, notebook: str = "") -> dict[str, Any]:
    """Return what a notebook declares of its limits, by the names of `Limits`.

    Parameters
    ----------
    metadata : mapping
        Of the notebook.
    notebook : str
        Its name, for messages.

    Raises
    ------
    ParameterError
        See `of`.
    """
    ours = metadata.get("ctgeval", {}) if isinstance(metadata, Mapping) else {}
    told = ours.get(KEY, {}) if isinstance(ours, Mapping) else {}
    if not isinstance(told, Mapping):
        raise ParameterError(
            "Les limites du carnet ne se lisent pas.",
            file=notebook,
            key=_WHERE,
            remedy='Écrivez-les ainsi : {"duree": 600, "duree_cellule": 60, "memoire": "2 Go"}.',
        )
    return dict(_read(name, told[name], notebook) for name in sorted(told))


def _read(name: str, value: object, notebook: str) -> tuple[str, float | int]:
    if name not in _NAMES:
        raise ParameterError(
            "Cette limite n’existe pas.",
            file=notebook,
            key=f"{_WHERE}.{name[:80]}",
            remedy=suggestion(name, _NAMES) or f"Limites possibles : {', '.join(_NAMES)}.",
        )
    try:
        return _NAMES[name], _READ[_NAMES[name]](value)
    except ParameterError as error:
        told = error.problem
        raise ParameterError(
            told.message, file=notebook, key=f"{_WHERE}.{name}", value=told.value, remedy=told.remedy
        ) from None


def memory(text: object) -> int:
    """Read a size of memory: ``2 Go``, ``1,5 Go``, ``800 Mo``.

    Parameters
    ----------
    text : object
        What was written.

    Returns
    -------
    int
        Bytes.

    Raises
    ------
    ParameterError
        When it is not a size, or is too small to run any notebook.
    """
    found = _SIZE.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None:
        raise ParameterError(
            "La mémoire accordée ne se lit pas.", value=repr(text)[:80], remedy="Écrivez par exemple « 2 Go »."
        )
    size = round(float(found[1].replace(",", ".")) * _UNITS[found[2].lower()])
    if size < LEAST_MEMORY:
        raise ParameterError(
            "La mémoire accordée est trop petite pour un carnet.",
            value=written(size),
            remedy=f"Accordez au moins {written(LEAST_MEMORY)}.",
        )
    return size


def _duration(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ParameterError(
            "Une durée s’écrit en secondes.", value=repr(value)[:80], remedy="Écrivez par exemple 600."
        )
    if not (math.isfinite(value) and 0 < value <= _LONGEST):
        raise ParameterError(
            "Une durée accordée à un carnet est d’au plus une semaine, et plus longue que zéro.",
            value=str(value)[:80],
            remedy="Écrivez-la en secondes, par exemple 600.",
        )
    return float(value)


def written(size: int) -> str:
    """Write a size of memory, as `memory` reads it.

    Parameters
    ----------
    size : int
        Bytes.
    """
    unit, name = (10**9, "Go") if size >= 10**9 else (10**6, "Mo")
    return french.quantity(size / unit, name, 0 if size % unit == 0 else 1)


_NAMES = {"duree": "whole", "duree_cellule": "cell", "memoire": "memory"}
_READ: dict[str, Callable[[object], float | int]] = {"whole": _duration, "cell": _duration, "memory": memory}
