"""Download the files that a dossier declares by their address: ``ctgeval sources telecharger``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from ctgeval import french
from ctgeval.cli import output
from ctgeval.cli.messages import as_json, say
from ctgeval.config import FILE_NAME, PRIVATE, SourceConfig, load
from ctgeval.errors import DossierError, SourceError, suggestion
from ctgeval.sources import cache, fetch

__all__ = ["Download", "run", "tell", "tell_begun"]


@dataclass(frozen=True, slots=True)
class Download:
    """What became of one source.

    Parameters
    ----------
    key : str
        Key of the source.
    status : {"telecharge", "inchange", "echec"}
        Whether a new version was written.
    sheet : Sheet or None
        Of the file; None when it failed.
    error : SourceError or None
        Why it failed.
    """

    key: str
    status: str
    sheet: cache.Sheet | None = None
    error: SourceError | None = None


def run(folder: Path, *, key: str | None = None, begin: Callable[[str], None] | None = None) -> list[Download]:
    """Download the sources of a dossier that have an address and no file, one after the other.

    Parameters
    ----------
    folder : Path
        The dossier.
    key : str, optional
        Only this source.
    begin : callable, optional
        Told the key of each source before its download.

    Raises
    ------
    DossierError
        When ``ctg.toml`` can't be used, or no source to download bears that key.
    """
    wanted = _wanted([source for source in load(folder).sources if source.downloaded], key)
    found: list[Download] = []
    for source in wanted:
        if begin is not None:
            begin(source.cle)
        place = cache.folder_of(folder / PRIVATE, source.cle)
        try:
            sheet, new = fetch.download(source.url, place, key=source.cle, sha256=source.sha256)
            found.append(Download(source.cle, "telecharge" if new else "inchange", sheet))
        except SourceError as error:
            found.append(Download(source.cle, "echec", error=error))
    return found


def tell_begun(key: str) -> None:
    """Say which download begins, unless another program reads the result."""
    if not as_json():
        output.error(say("telecharger.begin", key=key))


def tell(found: list[Download]) -> None:
    """Write what became of each source: for a person, or as JSON."""
    if as_json():
        told = [
            {
                "cle": one.key,
                "etat": one.status,
                "fiche": asdict(one.sheet) if one.sheet else None,
                "probleme": one.error.problem.as_dict() if one.error else None,
            }
            for one in found
        ]
        output.write_json({"ok": all(one.error is None for one in found), "sources": told})
        return
    if not found:
        output.write(output.wrapped(say("telecharger.none")))
    for one in found:
        if one.error is not None:
            output.error(output.wrapped(f"- {one.key} : {one.error}", indent="  ", first=""))
        elif one.sheet is not None:
            size = french.number(max(1, round(one.sheet.octets / 1024)))
            line = say(f"telecharger.{one.status}", key=one.key, file=one.sheet.fichier, size=size)
            output.write(output.wrapped(f"- {line}", indent="  ", first=""))


def _wanted(sources: list[SourceConfig], key: str | None) -> list[SourceConfig]:
    if key is None:
        return sources
    chosen = [source for source in sources if source.cle == key]
    if not chosen:
        keys = [source.cle for source in sources]
        raise DossierError(
            f"Aucune source à télécharger ne s’appelle « {key} ».",
            remedy=suggestion(key, keys)
            or (
                f"Sources à télécharger : {', '.join(keys)}."
                if keys
                else "Une source à télécharger a « format » et « url », et pas de « fichier »."
            ),
            file=FILE_NAME,
            key="source.cle",
            value=key,
        )
    return chosen
