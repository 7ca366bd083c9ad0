"""Weigh an archive or a workbook before it is opened: bombs, macros, links to elsewhere, names that escape."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath

from ctgeval.errors import SourceError

__all__ = ["CHUNK", "MAX_BYTES", "MAX_ENTRIES", "MAX_RATIO", "RATIO_FROM", "check_archive"]

MAX_BYTES = 200 * 1024 * 1024
MAX_RATIO = 100
MAX_ENTRIES = 1_000
CHUNK = 1024 * 1024
# Below this size a high ratio is no threat, and small repetitive parts of ordinary workbooks do reach it.
RATIO_FROM = 8 * 1024 * 1024
# XML may be written in any of these, and a parser of workbooks that reads one reads the others.
_DEFINITIONS = tuple(
    word.encode(encoding) for word in ("<!DOCTYPE", "<!ENTITY") for encoding in ("utf-8", "utf-16-le", "utf-16-be")
)
_LONGEST_MARK = max(map(len, _DEFINITIONS))


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
        size, end = 0, b""
        for chunk in _inflate(data, entry, file):
            size += len(chunk)
            if size > entry.file_size or total + size > MAX_BYTES:
                raise SourceError(
                    "L’archive ou le classeur contient plus de données qu’il n’en annonce.",
                    remedy=remedy,
                    file=file,
                    value=entry.filename,
                )
            # A definition may begin in one piece and end in the next.
            seen, end = end + chunk, chunk[-_LONGEST_MARK:]
            if entry.filename.lower().endswith((".xml", ".rels")) and any(mark in seen for mark in _DEFINITIONS):
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
    if declared > RATIO_FROM and declared > MAX_RATIO * max(packed, 1):
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
            yield unpacker.decompress(packed, CHUNK)
            packed = unpacker.unconsumed_tail
    except zlib.error as error:
        raise damaged from error
    if not unpacker.eof:
        # The end of the stream may still be inside the last block that was cut by the size limit.
        yield unpacker.flush()
        if not unpacker.eof:
            raise damaged
