"""The history of communes of the package @etalab/decoupage-administratif (JSON), as links between codes."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ctgeval import observations
from ctgeval.errors import SourceError, TerritoryError
from ctgeval.french import number
from ctgeval.sources.files import RawFile, read_raw
from ctgeval.sources.table import REJECTED_COLUMNS, SourceTable
from ctgeval.territory import codes

__all__ = ["is_history", "kinds", "read", "still"]

Link = tuple[dt.date, str, str]

_TEXT = pd.StringDtype(na_value=np.nan)
_NO_MOVE = ""


def is_history(path: Path) -> bool:
    """Tell whether a name is that of a JSON file, compressed or not."""
    return any(suffix.lower() == ".json" for suffix in path.suffixes[-2:])


def read(path: Path, format: str) -> SourceTable:
    """Read the history: each record is a spell of a commune, with what it comes from and what it becomes.

    Rows are numbered as the records of the list, from 1.

    Raises
    ------
    SourceError
        When the file is not that history.
    """
    raw = read_raw(path)
    records = _records(raw)
    holders = {str(record["id"]): _holder(record) for record in records if isinstance(record.get("id"), str)}
    links: dict[Link, int] = {}
    good: list[int] = []
    faults: list[tuple[int, str, str, str]] = []
    for row, record in enumerate(records, start=1):
        fault = _fault(record)
        if fault:
            faults.append((row, *fault))
            continue
        good.append(row)
        for link in _links(record, holders):
            links.setdefault(link, row)
    ordered = sorted(links)
    moving = [(link, kind) for link, kind in zip(ordered, kinds(ordered), strict=True) if kind != _NO_MOVE]
    told = {links[link] for link, _ in moving}
    quiet = [row for row in good if row not in told]
    told_before = (
        "Enregistrements qui n’ajoutent aucun événement (rien ne change de commune, ou un autre le dit déjà) : "
        f"{number(len(quiet))}."
    )
    return SourceTable(
        observations=observations.empty(),
        rejected=_rejected(raw.name, faults),
        n_rows=len(records),
        n_accepted=len(good),
        encoding="utf-8",
        separator="",
        decimal="",
        sha256=raw.sha256,
        file=raw.name,
        format=format,
        notes=(told_before,),
        tables={"evenements": _table(raw.name, moving, links, quiet, records)},
    )


def kinds(links: Sequence[Link]) -> list[str]:
    """Return the kind of each link: fusion, scission, changement_de_code; empty when it moves no ground.

    A link of a code with itself counts when another link of the same day touches that code.
    """
    distinct = set(links)
    moved = {link for link in distinct if link[1] != link[2]}
    touched = {(day, code) for day, *pair in moved for code in pair}
    kept = moved | {link for link in distinct if (link[0], link[1]) in touched}
    afters = Counter((day, before) for day, before, _ in kept)
    befores = Counter((day, after) for day, _, after in kept)

    def kind(link: Link) -> str:
        day, before, after = link
        if link not in kept:
            return _NO_MOVE
        if afters[day, before] > 1:
            return "scission"
        return "fusion" if befores[day, after] > 1 else "changement_de_code"

    return [kind(link) for link in links]


def still(count: int) -> str:
    """Tell the rows that move no ground."""
    if not count:
        return ""
    return (
        "Lignes qui ne changent le territoire d’aucune commune (changements de nom, communes déléguées ou associées) : "
        f"{number(count)}."
    )


def _records(raw: RawFile) -> list[dict[str, Any]]:
    try:
        content = json.loads(raw.data.decode("utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise SourceError(
            "Le fichier n’est pas un JSON lisible.",
            remedy="Reprenez-le à la source, sans le modifier.",
            file=raw.name,
            row=getattr(error, "lineno", None),
        ) from error
    if not isinstance(content, list) or not content or not all(isinstance(record, dict) for record in content):
        raise SourceError(
            "Le fichier n’est pas un historique des communes : une liste d’enregistrements est attendue.",
            remedy="Donnez le fichier « historique-communes.json » du paquet @etalab/decoupage-administratif.",
            file=raw.name,
        )
    if not any("id" in record and "code" in record and "type" in record for record in content):
        raise SourceError(
            "Le fichier n’est pas un historique des communes : il y manque « id », « type » et « code ».",
            remedy=f"Clés trouvées : {', '.join(sorted(map(str, content[0]))[:12])}. Vérifiez le format déclaré.",
            file=raw.name,
            key="id",
        )
    return content


def _holder(record: Mapping[str, Any]) -> str:
    """Return the code of the commune that holds the ground of a spell: its own, or that of its pole."""
    if record.get("type") == "COM":
        return str(record.get("code", ""))
    pole = str(record.get("pole", "")).partition("-")[2]
    return pole.partition("@")[0]


def _fault(record: Mapping[str, Any]) -> tuple[str, str, str] | None:
    """Return the key, the value and the reason of what makes a record unusable."""
    try:
        codes.commune(str(record.get("code", "")))
    except TerritoryError as error:
        return "code", str(record.get("code", "")), error.problem.message
    for key in ("dateDebut", "dateFin"):
        if key in record and _day(record[key]) is None:
            return key, str(record[key]), "La date n’est pas lisible."
    return None


def _links(record: Mapping[str, Any], holders: Mapping[str, str]) -> Iterable[Link]:
    if record.get("type") != "COM":
        return
    code = str(record["code"])
    for date_key, other_key, forward in (("dateFin", "successeur", True), ("dateDebut", "predecesseur", False)):
        day, other = _day(record.get(date_key)), holders.get(str(record.get(other_key, "")), "")
        if day is not None and other:
            yield (day, f"COM-{code}", f"COM-{other}") if forward else (day, f"COM-{other}", f"COM-{code}")


def _day(text: object) -> dt.date | None:
    try:
        return dt.date.fromisoformat(str(text))
    except ValueError:
        return None


def _table(
    file: str,
    moving: Sequence[tuple[Link, str]],
    links: Mapping[Link, int],
    quiet: Sequence[int],
    records: Sequence[Mapping[str, Any]],
) -> pd.DataFrame:
    still_codes = [f"COM-{records[row - 1]['code']}" for row in quiet]
    nowhere = [np.datetime64("NaT")] * len(quiet)
    return pd.DataFrame(
        {
            "code_before": pd.Series([link[1] for link, _ in moving] + still_codes, dtype=_TEXT),
            "code_after": pd.Series([link[2] for link, _ in moving] + still_codes, dtype=_TEXT),
            "effective": np.array([np.datetime64(link[0], "s") for link, _ in moving] + nowhere, dtype="datetime64[s]"),
            "kind": pd.Series([kind for _, kind in moving] + [_NO_MOVE] * len(quiet), dtype=_TEXT),
            "share": np.full(len(moving) + len(quiet), np.nan),
            "origin": pd.Series([f"{file}!{links[link]}" for link, _ in moving] + [f"{file}!{row}" for row in quiet]),
        }
    )


def _rejected(file: str, faults: Sequence[tuple[int, str, str, str]]) -> pd.DataFrame:
    columns = list(zip(*faults, strict=True)) or [(), (), (), ()]
    rows, keys, values, reasons = columns
    return pd.DataFrame(
        {
            "file": pd.Series([file] * len(rows), dtype=_TEXT),
            "sheet": pd.Series([""] * len(rows), dtype=_TEXT),
            "row": pd.Series(rows, dtype="int64"),
            "column": pd.Series(keys, dtype=_TEXT),
            "value": pd.Series(values, dtype=_TEXT),
            "reason": pd.Series(reasons, dtype=_TEXT),
            "geo": pd.Series([""] * len(rows), dtype=_TEXT),
        },
        columns=list(REJECTED_COLUMNS),
    )
