"""What travels to another machine: a notebook, a release as bytes, parameters; nothing of a dossier."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path, PurePosixPath
from typing import Any

from ctgeval.errors import ReportError
from ctgeval.report.pool import Task

__all__ = ["Parcel", "options", "packed", "unpacked"]

_BEFORE_TIME = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_OF_THIS_MACHINE = {"notebook", "scratch"}


@dataclass(frozen=True, slots=True, repr=False)
class Parcel:
    """One bilan to run elsewhere.

    Parameters
    ----------
    visit : str
        Drawn for one build: what one visit leaves on a machine is of no use to another.
    name : str
        File name of the notebook.
    notebook : bytes
        Its content.
    archive : bytes
        What its kernel will find in its working folder (see `packed`); empty when it waits at ``address``.
    address : str
        Where the archive waits when it does not travel with the rest; otherwise empty.
    sha256 : str
        Of the archive.
    options : mapping
        The other fields of its `Task`.
    likeness : str
        See `likeness.mark`.

    Notes
    -----
    Dask writes what it is given in its logs and on its dashboard: a parcel tells nothing of itself.
    """

    visit: str
    name: str
    notebook: bytes
    archive: bytes
    address: str
    sha256: str
    options: Mapping[str, Any]
    likeness: str

    def __repr__(self) -> str:
        return "<Parcel>"


def options(task: Task) -> dict[str, Any]:
    """Return what a task asks for beside its notebook and its folder, which belong to the machine that made it."""
    return {one.name: getattr(task, one.name) for one in fields(task) if one.name not in _OF_THIS_MACHINE}


def packed(folder: Path) -> bytes:
    """Return a folder as one archive; the same files give the same bytes, whatever their dates.

    Parameters
    ----------
    folder : Path
        It holds plain files and folders only.

    Raises
    ------
    ReportError
        When it holds a link or anything else.
    """
    written = io.BytesIO()
    # Parquet files are compressed already.
    with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(folder.rglob("*"), key=lambda path: path.relative_to(folder).as_posix()):
            if path.is_symlink() or not (path.is_file() or path.is_dir()):
                raise ReportError("Une version diffusable ne contient que des fichiers ordinaires.", file=path.name)
            if path.is_file():
                about = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _BEFORE_TIME)
                about.create_system = _UNIX
                about.external_attr = 0o600 << 16
                archive.writestr(about, path.read_bytes())
    return written.getvalue()


def unpacked(archive: bytes, folder: Path, *, sha256: str) -> None:
    """Write the files of an archive in a folder that does not exist yet.

    Parameters
    ----------
    archive : bytes
        See `packed`.
    folder : Path
        Where.
    sha256 : str
        What the archive must be.

    Raises
    ------
    ReportError
        When it is another one, or when a name would lead out of the folder.
    """
    if hashlib.sha256(archive).hexdigest() != sha256:
        raise ReportError(
            "La version diffusable reçue n’est pas celle qui a été envoyée.",
            remedy="Vérifiez le réseau ou le relais, puis relancez.",
        )
    folder.mkdir(parents=True)
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        for about in files.infolist():
            path = PurePosixPath(about.filename)
            if path.is_absolute() or ".." in path.parts or "\\" in about.filename or ":" in about.filename:
                raise ReportError("Un fichier reçu serait écrit hors de son dossier.", file=path.name)
            written = folder.joinpath(*path.parts)
            written.parent.mkdir(parents=True, exist_ok=True)
            written.write_bytes(files.read(about))
