"""Where protected releases wait for the workers, when they are too big to travel with each notebook."""

from __future__ import annotations

import contextlib
import json
import secrets
import threading
from collections import Counter
from pathlib import Path

from ctgeval.config import PRIVATE
from ctgeval.errors import ReportError
from ctgeval.report.cluster import places
from ctgeval.report.files import write_whole

__all__ = ["Relay"]

_NOTE = f"{PRIVATE}/relais.json"


class Relay:
    """A folder behind an address, that this machine writes and the workers read; nothing of it stays after the build.

    Parameters
    ----------
    url : str
        Its address, see `places.opened`.
    dossier : Path, optional
        Where to note what is left there, so that the next build removes what a killed one could not.

    Raises
    ------
    ParameterError
        When the address can't be used.
    ReportError
        When what it needs is not installed.
    """

    def __init__(self, url: str, *, dossier: Path | None = None) -> None:
        self._place = places.opened(url)
        self._note = None if dossier is None else dossier / _NOTE
        # A guessed name would give what only some readers may know.
        self._folder = f"ctgeval-{secrets.token_hex(16)}"
        self._lock = threading.Lock()
        self._put: dict[str, str] = {}
        self._wanted: Counter[str] = Counter()
        self._left = self._noted()

    def put(self, archive: bytes, sha256: str) -> str:
        """Leave an archive there, once for all that ask for it at the same time, and return its address.

        Parameters
        ----------
        archive : bytes
            See `parcel.packed`.
        sha256 : str
            Of it.

        Raises
        ------
        ReportError
            When it can't be written.
        """
        with self._lock:
            if sha256 not in self._put:
                self._remember()
                name = f"{self._folder}/{sha256}.zip"
                try:
                    self._place.write(name, archive)
                except OSError as error:
                    raise ReportError(
                        f"La version diffusable n’a pas pu être déposée au relais : {error}.",
                        value=self._place.shown,
                        remedy="Vérifiez cette adresse et vos droits d’écriture, ou relancez sans --relais.",
                    ) from error
                self._put[sha256] = self._place.url_of(name)
            self._wanted[sha256] += 1
            return self._put[sha256]

    def drop(self, sha256: str) -> None:
        """Remove an archive that none of those that asked for it wants any more; what can't be is, by `close`."""
        with self._lock:
            self._wanted[sha256] -= 1
            if not self._wanted[sha256] and self._put.pop(sha256, ""):
                with contextlib.suppress(OSError):
                    self._place.remove(f"{self._folder}/{sha256}.zip")

    def close(self) -> None:
        """Remove all that was left there.

        Raises
        ------
        ReportError
            When it can't be: somebody must do it by hand.
        """
        with self._lock:
            for url in self._left.copy():
                folder, _, name = url.rpartition("/")
                try:
                    places.opened(folder).remove_folder(name)
                except OSError as error:
                    raise ReportError(
                        f"Les versions diffusables déposées au relais n’ont pas pu en être retirées : {error}.",
                        value=url,
                        remedy="Supprimez ce dossier à la main, ou relancez une production avec ce relais.",
                    ) from error
                self._left.discard(url)
            if self._note is not None:
                self._note.unlink(missing_ok=True)

    def _noted(self) -> set[str]:
        if self._note is None or not self._note.is_file():
            return set()
        return set(json.loads(self._note.read_text(encoding="utf-8")))

    def _remember(self) -> None:
        """Note the folder before anything is in it."""
        url = self._place.url_of(self._folder)
        if url not in self._left:
            self._left.add(url)
            if self._note is not None:
                write_whole(self._note, json.dumps(sorted(self._left)).encode("ascii"))
