"""The processes that descend from another one: found, measured and ended, those that a cell left behind included."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

__all__ = ["adopt", "born", "buried", "children", "descendants", "die_with", "end", "end_the_rest", "resident"]

_SUBREAPER, _PARENT_DEATH = 36, 1
_PATIENCE, _PAUSE = 5.0, 0.005
_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
_adopting: set[int] = set()


def adopt() -> None:
    """Make this process answer for all those that descend from it: they become its own when their parents die.

    What a forked child then leaves is ended by `end_the_rest`, in this process alone.
    """
    _adopting.clear()
    _adopting.add(os.getpid())
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_SUBREAPER, ctypes.c_ulong(1), 0, 0, 0)


def die_with(parent: int) -> None:
    """Make the system kill this process when its parent dies, however that happens; on Linux alone.

    Parameters
    ----------
    parent : int
        Number of the parent, which may be dead already.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PARENT_DEATH, ctypes.c_ulong(signal.SIGKILL))
    if os.getppid() != parent:
        os._exit(1)


def children(parent: int) -> list[int]:
    """Return the processes that one started and that have not been waited for, sorted.

    Nothing is found where this process may not look: there, no cell can start any (see `ctgeval.confinement.seccomp`).

    Parameters
    ----------
    parent : int
        Number of the process.
    """
    if sys.platform != "linux":
        return _foreign_children(parent)
    found: set[int] = set()
    for thread in _threads(parent):
        with suppress(OSError):
            found |= {int(one) for one in Path(thread, "children").read_text(encoding="ascii").split()}
    return sorted(found)


def _threads(process: int) -> list[Path]:
    try:
        return list(Path(f"/proc/{process}/task").iterdir())
    except OSError:
        return []


def _foreign_children(parent: int) -> list[int]:
    import psutil  # type: ignore[import-untyped]

    try:
        return sorted(one.pid for one in psutil.Process(parent).children())
    except psutil.Error:
        return []


def descendants(ancestor: int) -> Iterator[int]:
    """Yield the processes that descend from one, parents first.

    Parameters
    ----------
    ancestor : int
        Number of the process, which is not among them.
    """
    for child in children(ancestor):
        yield child
        yield from descendants(child)


def resident(process: int) -> int:
    """Return how many bytes of memory a process occupies; 0 when it is gone.

    Parameters
    ----------
    process : int
        Its number.
    """
    if sys.platform == "linux":
        with suppress(OSError, IndexError, ValueError):
            return int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1]) * _PAGE
        return 0
    import psutil

    try:
        return int(psutil.Process(process).memory_info().rss)
    except psutil.Error:
        return 0


def born(process: int) -> float | None:
    """Return what tells a process from another one that was given its number later: when it began.

    Parameters
    ----------
    process : int
        Its number.

    Returns
    -------
    float or None
        A time, of which the origin does not matter; nothing when it is gone, or has ended and waits to be buried.
    """
    if sys.platform == "linux":
        with suppress(OSError, IndexError, ValueError):
            # After the name of the program, which may hold anything.
            told = Path(f"/proc/{process}/stat").read_bytes().rpartition(b")")[2].split()
            return None if told[0] in {b"Z", b"X"} else float(told[19])
        return None
    import psutil

    try:
        return float(psutil.Process(process).create_time())
    except psutil.Error:
        return None


def end(process: int) -> None:
    """Kill a process, which may be gone.

    Parameters
    ----------
    process : int
        Its number.
    """
    with suppress(OSError):
        os.kill(process, getattr(signal, "SIGKILL", signal.SIGTERM))


def end_the_rest(*, but: frozenset[int] = frozenset(), wait: bool = True) -> None:
    """Kill whatever still descends from this process, if it answers for it (see `adopt`).

    Parameters
    ----------
    but : frozenset of int
        Children that stay, with their own.
    wait : bool
        Bury them too, until none is left: those whose parent is killed come here in turn.
    """
    me = os.getpid()
    if me not in _adopting:
        return
    limit = time.monotonic() + _PATIENCE
    while left := [one for child in children(me) if child not in but for one in (child, *descendants(child))]:
        for one in left:
            end(one)
        if not wait or time.monotonic() > limit:
            return
        for one in left:
            buried(one)
        time.sleep(_PAUSE)


def buried(process: int = -1) -> tuple[int, int] | None:
    """Wait for a child that has ended, without waiting for it to end.

    Parameters
    ----------
    process : int
        Its number; any child by default.

    Returns
    -------
    tuple of (int, int) or None
        Its number and its exit code; nothing when none has ended.
    """
    if not hasattr(os, "WNOHANG"):
        return None
    try:
        found, status = os.waitpid(process, os.WNOHANG)
    except OSError:
        return None
    return (found, os.waitstatus_to_exitcode(status)) if found else None
