"""Tell what differs between two bilans, kind by kind, figure by figure, with intervals."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

from ctgeval import french, periods
from ctgeval.cli import failures, output
from ctgeval.cli.messages import as_json, lang, say
from ctgeval.errors import CtgevalError
from ctgeval.report import compare

if TYPE_CHECKING:
    from ctgeval.report.targets import Compared, Target

__all__ = ["run", "tell"]

_MISUSE = 2


def run(ctx: click.Context, before: str, after: str, **options: Any) -> Compared:
    """Compare two bilans; what prevents it is told, and is no difference: exit 2.

    Parameters
    ----------
    ctx : Context
        Of the command.
    before, after : str
        See `ctgeval.report.targets.compare_bilans`.
    **options
        Idem.
    """
    from ctgeval.report.targets import compare_bilans

    try:
        return compare_bilans(before, after, **options)
    except CtgevalError as error:
        failures.tell(error)
        ctx.exit(_MISUSE)
        raise


def tell(found: Compared) -> None:
    """Write the differences, and how many figures are the same."""
    if as_json():
        output.write_json(_told(found))
        return
    result = found.result
    output.write(say("comparer.title"))
    for mark, one in (("A", found.before), ("B", found.after)):
        output.write(output.wrapped(f"{mark} : {_name(one)}", first="  ", indent="      "))
    for note in result.notes:
        output.write(output.wrapped(note))
    for kind, differences in groupby(result.differences, key=lambda one: one.kind):
        same_kind = list(differences)
        title = f"{say(f'comparer.{kind}')} ({len(same_kind)})"
        output.write()
        output.write(title)
        output.write("=" * len(title))
        for difference in same_kind:
            output.write(output.wrapped(_sentence(difference), first="  - ", indent="    "))
    output.write()
    if result.same:
        output.write(say("comparer.same"))
    output.write(output.wrapped(say("comparer.total", unchanged=result.unchanged, masked=result.masked)))


def _name(one: Target) -> str:
    day = (french.date(one.day) if lang() == "fr" else one.day) if one.day else ""
    return (
        say("comparer.made", name=one.name, audience=one.audience, day=day) if day else f"{one.name} ({one.audience})"
    )


def _sentence(one: compare.Difference) -> str:
    details = "".join(f", {value}" for _, value in one.dimensions)
    head = f"{one.indicator} {one.label}, {one.name}{details} : "
    before, after = (_figure(figure, one) for figure in (one.before, one.after))
    note = f" {one.note}" if one.note else ""
    return head + " → ".join(filter(None, (before, after))) + "." + note


def _figure(figure: compare.Figure | None, one: compare.Difference) -> str:
    if figure is None:
        return ""
    period = french.period(figure.time_period) if periods.is_period(figure.time_period) else figure.time_period
    if figure.status == "masque":
        return f"{say('comparer.hidden')} ({period})"
    low, high = figure.interval
    provisional = f", {say('comparer.provisional')}" if figure.provisional else ""
    if math.isnan(figure.value):
        return f"{french.interval(low, high, one.decimals, one.unit)} ({period}{provisional})"
    value = french.quantity(figure.value, one.unit, one.decimals)
    margin = f", {french.interval(low, high, one.decimals)}" if high > low else ""
    return f"{value} ({period}{margin}{provisional})"


def _told(found: Compared) -> dict[str, Any]:
    result = found.result
    return {
        "ok": True,
        "same": result.same,
        "before": _target(found.before),
        "after": _target(found.after),
        "counts": {**compare.counts(result.differences), "inchange": result.unchanged, "masque_deux": result.masked},
        "notes": list(result.notes),
        "differences": [_difference(one) for one in result.differences],
    }


def _target(one: Target) -> dict[str, str]:
    return {"name": one.name, "audience": one.audience, "territoire": one.territoire, "date": one.day}


def _difference(one: compare.Difference) -> dict[str, Any]:
    told = asdict(one) | {"dimensions": dict(one.dimensions)}
    return told | {name: dict(_plain(told[name])) if told[name] else None for name in ("before", "after")}


def _plain(figure: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Give a figure as JSON can write it: no number where there is none."""
    for name, value in figure.items():
        yield name, None if isinstance(value, float) and not math.isfinite(value) else value
