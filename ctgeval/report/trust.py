"""A page comes from the notebook that was asked for, as it was when the build began."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ctgeval.errors import ReportError
from ctgeval.report.cases import Case


def notebook(case: Case, reply: Mapping[str, Any]) -> dict[str, str]:
    """Return what the sheet of a bilan tells of its notebook: its file and its sha256.

    Parameters
    ----------
    case : Case
        The bilan.
    reply : mapping
        See `pool.Pool.run`.

    Raises
    ------
    ReportError
        When the notebook that was run is not the one that the bilan is made from: somebody wrote in it meanwhile.
    """
    name = case.job.bilan
    expected = case.made_from[f"le carnet {name}"]
    if reply.get("carnet", expected) != expected:
        raise ReportError(
            "Le carnet a changé pendant la production du bilan : le résultat est refusé.",
            file=f"{name}.ipynb",
            remedy="Vérifiez qui a modifié ce carnet, puis relancez « ctgeval construire ».",
        )
    return {"fichier": f"{name}.ipynb", "sha256": expected}
