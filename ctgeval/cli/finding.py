"""Search in a dossier, and write what was found: where it is, and an excerpt."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from ctgeval import dossier as dossier_, french
from ctgeval.cli import output
from ctgeval.cli.messages import as_json, say
from ctgeval.errors import Problem

__all__ = ["run", "tell"]


def run(folder: Path, words: str) -> pd.DataFrame:
    """Return what a dossier holds that has every word, the best first.

    Raises
    ------
    DossierError
        When the dossier can't be opened.
    """
    return dossier_.Dossier.open(folder).search(words)


def tell(words: str, found: pd.DataFrame) -> None:
    """Write what was found."""
    rows: list[dict[Any, Any]] = found.astype(object).where(found.notna(), None).to_dict("records")
    if as_json():
        output.write_json({"ok": True, "words": words, "found": rows})
        return
    if not rows:
        output.write(say("chercher.none", words=words))
        return
    output.write(say("chercher.title", count=len(rows), words=words))
    for row in rows:
        where = Problem(message="", file=row["file"], sheet=row["sheet"], row=row["row"]).place
        day = french.date(row["date"]) if row["date"] else ""
        head = ", ".join(filter(None, [row["table"], row["id"] or row["action"], day]))
        output.write()
        output.write(output.wrapped(f"{head} ({where})" if where else head, first="- ", indent="  "))
        if row["table"] in {"actions", "questions"}:
            output.write(output.wrapped(row["titre"], indent="  "))
        output.write(output.wrapped(row["extrait"], indent="  "))
