"""The client's side of warm kernels: one process that forks them for each process that asks for some."""

from __future__ import annotations

import atexit
import json
import os
import queue
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

# Only a process of one thread may fork: neither linear algebra nor Arrow's allocator starts another.
_NO_THREAD = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "PYTHONHASHSEED": "0",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
}
_GONE: dict[str, Any] = {"code": -9, "refus": "le processus préparé s’est arrêté"}
_PATIENCE = 120.0

__all__ = ["CannotFork", "Kernel", "Nursery", "nursery"]


class CannotFork(Exception):
    """The warm process is not there, or can't fork: a kernel must be started in the ordinary way."""


class Kernel:
    """A forked kernel, as `subprocess.Popen` shows a process."""

    stdin = stdout = stderr = None

    def __init__(self) -> None:
        self._told: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._descriptor = -1
        self.pid = 0
        self.returncode: int | None = None

    def hear(self, told: dict[str, Any]) -> None:
        """Receive what the warm process says of this kernel; called by the thread that listens."""
        if "code" in told:
            with self._lock:
                self.returncode = int(told["code"])
                if self._descriptor >= 0:
                    os.close(self._descriptor)
            self._ended.set()
        self._told.put(told)

    def born(self) -> None:
        """Wait until it is forked.

        Raises
        ------
        CannotFork
            When it is not.
        """
        try:
            told = self._told.get(timeout=_PATIENCE)
        except queue.Empty:
            raise CannotFork("il ne répond pas") from None
        if "refus" in told:
            raise CannotFork(told["refus"])
        with self._lock:
            self.pid = int(told["pid"])
            if self.returncode is None:
                with suppress(ProcessLookupError):
                    self._descriptor = os.pidfd_open(self.pid)

    def poll(self) -> int | None:
        """Return its exit code, or None while it runs."""
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return its exit code once it has ended.

        Raises
        ------
        subprocess.TimeoutExpired
            When it still runs after so many seconds.
        """
        if not self._ended.wait(timeout):
            raise subprocess.TimeoutExpired("noyau", timeout or 0.0)
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Signal it, and the processes that it started; nothing when it has ended."""
        with self._lock:
            if self.returncode is not None or self._descriptor < 0 or _is_over(self._descriptor):
                return
            try:
                os.killpg(self.pid, number)
            except ProcessLookupError:
                # Its session is not made yet.
                with suppress(ProcessLookupError):
                    signal.pidfd_send_signal(self._descriptor, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


def _is_over(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


class Nursery:
    """A warm process that forks kernels; it ends with this process, and they with it."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ctgeval.report.kernels.nursery"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # Where no file may be taken for a module.
            cwd=sys.prefix,
            env=os.environ | _NO_THREAD,
            bufsize=0,
            start_new_session=True,
        )
        self._lock = threading.Lock()
        self._kernels: dict[int, Kernel] = {}
        self._asked = 0
        self.fresh = True
        threading.Thread(target=self._listen, daemon=True).start()

    def start(self, options: Sequence[str], *, folder: str | Path, variables: Mapping[str, str]) -> Kernel:
        """Fork a kernel.

        Parameters
        ----------
        options : sequence of str
            Those of ``python -m ipykernel_launcher``.
        folder : str or Path
            Where it runs.
        variables : mapping
            Its environment.

        Raises
        ------
        CannotFork
            When it can't be forked.
        """
        with self._lock:
            if not self.fresh:
                raise CannotFork(_GONE["refus"])
            self._asked += 1
            kernel = self._kernels[self._asked] = Kernel()
            rank = self._asked
        self._say(rang=rank, options=list(options), dossier=str(Path(folder).absolute()), variables=_told(variables))
        kernel.born()
        return kernel

    def _say(self, **told: object) -> None:
        # When it is gone, the thread that listens tells everyone.
        assert self.process.stdin is not None
        line = memoryview(json.dumps(told).encode("ascii") + b"\n")
        with self._lock, suppress(OSError, ValueError):
            while line:
                line = line[self.process.stdin.write(line) :]

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            told = json.loads(line)
            with self._lock:
                kernel = self._kernels.get(told.get("rang", 0))
                if "code" in told or "refus" in told:
                    self._kernels.pop(told["rang"], None)
                self.fresh = self.fresh and "refus" not in told
                last = not self.fresh and not self._kernels
            if kernel is not None:
                kernel.hear(told)
            if last:
                self._leave()
        with self._lock:
            self.fresh, orphans = False, list(self._kernels.values())
            self._kernels.clear()
        self.process.wait()
        for kernel in orphans:
            kernel.hear(_GONE)

    def _leave(self) -> None:
        """Let it end: it forks no more and all its kernels have ended."""
        assert self.process.stdin is not None
        with suppress(OSError):
            self.process.stdin.close()

    def close(self) -> None:
        """End it, and all its kernels; nothing in a process that only inherited it."""
        if self.owner != os.getpid():
            return
        self._leave()
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()


def _told(variables: Mapping[str, str]) -> dict[str, str]:
    # By its parent a kernel knows that it is one of a program's, not of a terminal's.
    return dict(variables) | {"JPY_PARENT_PID": str(os.getpid())}


class _Current:
    """The warm process of this process."""

    lock = threading.Lock()
    nursery: Nursery | None = None


def nursery() -> Nursery:
    """Return the warm process of this process, started when there is none that can fork."""
    with _Current.lock:
        now = _Current.nursery
        if now is None or now.owner != os.getpid() or not now.fresh:
            now = _Current.nursery = Nursery()
            atexit.register(now.close)
        return now
