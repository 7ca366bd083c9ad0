"""The sentences of a bilan, computed from the data; their words live in ``phrases.toml``."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from importlib import resources

from ctgeval import french, periods
from ctgeval.render.lines import Indicator, Line, Point


@lru_cache(maxsize=1)
def catalogue() -> Mapping[str, Mapping[str, str]]:
    """Return the phrases, by table and key."""
    return tomllib.loads(resources.files("ctgeval.render").joinpath("phrases.toml").read_text(encoding="utf-8"))


def word(table: str, key: str) -> str:
    """Return the reader's word for a code, or the code itself, with spaces, when it has none."""
    return catalogue()[table].get(key, key.replace("_", " "))


def say(key: str, values: Mapping[str, str] | None = None, *, table: str = "phrases") -> str:
    """Return a sentence with its values in place.

    Raises
    ------
    KeyError
        When the sentence, or a value that it needs, does not exist.
    """
    return french.typography(catalogue()[table][key].format_map(dict(values or {})))


def when(period: str) -> str:
    """Return a period as a complement of time: ``en 2021``, ``au 1er semestre 2021``."""
    parsed = periods.parse(period)
    text = french.period(period)
    if parsed.frequency in {"S", "Q"}:
        return f"au {text}"
    return f"pendant l’{text}" if parsed.frequency == "SCOLAIRE" else f"en {text}"


def than(period: str) -> str:
    """Return a period after a comparison: ``qu’en 2018``, ``qu’au 2e semestre 2022``."""
    told = when(period)
    return f"que {told}" if told.startswith("p") else f"qu’{told}"


def since(period: str) -> str:
    """Return a period after « depuis »: ``2017``, ``le 1er semestre 2021``."""
    parsed = periods.parse(period)
    text = french.period(period)
    if parsed.frequency in {"S", "Q"}:
        return f"le {text}"
    return f"l’{text}" if parsed.frequency == "SCOLAIRE" else text


def short_period(period: str) -> str:
    """Return a period as an axis can bear it: ``2021``, ``S1 2021``, ``T3 2021``, ``09/2021``, ``2021-22``."""
    parsed = periods.parse(period)
    first, _, rest = parsed.text.partition("-")
    if parsed.frequency == "A":
        return first
    if parsed.frequency == "SCOLAIRE":
        return f"{first}-{rest[2:]}"
    return f"{rest}/{first}" if parsed.frequency == "M" else f"{rest.replace('Q', 'T')} {first}"


def amount(number: float, indicator: Indicator, *, with_unit: bool = True) -> str:
    """Return a value as a reader sees it, with or without its unit."""
    return french.quantity(number, counted(indicator) if with_unit else "", indicator.decimals)


def counted(indicator: Indicator) -> str:
    """Return a unit without what the label already says: ``places`` for « Places ... pour 100 enfants »."""
    head, _, base = indicator.unit.partition(" pour ")
    return head if base and f"pour {base}" in indicator.label else indicator.unit


def bare(number: float, indicator: Indicator) -> str:
    """Return a value with its sign of percentage or of money, without any other unit."""
    if indicator.unit.startswith("EUR"):
        return french.euros(number, indicator.decimals or 0)
    return amount(number, indicator, with_unit=indicator.unit == "%")


def unit(indicator: Indicator) -> str:
    """Return a unit as a caption bears it: ``en %``, ``en euros par an``, ``en habitants``."""
    if indicator.unit.startswith(("base ", "EUR")):
        return indicator.unit.replace("EUR", "en euros")
    return f"en {indicator.unit}" if indicator.unit else ""


def value(point: Point, indicator: Indicator, *, with_unit: bool = True) -> str:
    """Return a point as a reader sees it: its value, its interval, or why there is none."""
    if point.known:
        return amount(point.value, indicator, with_unit=with_unit)
    if point.bounded:
        return french.interval(point.low, point.high, indicator.decimals, counted(indicator) if with_unit else "")
    return mark(point)


def margin(point: Point, indicator: Indicator) -> str:
    """Return what chance leaves uncertain of a value, and what it was made from: ``de 51 à 73 % ; 45 sur 72``."""
    told = []
    if math.isfinite(point.ci_low) and math.isfinite(point.ci_high):
        ends = {"bas": french.number(point.ci_low, indicator.decimals), "haut": bare(point.ci_high, indicator)}
        told.append(say("marge", ends))
    if all(map(float.is_integer, (point.numerator, point.n))):
        told.append(say("sur", {"cas": french.number(point.numerator), "total": french.number(point.n)}))
    return " ; ".join(told)


def mark(point: Point) -> str:
    """Return « non diffusable » or « non disponible »."""
    return word("marques", "masque" if point.mark == "masque" else "absent")


def change(first: Point, last: Point, indicator: Indicator) -> str:
    """Return how far apart two values are, without a sign: ``7,5 points``, ``244 (0,9 %)``, ``1,3 place``."""
    gap = abs(last.value - first.value)
    if indicator.unit == "%":
        decimals = 1 if indicator.decimals is None else indicator.decimals
        return f"{french.number(gap, decimals)}{french.NBSP}{'point' if gap < 2 else 'points'}"
    text = french.number(gap, indicator.decimals)
    if indicator.unit == "EUR" or indicator.unit.startswith("EUR "):
        text = french.euros(gap, indicator.decimals or 0)
    if " pour " in indicator.unit:
        return french.quantity(gap, indicator.unit.partition(" pour ")[0], indicator.decimals)
    if first.value <= 0 or not indicator.unit:
        return text
    return f"{text} ({french.percent(100 * gap / first.value)})"


def moved(first: Point, last: Point, indicator: Indicator) -> bool:
    """Tell whether two values differ once written with the indicator's decimals."""
    return amount(first.value, indicator) != amount(last.value, indicator)


def message(line: Line | None, indicator: Indicator) -> str:
    """Return the key message of an indicator in one sentence, computed from its line."""
    if line is None or not line.points:
        return ""
    line = line.steady
    known, last = line.known, line.points[-1]
    if not known:
        key = "masquee" if last.mark == "masque" else "absente"
        return say(key, {"indicateur": indicator.label, "quand": when(last.period)})
    sentence = evolution(line.baseline, known[-1], indicator)
    if last.mark == "masque":
        return say("suivie_masquee", {"phrase": sentence, "quand": when(last.period)})
    return sentence


def evolution(first: Point, last: Point, indicator: Indicator) -> str:
    """Return in one sentence where a value stands and where it stood."""
    values = {
        "indicateur": indicator.label,
        "valeur": amount(last.value, indicator),
        "quand": when(last.period),
        "depart": bare(first.value, indicator),
        "depuis": when(first.period),
    }
    if first is last:
        return say("constat", values)
    if not moved(first, last, indicator):
        return say("stable", values)
    gap = say(_way(first, last, indicator), {"ecart": change(first, last, indicator)})
    return say("evolution", {**values, "ecart": gap})


def card_evolution(first: Point, last: Point, indicator: Indicator) -> str:
    """Return the evolution that stands under a key figure."""
    if first is last:
        return say("seule")
    values = {"depuis": since(first.period), "ecart": change(first, last, indicator)}
    if not moved(first, last, indicator):
        return say("carte_stable", values)
    return say(f"carte_{_way(first, last, indicator)}", {**values, "que": than(first.period)})


def _way(first: Point, last: Point, indicator: Indicator) -> str:
    """Return the key of the sentence: a rate per 100 is told in what it counts, more or less of it."""
    if " pour " in indicator.unit:
        return "plus" if last.value > first.value else "moins"
    return "hausse" if last.value > first.value else "baisse"


def describe(lines: Sequence[Line], indicator: Indicator) -> str:
    """Return the alternative of a figure of lines: what is shown, range, extremes and trend of each."""
    return say(
        "alternative",
        {
            "indicateur": lower(indicator.label),
            # Not « places pour 100 enfants, en places pour 100 enfants ».
            "unite": unit(replace(indicator, unit=counted(indicator))),
            "lignes": " ".join(
                [_describe(lines[0], indicator, extremes=True), *(_describe(one, indicator) for one in lines[1:])]
            ),
        },
    )


def _describe(line: Line, indicator: Indicator, *, extremes: bool = False) -> str:
    gaps = [say(f"alternative_{p.mark}", {"quand": when(p.period)}) for p in line.points if p.mark and not p.bounded]
    if not line.known:
        return say("alternative_masquee", {"nom": line.name})
    return " ".join([_describe_known(line.name, line.known, indicator, extremes=extremes), *gaps])


def _describe_known(name: str, known: Sequence[Point], indicator: Indicator, *, extremes: bool) -> str:
    first, last = known[0], known[-1]
    if first is last:
        values = {"nom": name, "valeur": bare(last.value, indicator), "quand": when(last.period)}
        return say("alternative_point", values)
    lowest = min(known, key=lambda point: point.value)
    highest = max(known, key=lambda point: point.value)
    trend = "stable" if not moved(first, last, indicator) else "en hausse" if last.value > first.value else "en baisse"
    return say(
        "alternative_ligne_extremes" if extremes else "alternative_ligne",
        {
            "nom": name,
            "depart": bare(first.value, indicator),
            "depuis": when(first.period),
            "valeur": bare(last.value, indicator),
            "quand": when(last.period),
            "tendance": trend,
            "bas": bare(lowest.value, indicator),
            "quand_bas": when(lowest.period),
            "haut": bare(highest.value, indicator),
            "quand_haut": when(highest.period),
        },
    )


def lower(label: str) -> str:
    """Lower the first letter of a label inside a sentence, unless it opens a set of initials."""
    return label if len(label) > 1 and label[1].isupper() else label[:1].lower() + label[1:]


def capital(text: str) -> str:
    """Raise the first letter of a sentence."""
    return text[:1].upper() + text[1:]


def place(name: str) -> str:
    """Return where: ``à Poitiers``, ``dans la CC du Civraisien en Poitou``."""
    return french.in_territory(name)


def relative(indicator: Indicator) -> bool:
    """Tell whether territories of unlike sizes can be compared on it as they are: a rate, a share, an income."""
    return indicator.unit in {"", "%"} or " pour " in indicator.unit or indicator.unit.startswith("EUR")


def rebase(line: Line, period: str) -> Line | None:
    """Return a line as an index, 100 at a period; None when it has no value then."""
    base = line.at(period)
    if base is None or not base.known or base.value <= 0:
        return None
    points = tuple(replace(point, value=100 * point.value / base.value) for point in line.points)
    return replace(line, points=points)


def base_indicator(indicator: Indicator, period: str) -> Indicator:
    """Return an indicator as its index, whose unit is the base."""
    return replace(indicator, unit=say("base", {"quand": when(period)}), decimals=1)


def split(point: Point, indicator: Indicator) -> tuple[str, str]:
    """Return the value of a key figure and its unit apart, so that each is set in its own size."""
    whole = value(point, indicator)
    if indicator.unit == "%":
        return whole, ""
    if indicator.unit.startswith("EUR"):
        amount_only, sign, rest = whole.partition("€")
        return f"{amount_only}{sign}", rest.strip()
    bare = value(point, indicator, with_unit=False)
    return bare, whole.removeprefix(bare).strip() if point.known else counted(indicator)


def verdict(target: Mapping[str, object], indicator: Indicator) -> str:
    """Return the verdict that stands under a key figure, with the target when there is one."""
    told = word("verdicts", str(target["verdict"]))
    aimed = aim(target, indicator, with_unit=True)
    if not aimed:
        return told
    return french.typography(f"{told} (cible {french.period(str(target['period_target']))} : {aimed})")


def aim(target: Mapping[str, object], indicator: Indicator, *, with_unit: bool) -> str:
    """Return a target, a value or the range to stay in; empty when there is none."""
    value, low, high = (_float(target[name]) for name in ("target", "target_min", "target_max"))
    if math.isfinite(value):
        return bare(value, indicator) if with_unit else amount(value, indicator, with_unit=False)
    if math.isnan(low) and math.isnan(high):
        return ""
    unit = "%" if with_unit and indicator.unit == "%" else ""
    return french.interval(
        -math.inf if math.isnan(low) else low, math.inf if math.isnan(high) else high, indicator.decimals, unit
    )


def _float(value: object) -> float:
    text = str(value)
    return math.nan if text in {"", "nan", "None", "<NA>"} else float(text)


def rank(name: str, level: str, at: int, total: int, period: str) -> str:
    """Return the sentence that places a territory among those of its level."""
    counted = f"{french.number(total)} {word('niveaux', level)}"
    ordinal = french.ordinal(at).replace(str(at), french.number(at))
    return say("rang", {"lieu": name, "rang": ordinal, "total": counted, "quand": when(period)})


def quartiles(level: str, indicator: Indicator, values: Sequence[float]) -> str:
    """Return the sentence about the middle half of a distribution.

    Parameters
    ----------
    level : str
        Level of its territories, such as ``COM``.
    indicator : Indicator
    values : sequence of float
        First quartile, median, third quartile.
    """
    first, median, third = (amount(one, indicator, with_unit=False) for one in values)
    told = {"niveau": word("niveaux", level), "bas": first, "haut": third, "mediane": median}
    return say("quartiles", told)


def span(first: str, last: str, indicator: Indicator) -> str:
    """Return the caption of a figure of lines: its span of time and its unit."""
    told = {"debut": _since_then(first), "fin": _until(last), "unite": unit(indicator)}
    return capital(say("legende" if told["unite"] else "legende_sans_unite", told))


def _since_then(period: str) -> str:
    frequency, text = periods.parse(period).frequency, french.period(period)
    if frequency in {"S", "Q"}:
        return f"du {text}"
    if frequency == "SCOLAIRE":
        return f"de l’{text}"
    return f"d’{text}" if text[0] in "ao" else f"de {text}"


def _until(period: str) -> str:
    frequency, text = periods.parse(period).frequency, french.period(period)
    if frequency in {"S", "Q"}:
        return f"au {text}"
    return f"à l’{text}" if frequency == "SCOLAIRE" else f"à {text}"


def between(first: str, last: str) -> str:
    """Return a span of time inside a sentence: ``de 2018 à 2023``."""
    return f"{_since_then(first)} {_until(last)}"


def typical(count: int, level: str) -> str:
    """Return the name of the line of medians: ``Médiane de 812 communes``."""
    return say("typique", {"nombre": f"{french.number(count)} {word('niveaux', level)}"})


def communes(lines: Sequence[Line], indicator: Indicator, period: str) -> str:
    """Return the message of a table by commune: the two extremes, and how many values are withheld."""
    found = [(point.value, line.name) for line in lines if (point := line.at(period)) is not None and point.known]
    withheld = sum((point := line.at(period)) is not None and point.mark == "masque" for line in lines)
    (low, lowest), (high, highest) = min(found), max(found)
    told = {
        "indicateur": indicator.label,
        "quand": when(period),
        "bas": amount(low, indicator),
        "haut": amount(high, indicator),
        "lieu_bas": place(lowest),
        "lieu_haut": place(highest),
    }
    sentence = say("communes_egales" if low == high else "communes", told)
    if not withheld:
        return sentence
    counted = {"phrase": sentence, "nombre": french.plural(withheld, "autre valeur")}
    return say("communes_masquees" if withheld == 1 else "communes_masquees_plusieurs", counted)


def signed_change(first: Point, last: Point, indicator: Indicator) -> str:
    """Return an evolution with its sign, in percent for a count, as a difference for a rate."""
    value = evolved(first, last, indicator)
    if _by_difference(indicator):
        points = f"{french.NBSP}{'point' if abs(value) < 2 else 'points'}" if indicator.unit == "%" else ""
        return f"{french.number(value, 1 if indicator.decimals is None else indicator.decimals, sign=True)}{points}"
    if first.value <= 0:
        return french.number(value, indicator.decimals, sign=True)
    return french.percent(value, sign=True)


def evolved(first: Point, last: Point, indicator: Indicator) -> float:
    """Return the evolution that `signed_change` tells, as a number."""
    gap = last.value - first.value
    return gap if _by_difference(indicator) or first.value <= 0 else 100 * gap / first.value


def _by_difference(indicator: Indicator) -> bool:
    return relative(indicator) and not indicator.unit.startswith("EUR")


def verdicts() -> tuple[str, ...]:
    """Return the verdicts, the best first."""
    return tuple(catalogue()["bilans"])


def progress(found: Sequence[str], *, noun: str = "indicateur") -> str:
    """Return the key message of the targets: how many stand where."""
    told = [
        f"{french.number(count)} {word('bilans' if count == 1 else 'bilans_pluriel', one)}"
        for one in verdicts()
        if (count := found.count(one))
    ]
    total = french.plural(len(found), noun)
    key = "progres_un" if len(found) == 1 else "progres_plusieurs"
    return say(key, {"total": total, "details": french.enumeration(told)})


def path(share: float) -> str:
    """Return the share of the way as a percentage; empty when it is not known."""
    return "" if math.isnan(share) else french.percent(100 * share, 0)
