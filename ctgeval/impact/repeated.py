"""Repeated cross-sections: persons asked once each, before an action or after it, concerned by it or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from ctgeval.errors import DesignError, NotIdentified
from ctgeval.impact.answers import binary_column, codes_column, positive_column
from ctgeval.impact.least_squares import Fit, fit
from ctgeval.impact.mean_changes import Sample
from ctgeval.impact.panel import Bools, Direction, Floats, Ints
from ctgeval.impact.reading import numbers, require_columns

__all__ = ["EFFECT", "ReprCrossSections"]

EFFECT = "concerné x après"
"""Name of the coefficient that is the estimate."""


@dataclass(frozen=True, eq=False, kw_only=True)
class ReprCrossSections:
    """Persons asked once each, before or after, concerned or not.

    Parameters
    ----------
    outcome : ndarray of float64, shape (n,)
        In ``unit_label``; every person has one.
    treated, post : ndarray of bool, shape (n,)
        Of the group concerned by the action; asked after it.
    covariates : ndarray of float64, shape (n, K)
    covariate_names : tuple of str
    weights : ndarray of float64, shape (n,), optional
        Survey weights, above zero.
    clusters : ndarray of intp, shape (n,), optional
        Territory, school or household of each person, coded from 0.
    cluster_names : tuple of str
    n_read : int
        Rows of the table, those without an answer included.
    unit_label, label, direction
        Unit and name of the outcome; which way is better.
    """

    outcome: Floats
    treated: Bools
    post: Bools
    covariates: Floats
    covariate_names: tuple[str, ...] = ()
    weights: Floats | None = None
    clusters: Ints | None = None
    cluster_names: tuple[str, ...] = ()
    n_read: int = 0
    unit_label: str = ""
    label: str = ""
    direction: Direction = "higher"

    def __post_init__(self) -> None:
        for name in ("outcome", "treated", "post", "covariates", "weights", "clusters"):
            array = getattr(self, name)
            if array is not None:
                array.flags.writeable = False

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        *,
        outcome: str,
        treated: str,
        post: str,
        covariates: Sequence[str] = (),
        weights: str | None = None,
        cluster: str | None = None,
        unit_label: str = "",
        label: str = "",
        direction: Direction = "higher",
    ) -> ReprCrossSections:
        """Read a table of one row per person.

        Parameters
        ----------
        frame : DataFrame
        outcome : str
            Numeric column; persons without a value are counted, and left out.
        treated, post : str
            Columns of 0 and 1, without a gap.
        covariates : sequence of str
            Numeric columns; persons without one are counted, and left out.
        weights, cluster : str, optional
            Columns without a gap.

        Raises
        ------
        DesignError
            When a column is absent, not numeric, not of 0 and 1, or the outcome is constant.
        NotIdentified
            When one of the four groups (concerned or not, before or after) is empty, which is named.
        """
        require_columns(frame, outcome, treated, post, *covariates, weights, cluster)
        if direction not in {"higher", "lower", "neutral"}:
            raise DesignError(
                "Le sens souhaité n’est pas compris.", value=str(direction), remedy="higher, lower ou neutral."
            )
        if frame.empty:
            raise DesignError("Le tableau est vide.", remedy="Vérifiez le filtre qui l’a produit.")
        y = numbers(frame, outcome)
        x = np.column_stack([numbers(frame, name) for name in covariates]) if covariates else np.empty((len(frame), 0))
        kept = ~np.isnan(y) & ~np.isnan(x).any(axis=1)
        rows = frame.loc[kept]
        on = binary_column(frame, treated, "1 : concerné par l’action")[kept]
        after = binary_column(frame, post, "1 : interrogé après")[kept]
        _refuse_empty_cells(on, after, treated=treated, post=post)
        if np.ptp(y[kept]) == 0:
            raise DesignError(
                f"« {label or outcome} » a partout la même valeur ({y[kept][0]:g}) : rien ne peut être comparé.",
                column=outcome,
                remedy="Vérifiez que la colonne n’a pas été recopiée.",
            )
        codes, names = codes_column(rows, cluster) if cluster is not None else (None, ())
        return cls(
            outcome=y[kept],
            treated=on,
            post=after,
            covariates=x[kept],
            covariate_names=tuple(covariates),
            weights=None if weights is None else positive_column(rows, weights, "Poids de sondage"),
            clusters=codes,
            cluster_names=names,
            n_read=len(frame),
            unit_label=unit_label,
            label=label or outcome,
            direction=direction,
        )

    @property
    def n(self) -> int:
        """Persons in use."""
        return len(self.outcome)

    @property
    def missing(self) -> int:
        """Rows left out: no outcome, or no covariate."""
        return max(0, self.n_read - self.n)

    @cached_property
    def smallest_cell(self) -> int:
        """Persons in the smallest of the four groups."""
        return int(np.bincount(2 * self.treated + self.post, minlength=4).min())

    @cached_property
    def means(self) -> pd.DataFrame:
        """Mean of each of the four groups: ``group, moment, n, mean, std_error``."""
        rows = []
        for name, on in (("concernés", True), ("comparaison", False)):
            for moment, after in (("avant", False), ("après", True)):
                inside = (self.treated == on) & (self.post == after)
                sample = Sample(
                    self.outcome[inside],
                    None if self.weights is None else self.weights[inside],
                    None if self.clusters is None else self.clusters[inside],
                )
                rows.append(
                    {"group": name, "moment": moment, "n": sample.n, "mean": sample.mean, "std_error": sample.std_error}
                )
        return pd.DataFrame(rows)

    def fit(self) -> Fit:
        """Regress the outcome on concerned, after, both, and the covariates.

        Raises
        ------
        NotIdentified
            When covariates are redundant, with their names.
        """
        on, after = self.treated.astype(np.float64), self.post.astype(np.float64)
        columns = [np.ones(self.n), on, after, on * after, *self.covariates.T]
        names = ["constante", "concerné", "après", EFFECT, *self.covariate_names]
        return fit(self.outcome, columns, names, self.weights)


def _refuse_empty_cells(on: Bools, after: Bools, *, treated: str, post: str) -> None:
    empty = [
        f"{who} {when}"
        for group, who in ((True, "concernées"), (False, "de comparaison"))
        for moment, when in ((False, "avant"), (True, "après"))
        if not ((on == group) & (after == moment)).any()
    ]
    if empty:
        raise NotIdentified(
            f"Il n’y a pas de personnes {', ni '.join(empty)} : l’évolution ne peut pas être comparée.",
            column=f"{treated}, {post}",
            remedy="Il faut des réponses avant et après, chez les concernés et ailleurs ; sans comparaison : "
            "impact.before_after(frame, before=…, after=…, paired=False).",
        )
