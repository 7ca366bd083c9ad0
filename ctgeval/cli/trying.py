"""Tell the formats that can be read, and what a file is: its format, its first rows, the block to paste."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ctgeval import dossier, measures as measures_, sources
from ctgeval.cli import output
from ctgeval.cli.messages import as_json, say
from ctgeval.config import FILE_NAME
from ctgeval.errors import CtgevalError
from ctgeval.french import number
from ctgeval.sources.proposal import Proposal, propose
from ctgeval.sources.table import Format, SourceTable
from ctgeval.territory import reference as reference_

if TYPE_CHECKING:
    from ctgeval.measures import Measure
    from ctgeval.territory.reference import Reference

__all__ = ["tell_file", "tell_formats"]

_FIRST = 5
_SHOWN = 4
_MARKS = {"\t": "tabulation", "": ""}


def tell_formats() -> None:
    """Write each format, with what it accepts."""
    known = sources.formats()
    if as_json():
        output.write_json({"ok": True, "formats": [_format(one) for one in known.values()]})
        return
    output.write(say("sources.title"))
    for one in known.values():
        output.write()
        output.write(output.wrapped(f"{one.name} – {one.label}", indent="    ", first="  "))
        output.write(output.wrapped(_accepted(one), indent="    "))
        for sentence in dict.fromkeys(one.coverage.values()):
            output.write(output.wrapped(sentence, indent="    "))
    output.write()
    output.write(say("sources.next"))


def tell_file(path: Path) -> None:
    """Write what a file is; nothing is changed on the disk.

    Parameters
    ----------
    path : Path
        File; when it lies in a dossier, its territories and its measures are those of that dossier.

    Raises
    ------
    SourceError
        When it can't be read at all.
    """
    relative, geography, known = _around(path)
    found = propose(path, relative=relative, reference=geography, measures=known)
    if as_json():
        output.write_json(_told(path, found))
        return
    table = found.table
    output.write(say("sources.tried", file=path.name))
    output.write()
    if found.format != "tableau":
        output.write(say("sources.known", format=found.format, label=sources.formats()[found.format].label))
    else:
        output.write(say("sources.guessed" if found.complete else "sources.unknown"))
    if found.others:
        output.write(output.wrapped(say("sources.others", names=", ".join(found.others))))
    counts = {"rows": table.n_rows, "accepted": table.n_accepted, "rejected": table.n_rejected}
    output.write(say("sources.counts", **{name: number(count) for name, count in counts.items()}))
    none = say("sources.none")
    marks = {"encoding": table.encoding, "separator": _mark(table.separator), "decimal": _mark(table.decimal)}
    output.write(say("sources.how", **{name: text or none for name, text in marks.items()}))
    for line in _rejected(table):
        output.write(output.wrapped(line, first="  - ", indent="    "))
    for doubt in found.doubts:
        output.write(
            output.wrapped(say("sources.doubt", message=f"{doubt.message} {doubt.remedy}"), indent="  ", first="")
        )
    _title(say("sources.first"))
    for row in _rows(table):
        output.write("  " + " | ".join(str(value) for value in row.values()))
    _title(say("sources.paste"))
    output.write(found.block.rstrip("\n"))


def _title(text: str) -> None:
    output.write()
    output.write(text)
    output.write("=" * len(text))


def _around(path: Path) -> tuple[str, Reference, Mapping[str, Measure]]:
    """Return the path that ``fichier`` should say, and the geography and measures of the dossier around a file."""
    full = path.resolve()
    for folder in full.parents:
        if not (folder / FILE_NAME).is_file():
            continue
        relative = full.relative_to(folder).as_posix()
        try:
            opened = dossier.Dossier.open(folder)
            return relative, opened.reference, opened.measures
        except CtgevalError:
            # A dossier that is not finished is where a file is tried most often.
            return relative, reference_.load(), measures_.load()
    return f"sources/{path.name}", reference_.load(), measures_.load()


def _accepted(one: Format) -> str:
    if not one.producer:
        return say("sources.described")
    names = ", ".join(one.measures[:_SHOWN]) + ("…" if len(one.measures) > _SHOWN else "")
    key = "no_measure" if not one.measures else "one_measure" if len(one.measures) == 1 else "measures"
    gives = say(f"sources.{key}", count=len(one.measures), names=names) if one.measures else say(f"sources.{key}")
    return say("sources.accepts", origin=", ".join(filter(None, (one.producer, one.licence))), gives=gives)


def _format(one: Format) -> dict[str, Any]:
    return {
        "format": one.name,
        "label": one.label,
        "producer": one.producer,
        "licence": one.licence,
        "periodicity": one.periodicity,
        "coverage": dict(one.coverage),
        "measures": list(one.measures),
        "described": not one.producer,
    }


def _told(path: Path, found: Proposal) -> dict[str, Any]:
    table = found.table
    return {
        "ok": True,
        "file": str(path),
        "format": found.format,
        "complete": found.complete,
        "others": list(found.others),
        "encoding": table.encoding,
        "separator": table.separator,
        "decimal": table.decimal,
        "n_rows": table.n_rows,
        "n_accepted": table.n_accepted,
        "n_rejected": table.n_rejected,
        "notes": list(table.notes),
        "rejected": table.rejected.head(20).to_dict("records"),
        "doubts": [doubt.as_dict() for doubt in found.doubts],
        "rows": list(_rows(table)),
        "block": found.block,
    }


def _rows(table: SourceTable) -> Iterator[dict[str, Any]]:
    """Give the first facts read, or the first rows of the table when the file holds none."""
    if len(table.observations):
        shown = table.observations[["measure", "geo", "time_period", "value", "origin"]]
    else:
        shown = next((one for one in table.tables.values() if len(one)), table.observations)
    for record in shown.head(_FIRST).to_dict("records"):
        # The points of a contour are not to be read there.
        cells = {str(name): value for name, value in record.items() if np.ndim(value) == 0}
        yield {name: None if value != value else value for name, value in cells.items()}  # noqa: PLR0124 - NaN


def _rejected(table: SourceTable) -> Iterator[str]:
    """Give the commonest reasons of the rows set aside, each with its first line."""
    reasons = table.rejected["reason"].str.replace(r"\d+", "#", regex=True)
    for reason, count in Counter(reasons.tolist()).most_common(3):
        first = table.rejected[reasons.eq(reason)].iloc[0]
        yield say("sources.rejected", count=count, reason=str(first["reason"]).rstrip("."), row=first["row"])


def _mark(text: str) -> str:
    return _MARKS.get(text, f"« {text} »")
