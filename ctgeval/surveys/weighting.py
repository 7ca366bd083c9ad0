"""Weights that bring respondents to known margins, with what trimming and convergence made of them.

When no weights keep to every margin and to the bounds, it is said: nothing is returned as if it had converged.

References
----------
Deville, J.-C., Särndal, C.-E. and Sautory, O. (1993), Generalized Raking Procedures in Survey Sampling, JASA 88(423);
Battaglia, M. et al. (2009), Practical Considerations in Raking Survey Data, Survey Practice 2(5) (trimming, missing
answers); Kish, L. (1992), Weighting for Unequal Pi, Journal of Official Statistics 8(2), eq. 2.2 (design effect of
weights).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ctgeval import french
from ctgeval.errors import DossierError
from ctgeval.intervals import Floats
from ctgeval.surveys.margins import Margin, Missing, check_margins, check_weights
from ctgeval.surveys.raking import CYCLES, TOLERANCE, Booleans, BoundsOf, at_bounds, raked
from ctgeval.surveys.recruitment import NOT_A_SAMPLE, Recruitment, check_recruitment

__all__ = ["Raked", "effective_size", "kish_effect", "rake"]


def kish_effect(weights: Floats) -> float:
    """Design effect of unequal weights, ``n Σw² / (Σw)²``, that is 1 + CV²: how many times the variance is increased.

    Parameters
    ----------
    weights : ndarray of float64, shape (n,)
        Positive; those that are NaN are left out.

    Returns
    -------
    float
        NaN without any weight.

    Examples
    --------
    >>> kish_effect(np.array([1.0, 1.0, 2.0]))
    1.125
    """
    known = weights[~np.isnan(weights)]
    if not len(known):
        return float("nan")
    scaled = known / known.max()
    return float(len(known) * (scaled @ scaled) / scaled.sum() ** 2)


def effective_size(weights: Floats) -> float:
    """Persons of equal weights that would say as much: the number of respondents over `kish_effect`; 0 without any."""
    known = int((~np.isnan(weights)).sum())
    return known / kish_effect(weights) if known else 0.0


@dataclass(frozen=True, eq=False, kw_only=True)
class Raked:
    """Weights brought to known margins, and how that went.

    Parameters
    ----------
    weights : Series of float64
        Indexed as the respondents; NaN for those who were left out.
    start : ndarray of float64, shape (n,)
        Weights before.
    margins : tuple of Margin
    recruitment : {"aleatoire", "exhaustif", "volontaire"}
    converged : bool
        Whether every margin is met within `TOLERANCE`, bounds included.
    cycles : int
        Done.
    table : DataFrame
        One row per category: ``variable``, ``categorie``, ``n`` (respondents), ``depart`` (share before), ``cible``,
        ``part`` (share after, missing answers aside), ``ecart`` (``part`` less ``cible``).
    bounds : tuple of float or None
    bounds_of : {"moyenne", "depart"}
    at_low, at_high : int
        Weights that the bounds stopped.
    missing : dict of str to int
        Missing answers by variable.
    left_out : int
        Respondents without a weight.
    """

    weights: pd.Series
    start: Floats
    margins: tuple[Margin, ...]
    recruitment: Recruitment
    converged: bool
    cycles: int
    table: pd.DataFrame
    bounds: tuple[float, float] | None
    bounds_of: BoundsOf
    at_low: int
    at_high: int
    missing: dict[str, int]
    left_out: int

    @property
    def n(self) -> int:
        """Respondents who have a weight."""
        return int(self.weights.notna().sum())

    @property
    def design_effect(self) -> float:
        """Of unequal weights (Kish)."""
        return kish_effect(self.weights.to_numpy(np.float64))

    @property
    def effective_size(self) -> float:
        """Respondents over the design effect."""
        return effective_size(self.weights.to_numpy(np.float64))

    @property
    def spread(self) -> tuple[float, float]:
        """Smallest and largest weight, over their mean."""
        return float(self.weights.min() / self.weights.mean()), float(self.weights.max() / self.weights.mean())

    @property
    def gaps(self) -> pd.Series:
        """Largest gap of each margin, in share of the population, indexed by variable."""
        gaps: pd.Series = self.table["ecart"].abs().groupby(self.table["variable"], sort=False).max()
        return gaps

    def again(self, start: Floats) -> Floats:
        """Rake other start weights of the same respondents to the same margins, within the same bounds.

        Parameters
        ----------
        start : ndarray of float64, shape (n, R)
            One column per replicate; zeros are persons that a replicate leaves out.

        Returns
        -------
        ndarray of float64, shape (n, R)
            A column is NaN where a category has lost all its respondents, or where raking did not converge.
        """
        kept = self.weights.notna().to_numpy()
        found, converged, _ = raked(
            start[kept], [_of(margin, kept) for margin in self.margins], bounds=self.bounds, bounds_of=self.bounds_of
        )
        out = np.zeros(start.shape)
        out[kept] = np.where(converged, found, np.nan) * float(self.weights.sum())
        return out

    def said(self) -> tuple[str, ...]:
        """Return what is to be printed with the weights, in French sentences."""
        low, high = self.spread
        names = french.enumeration([f"« {margin.variable} »" for margin in self.margins])
        sentences = [f"{french.plural(self.n, 'réponse redressée', 'réponses redressées')} sur {names}."]
        if self.converged:
            sentences.append(f"Le calage a convergé en {french.plural(self.cycles, 'passage')}.")
        else:
            worst = str(self.gaps.idxmax())
            sentences.append(
                f"Le calage n’a pas convergé après {french.plural(self.cycles, 'passage')} : il reste un écart de "
                f"{french.quantity(100 * self.gaps[worst], 'points', 2)} sur « {worst} ». "
                "Regrouper des modalités, élargir les bornes ou retirer une marge."
            )
        sentences.append(
            f"Les poids vont de {french.number(low, 2)} à {french.number(high, 2)} fois leur moyenne ; "
            f"effet de plan {french.number(self.design_effect, 2)}, soit l’équivalent de "
            f"{french.plural(math.floor(self.effective_size), 'réponse')} de même poids."
        )
        if self.bounds is not None:
            stopped = self.at_low + self.at_high
            sentences.append(
                f"Poids bornés entre {french.number(self.bounds[0], 2)} et {french.number(self.bounds[1], 2)} fois "
                f"{'leur moyenne' if self.bounds_of == 'moyenne' else 'le poids de départ'} : "
                f"{french.plural(stopped, 'poids arrêté', 'poids arrêtés')} à une borne."
            )
        sentences += [self._said_missing(variable, count) for variable, count in self.missing.items() if count]
        if self.recruitment == "volontaire":
            sentences.append(NOT_A_SAMPLE)
        return tuple(french.typography(sentence) for sentence in sentences)

    def _said_missing(self, variable: str, count: int) -> str:
        kept = "n’ont pas de poids" if self.left_out else "gardent la part qu’ils avaient avant redressement"
        kept_one = "n’a pas de poids" if self.left_out else "garde la part qu’il avait avant redressement"
        who = french.plural(count, "répondant")
        have = "n’a pas répondu" if count == 1 else "n’ont pas répondu"
        return f"{who} {have} à « {variable} » et {kept_one if count == 1 else kept}."


def rake(
    frame: pd.DataFrame,
    margins: Mapping[str, Mapping[Any, float]],
    *,
    recruitment: Recruitment,
    weights: Any = None,
    bounds: tuple[float, float] | None = None,
    bounds_of: BoundsOf = "moyenne",
    missing: Missing = "neutre",
    total: float | None = None,
    cycles: int = CYCLES,
    tolerance: float = TOLERANCE,
    lines: Sequence[int] | None = None,
    file: str = "",
) -> Raked:
    """Weigh respondents so that their categories have the shares that are known of the population.

    Parameters
    ----------
    frame : DataFrame
        One row per respondent; a column per variable of the margins.
    margins : mapping of str to mapping of category to float
        Known counts, shares or percentages; see `check_margins`.
    recruitment : {"aleatoire", "exhaustif", "volontaire"}
        Volunteers may be weighted; they remain volunteers, and it is said.
    weights : array_like of float, shape (n,), optional
        Start weights; equal by default.
    bounds : tuple of float, optional
        Least and most that a weight may be, in times what ``bounds_of`` says. Trimmed weights are raked again until
        both hold.
    bounds_of : {"moyenne", "depart"}
    missing : {"neutre", "ecarter", "refuser"}
        Policy for a missing answer to a variable of the margins. «neutre»: these persons together keep the share that
        they had in the start weights, and the margin is met among the others; «ecarter»: no weight; «refuser»: error.
    total : float, optional
        Sum of the final weights: by default the total of the margins when these are counts, the number of respondents
        otherwise.
    cycles : int
        At most.
    tolerance : float
        Largest relative gap to a margin.
    lines, file
        Where the answers come from, for the messages.

    Raises
    ------
    DossierError
        Impossible margins, each named; weights that are missing, zero or negative, each with its line; bounds that
        don't hold 1; a category that has lost everybody.

    Examples
    --------
    >>> answers = pd.DataFrame({"sexe": ["F", "F", "F", "H"]})
    >>> rake(answers, {"sexe": {"F": 50, "H": 50}}, recruitment="volontaire").weights.round(4).tolist()
    [0.6667, 0.6667, 0.6667, 2.0]
    """
    recruitment = check_recruitment(recruitment)
    _check_bounds(bounds, bounds_of)
    start = check_weights(weights, len(frame), lines=lines, file=file)
    found, given_total = check_margins(frame, margins, missing=missing, lines=lines, file=file)
    silent = np.column_stack([margin.codes < 0 for margin in found])
    kept: Booleans = np.ones(len(frame), dtype=bool)
    if missing == "ecarter":
        kept = np.asarray(~silent.any(axis=1))
        _check_kept(found, kept, file)
    used = [_of(margin, kept) for margin in found]
    shares, converged, done = raked(
        start[kept][:, None], used, bounds=bounds, bounds_of=bounds_of, cycles=cycles, tolerance=tolerance
    )
    size = total if total is not None else float(kept.sum()) if np.isnan(given_total) else given_total
    final = np.full(len(frame), np.nan)
    final[kept] = shares[:, 0] * size
    low, high = at_bounds(shares[:, 0], start[kept], bounds, bounds_of)
    return Raked(
        weights=pd.Series(final, index=frame.index, name="poids"),
        start=start,
        margins=found,
        recruitment=recruitment,
        converged=bool(converged[0]),
        cycles=done,
        table=_table(used, start[kept], shares[:, 0]),
        bounds=bounds,
        bounds_of=bounds_of,
        at_low=low,
        at_high=high,
        missing={margin.variable: int(count) for margin, count in zip(found, silent.sum(axis=0), strict=True)},
        left_out=int((~kept).sum()),
    )


def _check_bounds(bounds: tuple[float, float] | None, bounds_of: str) -> None:
    if bounds_of not in {"moyenne", "depart"}:
        raise DossierError(
            f"Les bornes ne peuvent pas être comptées en « {bounds_of} ».",
            key="bornes",
            remedy="Écrire moyenne ou depart.",
        )
    if bounds is not None and not 0 <= bounds[0] < 1 < bounds[1]:
        raise DossierError(
            "Les bornes des poids doivent encadrer 1 : un poids moyen doit y tenir.",
            key="bornes",
            value=f"{bounds[0]:g} ; {bounds[1]:g}",
            remedy="Par exemple 0,3 et 3.",
        )


def _check_kept(margins: Sequence[Margin], kept: Booleans, file: str) -> None:
    for margin in margins:
        codes = margin.codes[kept]
        lost = np.flatnonzero(np.bincount(codes, minlength=len(margin.categories)) == 0)
        if len(lost):
            raise DossierError(
                f"Il ne reste personne dans la modalité « {margin.categories[lost[0]]} » de "
                f"« {margin.variable} » quand les réponses incomplètes sont écartées.",
                file=file,
                key=margin.variable,
                value=margin.categories[lost[0]],
                remedy="Choisir manquants = neutre, ou regrouper cette modalité avec une autre.",
            )


def _of(margin: Margin, kept: Booleans) -> Margin:
    return Margin(margin.variable, margin.categories, margin.shares, margin.codes[kept])


def _table(margins: Sequence[Margin], start: Floats, weights: Floats) -> pd.DataFrame:
    parts = []
    for margin in margins:
        k = len(margin.categories)
        known = margin.codes >= 0
        before, after = (
            np.bincount(margin.codes[known], weights=values[known], minlength=k) / values[known].sum()
            for values in (start, weights)
        )
        parts.append(
            pd.DataFrame(
                {
                    "variable": margin.variable,
                    "categorie": list(margin.categories),
                    "n": np.bincount(margin.codes[known], minlength=k),
                    "depart": before,
                    "cible": margin.shares,
                    "part": after,
                    "ecart": after - margin.shares,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)
