"""What identifies by its form: social security numbers, e-mails, telephones, bank accounts, addresses, matricules."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

from ctgeval.sources.personal_data.columns import FEW, MANY, Column, Finding, python

__all__ = ["SIGNALS", "patterns"]

_MAIL = r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+\.[A-Za-z0-9.-]*[A-Za-z]{2}"
_SEP = r"[ ./\-\x{00A0}\x{202F}]?"
_MONTH = r"(?:0[1-9]|1[0-2]|[23]\d|4[0-2]|[5-9]\d)"
_DEPARTEMENT = r"(?:0[1-9]|[1-9]\d|2[ABab])"
_NIR = rf"\b[1-478]{_SEP}\d\d{_SEP}{_MONTH}{_SEP}{_DEPARTEMENT}{_SEP}\d{{3}}{_SEP}\d{{3}}(?:{_SEP}\d\d)?\b"
_PHONE = (
    rf"(?:^|[^\w+])(?:0{_SEP}[1-9]|(?:\+|00)(?:33|262|59[046]){_SEP}\(?0?\)?{_SEP}[1-9])"
    rf"(?:(?:{_SEP}\d\d){{4}}|\d\d(?:{_SEP}\d{{3}}){{2}})(?:$|\W)"
)
_DAYS = r"\b(?:\d{1,2}[/.\-]\d{1,2}[/.\-](?:19|20)\d\d|(?:19|20)\d\d[/.\-]\d\d[/.\-]\d\d)\b"
# Under a header that says so, any way of writing 9 digits or more is a number.
_DIALLED = r"^\+?(?:[ ./\-()\x{00A0}\x{202F}]*\d){9,13}(?:\.0)?$"
_IBAN = rf"(?i)\b[A-Z]{{2}}\d\d(?:{_SEP}[0-9A-Z]{{4}}){{3,7}}(?:{_SEP}[0-9A-Z]{{1,3}})?\b"
_STREET = (
    r"(?i)^\d{1,4} ?(?:bis|ter|quater|[a-d])?,? +(?:rue|avenue|av\.?|boulevard|bd|chemin|route|rte|place|pl\.?|impasse|"
    r"all[ée]e|quai|square|lotissement|cit[ée]|hameau|lieu[- ]dit|r[ée]sidence)\b"
)
# A spreadsheet shows 15 digits as 1.85E+14, 1,85E+014 or 185040786078123.0, and the last digits may be lost.
_FLOATED = r"(?i)^(?:[1-478]\d{12}(?:\d\d)?\.0|[1-478][.,]\d+e\+?0?1[24])$"
_ROUNDED = r"(?i)^(?:2[.,]\d{1,12}|1[.,]\d*[1-9]\d*)e\+?0?14$"
_EXACT = re.compile(r"(\d{13,15})\.0|(\d)[.,](\d{12}|\d{14})e\+?0?1[24]", re.IGNORECASE)
_KEYLESS = re.compile(r"\d{5}(?:\d\d|2[ABab])\d{6}")
_STRICT = re.compile(rf"[12]\d\d(?:0[1-9]|1[0-2]){_DEPARTEMENT}\d{{6}}")
_GROUPED = re.compile(rf"[1-478]([ .\-/\u00a0\u202f])\d\d\1{_MONTH}\1{_DEPARTEMENT}\1\d{{3}}\1\d{{3}}\b(?!\1\d\d\b)")
_LUCK = 5
"""How many times what luck would give is a sign: a key of two digits is right for one number in 97."""


@lru_cache(maxsize=1)
def patterns() -> Mapping[str, str]:
    """Return what tells of a person wherever it stands in a text, as regular expressions of Python, by kind."""
    told = {"courriel": _MAIL, "nir": _NIR, "iban": _IBAN, "telephone": _PHONE, "adresse": _STREET}
    found = {kind: python(pattern).replace("(?i)^", "(?i)") for kind, pattern in told.items()}
    # Fifteen decimals of a number are nobody's.
    return MappingProxyType(found | {"nir": rf"(?<!\d[.,]){found['nir']}"})


def _nir(column: Column) -> Finding | None:
    if column.longest < 8:
        return None
    named = column.named("nir", "secu", "securite sociale", "immatriculation", "n ss", "numero ss", "num ss")
    named |= column.glued("numsecu", "nosecu", "nsecu", "numnir", "nirass")
    likely = column.hits(_NIR) | column.hits(_FLOATED)
    if not likely.any():
        return None
    texts = column.values.to_pylist()
    keyed, whole, grouped = np.zeros_like(likely), np.zeros_like(likely), np.zeros_like(likely)
    for place in np.flatnonzero(likely).tolist():
        text = _written_out(texts[place])
        numbers = [re.sub(r"[^0-9AB]", "", found.upper()) for found in re.findall(patterns()["nir"], text)]
        whole[place] = any(len(number) == 15 for number in numbers)
        keyed[place] = any(_has_key(number) for number in numbers)
        grouped[place] = _GROUPED.search(text) is not None
    found = grouped | column.hits(_ROUNDED)
    # Among many codes of fifteen digits some have the right key by luck.
    if keyed.sum() > _LUCK * whole.sum() / 97:
        found |= keyed
    if named:
        found |= likely
    elif _bare(texts):
        found |= likely & ~whole
    return column.finding("nir", found) if found.any() else None


def _written_out(text: str) -> str:
    """Return the digits of a float that kept them all, or the text itself."""
    found = _EXACT.fullmatch(text)
    return text if found is None else found[1] or f"{found[2]}{found[3]}"


def _bare(texts: list[str]) -> bool:
    """Tell whether nearly all codes of 13 digits are a sex, a year, a month and a département: one in 40 by luck."""
    codes = [text for text in map(_written_out, texts) if _KEYLESS.fullmatch(text)]
    strict = sum(_STRICT.fullmatch(code) is not None for code in codes)
    return strict >= 3 and strict >= 0.9 * len(codes)


def _has_key(number: str) -> bool:
    """Tell whether 15 digits end with the key of the first 13 (Corsica: 2A is 19, 2B is 18)."""
    if len(number) != 15:
        return False
    body = number[:13].replace("2A", "19").replace("2B", "18")
    return body.isdigit() and int(number[13:]) == 97 - int(body) % 97


def _mail(column: Column) -> Finding | None:
    found = column.hits(_MAIL) if column.longest >= 6 else None
    return column.finding("courriel", found) if found is not None and found.any() else None


def _iban(column: Column) -> Finding | None:
    if column.longest < 15:
        return None
    likely = column.hits(_IBAN)
    found, texts = np.zeros_like(likely), column.values.to_pylist()
    for place in np.flatnonzero(likely).tolist():
        found[place] = any(_is_iban(text) for text in re.findall(python(_IBAN), texts[place]))
    enough = column.named("iban", "rib") or found.sum() > _LUCK * likely.sum() / 97
    return column.finding("iban", found) if found.any() and enough else None


def _is_iban(text: str) -> bool:
    packed = re.sub(r"[^0-9A-Z]", "", text.upper())
    turned = packed[4:] + packed[:4]
    return 15 <= len(packed) <= 34 and int("".join(str(int(letter, 36)) for letter in turned)) % 97 == 1


def _phone(column: Column) -> Finding | None:
    named = column.named("tel", "telephone", "telephones", "portable", "mobile", "phone", "gsm", "numtel", "fixe")
    named |= column.glued("numtel", "notel", "telport", "telfixe", "telmob", "teldom")
    if column.longest < 9:
        return None
    found = column.hits(_PHONE)
    if found.any():
        # « 01/06/2024 12:30 », « 2024-06-01/2024-12-31 »: the digits of days and hours are no number to dial.
        dateless = pc.replace_substring_regex(column.values.filter(pa.array(found)), _DAYS, "…")
        found[found] = pc.match_substring_regex(dateless, _PHONE).to_numpy(zero_copy_only=False)
    if named:
        found |= column.hits(_DIALLED)
    seen = int(column.counts[found].sum())
    enough = seen >= 3 or seen / column.total >= FEW
    return column.finding("telephone", found) if seen and (named or enough) else None


def _address(column: Column) -> Finding | None:
    if column.longest < 8:
        return None
    found = column.hits(_STREET)
    named = column.named("adresse", "rue", "voie", "domicile", "address")
    return column.finding("adresse", found) if found.any() and column.share(found) >= (0.2 if named else MANY) else None


def _matricule(column: Column) -> Finding | None:
    """Find numbers of beneficiaries: a header that says so, and nearly as many numbers as rows."""
    told = column.named(
        "matricule", "n allocataire", "no allocataire", "num allocataire", "numero allocataire", "numero d allocataire",
        "n d allocataire", "id allocataire", "identifiant allocataire", "code allocataire", "identifiant caf", "n caf",
        "numero caf", "id beneficiaire personne",
    )  # fmt: skip
    if not told and not column.glued("numalloc", "noalloc", "nalloc", "idalloc"):
        return None
    found: npt.NDArray[np.bool_] = column.hits(r"^\d{5,13} ?[A-Z]?(?:\.0)?$")
    enough = column.share(found) >= MANY and column.unique > MANY
    return column.finding("identifiant", found) if enough else None


SIGNALS: tuple[Callable[[Column], Finding | None], ...] = (_nir, _mail, _iban, _phone, _address, _matricule)
"""Each looks at one column; the first that finds something tells what it is."""
