"""Where each bilan stands during a scheduled run, as the state file tells it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ctgeval.report import plan

if TYPE_CHECKING:
    from ctgeval.config import Config
    from ctgeval.report.build import Entry
    from ctgeval.report.plan import Job

__all__ = ["Board"]

_Key = tuple[str, str, str, str]
_LEFT = {
    "valide_cotech": "Validé par le COTECH : un passage programmé n’y touche pas.",
    "presente_copil": "Présenté au COPIL : un passage programmé n’y touche pas.",
    "publie": "Publié : un passage programmé n’y touche pas.",
}


class Board:
    """The bilans of a dossier, in the order of ``ctg.toml``.

    Parameters
    ----------
    rows : iterable of mapping
        ``bilan, audience, territoire, periode, etat, message``; ``etat`` is ``en_attente``, ``fait``, ``a_jour``,
        ``echec``, ``retire``, ``fige``, ``laisse`` (somebody has validated it), or ``hors_passage``.
    """

    def __init__(self, rows: Iterable[Mapping[str, str]]) -> None:
        self._rows = {_key(row): dict(row) for row in rows}

    @classmethod
    def of(
        cls, config: Config, folder: Path, *, territoire: str | None, former: Iterable[Mapping[str, str]] = ()
    ) -> Board:
        """Return the bilans before a run; those of other territories stay as the former run left them.

        Raises
        ------
        ReportError
            When two bilans would write the same file.
        """
        known = {_key(row): row for row in former}
        rows = []
        for job in plan.jobs(config, folder):
            row = _row(job)
            if job.etat != "brouillon":
                row |= {"etat": "laisse", "message": _LEFT[job.etat]}
            elif territoire is not None and job.territoire != territoire:
                row = dict(known.get(_key(row), row | {"etat": "hors_passage"}))
            rows.append(row)
        return cls(rows)

    @property
    def rows(self) -> tuple[dict[str, str], ...]:
        """The bilans as they stand."""
        return tuple(dict(row) for row in self._rows.values())

    def put(self, entry: Entry) -> None:
        """Note what became of a bilan."""
        key = (entry.bilan, entry.audience, entry.territoire, entry.periode)
        self._rows[key] |= {"etat": entry.status, "message": entry.message}


def _row(job: Job) -> dict[str, str]:
    return {
        "bilan": job.bilan,
        "audience": job.folder,
        "territoire": job.territoire,
        "periode": job.periode,
        "etat": "en_attente",
        "message": "",
    }


def _key(row: Mapping[str, str]) -> _Key:
    return row["bilan"], row["audience"], row["territoire"], row["periode"]
