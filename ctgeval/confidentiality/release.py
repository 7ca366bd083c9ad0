"""The release: one folder per audience, the only thing that a published notebook reads.

A folder holds one Parquet file per table and ``release.json``; its name is made from its content, so that two
releases with the same figures are one, and an earlier one is never overwritten.
"""

from __future__ import annotations

import hashlib
import io
import json
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from ctgeval.confidentiality.clearing import Cleared
from ctgeval.confidentiality.released import TABLES
from ctgeval.confidentiality.table_checks import check_results, check_table
from ctgeval.config import drafts
from ctgeval.errors import ConfidentialityError, ReportError, suggestion

_FORMAT = 5
_DESCRIPTION = "release.json"
_TEMPORARY = ".tmp-"


@dataclass(frozen=True)
class Release:
    """What one audience may know: protected tables, and what is said in public of their protection.

    Parameters
    ----------
    path : Path
        The folder.
    audience : str
        One of `AUDIENCES`.
    meta : dict
        Title, territory, perimeter, convention, rule, marks.
    audit : dict
        Public audit of the protection: counts of cells, method, threshold.

    Notes
    -----
    Each table (``results`` and the keys of `TABLES`) is an attribute, read on first use.
    """

    path: Path
    audience: str
    meta: dict[str, Any]
    audit: dict[str, Any]
    _kept: dict[str, pd.DataFrame] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def load(cls, folder: str | Path) -> Release:
        """Open a release folder.

        Raises
        ------
        ReportError
            When the folder is not a release, or was made by a version that wrote another form.
        """
        path = Path(folder)
        try:
            description = json.loads((path / _DESCRIPTION).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ReportError(
                "Ce dossier n’est pas une version diffusable d’un bilan (release).",
                file=path.name,
                remedy="Donnez le dossier créé par dossier.release(...), ou relancez « ctgeval construire ».",
            ) from error
        if description.get("format") != _FORMAT:
            raise ReportError(
                "Cette version diffusable a été écrite par une autre version de ctgeval.",
                file=path.name,
                remedy="Relancez « ctgeval construire » pour la refaire.",
            )
        return cls(path, description["audience"], description["meta"], description["audit"])

    def table(self, name: str) -> pd.DataFrame:
        """Return a copy of one table of the release.

        Raises
        ------
        ReportError
            When a release has no table of that name.
        ConfidentialityError
            When the file holds what its audience must not be told: it was not written by `write`.
        """
        if name != "results" and name not in TABLES:
            raise ReportError(
                f"Une version diffusable n’a pas de table « {name} ».", remedy=suggestion(name, ["results", *TABLES])
            )
        if name not in self._kept:
            self._kept[name] = self._checked(name, pd.read_parquet(self.path / f"{name}.parquet"))
        # A write to it makes its own copy: pandas sees to it.
        return self._kept[name].copy(deep=False)

    def _checked(self, name: str, frame: pd.DataFrame) -> pd.DataFrame:
        """Pass the gate again on the way out: a folder made or changed by another hand is not shown."""
        if self.audience == "interne":
            return frame
        if name == "results":
            check_results(frame)
        else:
            check_table(name, frame, threshold=int(self.audit["seuil"]))
        return frame

    @property
    def results(self) -> pd.DataFrame:
        """Result rows; masked ones carry no number and ``conf_status`` C."""
        return self.table("results")

    @property
    def indicators(self) -> pd.DataFrame:
        """One row per indicator: label, unit, direction, definition, caveats, whether the COPIL retained it."""
        return self.table("indicators")

    @property
    def territories(self) -> pd.DataFrame:
        """One row per territory: name, level, role in the bilan."""
        return self.table("territories")

    @property
    def members(self) -> pd.DataFrame:
        """One row per commune of each territory that a bilan is about."""
        return self.table("members")

    @property
    def progress(self) -> pd.DataFrame:
        """Baseline, target, actual, share of the way and verdict."""
        return self.table("progress")

    @property
    def actions(self) -> pd.DataFrame:
        """Last known state of each action."""
        return self.table("actions")

    @property
    def budget(self) -> pd.DataFrame:
        """Lines of the budget, in euros exact to the cent."""
        return self.table("budget")

    @property
    def journal(self) -> pd.DataFrame:
        """Successes, difficulties, levers and obstacles."""
        return self.table("journal")

    @property
    def sources(self) -> pd.DataFrame:
        """One row per source, with its date of last update and its licence."""
        return self.table("sources")

    @property
    def limits(self) -> pd.DataFrame:
        """Codes of limits and their sentences."""
        return self.table("limits")

    @property
    def texts(self) -> pd.DataFrame:
        """The author's texts, their figures filled in."""
        return self.table("texts")

    @property
    def impact(self) -> pd.DataFrame:
        """One row per ``[[impact]]`` design: estimate, interval, verdict; without figures where a cell is masked."""
        return self.table("impact")

    @property
    def impact_series(self) -> pd.DataFrame:
        """Trajectories of the designs: means of both groups, each witness, gap between the groups."""
        return self.table("impact_series")

    @property
    def contribution(self) -> pd.DataFrame:
        """Sentences of the analysis of contribution of each design, by rubric."""
        return self.table("contribution")

    @property
    def contours(self) -> pd.DataFrame:
        """One row per ring of the communes of the territories; empty when no source draws them."""
        return self.table("contours")

    @property
    def notices(self) -> pd.DataFrame:
        """Sentences about what the sources do not say of a territory."""
        return self.table("notices")


def write(store: Path, cleared: Cleared, *, meta: Mapping[str, Any]) -> Release:
    """Write a release below ``store`` and open it; the same content gives the same folder.

    Parameters
    ----------
    store : Path
        Folder of the releases of a dossier; made when missing.
    cleared : Cleared
        What `clear` let through for one audience; nothing else is ever written.
    meta : mapping
        Plain JSON values.

    Raises
    ------
    ConfidentialityError
        When it is given anything that has not passed the gate.
    """
    if not isinstance(cleared, Cleared):
        raise ConfidentialityError(
            "Ce qui n’a pas passé le contrôle de confidentialité ne peut pas être écrit dans une version diffusable.",
            remedy="Passez-le par ctgeval.confidentiality.clear.",
        )
    files = {"results.parquet": _parquet(cleared.results)}
    for name, columns in TABLES.items():
        files[f"{name}.parquet"] = _parquet(cleared.tables[name].loc[:, list(columns)])
    description = {
        "format": _FORMAT, "audience": cleared.audience, "meta": dict(meta), "audit": dict(cleared.audit),
    }  # fmt: skip
    files[_DESCRIPTION] = json.dumps(description, ensure_ascii=False, indent=1, sort_keys=True).encode()
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(name.encode() + b"\0" + hashlib.sha256(files[name]).digest())
    folder = store / cleared.audience / digest.hexdigest()[:16]
    if not _whole(folder, files):
        _write_folder(folder, files)
    return Release.load(folder)


def _parquet(frame: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    return buffer.getvalue()


def _whole(folder: Path, files: Mapping[str, bytes]) -> bool:
    return all((folder / name).is_file() and (folder / name).read_bytes() == files[name] for name in files)


def _write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = folder.parent / f"{_TEMPORARY}{drafts.mark()}.{secrets.token_hex(6)}"
    made.mkdir(mode=0o700)
    old = made.with_name(f"{made.name}-ancien")
    try:
        for name, content in files.items():
            (made / name).write_bytes(content)
        if folder.exists():
            folder.replace(old)
        made.replace(folder)
    except OSError:
        # Another build may have written the same content meanwhile: the name says that it is the same.
        if not _whole(folder, files):
            raise
    finally:
        shutil.rmtree(made, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
    _sweep(folder.parent)


def _sweep(store: Path) -> None:
    """Remove what builds that were killed have left behind."""
    drafts.sweep(store.glob(f"{_TEMPORARY}*"), now=store.stat().st_mtime)
