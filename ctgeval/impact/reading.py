"""From a table of one row per unit and period to a `Panel`: every refusal names the units and says what to do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from ctgeval.errors import DesignError, Problem, suggestion
from ctgeval.impact.calendar import Axis, axis, is_empty
from ctgeval.impact.panel import Bools, Direction, Floats, Ints, Panel

__all__ = ["numbers", "read", "require_columns", "some"]

_SHOWN = 5
_LARGEST = 1e100
_SMALLEST = 1e-100
_EXACT = 2**53


def some(items: Iterable[str], shown: int = _SHOWN) -> str:
    """Join the first items of a list: « A, B et 12 autres »."""
    known = list(items)
    if len(known) <= shown:
        return ", ".join(known)
    return f"{', '.join(known[:shown])} et {len(known) - shown} autre{'s' if len(known) - shown > 1 else ''}"


def require_columns(frame: pd.DataFrame, *columns: str | None) -> None:
    """Refuse what is no table, or lacks a column, or has it twice.

    Raises
    ------
    DesignError
        With the columns that look like it.
    """
    if not isinstance(frame, pd.DataFrame):
        raise DesignError(
            "Ce qui est donné n’est pas un tableau.",
            value=type(frame).__name__,
            remedy="Donnez un DataFrame de pandas, avec une ligne par territoire et par période.",
        )
    for column in columns:
        if column is not None and column not in frame.columns:
            known = [str(name) for name in frame.columns]
            raise DesignError(
                f"Le tableau n’a pas de colonne « {column} ».",
                column=column,
                remedy=suggestion(str(column), known) or f"Colonnes du tableau : {some(known, 12)}.",
            )
        if column is not None and list(frame.columns).count(column) > 1:
            raise DesignError(
                f"Plusieurs colonnes du tableau s’appellent « {column} ».",
                column=str(column),
                remedy="Gardez-en une, ou renommez les autres.",
            )


def numbers(frame: pd.DataFrame, column: str) -> Floats:
    """Return a column as numbers, NaN where it is empty.

    Raises
    ------
    DesignError
        When a cell is a text or a date, that is no number, or is infinite; with its rows and the remedy.
    """
    series = frame[column]
    if pd.api.types.is_datetime64_any_dtype(series) or series.dtype.kind in "mc":
        raise DesignError(
            f"La colonne « {column} » contient, au lieu de nombres, des dates, des durées ou des nombres complexes.",
            column=column,
            value=str(series.dtype),
            remedy="Choisissez la colonne de la mesure, ou transformez celle-ci en nombres (jours, années).",
        )
    if pd.api.types.is_numeric_dtype(series):
        values = series.to_numpy(dtype=np.float64, na_value=np.nan)
    else:
        try:
            values = pd.to_numeric(series, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
        except OverflowError as error:
            raise DesignError(
                f"La colonne « {column} » contient des nombres démesurés.",
                column=column,
                remedy="Vérifiez que des identifiants n’ont pas été pris pour des mesures.",
            ) from error
        texts = series.astype("str").str.strip()
        wrong = np.isnan(values) & series.notna().to_numpy() & texts.ne("").to_numpy()
        if wrong.any():
            commas = texts[wrong].str.fullmatch(r"[-+]?[\d\s\u202f\u00a0]*,\d+").fillna(value=False).all()
            raise DesignError(
                f"La colonne « {column} » contient {int(wrong.sum())} cellule(s) qui ne sont pas des nombres "
                f"(lignes {some(str(label) for label in frame.index[wrong])}).",
                column=column,
                value=some(texts[wrong].unique(), 3),
                remedy='Les décimales sont séparées par une virgule : lisez le fichier avec decimal="," '
                "(pandas.read_csv), ou remplacez les virgules par des points."
                if commas
                else "Corrigez ces cellules, ou laissez-les vides si la valeur n’est pas connue.",
            )  # fmt: skip
    # Beyond this, a square is no longer a number.
    infinite = np.abs(values) > _LARGEST
    if infinite.any():
        raise DesignError(
            f"La colonne « {column} » contient des valeurs infinies ou démesurées "
            f"(lignes {some(str(label) for label in frame.index[infinite])}).",
            column=column,
            remedy="Une valeur infinie vient souvent d’une division par zéro : laissez la cellule vide.",
        )
    _refuse_unwritable(series, values, column)
    return values


def _refuse_unwritable(series: pd.Series[Any], values: Floats, column: str) -> None:
    """Refuse figures whose differences or squares can't be told from rounding."""
    size = np.nanmax(np.abs(values), initial=0.0, where=~np.isnan(values)) if len(values) else 0.0
    if pd.api.types.is_integer_dtype(series) and size > _EXACT:
        raise DesignError(
            f"La colonne « {column} » contient des nombres entiers trop grands pour être distingués l’un de l’autre.",
            column=column,
            value=f"{size:.0f}",
            remedy="Vérifiez que des identifiants n’ont pas été pris pour des mesures, ou changez d’unité.",
        )
    if 0 < size < _SMALLEST:
        raise DesignError(
            f"La colonne « {column} » ne contient que des valeurs infimes : leurs écarts se perdent dans les arrondis.",
            column=column,
            value=f"{size:.3g}",
            remedy="Changez d’unité (par exemple, pour 1 000 habitants).",
        )


class _Cells:
    """Where each row of the table goes in the dense arrays."""

    def __init__(self, frame: pd.DataFrame, unit: str, time: str, names: Mapping[str, str]) -> None:
        self.frame, self.names = frame, names
        self.unit_codes, self.units = _units(frame[unit], unit)
        self.axis: Axis = axis(frame[time], time)
        self.shape = (len(self.units), len(self.axis.labels))
        self.index = self.unit_codes * self.shape[1] + self.axis.codes
        self.size = self.shape[0] * self.shape[1]
        count = np.bincount(self.index, minlength=self.size)
        self.present: Bools = (count > 0).reshape(self.shape)
        if count.max(initial=0) > 1:
            self._refuse_duplicates(count)
        self._in_order = len(self.index) == self.size and bool((self.index == np.arange(self.size)).all())

    def _refuse_duplicates(self, count: Ints) -> None:
        twice = np.flatnonzero(count > 1)
        told = [f"{self.named([k // self.shape[1]])[0]} en {self.axis.labels[k % self.shape[1]]}" for k in twice]
        raise DesignError(
            f"{len(told)} couple(s) territoire et période sont sur plusieurs lignes : {some(told)}.",
            remedy="Gardez une ligne par territoire et par période (somme ou moyenne, selon la mesure), ou utilisez "
            "impact.did_cross_section si chaque ligne est une personne.",
        )

    def dense(self, values: Any) -> Any:
        """Put one number per row into the (N, T) array; NaN where there is no row."""
        if self._in_order:
            return values.reshape(self.shape).copy()
        filled = np.full(self.size, np.nan)
        filled[self.index] = values
        return filled.reshape(self.shape)

    def named(self, rows: Any) -> list[str]:
        """Return units by their name, then their code, as `Panel.name` does."""
        codes = [self.units[int(i)] for i in rows]
        return [f"{self.names[code]} ({code})" if self.names.get(code) else code for code in codes]

    def constant(self, column: str, what: str) -> Any:
        """Return one value per unit of a column that must not change inside a unit; codes when it holds texts."""
        values, found = pd.factorize(self.frame[column])
        if (values < 0).any():
            units = self.named(np.unique(self.unit_codes[values < 0]))
            raise DesignError(
                f"{what} manque pour {some(units)}.", column=column, remedy="Complétez la colonne sur chaque ligne."
            )
        first = np.full(self.shape[0], -1, dtype=np.intp)
        first[self.unit_codes[::-1]] = values[::-1]
        changing = np.unique(self.unit_codes[first[self.unit_codes] != values])
        if len(changing):
            raise DesignError(
                f"{what} change d’une période à l’autre pour {some(self.named(changing))}.",
                column=column,
                remedy="Donnez une seule valeur par territoire.",
            )
        return first, list(found)


def read(
    frame: pd.DataFrame,
    *,
    unit: str,
    time: str,
    outcome: str,
    treated_from: str | None,
    treatment: str | None,
    weights: str | None,
    population: str | None,
    cluster: str | None,
    stratum: str | None,
    covariates: tuple[str, ...],
    low: str | None,
    high: str | None,
    frequency: int | None,
    unit_label: str,
    label: str,
    direction: Direction,
    names: Mapping[str, str],
) -> Panel:
    """Build a panel (see `Panel.from_frame`)."""
    require_columns(
        frame, unit, time, outcome, treated_from, treatment, weights, population, cluster, stratum, *covariates,
        low, high,
    )  # fmt: skip
    if direction not in {"higher", "lower", "neutral"}:
        raise DesignError(
            "Le sens souhaité n’est pas compris.", value=str(direction), remedy="higher, lower ou neutral."
        )
    if frequency is not None and not (isinstance(frequency, Real) and float(frequency).is_integer() and frequency >= 1):
        raise DesignError(
            "Le nombre de périodes d’une saison n’est pas compris.",
            value=str(frequency),
            remedy="Un nombre entier : 4 pour des trimestres, 12 pour des mois.",
        )
    if treated_from is None and treatment is None:
        raise DesignError(
            "Rien ne dit quels territoires sont concernés, ni depuis quand.",
            remedy="Donnez treated_from=« colonne de la première période concernée » ou treatment=« colonne de la part "
            "concernée, de 0 à 1 ».",
        )
    if frame.empty:
        raise DesignError("Le tableau est vide.", remedy="Vérifiez le filtre qui l’a produit.")
    cells = _Cells(frame, unit, time, names)
    if cells.shape[1] < 2:
        raise DesignError(
            f"Le tableau n’a qu’une période ({cells.axis.labels[0]}) : aucune évolution ne peut être mesurée.",
            column=time,
            remedy="Ajoutez au moins une période d’avant et une d’après.",
        )
    y, bounds = _outcome(cells, outcome, low, high)
    if outcome in covariates:
        raise DesignError(
            f"La mesure « {outcome} » est aussi donnée comme covariable : elle s’expliquerait elle-même.",
            column=outcome,
            remedy="Retirez-la des covariables.",
        )
    share, start = _treatment(cells, treated_from, treatment)
    panel = Panel(
        units=tuple(cells.units),
        periods=cells.axis.labels,
        times=cells.axis.times,
        outcome=y,
        start=start,
        treatment=share,
        clusters=np.arange(cells.shape[0]) if cluster is None else cells.constant(cluster, "Le groupe")[0],
        low=bounds[0],
        high=bounds[1],
        weights=None if weights is None else _weights(cells, weights),
        population=None if population is None else _population(cells, population),
        strata=None if stratum is None else cells.constant(stratum, "La strate")[0],
        covariates=_covariates(cells, covariates) if covariates else None,
        covariate_names=covariates,
        frequency=frequency,
        unit_label=unit_label,
        label=label or outcome,
        direction=direction,
        names=dict(names),
        problems=(*_problems(cells, y, bounds), *_not_yet(cells, treated_from)),
    )
    _refuse_unknown_units(panel)
    _refuse_copies(panel)
    return panel


def _units(column: pd.Series[Any], name: str) -> tuple[Ints, list[str]]:
    if column.isna().any():
        rows = [str(label) for label in column.index[column.isna()]]
        raise DesignError(
            f"Le territoire manque sur {len(rows)} ligne(s) du tableau ({some(rows)}).",
            column=name,
            remedy="Complétez le code, ou retirez ces lignes.",
        )
    if pd.api.types.is_numeric_dtype(column):
        codes, found = pd.factorize(column, sort=True)
        whole = [isinstance(item, float) and item == round(item) for item in found]
        return codes, [f"{item:.0f}" if plain else str(item) for item, plain in zip(found, whole, strict=True)]
    codes, found = pd.factorize(column)
    spelt = [str(item) for item in found]
    _refuse_ambiguous(column, list(found), spelt, name)
    merged, texts = pd.factorize(np.array(spelt, dtype=object), sort=True)
    return merged[codes], list(texts)


def _refuse_ambiguous(column: pd.Series[Any], found: list[Any], spelt: list[str], name: str) -> None:
    """Refuse empty codes, and codes written in two ways: one unit would be read as two, each half empty."""
    bare = [text.strip() for text in spelt]
    blank = {item for item, text in zip(found, bare, strict=True) if not text}
    if blank:
        rows = [str(label) for label in column.index[column.isin(blank)]]
        raise DesignError(
            f"Le territoire manque sur {len(rows)} ligne(s) du tableau ({some(rows)}).",
            column=name,
            remedy="Complétez le code, ou retirez ces lignes.",
        )
    numeric = [isinstance(item, int | float | np.number) for item in found]
    if any(numeric) and not all(numeric):
        # "01004" and 1004 are the same commune, read once as a text and once as a number.
        bare = [text.removesuffix(".0").lstrip("0") for text in bare]
    ways: dict[str, set[str]] = {}
    for text, plain in zip(spelt, bare, strict=True):
        ways.setdefault(plain, set()).add(text)
    told = [" et ".join(f"« {text} »" for text in sorted(texts)) for texts in ways.values() if len(texts) > 1]
    if told:
        raise DesignError(
            f"Un même territoire est écrit de plusieurs façons : {some(sorted(told))}.",
            column=name,
            remedy="Écrivez chaque code d’une seule façon : en texte (dtype=str en lisant le fichier), sans espaces.",
        )


def _outcome(
    cells: _Cells, outcome: str, low: str | None, high: str | None
) -> tuple[Floats, tuple[Floats | None, Floats | None]]:
    y = cells.dense(numbers(cells.frame, outcome))
    if low is None and high is None:
        return y, (None, None)
    ends: list[Floats] = []
    for column, missing in ((low, -np.inf), (high, np.inf)):
        if column is None:
            ends.append(np.where(np.isnan(y), missing, y))
            continue
        values = cells.frame[column]
        plain = pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
        if np.isfinite(plain).sum() + np.isinf(plain).sum() < values.notna().sum():
            numbers(cells.frame, column)
        ends.append(cells.dense(plain))
    below, above = ends
    known = np.isnan(below) & np.isnan(above)
    below = np.where(np.isnan(below), np.where(known, y, -np.inf), below)
    above = np.where(np.isnan(above), np.where(known, y, np.inf), above)
    wrong = np.argwhere((below > above) | (y < below - 1e-9) | (y > above + 1e-9))
    if len(wrong):
        told = [f"{cells.units[i]} en {cells.axis.labels[t]}" for i, t in wrong]
        raise DesignError(
            f"Une valeur et ses bornes se contredisent pour {some(told)}.",
            column=outcome,
            remedy="La borne basse doit être au plus égale à la borne haute, et la valeur entre les deux.",
        )
    masked = np.isnan(y) & np.isfinite(below) & np.isfinite(above)
    y = np.where(masked, np.where(masked, below, 0.0) / 2 + np.where(masked, above, 0.0) / 2, y)
    return y, (below, above)


def _treatment(cells: _Cells, treated_from: str | None, treatment: str | None) -> tuple[Floats, Ints]:
    periods = np.arange(cells.shape[1])
    if treatment is None:
        assert treated_from is not None
        start = _starts(cells, treated_from)
        share = (periods >= start[:, None]).astype(np.float64)
    else:
        share = _share(cells, treatment)
        start = np.where((share > 0).any(axis=1), (share > 0).argmax(axis=1), cells.shape[1]).astype(np.intp)
        if treated_from is not None and not np.array_equal(start, _starts(cells, treated_from)):
            differing = cells.named(np.flatnonzero(start != _starts(cells, treated_from)))
            raise DesignError(
                f"Les deux colonnes du traitement se contredisent pour {some(differing)}.",
                column=treatment,
                remedy=f"Donnez « {treated_from} » ou « {treatment} », pas les deux.",
            )
    always = cells.named(np.flatnonzero(start == 0))
    if always:
        raise DesignError(
            f"L’action y avait déjà commencé à la première période ({cells.axis.labels[0]}) : {some(always)}. "
            "Rien n’y a été mesuré avant l’action.",
            column=treated_from or treatment or "",
            remedy="Ajoutez des périodes antérieures, ou retirez ces territoires du tableau.",
        )
    return share, start


def _starts(cells: _Cells, column: str) -> Ints:
    series = cells.frame[column]
    codes, found = pd.factorize(series, use_na_sentinel=False)
    places = np.array([_place(cells, value, column) for value in found], dtype=np.intp)
    by_row = places[codes]
    start = np.empty(cells.shape[0], dtype=np.intp)
    start[cells.unit_codes[::-1]] = by_row[::-1]
    changing = np.unique(cells.unit_codes[start[cells.unit_codes] != by_row])
    if len(changing):
        raise DesignError(
            f"La première période concernée change d’une ligne à l’autre pour {some(cells.named(changing))}.",
            column=column,
            remedy="Donnez la même période sur toutes les lignes d’un territoire, ou laissez-les toutes vides.",
        )
    return start


def _place(cells: _Cells, value: Any, column: str) -> int:
    if is_empty(value):
        return cells.shape[1]
    try:
        return cells.axis.column(value)
    except DesignError as error:
        raise DesignError(
            "La date de début de l’action ne se place pas parmi les périodes du tableau.",
            column=column,
            value=str(value),
            remedy=f"Donnez une période écrite comme celles du tableau ({', '.join(cells.axis.labels[:3])}…) ; laissez "
            "vide un territoire qui n’est jamais concerné.",
        ) from error


def _not_yet(cells: _Cells, column: str | None) -> tuple[Problem, ...]:
    """Tell the units whose action begins after the last period: they stand among the comparators."""
    if column is None:
        return ()
    starts = cells.frame[column]
    told = [value for value in starts.unique() if not is_empty(value)]
    late = [value for value in told if cells.axis.column(value) == cells.shape[1]]
    if not late:
        return ()
    units = cells.named(np.unique(cells.unit_codes[starts.isin(late).to_numpy()]))
    return (
        _warning(
            f"L’action y commence après la dernière période ({cells.axis.labels[-1]}) : {some(units)}. Ces territoires "
            "servent ici de comparaison.",
            "Ajoutez les périodes qui suivent, ou retirez ces territoires s’ils ont pu s’y préparer.",
        ),
    )


def _share(cells: _Cells, column: str) -> Floats:
    share: Floats = cells.dense(numbers(cells.frame, column))
    gap = np.isnan(share)
    unknown = np.unique(np.argwhere(gap & cells.present)[:, 0])
    if len(unknown):
        raise DesignError(
            f"La part concernée manque pour {some(cells.named(unknown))}.",
            column=column,
            remedy="Mettez 0 pour un territoire qui n’est pas concerné.",
        )
    if gap.any():
        # A period without a row has no share of its own: it is that of the period before.
        last = np.maximum.accumulate(np.where(gap, 0, np.arange(share.shape[1])), axis=1)
        share = np.nan_to_num(np.take_along_axis(share, last, axis=1))
    out = np.unique(np.argwhere((share < 0) | (share > 1))[:, 0])
    if len(out):
        raise DesignError(
            f"La part concernée n’est pas entre 0 et 1 pour {some(cells.named(out))}.",
            column=column,
            remedy="0 : pas concerné ; 1 : concerné en entier ; 0,4 : concerné à 40 %.",
        )
    back = np.unique(np.argwhere(np.diff(share, axis=1) < 0)[:, 0])
    if len(back):
        raise DesignError(
            f"L’action y diminue ou s’arrête en cours de route : {some(cells.named(back))}.",
            column=column,
            remedy="Arrêtez le tableau à la dernière période avant l’arrêt, ou retirez ces territoires : une action "
            "qui s’arrête n’est pas l’inverse d’une action qui commence.",
        )
    return share


def _weights(cells: _Cells, column: str) -> Floats:
    weights: Floats = cells.dense(numbers(cells.frame, column))
    wrong = np.unique(np.argwhere(cells.present & ~(weights > 0))[:, 0])
    if len(wrong):
        raise DesignError(
            f"Un poids est nul, négatif ou absent pour {some(cells.named(wrong))}.",
            column=column,
            remedy="Donnez des poids positifs ; pour écarter un territoire, retirez-le du tableau.",
        )
    return np.where(cells.present, weights, 1.0)


def _population(cells: _Cells, column: str) -> Floats:
    people: Floats = cells.dense(numbers(cells.frame, column))
    known = ~np.isnan(people)
    mean = np.where(known, people, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    wrong = np.flatnonzero(~(mean > 0) | ((people <= 0) & known).any(axis=1))
    if len(wrong):
        raise DesignError(
            f"La population est nulle, négative ou absente pour {some(cells.named(wrong))}.",
            column=column,
            remedy="Donnez la population de chaque territoire (une valeur par territoire, ou sa moyenne est prise).",
        )
    return np.asarray(mean)


def _covariates(cells: _Cells, columns: tuple[str, ...]) -> Floats:
    values = np.stack([cells.dense(numbers(cells.frame, column)) for column in columns], axis=2)
    missing = cells.present[:, :, None] & np.isnan(values)
    if missing.any():
        told = [
            f"{columns[k]} ({some(cells.named(np.unique(np.argwhere(missing[:, :, k])[:, 0])), 3)})"
            for k in np.flatnonzero(missing.any(axis=(0, 1)))
        ]
        raise DesignError(
            f"Des covariables manquent : {some(told)}.",
            remedy="Complétez-les, ou retirez la covariable : un territoire n’est jamais écarté sans être nommé.",
        )
    return values


def _problems(cells: _Cells, y: Floats, bounds: tuple[Floats | None, Floats | None]) -> tuple[Problem, ...]:
    found: list[Problem] = []
    low, high = bounds
    unknown = np.isnan(y)
    masked = np.zeros_like(unknown) if low is None or high is None else ~(np.isnan(low) & np.isnan(high))
    gaps = unknown & ~masked
    if gaps.any():
        rows = np.flatnonzero(gaps.any(axis=1))
        told = [
            f"{cells.named([i])[0]} ({some([cells.axis.labels[t] for t in np.flatnonzero(gaps[i])], 3)})" for i in rows
        ]
        found.append(_warning(f"Des périodes manquent pour {some(told)}.", "Complétez-les si la source le permet."))
    if (unknown & masked).any():
        told = cells.named(np.flatnonzero((unknown & masked).any(axis=1)))
        found.append(
            _warning(
                f"Des valeurs masquées sont sans bornes pour {some(told)} : aucune conclusion n’en sera tirée.",
                "Demandez des bornes à la source, ou retirez ces territoires du panel (panel.drop).",
            )
        )
    within = ~unknown & masked & (low is not None) & (high is not None)
    if within.any() and low is not None and high is not None:
        inexact = cells.named(np.flatnonzero((within & (low < high)).any(axis=1)))
        if inexact:
            found.append(_warning(f"Des valeurs ne sont connues qu’à des bornes près pour {some(inexact)}.", ""))
    spread = np.where(unknown, -np.inf, y).max(axis=1) - np.where(unknown, np.inf, y).min(axis=1)
    constant = cells.named(np.flatnonzero((spread == 0) & ((~unknown).sum(axis=1) > 1)))
    if constant:
        found.append(
            _warning(
                f"La valeur ne change jamais pour {some(constant)}.",
                "Vérifiez qu’il ne s’agit pas d’une valeur recopiée d’une année sur l’autre.",
            )
        )
    steps = np.diff(cells.axis.times)
    if len(steps) and not np.allclose(steps, steps[0]):
        found.append(_warning("Les périodes ne sont pas régulièrement espacées.", "Ajoutez les périodes absentes."))
    return tuple(found)


def _warning(message: str, remedy: str) -> Problem:
    return Problem(message=message, remedy=remedy, severity="avertissement")


def _refuse_copies(panel: Panel) -> None:
    """Refuse covariates that are the outcome in other units: nothing is left to compare."""
    if panel.covariates is None:
        return
    y = panel.outcome[panel.observed]
    y = y - y.mean()
    for name, values in zip(panel.covariate_names, panel.covariates[panel.observed].T, strict=True):
        x = values - values.mean()
        size = float(np.abs(x).max()) or 1.0
        slope = float(x / size @ y) / (float(x / size @ (x / size)) or 1.0)
        if np.abs(y).max() > 0 and np.abs(y - slope * (x / size)).max() <= 1e-9 * np.abs(y).max():
            raise DesignError(
                f"La covariable « {name} » redit la mesure « {panel.label} » : elle l’expliquerait tout entière.",
                column=name,
                remedy="Retirez-la des covariables.",
            )


def _refuse_unknown_units(panel: Panel) -> None:
    empty = [panel.name(int(i)) for i in np.flatnonzero(~panel.observed.any(axis=1))]
    if empty:
        raise DesignError(
            f"Aucune valeur n’est connue pour {some(empty)}.",
            remedy="Retirez ces territoires du tableau, et dites-le dans le bilan : ils ne sont pas écartés d’office.",
        )
