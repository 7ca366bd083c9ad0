"""Indicators: declared in TOML, computed from observations, compared with their targets."""

from __future__ import annotations

from ctgeval.indicators.benchmark import benchmark, lines
from ctgeval.indicators.changes import CHANGE_COLUMNS, changes
from ctgeval.indicators.compute import RESULT_COLUMNS, aggregate, compute, stream
from ctgeval.indicators.definition import Indicator, catalogue, get, load
from ctgeval.indicators.limits import limit_sentences, limit_text
from ctgeval.indicators.perimeter import elsewhere, explained
from ctgeval.indicators.progress import PROGRESS_COLUMNS, progress
from ctgeval.indicators.trend import trends

__all__ = [
    "CHANGE_COLUMNS",
    "PROGRESS_COLUMNS",
    "RESULT_COLUMNS",
    "Indicator",
    "aggregate",
    "benchmark",
    "catalogue",
    "changes",
    "compute",
    "elsewhere",
    "explained",
    "get",
    "limit_sentences",
    "limit_text",
    "lines",
    "load",
    "progress",
    "stream",
    "trends",
]
