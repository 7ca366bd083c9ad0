"""What the JSON Schemas of Frictionless Data (version 1) ask of a package, of its resources and of their schemas.

Written from the specifications: *Data Package*, *Tabular Data Package*, *Tabular Data Resource*, *CSV Dialect* and
*Table Schema*. The rows are read as a consumer does, who follows nothing but the descriptor.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Mapping
from typing import Any

__all__ = ["package", "rows", "schema"]

_NAME = re.compile(r"[-a-z0-9._/]+")
_LICENCE = re.compile(r"[-a-zA-Z0-9._]+")
_PATH = re.compile(r"(?=[^./~])((?!\.{2}).)*")
_HASH = re.compile(r"[^:]+:[a-fA-F0-9]+|[a-fA-F0-9]{32}")
_CREATED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_DIALECT = {
    "csvddfVersion": (int, float), "delimiter": str, "doubleQuote": bool, "lineTerminator": str, "nullSequence": str,
    "quoteChar": str, "escapeChar": str, "skipInitialSpace": bool, "header": bool, "commentChar": str,
    "caseSensitiveHeader": bool,
}  # fmt: skip
_TYPES = {
    "string": set(), "number": {"decimalChar", "groupChar", "bareNumber"}, "integer": {"bareNumber"}, "year": set(),
}  # fmt: skip
_COMMON = {"name", "title", "description", "type", "format", "constraints", "unit"}


def package(told: Mapping[str, Any], files: Mapping[str, bytes]) -> None:
    """Check a descriptor and all its resources."""
    assert told["profile"] == "tabular-data-package"
    assert _NAME.fullmatch(told["name"])
    assert _CREATED.fullmatch(told["created"])
    assert all(isinstance(told[name], str) for name in ("title", "description"))
    assert all(isinstance(word, str) for word in told["keywords"])
    for licence in told.get("licenses", []):
        assert _LICENCE.fullmatch(licence["name"])
        assert licence["path"].startswith("https://")
    assert all(isinstance(source["title"], str) for source in told["sources"])
    names = [one["name"] for one in told["resources"]]
    assert names
    assert len(set(names)) == len(names)
    for one in told["resources"]:
        _resource(one, files[one["path"]])


def _resource(told: Mapping[str, Any], data: bytes) -> None:
    assert told["profile"] == "tabular-data-resource"
    assert _NAME.fullmatch(told["name"])
    assert _PATH.fullmatch(told["path"])
    assert _HASH.fullmatch(told["hash"])
    assert told["hash"] == f"sha256:{hashlib.sha256(data).hexdigest()}"
    assert told["bytes"] == len(data)
    assert told["encoding"] == "utf-8"
    assert re.fullmatch(r"(.+)/(.+)", told["mediatype"])
    for name, value in told["dialect"].items():
        assert isinstance(value, _DIALECT[name])
    schema(told["schema"])
    rows(data, told["schema"], told["dialect"])


def schema(told: Mapping[str, Any]) -> None:
    """Check a Table Schema."""
    assert told["fields"]
    names = [field["name"] for field in told["fields"]]
    assert len(set(names)) == len(names)
    assert all(names)
    for field in told["fields"]:
        assert set(field) <= _COMMON | _TYPES[field["type"]]
        assert all(isinstance(value, str) for value in field.values())
    assert all(isinstance(one, str) for one in told["missingValues"])
    assert len(set(told["missingValues"])) == len(told["missingValues"])


def rows(data: bytes, told: Mapping[str, Any], dialect: Mapping[str, Any]) -> int:
    """Read the rows of a CSV as its schema says, and return how many values they hold."""
    text = data.decode("utf-8-sig")
    assert text.endswith(dialect["lineTerminator"])
    header, *found = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=dialect["delimiter"],
        quotechar=dialect["quoteChar"],
        doublequote=dialect["doubleQuote"],
    )
    assert header == [field["name"] for field in told["fields"]]
    values = [
        _typed(cell, field)
        for row in found
        for field, cell in zip(told["fields"], row, strict=True)
        if cell not in told["missingValues"]
    ]
    return len(values)


def _typed(cell: str, field: Mapping[str, str]) -> object:
    if field["type"] == "number":
        mark = field.get("decimalChar", ".")
        assert re.fullmatch(rf"[+-]?\d+({re.escape(mark)}\d+)?([eE][+-]?\d+)?", cell), (field, cell)
        return float(cell.replace(mark, "."))
    if field["type"] == "integer":
        assert re.fullmatch(r"[+-]?\d+", cell), (field, cell)
        return int(cell)
    if field["type"] == "year":
        assert re.fullmatch(r"\d{4}", cell), (field, cell)
    return cell
