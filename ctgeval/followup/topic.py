"""What a topic of the follow-up gives."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from ctgeval.errors import Problem

if TYPE_CHECKING:
    from ctgeval.dossier import Dossier

__all__ = ["Reader", "Topic"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reader:
    """Who will read, and the figures that they are shown.

    Parameters
    ----------
    audience : str
        One of `ctgeval.confidentiality.AUDIENCES`.
    partner : str
        Id of the partner, for ``partenaire``.
    results : DataFrame
        Result rows of the territories of the dossier, protected for that audience.
    progress : DataFrame
        Progress computed from these same rows.
    """

    audience: str
    partner: str
    results: pd.DataFrame
    progress: pd.DataFrame

    @property
    def internal(self) -> bool:
        """Whether the reader is the evaluator, who sees everything."""
        return self.audience == "interne"


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One topic of the follow-up.

    Parameters
    ----------
    tables : callable, optional
        Tables of a release (keys and columns of `ctgeval.confidentiality.released.TABLES`), for a reader: what that
        reader may not know is already out of them.
    observations : callable, optional
        Observations counted in the tables of the dossier, for the indicators of the catalogue.
    problems : callable, optional
        What is wrong in its tables, each problem with its place.
    """

    tables: Callable[[Dossier, Reader], Mapping[str, pd.DataFrame]] | None = None
    observations: Callable[[Dossier], pd.DataFrame] | None = None
    problems: Callable[[Dossier], Iterable[Problem]] | None = None
