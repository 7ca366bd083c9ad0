"""A block of a TOML file read key by key, every fault told with its place and none raised."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ctgeval.errors import Problem, Severity, suggestion

__all__ = ["Form"]


class Form:
    """One block, which remembers the keys that were asked of it.

    Parameters
    ----------
    values : mapping
        The block.
    place : str
        Key path of the block, empty for the whole file.
    file : str
        Name of the file.
    problems : list of Problem, optional
        Where faults are added; shared by the blocks of one file.
    """

    def __init__(self, values: Mapping[str, Any], place: str, file: str, problems: list[Problem] | None = None) -> None:
        self._values = values
        self._place = place
        self._file = file
        self._asked: list[str] = []
        self.problems = [] if problems is None else problems

    def refuse(self, key: str, message: str, remedy: str, value: str, *, severity: Severity = "avertissement") -> None:
        """Add a fault; ``partiel`` when the block itself is left out for it."""
        self.problems.append(
            Problem(
                message=message,
                remedy=remedy,
                file=self._file,
                key=self._key(key).rstrip("."),
                value=value[:80],
                severity=severity,
            )
        )

    def refuse_unknown(self) -> None:
        """Tell the keys that nobody asked for."""
        for name in self._values:
            if name not in self._asked:
                known = sorted(set(self._asked))
                remedy = suggestion(name, known) or f"Clés possibles : {', '.join(known)}."
                self.refuse(name, f"La clé « {name} » n’est pas connue.", remedy, "")

    def text(self, name: str, *, required: bool = False) -> str:
        """Return a text, empty when it is absent or can't be used."""
        value = self._get(name)
        if isinstance(value, str) and (value.strip() or not required):
            return value.strip()
        if value is None and not required:
            return ""
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
        message = f"Il manque « {name} »." if value in (None, "") else f"« {name} » doit être un texte."
        self.refuse(name, message, f'Écrivez {name} = "...".', "" if value is None else str(value))
        return ""

    def choice(self, name: str, allowed: Sequence[str], *, required: bool = False) -> str:
        """Return one of some words, empty when it is none of them."""
        value = self.text(name, required=required)
        if value and value not in allowed:
            remedy = suggestion(value, allowed) or f"Choisissez parmi : {', '.join(allowed)}."
            self.refuse(name, f"« {name} » ne peut pas valoir « {value} ».", remedy, value)
            return ""
        return value

    def flag(self, name: str) -> bool:
        """Return a yes or a no; no by default."""
        value = self._get(name)
        if value is None or isinstance(value, bool):
            return bool(value)
        self.refuse(name, f"« {name} » vaut true ou false, sans guillemets.", f"Écrivez {name} = true.", str(value))
        return False

    def number(self, name: str, *, low: float = -math.inf) -> float | None:
        """Return a number, None when it is absent or can't be used."""
        value = self._get(name)
        if value is None:
            return None
        if isinstance(value, int | float) and not isinstance(value, bool) and low <= value < math.inf:
            return float(value)
        self.refuse(name, f"« {name} » doit être un nombre.", "Écrivez un nombre sans guillemets.", str(value))
        return None

    def day(self, name: str) -> dt.date | None:
        """Return a day, None when it is absent or can't be used."""
        value = self._get(name)
        if value is None:
            return None
        if isinstance(value, dt.datetime):
            return value.date()
        if isinstance(value, dt.date):
            return value
        self.refuse(name, f"« {name} » doit être une date.", f"Écrivez {name} = 2025-03-01.", str(value))
        return None

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts."""
        value = self._get(name)
        return () if value is None else self.listed("", name, value)

    def listed(self, table: str, name: str, value: Any) -> tuple[str, ...]:
        """Return a value that should be a list of texts, numbers being read as codes."""
        items = value if isinstance(value, list) else [value]
        if all(isinstance(item, str | int) and not isinstance(item, bool) for item in items):
            return tuple(str(item).strip() for item in items)
        key = ".".join(part for part in (table, name) if part)
        self.refuse(key, f"« {name} » doit être une liste de textes.", 'Écrivez ["...", "..."].', str(value))
        return ()

    def labels(self, name: str) -> dict[str, str]:
        """Return the labels of some codes, in order."""
        found: dict[str, str] = {}
        for code, label in self.table(name).items():
            if isinstance(label, str) and label.strip():
                found[code.strip()] = label.strip()
            else:
                self.refuse(f"{name}.{code}", f"Le code « {code} » n’a pas de libellé.", 'Écrivez "1" = "Oui".', "")
        return found

    def table(self, name: str) -> Mapping[str, Any]:
        """Return a table of values, empty when it is absent or can't be used."""
        value = self._get(name)
        if value is None or isinstance(value, Mapping):
            return value or {}
        self.refuse(name, f"« {name} » doit être une table.", f'Écrivez {name} = {{ "..." = "..." }}.', str(value))
        return {}

    def block(self, name: str) -> Form | None:
        """Return a block inside this one, None when it is absent."""
        value = self._get(name)
        if value is None:
            return None
        if isinstance(value, Mapping):
            return Form(value, self._key(name), self._file, self.problems)
        self.refuse(name, f"« {name} » s’écrit en bloc.", f"Écrivez [enquete.{name}], puis une clé par ligne.", "")
        return None

    def blocks(self, name: str) -> Iterator[Form]:
        """Return the repeated blocks of a name, each with its rank."""
        value = self._get(name)
        items = value if isinstance(value, list) else [] if value is None else [value]
        for rank, item in enumerate(items, start=1):
            if isinstance(item, Mapping):
                yield Form(item, f"{self._key(name)}[{rank}]", self._file, self.problems)
            else:
                self.refuse(name, f"« {name} » s’écrit en blocs [[...]].", "Une clé par ligne sous le titre.", "")

    def _get(self, name: str) -> Any:
        self._asked.append(name)
        return self._values.get(name)

    def _key(self, name: str) -> str:
        return f"{self._place}.{name}" if self._place else name
