"""Options that every estimator takes: what means nothing is refused in French before anything is computed."""

from __future__ import annotations

import functools
import inspect
import math
import numbers
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import numpy as np

from ctgeval.errors import DesignError
from ctgeval.impact.panel import Panel

__all__ = ["guarded"]

P = ParamSpec("P")
R = TypeVar("R")


def guarded(estimator: Callable[P, R]) -> Callable[P, R]:
    """Check what an estimator is given under the names that all of them share, before it is called.

    Parameters
    ----------
    estimator : callable
        Its own signature says which of ``panel``, ``level``, ``seed``, ``draws``, ``allow_invalid`` and
        ``minimum_effect`` it takes.

    Returns
    -------
    callable
        Raises `DesignError` when ``panel`` is no `Panel`, or an option is not of its kind: the name, the value that
        was read and what to write.
    """
    shared = [(place, name) for place, name in enumerate(inspect.signature(estimator).parameters) if name in _CHECKS]

    @functools.wraps(estimator)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        for place, name in shared:
            if name in kwargs:
                _CHECKS[name](kwargs[name])
            elif place < len(args):
                _CHECKS[name](args[place])
        return estimator(*args, **kwargs)

    return checked


def _panel(value: Any) -> None:
    if not isinstance(value, Panel):
        raise DesignError(
            "Ce qui est donné n’est pas un panel.",
            value=type(value).__name__,
            remedy="Construisez-le avec impact.Panel.from_frame(tableau, unit=…, time=…, outcome=…, treated_from=…), "
            "ou dossier.panel(…).",
        )


def _number(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool) and math.isfinite(value)


def _level(value: Any) -> None:
    if not _number(value) or not 0.5 <= value < 1:
        raise DesignError(
            "Le niveau de confiance doit être un nombre entre 0 et 1, 0,5 au moins.",
            key="level",
            value=str(value),
            remedy="Donnez level=0.95 pour 95 %.",
        )


def _seed(value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value < 0:
        raise DesignError(
            "La graine des tirages doit être un nombre entier positif ou nul.",
            key="seed",
            value=str(value),
            remedy="Donnez seed=0, ou un autre entier : le même redonne les mêmes chiffres.",
        )


def _draws(value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value < 0:
        raise DesignError(
            "Le nombre de tirages doit être un nombre entier, positif ou nul.",
            key="draws",
            value=str(value),
            remedy="Donnez draws=999 ou davantage.",
        )


def _minimum_effect(value: Any) -> None:
    if value is not None and (not _number(value) or value <= 0):
        raise DesignError(
            "Le plus petit effet digne d’intérêt doit être un nombre au-dessus de zéro.",
            key="minimum_effect",
            value=str(value),
            remedy="Donnez-le dans l’unité de l’indicateur, par exemple minimum_effect=2.",
        )


def _allow_invalid(value: Any) -> None:
    # "non" is true in Python: a word would let an invalid test through.
    if not isinstance(value, bool | np.bool_):
        raise DesignError(
            "allow_invalid vaut True ou False.", key="allow_invalid", value=str(value), remedy="Retirez-le, ou True."
        )


_CHECKS: dict[str, Callable[[Any], None]] = {
    "panel": _panel,
    "level": _level,
    "seed": _seed,
    "draws": _draws,
    "minimum_effect": _minimum_effect,
    "allow_invalid": _allow_invalid,
}
