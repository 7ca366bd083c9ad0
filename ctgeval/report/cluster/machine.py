"""What runs in a Dask worker: it hands a parcel to its warden, and the reply back."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ctgeval.errors import ReportError
from ctgeval.report import execute
from ctgeval.report.cluster import likeness, places
from ctgeval.report.cluster.parcel import Parcel, unpacked
from ctgeval.report.pool import gone_is_silent, last_words

__all__ = ["Warden", "leave", "run"]

IDLE = 60.0
"""Seconds after which a machine that is asked for nothing more keeps nothing."""
_LOOK = 1.0
_LEAVING = {"closing", "closed", "failed"}
_JOURNAL = "journal.txt"
_UNLIKE = "ctgeval ou une bibliothèque n’y a pas la même version"


class Warden:
    """A process that runs notebooks for one visit, see `warden`.

    Parameters
    ----------
    base : Path
        Folder of the Dask worker.
    """

    def __init__(self, base: Path) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="ctgeval-", dir=base)).resolve()
        package = str(Path(__file__).resolve().parents[3])
        path = os.pathsep.join(part for part in (package, os.environ.get("PYTHONPATH", "")) if part)
        with (self.root / _JOURNAL).open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "ctgeval.report.cluster.warden"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=self.root,
                env=os.environ | {"PYTHONPATH": path},
            )
        self._turn = threading.Lock()
        self._ranks = itertools.count(1)
        self._waiting: dict[int, queue.SimpleQueue[dict[str, Any]]] = {}
        self._idle: threading.Timer | None = None
        self._reader = threading.Thread(target=self._listen, daemon=True)
        self._reader.start()

    @property
    def alive(self) -> bool:
        """Whether it may still be asked for something."""
        return self.process.poll() is None and self.process.stdin is not None and not self.process.stdin.closed

    def run(self, parcel: Parcel, archive: bytes, *, unwanted: Callable[[], bool]) -> dict[str, Any]:
        """Run a notebook and return its reply, see `Pool.run`.

        Parameters
        ----------
        parcel : Parcel
            What to run.
        archive : bytes
            Its release.
        unwanted : callable
            Whether nobody waits for it any more: the process is then ended, as the visit is.

        Raises
        ------
        OSError
            When this machine can't run it.
        ReportError
            When its release is not the one that was sent.
        """
        rank = next(self._ranks)
        folder = self.root / f"colis-{rank}"
        notebook, scratch = folder / parcel.name, self.root / f"bilan-{rank}"
        ended: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        asked = {"rang": rank, "carnet": str(notebook), "dossier": str(scratch), "options": dict(parcel.options)}
        with self._turn:
            self._waiting[rank] = ended
            if self._idle is not None:
                self._idle.cancel()
        try:
            folder.mkdir()
            notebook.write_bytes(parcel.notebook)
            unpacked(archive, scratch / execute.WORK, sha256=parcel.sha256)
            self._say(asked)
            return self._reply(ended, unwanted)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            shutil.rmtree(scratch, ignore_errors=True)
            self._rest(rank)

    def _say(self, asked: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        line = json.dumps(asked).encode("ascii") + b"\n"
        with self._turn:
            if self.process.stdin.closed:
                raise OSError("la visite est finie")
            self.process.stdin.write(line)
            self.process.stdin.flush()

    def _reply(self, ended: queue.SimpleQueue[dict[str, Any]], unwanted: Callable[[], bool]) -> dict[str, Any]:
        while True:
            try:
                reply = ended.get(timeout=_LOOK)
            except queue.Empty:
                if unwanted():
                    self.end()
                continue
            if not reply:
                raise OSError(f"le processus qui y suit les carnets s’est arrêté.{self._last_words()}")
            return reply

    def _rest(self, rank: int) -> None:
        with self._turn:
            del self._waiting[rank]
            if not self._waiting:
                self._idle = threading.Timer(IDLE, self.end)
                self._idle.daemon = True
                self._idle.start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            told = json.loads(line)
            with self._turn:
                waiting = self._waiting.get(told["rang"])
            if waiting is not None:
                waiting.put(told["reponse"])
        with self._turn:
            for waiting in self._waiting.values():
                waiting.put({})
        self.process.stdout.close()

    def _last_words(self) -> str:
        journal = self.root / _JOURNAL
        return last_words(journal) if journal.is_file() else ""

    def end(self) -> None:
        """End the process, its notebooks, and remove its folder."""
        with self._turn:
            if self._idle is not None:
                self._idle.cancel()
            if self.process.stdin is not None:
                with gone_is_silent():
                    self.process.stdin.close()
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        # It had no time to do it itself when it was killed.
        shutil.rmtree(self.root, ignore_errors=True)


_WARDENS: dict[str, Warden] = {}
_LOCK = threading.Lock()


def run(parcel: Parcel, key: str) -> bytes:
    """Run a notebook on this worker.

    Parameters
    ----------
    parcel : Parcel
        What to run.
    key : str
        Under which Dask knows it.

    Returns
    -------
    bytes
        The reply as JSON, see `Pool.run`; or ``ailleurs``, why this machine could not run it while another may.
    """
    from distributed import get_worker

    worker = get_worker()
    worker.log_event(topic(parcel.visit), {"cle": key, "machine": worker.address})

    def unwanted() -> bool:
        known = worker.state.tasks.get(key)
        return known is None or known.state == "cancelled" or worker.status.name in _LEAVING

    return json.dumps(_reply(parcel, Path(worker.local_directory), unwanted)).encode("ascii")


def topic(visit: str) -> str:
    """Return where the beginnings of the notebooks of one visit are told."""
    return f"ctgeval-{visit}"


def _reply(parcel: Parcel, base: Path, unwanted: Callable[[], bool]) -> dict[str, Any]:
    if likeness.mark() != parcel.likeness:
        return {"ailleurs": _UNLIKE}
    try:
        return _warden(parcel.visit, base).run(parcel, _archive(parcel), unwanted=unwanted)
    except ReportError as error:
        return {"ailleurs": str(error)}
    except OSError as error:
        return {"ailleurs": error.strerror or str(error)}


def _archive(parcel: Parcel) -> bytes:
    if not parcel.address:
        return parcel.archive
    folder, _, name = parcel.address.rpartition("/")
    return places.opened(folder).read(name)


def _warden(visit: str, base: Path) -> Warden:
    with _LOCK:
        found = _WARDENS.get(visit)
        if found is None or not found.alive:
            for other in [name for name, one in _WARDENS.items() if not one.alive]:
                del _WARDENS[other]
            found = _WARDENS[visit] = Warden(base)
    return found


async def leave(visit: str) -> None:
    """End what one visit started on this worker, and leave nothing of it on the disk.

    Parameters
    ----------
    visit : str
        See `Parcel`.
    """
    with _LOCK:
        found = _WARDENS.pop(visit, None)
    if found is not None:
        with contextlib.suppress(OSError):
            await asyncio.to_thread(found.end)
