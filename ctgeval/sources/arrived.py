"""What has arrived from a server: out of the compression of the transport, named, and compared with its fingerprint."""

from __future__ import annotations

import hashlib
import os
import re
import zlib
from email.message import Message
from typing import IO
from urllib import parse

from ctgeval.errors import SourceError
from ctgeval.sources.addresses import refusal
from ctgeval.sources.cache import SHEET

__all__ = ["check", "decode", "name_of", "too_big"]

_SUFFIXES = {
    "text/csv": ".csv",
    "application/csv": ".csv",
    "application/json": ".json",
    "application/geo+json": ".geojson",
    "application/zip": ".zip",
    "application/gzip": ".gz",
    "application/x-gzip": ".gz",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods",
    "application/vnd.apache.parquet": ".parquet",
}


def decode(stream: IO[bytes], headers: Message | None, address: str, *, key: str, limit: int) -> tuple[int, str]:
    """Undo the compression of the transport, and return the size and the fingerprint of the file.

    A file ``.gz`` that a server wrongly announces as compressed for the transport is kept as it is.

    Parameters
    ----------
    stream : binary file
        What was received, written over with what it holds.
    headers : Message or None
        Of the answer.
    address : str
        Where it came from.
    key : str
        Key of the source, for the messages.
    limit : int
        Most bytes, once decoded.

    Raises
    ------
    SourceError
        When the compression is not known, is damaged or truncated, or hides too much.
    """
    told = headers or Message()
    coding = told.get("Content-Encoding", "identity").strip().lower()
    if coding in {"gzip", "x-gzip", "deflate"}:
        stream.seek(0)
        data = _inflated(stream.read(), coding, key=key, url=address, limit=limit)
        if data.startswith(b"\x1f\x8b") or not name_of(told, address).endswith(".gz"):
            stream.seek(0)
            stream.truncate()
            stream.write(data)
    elif coding not in {"", "identity"}:
        raise refusal(
            key,
            f"Le serveur a compressé le fichier d’une façon qui n’est pas connue ({coding}).",
            remedy="Téléchargez le fichier vous-même, et écrivez « fichier » sous la source.",
            url=address,
        )
    stream.seek(0)
    digest = hashlib.sha256()
    while block := stream.read(1024 * 1024):
        digest.update(block)
    return stream.seek(0, os.SEEK_END), digest.hexdigest()


def _inflated(packed: bytes, coding: str, *, key: str, url: str, limit: int) -> bytes:
    unpacker = zlib.decompressobj(31 if coding != "deflate" else 15)
    try:
        data = unpacker.decompress(packed, limit + 1)
    except zlib.error as error:
        raise refusal(
            key,
            "Le fichier est abîmé : la compression annoncée par le serveur ne se défait pas.",
            remedy="Réessayez plus tard, ou téléchargez le fichier vous-même.",
            url=url,
        ) from error
    if len(data) > limit:
        raise too_big(key, url, limit)
    if not unpacker.eof:
        raise refusal(
            key,
            "Le fichier est tronqué : la fin de sa compression manque.",
            remedy="Réessayez plus tard, ou téléchargez le fichier vous-même.",
            url=url,
        )
    return data


def check(size: int, digest: str, *, key: str, url: str, sha256: str) -> None:
    """Refuse an empty file, and one that has not the fingerprint that ``ctg.toml`` gives.

    Raises
    ------
    SourceError
        With the fingerprint of what was received.
    """
    if not size:
        raise refusal(key, "Le serveur a envoyé un fichier vide.", remedy="Vérifiez l’adresse.", url=url)
    if sha256 and digest != sha256.strip().lower():
        raise refusal(
            key,
            f"Le fichier reçu n’a pas l’empreinte écrite dans ctg.toml : son sha256 est {digest}.",
            remedy="Si le producteur a publié une nouvelle version, vérifiez-la puis écrivez sa nouvelle empreinte.",
            url=url,
        )


def name_of(headers: Message, address: str) -> str:
    """Return the name of the file: the server's, else the last part of the address; safe on any system."""
    told = headers.get_filename() or parse.unquote(parse.urlsplit(address).path).rpartition("/")[2]
    name = re.sub(r"[^A-Za-z0-9._-]+", "_", told.replace("\\", "/").rpartition("/")[2]).lstrip("._-")[-100:]
    name = name.lstrip("._-") or "fichier"
    suffix = "" if "." in name else _SUFFIXES.get(headers.get_content_type(), "")
    return f"fichier-{name}" if name == SHEET else f"{name}{suffix}"


def too_big(key: str, url: str, limit: int) -> SourceError:
    """Return the error of a file beyond the limit."""
    return refusal(
        key,
        f"Le fichier pèse plus de {limit // (1024 * 1024) or 1} Mo.",
        remedy="Cherchez chez le producteur un fichier réduit au territoire ou à l’année utile.",
        url=url,
    )
