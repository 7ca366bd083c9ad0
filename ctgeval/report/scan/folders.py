"""All that the readers of one audience find in their folder."""

from __future__ import annotations

import json
from collections.abc import Container
from pathlib import Path
from typing import TYPE_CHECKING

from ctgeval.report.scan.document import INTERNAL, document
from ctgeval.report.scan.foreign import INDEX, misplaced
from ctgeval.report.scan.hits import Hit
from ctgeval.report.scan.machine import Machine, here

if TYPE_CHECKING:
    from ctgeval.confidentiality import Release

__all__ = ["about", "folder", "foreign"]


def folder(
    folder: Path,
    *,
    audience: str,
    release: Release | None,
    persons: frozenset[str] = frozenset(),
    machine: Machine | None = None,
) -> tuple[Hit, ...]:
    """Look at every file of the folder of an audience.

    Parameters
    ----------
    folder : Path
        ``reports/copil``; nothing is found when it does not exist.
    audience : str
        Whose it is, as manifests write it: ``copil``, ``partenaire-caf``.
    release : Release, optional
        What the bilans of the folder were made from. Without it, figures can't be compared: each file that holds some
        is told (``non_compare``), and everything else is looked for.
    persons : frozenset of str
        Names known to the dossier.
    machine : Machine, optional
        This computer by default.

    Returns
    -------
    tuple of Hit
        Sorted by file.
    """
    this = machine if machine is not None else here(folder)
    hits = list(misplaced(folder, audience=audience, whole=True))
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        if path.is_symlink() or not path.is_file():
            continue
        name = path.relative_to(folder).as_posix()
        try:
            data = path.read_bytes()
        except OSError as error:
            hits.append(Hit(name, "illisible", "", error.strerror or ""))
            continue
        # An index and a sheet tell no figure of a release.
        told = name != INDEX and not name.endswith(".manifest.json")
        found = document(
            name,
            data,
            audience=audience,
            release=release if told else None,
            persons=persons,
            machine=this,
            about=about(path),
        )
        hits += found.hits
        if told and release is None and audience != INTERNAL:
            hits.append(Hit(name, "non_compare", "", "version diffusable absente"))
    return tuple(sorted(dict.fromkeys(hits)))


def about(path: Path) -> tuple[str, ...]:
    """Return what the description beside a CSV says of its table, see `document`; nothing for any other file.

    Parameters
    ----------
    path : Path
    """
    beside = path.with_suffix(".schema.json")
    if path.suffix.casefold() != ".csv" or not beside.is_file():
        return ()
    try:
        told = json.loads(beside.read_bytes())
    except (OSError, ValueError):
        return ()
    known = told if isinstance(told, dict) else {}
    texts = [known.get("title"), *(known["headings"] if isinstance(known.get("headings"), list) else [])]
    return tuple(text for text in texts if isinstance(text, str))


def foreign(folder: Path, *, audience: str, expected: Container[str] = frozenset()) -> tuple[Hit, ...]:
    """Look only for the files that have no place in the folder of an audience, before one more is written there.

    Parameters
    ----------
    folder : Path
    audience : str
        See `folder`.
    expected : container of str
        Names of the files that the dossier makes there, whether their manifest is already written or not.
    """
    return tuple(misplaced(folder, audience=audience, expected=expected, whole=False))
