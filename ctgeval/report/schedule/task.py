"""What a scheduler is asked to start: a command word by word, never a line to be cut again."""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from ctgeval import french
from ctgeval.errors import ParameterError
from ctgeval.report.schedule.when import When

__all__ = ["Task", "refuse", "refuse_controls", "task"]

_LONGEST_SLUG = 24
_CONTROLS = frozenset({"Cc", "Cs", "Zl", "Zp"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A command and its hour.

    Parameters
    ----------
    name : str
        Of the task for the scheduler: ``[a-z0-9-]``, 41 signs at most, the same each time for a folder, another for
        another folder.
    title : str
        For a person, in French; it holds nothing that a user typed.
    words : tuple of str
        The command and its arguments.
    folder : Path
        The dossier.
    when : When
        Its hour.
    """

    name: str
    title: str
    words: tuple[str, ...]
    folder: Path
    when: When


def task(folder: Path, when: When, *, python: str, options: tuple[str, ...] = ()) -> Task:
    """Return the task that makes the drafts of a dossier.

    Parameters
    ----------
    folder : Path
        The dossier, absolute.
    when : When
        Its hour.
    python : str
        The interpreter in which ctgeval is installed.
    options : tuple of str
        Options of the run.
    """
    told = str(folder)
    mark = hashlib.sha256(told.encode("utf-8", "surrogateescape")).hexdigest()[:8]
    slug = french.slug(folder.name)[:_LONGEST_SLUG].strip("-")
    return Task(
        name="-".join(filter(None, ("ctgeval", slug, mark))),
        title="Brouillons des bilans ctgeval",
        # A folder whose name begins with a dash is no option: it is absolute.
        words=(python, "-m", "ctgeval", "planifier", told, "--executer", *options),
        folder=folder,
        when=when,
    )


def refuse(task: Task, forbidden: tuple[str, ...], target: str) -> None:
    """Refuse a command that a scheduler would understand otherwise than it is written.

    Raises
    ------
    ParameterError
        When a word of the command holds one of the forbidden signs.
    """
    for word in task.words:
        found = next((sign for sign in forbidden if sign in word), None)
        if found is not None:
            raise ParameterError(
                f"Ce chemin contient « {found} », que {target} ne peut pas porter sans l’interpréter.",
                value=_shown(word),
                remedy="Renommez le dossier, ou choisissez un autre ordonnanceur avec « --cible ».",
            )


def refuse_controls(task: Task, target: str) -> None:
    """Refuse a command that holds a line break or another control character.

    Raises
    ------
    ParameterError
        When a word of the command holds one, or is not text.
    """
    for word in task.words:
        if any(unicodedata.category(sign) in _CONTROLS for sign in word):
            raise ParameterError(
                f"Ce chemin contient un retour à la ligne ou un signe invisible, que {target} ne peut pas porter.",
                value=_shown(word),
                remedy="Renommez le dossier, ou choisissez un autre ordonnanceur avec « --cible ».",
            )


def _shown(word: str) -> str:
    return "".join(sign if sign.isprintable() else "?" for sign in word)
