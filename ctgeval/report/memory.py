"""The memory that notebooks occupy, watched from outside: what takes more than it was given is ended, and told.

What is watched is the memory really occupied (resident), of the process that runs the cells and of those that it
started. A limit of the system on addresses (RLIMIT_AS, RLIMIT_DATA) would count what is reserved and never used, which
is much with Arrow and threads, makes libraries crash rather than tell, is not kept by macOS, and is counted again for
each process. The price is a delay: between two looks a notebook may go over by what it can write in that time.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from ctgeval.report.kernels import kin

__all__ = ["Watch", "Watched"]

_INTERVAL = 0.1


@dataclass(slots=True, eq=False)
class Watched:
    """One notebook that runs.

    Parameters
    ----------
    allowed : int
        Bytes.
    follower : int
        Process whose descendants run the cells; 0 as long as it is not known.
    exceeded : bool
        Whether it was ended for taking more.
    began : float or None
        When its follower began.
    seen : dict
        The processes that ran it, each with when it began: none may stay when it is over, even if those that answered
        for it were killed.
    """

    allowed: int
    follower: int = 0
    exceeded: bool = False
    began: float | None = None
    seen: dict[int, float] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Watch:
    """One thread that looks at all the notebooks of a build, as long as some run."""

    def __init__(self) -> None:
        self._running: set[Watched] = set()
        self._lock = threading.Lock()
        self._looking: threading.Thread | None = None
        self._none_left = threading.Event()

    @contextmanager
    def over(self, allowed: int, *, follower: int = 0) -> Iterator[Watched]:
        """Watch a notebook while it runs.

        Parameters
        ----------
        allowed, follower : int
            See `Watched`.

        Yields
        ------
        Watched
            Tells afterwards whether it took more.
        """
        one = Watched(allowed, follower)
        with self._lock:
            self._running.add(one)
            if self._looking is None:
                self._none_left.clear()
                self._looking = threading.Thread(target=self._look, daemon=True)
                self._looking.start()
        try:
            yield one
        finally:
            with self._lock:
                self._running.discard(one)
                last = None if self._running else self._looking
                if last is not None:
                    self._looking = None
                    self._none_left.set()
            # Its follower may now run another one, which must not be ended in its place.
            with one.lock:
                one.follower = 0
                for process, since in one.seen.items():
                    if kin.born(process) == since:
                        _end(process, since)

    def _look(self) -> None:
        mine = threading.current_thread()
        while self._looking is mine:
            with self._lock:
                running = list(self._running)
            for one in running:
                with one.lock:
                    if one.follower:
                        self._check(one)
            self._none_left.wait(_INTERVAL)

    @staticmethod
    def _check(one: Watched) -> None:
        began = kin.born(one.follower)
        one.began = one.began or began
        if began is None or began != one.began:
            return
        found = list(kin.descendants(one.follower))
        for process in found:
            if process not in one.seen and (since := kin.born(process)) is not None:
                one.seen[process] = since
        if sum(kin.resident(process) for process in found) > one.allowed:
            one.exceeded = True
            for process in found:
                _end(process, one.seen.get(process))


def _end(process: int, since: float | None) -> None:
    """Kill a process, unless its number was given to another one meanwhile."""
    if not hasattr(os, "pidfd_open"):
        kin.end(process)
        return
    with suppress(OSError):
        descriptor = os.pidfd_open(process)
        try:
            if kin.born(process) == since:
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        finally:
            os.close(descriptor)
