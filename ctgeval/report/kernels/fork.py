"""The coordinator's side: one warm process for a whole build, and as many notebooks at a time as are asked for."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ctgeval.report import endings, pool
from ctgeval.report.files import digest
from ctgeval.report.kernels.keeper import REPLY, REQUEST
from ctgeval.report.memory import Watch, Watched
from ctgeval.report.pool import Interrupted, Pool, Task

_GONE: dict[str, Any] = {}
_FAREWELL = 10.0

__all__ = ["ForkPool"]


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A notebook that was asked for: of which process, how it is watched, and where its end will be told."""

    hearth: subprocess.Popen[bytes]
    watched: Watched
    ended: queue.SimpleQueue[dict[str, Any]] = field(default_factory=queue.SimpleQueue)


class ForkPool:
    """Runs notebooks in the children of a warm process, and those that it can't in workers of their own.

    Parameters
    ----------
    root : Path
        Temporary folder, where the processes stand.
    hidden : Path
        Folder of the dossier, which they must not know.

    Raises
    ------
    ReportError
        When the dossier lies where any program of this machine must be able to read.
    """

    def __init__(self, root: Path, *, hidden: Path) -> None:
        self._plain = Pool(root, hidden=hidden)
        self._root = root
        self._environment = pool.environment(hidden, root / "reglages", variables=os.environ)
        self._lock = threading.Lock()
        self._hearth: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None
        self._waiting: dict[int, _Waiting] = {}
        self._ready = False
        self._asked = 0
        self._watch = Watch()
        self._closed = False

    def run(self, task: Task) -> dict[str, Any]:
        """Run a notebook, and return its reply: see `Pool.run`."""
        given = replace(task, notebook=pool.copied(task))
        ran = digest(given.notebook)
        (given.scratch / REQUEST).write_text(json.dumps(pool.request(given)), encoding="utf-8")
        with self._watch.over(task.memory) as watched:
            ended = self._ended(given, watched)
        if "refus" in ended or not (self._ready or self._closed):
            # It has threads, or could not load: what it would have done is done as elsewhere than on Linux.
            return self._plain.run(task)
        reply = given.scratch / REPLY
        if not reply.is_file():
            return self._without(ended) | {"carnet": ran}
        told: dict[str, Any] = json.loads(reply.read_bytes())
        return pool.weighed(told, watched) | {"carnet": ran}

    def _without(self, ended: dict[str, Any]) -> dict[str, Any]:
        """Return what is told when a keeper, or the warm process, is gone without a reply."""
        if self._closed:
            raise Interrupted
        if "lent" in ended:
            return {"message": pool.TOO_SLOW}
        again = {"reprise": True} if ended is _GONE or endings.from_outside(ended.get("code")) else {}
        return {"message": f"{pool.STOPPED}{self._last_words()}"} | again

    def _ended(self, task: Task, watched: Watched) -> dict[str, Any]:
        """Ask the warm process for a notebook, and return what it says when that ended."""
        with self._lock:
            if self._closed:
                return _GONE
            self._asked += 1
            rank = self._asked
            hearth = self._warm()
            waiting = self._waiting[rank] = _Waiting(hearth, watched)
            try:
                self._say(hearth, rang=rank, dossier=str(task.scratch))
            except OSError:
                waiting.ended.put(_GONE)
        try:
            return waiting.ended.get(timeout=task.limit + pool.GRACE)
        except queue.Empty:
            return self._hurried(waiting, rank)
        finally:
            with self._lock:
                self._waiting.pop(rank, None)

    def _hurried(self, waiting: _Waiting, rank: int) -> dict[str, Any]:
        """Have a keeper that outlives its limit ended; the warm process itself, if it does not answer."""
        with self._lock, pool.gone_is_silent():
            self._say(waiting.hearth, arret=rank)
        try:
            told = waiting.ended.get(timeout=_FAREWELL)
        except queue.Empty:
            waiting.hearth.kill()
            told = waiting.ended.get()
        return told | {"lent": True}

    def _warm(self) -> subprocess.Popen[bytes]:
        """Return the warm process, started when there is none or when it died."""
        if self._hearth is None or self._hearth.poll() is not None:
            if self._hearth is not None:
                self._let_go(self._hearth)
            with (self._root / "journal-foyer.txt").open("ab") as log:
                self._hearth = subprocess.Popen(
                    [sys.executable, "-P", "-m", "ctgeval.confinement.worker", "ctgeval.report.kernels.hearth"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    cwd=self._root,
                    env=self._environment,
                    bufsize=0,
                )
            self._reader = threading.Thread(target=self._listen, args=(self._hearth,), daemon=True)
            self._reader.start()
        return self._hearth

    @staticmethod
    def _say(hearth: subprocess.Popen[bytes], **told: object) -> None:
        assert hearth.stdin is not None
        hearth.stdin.write(json.dumps(told).encode("ascii") + b"\n")

    def _listen(self, hearth: subprocess.Popen[bytes]) -> None:
        """Hand each end to the thread that waits for it; when the warm process dies, all of them are told."""
        assert hearth.stdout is not None
        for line in hearth.stdout:
            told = json.loads(line)
            self._ready = True
            with self._lock:
                waiting = self._waiting.get(told.get("rang", 0))
            if waiting is not None and "gardien" in told:
                waiting.watched.follower = int(told["gardien"])
            elif waiting is not None:
                waiting.ended.put(told)
        with self._lock:
            for waiting in self._waiting.values():
                if waiting.hearth is hearth:
                    waiting.ended.put(_GONE)

    def _last_words(self) -> str:
        journal = self._root / "journal-foyer.txt"
        return pool.last_words(journal) if journal.is_file() else ""

    def _let_go(self, hearth: subprocess.Popen[bytes]) -> None:
        for stream in (hearth.stdin, hearth.stdout):
            if stream is not None:
                with pool.gone_is_silent():
                    stream.close()

    def stop(self) -> None:
        """End the warm process, with what runs in it: it is `Interrupted`."""
        self._plain.stop()
        with self._lock:
            self._closed = True
            if self._hearth is not None and self._hearth.stdin is not None:
                with pool.gone_is_silent():
                    self._hearth.stdin.close()

    def close(self) -> None:
        """End the warm process and all its children, and wait for them."""
        self.stop()
        self._plain.close()
        hearth, reader = self._hearth, self._reader
        if hearth is None:
            return
        try:
            hearth.wait(timeout=5)
        except subprocess.TimeoutExpired:
            hearth.kill()
            hearth.wait()
        if reader is not None:
            reader.join()
        self._let_go(hearth)
