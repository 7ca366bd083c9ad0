"""Gaps before and after treatment and their covariance, read from a result or from arrays, for sensitivity analyses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ctgeval.errors import DesignError, NotIdentified
from ctgeval.impact.panel import Floats
from ctgeval.impact.result import ImpactResult

__all__ = ["Gaps", "read_gaps", "target_of"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Gaps:
    """Gaps at each time since treatment, measured from the last period before it (time -1, which is left out).

    Parameters
    ----------
    coefficients : ndarray of float64, shape (n_pre + n_post,)
        In order of time.
    covariance : ndarray of float64, shape (n_pre + n_post, n_pre + n_post)
    n_pre, n_post : int
    df : float
        Degrees of freedom of the covariance; infinite when unknown.
    valid : bool
        Whether the covariance may serve.
    reason : str
        Why not, in French.
    unit, label : str
        Of the outcome.
    """

    coefficients: Floats
    covariance: Floats
    n_pre: int
    n_post: int
    df: float = float("inf")
    valid: bool = True
    reason: str = ""
    unit: str = ""
    label: str = ""

    @property
    def before(self) -> tuple[Floats, Floats]:
        """Gaps before treatment and their covariance."""
        return self.coefficients[: self.n_pre], self.covariance[: self.n_pre, : self.n_pre]


def read_gaps(
    result: ImpactResult | None,
    *,
    coefficients: npt.ArrayLike | None = None,
    covariance: npt.ArrayLike | None = None,
    n_pre: int | None = None,
    n_post: int | None = None,
) -> Gaps:
    """Read gaps from the result of an event study, or from arrays.

    Raises
    ------
    DesignError
        When both or none are given, shapes disagree, the covariance is not one, or a period is absent.
    NotIdentified
        When there is no period before the reference, or none after.
    """
    if result is None:
        if coefficients is None or covariance is None or n_pre is None or n_post is None:
            raise DesignError(
                "Il manque de quoi analyser la sensibilité.",
                remedy="Donnez le résultat de impact.event_study, ou coefficients, covariance, n_pre et n_post.",
            )
        return _of_arrays(coefficients, covariance, n_pre, n_post)
    if coefficients is not None or covariance is not None:
        raise DesignError(
            "Un résultat et des coefficients ont été donnés à la fois.", remedy="Donnez l’un ou les autres."
        )
    return _of_result(result)


def target_of(target: npt.ArrayLike | str | None, n_post: int) -> Floats:
    """Read which effect is analysed: the first period (by default), the mean, or any combination.

    Raises
    ------
    DesignError
        When the combination has another length, or is nothing.
    """
    if target is None or (isinstance(target, str) and target == "first"):
        return np.asarray(np.eye(n_post)[0])
    if isinstance(target, str) and target == "mean":
        return np.full(n_post, 1 / n_post, dtype=np.float64)
    if isinstance(target, str):
        raise DesignError(
            "Cet effet n’est pas connu.", key="target", value=target, remedy="Écrivez « first » ou « mean »."
        )
    found = np.atleast_1d(np.asarray(target, dtype=np.float64))
    if found.shape != (n_post,) or not np.isfinite(found).all() or not found.any():
        raise DesignError(
            f"La combinaison d’effets doit avoir {n_post} nombres, un par période depuis l’action, non tous nuls.",
            key="target",
            value=str(found.tolist()),
            remedy="Donnez un poids à chaque période depuis l’action.",
        )
    return found


def _of_result(result: ImpactResult) -> Gaps:
    details = result.details if isinstance(result, ImpactResult) else {}
    if not {"event_times", "coefficients", "covariance"} <= set(details):
        raise DesignError(
            "Cette analyse demande les écarts de chaque période avant et après l’action, avec leur covariance.",
            value=getattr(result, "method", type(result).__name__),
            remedy='Donnez le résultat de impact.event_study, ou de impact.group_time(..., base="universal").',
        )
    events = np.asarray(details["event_times"], dtype=np.intp)
    estimates = np.asarray(details["coefficients"], dtype=np.float64)
    matrix = np.asarray(details["covariance"], dtype=np.float64)
    valid, reason = bool(details.get("covariance_valid", True)), str(details.get("covariance_reason", ""))
    reference = details.get("reference_period", details.get("reference"))
    if not isinstance(reference, int | np.integer):
        raise DesignError(
            reason or "Les écarts n’ont pas de période de référence commune.",
            value=result.method,
            remedy='Utilisez impact.event_study, ou impact.group_time(..., base="universal").',
        )
    full = np.append(events, int(reference))
    _require_all(full, np.append(estimates, 0.0))
    order = np.argsort(full)
    # Gaps are measured anew from the last period before treatment.
    move = np.vstack([np.eye(len(events)), np.zeros(len(events))])[order]
    last = int(np.searchsorted(full[order], -1))
    move = np.delete(move - move[last], last, axis=0)
    n_pre = int((full < -1).sum())
    found = _of_arrays(
        move @ estimates, move @ np.where(np.isfinite(matrix), matrix, 0.0) @ move.T, n_pre, len(events) - n_pre
    )
    df = float(details.get("df", np.inf))
    return Gaps(
        coefficients=found.coefficients,
        covariance=found.covariance,
        n_pre=n_pre,
        n_post=found.n_post,
        df=df if df > 0 else np.inf,
        valid=valid and found.valid,
        reason=found.reason if valid else reason or "La covariance de ces écarts ne doit pas servir.",
        unit=result.unit,
        label=result.label,
    )


def _require_all(events: npt.NDArray[np.intp], estimates: Floats) -> None:
    times = np.sort(events)
    known = set(events[np.isfinite(estimates)].tolist())
    absent = [time for time in range(int(times[0]), max(int(times[-1]), 0) + 1) if time not in known]
    if absent:
        raise DesignError(
            "Des périodes manquent entre le premier et le dernier écart : les divergences d’une période à l’autre ne "
            "peuvent pas être suivies.",
            value=", ".join(str(time) for time in absent),
            remedy="Regroupez les périodes éloignées (impact.event_study(..., bins=(premier, dernier))), ou complétez "
            "les données.",
        )
    if -1 not in known:
        raise DesignError(
            "La dernière période avant l’action n’a pas d’écart.", remedy="Complétez les données de cette période."
        )


def _of_arrays(coefficients: npt.ArrayLike, covariance: npt.ArrayLike, n_pre: int, n_post: int) -> Gaps:
    try:
        estimates = np.asarray(coefficients, dtype=np.float64)
        matrix = np.asarray(covariance, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DesignError(
            "Les écarts ou leur covariance ne sont pas des tableaux de nombres.",
            value=str(coefficients),
            remedy="Donnez coefficients=[…] et covariance=[[…], […]], en nombres.",
        ) from error
    if n_pre < 1 or n_post < 1:
        raise NotIdentified(
            f"Il faut au moins un écart avant la période de référence et un depuis l’action ; ici, {max(n_pre, 0)} "
            f"avant et {max(n_post, 0)} depuis.",
            remedy="Ajoutez des périodes avant l’action : sans elles, rien ne dit de combien les évolutions divergent.",
        )
    size = n_pre + n_post
    if estimates.shape != (size,) or matrix.shape != (size, size):
        raise DesignError(
            f"{n_pre} écarts avant et {n_post} depuis l’action demandent {size} coefficients et une covariance de "
            f"{size} sur {size}.",
            value=f"{estimates.shape} et {matrix.shape}",
            remedy="Retirez la période de référence des coefficients et de leur covariance.",
        )
    if not np.isfinite(estimates).all() or not np.isfinite(matrix).all():
        raise DesignError(
            "Un coefficient ou une covariance n’est pas un nombre fini.",
            remedy="Retirez ou regroupez les périodes qui n’ont pas pu être estimées.",
        )
    largest = float(np.abs(matrix).max())
    if not np.allclose(matrix, matrix.T, rtol=1e-6, atol=1e-10 * largest):
        raise DesignError("La covariance n’est pas symétrique.", remedy="Donnez la matrice de covariance entière.")
    matrix = (matrix + matrix.T) / 2
    values = np.linalg.eigvalsh(matrix)
    if values[0] < -1e-8 * max(float(values[-1]), 1e-300):
        raise DesignError(
            "La covariance a une variance négative dans une direction : ce n’en est pas une.",
            value=f"{values[0]:.3g}",
            remedy="Reprenez-la de l’estimation, sans l’arrondir.",
        )
    sound = bool(values[0] > 1e-10 * values[-1])
    return Gaps(
        coefficients=estimates,
        covariance=matrix,
        n_pre=n_pre,
        n_post=n_post,
        valid=sound,
        reason=""
        if sound
        else "La covariance des écarts est dégénérée (trop peu de territoires pour autant de périodes) : ni bornes ni "
        "puissance ne peuvent en être tirées.",
    )
