"""The phrases of impact, and how names, periods and probabilities are put into them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import resources

from ctgeval import french
from ctgeval.errors import PeriodError
from ctgeval.impact.quantities import frequency

__all__ = [
    "catalogue",
    "first_key",
    "method_name",
    "named",
    "odds",
    "period",
    "say",
    "sentence",
    "span_of",
    "without_codes",
]

_MOST_NAMES = 3
_CODE = re.compile(r"(?<=\S) \((?:[A-Z]+-[0-9A-Z-]+|[0-9][0-9AB][0-9]{3,})\)")


@lru_cache(maxsize=1)
def catalogue() -> Mapping[str, Mapping[str, str]]:
    """Return the phrases, by table and key."""
    return tomllib.loads(resources.files("ctgeval.impact").joinpath("phrases.toml").read_text(encoding="utf-8"))


def say(table: str, key: str, **values: str) -> str:
    """Return a sentence with its values in place; a value that ends it and is empty leaves no space.

    Raises
    ------
    KeyError
        When the sentence, or a value that it needs, does not exist.
    """
    return french.typography(catalogue()[table][key].format_map(values)).rstrip(" ")


def first_key(table: str, *keys: str) -> str:
    """Return the first of some keys that a table holds.

    Raises
    ------
    StopIteration
        When it holds none of them.
    """
    return next(key for key in keys if key in catalogue()[table])


def method_name(method: str) -> str:
    """Return the French name of an estimator, or its code when it has none."""
    return catalogue()["methodes"].get(method, method.replace("_", " "))


def odds(probability: float) -> str:
    """Write a probability as how often it happens: ``environ 5 fois sur 100``."""
    count, base = frequency(probability)
    if count == "toujours":
        return say("certitude", "toujours")
    return say("certitude", "environ" if count else "rarissime", nombre=count, base=base)


def period(text: str) -> str:
    """Write a period in French; what is no period is left as it is."""
    try:
        return french.period(text)
    except PeriodError:
        return text


def span_of(texts: Sequence[str]) -> str:
    """Write the first and the last of some periods in order: ``2015 à 2018``."""
    if not texts:
        return ""
    first, last = period(texts[0]), period(texts[-1])
    return first if first == last else f"{first} à {last}"


def named(names: Sequence[str]) -> str:
    """List names without their codes, the first ones when there are many: ``A, B, C et 4 autres``."""
    names = [_CODE.sub("", name) for name in names]
    if len(names) <= _MOST_NAMES + 1:
        return french.enumeration(names)
    rest = len(names) - _MOST_NAMES
    return say("comparaison", "autres", noms=", ".join(names[:_MOST_NAMES]), nombre=french.number(rest))


def without_codes(text: str) -> str:
    """Leave out the code that follows the name of a territory: a reader knows it by its name."""
    return _CODE.sub("", text)


def sentence(text: str) -> str:
    """Close a sentence that lacks its full stop."""
    bare = text.strip()
    return bare if not bare or bare[-1] in ".!?…" else f"{bare}."
