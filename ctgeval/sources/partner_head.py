"""Where the columns of a partner's sheet are: each table that stands in it, whatever was inserted, moved or added.

A partner adds a title, moves a column, copies the table below for another year: each line of headers is found where it
is, and what stands outside of the tables is told by the reader, never lost.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ctgeval import periods
from ctgeval.french import fold
from ctgeval.sources.partner_form import CODE, LABELS, NOTE, RECALL, STATUS

__all__ = ["Head", "Trouble", "is_head", "loose", "period_of", "read_head"]

_FRENCH_PERIOD = re.compile(
    r"(?:(?:(?P<half>[12])(?:er|e|eme)? semestre|s ?(?P<s>[12])|"
    r"(?P<quarter>[1-4])(?:er|e|eme)? trimestre|t ?(?P<t>[1-4])) )?"
    r"(?:annee (?:civile |scolaire )?)?(?P<year>\d{4})(?: ?[-/] ?(?P<next>\d{4}))?"
)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with a line of headers, and where; with ``warning`` the table can still be read."""

    message: str
    remedy: str
    column: str
    value: str = ""
    warning: bool = False


@dataclass(frozen=True, slots=True)
class Head:
    """A line of headers.

    Parameters
    ----------
    line : int
        As the spreadsheet counts it.
    labels : mapping of str to int
        Place of each column of the form, by its name.
    periods : mapping of int to str
        Period of each column of figures, by its place.
    recalled, others : frozenset of int
        Places of the reminders, and of the columns that are not of the form.
    troubles : tuple of Trouble
    """

    line: int
    labels: Mapping[str, int]
    periods: Mapping[int, str]
    recalled: frozenset[int] = frozenset()
    others: frozenset[int] = frozenset()
    troubles: tuple[Trouble, ...] = field(default=())

    @property
    def usable(self) -> bool:
        """Whether the figures below can be read."""
        return all(trouble.warning for trouble in self.troubles)


def is_head(cells: Sequence[str]) -> bool:
    """Tell whether a line is one of headers: the column of codes is named, and another one, or a period."""
    known = [loose(cell) for cell in cells if cell.strip()]
    if loose(CODE) not in known:
        return False
    return sum(name in _NAMES for name in known) > 1 or any(period_of(cell) for cell in cells)


def read_head(line: int, cells: Sequence[str]) -> Head:
    """Return where the columns are; what makes their table unreadable is told by ``troubles``."""
    labels: dict[str, int] = {}
    when: dict[int, str] = {}
    recalled: set[int] = set()
    others: set[int] = set()
    troubles: list[Trouble] = []
    for place, cell in enumerate(cells):
        text = cell.strip()
        name, period = _NAMES.get(loose(text)), period_of(text)
        if not text:
            continue
        if fold(text).startswith(fold(RECALL)):
            recalled.add(place)
        elif name is not None:
            if name in labels:
                troubles.append(Trouble(f"La colonne « {name} » figure deux fois.", "Gardez-en une seule.", name))
            labels[name] = place
        elif period:
            if period in when.values():
                message = f"La période {period} figure deux fois : on ne sait quelle colonne lire."
                troubles.append(Trouble(message, "Gardez une seule colonne par période.", text, text))
            when[place] = period
        else:
            others.add(place)
            message = f"La colonne « {text} » n’est ni une période ni une colonne du gabarit : elle n’est pas lue."
            remedy = f"Écrivez la période comme dans le gabarit ({periods.SPELLINGS}), ou retirez la colonne."
            troubles.append(Trouble(message, remedy, text, warning=True))
    return Head(line, labels, when, frozenset(recalled), frozenset(others), tuple(troubles))


def period_of(text: str) -> str:
    """Return the period that a header names, however a partner wrote it; empty when it names none.

    Examples
    --------
    >>> period_of("1er semestre 2024"), period_of("Année scolaire 2024/2025"), period_of("2024-09-01")
    ('2024-S1', '2024-2025', '2024-09')
    """
    clean = text.strip()
    if periods.is_period(clean):
        return periods.normalise(clean)
    if re.fullmatch(r"\d{4}-\d{2}-01", clean):
        # A spreadsheet that was given 2024-09 makes a date of it.
        return periods.normalise(clean[:7])
    found = _FRENCH_PERIOD.fullmatch(" ".join(fold(clean).replace("º", "e").split()))
    if found is None:
        return ""
    half, quarter = found["half"] or found["s"], found["quarter"] or found["t"]
    part = f"-S{half}" if half else f"-Q{quarter}" if quarter else f"-{found['next']}" if found["next"] else ""
    spelled = f"{found['year']}{part}"
    return periods.normalise(spelled) if periods.is_period(spelled) else ""


def loose(text: str) -> str:
    """Return a name without what a partner changes when copying it: case, accents, punctuation."""
    return "_".join(re.findall(r"[a-z0-9]+", fold(text)))


_NAMES = {loose(name): name for name in (*LABELS, STATUS, NOTE)}
