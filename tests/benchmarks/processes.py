"""The processor and the memory of a process and of all those that it started, read from outside."""

from __future__ import annotations

import os
import re
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
_PSS = re.compile(r"^Pss:\s+(\d+)", re.MULTILINE)
_PRIVATE = re.compile(r"^Private_(?:Clean|Dirty):\s+(\d+)", re.MULTILINE)

__all__ = ["Memory", "seconds", "tree", "watched"]


def _stats() -> dict[int, tuple[int, float]]:
    """Number of each process -> its parent, its seconds and those of its children that have ended."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError):
            fields = path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            found[int(path.parent.name)] = int(fields[1]), sum(map(int, fields[11:15])) / _TICK
    return found


def tree(pid: int) -> list[int]:
    """Return a process and all its descendants."""
    children = defaultdict(list)
    for one, (parent, _) in _stats().items():
        children[parent].append(one)
    found = [pid]
    for one in found:
        found.extend(children[one])
    return found


def seconds(pid: int) -> float:
    """Return the processor seconds of a process and of all its descendants, dead or alive."""
    known = _stats()
    return sum(known[one][1] for one in tree(pid) if one in known)


class Memory:
    """Peaks of a tree of processes, in MB."""

    def __init__(self) -> None:
        self.proportional = self.private = 0.0

    def look(self, pid: int) -> None:
        """Add a look at a tree to the peaks."""
        proportional = private = 0
        for one in tree(pid):
            with suppress(OSError):
                text = Path(f"/proc/{one}/smaps_rollup").read_text(encoding="ascii")
                proportional += sum(map(int, _PSS.findall(text)))
                private += sum(map(int, _PRIVATE.findall(text)))
        self.proportional = max(self.proportional, proportional / 1024)
        self.private = max(self.private, private / 1024)


@contextmanager
def watched(pid: int, *, every: float = 0.2) -> Iterator[Memory]:
    """Look at the memory of a tree until the block ends."""
    made, ended = Memory(), threading.Event()

    def look() -> None:
        while not ended.wait(every):
            made.look(pid)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield made
    finally:
        ended.set()
        thread.join()
