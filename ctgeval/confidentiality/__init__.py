"""Statistical secrecy: what may leave the dossier, for whom, and the release that carries it."""

from ctgeval.confidentiality.clearing import Cleared, clear
from ctgeval.confidentiality.attack import attack
from ctgeval.confidentiality.release import Release
from ctgeval.confidentiality.rules import Rule
from ctgeval.confidentiality.suppression import ProtectedTable, protect
from ctgeval.config import AUDIENCES, Audience

__all__ = ["AUDIENCES", "Audience", "Cleared", "ProtectedTable", "Release", "Rule", "clear", "protect"]
