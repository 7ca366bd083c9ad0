"""What the command line itself says, in French or in English, from ``messages.toml``."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import click

LANGUAGES = ("fr", "en")
_LANG = "ctgeval.lang"
_JSON = "ctgeval.json"


@cache
def _catalogue() -> dict[str, dict[str, dict[str, str]]]:
    return tomllib.loads(Path(__file__).with_name("messages.toml").read_text(encoding="utf-8"))


def lang() -> str:
    """Language asked for on the command line, French by default."""
    return str(_meta().get(_LANG, LANGUAGES[0]))


def as_json() -> bool:
    """Whether the result is to be written as JSON."""
    return bool(_meta().get(_JSON, False))


def set_lang(value: str) -> None:
    """Keep the language for the rest of the command."""
    _meta()[_LANG] = value


def set_json() -> None:
    """Keep the wish for JSON for the rest of the command."""
    _meta()[_JSON] = True


def say(key: str, /, **fields: object) -> str:
    """Return a message, in the language asked for.

    Parameters
    ----------
    key : str
        ``section.name`` in ``messages.toml``.
    **fields
        What the message names.
    """
    section, name = key.split(".")
    return _catalogue()[section][name][lang()].format(**fields)


def _meta() -> dict[str, Any]:
    context = click.get_current_context(silent=True)
    return context.meta if context is not None else {}
