"""Write the chosen territories of comparison in ``ctg.toml``: one list added, every other byte left as it is."""

from __future__ import annotations

import contextlib
import os
import re
import stat
import tempfile
import textwrap
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ctgeval.config.toml import FILE_NAME
from ctgeval.errors import DossierError
from ctgeval.sources.files import owner_file

__all__ = ["freeze", "with_territories"]

_SECTION = re.compile(rb"^\s*\[\s*comparaison\s*\]\s*(?:#.*)?$")
_HEADER = re.compile(rb"^\s*\[")
_METHOD = re.compile(rb"^(\s*(?:comparaison\s*\.\s*)?)methode\s*=")
_EMPTY = re.compile(rb"^\s*(?:comparaison\s*\.\s*)?territoires\s*=\s*\[\s*\]\s*(?:#.*)?$")
_WIDTH = 110
_KEY = "comparaison.territoires"


def freeze(folder: Path, territories: Sequence[tuple[str, str]], *, reasons: Sequence[str]) -> None:
    """Add the list of the territories of comparison to the ``ctg.toml`` of a dossier.

    The file is replaced at once or not at all, and never when it changed meanwhile.

    Parameters
    ----------
    folder : Path
        The dossier.
    territories : sequence of (str, str)
        Each code, and the line that explains its choice.
    reasons : sequence of str
        Written above the list, as comments.

    Raises
    ------
    DossierError
        When the file can't be written, is open in another program, already has a list, or writes its section in a way
        that can't be completed; the list to paste is told.
    """
    path = folder / FILE_NAME
    path = path.resolve() if path.is_symlink() else path
    try:
        before = path.read_bytes()
        _refuse_closed(path)
        after = with_territories(before, territories, reasons=reasons)
        _replace(path, before, after)
    except OSError as error:
        raise _refusal(
            "Le fichier ctg.toml ne peut pas être écrit : le choix des territoires de comparaison n’est pas figé.",
            territories,
            value=error.strerror or "écriture refusée",
        ) from error


def with_territories(data: bytes, territories: Sequence[tuple[str, str]], *, reasons: Sequence[str]) -> bytes:
    """Return the bytes of a ``ctg.toml`` with the list of the territories of comparison added after its method.

    Parameters
    ----------
    data : bytes
        The file, whatever its ends of line, with or without a byte order mark.
    territories, reasons
        See `freeze`.

    Raises
    ------
    DossierError
        When a list is already written, or when its place can't be found.
    """
    asked = _parsed(data)
    section = asked.get("comparaison")
    if isinstance(section, dict) and section.get("territoires"):
        raise DossierError(
            "Les territoires de comparaison sont déjà écrits : une liste figée n’est jamais refaite.",
            remedy="Pour en choisir d’autres, effacez d’abord la clé « territoires » de [comparaison].",
            file=FILE_NAME,
            key=_KEY,
        )
    lines = data.splitlines(keepends=True)
    place = _method_line(lines)
    if place is None:
        raise _refusal("La section [comparaison] est écrite d’une manière qui ne se complète pas.", territories)
    end = b"\r\n" if lines[place].endswith(b"\r\n") or lines[0].endswith(b"\r\n") else b"\n"
    if not lines[place].endswith(b"\n"):
        lines[place] += end
    found = _METHOD.match(lines[place].removeprefix(b"\xef\xbb\xbf"))
    prefix = found.group(1).decode() if found else ""
    kept = [line for rank, line in enumerate(lines) if not (rank != place and _EMPTY.match(line))]
    place = kept.index(lines[place]) if len(kept) < len(lines) else place
    written = end.join(line.encode() for line in _text(prefix, territories, reasons)) + end
    after = b"".join([*kept[: place + 1], written, *kept[place + 1 :]])
    wanted = {**asked, "comparaison": {**_table(section), "territoires": [code for code, _ in territories]}}
    if _parsed(after, strict=False) != wanted:
        raise _refusal("La section [comparaison] est écrite d’une manière qui ne se complète pas.", territories)
    return after


def _table(section: object) -> dict[str, Any]:
    return dict(section) if isinstance(section, dict) else {}


def _parsed(data: bytes, *, strict: bool = True) -> dict[str, Any]:
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        if strict:
            raise DossierError(
                f"Le fichier {FILE_NAME} n’est pas lisible : rien n’y est écrit.",
                remedy="Lancez « ctgeval verifier » et corrigez d’abord ce qu’il dit.",
                file=FILE_NAME,
            ) from error
        return {}


def _method_line(lines: Sequence[bytes]) -> int | None:
    """Return the rank of the line of the method, in its section or in its dotted form."""
    inside, top = False, True
    for rank, line in enumerate(lines):
        bare = line.removeprefix(b"\xef\xbb\xbf").rstrip(b"\r\n")
        if _HEADER.match(bare):
            inside, top = _SECTION.match(bare) is not None, False
        elif found := _METHOD.match(bare):
            dotted = b"comparaison" in found.group(1)
            if (inside and not dotted) or (top and dotted):
                return rank
    return None


def _text(prefix: str, territories: Sequence[tuple[str, str]], reasons: Sequence[str]) -> list[str]:
    indent = prefix[: len(prefix) - len(prefix.lstrip())]
    # No-break spaces keep « and » with their words where the lines are cut.
    cut = (textwrap.wrap(" ".join(reason.splitlines()), _WIDTH, break_on_hyphens=False) for reason in reasons)
    comments = [f"{indent}# {_plain(line)}" for lines in cut for line in lines]
    items = [f'{indent}  "{code}",  # {_plain(why)}' for code, why in territories]
    return [*comments, f"{prefix}territoires = [", *items, f"{indent}]"]


def _plain(text: str) -> str:
    """Return a text that a comment can hold: one line, no control character, ordinary spaces."""
    return " ".join(re.sub(r"[\x00-\x1f\x7f\u202f\u00a0]", " ", text).split())


def _refuse_closed(path: Path) -> None:
    if not path.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH) or not os.access(path, os.W_OK):
        raise PermissionError(0, "fichier en lecture seule")
    lock = owner_file(path) or next((one for one in (path.with_name(f".{path.name}.swp"),) if one.exists()), None)
    if lock is not None:
        raise PermissionError(0, f"fichier ouvert dans un autre programme ({lock.name})")


def _refuse_changed(path: Path, before: bytes) -> None:
    if path.read_bytes() != before:
        raise PermissionError(0, "le fichier vient de changer : recommencez")


def _replace(path: Path, before: bytes, after: bytes) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    made = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(after)
            stream.flush()
            os.fsync(stream.fileno())
        made.chmod(stat.S_IMODE(path.stat().st_mode))
        _refuse_changed(path, before)
        made.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            made.unlink()
        raise


def _refusal(message: str, territories: Sequence[tuple[str, str]], *, value: str = "") -> DossierError:
    codes = ", ".join(f'"{code}"' for code, _ in territories)
    # A reason of the system says that the file is closed to writing; without one, its form is at fault.
    closed = "Rendez le fichier accessible en écriture (fermez-le ailleurs) et relancez, ou écrivez vous-même"
    first = closed if value else "Écrivez vous-même"
    return DossierError(
        message,
        remedy=f"{first} dans [comparaison] : territoires = [{codes}].",
        file=FILE_NAME,
        key=_KEY,
        value=value,
    )
