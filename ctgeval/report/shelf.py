"""What the pages of one audience share while a build publishes them: looked up once, however many they are."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ctgeval.confidentiality.handed import Handed
from ctgeval.report import formats, manifest, scan

if TYPE_CHECKING:
    from ctgeval.confidentiality import Release
    from ctgeval.report.plan import Job

__all__ = ["Shelf"]

_NOTHING = scan.Private()
_ENDS = (".html", ".manifest.json")


class Shelf:
    """The place of the pages of one audience, and the release that they are made from.

    Parameters
    ----------
    release : Release
        What its notebooks are given.
    private : Private
        What the coordinating process knows and the pages must not say.
    dossier, folder : Path
        The dossier, and the folder of these readers.
    audience : str
        Name of that folder, as manifests write it.
    jobs : iterable of Job
        Those of the dossier for these readers: their files are expected in the folder.
    """

    def __init__(
        self,
        release: Release,
        private: scan.Private = _NOTHING,
        *,
        dossier: Path,
        folder: Path,
        audience: str,
        jobs: Iterable[Job],
    ) -> None:
        self.release = release
        self.private = private
        self._dossier = dossier
        self._folder = folder
        names = (name for job in jobs for name in (*(f"{job.slug}{end}" for end in _ENDS), *formats.beside(job.slug)))
        self.handed = Handed(release.path)
        self.watch = scan.Watch(folder, audience=audience, expected=scan.Expected(names))

    @cached_property
    def machine(self) -> scan.Machine:
        """The computer at work, of which no page may tell."""
        return scan.here(self._dossier, self._folder)

    @cached_property
    def sources(self) -> list[dict[str, str]]:
        """What is told of the sources of the release."""
        text = self.release.sources.astype("string").fillna("")
        records = [dict(zip(text.columns, row, strict=True)) for row in text.itertuples(index=False, name=None)]
        return manifest.sources(records, manifest.secret(self._dossier))

    @cached_property
    def _names(self) -> dict[str, str]:
        table = self.release.territories
        return dict(zip(table["geo"], table["name"], strict=True))

    def name(self, code: str) -> str:
        """Return the name of a territory of the release."""
        return str(self._names.get(code) or self.release.meta.get("nom") or code)
