"""Gather what comes out of the process of a notebook, within its limits, and tell how it ended.

Both kinds of process are followed by this: those that a keeper forks, and those that a worker starts anew. Neither can
make it wait for ever: what is read comes by two threads through a queue that is bounded, and every wait has an end.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ctgeval.report import endings
from ctgeval.report.endings import Failure, Outcome
from ctgeval.report.kernels import kin
from ctgeval.report.kernels.outputs import Gathered

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = ["Cells", "Process", "Started", "followed"]

Cells = Sequence[tuple[int, str]]
_CHUNK = 2**18
_WAITING = 8
_LOOK = 1.0
_LAST_WORDS = 1.0
_LEAVING = 5.0


class Process(Protocol):
    """The process of a notebook, however it was started."""

    def wait(self, seconds: float) -> int | None:
        """Return its exit code, negative for a signal; None when it has not ended after these seconds."""

    def kill(self) -> None:
        """End it, if it has not."""


@dataclass(frozen=True, slots=True)
class Started:
    """A process that runs cells, and the two descriptors by which it tells: see `cells.run`."""

    process: Process
    events: int
    raw: int


def followed(notebook: NotebookNode, start: Callable[[Cells], Started], *, limit: float, cell_limit: float) -> Outcome:
    """Run the cells of a notebook in a process of their own, and return what they gave.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        Its parameters are in place; changed in place.
    start : callable
        Starts the process, given the rank and the code of each cell.
    limit, cell_limit : float
        Seconds that the notebook, and each of its cells, may take.
    """
    sources = [
        (rank, cell.source)
        for rank, cell in enumerate(notebook.cells)
        if cell.cell_type == "code" and cell.source.strip()
    ]
    end = time.monotonic() + limit
    gathered = Gathered(notebook)
    try:
        started = start(sources)
    except OSError as error:
        return Outcome(notebook, Failure(0, "", f"{endings.UNBORN} ({error.strerror})", again=True))
    reading = _Reading(started, gathered)
    stopped, code = "", None
    try:
        stopped = reading.until(end, limit=limit, cell_limit=cell_limit)
        code = None if stopped else started.process.wait(_LAST_WORDS)
    finally:
        # Before its parent dies: not every system says later whose child a process was.
        kin.end_the_rest(wait=False)
        started.process.kill()
        started.process.wait(_LEAVING)
        kin.end_the_rest()
        reading.close()
    whole = all(endings.REPLIED in notebook.cells[rank].metadata.get("execution", {}) for rank, _ in sources)
    if gathered.reached and whole and not stopped and not gathered.failed:
        return Outcome(notebook, None)
    return Outcome(notebook, _concluded(notebook, gathered, stopped, code))


def _concluded(notebook: NotebookNode, gathered: Gathered, stopped: str, code: int | None) -> Failure:
    if not gathered.born and not stopped:
        why = f"{endings.UNBORN} ({gathered.unwell})" if gathered.unwell else endings.UNBORN
        return Failure(cell=0, source="", message=why, again=True)
    told = stopped or (endings.LEFT if gathered.left else endings.died(code))
    alone = not stopped and not gathered.left
    return endings.failure(notebook, told, again=alone and endings.from_outside(code))


class _Reading:
    """Two threads that read, and a queue that holds little: who writes too fast waits."""

    def __init__(self, started: Started, gathered: Gathered) -> None:
        self._started = started
        self._gathered = gathered
        self._arrived: queue.Queue[tuple[bool, bytes]] = queue.Queue(_WAITING)
        self._open = {True, False}
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._pump, args=(told, one), daemon=True)
            for told, one in ((True, started.events), (False, started.raw))
        ]
        for thread in self._threads:
            thread.start()

    def until(self, end: float, *, limit: float, cell_limit: float) -> str:
        """Take what comes until the process tells nothing more, and return why it must be stopped if it must."""
        begun, due = 0, end
        while True in self._open and not self._gathered.reached:
            now = time.monotonic()
            if now >= end:
                return endings.too_long(limit)
            if self._gathered.begun != begun:
                begun, due = self._gathered.begun, now + cell_limit
            if now >= due and self._gathered.running:
                return endings.too_long_a_cell(cell_limit)
            came = self._take(min(end - now, due - now if self._gathered.running else _LOOK, _LOOK))
            if self._gathered.too_much:
                return endings.too_much_output()
            # What a cell started may hold the pipe when the process itself is gone.
            if not came and self._started.process.wait(0) is not None:
                return ""
        return ""

    def close(self) -> None:
        """Take what was on its way when the process ended."""
        end = time.monotonic() + _LAST_WORDS
        while self._open and (left := end - time.monotonic()) > 0 and not self._gathered.too_much:
            self._take(left)
        self._over.set()
        for thread in self._threads:
            thread.join(_LAST_WORDS)
        for thread, one in zip(self._threads, (self._started.events, self._started.raw), strict=True):
            # A descriptor that is being read must not be given to another file under its reader.
            if not thread.is_alive():
                os.close(one)
        self._gathered.close()

    def _take(self, seconds: float) -> bool:
        """Wait for what comes next, and say whether something came."""
        try:
            told, chunk = self._arrived.get(timeout=max(seconds, 0.0))
        except queue.Empty:
            return False
        if not chunk:
            self._open.discard(told)
        elif told:
            self._gathered.events(chunk)
        else:
            self._gathered.raw(chunk)
        return True

    def _pump(self, told: bool, descriptor: int) -> None:  # noqa: FBT001 which of the two
        chunk = b"-"
        while chunk and not self._over.is_set():
            try:
                chunk = os.read(descriptor, _CHUNK)
            except OSError:
                chunk = b""
            while not self._over.is_set():
                with suppress(queue.Full):
                    self._arrived.put((told, chunk), timeout=0.2)
                    break
