"""What must be the same on every machine: a page would otherwise depend on the one that made it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from importlib import metadata

from ctgeval.report import program

__all__ = ["difference", "here", "mark"]

_CODE = "le programme ctgeval"
_SHOWN = 12


def here() -> dict[str, str]:
    """Return, by name, the versions of Python and of libraries on this machine, and the digest of ctgeval's code."""
    return program.versions() | {"distributed": metadata.version("distributed"), _CODE: program.code_digest()}


def mark() -> str:
    """Return the sha256 of `here`."""
    return hashlib.sha256(json.dumps(here(), sort_keys=True).encode("ascii")).hexdigest()


def difference(ours: Mapping[str, str], theirs: Mapping[str, str]) -> str:
    """Return in French what is not the same, with both versions; empty when all is.

    Parameters
    ----------
    ours, theirs : mapping
        See `here`: of the coordinator, and of another machine.
    """
    from ctgeval import french

    return french.enumeration(
        [
            f"{name} {_told(theirs.get(name, ''))} au lieu de {_told(ours.get(name, ''))}"
            for name in sorted(ours.keys() | theirs.keys())
            if ours.get(name) != theirs.get(name)
        ]
    )


def _told(version: str) -> str:
    return version[:_SHOWN] or "(absent)"
