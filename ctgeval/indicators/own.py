"""A dossier's ``indicateurs.toml``: indicators that it adds, fields of the catalogue that it changes, judgements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ctgeval.errors import CtgevalError, IndicatorError, Problem, suggestion
from ctgeval.indicators import declaration, qualitative
from ctgeval.indicators.indicator import Indicator
from ctgeval.indicators.qualitative import Qualitative
from ctgeval.measures import Measure

__all__ = ["FILE_NAME", "Own", "Qualitative", "read"]

FILE_NAME = "indicateurs.toml"
ADDED, CHANGED = "defini_dossier", "modifie_dossier"
"""Codes of the limits that say so under each figure."""
_THEME = "Indicateurs du dossier"
_OF_FILE = frozenset({"theme", "ordre"})


@dataclass(frozen=True, slots=True)
class _Known:
    """What a declaration of the dossier is read with."""

    house: Mapping[str, tuple[str, Mapping[str, Any]]]
    measures: Mapping[str, Measure]
    limits: tuple[str, ...]

    def made(self, id: str, theme: str, declared: object) -> Indicator:
        return declaration.read(id, theme, declared, self.measures, self.limits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """The indicators of a dossier.

    Parameters
    ----------
    catalogue : mapping of str to Indicator
        Those of the house with what the dossier changes of them, then those that it adds.
    qualitative : mapping of str to Qualitative
        Those that are judged, not counted.
    problems : tuple of Problem
        What is wrong in the file, with its key.
    unusable : mapping of str to str
        Label of those that the file declares or changes in a way that can't be used, by id: they are in neither
        mapping, since the figures of the house would not be those that the dossier wants.
    """

    catalogue: Mapping[str, Indicator]
    qualitative: Mapping[str, Qualitative]
    problems: tuple[Problem, ...] = ()
    unusable: Mapping[str, str]


def read(
    content: Mapping[str, Any],
    *,
    house: Mapping[str, tuple[str, Mapping[str, Any]]],
    catalogue: Mapping[str, Indicator],
    measures: Mapping[str, Measure],
    limits: Iterable[str],
) -> Own:
    """Read the indicators of a dossier.

    Parameters
    ----------
    content : mapping
        What the file holds.
    house : mapping of str to (str, mapping)
        Theme and declaration of each indicator of the house, as its files write them.
    catalogue : mapping of str to Indicator
        Indicators of the house.
    measures : mapping of str to Measure
        Measures that a formula may name.
    limits : iterable of str
        Codes of limits that an indicator may carry.

    Returns
    -------
    Own
        Never raises: a declaration that can't be used is told, and leaves only itself out.
    """
    found, judged = dict(catalogue), dict[str, Qualitative]()
    problems: list[Problem] = []
    unusable: dict[str, str] = {}
    known = _Known(house, measures, tuple(limits))
    theme = content.get("theme", _THEME)
    if not isinstance(theme, str) or not theme:
        theme = _THEME
        problems.append(_problem("Le thème est un texte.", f'Écrivez theme = "{_THEME}", ou rien.', "theme"))
    for id, declared in content.items():
        if id in _OF_FILE:
            continue
        try:
            if isinstance(declared, dict) and declared.get("nature") == qualitative.NATURE:
                judged[id] = _judged(id, theme, declared, catalogue)
            else:
                found[id] = _counted(id, theme, declared, known)
        except CtgevalError as error:
            found.pop(id, None)
            unusable[id] = _label(id, declared, catalogue)
            problems += [_placed(problem, id) for problem in error.problems]
    return Own(catalogue=found, qualitative=judged, problems=tuple(problems), unusable=unusable)


def _judged(id: str, theme: str, declared: Mapping[str, Any], catalogue: Mapping[str, Indicator]) -> Qualitative:
    if id in catalogue:
        raise IndicatorError(
            "Un indicateur chiffré du catalogue ne devient pas un jugement.",
            remedy="Donnez au jugement un autre code, par exemple QL01.",
            key="nature",
            value=qualitative.NATURE,
        )
    return qualitative.read(id, theme, declared)


def _counted(id: str, theme: str, declared: object, known: _Known) -> Indicator:
    if isinstance(declared, dict) and "nature" in declared:
        raise IndicatorError(
            "La nature d’un indicateur chiffré se déduit de sa formule.",
            remedy=f'Retirez cette ligne, ou écrivez nature = "{qualitative.NATURE}" pour un indicateur qualitatif.',
            key="nature",
            value=str(declared["nature"]),
        )
    own = dict(declared) if isinstance(declared, dict) else declared
    theme = str(own.pop("theme", theme)) if isinstance(own, dict) else theme
    if id not in known.house:
        return _marked(_new(id, theme, own, known), ADDED, ())
    if not isinstance(own, dict):
        raise IndicatorError(f"Un indicateur est une table : [{id}], puis une ligne par champ changé.")
    its_theme, base = known.house[id]
    if isinstance(declared, dict) and "theme" in declared:
        its_theme = theme
    made = known.made(id, its_theme, _changed(base, own))
    changed = tuple(name for name, value in own.items() if base.get(name) != value)
    changed += ("theme",) if its_theme != known.house[id][0] else ()
    return _marked(made, CHANGED, changed) if changed else made


def _new(id: str, theme: str, own: object, known: _Known) -> Indicator:
    """Make a new indicator; what looks like a change of another one is told the near codes."""
    try:
        return known.made(id, theme, own)
    except IndicatorError as error:
        meant = suggestion(id, known.house) if isinstance(own, dict) and "definition" not in own else ""
        if not meant:
            raise
        first, *others = error.problems
        raise IndicatorError(
            str(error.problem.message),
            problems=[
                Problem(message=f"Aucun indicateur du catalogue n’a le code « {id} ».", remedy=meant, value=id),
                first,
                *others,
            ],
        ) from error


def _changed(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Return a declaration with some fields changed; a formula takes the place of a published rate, and conversely."""
    kept = dict(base)
    if own.get("published"):
        for name in ("numerator", "denominator", "part", "factor", "since_start"):
            kept.pop(name, None)
    elif own.get("numerator"):
        kept.pop("published", None)
    return {**kept, **own}


def _marked(made: Indicator, limit: str, changed: tuple[str, ...]) -> Indicator:
    return replace(
        made,
        origin="modifie" if limit == CHANGED else "dossier",
        changed=changed,
        limits=(*(code for code in made.limits if code != limit), limit),
    )


def _label(id: str, declared: object, catalogue: Mapping[str, Indicator]) -> str:
    written = declared.get("label") if isinstance(declared, dict) else None
    if isinstance(written, str) and written:
        return written
    return catalogue[id].label if id in catalogue else id


def _placed(problem: Problem, id: str) -> Problem:
    key = f"{id}.{problem.key}".rstrip(".")
    return replace(problem, key=key, file=FILE_NAME, severity="partiel")


def _problem(message: str, remedy: str, key: str) -> Problem:
    return Problem(message=message, remedy=remedy, file=FILE_NAME, key=key, severity="avertissement")
