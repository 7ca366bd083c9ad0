"""What has no place in the folder of an audience: the files of others, and those that nothing has produced."""

from __future__ import annotations

import os
import re
from collections.abc import Container, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ctgeval.report import manifest
from ctgeval.report.files import digest
from ctgeval.report.scan.hits import Hit

__all__ = ["Expected", "Watch", "described", "misplaced"]

INDEX = "index.html"
_SHEET = ".manifest.json"
_BEING_WRITTEN = re.compile(r"\..+\.[0-9a-f]{12}\.tmp")


class Expected:
    """Names of the files about to be written: asking for one costs the same however many they are.

    Parameters
    ----------
    names : iterable of str
        A name may hold one ``*``, for any text.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._names: set[str] = set()
        self._begun: dict[str, set[str]] = {}
        for name in names:
            first, star, last = name.partition("*")
            if star:
                self._begun.setdefault(last, set()).add(first)
            else:
                self._names.add(name)

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str):
            return False
        return name in self._names or any(
            name.endswith(last) and any(name[:size] in firsts for size in range(len(name) - len(last) + 1))
            for last, firsts in self._begun.items()
        )


class Watch:
    """The folder of the readers of one audience while its pages are written one after the other.

    It is looked at whole the first time, and whenever a name appears that no page being written explains: a thousand
    pages do not read a thousand sheets each.

    Parameters
    ----------
    folder, audience, expected
        See `misplaced`.
    """

    def __init__(self, folder: Path, *, audience: str, expected: Container[str]) -> None:
        self._folder, self._audience, self._expected = folder, audience, expected
        self._seen: frozenset[str] | None = None
        self._hits: tuple[Hit, ...] = ()

    def look(self) -> tuple[Hit, ...]:
        """Return what has no place there now."""
        names = frozenset(_names(self._folder))
        if self._seen is not None and names == self._seen:
            return self._hits
        if self._seen is None or self._hits or not all(map(self._explained, names - self._seen)):
            found = misplaced(self._folder, audience=self._audience, expected=self._expected, whole=False)
            self._hits = tuple(found)
        self._seen = names
        return self._hits

    def _explained(self, name: str) -> bool:
        """Tell whether a new file is one that a build of this audience writes there."""
        path = self._folder / name
        if path.is_symlink() or name not in self._expected:
            return False
        return not name.endswith(_SHEET) or manifest.read(path).get("audience", self._audience) == self._audience


def _names(folder: Path) -> Iterator[str]:
    """Yield the names of all that a folder holds, folders included, but the files of a moment."""
    for at, folders, files in os.walk(folder):
        beside = os.path.relpath(at, folder).replace(os.sep, "/")
        for name in (*folders, *files):
            if not _BEING_WRITTEN.fullmatch(name):
                yield name if beside == "." else f"{beside}/{name}"


def described(told: Mapping[str, Any]) -> dict[str, str]:
    """Return the files that a manifest speaks of, with their sha256 (empty when it does not tell it)."""
    parts = [part for part in told.values() if isinstance(part, Mapping)]
    parts += [one for part in told.values() if isinstance(part, list) for one in part if isinstance(one, Mapping)]
    # Sources have a « fichier » too: those of the dossier, which are not here.
    produced = [part for part in parts if "fichier" in part and ("sha256" in part or "octets" in part)]
    return {str(part["fichier"]): str(part.get("sha256", "")) for part in produced}


def misplaced(folder: Path, *, audience: str, expected: Container[str] = frozenset(), whole: bool) -> Iterator[Hit]:
    """Yield what does not belong in a folder.

    Parameters
    ----------
    folder : Path
        Folder of the readers of one audience; nothing is found when it does not exist.
    audience : str
        Whose it is, as manifests write it: ``copil``, ``partenaire-caf``.
    expected : container of str
        Files about to be written, or that a build that was killed may have left without their manifest (`Expected`).
    whole : bool
        Whether each file must also be, byte for byte, what its manifest says; False while a build is replacing them.
    """
    if not folder.is_dir():
        return
    found = sorted((*folder.glob(f"*{_SHEET}"), *folder.glob(f"{manifest.VERSIONS}/*{_SHEET}")))
    sheets = {path.relative_to(folder).as_posix(): manifest.read(path) for path in found}
    for name, told in sheets.items():
        if told and told.get("audience") != audience:
            yield Hit(name, "autre_public", "", "")
    known: dict[str, str] = {}
    theirs: set[str] = set()
    for sheet, told in sheets.items():
        # A sheet speaks of the files that are beside it.
        beside = sheet.rpartition("/")[0]
        files = {f"{beside}/{name}" if beside else name: digest for name, digest in described(told).items()}
        known |= files
        theirs |= set(files) if told.get("audience") != audience else set()
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_dir() and not path.is_symlink():
            continue
        if name in theirs:
            yield Hit(name, "autre_public", "", "")
        elif path.is_symlink() or not (name in known or sheets.get(name) or name == INDEX or name in expected):
            if not _BEING_WRITTEN.fullmatch(path.name) or whole:
                yield Hit(name, "etranger", "", "")
        elif whole and known.get(name) and digest(path) != known[name]:
            yield Hit(name, "modifie", "", "")
