"""Bytes in, guarded: whatever a file claims to be, it is weighed before it is opened, and read whole or refused.

A file arrives from anywhere: truncated by a mail server, renamed, open in a spreadsheet, or made to exhaust the
machine. Each case is one `SourceError` in French with the remedy.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import stat
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ctgeval.errors import SourceError
from ctgeval.sources.archive import CHUNK, MAX_BYTES, MAX_RATIO, RATIO_FROM, check_archive

__all__ = ["RawFile", "is_workbook", "owner_file", "read_raw", "stored"]


_NOTHING = b"\x00\xef\xbb\xbf \t\r\n"
_LONGEST_LINE = 4 * 1024 * 1024
_MOST_COLUMNS = 20_000
_WORKBOOKS = (".xlsx", ".xlsm", ".xltx")

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "une archive ou un classeur"),
    (b"PK\x05\x06", "une archive vide"),
    (b"\x1f\x8b", "un fichier compressé (gzip)"),
    (b"\xd0\xcf\x11\xe0", "un ancien classeur Excel (.xls) ou un classeur protégé par un mot de passe"),
    (b"%PDF", "un document PDF"),
    (b"\x89PNG", "une image PNG"),
    (b"\xff\xd8\xff", "une image JPEG"),
    (b"GIF8", "une image GIF"),
    (b"PAR1", "un fichier Parquet"),
    (b"7z\xbc\xaf", "une archive 7-Zip"),
    (b"Rar!", "une archive RAR"),
    (b"SQLite format 3", "une base SQLite"),
)


@dataclass(frozen=True, slots=True)
class RawFile:
    """The bytes of one file, out of its compression.

    Parameters
    ----------
    name : str
        Basename, as the user knows it.
    data : bytes
        Content, decompressed.
    sha256 : str
        Fingerprint of the file as it lies on the disk, in hexadecimal.
    member : str
        Name of the file inside the archive; empty when there is no archive.
    """

    name: str
    data: bytes
    sha256: str
    member: str = ""


def is_workbook(path: Path) -> bool:
    """Tell whether a name is that of a workbook of the XLSX family."""
    return path.suffix.lower() in _WORKBOOKS


def owner_file(path: Path) -> Path | None:
    """Return the file that a spreadsheet leaves beside a workbook while it is open, or None."""
    for name in (f"~${path.name}", f".~lock.{path.name}#"):
        lock = path.with_name(name)
        if lock.exists():
            return lock
    return None


def read_raw(path: Path) -> RawFile:
    """Return the content of a text file, out of ``.gz`` or of a ``.zip`` that holds one table.

    Parameters
    ----------
    path : Path
        File to read.

    Raises
    ------
    SourceError
        When the file is absent, locked, empty, too big, truncated, or is not the text its name announces.
    """
    packed = stored(path)
    digest = hashlib.sha256(packed).hexdigest()
    suffix = path.suffix.lower()
    member = ""
    if suffix == ".gz":
        data = _gunzip(packed, path.name)
    elif suffix == ".zip":
        check_archive(packed, path.name)
        data, member = _only_table(packed, path.name)
    else:
        data = packed
    if not data[:65536].strip(_NOTHING) and not data.strip(_NOTHING):
        raise SourceError(
            "Le fichier est vide.", remedy="Téléchargez-le de nouveau depuis le site du producteur.", file=path.name
        )
    _refuse_binary(data, path.name)
    _refuse_endless(data, path.name)
    return RawFile(name=path.name, data=data, sha256=digest, member=member)


def stored(path: Path) -> bytes:
    """Return the bytes of a file as it lies on the disk.

    Raises
    ------
    SourceError
        When the file is absent, is a folder, is too big, can't be read, or is a workbook open in a spreadsheet.
    """
    try:
        known = path.stat()
        size = known.st_size
        if stat.S_ISDIR(known.st_mode):
            raise SourceError("Un dossier est donné à la place d’un fichier.", file=path.name)
        if not stat.S_ISREG(known.st_mode):
            # A pipe or a device may never end.
            raise SourceError(
                "Ce n’est pas un fichier ordinaire.", remedy="Copiez les données dans un fichier.", file=path.name
            )
        if size > MAX_BYTES:
            raise SourceError(
                f"Le fichier pèse {size // (1024 * 1024)} Mo ; {MAX_BYTES // (1024 * 1024)} Mo au plus sont acceptés.",
                remedy="Réduisez-le au territoire et aux années utiles.",
                file=path.name,
            )
        if is_workbook(path) and (lock := owner_file(path)) is not None:
            raise SourceError(
                "Le classeur est ouvert dans un tableur : ses dernières saisies ne sont peut-être pas enregistrées.",
                remedy=f"Fermez-le, puis recommencez (s’il est déjà fermé, supprimez « {lock.name} »).",
                file=path.name,
            )
        return path.read_bytes()
    except FileNotFoundError as error:
        raise SourceError(
            "Le fichier n’existe pas.", remedy="Vérifiez son nom et son dossier.", file=path.name
        ) from error
    except PermissionError as error:
        raise SourceError(
            "Le fichier ne peut pas être lu : il est ouvert dans un autre logiciel, ou vous n’en avez pas le droit.",
            remedy="Fermez-le dans le tableur, ou demandez l’accès, puis recommencez.",
            file=path.name,
        ) from error
    except ValueError as error:
        raise SourceError(
            "Ce nom de fichier ne peut pas exister.", remedy="Corrigez-le dans ctg.toml.", file=path.name
        ) from error
    except OSError as error:
        raise SourceError(
            f"Le fichier ne peut pas être lu ({error.strerror or type(error).__name__}).",
            remedy="Vérifiez le disque ou le partage réseau, puis recommencez.",
            file=path.name,
        ) from error


def _gunzip(packed: bytes, file: str) -> bytes:
    again = "Téléchargez-le de nouveau depuis le site du producteur."
    parts: list[bytes] = []
    size = 0
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(packed)) as stream:
            while chunk := stream.read(CHUNK):
                parts.append(chunk)
                size += len(chunk)
                if size > MAX_BYTES or (size > RATIO_FROM and size > MAX_RATIO * len(packed)):
                    raise SourceError(
                        "Le fichier compressé contient beaucoup trop de données une fois ouvert.",
                        remedy="Réduisez-le au territoire et aux années utiles.",
                        file=file,
                    )
    except EOFError as error:
        raise SourceError(
            "Le fichier compressé est tronqué : sa fin manque, rien n’en est gardé.", remedy=again, file=file
        ) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise SourceError(
            "Le fichier porte l’extension « .gz » mais ne se décompresse pas : il est abîmé ou mal nommé.",
            remedy=again,
            file=file,
        ) from error
    return b"".join(parts)


def _only_table(packed: bytes, file: str) -> tuple[bytes, str]:
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        tables = sorted(
            name
            for name in archive.namelist()
            if name.lower().endswith((".csv", ".txt"))
            and not PurePosixPath(name).name.lower().startswith(("meta_", "._"))
            and not PurePosixPath(name).stem.lower().endswith("_metadata")
        )
        if len(tables) != 1:
            found = ", ".join(f"« {name} »" for name in tables[:5]) or "aucun"
            raise SourceError(
                f"L’archive doit contenir un seul fichier CSV ; trouvé : {found}.",
                remedy="Ouvrez l’archive et mettez le fichier CSV voulu dans le dossier.",
                file=file,
            )
        try:
            return archive.read(tables[0]), tables[0]
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise SourceError(
                "L’archive est abîmée : son contenu ne se lit pas.",
                remedy="Téléchargez-la de nouveau depuis le site du producteur.",
                file=file,
                value=tables[0],
            ) from error


def _refuse_endless(data: bytes, file: str) -> None:
    """Refuse a text whose lines are too long to be those of a table; JSON, which has no lines, is weighed elsewhere."""
    if data[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        return
    place = 0
    while place + _LONGEST_LINE < len(data):
        end = max(data.rfind(mark, place, place + _LONGEST_LINE) for mark in (b"\n", b"\r"))
        if end < 0:
            raise SourceError(
                f"Une ligne du fichier pèse plus de {_LONGEST_LINE // (1024 * 1024)} Mo : ce n’est pas un tableau.",
                remedy="Exportez de nouveau les données en CSV, une ligne par enregistrement.",
                file=file,
                row=data.count(b"\n", 0, place) + 1,
            )
        place = end + 1
    first = data[: data.find(b"\n")] if b"\n" in data[:_LONGEST_LINE] else data
    columns = max(first.count(mark) for mark in (b";", b",", b"\t", b"|")) + 1
    if columns > _MOST_COLUMNS:
        raise SourceError(
            f"Le fichier compte {columns} colonnes ; {_MOST_COLUMNS} au plus sont acceptées.",
            remedy="Gardez les colonnes utiles, ou mettez les données en lignes.",
            file=file,
            row=1,
        )


def _refuse_binary(data: bytes, file: str) -> None:
    for signature, what in _SIGNATURES:
        if data.startswith(signature):
            raise SourceError(
                f"Ce fichier n’est pas un texte CSV : son contenu est {what}.",
                remedy="Donnez-lui sa vraie extension, ou exportez les données en CSV.",
                file=file,
            )
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return
    head = data[:65536]
    control = sum(head.count(bytes([code])) for code in (*range(9), *range(14, 27), *range(28, 32)))
    if control:
        raise SourceError(
            "Ce fichier n’est pas un texte CSV : il contient des octets qui ne sont pas du texte.",
            remedy="Vérifiez son nom, ou exportez de nouveau les données en CSV.",
            file=file,
        )
