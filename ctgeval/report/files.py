"""Files written whole or not at all, in places that can't be led astray."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import tempfile
import time
from pathlib import Path

from ctgeval.config import PRIVATE, drafts
from ctgeval.errors import ReportError

_NAME = re.compile(
    r"[a-z0-9]+(-[a-z0-9]+)*(\.(manifest|schema|datapackage))?(\.(csv|docx|html|json|odt|ods|pdf|xlsx))?"
)
_RESERVED = frozenset({"con", "prn", "aux", "nul", *(f"{device}{n}" for device in ("com", "lpt") for n in range(10))})
_LONGEST_NAME = 150
_ATTEMPTS = 6
_LONGEST_BUILD = 86400.0
SCRATCH = "ctgeval-"


def checked_name(name: str) -> str:
    """Return a file or folder name after checking that every system takes it as it is.

    Raises
    ------
    ReportError
        When it is not made of ``[a-z0-9-]`` words, is reserved by Windows, or is too long.
    """
    stem = name.split(".", 1)[0]
    if not _NAME.fullmatch(name) or stem in _RESERVED or len(name) > _LONGEST_NAME:
        raise ReportError(
            "Ce nom ne peut pas servir de nom de fichier.",
            value=name[:200],
            remedy=f"Utilisez des lettres sans accent, des chiffres et des tirets, {_LONGEST_NAME} signes au plus.",
        )
    return name


def place(root: Path, *names: str) -> Path:
    """Return the path of a file under a root, refusing symbolic links and anything that leaves the root.

    Parameters
    ----------
    root : Path
        Folder that must hold the file; it may itself be reached by a link.
    names : str
        Folders then file name, each checked by `checked_name`.

    Raises
    ------
    ReportError
        When a part is a symbolic link, a bad name, or leads out of ``root``.
    """
    base = root.resolve()
    path = base
    for name in names:
        path = path / checked_name(name)
        if path.is_symlink():
            raise ReportError(
                "Un lien symbolique se trouve à l’endroit où le bilan doit être écrit.",
                file=path.name,
                remedy="Supprimez ce lien, ou choisissez un autre dossier de sortie.",
            )
    if not path.resolve().is_relative_to(base):
        raise ReportError("Le bilan serait écrit hors du dossier de sortie.", file=path.name)
    return path


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that a reader sees the former content or the new one, never a part.

    Parameters
    ----------
    path : Path
        Where; its folder is made if needed.
    data : bytes
        The whole content.

    Raises
    ------
    ReportError
        When the folder can't be written, or another program keeps the file open.
    """
    temporary = drafts.beside(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        _replace(temporary, path)
        _sweep(path)
    except OSError as error:
        raise ReportError(
            f"Impossible d’écrire le fichier : {drafts.refusal(error)}.",
            file=path.name,
            remedy="Vérifiez que le dossier de sortie est accessible en écriture et que le fichier n’est pas ouvert "
            "dans un autre logiciel.",
        ) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _sweep(path: Path) -> None:
    """Remove what a killed program left beside a file; another one may be writing at this very moment."""
    with contextlib.suppress(OSError):
        drafts.sweep(path.parent.glob(f".{path.name}.*.tmp"), now=path.stat().st_mtime)


def sweep(folder: Path, out: Path, *, now: float) -> None:
    """Remove the drafts that a killed builder left: its pages, its releases, and what its notebooks had been given.

    Parameters
    ----------
    folder, out : Path
        The dossier, and the folder of the reports.
    now : float
        The hour of the dossier, see `drafts.abandoned`.
    """
    drafts.sweep((folder / PRIVATE).rglob(".*.tmp"), now=now)
    drafts.sweep((folder / PRIVATE / "releases").glob("*/.tmp-*"), now=now)
    drafts.sweep((*out.glob("*/.*.tmp"), *out.glob("*/versions/.*.tmp")), now=now)
    mine = os.getuid() if hasattr(os, "getuid") else None
    with contextlib.suppress(OSError):
        found = Path(tempfile.gettempdir()).glob(f"{SCRATCH}*")
        # Their names tell who made them on this machine; without that, a day is more than any build takes.
        folders = (one for one in found if one.is_dir() and mine in {None, one.lstat().st_uid})
        drafts.sweep(folders, now=time.time() - _LONGEST_BUILD)


def _replace(source: Path, target: Path) -> None:
    # A virus scanner or a share may hold a file for an instant on Windows, which refuses the replacement meanwhile.
    for attempt in range(_ATTEMPTS):
        try:
            source.replace(target)
            return
        except PermissionError:
            if os.name != "nt" or attempt == _ATTEMPTS - 1:
                raise
            time.sleep(0.05 * 2**attempt)


def digest(path: Path) -> str:
    """Return the sha256 of a file's bytes, or an empty text when there is no such file."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return ""
