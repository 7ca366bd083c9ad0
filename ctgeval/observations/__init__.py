"""Observations: one row a fact, and the arithmetic of values that are known within bounds.

SDMX concepts, lower case. A value that its source rounds, withholds or masks keeps the interval in which the truth
lies, and every operation on it keeps that interval true: a masked value is never taken for 0.
"""

from __future__ import annotations

from ctgeval.observations.arithmetic import (
    add,
    change,
    per_thousand,
    percentage,
    ratio,
    relative_change,
    roundings,
    share,
    subtract,
    total,
)
from ctgeval.observations.bounds import Bounded
from ctgeval.observations.table import (
    COLUMNS,
    CONF_STATUS,
    DIMENSIONS,
    KEY,
    OBS_STATUS,
    WITHHELD,
    check,
    compact,
    concat,
    empty,
    frame,
)

__all__ = [
    "COLUMNS",
    "CONF_STATUS",
    "DIMENSIONS",
    "KEY",
    "OBS_STATUS",
    "WITHHELD",
    "Bounded",
    "add",
    "change",
    "check",
    "compact",
    "concat",
    "empty",
    "frame",
    "per_thousand",
    "percentage",
    "ratio",
    "relative_change",
    "roundings",
    "share",
    "subtract",
    "total",
]
