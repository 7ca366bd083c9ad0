"""Indicators: declared in TOML, computed from observations, compared with their targets."""

from __future__ import annotations

from ctgeval.indicators.compute import RESULT_COLUMNS, aggregate, compute, stream
from ctgeval.indicators.definition import Indicator, catalogue, get, load
from ctgeval.indicators.limits import limit_sentences, limit_text
from ctgeval.indicators.perimeter import elsewhere, explained
from ctgeval.indicators.progress import PROGRESS_COLUMNS, progress

__all__ = [
    "PROGRESS_COLUMNS",
    "RESULT_COLUMNS",
    "Indicator",
    "aggregate",
    "catalogue",
    "compute",
    "elsewhere",
    "explained",
    "get",
    "limit_sentences",
    "limit_text",
    "load",
    "progress",
    "stream",
]
