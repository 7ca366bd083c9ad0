"""The secret of a dossier: it keys the fingerprints of what is not open data, and the seals of the ledger."""

from __future__ import annotations

import secrets
from pathlib import Path

from ctgeval.config import PRIVATE, drafts
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
        found = _read(path)
        if create and not found:
            path.parent.mkdir(exist_ok=True)
            drawn = secrets.token_hex(32).encode("ascii")
            if not drafts.claim(path, drawn, mode=0o600):
                _replace_empty(path, drawn)
            # Another program may have drawn it at the same time.
            found = _read(path)
        return found
    except OSError as error:
        raise ReportError(
            f"La clé du dossier ne peut pas être lue ou créée : {drafts.refusal(error)}.",
            file=f"{PRIVATE}/{_FILE}",
            remedy="Rendez le dossier accessible en écriture.",
        ) from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes().strip()
    except FileNotFoundError:
        return b""


def _replace_empty(path: Path, drawn: bytes) -> None:
    """Draw the secret again where a program was killed, or out of room, between the file and its content."""
    if _read(path):
        return
    path.unlink()
    drafts.claim(path, drawn, mode=0o600)
