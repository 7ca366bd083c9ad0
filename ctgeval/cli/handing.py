"""Write the handover of a dossier: whole or not at all, and never over another without saying so."""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import dataclass
from pathlib import Path

from ctgeval import dossier as dossier_
from ctgeval.cli import output
from ctgeval.cli.messages import as_json, say
from ctgeval.errors import DossierError
from ctgeval.render import handover

__all__ = ["FORMATS", "Written", "make", "tell"]

FORMATS = ("html", "md")
_STEM = "passation"


@dataclass(frozen=True, slots=True)
class Written:
    """Where the handover is, and whether it took the place of another."""

    path: Path
    replaced: bool


def make(folder: Path, *, form: str, out: str | None, day: dt.date | None, force: bool) -> Written:
    """Write the handover of a dossier, and return where it is.

    Parameters
    ----------
    folder : Path
        The dossier.
    form : {"html", "md"}
    out : str or None
        File to write, instead of ``passation.html`` in the dossier.
    day : date or None
        Day at which everything is told; today by default.
    force : bool
        Whether an existing file may be replaced.

    Raises
    ------
    DossierError
        When the dossier can't be opened, the file exists already, or it can't be written.
    """
    path = Path(out) if out else folder / f"{_STEM}.{form}"
    replaced = path.exists()
    if replaced and not force:
        raise DossierError(
            "Ce fichier existe déjà : rien n’a été écrit.",
            remedy="Donnez un autre nom avec --out, ou --force pour le remplacer.",
            file=str(path),
        )
    found = dossier_.Dossier.open(folder).handover(day=day)
    text = handover.html(found) if form == "html" else handover.markdown(found)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, text)
    except OSError as error:
        raise DossierError(
            "Le fichier de passation ne peut pas être écrit.",
            remedy="Fermez-le s’il est ouvert, vérifiez les droits d’écriture, ou donnez un autre endroit avec --out.",
            file=str(path),
            value=error.strerror or type(error).__name__,
        ) from error
    return Written(path, replaced)


def _write(path: Path, text: str) -> None:
    # Made as any other file, so that another account may read it where this one's files are shared.
    made = path.with_name(f".tmp-{os.getpid()}-{path.name}")
    try:
        made.write_text(text, encoding="utf-8", newline="\n")
        made.replace(path)
    finally:
        made.unlink(missing_ok=True)


def tell(written: Written) -> None:
    """Tell where the handover is, and that it is for internal use."""
    if as_json():
        output.write_json({"ok": True, "path": str(written.path), "replaced": written.replaced})
        return
    output.write(say("passation.replaced" if written.replaced else "passation.done", path=written.path))
    output.write(say("passation.internal"))
