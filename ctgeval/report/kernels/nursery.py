"""The warm process whose children are ordinary Jupyter kernels: it loads libraries once, and forks one child a kernel.

Started by `warm.Nursery` as ``python -m ctgeval.report.kernels.nursery``. It writes ``{"pret": true}`` when it has
loaded everything, then reads lines of JSON: ``{"rang": 3, "options": [...], "dossier": "...", "variables": {...}}``
asks for a kernel, which is told by ``{"rang": 3, "pid": 4321}``, or ``{"rang": 3, "refus": "..."}`` when it can't be
forked. Its end is told by ``{"rang": 3, "code": 0}``. All kernels end with this process, which ends with its client,
however that one dies.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NoReturn

from ctgeval.report.kernels import jupyter
from ctgeval.report.kernels.cells import die_with
from ctgeval.report.kernels.hearth import threads

_INPUT = 0

__all__ = ["Nursery", "changed", "main", "stamps"]


def stamps() -> dict[str, int]:
    """Return when each file of the loaded modules was last changed, in nanoseconds."""
    found = {getattr(module, "__file__", None) for module in list(sys.modules.values())}
    return {file: _stamp(file) for file in sorted(filter(None, found))}


def changed(known: Mapping[str, int]) -> str:
    """Return a file that is not what it was; nothing when all are.

    Parameters
    ----------
    known : mapping
        See `stamps`.
    """
    return next((file for file, when in known.items() if _stamp(file) != when), "")


def _stamp(file: str) -> int:
    try:
        return os.stat(file).st_mtime_ns  # noqa: PTH116 two thousand of them at each kernel
    except OSError:
        return 0


class Nursery:
    """The kernels that run, and the conversation with the client.

    Parameters
    ----------
    replies : int
        Descriptor where the client reads.
    client : int
        Number of its process.
    known : mapping
        What was loaded (see `stamps`).
    """

    def __init__(self, replies: int, client: int, known: Mapping[str, int]) -> None:
        self._replies = replies
        self._client = os.pidfd_open(client)
        self._known = known
        self._poll = select.poll()
        self._running: dict[int, tuple[int, int]] = {}
        self._rest = b""

    def serve(self) -> None:
        """Answer until the input closes or the client dies."""
        self._say(pret=True)
        for one in (_INPUT, self._client):
            self._poll.register(one, select.POLLIN)
        while True:
            for descriptor, _ in self._poll.poll():
                if descriptor in self._running:
                    self._bury(descriptor)
                elif descriptor == self._client or not self._heard():
                    self._end()
                    return

    def _heard(self) -> bool:
        received = os.read(_INPUT, 65536)
        *lines, self._rest = (self._rest + received).split(b"\n")
        for line in lines:
            self._start(json.loads(line))
        return bool(received)

    def _start(self, asked: dict[str, Any]) -> None:
        rank, found = int(asked["rang"]), threads()
        if found != 1:
            self._say(rang=rank, refus=f"{found} fils d’exécution")
            return
        # A new kernel must see the packages as they are now, as if it had loaded them.
        if file := changed(self._known):
            self._say(rang=rank, refus=f"{file} a changé")
            return
        me = os.getpid()
        child = os.fork()
        if not child:
            _be_a_kernel(asked, parent=me)
        descriptor = os.pidfd_open(child)
        self._running[descriptor] = rank, child
        self._poll.register(descriptor, select.POLLIN)
        self._say(rang=rank, pid=child)

    def _bury(self, descriptor: int) -> None:
        rank, child = self._running.pop(descriptor)
        self._poll.unregister(descriptor)
        os.close(descriptor)
        _, status = os.waitpid(child, 0)
        self._say(rang=rank, code=os.waitstatus_to_exitcode(status))

    def _end(self) -> None:
        for _, child in self._running.values():
            # Not waited for yet: the number is still that of this child, dead or alive.
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)

    def _say(self, **told: object) -> None:
        # The client may be dead, which is heard at the next turn.
        with suppress(BrokenPipeError):
            os.write(self._replies, json.dumps(told).encode("ascii") + b"\n")


def _be_a_kernel(asked: dict[str, Any], *, parent: int) -> NoReturn:
    code = 1
    try:
        die_with(parent)
        # A session of its own, so that an interruption reaches the processes that it starts, and none of the client's.
        os.setsid()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
        os.dup2(os.open(os.devnull, os.O_RDONLY), _INPUT)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        os.environ.clear()
        os.environ.update(asked["variables"])
        os.chdir(asked["dossier"])
        code = jupyter.become(asked["options"])
    except SystemExit as asked_end:
        code = asked_end.code if isinstance(asked_end.code, int) else int(asked_end.code is not None)
    except BaseException:  # noqa: BLE001 a child must never return into the loop of its parent
        import traceback

        traceback.print_exc()
    finally:
        _leave(code)


def _leave(code: int) -> NoReturn:
    """End as a kernel does, what it asked to do at its end being done, without tidying what is shared."""
    import atexit
    import threading

    try:
        threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001 as `multiprocessing` does
        atexit._run_exitfuncs()  # noqa: SLF001 idem
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
    finally:
        os._exit(code)


def main() -> None:
    """Load everything, then answer the client until it closes or dies."""
    # An interruption of the client is not one of its kernels: it tells which.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    client, replies = os.getppid(), os.dup(1)
    # What the libraries print must not be taken for a reply.
    os.dup2(2, 1)
    # The folder where it was started, which Python puts there for ``-m``: each kernel has its own.
    del sys.path[0]
    jupyter.load()
    Nursery(replies, client, stamps()).serve()


if __name__ == "__main__":
    main()
