"""The texts that a page of a PDF shows, sign by sign, with the mark of the structure that they belong to.

References
----------
ISO 32000-1, *Portable Document Format*, §9.4.3 (showing text), §9.10 (extraction of text content) and §14.6 (marked
content).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ctgeval.report.scan.pdf_objects import Objects

__all__ = ["LOST", "STRING", "Fonts", "Shown", "plain", "shown"]

LOST = "\ufffd"
"""Stands for a sign that no table tells."""
_LITERAL = rb"\((?:[^()\\]|\\.|\([^()]*\))*\)"
_TOKEN = re.compile(
    rb"/(?P<font>[^\s/<>\[\]()]+)\s+-?[\d.]+\s+Tf\b"
    rb"|\[(?P<many>(?:" + _LITERAL + rb"|<[0-9A-Fa-f\s]*>|[^\[\]()<>])*)\]\s*TJ\b"
    rb"|(?P<one>" + _LITERAL + rb"|<[0-9A-Fa-f\s]*>)\s*(?:Tj\b|'|\")"
    rb"|(?:/MCID\s+(?P<mark>\d{1,10})[^<>]*>>\s*)?(?P<opens>BDC|BMC)\b"
    rb"|\b(?P<closes>EMC)\b",
    re.DOTALL,
)
STRING = re.compile(rb"\((?:[^()\\]|\\.|\([^()]*\))*\)|<[0-9A-Fa-f\s]+>", re.DOTALL)
_SIGNS = re.compile(rb"beginbf(char|range)(.*?)endbf", re.DOTALL)
_HEX = rb"<\s*([0-9A-Fa-f][0-9A-Fa-f\s]{0,40})>"
_CHAR = re.compile(_HEX + rb"\s*" + _HEX)
_RANGE = re.compile(_HEX + rb"\s*" + _HEX + rb"\s*(?:" + _HEX + rb"|\[(.*?)\])", re.DOTALL)
_TABLE = re.compile(rb"/ToUnicode\s+(\d{1,10})\s+\d+\s+R")
_NAMED = re.compile(rb"/([^\s/<>\[\]()]+)\s+(\d{1,10})\s+\d+\s+R")
_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"", b"f": b"", b"(": b"(", b")": b")", b"\\": b"\\"}
_OCTAL = tuple(b"%d" % digit for digit in range(8))
_LARGEST = 65_536

Signs = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Shown:
    """A text shown at once: the number of its mark in its page (None outside of any), and what it says."""

    mark: int | None
    text: str


class Fonts:
    """What each font of a PDF says of its codes, by the names that pages give to fonts."""

    def __init__(self, objects: Objects) -> None:
        tables = {one.number: _table(one.body) for one in objects.streams if b"beginbf" in one.body}
        fonts = {number: int(found[1]) for number, told in objects.known.items() if (found := _TABLE.search(told))}
        # Even a table that no font is seen to use.
        self._any = _together(tables.values())
        named: dict[str, set[int]] = {}
        for told in (*objects.known.values(), objects.outside):
            for name, number in _NAMED.findall(told):
                if int(number) in fonts:
                    named.setdefault(name.decode("latin-1"), set()).add(fonts[int(number)])
        self._named = {
            name: _together(tables[one] for one in sorted(numbers) if one in tables) for name, numbers in named.items()
        }

    def __call__(self, name: str) -> Signs:
        """Return the signs of a font; those of all fonts for one that has no table."""
        return self._named.get(name, self._any)


def _together(tables: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Return what several tables say; codes of which two disagree are left out."""
    told: dict[str, set[str]] = {}
    for table in tables:
        for code, letters in table.items():
            told.setdefault(code, set()).add(letters)
    return {code: next(iter(letters)) for code, letters in told.items() if len(letters) == 1}


def _table(stream: bytes) -> dict[str, str]:
    told: dict[str, str] = {}
    for kind, body in _SIGNS.findall(stream):
        if kind == b"char":
            told |= {_code(first): _letters(second) for first, second in _CHAR.findall(body)}
            continue
        for first, last, base, listed in _RANGE.findall(body):
            start, size = int(_code(first), 16), len(_code(first))
            steps = range(min(int(_code(last), 16) - start, _LARGEST) + 1)
            if listed:
                each = re.findall(_HEX, listed)
                told |= {f"{start + step:0{size}X}": _letters(each[step]) for step in steps if step < len(each)}
            else:
                told |= {f"{start + step:0{size}X}": _letters(base, step) for step in steps}
    return told


def _code(told: bytes) -> str:
    return re.sub(rb"\s", b"", told).decode("ascii").upper()


def _letters(told: bytes, step: int = 0) -> str:
    code = _code(told)
    if step:
        code = f"{int(code, 16) + step:0{len(code)}X}"
    return bytes.fromhex(code if len(code) % 2 == 0 else f"0{code}").decode("utf-16-be", "replace")


def shown(stream: bytes, fonts: Fonts) -> Iterator[Shown]:
    """Yield the texts of a content stream, in its order.

    Parameters
    ----------
    stream : bytes
        Unpacked.
    fonts : Fonts
    """
    signs = fonts("")
    marks: list[int | None] = []
    for found in _TOKEN.finditer(stream):
        if found["font"] is not None:
            signs = fonts(found["font"].decode("latin-1"))
        elif found["opens"]:
            above = marks[-1] if marks else None
            marks.append(int(found["mark"]) if found["mark"] else above)
        elif found["closes"]:
            if marks:
                marks.pop()
        else:
            strings = STRING.findall(found["many"]) if found["many"] is not None else [found["one"]]
            yield Shown(marks[-1] if marks else None, "".join(plain(one, signs) for one in strings))


def plain(string: bytes, signs: Signs) -> str:
    """Return what a string of a PDF says, ``(...)`` or ``<...>``.

    Parameters
    ----------
    string : bytes
    signs : mapping of str to str
        What the codes of its font say, in hexadecimal; empty for a string that is not shown in a font.
    """
    if string[:1] == b"<":
        code = _code(string[1:-1])
        raw = bytes.fromhex(code + "0" * (len(code) % 2))
    else:
        raw = re.sub(rb"\\([0-7]{1,3}|\r?\n|.)", _escaped, string[1:-1], flags=re.DOTALL)
    if not signs:
        return raw[2:].decode("utf-16-be", "replace") if raw[:2] == b"\xfe\xff" else raw.decode("latin-1")
    size = len(next(iter(signs)))
    code = raw.hex().upper()
    told = [signs.get(code[at : at + size]) for at in range(0, len(code), size)]
    if string[:1] == b"(" and not any(told):
        # A simple font beside others: its letters are those of the string.
        return raw.decode("latin-1")
    return "".join(LOST if one is None else one for one in told)


def _escaped(found: re.Match[bytes]) -> bytes:
    if found[1][:1] in _OCTAL:
        return bytes([int(found[1], 8) % 256])
    return b"" if found[1] in {b"\n", b"\r\n"} else _ESCAPES.get(found[1], found[1])
