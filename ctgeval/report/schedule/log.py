"""The journal of scheduled runs: one JSON object a line, each line whole, kept in the dossier."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
from pathlib import Path

from ctgeval.config import PRIVATE, drafts
from ctgeval.errors import ReportError

__all__ = ["FILE", "FORMER", "append"]

FILE = f"{PRIVATE}/journal.jsonl"
FORMER = f"{PRIVATE}/journal.1.jsonl"
_LARGEST = 4_000_000


def append(folder: Path, event: str, /, **fields: object) -> None:
    """Add a line: ``instant``, ``evenement``, ``pid`` and what is told of the event.

    Parameters
    ----------
    folder : Path
        The dossier.
    event : str
        What happened, in one French word without accent.
    **fields
        More about it; what JSON does not know is written as text.

    Raises
    ------
    ReportError
        When the dossier can't be written.

    Notes
    -----
    A line is written at once at the end of the file, so that two processes never mix theirs; past 4 MB, the file
    becomes ``journal.1.jsonl`` and another begins.
    """
    instant = dt.datetime.now().astimezone().isoformat(timespec="milliseconds")
    told = {"instant": instant, "evenement": event, "pid": os.getpid(), **fields}
    data = (json.dumps(told, ensure_ascii=True, default=str) + "\n").encode("ascii")
    path = folder / FILE
    try:
        path.parent.mkdir(exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_size > _LARGEST:
                path.replace(folder / FORMER)
        handle = os.open(path, os.O_APPEND | os.O_CREAT | os.O_WRONLY | getattr(os, "O_BINARY", 0), 0o644)
        try:
            os.write(handle, data)
        finally:
            os.close(handle)
    except OSError as error:
        raise ReportError(
            f"Le journal ne peut pas être écrit : {drafts.refusal(error)}.",
            file=FILE,
            remedy="Rendez le dossier et son sous-dossier « .ctgeval » accessibles en écriture, puis relancez.",
        ) from error
