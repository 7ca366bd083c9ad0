"""Prose: its spaces, quotes and apostrophes; what two spellings share; what may stand in a file name."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

NNBSP = "\u202f"
NBSP = "\u00a0"
APOSTROPHE = "\u2019"
DASH = "\u2013"

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
_MONTHS = "janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre"
_SPACES = f"[ \t{NBSP}{NNBSP}]"
_AFTER_COUNT = (
    r"%|€|k€|M€|Md€|points?\b|places?\b|milliers\b|millions?\b|milliards?\b|euros?\b|habitants?\b|ans?\b|km\b"
)
_Rules = tuple[tuple[tuple[str, ...], re.Pattern[str], str], ...]
"""Texts without which a rule has nothing to do, which is quick to see; then what it looks for, and puts there."""
_WORDS: _Rules = (
    # Apostrophes, dots and dashes.
    (("'",), re.compile(r"(?<=[^\W\d_])'(?=[\w«\"\ue000])"), APOSTROPHE),
    (("...",), re.compile(r"(?<!\.)\.\.\.(?!\.)"), "…"),
    ((" -",), re.compile(r"(?<=[^\s\d|-]) --? (?=[^\s\d|-])"), f" {DASH} "),
    # Quotes.
    (('"',), re.compile(r"(?<![\w\"])\"(?=\S)([^\"\n]*?\S)\"(?![\w\"])"), f"«{NNBSP}\\1{NNBSP}»"),
    (("«",), re.compile(f"«{_SPACES}*(?=\\S)"), f"«{NNBSP}"),
    (("»",), re.compile(f"(?<=\\S){_SPACES}*»"), f"{NNBSP}»"),
    # Double punctuation.
    ((":", ";"), re.compile(f"(?<=[^\\s:;!?|]){_SPACES}*([:;])(?=[\\s\ue000]|$)"), f"{NNBSP}\\1"),
    (("!", "?"), re.compile(f"(?<=[^\\s:;!?|(\\[]){_SPACES}*([!?]+)(?=[\\s)»\\]…,.{NNBSP}*_\ue000]|$)"), f"{NNBSP}\\1"),
    # Ranks of centuries: XXIe.
    (("me",), re.compile(r"\b([IVXL]{1,6})(?:ième|ieme|ème|eme)(s?)\b"), "\\1e\\2"),
)
_FIGURES: _Rules = (
    # Ranks: 1re, 2e; the first of a month.
    (("re",), re.compile(r"\b1(?:ière|iere|ère|ere)(s?)\b"), "1re\\1"),
    (("me",), re.compile(r"\b(\d+)(?:ième|ieme|ème|eme)(s?)\b"), "\\1e\\2"),
    (("1 ", f"1{NBSP}"), re.compile(rf"(?<![\d.,/-])\b1(?=[ {NBSP}](?:{_MONTHS})\b)"), "1er"),
    # Numbers: the comma of decimals where it can only be one, then their thousands, then what they count.
    ((".",), re.compile(rf"(?<![\d.,])(\d+)\.(\d{{1,2}}|\d{{4,}})(?={_SPACES}*(?:{_AFTER_COUNT}))"), "\\1,\\2"),
    (("%",), re.compile(f"(?<=\\d){_SPACES}*%"), f"{NNBSP}%"),
    (("€",), re.compile(f"(?<=\\d){_SPACES}*(€|k€|M€|Md€)"), f"{NBSP}\\1"),
    (("°",), re.compile(rf"\b([nN]°){_SPACES}*(?=\d)"), f"\\1{NBSP}"),
    (("h",), re.compile(rf"(?<=\d){_SPACES}h{_SPACES}(?=\d\d\b)"), f"{NBSP}h{NBSP}"),
    ((" ", NBSP, NNBSP), re.compile(f"(?<![\\d,.{NBSP}{NNBSP}])(?<!\\d )\\d{{1,3}}(?:{_SPACES}\\d{{3}})+(?!\\d)"), ""),
    (("€",), re.compile(rf"(?<![\d,.\w{NNBSP}])\d{{4,15}}(?=(?:,\d+)?{NBSP}€)"), ""),
)
_DIGIT = re.compile(r"\d")
_MAY_BE_PROTECTED = re.compile(r"[\ue000\ue001<`&@]|\{\{|\]\(|://|www\.")


@lru_cache(maxsize=4096, typed=True)
def typography(text: str) -> str:
    """Give prose its French marks and spaces, and its numbers their comma; doing it twice changes nothing more.

    Web and mail addresses, code, HTML tags and entities, Markdown targets and ``{{references}}`` are left as they are.
    """
    kept: list[str] = []

    def hide(found: re.Match[str]) -> str:
        kept.append(found.group())
        return f"\ue000{len(kept) - 1}\ue001"

    prose = _PROTECTED.sub(hide, text) if _MAY_BE_PROTECTED.search(text) else text
    for signs, pattern, replacement in (*_WORDS, *_FIGURES) if _DIGIT.search(prose) else _WORDS:
        if any(sign in prose for sign in signs):
            prose = pattern.sub(replacement or _group_thousands, prose)
    return re.sub("\ue000(\\d+)\ue001", lambda found: kept[int(found[1])], prose) if kept else prose


def _group_thousands(found: re.Match[str]) -> str:
    digits = re.sub(_SPACES, "", found.group())
    return f"{int(digits):,}".replace(",", NNBSP) if digits[0] != "0" else re.sub(_SPACES, NNBSP, found.group())


def harmless(content: str) -> str:
    """Return a text that no spreadsheet can take for a formula."""
    return f"'{content}" if content.lstrip(_FORMULA_SPACES).startswith(_DANGEROUS) else content
