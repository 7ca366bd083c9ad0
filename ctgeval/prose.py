"""Prose: its spaces, quotes and apostrophes; what two spellings share; what may stand in a file name."""

from __future__ import annotations

import re
import unicodedata

NNBSP = "\u202f"
NBSP = "\u00a0"
APOSTROPHE = "\u2019"

_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
_FORMULA_SPACES = " \ufeff\u00a0\u202f"

__all__ = ["APOSTROPHE", "NBSP", "NNBSP", "fold", "harmless", "slug", "typography"]


def fold(text: str) -> str:
    """Reduce a text to what two spellings of it share: lower case, no accent, plain spaces and apostrophes."""
    if text.isascii():
        return " ".join(text.lower().split())
    spread = text.casefold().replace("œ", "oe").replace("æ", "ae").replace(APOSTROPHE, "'")
    bare = "".join(letter for letter in unicodedata.normalize("NFKD", spread) if not unicodedata.combining(letter))
    return " ".join(bare.split())


def slug(text: str) -> str:
    """Reduce a text to what may stand in any file name or address: ``[a-z0-9-]``, empty when nothing is left."""
    return re.sub(r"[^a-z0-9]+", "-", fold(text)).strip("-")


_PROTECTED = re.compile(
    r"[\ue000\ue001]|```.*?```|`[^`\n]*`|\{\{.*?\}\}|<(code|pre|script|style|svg|math)\b.*?</\1\s*>|<!--.*?-->|</?[a-zA-Z][^<>]*>"
    r"|&(?:[a-zA-Z]+|#\d+|#x[0-9a-fA-F]+);|\]\([^)\s]*(?:\s+\"[^\"]*\")?\)"
    r"|(?:https?|ftp|file)://[^\s<>»]*[^\s<>»;:!?.,)]|\bwww\.[^\s<>»]*[^\s<>»;:!?.,)]|[\w.+-]+@[\w-]+\.[\w.-]*\w",
    re.DOTALL,
)
_SPACES = f"[ \t{NBSP}{NNBSP}]"
_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?<=\w)'(?=[\w«\"\ue000])"), APOSTROPHE),
    (re.compile(r"(?<!\.)\.\.\.(?!\.)"), "…"),
    (re.compile(r"(?<![\w\"])\"(?=\S)([^\"\n]*?\S)\"(?![\w\"])"), f"«{NNBSP}\\1{NNBSP}»"),
    (re.compile(f"«{_SPACES}*(?=\\S)"), f"«{NNBSP}"),
    (re.compile(f"(?<=\\S){_SPACES}*»"), f"{NNBSP}»"),
    (re.compile(f"(?<=[^\\s:;!?|]){_SPACES}*([:;])(?=\\s|$)"), f"{NNBSP}\\1"),
    (re.compile(f"(?<=[^\\s:;!?|(\\[]){_SPACES}*([!?]+)(?=[\\s)»\\]…,.{NNBSP}*_]|$)"), f"{NNBSP}\\1"),
    (re.compile(f"(?<=\\d){_SPACES}*%"), f"{NNBSP}%"),
    (re.compile(f"(?<=\\d){_SPACES}*€"), f"{NBSP}€"),
    (re.compile(f"(?<![\\d,.{NBSP}{NNBSP}])(?<!\\d )\\d{{1,3}}(?:{_SPACES}\\d{{3}})+(?!\\d)"), ""),
)


def typography(text: str) -> str:
    """Give prose its French spaces, quotes, apostrophes and dots; doing it twice changes nothing more.

    Web and mail addresses, code, HTML tags and entities, Markdown targets and ``{{references}}`` are left as they are.
    """
    kept: list[str] = []

    def hide(found: re.Match[str]) -> str:
        kept.append(found.group())
        return f"\ue000{len(kept) - 1}\ue001"

    prose = _PROTECTED.sub(hide, text)
    for pattern, replacement in _RULES:
        prose = pattern.sub(replacement or _group_thousands, prose)
    return re.sub("\ue000(\\d+)\ue001", lambda found: kept[int(found[1])], prose)


def _group_thousands(found: re.Match[str]) -> str:
    return re.sub(_SPACES, NNBSP, found.group())


def harmless(content: str) -> str:
    """Return a text that no spreadsheet can take for a formula."""
    return f"'{content}" if content.lstrip(_FORMULA_SPACES).startswith(_DANGEROUS) else content
