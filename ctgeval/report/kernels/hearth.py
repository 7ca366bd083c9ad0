"""The warm process: it knows the names of folders and nothing of what they hold, and forks one keeper a notebook.

Started as ``python -P -m ctgeval.confinement.worker ctgeval.report.kernels.hearth``, kept to the temporary folder of
all bilans. It writes ``{"pret": true}`` when it has loaded everything, then reads lines of JSON: ``{"rang": 3,
"dossier": "..."}`` asks for a notebook, ``{"arret": 3}`` stops it. It writes ``{"rang": 3, "gardien": 1234}`` when a
keeper follows it, ``{"rang": 3, "code": 0}`` when that one is gone, or ``{"rang": 3, "refus": "..."}`` when it could
not fork. It ends, and all that descends from it, when its input closes.
"""

from __future__ import annotations

import json
import os
import select
import signal
import time
from pathlib import Path
from typing import Any, NoReturn

from ctgeval.report.kernels import kin, prime

__all__ = ["Hearth", "main", "threads"]

_INPUT = 0
_LOOK = 50
_ORPHANS = 2.0
_TASKS = Path("/proc/self/task")


def threads() -> int:
    """Return how many threads this process has, those of libraries included."""
    return sum(1 for _ in _TASKS.iterdir())


class Hearth:
    """What is running, and the conversation with the coordinator.

    Parameters
    ----------
    replies : int
        Descriptor where the coordinator reads.
    shell : ZmqlessShell
        Made before any fork.
    """

    def __init__(self, replies: int, shell: Any) -> None:
        self._replies = replies
        self._shell = shell
        self._poll = select.poll()
        self._running: dict[int, tuple[int, int]] = {}
        self._rest = b""
        self._orphans_until = 0.0

    def serve(self) -> None:
        """Answer until the input closes."""
        kin.adopt()
        self._say(pret=True)
        self._poll.register(_INPUT, select.POLLIN)
        while True:
            left = time.monotonic() < self._orphans_until
            for descriptor, _ in self._poll.poll(_LOOK if left else None):
                if descriptor == _INPUT and not self._heard():
                    self._end()
                    return
            while found := kin.buried():
                self._bury(*found)

    def _heard(self) -> bool:
        received = os.read(_INPUT, 65536)
        *lines, self._rest = (self._rest + received).split(b"\n")
        for line in lines:
            asked = json.loads(line)
            if "arret" in asked:
                self._stop(int(asked["arret"]))
            else:
                self._start(int(asked["rang"]), Path(asked["dossier"]))
        return bool(received)

    def _start(self, rank: int, folder: Path) -> None:
        found = threads()
        if found != 1:
            self._say(rang=rank, refus=f"{found} fils d’exécution")
            return
        me = os.getpid()
        try:
            child = os.fork()
        except OSError as error:
            self._say(rang=rank, refus=str(error))
            return
        if not child:
            self._keep(folder, parent=me)
        self._say(rang=rank, gardien=child)
        descriptor = os.pidfd_open(child)
        self._running[descriptor] = rank, child
        self._poll.register(descriptor, select.POLLIN)

    def _keep(self, folder: Path, *, parent: int) -> NoReturn:
        from ctgeval.report.kernels import cells, keeper

        code = 1
        try:
            cells.die_with(parent)
            os.dup2(os.open(os.devnull, os.O_RDONLY), _INPUT)
            os.closerange(3, os.sysconf("SC_OPEN_MAX"))
            keeper.keep(folder, self._shell)
            code = 0
        except BaseException:  # noqa: BLE001 a child must never return into the loop of its parent
            import traceback

            traceback.print_exc()
        finally:
            os._exit(code)

    def _bury(self, child: int, code: int) -> None:
        """Tell that a keeper is gone; a process that its keeper left, when that one was killed, has nobody to tell."""
        for descriptor, (rank, keeper) in list(self._running.items()):
            if keeper == child:
                del self._running[descriptor]
                self._poll.unregister(descriptor)
                os.close(descriptor)
                if code < 0:
                    self._orphans_until = time.monotonic() + _ORPHANS
                self._say(rang=rank, code=code)
        kin.end_the_rest(but=frozenset(one for _, one in self._running.values()), wait=False)

    def _stop(self, rank: int) -> None:
        for found, child in self._running.values():
            if found == rank:
                os.kill(child, signal.SIGKILL)

    def _end(self) -> None:
        for _, child in self._running.values():
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        kin.end_the_rest()
        self._running.clear()

    def _say(self, **told: object) -> None:
        os.write(self._replies, json.dumps(told).encode("ascii") + b"\n")


def main() -> None:
    """Load everything, then answer requests from the standard input until it closes."""
    # An interruption reaches the whole group of processes: the coordinator alone decides what ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    replies = os.dup(1)
    # What the libraries print must not be taken for a reply.
    os.dup2(2, 1)
    Hearth(replies, prime.everything()).serve()


if __name__ == "__main__":
    main()
