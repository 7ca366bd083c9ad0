"""What changed since before the convention, as a topic of the follow-up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from ctgeval.followup.shared import shared
from ctgeval.followup.topic import Reader, Topic

if TYPE_CHECKING:
    from ctgeval.dossier import Dossier

__all__ = ["TOPIC"]

_TOLD = ("territoire", "groupement")
"""Roles of the territories that bilans are about; each is a family of comparisons made together."""


def _tables(dossier: Dossier, reader: Reader) -> Mapping[str, pd.DataFrame]:
    """Compare what that reader is shown, and nothing else: a masked row is not there to be compared."""

    def made() -> pd.DataFrame:
        places = dossier.territories
        told = reader.results["geo"].isin(places.loc[places["role"].isin(_TOLD), "geo"])
        return dossier.changes_of(reader.results[told])

    return {"changes": shared(dossier, "changes", made, of=(reader.results,))}


TOPIC = Topic(tables=_tables)
