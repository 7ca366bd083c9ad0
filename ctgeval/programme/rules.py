"""``regles.toml``: what the COPIL wants to be told about, declared before the figures are known."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ctgeval import french
from ctgeval.errors import Problem, suggestion
from ctgeval.programme import toml_rows
from ctgeval.programme.tables import ACTION_STATES
from ctgeval.programme.toml_rows import Faults

FILE_NAME = "regles.toml"
LATE = "en_retard"
OVERFUNDED = "surfinancement"
STATES = (LATE, *ACTION_STATES)
WORDS: Mapping[str, tuple[str, ...]] = {
    "indicateur": ("nom", "valeur", "periode", "cible"),
    "action": ("nom", "etat", "depuis", "fin"),
    "budget": ("exercice", "recettes", "depenses", "ecart"),
}
"""What ``{{indicateur:valeur}}`` and the like may ask of what raised a rule; ``{{PE09:valeur}}`` is as in the texts."""

_KEYS = ("id", "texte", "quand", "indicateurs", "axe")
_CONDITIONS = ("verdict", "etat", "budget", "moins_de", "plus_de", "degradation")
_OF_FIGURES = ("moins_de", "plus_de", "degradation")
_REFERENCE = re.compile(r"\{\{\s*([^{}:@]+?)\s*(?:@[^{}:]*)?:\s*([^{}]*?)\s*\}\}")

__all__ = ["FILE_NAME", "LATE", "OVERFUNDED", "STATES", "WORDS", "DeclaredRule", "Rules", "problems", "read"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredRule:
    """One rule: when it speaks, of what, and what it proposes to look into.

    Parameters
    ----------
    id : str
    texte : str
        The proposal, with its figures by reference.
    condition : str
        ``verdict``, ``etat``, ``budget``, ``moins_de``, ``plus_de`` or ``degradation``.
    words : tuple of str
        Verdicts or states that raise it.
    level : float
        Threshold, in the unit of the indicator; NaN for the conditions that have words.
    indicateurs : tuple of str
        Those that are looked at; every followed one when empty.
    axe : str
        Only the actions of that axe.
    key : str
        Its place in the file.
    """

    id: str
    texte: str
    condition: str
    words: tuple[str, ...] = ()
    level: float = math.nan
    indicateurs: tuple[str, ...] = ()
    axe: str = ""
    key: str = ""

    @property
    def about(self) -> str:
        """What it looks at: ``indicateur``, ``action`` or ``budget``."""
        return {"etat": "action", "budget": "budget"}.get(self.condition, "indicateur")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The rules of a dossier, and what could not be read."""

    rules: tuple[DeclaredRule, ...]
    problems: tuple[Problem, ...]


def read(folder: Path, *, verdicts: Collection[str]) -> Rules:
    """Read the rules of a dossier; never raises.

    Parameters
    ----------
    folder : Path
        The dossier; without the file there is no rule.
    verdicts : collection of str
        Those that progress towards a target can have.
    """
    values, found = toml_rows.load(folder / FILE_NAME, what="Les règles de préconisation")
    faults = Faults(FILE_NAME, found)
    faults.unknown_keys(values, ("regle",), "")
    kept: dict[str, DeclaredRule] = {}
    for row, place in faults.rows(values, "regle"):
        rule = _rule(row, place, faults, verdicts)
        if rule is not None and rule.id in kept:
            faults.leave_out(
                f"La règle {rule.id} est écrite deux fois : la première est gardée.", "Changez l’id.", place
            )
        elif rule is not None:
            kept[rule.id] = rule
    return Rules(rules=tuple(kept.values()), problems=tuple(faults.problems))


def _rule(row: Mapping[str, Any], place: str, faults: Faults, verdicts: Collection[str]) -> DeclaredRule | None:
    faults.unknown_keys(row, _KEYS, place)
    name, text = faults.text(row, "id", place), faults.text(row, "texte", place)
    when = row.get("quand", {})
    if not name or not text or not isinstance(when, dict) or not when:
        faults.leave_out(
            "Une règle a besoin d’un id, d’un texte et d’une condition.",
            'id = "RG1", texte = "...", quand = { verdict = ["en_recul"] }.',
            place,
        )
        return None
    faults.unknown_keys(when, _CONDITIONS, f"{place}.quand")
    conditions = [key for key in _CONDITIONS if key in when]
    if len(conditions) != 1:
        faults.leave_out(
            "Une règle a une condition, et une seule.",
            f"Gardez l’une de : {', '.join(_CONDITIONS)} ; écrivez une autre règle pour l’autre.",
            f"{place}.quand",
        )
        return None
    condition = conditions[0]
    indicators = faults.texts(row, "indicateurs", place)
    key = f"{place}.quand.{condition}"
    words, level = _condition(when, condition, key, faults, verdicts)
    if not words and math.isnan(level):
        faults.leave_out("Cette règle n’a pas de condition qui se lise.", "Corrigez sa condition.", key)
        return None
    if condition in _OF_FIGURES and not indicators:
        faults.leave_out("Un seuil est celui d’indicateurs précis.", 'Ajoutez indicateurs = ["PI05"].', key)
        return None
    return DeclaredRule(
        id=name, texte=text, condition=condition, words=words, level=level, indicateurs=indicators,
        axe=faults.text(row, "axe", place), key=place,
    )  # fmt: skip


def _condition(
    when: Mapping[str, Any], condition: str, key: str, faults: Faults, verdicts: Collection[str]
) -> tuple[tuple[str, ...], float]:
    value = when[condition]
    if condition in _OF_FIGURES:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            faults.tell("Un seuil est un nombre.", f"{condition} = 60", key, str(value))
            return (), math.nan
        return (), float(value)
    known = {"verdict": tuple(verdicts), "etat": STATES, "budget": (OVERFUNDED,)}[condition]
    said = (_loose(word) for word in faults.texts(when, condition, key.rpartition(".")[0]))
    words = [faults.choice(word, known, key, f"de ceux que « {condition} » connaît") for word in said]
    return tuple(dict.fromkeys(filter(None, words))), math.nan


def _loose(word: str) -> str:
    return french.fold(word).replace(" ", "_")


def problems(
    rules: Iterable[DeclaredRule], *, indicators: Collection[str], axes: Collection[str], fields: Collection[str]
) -> list[Problem]:
    """Tell the rules that can never speak, or would quote nothing.

    Parameters
    ----------
    rules : iterable of DeclaredRule
    indicators : collection of str
        Ids of the catalogue.
    axes : collection of str
        Axes of the plan of actions.
    fields : collection of str
        What a reference to an indicator may ask for.
    """
    faults = Faults(FILE_NAME)
    for rule in rules:
        for name in rule.indicateurs:
            if name not in indicators:
                faults.tell(
                    f"La règle {rule.id} porte sur « {name} », qui n’est pas dans le catalogue.",
                    suggestion(name, indicators) or "Corrigez l’identifiant.",
                    f"{rule.key}.indicateurs",
                    name,
                )
        if rule.axe and rule.axe not in axes:
            faults.tell(
                f"Aucune action n’est dans l’axe « {rule.axe} ».",
                suggestion(rule.axe, axes) or "Écrivez-le comme dans le plan d’actions.",
                f"{rule.key}.axe",
                rule.axe,
            )
        for found in _REFERENCE.finditer(rule.texte):
            subject, asked = found[1], found[2]
            own = WORDS.get(subject) if subject in {rule.about, "action"} else None
            if subject == "action" and rule.about == "indicateur":
                own = None
            allowed = own if own is not None else tuple(fields) if subject in indicators else ()
            if asked not in allowed:
                faults.tell(
                    f"La règle {rule.id} cite un chiffre qui n’existe pas ici.",
                    f"Écrivez {_possible(rule)}, ou {{{{PE01:valeur}}}}.",
                    f"{rule.key}.texte",
                    found[0],
                )
    return faults.problems


def _possible(rule: DeclaredRule) -> str:
    subjects = ("budget", "action") if rule.about == "budget" else (rule.about,)
    return ", ".join(f"{{{{{subject}:{word}}}}}" for subject in subjects for word in WORDS[subject])
