"""The files that a dossier downloaded, each beside a sheet that says where and when: read without any network.

Each source has its folder, which holds one file under the name that its producer gives it (a reader may need the year
or the compression that it tells) and ``fiche.json``.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from ctgeval.errors import SourceError
from ctgeval.prose import slug
from ctgeval.sources.addresses import shown

__all__ = ["FOLDER", "SHEET", "Sheet", "cached", "folder_of", "is_whole", "read_sheet", "write_sheet"]

FOLDER = "cache"
SHEET = "fiche.json"
_REMEDY = "Téléchargez-le : ctgeval sources telecharger DOSSIER --cle {key} (une connexion est nécessaire)."


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What is known of a downloaded file.

    Parameters
    ----------
    cle, url : str
        Key of the source, and address as declared.
    adresse : str
        Where the redirections led.
    fichier : str
        Name of the file in the folder of its source.
    octets : int
        Size.
    sha256 : str
        Fingerprint, in hexadecimal.
    etag, modifie_le : str
        What the server said of this version; empty when it said nothing.
    telecharge_le, verifie_le : str
        Day and hour (UTC) of the download, and of the last time the server said that nothing had changed.
    """

    cle: str
    url: str
    adresse: str
    fichier: str
    octets: int
    sha256: str
    etag: str = ""
    modifie_le: str = ""
    telecharge_le: str = ""
    verifie_le: str = ""

    @property
    def day(self) -> dt.date | None:
        """Day of the download, or None when the sheet does not tell."""
        try:
            return dt.datetime.fromisoformat(self.telecharge_le).date()
        except ValueError:
            return None


def folder_of(private: Path, key: str) -> Path:
    """Return the folder of the downloaded file of a source.

    Parameters
    ----------
    private : Path
        Private folder of the dossier (``.ctgeval``).
    key : str
        Key of the source; two keys that only differ by what a file name can't hold have two folders.
    """
    name = slug(key)
    if name != key or not 0 < len(name) <= 60:
        name = f"{name[:60]}-{hashlib.sha256(key.encode()).hexdigest()[:8]}".lstrip("-")
    return private / FOLDER / name


def cached(private: Path, key: str, url: str, *, sha256: str = "") -> Path:
    """Return the downloaded file of a source, whole and of the address declared.

    Parameters
    ----------
    private : Path
        Private folder of the dossier.
    key, url, sha256 : str
        What ``[[source]]`` says; an empty fingerprint is not checked.

    Raises
    ------
    SourceError
        When it was never downloaded, comes from another address, or is not what was downloaded; with the remedy.
    """
    remedy = _REMEDY.format(key=key)
    folder = folder_of(private, key)
    sheet = read_sheet(folder)
    if sheet is None:
        raise SourceError(
            f"Le fichier de la source « {key} » n’est pas encore téléchargé ({shown(url)}).",
            remedy=f"{remedy} Ou mettez le fichier dans le dossier, et écrivez « fichier » sous la source.",
            key="url",
        )
    if sheet.url != shown(url, query=True):
        raise SourceError(
            f"L’adresse de la source « {key} » a changé depuis le téléchargement : le fichier gardé est celui de "
            f"{shown(sheet.url)}.",
            remedy=remedy,
            key="url",
        )
    if not is_whole(folder, sheet):
        raise SourceError(
            f"Le fichier téléchargé de la source « {key} » a été modifié ou effacé depuis.",
            remedy=remedy,
            file=sheet.fichier,
        )
    if sha256 and sheet.sha256 != sha256.strip().lower():
        raise SourceError(
            f"Le fichier téléchargé de la source « {key} » n’a pas l’empreinte (sha256) écrite dans ctg.toml.",
            remedy="Vérifiez l’empreinte auprès du producteur, ou téléchargez de nouveau le fichier.",
            file=sheet.fichier,
            key="sha256",
            value=sheet.sha256,
        )
    return folder / sheet.fichier


def read_sheet(folder: Path) -> Sheet | None:
    """Return the sheet of a folder; None when there is none, or it can't be read."""
    try:
        told = json.loads((folder / SHEET).read_text(encoding="utf-8"))
        sheet = Sheet(**told)
    except (OSError, ValueError, TypeError):
        return None
    texts = (sheet.cle, sheet.url, sheet.adresse, sheet.fichier, sheet.sha256, sheet.etag, sheet.modifie_le)
    sound = all(isinstance(text, str) for text in texts) and isinstance(sheet.octets, int)
    return sheet if sound and re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*", sheet.fichier) else None


def write_sheet(folder: Path, sheet: Sheet) -> None:
    """Write the sheet of a folder, whole or not at all."""
    text = json.dumps(asdict(sheet), ensure_ascii=False, indent=2) + "\n"
    part = folder / f".{SHEET}.{os.getpid()}"
    part.write_text(text, encoding="utf-8")
    part.replace(folder / SHEET)


def is_whole(folder: Path, sheet: Sheet) -> bool:
    """Tell whether the file of a sheet is there, as it was downloaded."""
    path = folder / sheet.fichier
    if not path.is_file() or path.stat().st_size != sheet.octets:
        return False
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == sheet.sha256
