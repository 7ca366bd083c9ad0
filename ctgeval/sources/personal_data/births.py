"""Days of birth, and what they single out together with a sex and a commune."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa  # type: ignore[import-untyped]

from ctgeval.sources.personal_data.columns import MANY, Column, Finding, holds, words_of

__all__ = ["birth", "combined"]

_MONTH = r"(?:janv|f[ée]vr?|mars|avr|mai|juin|juil|ao[ûu]t|sept|oct|nov|d[ée]c)[a-zé]*\.?"
_DATE = (
    r"(?i)^(?:\d{1,2}[/.\- ]\d{1,2}[/.\- ](?:19|20)\d\d|(?:19|20)\d\d[/.\-]\d{1,2}[/.\-]\d{1,2}|"
    rf"\d{{1,2}}(?:er)?[ \-]{_MONTH}[ \-](?:19|20)\d\d)(?:[T ].*)?$"
)
# Only a header tells these from other numbers: 01/02/84, 01021984, 19840201, and the days that a spreadsheet counts.
_DATE_OR_NUMBER = (
    r"^(?:\d{1,2}[/.\-]\d{1,2}[/.\-]\d\d|[0-3]\d[01]\d(?:19|20)\d\d|(?:19|20)\d\d[01]\d[0-3]\d|[1-4]\d{4})(?:\.0)?$"
)
_NAMES = ("naissance", "naiss", "nais", "ne le", "nee le", "ne e le", "ddn", "dob", "birth", "birthdate")
_OTHER_DAYS = (
    "creation", "ouverture", "fermeture", "signature", "decision", "deliberation", "publication", "maj", "mise a jour",
    "convention", "versement", "effet", "seance", "evenement", "arrete", "mise en service", "immatriculation", "depot",
)  # fmt: skip
_SEXES = ("sexe", "sex", "genre", "civilite")
_PLACES = ("commune", "codgeo", "insee", "code postal", "cp", "ville")
_SINGLED = 0.05


def birth(column: Column) -> Finding | None:
    """Find days of birth: a header that says so, or days that hardly repeat, over the years of a life."""
    if column.longest < 5:
        return None
    found = column.hits(_DATE)
    if column.named(*_NAMES) or column.glued("datenais", "dtnais", "dnais"):
        wider = found | column.hits(_DATE_OR_NUMBER)
        if column.share(wider) >= MANY:
            return column.finding("naissance", wider)
    if column.share(found) <= 0.9 or column.total < 20 or column.named(*_OTHER_DAYS) or not _scattered(column, found):
        return None
    texts = column.values.filter(pa.array(found)).to_pylist()
    years = np.array([int(match[0]) for text in texts if (match := re.search(r"(?:19|20)\d\d", text))])
    low, high = np.quantile(years, [0.1, 0.9])
    # Dates of a service, a meeting or a decision are close to one another, and recent.
    return column.finding("naissance", found) if high - low > 15 and np.median(years) < 2015 else None


def _scattered(column: Column, found: npt.NDArray[np.bool_]) -> bool:
    """Tell whether there are nearly as many days as cells, or as many as that many births would fill in a life."""
    cells, days = int(column.counts[found].sum()), int(found.sum())
    life = 80 * 365.25
    return days > 0.9 * life * (1 - math.exp(-cells / life))


def combined(columns: Mapping[str, Sequence[str]], births: set[str]) -> list[Finding]:
    """Find a birth date, a sex and a commune that together single out more than one row in twenty."""
    # Codes of sexes and of communes tell of nobody by themselves: their columns may not be among those looked at.
    sexes, places = ([name for name in columns if holds(words_of(name), told)] for told in (_SEXES, _PLACES))
    if not (births and sexes and places):
        return []
    rows = Counter(zip(*(columns[name] for name in (min(births), sexes[0], places[0])), strict=True))
    alone = sum(count == 1 for count in rows.values()) / max(rows.total(), 1)
    return [Finding(sexes[0], "combinaison", alone, ())] if alone > _SINGLED else []
