"""From the bytes of a file to what it says, by its suffix; a file of an unknown kind is told as unread."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from ctgeval.report.scan.archives import read_archive
from ctgeval.report.scan.contents import Content
from ctgeval.report.scan.markup import read_markup
from ctgeval.report.scan.pdf import read_pdf
from ctgeval.report.scan.pictures import read_picture

__all__ = ["read"]

_ARCHIVES = frozenset({".xlsx", ".ods", ".docx", ".odt", ".pptx", ".odp", ".zip"})
_PICTURES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp"})
_MARKUP = frozenset({".html", ".htm", ".svg", ".xhtml", ".xml"})
_PLAIN = frozenset({".txt", ".md", ".css"})
_DEEPEST = 4


def read(suffix: str, data: bytes, *, depth: int = 0) -> Content:
    """Return what a file says.

    Parameters
    ----------
    suffix : str
        With its dot.
    data : bytes
    depth : int
        How many files this one is inside of.
    """

    def embedded(inner: str, content: bytes) -> Content:
        return read(inner, content, depth=depth + 1)

    kind, told = suffix.casefold(), Content()
    if depth > _DEEPEST:
        told.unread.append("fichiers emboîtés trop profondément")
        return told
    if kind in _ARCHIVES:
        return read_archive(data, embedded=embedded)
    if kind in _PICTURES:
        return read_picture(data)
    if kind == ".pdf":
        return read_pdf(data)
    if kind not in {*_MARKUP, *_PLAIN, ".csv", ".json", ".ipynb"}:
        told.unread.append(f"format {kind or 'inconnu'}")
        return told
    text = _decoded(data)
    if kind in _MARKUP:
        return read_markup(text, embedded=embedded)
    if kind == ".csv":
        _rows(told, text)
    elif kind in {".json", ".ipynb"}:
        _json(told, text, embedded=embedded)
    else:
        told.say(text, "texte", prose=kind != ".css")
    return told


def _decoded(data: bytes) -> str:
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _rows(told: Content, text: str) -> None:
    first = text.partition("\n")[0]
    separator = max(";,\t", key=first.count)
    try:
        told.add(csv.reader(io.StringIO(text), delimiter=separator), "tableau")
    except csv.Error:
        told.unread.append("CSV illisible")


def _json(told: Content, text: str, *, embedded: Any) -> None:
    try:
        root = json.loads(text)
    except (ValueError, RecursionError):
        told.unread.append("JSON illisible")
        return
    for path, value in _leaves(root, ""):
        where = f"clé {path}" if path else "texte"
        if isinstance(value, str) and "<" in value and ">" in value:
            told.join(embedded(".html", value.encode()), where)
        told.say(str(value), where, properties=True)


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}" if path else str(key))
            yield f"{path}.{key}", key
    elif isinstance(value, list):
        if value and all(isinstance(one, str) for one in value):
            # A notebook keeps its texts line by line.
            yield path, "".join(value)
        else:
            for rank, inner in enumerate(value):
                yield from _leaves(inner, f"{path}[{rank}]")
    elif value is not None and not isinstance(value, bool):
        yield path, value
