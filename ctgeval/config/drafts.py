"""Files written whole: a draft beside, put in place at once, that tells which process writes it.

A process that is killed leaves its draft. The next one knows by its name that nobody writes it any more, where the
system tells which processes live; elsewhere, or for the draft of another machine, by its age.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import platform
import re
import secrets
import shutil
from collections.abc import Iterable
from functools import cache
from pathlib import Path

__all__ = ["abandoned", "beside", "born", "claim", "mark", "refusal", "space", "sweep"]

_MARK = re.compile(r"(?P<space>[0-9a-f]{8})-(?P<pid>[0-9]+)-(?P<born>[0-9]*)\.[^.]+(\.tmp)?")
_OLD = 3600.0
_NOWHERE = "0" * 8
_REFUSALS = {
    errno.ENOSPC: "le disque est plein",
    errno.EDQUOT: "la place qui vous est accordée est épuisée",
    errno.EFBIG: "le fichier dépasse la taille permise",
    errno.EROFS: "le disque est en lecture seule",
    errno.EACCES: "le système refuse l’accès",
    errno.EPERM: "le système refuse l’accès",
    errno.EIO: "le disque ou le réseau ne répond plus",
    errno.ENOENT: "un fichier ou un dossier a disparu",
    errno.EISDIR: "un dossier porte ce nom",
    errno.ENOTDIR: "un fichier se trouve à la place d’un dossier",
    errno.EEXIST: "un fichier se trouve à la place d’un dossier",
    errno.ENAMETOOLONG: "le chemin est trop long",
}
_NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK, errno.EXDEV})


def space() -> str:
    """Return the boot and the space of processes in which the number of one means something; empty when not told."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def born(pid: int) -> str:
    """Return when a process began, in ticks since the boot; empty when there is no such process, or it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""
    # State, then the 22nd field of proc(5): a process that waits to be buried holds nothing any more.
    return "" if fields[0] in {"Z", "X"} else fields[19]


@cache
def _here() -> str:
    told = space()
    return hashlib.sha256(f"{platform.node()} {told}".encode()).hexdigest()[:8] if told else _NOWHERE


def mark() -> str:
    """Return the words that tell, in a name, which process writes a file."""
    return f"{_here()}-{os.getpid()}-{born(os.getpid())}"


def refusal(error: OSError) -> str:
    """Return in French why the system did not let something be written, for the end of a sentence.

    Parameters
    ----------
    error : OSError
        What it said.
    """
    return _REFUSALS.get(error.errno or 0, error.strerror or str(error))


def beside(path: Path) -> Path:
    """Return where to write what will take the place of a file.

    Parameters
    ----------
    path : Path
        The file.
    """
    return path.with_name(f".{path.name}.{mark()}.{secrets.token_hex(6)}.tmp")


def claim(path: Path, data: bytes, *, mode: int = 0o644) -> bool:
    """Write a file that nobody else may have written, whole or not at all; tell whether it could be.

    Parameters
    ----------
    path : Path
        Where; its folder exists.
    data : bytes
        The whole content.
    mode : int
        Who may read it.

    Raises
    ------
    OSError
        When it can't be written.
    """
    draft = beside(path)
    try:
        _write(draft, data, mode=mode)
        return _placed(draft, path)
    except FileExistsError:
        return False
    except OSError as error:
        # Some shares and keys have no links: a kill at the wrong instant then leaves a file that is not whole.
        if error.errno not in _NO_LINKS:
            raise
        return _written_there(path, data, mode=mode)
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)


def _placed(draft: Path, path: Path) -> bool:
    if os.name == "nt":
        # There, to rename never replaces.
        draft.rename(path)
    else:
        os.link(draft, path)
    return True


def _written_there(path: Path, data: bytes, *, mode: int) -> bool:
    try:
        _write(path, data, mode=mode)
    except FileExistsError:
        return False
    return True


def _write(path: Path, data: bytes, *, mode: int) -> None:
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0), mode)
    with os.fdopen(handle, "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def abandoned(path: Path, *, now: float) -> bool:
    """Tell whether the process that was writing a draft has ended.

    Parameters
    ----------
    path : Path
        The draft: a file or a folder whose name holds a `mark`, or not when an earlier version made it.
    now : float
        The hour of the place where it stands, which may be far from that of this machine.
    """
    told = _MARK.search(path.name)
    if told and told["space"] == _here() != _NOWHERE:
        return born(int(told["pid"])) != told["born"]
    try:
        return now - path.stat().st_mtime > _OLD
    except OSError:
        return False


def sweep(drafts: Iterable[Path], *, now: float) -> None:
    """Remove the drafts of processes that were killed, and leave alone those that are being written.

    Parameters
    ----------
    drafts : iterable of Path
        Files and folders that may be drafts.
    now : float
        See `abandoned`.
    """
    for draft in drafts:
        if not draft.is_symlink() and abandoned(draft, now=now):
            with contextlib.suppress(OSError):
                if draft.is_dir():
                    shutil.rmtree(draft, ignore_errors=True)
                else:
                    draft.unlink()
