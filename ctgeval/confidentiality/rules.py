"""Which counts are too small to be shown, and why, and who may see which source.

Sources: ``ouverte`` is for everybody. ``convention`` (data handed over under a written agreement, for the evaluation
alone) goes to those who steer the evaluation and are bound by that agreement: ``interne``, then ``cotech`` and
``copil``, where the signatories sit; never to a ``partenaire``, who would see the returns of the others, nor to
``habitants``. ``interne`` never leaves. The order of the audiences is that of trust, and each sees at most what the
one before it sees; whoever reads two bilans of different audiences must learn nothing more, so that what is masked
for one is masked for all of them (see `protection.protect`).

A rule applies to counts of persons, households and enterprises; structures, actions, meetings and euros are never
masked. ``n`` and its complement ``N - n`` are treated alike: «100 % des familles» says as much about each family as
«3 familles» does.

References
----------
Institut national de la statistique, *Manuel de protection des tableaux*, chapters 2 and 11 (thresholds of frequency
tables); opinion 05/2014 of the article 29 working party (singling out, linkability, inference).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctgeval import measures
from ctgeval.config import AUDIENCES
from ctgeval.errors import ConfidentialityError
from ctgeval.indicators import definition
from ctgeval.measures import Measure

_ALLOWED: dict[str, frozenset[str]] = {
    "ouverte": frozenset(AUDIENCES),
    "convention": frozenset({"interne", "cotech", "copil"}),
    "interne": frozenset({"interne"}),
}

Mask = npt.NDArray[np.bool_]
Zeros = Literal["published", "masked"]
_WHOLE = 100
_OBJECTS = {"personnes": "de personnes", "foyers": "de foyers", "entreprises": "d’entreprises"}


class SourceRule(NamedTuple):
    """A threshold that the producer of a source imposes.

    Parameters
    ----------
    source : str
        Key of the source.
    threshold : int
        Counts made from it are masked under that, whatever the dossier chose for others.
    text : str
        What founds it.
    """

    source: str
    threshold: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """The threshold under which a count is not shown, with the text that founds it.

    Parameters
    ----------
    threshold : int
        A count strictly between 0 and ``threshold`` is masked; 5 by default for partners' own counts.
    sensitive_threshold : int
        The same for indicators marked ``sensitive`` (crossed with income, health or disability).
    complement : bool
        Mask also where the rest (whole minus part) is under the threshold, a rest of 0 included.
    source : str
        The text that founds the rule, printed with it; mandatory.
    households, enterprises : int or None
        The threshold of the counts of households, and of enterprises, where it is not that of persons.
    dominance, dominance_two : float or None
        For amounts: above what percentage of the total the largest contribution, or the two largest together, may not
        be (85 and 90 in use).
    p_percent : float or None
        For amounts: how near, in percent of the largest contribution, the second contributor may not come to it.
    width : float or None
        How wide the interval of a masked amount must be, wherever it lies, in percent of the amount.
    zeros : {"published", "masked"}
        Whether a count of nothing is always shown, which tells that a masked one is at least 1.
    by_source : tuple of SourceRule
        Higher thresholds that producers impose.

    Raises
    ------
    ConfidentialityError
        When a threshold is negative, a percentage is not one, or the founding text is empty.
    """

    threshold: int
    sensitive_threshold: int = 0
    source: str
    complement: bool = True
    households: int | None = None
    enterprises: int | None = None
    dominance: float | None = None
    dominance_two: float | None = None
    p_percent: float | None = None
    width: float | None = None
    zeros: Zeros = "published"
    by_source: tuple[SourceRule, ...] = ()

    def __post_init__(self) -> None:
        least = min(self.threshold, self.sensitive_threshold, self.households or 0, self.enterprises or 0)
        if least < 0:
            raise ConfidentialityError(
                f"Un seuil de secret ne peut pas être négatif ({least}).",
                remedy="Donnez un entier positif dans [publication] seuil.",
            )
        for name in ("dominance", "dominance_two", "p_percent", "width"):
            told = getattr(self, name)
            if told is not None and not 0 < told <= _WHOLE:
                raise ConfidentialityError(
                    "Un pourcentage de la règle de secret n’est pas compris entre 0 et 100.",
                    key=name,
                    value=str(told),
                    remedy="Donnez un nombre plus grand que 0, et 100 au plus.",
                )
        if not self.source.strip():
            raise ConfidentialityError(
                "La règle de secret ne dit pas sur quel texte elle s’appuie.",
                remedy="Renseignez le texte ou la décision qui fonde le seuil.",
            )

    def of(self, counted: str) -> int:
        """Return the threshold of what is counted: households and enterprises may have their own.

        Parameters
        ----------
        counted : str
            Object of the measure: ``personnes``, ``foyers``, ``entreprises``.
        """
        own = {"foyers": self.households, "entreprises": self.enterprises}.get(counted)
        return self.threshold if own is None else own

    @property
    def sentence(self) -> str:
        """The rule as a reader of the bilan is told it."""
        if max(self.threshold, self.sensitive_threshold) <= 1:
            return "Aucun seuil de secret n’est appliqué dans cette version."
        sensitive = (
            f" (entre 1 et {self.sensitive_threshold - 1} pour les données de revenu, de santé ou de handicap)"
            if self.sensitive_threshold > self.threshold
            else ""
        )
        return (
            f"Les effectifs {self._counted()}{sensitive} ne sont pas diffusés{self._imposed()}, ni les taux qui "
            "permettraient de les retrouver ; pour qu’aucune soustraction ne les donne, des totaux ou d’autres "
            "communes ne le sont pas non plus."
        )

    def _counted(self) -> str:
        """Tell what is counted, threshold by threshold: those of persons first."""
        by_limit: dict[int, list[str]] = {}
        for counted, phrase in _OBJECTS.items():
            by_limit.setdefault(max(self.of(counted), 1), []).append(phrase)
        told = []
        for limit, words in by_limit.items():
            if limit > 1:
                named = " ou ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
                told.append(f"{named} compris entre 1 et {limit - 1}")
        return ", ".join(told)

    def _imposed(self) -> str:
        """Tell the higher threshold that some producers impose."""
        most = max((one.threshold for one in self.by_source), default=0)
        if most <= self.threshold:
            return ""
        return f" (ni, des fichiers dont le producteur l’impose, ceux de moins de {most})"


def allows(diffusion: str, audience: str) -> bool:
    """Tell whether a source of that ``diffusion`` may be shown to that audience (why: see the module).

    Parameters
    ----------
    diffusion : {"ouverte", "convention", "interne"}
        As declared in ``[[source]]``; anything else is treated as ``interne``.
    audience : str
        One of `AUDIENCES`.
    """
    return audience in _ALLOWED.get(diffusion, _ALLOWED["interne"])


@dataclass(frozen=True, slots=True)
class Breach:
    """Which rows of a table break the rule, and by which of their counts; arrays of shape (rows,).

    Parameters
    ----------
    numerator : ndarray of bool
        The count itself, or its complement, is too small, or the source keeps the value secret.
    denominator : ndarray of bool
        The base of the rate is too small.
    """

    numerator: Mask
    denominator: Mask

    @property
    def any(self) -> Mask:
        """Rows that break the rule in one way or the other."""
        return self.numerator | self.denominator


def primary(results: pd.DataFrame, rule: Rule, *, catalogue: Mapping[str, definition.Indicator]) -> Breach:
    """Tell which rows of a result table break the rule by themselves.

    Parameters
    ----------
    results : DataFrame
        Result table (contract of the results: ``indicator``, ``numerator``, ``denominator``, ``value``...).
    rule : Rule
        Thresholds, and whether complements are treated alike.
    catalogue : mapping of str to Indicator
        The indicators that the table speaks of.

    Returns
    -------
    Breach
        Two arrays of bool, in the order of the rows.
    """
    position = results["indicator"].to_numpy(dtype=object)
    part = results["numerator"].to_numpy(dtype=float)
    whole = results["denominator"].to_numpy(dtype=float)
    low, high = results["low"].to_numpy(dtype=float), results["high"].to_numpy(dtype=float)
    by_count = results["conf_status"].isin(["C", "D"]).to_numpy(dtype=bool, copy=True)
    by_base = np.zeros(len(results), dtype=bool)
    for name in sorted(set(position)):
        rows = np.flatnonzero(position == name)
        indicator = catalogue[name]
        limit = thresholds(results.iloc[rows], rule, catalogue)
        counted = bool(secret_measures(indicator.numerator_measures, indicator.declared))
        base_counted = bool(secret_measures(indicator.denominator_measures, indicator.declared))
        if counted:
            by_count[rows] |= _small(part[rows], limit)
        if counted and indicator.nature == "compte":
            # What is known of a partial return is a count too: «au moins 3» tells that the others counted 3.
            by_count[rows] |= np.isnan(part[rows]) & (_small(low[rows], limit) | _small(high[rows], limit))
        if base_counted:
            by_base[rows] |= _small(whole[rows], limit)
        if counted and indicator.nature == "part" and rule.complement:
            rest = whole[rows] - part[rows]
            by_count[rows] |= (rest >= 0) & (rest < limit) & (whole[rows] > 0) & (limit > 1)
    return Breach(by_count, by_base)


def small_levels(
    ids: pd.Series[str], levels: pd.Series[float], rule: Rule, *, catalogue: Mapping[str, definition.Indicator]
) -> Mask:
    """Tell which levels of indicators are themselves a count that is too small.

    Parameters
    ----------
    ids : Series of str
        Indicator of each level; those that the catalogue does not know are left alone.
    levels : Series of float
        A count, a rate...: only counts of persons, households or enterprises can break the rule.
    rule : Rule
        Thresholds.
    catalogue : mapping of str to Indicator
        Known indicators.

    Returns
    -------
    ndarray of bool, shape (len(ids),)
    """
    found = np.zeros(len(ids), dtype=bool)
    for position, (name, level) in enumerate(zip(ids, levels.to_numpy(dtype=float), strict=True)):
        item = catalogue.get(name)
        if item is not None and item.nature == "compte" and secret_measures(item.numerator_measures, item.declared):
            found[position] = 0 < abs(level) < threshold(item, rule, catalogue)
    return found


def secret_measures(names: Iterable[str], declared: Mapping[str, Measure] | None = None) -> tuple[str, ...]:
    """Return those of the measures that count persons, households or enterprises, sorted.

    Parameters
    ----------
    names : iterable of str
        Measures.
    declared : mapping of str to Measure
        Those of the indicator, which the dossier may have declared itself; empty for those of the house.
    """
    return tuple(sorted({name for name in names if measures.get(name, measures=declared or None).is_secret_object}))


def thresholds(
    results: pd.DataFrame, rule: Rule, catalogue: Mapping[str, definition.Indicator]
) -> npt.NDArray[np.float64]:
    """Return the threshold of each row: that of its indicator, or a higher one that one of its sources imposes.

    Parameters
    ----------
    results : DataFrame
        Rows of a result table: ``indicator`` and ``source`` (keys of sources, separated by spaces).
    rule, catalogue
        See `threshold`.
    """
    own = {str(name): threshold(catalogue[str(name)], rule, catalogue) for name in results["indicator"].unique()}
    found = results["indicator"].map(own).to_numpy(dtype=float)
    for imposed in rule.by_source:
        from_it = np.array([imposed.source in str(told).split() for told in results["source"]], dtype=bool)
        found = np.where(from_it, np.maximum(found, imposed.threshold), found)
    return np.asarray(found, dtype=np.float64)


def threshold(indicator: definition.Indicator, rule: Rule, catalogue: Mapping[str, definition.Indicator]) -> int:
    """Return the threshold of the counts of an indicator.

    Parameters
    ----------
    indicator : Indicator
        Sensitive ones have the higher threshold, and so do those that show the whole of which a sensitive count is a
        part: «8 enfants» says that there are no more than 8 of them from poor families.
    rule : Rule
        Both thresholds.
    catalogue : mapping of str to Indicator
        All indicators of the dossier.
    """
    wholes = {
        name
        for item in catalogue.values()
        if item.sensitive and item.nature == "part"
        for name in secret_measures(item.denominator_measures, item.declared)
    }
    sensitive = indicator.sensitive or not wholes.isdisjoint(indicator.measures)
    counted = [
        measures.get(name, measures=indicator.declared or None).object
        for name in secret_measures(indicator.measures, indicator.declared)
    ]
    usual = max((rule.of(one) for one in counted), default=rule.threshold)
    return max(usual, rule.sensitive_threshold) if sensitive else usual


def _small(count: npt.NDArray[np.float64], threshold: npt.NDArray[np.float64]) -> Mask:
    return (np.abs(count) > 0) & (np.abs(count) < threshold)
