"""Design matrix of an interrupted series: level, trend, changes, seasons; and the contrasts that are read on it.

References
----------
Wagner, A. et al. (2002), Segmented regression analysis of interrupted time series studies in medication use research.
Lopez Bernal, J. et al. (2017), Interrupted time series regression for the evaluation of public health interventions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ctgeval.errors import DesignError, NotIdentified, TooFewUnits
from ctgeval.impact.panel import Floats
from ctgeval.impact.reading import some
from ctgeval.impact.series_reading import Series

__all__ = ["CYCLES", "Contrasts", "SeasonTerms", "SeriesDesign", "SlopeFrom", "contrasts", "series_design"]

SeasonTerms = Literal["harmonics", "dummies"]
SlopeFrom = Literal["first_after", "last_before"]

CYCLES = 2
"""Full years before the action without which a season can't be told from a trend."""


@dataclass(frozen=True, eq=False, kw_only=True)
class SeriesDesign:
    """Columns of a segmented regression.

    Parameters
    ----------
    matrix : ndarray, shape (n, k)
    names, labels : tuple of str
        Of each column: its code, and what it is in French.
    changes : ndarray of bool, shape (k,)
        Columns of the interruptions: at zero, they give the counterfactual.
    season : int
        Points in a cycle; 0 without seasonal terms.
    limits : tuple of str
    """

    matrix: Floats
    names: tuple[str, ...]
    labels: tuple[str, ...]
    changes: np.ndarray[tuple[int], np.dtype[np.bool_]]
    season: int
    limits: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Contrasts:
    """Combinations of the coefficients that the result reads, one per row.

    Parameters
    ----------
    rows : ndarray, shape (m, k)
    coefficients, end, average, effects, path : slice
        Rows of each coefficient; of the effect at the last point, on average after the interruption, at each point
        since it; of the counterfactual at each point.
    """

    rows: Floats
    coefficients: slice
    end: int
    average: int
    effects: slice
    path: slice


def series_design(
    series: Series,
    *,
    trend: bool,
    slope: bool,
    slope_from: SlopeFrom,
    season: int | Literal["auto"] | None,
    season_terms: SeasonTerms,
    harmonics: int,
    covariates: Sequence[str],
    allow_invalid: bool,
) -> SeriesDesign:
    """Build the columns: constant, trend, changes of level and slope at each interruption, season, covariates.

    Raises
    ------
    DesignError
        When options contradict themselves.
    NotIdentified
        When columns repeat one another, with their names.
    TooFewUnits
        When seasons are asked for with fewer than two full cycles before, or there are more columns than points.
    """
    n, places = len(series.labels), series.places
    columns = [np.ones(n)]
    names, labels = ["intercept"], ["niveau de départ"]
    if trend:
        columns.append(places)
        names.append("trend")
        labels.append("tendance par période")
    first = len(columns)
    several = len(series.starts) > 1
    for start in series.starts:
        when = series.labels[start]
        mark = f"_{when}" if several else ""
        columns.append((np.arange(n) >= start).astype(np.float64))
        names.append(f"level{mark}")
        labels.append(f"changement de niveau ({when})")
        if slope:
            origin = places[start] if slope_from == "first_after" else places[start - 1]
            columns.append(np.where(np.arange(n) >= start, places - origin, 0.0))
            names.append(f"slope{mark}")
            labels.append(f"changement de pente par période ({when})")
    changed = range(first, len(columns))
    length, limits = _season_length(series, season, allow_invalid=allow_invalid)
    if length:
        for name, label, column in _season_columns(series, length, season_terms, harmonics):
            names.append(name)
            labels.append(label)
            columns.append(column)
    columns.extend(series.covariates.T)
    names.extend(covariates)
    labels.extend(covariates)
    matrix = np.column_stack(columns)
    _check_rank(matrix, names, labels)
    return SeriesDesign(
        matrix=matrix,
        names=tuple(names),
        labels=tuple(labels),
        changes=np.isin(np.arange(len(names)), changed),
        season=length,
        limits=limits,
    )


def contrasts(series: Series, design: SeriesDesign) -> Contrasts:
    """Make the rows of `Contrasts`."""
    k = len(design.names)
    changes = np.where(design.changes, design.matrix, 0.0)
    effects = changes[series.starts[0] :]
    path = np.where(design.changes, 0.0, design.matrix)
    rows = np.vstack([np.eye(k), effects[-1:], effects.mean(axis=0, keepdims=True), effects, path])
    after = k + 2 + len(effects)
    return Contrasts(rows, slice(0, k), k, k + 1, slice(k + 2, after), slice(after, len(rows)))


def _season_length(
    series: Series, season: int | Literal["auto"] | None, *, allow_invalid: bool
) -> tuple[int, tuple[str, ...]]:
    if season is None:
        return 0, ()
    length = series.cycle if season == "auto" else season
    if season == "auto" and not length:
        return 0, ()
    if isinstance(length, bool) or not isinstance(length, int | np.integer) or length < 2:
        raise DesignError(
            "La longueur d’une saison est un nombre entier de points, au moins 2.",
            key="season",
            value=str(season),
            remedy='Donnez season=12 pour des mois, 4 pour des trimestres, 2 pour des semestres, ou season="auto".',
        )
    if not (series.gaps == np.round(series.gaps)).all():
        raise DesignError(
            "Les points ne sont pas régulièrement espacés : une saison ne peut pas y être placée.",
            key="season",
            remedy="Ramenez la série à des mois ou des trimestres, ou retirez season=....",
        )
    before = float(series.places[series.starts[0]]) / length
    if before >= CYCLES:
        return int(length), ()
    reason = (
        f"La période d’avant compte {before:.1f} cycle(s) de {length} points : il en faut {CYCLES} complets pour "
        "séparer la saison de la tendance"
    ).replace(".", ",")
    if season == "auto":
        return 0, (f"{reason}. La saison n’est donc pas prise en compte.",)
    if allow_invalid:
        return int(length), (f"{reason}.",)
    raise TooFewUnits(
        f"{reason}.", key="season", remedy="Ajoutez des points d’avant, ou retirez season=... (et dites-le)."
    )


def _season_columns(series: Series, length: int, terms: SeasonTerms, harmonics: int) -> list[tuple[str, str, Floats]]:
    phase = np.mod(series.phase, length)
    if terms == "dummies":
        ranks = np.unique(phase)[1:]
        return [
            (f"season_{rank:.0f}", f"saison, rang {rank:.0f}", (phase == rank).astype(np.float64)) for rank in ranks
        ]
    if harmonics < 1:
        raise DesignError(
            "Le nombre d’harmoniques est au moins 1.",
            key="harmonics",
            value=str(harmonics),
            remedy="Donnez harmonics=2, ou season=None pour ne pas tenir compte de la saison.",
        )
    columns = []
    for order in range(1, min(harmonics, length // 2) + 1):
        angle = 2 * np.pi * order * phase / length
        # At half the length of the season, the sine is zero at every point.
        if 2 * order < length:
            columns.append((f"sin_{order}", f"saison, sinus {order}", np.sin(angle)))
        columns.append((f"cos_{order}", f"saison, cosinus {order}", np.cos(angle)))
    return columns


def _check_rank(matrix: Floats, names: list[str], labels: list[str]) -> None:
    n, k = matrix.shape
    if n <= k:
        raise TooFewUnits(
            f"La série a {n} points pour {k} coefficients ({some(names, 8)}).",
            remedy="Retirez des termes (slope=False, moins d’harmoniques, moins de covariables) ou ajoutez des points.",
        )
    norms = np.linalg.norm(matrix, axis=0)
    scaled = matrix / np.where(norms > 0, norms, 1.0)
    # Column by column: the one that repeats those before it is the one to name.
    _, triangle = np.linalg.qr(scaled)
    lost = np.flatnonzero(np.abs(np.diag(triangle)) < 1e-8)
    if len(lost):
        raise NotIdentified(
            f"Ces colonnes se déduisent des autres, leur effet ne peut pas être séparé : "
            f"{some(f'« {names[i]} » ({labels[i]})' if names[i] != labels[i] else f'« {names[i]} »' for i in lost)}.",
            remedy="Retirez-les (covariates, season, slope=False si une interruption n’a qu’un point), ou ajoutez des "
            "points.",
        )
