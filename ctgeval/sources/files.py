"""Bytes in, guarded: whatever a file claims to be, it is weighed before it is opened, and read whole or refused.

A file arrives from anywhere: truncated by a mail server, renamed, open in a spreadsheet, or made to exhaust the
machine. Each case is one `SourceError` in French with the remedy.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ctgeval.errors import SourceError

__all__ = [
    "MAX_BYTES",
    "MAX_ENTRIES",
    "MAX_RATIO",
    "RawFile",
    "check_archive",
    "is_workbook",
    "owner_file",
    "read_raw",
    "stored",
]

MAX_BYTES = 200 * 1024 * 1024
MAX_ENTRIES = 1_000
MAX_RATIO = 100

# Below this size a high ratio is no threat, and small repetitive parts of ordinary workbooks do reach it.
_RATIO_FROM = 8 * 1024 * 1024
_CHUNK = 1024 * 1024
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
    if not data.strip(b"\x00\xef\xbb\xbf \t\r\n"):
        raise SourceError(
            "Le fichier est vide.", remedy="Téléchargez-le de nouveau depuis le site du producteur.", file=path.name
        )
    _refuse_binary(data, path.name)
    return RawFile(name=path.name, data=data, sha256=digest, member=member)


def check_archive(data: bytes, file: str) -> None:
    """Refuse an archive or a workbook that could harm: bombs, macros, links to elsewhere, names that escape.

    Sizes are counted while decompressing, since those that an archive declares may lie.

    Parameters
    ----------
    data : bytes
        The archive.
    file : str
        Its basename, for the message.

    Raises
    ------
    SourceError
        When the archive is damaged, encrypted, or breaks one of the limits above.
    """
    remedy = "Enregistrez les données dans un nouveau classeur ou un nouveau fichier CSV, puis recommencez."
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, struct.error, ValueError, NotImplementedError) as error:
        raise SourceError(
            "L’archive ou le classeur est abîmé : son sommaire ne se lit pas.",
            remedy="Récupérez le fichier à sa source, ou ouvrez-le dans un tableur puis enregistrez-le de nouveau.",
            file=file,
        ) from error
    with archive:
        entries = archive.infolist()
    _check_summary(entries, file, remedy)
    total = 0
    for entry in entries:
        size = 0
        for chunk in _inflate(data, entry, file):
            size += len(chunk)
            if size > entry.file_size or total + size > MAX_BYTES:
                raise SourceError(
                    "L’archive ou le classeur contient plus de données qu’il n’en annonce.",
                    remedy=remedy,
                    file=file,
                    value=entry.filename,
                )
            if entry.filename.endswith((".xml", ".rels")) and (b"<!DOCTYPE" in chunk or b"<!ENTITY" in chunk):
                raise SourceError(
                    "Le classeur contient des définitions XML interdites (entités).",
                    remedy=remedy,
                    file=file,
                    value=entry.filename,
                )
        total += size


def _check_summary(entries: list[zipfile.ZipInfo], file: str, remedy: str) -> None:
    declared = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    megabytes = MAX_BYTES // (1024 * 1024)
    if len(entries) > MAX_ENTRIES:
        raise SourceError(
            f"L’archive ou le classeur contient {len(entries)} fichiers ; {MAX_ENTRIES} au plus sont acceptés.",
            remedy=remedy,
            file=file,
        )
    if declared > MAX_BYTES:
        raise SourceError(
            f"L’archive ou le classeur annonce {declared // (1024 * 1024)} Mo une fois ouvert ; {megabytes} Mo au plus "
            "sont acceptés.",
            remedy="Réduisez-le au territoire et aux années utiles, puis recommencez.",
            file=file,
        )
    if declared > _RATIO_FROM and declared > MAX_RATIO * max(packed, 1):
        raise SourceError(
            f"L’archive ou le classeur est compressé plus de {MAX_RATIO} fois : ce n’est pas un fichier de données "
            "ordinaire.",
            remedy=remedy,
            file=file,
        )
    for entry in entries:
        name = entry.filename.replace("\\", "/")
        parts = PurePosixPath(name).parts
        if name.startswith("/") or ".." in parts or (parts and ":" in parts[0]):
            raise SourceError(
                "L’archive contient un nom de fichier qui sort de son dossier.", remedy=remedy, file=file, value=name
            )
        if entry.flag_bits & 0x1:
            raise SourceError(
                "L’archive est protégée par un mot de passe.",
                remedy="Enregistrez-la sans mot de passe.",
                file=file,
                value=name,
            )
        if parts and parts[-1].lower() == "vbaproject.bin":
            raise SourceError(
                "Le classeur contient des macros : il n’est pas ouvert.",
                remedy="Enregistrez-le au format « Classeur Excel (.xlsx) », sans macros.",
                file=file,
            )
        if "xl/externallinks/" in name.lower():
            raise SourceError(
                "Le classeur dépend d’autres fichiers (liaisons externes) : ses valeurs peuvent être périmées.",
                remedy="Dans Excel : Données > Modifier les liens d’accès > Rompre la liaison, puis enregistrez.",
                file=file,
            )


def _inflate(data: bytes, entry: zipfile.ZipInfo, file: str) -> Iterator[bytes]:
    """Yield what an entry really holds, without trusting the size it declares."""
    damaged = SourceError(
        "L’archive ou le classeur est abîmé : une de ses parties ne se lit pas.",
        remedy="Récupérez le fichier à sa source, ou ouvrez-le dans un tableur puis enregistrez-le de nouveau.",
        file=file,
        value=entry.filename,
    )
    header = data[entry.header_offset : entry.header_offset + 30]
    if len(header) < 30 or header[:4] != b"PK\x03\x04":
        raise damaged
    name_size, extra_size = struct.unpack("<HH", header[26:30])
    start = entry.header_offset + 30 + name_size + extra_size
    packed = data[start : start + entry.compress_size]
    if len(packed) < entry.compress_size or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise damaged
    if entry.compress_type == zipfile.ZIP_STORED:
        yield packed
        return
    unpacker = zlib.decompressobj(-15)
    try:
        while packed and not unpacker.eof:
            yield unpacker.decompress(packed, _CHUNK)
            packed = unpacker.unconsumed_tail
    except zlib.error as error:
        raise damaged from error
    if not unpacker.eof:
        # The end of the stream may still be inside the last block that was cut by the size limit.
        yield unpacker.flush()
        if not unpacker.eof:
            raise damaged


def stored(path: Path) -> bytes:
    """Return the bytes of a file as it lies on the disk.

    Raises
    ------
    SourceError
        When the file is absent, is a folder, is too big, can't be read, or is a workbook open in a spreadsheet.
    """
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise SourceError("Un dossier est donné à la place d’un fichier.", file=path.name)
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
            while chunk := stream.read(_CHUNK):
                parts.append(chunk)
                size += len(chunk)
                if size > MAX_BYTES or (size > _RATIO_FROM and size > MAX_RATIO * len(packed)):
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
