"""Numbers, dates, plurals, lists and typography as French readers expect them.

Every function takes a value and returns text. Thousands are separated by a narrow no-break space, decimals by a comma;
a narrow no-break space stands before ``% ; : ! ?`` and inside « », a no-break space before € and between a number and
its noun. What is missing (NaN, None) reads « non disponible ».
"""

from __future__ import annotations

import datetime as dt
import operator
import re
from collections.abc import Callable, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal, localcontext

from babel.dates import format_date
from babel.numbers import format_decimal

from ctgeval import periods
from ctgeval.prose import APOSTROPHE, NBSP, NNBSP, fold, slug, typography
from ctgeval.toponyms import in_territory, of_territory

MINUS = "\u2212"
MISSING = "non disponible"
UNDETERMINED = "indéterminé"

Number = int | float | Decimal

__all__ = [
    "APOSTROPHE",
    "MINUS",
    "MISSING",
    "NBSP",
    "NNBSP",
    "UNDETERMINED",
    "date",
    "enumeration",
    "euros",
    "file_size",
    "fold",
    "in_territory",
    "interval",
    "number",
    "of_territory",
    "ordinal",
    "percent",
    "period",
    "plural",
    "quantity",
    "slug",
    "typography",
]


def number(value: Number | None, decimals: int | None = None, *, sign: bool = False) -> str:
    """Write a number: ``26 885``, ``60,6``, ``−1,5``.

    Parameters
    ----------
    value : int, float, Decimal or None
        Halves are rounded away from zero.
    decimals : int, optional
        Digits after the comma; by default none for a whole number, one otherwise.
    sign : bool
        Write the + of what is above zero.

    Returns
    -------
    str
        « non disponible » when the value is missing.
    """
    exact = _decimal(value)
    if exact is None:
        return MISSING
    return _write(exact, _digits(exact, decimals), sign=sign)


def percent(value: Number | None, decimals: int | None = 1, *, sign: bool = False) -> str:
    """Write a percentage that is already in hundredths: ``60.6`` gives ``60,6 %``."""
    return _followed(number(value, decimals, sign=sign), f"{NNBSP}%")


def euros(amount: Number | None, decimals: int | None = 0, *, sign: bool = False) -> str:
    """Write an amount of money: ``18 850 €``."""
    return _followed(number(amount, decimals, sign=sign), f"{NBSP}€")


def quantity(value: Number | None, unit: str, decimals: int | None = None, *, sign: bool = False) -> str:
    """Write a number with its unit, in the singular under 2.

    Parameters
    ----------
    value : int, float, Decimal or None
    unit : str
        In the plural: ``habitants``, ``places pour 100 enfants``; ``%`` and ``EUR`` (alone, or followed by words as in
        ``EUR par an``) are written their own way.
    decimals : int, optional
        See `number`.
    sign : bool
        Write the + of what is above zero.
    """
    figure = number(value, decimals, sign=sign)
    if figure == MISSING or not unit:
        return figure
    return figure + _unit(unit, singular=value is not None and abs(float(value)) < 2)


def file_size(octets: int) -> str:
    """Return the size of a file as readers know it: ``120 ko``, ``1,4 Mo``, never 0."""
    if octets < 1_000_000:
        return quantity(max(1, round(octets / 1000)), "ko", 0)
    return quantity(octets / 1_000_000, "Mo", 1)


def interval(low: Number | None, high: Number | None, decimals: int | None = None, unit: str = "") -> str:
    """Write what is known of a value between two bounds: ``entre 1 et 4``, ``au moins 3``, ``au plus 12``.

    The bounds are rounded outwards, so that what is written is never narrower than what is known (a millionth of the
    last digit aside, which is the noise of binary arithmetic).

    Parameters
    ----------
    low, high : int, float, Decimal or None
        Either may be infinite; equal bounds give the quantity itself.
    decimals : int, optional
        See `number`; by default the same for both.
    unit : str
        See `quantity`.

    Returns
    -------
    str
        « indéterminé » when neither bound is finite, « non disponible » when one is missing.
    """
    below, above = _decimal(low), _decimal(high)
    if below is None or above is None:
        return MISSING
    if below == above:
        return quantity(below, unit, decimals)
    finite = [bound for bound in (below, above) if bound.is_finite()]
    if not finite:
        return UNDETERMINED
    digits = max(_digits(bound, decimals) for bound in finite)
    singular = all(abs(bound) < 2 for bound in finite)
    suffix = _unit(unit, singular=singular) if unit else ""
    least = _write(below, digits, rounding=ROUND_FLOOR)
    most = _write(above, digits, rounding=ROUND_CEILING)
    if not above.is_finite():
        return f"au moins {least}{suffix}"
    if not below.is_finite():
        return f"au plus {most}{suffix}"
    return f"{least}{suffix}" if least == most else f"entre {least} et {most}{suffix}"


def _decimal(value: Number | None) -> Decimal | None:
    # pandas' NA is neither None nor a number; its text is the only thing to be told without importing pandas.
    if value is None or str(value) in {"<NA>", "NaT"}:
        return None
    if isinstance(value, Decimal):
        exact = value
    else:
        exact = Decimal(operator.index(value)) if hasattr(value, "__index__") else Decimal(repr(float(value)))
    return None if exact.is_nan() else exact


def _digits(exact: Decimal, decimals: int | None) -> int:
    if decimals is not None:
        return decimals
    return 0 if not exact.is_finite() or exact == exact.to_integral_value() else 1


def _write(exact: Decimal, digits: int, *, sign: bool = False, rounding: str = ROUND_HALF_UP) -> str:
    if not exact.is_finite():
        return f"{MINUS if exact < 0 else '+' if sign else ''}∞"
    step = Decimal(1).scaleb(-digits)
    with localcontext() as context:
        # Enough digits for any figure: beyond 28, rounding would fail.
        context.prec = max(context.prec, exact.adjusted() + digits + 16)
        return _rounded(exact, step, digits, sign=sign, rounding=rounding)


def _rounded(exact: Decimal, step: Decimal, digits: int, *, sign: bool, rounding: str) -> str:
    if rounding != ROUND_HALF_UP:
        # Without this, the noise of binary arithmetic (53.10000000000001) would push a bound one step out.
        exact = exact.quantize(step.scaleb(-6), ROUND_HALF_UP)
    rounded = exact.quantize(step, rounding)
    pattern = f"#,##0.{'0' * digits}" if digits else "#,##0"
    text = format_decimal(abs(rounded), format=pattern, locale="fr")
    if rounded < 0:
        return f"{MINUS}{text}"
    return f"+{text}" if sign and rounded > 0 else text


def _followed(figure: str, suffix: str) -> str:
    return figure if figure == MISSING else figure + suffix


def _unit(unit: str, *, singular: bool) -> str:
    if unit == "%" or unit.startswith("% "):
        return f"{NNBSP}{unit}"
    if unit == "EUR" or unit.startswith("EUR "):
        return f"{NBSP}€{unit[3:]}"
    return NBSP + (_inflect(unit, _to_singular) if singular else unit)


_COMPLEMENT = re.compile(
    r"^(?:de|du|des|d['’].*|pour|par|à|au|aux|en|dans|sur|sous|sans|avec|chez|entre|les|hors|et|ou|qui|dont)$"
)
_INVARIABLE = frozenset({
    "accès", "ans", "avis", "cas", "colis", "concours", "cours", "décès", "fois", "mois", "parcours", "pays", "progrès",
    "relais", "repas", "secours", "succès", "temps", "tiers",
})  # fmt: skip


def _to_plural(word: str) -> str:
    if word[-1:] in {"s", "x", "z"} or not word[-1:].isalpha():
        return word
    if word.endswith(("eau", "au", "eu")):
        return f"{word}x"
    return f"{word[:-2]}aux" if word.endswith("al") else f"{word}s"


def _to_singular(word: str) -> str:
    if word == "ans":
        return "an"
    if word in _INVARIABLE:
        return word
    if word.endswith("eaux"):
        return word[:-1]
    return f"{word[:-3]}al" if word.endswith("aux") else word.removesuffix("s")


def _inflect(phrase: str, change: Callable[[str], str]) -> str:
    """Change the noun and its adjectives, up to the first complement: ``place | de crèche``."""
    words = phrase.split(" ")
    head = next((rank for rank, word in enumerate(words) if _COMPLEMENT.match(word)), len(words))
    return " ".join([change(word) for word in words[:head]] + words[head:])


def plural(count: Number | None, singular: str, plural: str | None = None, *, decimals: int | None = None) -> str:
    """Write how many: ``2 places``, ``1,5 place``, ``0 action`` (French takes the singular under 2).

    Parameters
    ----------
    count : int, float, Decimal or None
    singular : str
        ``place``, ``place de crèche``, ``commune membre``.
    plural : str, optional
        By default, the noun and its adjectives up to the first complement get their usual mark.
    decimals : int, optional
        See `number`.
    """
    figure = number(count, decimals)
    if count is None or figure == MISSING:
        return figure
    many = plural if plural is not None else _inflect(singular, _to_plural)
    return f"{figure}{NBSP}{singular if abs(float(count)) < 2 else many}"


def enumeration(items: Sequence[str], last: str = "et") -> str:
    """Join a list as in a sentence: ``a, b et c``; an empty list gives an empty text."""
    *first, final = list(items) or [""]
    return f"{', '.join(first)} {last} {final}" if first else final


def ordinal(rank: int, *, feminine: bool = False) -> str:
    """Write a rank: ``1er``, ``1re``, ``2e``."""
    return f"{rank}{('re' if feminine else 'er') if rank == 1 else 'e'}"


def date(day: dt.date | str) -> str:
    """Write a date: ``1er janvier 2024``.

    Parameters
    ----------
    day : datetime.date or str
        A text is read as ``2024-01-01``.
    """
    read = dt.date.fromisoformat(day) if isinstance(day, str) else day
    rank = ordinal(1) if read.day == 1 else str(read.day)
    return f"{rank} {format_date(read, 'MMMM y', locale='fr')}"


def period(text: str | int) -> str:
    """Write a period: ``1er semestre 2021``, ``3e trimestre 2021``, ``septembre 2021``, ``année scolaire 2021-2022``.

    Raises
    ------
    PeriodError
        When the text is no period.
    """
    read = periods.parse(text)
    if read.frequency == "SCOLAIRE":
        return f"année scolaire {read.text}"
    if read.frequency == "M":
        return format_date(read.start, "MMMM y", locale="fr")
    if read.frequency in {"S", "Q"}:
        noun = "semestre" if read.frequency == "S" else "trimestre"
        return f"{ordinal(int(read.text[-1]))} {noun} {read.text[:4]}"
    return read.text
