"""What tells of a person in a text: a known name, an e-mail, a telephone, a social security number, an account."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from ctgeval.sources import personal_data
from ctgeval.sources.known_persons import persons_in

__all__ = ["personal"]

_DAY = re.compile(r"\b\d{1,2}[/.\-]\d{1,2}[/.\-](?:19|20)\d\d\b|\b(?:19|20)\d\d[/.\-]\d\d[/.\-]\d\d\b")
# Fingerprints: their digits are nobody's, and ten of them in a row may look like a telephone.
_PRINT = re.compile(r"\b[0-9a-f]{32,}\b|\bsha\d+-[A-Za-z0-9+/=]{20,}")
_ENOUGH_DIGITS = re.compile(r"\d\D{0,3}\d\D{0,3}\d\D{0,3}\d\D{0,3}\d\D{0,3}\d\D{0,3}\d\D{0,3}\d\D{0,3}\d")


def personal(
    text: str, *, persons: frozenset[str], spared: str = "", everybody: bool = False
) -> Iterator[tuple[str, str]]:
    """Yield the kind and the text of what tells of a person.

    Parameters
    ----------
    text : str
        What a reader, or a machine, finds in a file.
    persons : frozenset of str
        Names known to the dossier, see `ctgeval.sources.known_persons.known_persons`.
    spared : str
        What the authors sign and the addresses that they give to write to, on purpose: names, e-mails and telephones
        that stand in it are theirs to give. Numbers of social security and of accounts never are.
    everybody : bool
        Whether the reader may know who is who (the team): only those numbers are looked for.
    """
    text = _PRINT.sub(" … ", text)
    if _ENOUGH_DIGITS.search(text):
        plain = _DAY.sub(" … ", text)
        yield from (("nir", found) for found in _found("nir", text) if _has_key(found))
        yield from (("iban", found) for found in _found("iban", text) if _is_account(found))
        if not everybody:
            phones = (found for found in _found("telephone", plain) if not _repeated(found, spared))
            yield from (("telephone", found) for found in phones)
    elif re.search(r"[A-Z]{2}\d\d", text):
        yield from (("iban", found) for found in _found("iban", text) if _is_account(found))
    if everybody:
        return
    if "@" in text:
        yield from (("courriel", found) for found in _found("courriel", text) if found not in spared)
    if persons:
        signed = set(persons_in(spared, persons)) if spared else set()
        # The lower case of an address would make an ordinary word of the name beside it.
        bare = _patterns()["courriel"].sub(" … ", text)
        yield from (("nom", name) for name in persons_in(bare, persons) if name not in signed)


@lru_cache(maxsize=1)
def _patterns() -> dict[str, re.Pattern[str]]:
    return {kind: re.compile(pattern) for kind, pattern in personal_data.patterns().items()}


def _found(kind: str, text: str) -> Iterator[str]:
    return (match[0].strip() for match in _patterns()[kind].finditer(text))


def _repeated(phone: str, spared: str) -> bool:
    digits = re.sub(r"\D", "", phone)
    return bool(spared) and digits in re.sub(r"[^\d\n]", "", spared)


def _has_key(text: str) -> bool:
    """Tell whether 13 digits, or 15 with their key, are a number of social security (Corsica: 2A is 19, 2B is 18)."""
    digits = re.sub(r"[^0-9AB]", "", text)
    if len(digits) == 13:
        # Without its key only its form is known: a long number grouped by thousands is not written so.
        return re.fullmatch(r"\d\D?\d\d\D?\d\d\D?(?:\d\d|2[AB])\D?\d{3}\D?\d{3}", text) is not None
    number = digits[:13].replace("2A", "19").replace("2B", "18")
    return len(digits) == 15 and number.isdigit() and int(digits[13:]) == 97 - int(number) % 97


def _is_account(text: str) -> bool:
    packed = re.sub(r"[^0-9A-Z]", "", text.upper())
    turned = packed[4:] + packed[:4]
    return 15 <= len(packed) <= 34 and int("".join(str(int(letter, 36)) for letter in turned)) % 97 == 1
