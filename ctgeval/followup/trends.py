"""Trends of the indicators, and the place of the territory among those it is compared with, as a topic."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ctgeval.confidentiality.released import TABLES
from ctgeval.followup.shared import shared
from ctgeval.followup.topic import Reader, Topic
from ctgeval.indicators import benchmark, lines

if TYPE_CHECKING:
    from ctgeval.dossier import Dossier

__all__ = ["TOPIC"]

TECHNICAL = frozenset({"interne", "cotech"})
"""Readers who check the figures of each territory."""
_TOLD = ("territoire", "groupement")
"""Roles of the territories that bilans are about."""

_ORDER = ("rank", "rank_low", "rank_high", "quantile", "quantile_low", "quantile_high")
"""Columns that tell the order of territories that are named."""


def _tables(dossier: Dossier, reader: Reader) -> Mapping[str, pd.DataFrame]:
    """Read the figures that this reader is shown, and nothing else."""
    name = f"trends {reader.internal} {reader.audience in TECHNICAL}"
    return shared(dossier, name, partial(_told, dossier, reader), of=(reader.results, reader.progress))


def _told(dossier: Dossier, reader: Reader) -> dict[str, pd.DataFrame]:
    places = dossier.territories
    subjects = places.loc[places["role"].isin(_TOLD), "geo"]
    told = reader.results["geo"].isin(subjects)
    compared = dossier.compared
    found = benchmark(reader.results, compared, catalogue=dossier.catalogue)
    if not reader.internal:
        # Neighbours are named: their order is for the team, and the share of them that are below is their order.
        found = found.assign(**dict.fromkeys(_ORDER, np.nan))
    told_lines = lines(reader.results, found, compared)
    return {
        "trends": dossier.trends_of(reader.results[told], reader.progress),
        "standing": found.loc[:, list(TABLES["standing"])],
        # The gap with each of them, by name, is their order too: for those who check the figures.
        "standing_lines": told_lines if reader.audience in TECHNICAL else told_lines.iloc[:0],
    }


TOPIC = Topic(tables=_tables)
