"""The release that a page was made from, when the dossier still has it: what its readers were given, and no more."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ctgeval.confidentiality import Release
from ctgeval.config import PRIVATE
from ctgeval.report import manifest
from ctgeval.report.files import place
from ctgeval.report.register import release_sha256
from ctgeval.report.withdraw import INTERNAL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ctgeval.confidentiality.ledger import Ledger

__all__ = ["release"]

_DIGITS = 16


def release(ledger: Ledger | None, folder: Path, told: Mapping[str, Any]) -> Release | None:
    """Return the release of the page that a sheet speaks of; nothing when it is gone, or is not as it was.

    Parameters
    ----------
    ledger : Ledger or None
        Of the dossier: it knows the release by the seal that the sheet carries.
    folder : Path
        The dossier, which keeps the releases.
    told : mapping
        The sheet. A bilan of the team is in no ledger: the notes of the dossier say what its page was made from.

    Raises
    ------
    ReportError
        When the release was written by another version of ctgeval.
    """
    store = folder / PRIVATE / "releases"
    if told["audience"] == INTERNAL:
        name = _noted(folder, told)
        found = (store / INTERNAL / name,) if name else ()
        return next((Release.load(path) for path in found if path.is_dir() and _whole(path)), None)
    seal = told.get("registre", {}).get("sceau", "")
    known = next((one for one in (ledger.releases if ledger else ()) if one.seal == seal), None)
    if known is None:
        return None
    paths = sorted(store.glob(f"*/{known.release}"))
    return next((Release.load(path) for path in paths if release_sha256(path) == known.sha256), None)


def _noted(folder: Path, told: Mapping[str, Any]) -> str:
    """Return the name of the release that the notes of a dossier give to a page."""
    file = str(told["figee"]["de"] if "figee" in told else told["html"]["fichier"])
    path = place(folder / PRIVATE / "etats", INTERNAL, f"{file.removesuffix('.html')}.json")
    return str((manifest.read(path).get("parutions") or {}).get(told["html"]["sha256"], ""))


def _whole(path: Path) -> bool:
    """Tell whether a release is what its name says."""
    return release_sha256(path)[:_DIGITS] == path.name
