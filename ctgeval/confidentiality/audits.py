"""The private audit of a release: true values and bounds of what it masks, beside the dossier, never published."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

import pandas as pd

from ctgeval.config import PRIVATE, drafts
from ctgeval.errors import ReportError
from ctgeval.prose import harmless

__all__ = ["FOLDER", "write"]

FOLDER = f"{PRIVATE}/audits"
_WORD = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def write(folder: Path, audience: str, release: str, audit: pd.DataFrame) -> Path:
    """Write the private audit of a release, whole or not at all, and return where it is.

    Parameters
    ----------
    folder : Path
        The dossier.
    audience : str
        Folder of its readers: ``copil``, ``partenaire-caf``.
    release : str
        Its identifier.
    audit : DataFrame
        One row per masked cell: what it is, its true value, what an attacker can deduce.

    Raises
    ------
    ReportError
        When it can't be written, or for a name that is not one of a release.
    """
    name = f"{audience}-{release}"
    if not _WORD.fullmatch(name):
        raise ReportError("Ce nom ne peut pas servir de nom à un audit.", value=name[:100])
    path = folder / FOLDER / f"{name}.csv"
    made = drafts.beside(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(made, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8-sig") as stream:
            _harmless(audit).to_csv(stream, sep=";", decimal=",", index=False, lineterminator="\n")
            stream.flush()
            os.fsync(stream.fileno())
        made.replace(path)
    except OSError as error:
        raise ReportError(
            f"L’audit de la protection ne peut pas être écrit : {drafts.refusal(error)}.",
            file=f"{FOLDER}/{path.name}",
            remedy="Rendez le dossier et son sous-dossier « .ctgeval » accessibles en écriture, puis relancez.",
        ) from error
    finally:
        with contextlib.suppress(OSError):
            made.unlink(missing_ok=True)
    return path


def _harmless(audit: pd.DataFrame) -> pd.DataFrame:
    """Return the same rows, of which no text nor header can be taken for a formula."""
    words = audit.select_dtypes(include=["object", "string"]).columns
    texts = {name: audit[name].map(lambda cell: harmless(cell) if isinstance(cell, str) else cell) for name in words}
    return audit.assign(**texts).rename(columns=lambda name: harmless(str(name)))
