"""Statistical secrecy: what may leave the dossier, for whom, and the release that carries it."""

from ctgeval.confidentiality.release import Release
from ctgeval.confidentiality.rules import AUDIENCES, Audience, Rule
from ctgeval.confidentiality.suppression import ProtectedTable, protect

__all__ = ["AUDIENCES", "Audience", "ProtectedTable", "Release", "Rule", "protect"]
