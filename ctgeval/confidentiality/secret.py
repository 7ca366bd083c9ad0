"""The secret of a dossier: it keys the fingerprints of what is not open data, and the seals of the ledger."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from ctgeval.config import PRIVATE
from ctgeval.errors import ReportError

__all__ = ["secret"]

_FILE = "cle"


def secret(folder: Path, *, create: bool = True) -> bytes:
    """Return the dossier's secret, with which the fingerprints of files that are not open data are keyed.

    Parameters
    ----------
    folder : Path
        The dossier; the secret is in ``.ctgeval/cle``.
    create : bool
        Whether to draw one when there is none; otherwise the result is empty.

    Raises
    ------
    ReportError
        When the secret can't be read or written.
    """
    path = folder / PRIVATE / _FILE
    try:
        if create and not path.exists():
            path.parent.mkdir(exist_ok=True)
            with contextlib.suppress(FileExistsError), os.fdopen(_exclusive(path), "wb") as stream:
                stream.write(secrets.token_hex(32).encode("ascii"))
        return path.read_bytes().strip() if path.exists() else b""
    except OSError as error:
        raise ReportError(
            f"La clé du dossier ne peut pas être lue ou créée : {error.strerror or error}.",
            file=f"{PRIVATE}/{_FILE}",
            remedy="Rendez le dossier accessible en écriture.",
        ) from error


def _exclusive(path: Path) -> int:
    return os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0), 0o600)
