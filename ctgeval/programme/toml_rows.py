"""Reading a TOML file that a coordinator writes by hand: nothing is raised, each fault is told with its key."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ctgeval.errors import Problem, Severity, suggestion
from ctgeval.prose import fold

__all__ = ["Faults", "load"]


def load(path: Path, *, what: str) -> tuple[Mapping[str, Any], list[Problem]]:
    """Return the values of a file, none when it does not exist or can't be read.

    Parameters
    ----------
    path : Path
        The file.
    what : str
        What it holds, in French, in the plural: « Les questions évaluatives ».

    Returns
    -------
    values : mapping
    problems : list of Problem
        One when the file exists and can't be read.
    """
    if not path.is_file():
        return {}, []
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig")), []
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        return {}, [
            Problem(
                message=f"{what} ne peuvent pas être lues.",
                remedy="Enregistrez le fichier en UTF-8 et vérifiez la ligne indiquée : texte entre guillemets, "
                "listes entre crochets.",
                file=path.name,
                value=str(error)[:120],
                severity="partiel",
            )
        ]


@dataclass(frozen=True, slots=True)
class Faults:
    """What is wrong in one file, gathered while it is read.

    Parameters
    ----------
    file : str
        Its name, told with each fault.
    problems : list of Problem
        Those found so far.
    """

    file: str
    problems: list[Problem] = field(default_factory=list)

    def tell(self, message: str, remedy: str, key: str, value: str = "") -> None:
        """Add a fault that leaves the rest of the file usable."""
        self._add(message, remedy, key, value, "avertissement")

    def leave_out(self, message: str, remedy: str, key: str, value: str = "") -> None:
        """Add a fault for which an entry of the file is left out."""
        self._add(message, remedy, key, value, "partiel")

    def _add(self, message: str, remedy: str, key: str, value: str, severity: Severity) -> None:
        self.problems.append(
            Problem(message=message, remedy=remedy, file=self.file, key=key, value=value, severity=severity)
        )

    def unknown_keys(self, values: Mapping[str, Any], known: Iterable[str], place: str) -> None:
        """Tell the keys that nothing reads, each with the near ones."""
        names = tuple(known)
        for name in values:
            if name not in names:
                key = f"{place}.{name}" if place else name
                self.tell(f"La clé « {name} » n’est pas connue.", suggestion(name, names), key)

    def rows(self, values: Mapping[str, Any], name: str, place: str = "") -> list[tuple[Mapping[str, Any], str]]:
        """Return the tables of an array with the place of each; what is not a table is told."""
        found = values.get(name, [])
        kept: list[tuple[Mapping[str, Any], str]] = []
        for rank, row in enumerate(found if isinstance(found, list) else [found], start=1):
            key = f"{place}.{name}[{rank}]" if place else f"{name}[{rank}]"
            if isinstance(row, dict):
                kept.append((row, key))
            else:
                header = f"{place.partition('[')[0]}.{name}" if place else name
                self.tell(f"« {name} » s’écrit [[{header}]], puis une ligne par champ.", "", key)
        return kept

    def text(self, values: Mapping[str, Any], name: str, place: str) -> str:
        """Return a text, empty when it is not written; a date is taken as its text."""
        value = values.get(name, "")
        if hasattr(value, "isoformat"):
            return str(value.isoformat())
        if not isinstance(value, str):
            self.tell(f"« {name} » doit être un texte.", "Mettez-le entre guillemets.", f"{place}.{name}", str(value))
            return str(value)
        return value.strip()

    def texts(self, values: Mapping[str, Any], name: str, place: str) -> tuple[str, ...]:
        """Return a list of texts; a text alone is a list of one."""
        value = values.get(name, [])
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
            self.tell("Une liste de textes est attendue ici.", '["...", "..."]', f"{place}.{name}")
            return ()
        return tuple(item.strip() for item in items if item.strip())

    def choice(self, word: str, known: Iterable[str], key: str, what: str) -> str:
        """Return the word of a list that a text is, accents and case aside; empty and told when it is none of them."""
        names = tuple(known)
        found = {fold(name): name for name in names}.get(fold(word), "")
        if word and not found:
            near = suggestion(fold(word), [fold(name) for name in names])
            remedy = near or f"Écrivez l’un de : {', '.join(names)}."
            self.tell(f"« {word} » n’est pas {what}.", remedy, key, word)
        return found
