"""Numbers as a table shows them: their value, and the format that shows them so in a spreadsheet."""

from __future__ import annotations

import re
from dataclasses import replace

from ctgeval.french import MINUS, NBSP, NNBSP
from ctgeval.sources.presented import Figure

__all__ = ["looked", "shown"]

_GROUP = f"[{NBSP}{NNBSP}]"
_NUMBER = re.compile(
    rf"([+{MINUS}-]?)(\d{{1,3}}(?:{_GROUP}\d{{3}})+|\d+)(?:,(\d+))?(?:({_GROUP}|\ )?([%€]))?(?![\w/,]|{_GROUP}\d)"
)
_YEARS = range(1900, 2101)


def shown(text: str) -> Figure | None:
    """Return the number that a cell is, when it is one and nothing else.

    Parameters
    ----------
    text : str
        ``26 306``, ``−0,2``, ``81,6 %``, ``318 504 €``, ``2024``. What holds more than that (``22 sur 25``), and what
        is not written as a French number (``86082``, ``007``), is a text.
    """
    found = _NUMBER.fullmatch(text)
    return None if found is None or _is_code(found) else _figure(found)


def looked(value: float, text: str, *, provisional: bool = False) -> Figure:
    """Return a number whose exact value is known, with the look that it has in the page.

    Parameters
    ----------
    value : float
        As the download of the table gives it.
    text : str
        As a reader sees it: ``57,3 (2021)``, ``80 %`` for 0.7984.
    provisional : bool
        Whether « (p) » follows it.
    """
    found = _NUMBER.search(text)
    told = None if found is None or _is_code(found) else _figure(found)
    if found is None or told is None or not (_rounds(value, told) or _is_share(value, told)):
        # Under the look of another number it would lie.
        figure = Figure(value=value, decimals=0 if float(value).is_integer() else 4, note=_note(text, ""))
    else:
        figure = replace(told, value=value, note=_note(text, found[0]))
        figure = figure if _rounds(value, told) else replace(figure, share=True, suffix="")
    return replace(figure, suffix=f"{figure.suffix} (p)") if provisional else figure


def _figure(found: re.Match[str]) -> Figure:
    sign, whole, decimals, space, unit = found.groups()
    digits = re.sub(_GROUP, "", whole)
    value = float(f"{digits}.{decimals or '0'}")
    return Figure(
        value=-value if sign in {MINUS, "-"} else value,
        decimals=len(decimals or ""),
        # A number of three digits is of a column where another may have more; a year never is.
        grouped=not (len(digits) == 4 and digits == whole),
        signed=sign == "+",
        suffix=f"{space or ''}{unit}" if unit else "",
    )


def _is_code(found: re.Match[str]) -> bool:
    """Whether digits are not a French number: a zero ahead, or thousands that nothing sets apart, a year excepted."""
    whole = found[2]
    if not whole.isdigit() or len(whole) == 1:
        return False
    return whole[0] == "0" or (len(whole) > 3 and int(whole) not in _YEARS)


def _rounds(value: float, told: Figure) -> bool:
    return abs(value - told.value) <= 0.51 * 10.0**-told.decimals


def _is_share(value: float, told: Figure) -> bool:
    return told.suffix.endswith("%") and _rounds(100 * value, told)


def _note(text: str, number: str) -> str:
    return f"Dans le bilan{NNBSP}: {text}" if text.strip() != number else ""
