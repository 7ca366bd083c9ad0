"""Statistical secrecy: what may leave the dossier, for whom, and the release that carries it.

Names are loaded when they are first used: the ledger and the secret of a dossier need no solver.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ctgeval.confidentiality.attacker import attack
    from ctgeval.confidentiality.clearing import Cleared, clear
    from ctgeval.confidentiality.protection import ProtectedTable, protect
    from ctgeval.confidentiality.release import Release
    from ctgeval.confidentiality.rules import Rule
    from ctgeval.config import AUDIENCES, Audience

__all__ = ["AUDIENCES", "Audience", "Cleared", "ProtectedTable", "Release", "Rule", "attack", "clear", "protect"]

_HOMES = {
    "AUDIENCES": "ctgeval.config",
    "Audience": "ctgeval.config",
    "Cleared": "ctgeval.confidentiality.clearing",
    "ProtectedTable": "ctgeval.confidentiality.protection",
    "Release": "ctgeval.confidentiality.release",
    "Rule": "ctgeval.confidentiality.rules",
    "attack": "ctgeval.confidentiality.attacker",
    "clear": "ctgeval.confidentiality.clearing",
    "protect": "ctgeval.confidentiality.protection",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(_HOMES[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
