"""Each message exists in both languages, with the same fields."""

from __future__ import annotations

import string
import tomllib
from importlib.resources import files

import pytest

from ctgeval.cli.messages import LANGUAGES, say

CATALOGUE = tomllib.loads((files("ctgeval.cli") / "messages.toml").read_text(encoding="utf-8"))
KEYS = [f"{section}.{name}" for section, messages in CATALOGUE.items() for name in messages]


@pytest.mark.parametrize("key", KEYS)
def test_a_message_has_both_languages_and_the_same_fields(key: str) -> None:
    section, name = key.split(".")
    message = CATALOGUE[section][name]
    assert set(message) == set(LANGUAGES)
    fields = [{field for _, field, _, _ in string.Formatter().parse(message[lang]) if field} for lang in LANGUAGES]
    assert fields[0] == fields[1]


def test_french_is_the_language_outside_any_command() -> None:
    assert say("etat.a_jour") == "à jour"
