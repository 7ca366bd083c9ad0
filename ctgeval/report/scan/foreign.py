"""What has no place in the folder of an audience: the files of others, and those that nothing has produced."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from ctgeval.report import manifest
from ctgeval.report.files import digest
from ctgeval.report.scan.hits import Hit

__all__ = ["described", "misplaced"]

INDEX = "index.html"
_SHEET = ".manifest.json"
_BEING_WRITTEN = re.compile(r"\..+\.[0-9a-f]{12}\.tmp")


def described(told: Mapping[str, Any]) -> dict[str, str]:
    """Return the files that a manifest speaks of, with their sha256 (empty when it does not tell it)."""
    parts = [part for part in told.values() if isinstance(part, Mapping)]
    parts += [one for part in told.values() if isinstance(part, list) for one in part if isinstance(one, Mapping)]
    # Sources have a « fichier » too: those of the dossier, which are not here.
    produced = [part for part in parts if "fichier" in part and ("sha256" in part or "octets" in part)]
    return {str(part["fichier"]): str(part.get("sha256", "")) for part in produced}


def misplaced(folder: Path, *, audience: str, expected: frozenset[str] = frozenset(), whole: bool) -> Iterator[Hit]:
    """Yield what does not belong in a folder.

    Parameters
    ----------
    folder : Path
        Folder of the readers of one audience; nothing is found when it does not exist.
    audience : str
        Whose it is, as manifests write it: ``copil``, ``partenaire-caf``.
    expected : frozenset of str
        Files about to be written, or that a build that was killed may have left without their manifest; a name may hold
        ``*``.
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
    patterns = [name for name in expected if "*" in name]
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
        elif path.is_symlink() or not (
            name in known
            or sheets.get(name)
            or name == INDEX
            or name in expected
            or any(fnmatchcase(name, pattern) for pattern in patterns)
        ):
            if not _BEING_WRITTEN.fullmatch(path.name) or whole:
                yield Hit(name, "etranger", "", "")
        elif whole and known.get(name) and digest(path) != known[name]:
            yield Hit(name, "modifie", "", "")
