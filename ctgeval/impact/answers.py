"""Answers before and after, from a table of one row per person, or of one row per person and moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ctgeval.errors import DesignError, suggestion
from ctgeval.impact.panel import Bools, Floats, Ints
from ctgeval.impact.reading import numbers, require_columns, some

__all__ = ["Persons", "binary_column", "codes_column", "positive_column", "read_persons", "rows_named"]

_DIGITS = 12


@dataclass(frozen=True, eq=False, kw_only=True)
class Persons:
    """One row per person (or place that counts events), with what was measured before and after.

    Parameters
    ----------
    before, after : ndarray of float64, shape (n,)
        NaN where the person did not answer, or was not asked.
    weights : ndarray of float64, shape (n,), optional
    clusters : ndarray of intp, shape (n,), optional
    cluster_names : tuple of str
    treated : ndarray of bool, shape (n,), optional
        Group concerned by the action, against a comparison group.
    covariates : ndarray of float64, shape (n, K)
    covariate_names : tuple of str
    exposures : tuple of ndarray, optional
        What the events are counted on, before and after.
    moments : tuple of str
        Names of the two moments.
    """

    before: Floats
    after: Floats
    weights: Floats | None = None
    clusters: Ints | None = None
    cluster_names: tuple[str, ...] = ()
    treated: Bools | None = None
    covariates: Floats
    covariate_names: tuple[str, ...] = ()
    exposures: tuple[Floats, Floats] | None = None
    moments: tuple[str, str] = ("avant", "après")

    @property
    def change(self) -> Floats:
        """After less before, without the noise of binary arithmetic: 0.3 - 0.2 and 0.2 - 0.1 are the same change."""
        found = self.after - self.before
        both = self.both
        size = max(float(np.abs(values[both]).max(initial=0.0)) for values in (self.before, self.after))
        return found if not size else np.round(found, _DIGITS - int(np.ceil(np.log10(size))))

    @property
    def first(self) -> Bools:
        """Who answered before."""
        return ~np.isnan(self.before)

    @property
    def second(self) -> Bools:
        """Who answered after."""
        return ~np.isnan(self.after)

    @property
    def both(self) -> Bools:
        """Who answered twice."""
        return self.first & self.second

    def take(self, rows: Bools) -> Persons:
        """Return some of the persons."""
        return replace(
            self,
            before=self.before[rows],
            after=self.after[rows],
            weights=None if self.weights is None else self.weights[rows],
            clusters=None if self.clusters is None else self.clusters[rows],
            treated=None if self.treated is None else self.treated[rows],
            covariates=self.covariates[rows],
            exposures=None if self.exposures is None else (self.exposures[0][rows], self.exposures[1][rows]),
        )


def rows_named(frame: pd.DataFrame, wrong: Bools) -> str:
    """Name the rows of a table by their labels: « lignes 3, 8 et 2 autres »."""
    return f"lignes {some(str(label) for label in frame.index[wrong])}"


def binary_column(frame: pd.DataFrame, column: str, what: str) -> Bools:
    """Read a column of 0 and 1 (or true and false) without a gap.

    Raises
    ------
    DesignError
        When a cell is empty or holds something else, or all cells are the same.
    """
    values = numbers(frame, column)
    wrong = ~np.isin(values, (0.0, 1.0))
    if wrong.any():
        found = some([str(value) for value in pd.unique(frame[column][wrong])], 3)
        raise DesignError(
            f"La colonne « {column} » ({what}) doit contenir 0 ou 1 ; {int(wrong.sum())} cellule(s) ne le font pas "
            f"({rows_named(frame, wrong)}).",
            column=column,
            value=found,
            remedy="Recodez-la : 1 pour oui, 0 pour non, sans cellule vide.",
        )
    return np.asarray(values == 1.0)


def positive_column(frame: pd.DataFrame, column: str, what: str) -> Floats:
    """Read a column of numbers above zero, without a gap.

    Raises
    ------
    DesignError
        With the rows that hold something else.
    """
    values = numbers(frame, column)
    wrong = ~(values > 0)
    if wrong.any():
        raise DesignError(
            f"{what} : {int(wrong.sum())} valeur(s) nulle(s), négative(s) ou absente(s) dans la colonne « {column} » "
            f"({rows_named(frame, wrong)}).",
            column=column,
            remedy="Donnez une valeur positive à chaque ligne ; pour écarter une personne, retirez sa ligne.",
        )
    return values


def codes_column(frame: pd.DataFrame, column: str) -> tuple[Ints, tuple[str, ...]]:
    """Read a column of groups: codes from 0 and names, sorted.

    Raises
    ------
    DesignError
        When a cell is empty.
    """
    missing = frame[column].isna().to_numpy()
    if missing.any():
        raise DesignError(
            f"Le groupe (« {column} ») manque sur {int(missing.sum())} ligne(s) ({rows_named(frame, missing)}).",
            column=column,
            remedy="Complétez-le, ou retirez ces lignes.",
        )
    codes, names = pd.factorize(frame[column].astype("str"), sort=True)
    return codes.astype(np.intp), tuple(str(name) for name in names)


def read_persons(
    frame: pd.DataFrame,
    *,
    before: str | None,
    after: str,
    outcome: str | None,
    time: str | None,
    unit: str | None,
    paired: bool,
    group: str | None,
    weights: str | None,
    cluster: str | None,
    exposures: tuple[str, str] | None,
    covariates: Sequence[str],
) -> Persons:
    """Read a table (see `ctgeval.impact.before_after`)."""
    if (outcome is None) != (time is None):
        raise DesignError(
            "Pour un tableau d’une ligne par personne et par moment, il faut les deux colonnes : la valeur et le "
            "moment.",
            remedy="Donnez outcome=« colonne de la valeur » et time=« colonne du moment » ; before et after sont alors "
            "deux valeurs de cette dernière.",
        )
    require_columns(frame, outcome, time, unit, group, weights, cluster, *covariates, *(exposures or ()))
    if frame.empty:
        raise DesignError("Le tableau est vide.", remedy="Vérifiez le filtre qui l’a produit.")
    moments = ("avant" if before is None else str(before), str(after))
    if outcome is not None and time is not None:
        kept = [name for name in (group, weights, cluster, *covariates) if name is not None]
        frame, first, second = _from_long(
            frame, outcome=outcome, time=time, unit=unit, before=before, after=after, paired=paired, kept=kept
        )
    else:
        require_columns(frame, before, after)
        first = np.full(len(frame), np.nan) if before is None else numbers(frame, before)
        second = numbers(frame, after)
    codes, names = codes_column(frame, cluster) if cluster is not None else (None, ())
    return Persons(
        before=first,
        after=second,
        weights=None if weights is None else positive_column(frame, weights, "Poids de sondage"),
        clusters=codes,
        cluster_names=names,
        treated=None if group is None else _groups(frame, group),
        covariates=np.column_stack([numbers(frame, name) for name in covariates])
        if covariates
        else np.empty((len(frame), 0)),
        covariate_names=tuple(covariates),
        exposures=None if exposures is None else _exposures(frame, exposures),
        moments=moments,
    )


def _exposures(frame: pd.DataFrame, columns: tuple[str, str]) -> tuple[Floats, Floats]:
    return positive_column(frame, columns[0], "Exposition"), positive_column(frame, columns[1], "Exposition")


def _groups(frame: pd.DataFrame, column: str) -> Bools:
    treated = binary_column(frame, column, "1 : concerné par l’action, 0 : comparaison")
    if treated.all() or not treated.any():
        raise DesignError(
            f"La colonne « {column} » vaut partout {int(treated[0])} : il n’y a rien à comparer.",
            column=column,
            remedy="Ajoutez l’autre groupe, ou retirez group= pour un simple avant/après.",
        )
    return treated


def _from_long(
    frame: pd.DataFrame,
    *,
    outcome: str,
    time: str,
    unit: str | None,
    before: str | None,
    after: str,
    paired: bool,
    kept: list[str],
) -> tuple[pd.DataFrame, Floats, Floats]:
    moment = frame[time].astype("str").str.strip()
    known = sorted(moment.unique())
    for value in (before, after):
        if value is None or str(value) not in known:
            raise DesignError(
                f"La colonne « {time} » n’a pas le moment « {value} ».",
                column=time,
                value=str(value),
                remedy=suggestion(str(value), known) or f"Moments du tableau : {some(known, 12)}.",
            )
    values = numbers(frame, outcome)
    is_first, is_second = (moment == str(before)).to_numpy(), (moment == str(after)).to_numpy()
    inside = is_first | is_second
    if not paired:
        used = frame.loc[inside]
        return used, np.where(is_first, values, np.nan)[inside], np.where(is_second, values, np.nan)[inside]
    if unit is None:
        raise DesignError(
            "Rien ne dit quelles lignes sont de la même personne.",
            remedy="Donnez unit=« colonne de l’identifiant », ou paired=False si les personnes ne sont pas les mêmes.",
        )
    return _paired_rows(frame.loc[inside], values[inside], is_first[inside], unit, kept)


def _paired_rows(
    frame: pd.DataFrame, values: Floats, is_first: Bools, unit: str, kept: list[str]
) -> tuple[pd.DataFrame, Floats, Floats]:
    codes, names = pd.factorize(frame[unit], sort=True)
    if (codes < 0).any():
        raise DesignError(
            f"L’identifiant manque ({rows_named(frame, codes < 0)}).", column=unit, remedy="Complétez-le."
        )
    place = 2 * codes + ~is_first
    twice = np.flatnonzero(np.bincount(place, minlength=2 * len(names)) > 1)
    if len(twice):
        raise DesignError(
            f"Plusieurs lignes d’un même moment pour {some(str(names[int(k) // 2]) for k in twice)}.",
            column=unit,
            remedy="Gardez une ligne par personne et par moment.",
        )
    wide = np.full(2 * len(names), np.nan)
    wide[place] = values
    order = np.lexsort((~is_first, codes))
    ordered = codes[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=-1))
    rows = frame.iloc[order[starts]]
    for column in kept:
        own = pd.factorize(frame[column])[0]
        changing = np.unique(codes[own != own[order[starts]][codes]])
        if len(changing):
            raise DesignError(
                f"La colonne « {column} » change d’un moment à l’autre pour "
                f"{some(str(names[int(k)]) for k in changing)}.",
                column=column,
                remedy="Donnez la même valeur sur les deux lignes d’une personne.",
            )
    return rows, wide[0::2], wide[1::2]
