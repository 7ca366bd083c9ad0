"""Before/after designs of a dossier: panels, what may be evaluated, estimates of ``[[impact]]``, release tables."""

from __future__ import annotations

from ctgeval.designs import similar
from ctgeval.designs.forms import forms
from ctgeval.designs.panels import Estimated, estimate, panel
from ctgeval.designs.suitability import Suitability, suitability
from ctgeval.designs.tables import extra_geos, tables
from ctgeval.designs.vintages import Timing, timing

__all__ = [
    "Estimated",
    "Suitability",
    "Timing",
    "estimate",
    "extra_geos",
    "forms",
    "panel",
    "similar",
    "suitability",
    "tables",
    "timing",
]
