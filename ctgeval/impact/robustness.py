"""What sensitivity analyses and tests of parallel trends say, in French, from their dictionaries."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ctgeval import french
from ctgeval.impact.quantities import Scale, number_of

__all__ = ["pre_trends_text", "sensitivity_rows", "sensitivity_text"]


def sensitivity_text(values: Mapping[str, Any]) -> str:
    """Say how much evolutions could have diverged before the conclusion changes.

    Parameters
    ----------
    values : mapping
        Made by ``Sensitivity.to_dict``.
    """
    said = _bounds(values) if values["valid"] else _no_bounds(values)
    return french.typography(" ".join([*said, *values["limits"]]))


def _bounds(values: Mapping[str, Any]) -> list[str]:
    original, breakdown = values["original"], number_of(values["breakdown"])
    low, high = number_of(original["low"]), number_of(original["high"])
    scale = _scale(values["unit"], (high - low) / 2)
    relative = values["method"] == "relative"
    said = [f"Si les évolutions étaient restées parallèles, {_effect(values)} serait {_span(scale, low, high)}."]
    for row in values["table"]:
        below, above = number_of(row["low"]), number_of(row["high"])
        if math.isnan(below):
            continue
        value = number_of(row["value"])
        if relative:
            times = _times(value)
            cause = f"Si elles divergeaient, d’une période à l’autre, jusqu’à {times} la plus forte divergence d’avant"
        else:
            cause = f"Si la pente de leur divergence changeait au plus de {scale.finer(1).amount(value)} par période"
        said.append(f"{cause}, il serait {_span(scale, below, above)}.")
    said.append(_breakdown(breakdown, scale, relative=relative))
    return [sentence for sentence in said if sentence]


def sensitivity_rows(values: Mapping[str, Any]) -> tuple[str, list[str], list[list[str]]]:
    """Return the caption, the titles of the columns and the rows of the table of a sensitivity, all written.

    Parameters
    ----------
    values : mapping
        Made by ``Sensitivity.to_dict``.
    """
    ends = [[number_of(row[name]) for name in ("value", "low", "high")] for row in values["table"]]
    scale = _scale(values["unit"], max((high - low for _, low, high in ends if high > low), default=1.0) / 2)
    relative = values["method"] == "relative"
    written = scale.written.replace("EUR", "euros")
    unit = f", en {written}" if written else ""
    first = "Divergence tolérée, rapportée à la plus forte d’avant" if relative else f"Changement de pente toléré{unit}"
    rows = [
        [
            _times(value) if relative else french.number(value, scale.finer(1).digits),
            *(french.number(end, scale.digits, sign=True) for end in (low, high)),
        ]
        for value, low, high in ends
    ]
    return "L’écart, selon ce que l’on tolère", [first, f"Au moins{unit}", f"Au plus{unit}"], rows


def _effect(values: Mapping[str, Any]) -> str:
    weights = [number_of(weight) for weight in values["target"]]
    if len(weights) == 1:
        return "l’écart"
    if weights[0] == 1 and not any(weights[1:]):
        return "l’écart de la première période"
    return "l’écart moyen" if len(set(weights)) == 1 and abs(sum(weights) - 1) < 1e-9 else "cette combinaison d’écarts"


def _breakdown(value: float, scale: Scale, *, relative: bool) -> str:
    if math.isnan(value):
        return ""
    if math.isinf(value):
        return "Aucune divergence essayée ne rend l’écart compatible avec zéro."
    # Rounded down: what is written is never more than what holds.
    if relative:
        told = _times(math.floor(value * 10) / 10)
        return (
            f"L’écart se distingue de zéro tant que cette divergence ne dépasse pas {told} la plus forte divergence "
            "observée avant l’action."
        )
    fine = scale.finer(2)
    power = 10.0**fine.decimals
    return (
        "L’écart se distingue de zéro tant que cette pente ne change pas de plus de "
        f"{fine.amount(math.floor(value * power) / power)} par période."
    )


def _no_bounds(values: Mapping[str, Any]) -> list[str]:
    slope = number_of(values["detectable_slope"])
    said = ["La sensibilité de cet écart à des évolutions divergentes ne peut pas être calculée."]
    if math.isfinite(slope):
        said.append(
            f"Une dérive de {_scale(values['unit'], slope).amount(slope)} par période, avant l’action, aurait été "
            "visible quatre fois sur cinq parmi celles des comparateurs ; une dérive plus faible a pu passer inaperçue."
        )
    return said


def pre_trends_text(values: Mapping[str, Any]) -> str:
    """Say whether evolutions were parallel before the action, and which drift would have been missed.

    Parameters
    ----------
    values : mapping
        Made by ``PreTrends.to_dict``.
    """
    p_value = number_of(values["p_value"])
    said = []
    if math.isfinite(p_value):
        rare = p_value < 1 - number_of(values["level"])
        figure = "p < 0,001" if p_value < 0.001 else f"p = {french.number(p_value, 3)}"
        said.append(
            f"Avant l’action, les évolutions n’étaient pas parallèles ({figure})."
            if rare
            else f"Avant l’action, rien n’indique que les évolutions n’étaient pas parallèles ({figure})."
        )
    else:
        said.append("Le parallélisme des évolutions avant l’action ne peut pas être testé.")
    half, most = number_of(values["detectable_slope_50"]), number_of(values["detectable_slope_80"])
    if math.isfinite(half) and math.isfinite(most):
        scale = _scale(values["unit"], half)
        said.append(
            f"Une dérive de {scale.amount(half)} par période n’aurait été vue qu’une fois sur deux ; il en faut "
            f"{scale.amount(most)} pour être vue quatre fois sur cinq."
        )
    worst = [row for row in values["conditional_bias"] if row["power"] == 0.5]
    if worst:
        last = worst[-1]
        bias = number_of(last["conditional_bias"])
        said.append(
            "Passée inaperçue, cette première dérive fausserait en moyenne de "
            f"{_scale(values['unit'], abs(bias)).amount(abs(bias))} l’écart de la dernière période."
        )
    return french.typography(" ".join([*said, *values["limits"]]))


def _scale(unit: str, size: float) -> Scale:
    """Two digits of a half-width or of a slope."""
    return Scale(unit, min(1 - math.floor(math.log10(size)), 6) if size > 0 else 1)


def _span(scale: Scale, low: float, high: float) -> str:
    return f"compris dans l’intervalle {scale.span(low, high)}"


def _times(value: float) -> str:
    return f"{french.number(value, 1 if value != int(value) else 0)} fois"
