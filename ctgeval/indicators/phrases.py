"""The words of the indicators: French sentences kept beside the catalogue, one TOML file a subject."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from ctgeval.indicators.definition import FOLDER

__all__ = ["say", "words"]


@cache
def words(subject: str) -> Mapping[str, Mapping[str, str]]:
    """Return the tables of ``catalogue/<subject>.toml``."""
    content = tomllib.loads((FOLDER / f"{subject}.toml").read_text(encoding="utf-8"))
    return MappingProxyType({name: MappingProxyType(table) for name, table in content.items()})


def say(subject: str, key: str, values: Mapping[str, str], *, table: str = "phrases") -> str:
    """Return a phrase of a subject, its braces replaced by values already written in French."""
    return words(subject)[table][key].format_map(values)
