"""Qualitative indicators: a dated judgement on a scale that the dossier declares, never a number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from ctgeval.errors import IndicatorError, Problem, suggestion
from ctgeval.indicators import declaration
from ctgeval.indicators.indicator import Direction, Kind

__all__ = ["NATURE", "Qualitative", "read"]

NATURE: Final = "jugement"
"""What ``nature`` says in ``indicateurs.toml`` to declare one."""
_FIELDS = (
    "nature", "label", "kind", "echelle", "definition", "direction", "source", "periodicity", "caveats", "theme",
)  # fmt: skip
_REQUIRED: Mapping[str, str] = {
    "label": '"…"',
    "kind": '"resultat"',
    "echelle": '["faible", "moyen", "fort"]',
    "definition": '"…"',
}
_NEEDED = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Qualitative:
    """One qualitative indicator, as a dossier declares it.

    Parameters
    ----------
    id, label, theme, definition, source, periodicity : str
        As for an indicator that is counted.
    kind : str
        Place in the chain of results.
    scale : tuple of str
        Levels, in the order in which they are declared: the worst first, unless ``direction`` says otherwise.
    direction : {"higher", "lower", "maintain", "neutral"}
        ``higher``: the last level is the best; ``lower``: the first is; ``neutral``: none is better than another.
    caveats : tuple of str
        What to keep in mind.
    """

    id: str
    label: str
    theme: str
    kind: Kind
    scale: tuple[str, ...]
    definition: str
    direction: Direction = "higher"
    source: str = ""
    periodicity: str = ""
    caveats: tuple[str, ...] = ()


def read(id: str, theme: str, declared: Mapping[str, Any]) -> Qualitative:
    """Make a qualitative indicator of what a file declares.

    Parameters
    ----------
    id, theme : str
        Its code, and the theme of its file.
    declared : mapping
        What the TOML file holds under that code.

    Raises
    ------
    IndicatorError
        When a field is unknown, missing or of a wrong type, or when the scale can't serve; all the reasons at once.
    """
    declaration.check_id(id)
    problems = [_unknown(name) for name in declared if name not in _FIELDS]
    problems += [
        Problem(message="Ce champ est obligatoire.", remedy=f"Ajoutez une ligne : {name} = {example}.", key=name)
        for name, example in _REQUIRED.items()
        if name not in declared
    ]
    shared = {name: value for name, value in declared.items() if name in _FIELDS and name not in {"nature", "echelle"}}
    problems += [
        replace(problem, key=name)
        for name, value in shared.items()
        if (problem := declaration.field_problem("source" if name == "theme" else name, value)) is not None
    ]
    if "echelle" in declared and (fault := _scale_fault(declared["echelle"])):
        problems.append(
            Problem(
                message=fault,
                remedy=f"Écrivez les niveaux du moins bon au meilleur : echelle = {_REQUIRED['echelle']}.",
                key="echelle",
                value=str(declared["echelle"]),
            )
        )
    if problems:
        raise IndicatorError("Champs mal renseignés.", problems=problems)
    values = {**shared, "theme": shared.get("theme", theme), "caveats": tuple(shared.get("caveats", ()))}
    return Qualitative(id=id, scale=tuple(level.strip() for level in declared["echelle"]), **values)


def _unknown(name: str) -> Problem:
    return Problem(
        message="Ce champ n’existe pas pour un jugement : il n’a ni formule, ni unité, ni cible chiffrée.",
        remedy=suggestion(name, _FIELDS) or f"Champs possibles : {', '.join(_FIELDS)}.",
        key=name,
    )


def _scale_fault(scale: object) -> str:
    if not isinstance(scale, list) or not all(isinstance(level, str) and level.strip() for level in scale):
        return "L’échelle est une liste de textes."
    if len(scale) < _NEEDED:
        return "L’échelle a au moins deux niveaux."
    if len({level.strip().casefold() for level in scale}) < len(scale):
        return "L’échelle a deux fois le même niveau."
    return ""
