"""Statistical secrecy: what may leave the dossier, for whom, and the release that carries it."""

from ctgeval.confidentiality.attack import attack
from ctgeval.confidentiality.clearing import Cleared, clear
from ctgeval.confidentiality.protection import ProtectedTable, protect
from ctgeval.confidentiality.release import Release
from ctgeval.confidentiality.rules import Rule
from ctgeval.config import AUDIENCES, Audience

__all__ = ["AUDIENCES", "Audience", "Cleared", "ProtectedTable", "Release", "Rule", "attack", "clear", "protect"]
