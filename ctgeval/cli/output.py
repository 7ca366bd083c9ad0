"""Write on the terminal, whatever its width and its characters."""

from __future__ import annotations

import re
import shutil
import sys
import textwrap
from typing import Any, TextIO

import click

_NARROW = 60
_WIDE = 100
_USUAL = 80
_MARKS = re.compile(r"« | [»:;?!]")
_JOINT = "\x00"
# What a terminal that is not in Unicode can still show.
_PLAIN = str.maketrans(
    {
        "\u202f": " ",
        "\u00a0": " ",
        "\u2212": "-",
        "’": "'",
        "→": "->",
        "«": '"',
        "»": '"',
        "…": "...",
        "–": "-",
        "“": '"',
        "”": '"',
    }
)


def write(text: str = "") -> None:
    """Write a line of the result."""
    click.echo(_showable(text, sys.stdout))


def error(text: str = "") -> None:
    """Write a line about the command itself: progress, errors."""
    click.echo(_showable(text, sys.stderr), err=True)


def write_json(told: Any) -> None:
    """Write the result for another program."""
    import json

    click.echo(json.dumps(told, ensure_ascii=True, indent=2, default=str))


def width() -> int:
    """Columns to write in: those of the terminal, within reason; 80 without a terminal."""
    if not sys.stdout.isatty():
        return _USUAL
    return min(max(shutil.get_terminal_size((_USUAL, 24)).columns, _NARROW), _WIDE)


def wrapped(text: str, *, indent: str = "", first: str | None = None) -> str:
    """Return a text in lines that fit; codes, paths and what stands between « » and its marks are not parted."""
    joined = _MARKS.sub(lambda found: found[0].replace(" ", _JOINT), text)
    return textwrap.fill(
        joined,
        width(),
        initial_indent=indent if first is None else first,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    ).replace(_JOINT, " ")


def _showable(text: str, stream: TextIO) -> str:
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate(_PLAIN).encode(encoding, errors="replace").decode(encoding)
    return text
