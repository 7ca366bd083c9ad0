"""The process that follows one notebook: it forks the one that runs it, renders what came out, and replies.

Nothing that the notebook sends is trusted: it is plain data, bounded, and the page is cleaned here, where no cell runs.
"""

from __future__ import annotations

import json
import os
import select
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any

from ctgeval.errors import ParameterError
from ctgeval.report import execute, parameters, worker
from ctgeval.report.kernels import cells, kin
from ctgeval.report.kernels.follow import Cells, Started, followed

REQUEST = "demande.json"
REPLY = "reponse.json"
_WIDE = 2**20
_SET_PIPE_SIZE = 1031

# A cell may put something else in its place: a forked process must never return into what follows here.
_exit = os._exit

__all__ = ["REPLY", "REQUEST", "keep"]


def keep(folder: Path, shell: Any) -> None:
    """Run the notebook that a folder asks for, and leave the reply beside, whole or not at all.

    Parameters
    ----------
    folder : Path
        Scratch folder of the bilan: it holds the request (see `worker.reply`) and receives the reply.
    shell : ZmqlessShell
        Made before the fork.
    """
    kin.adopt()
    request = json.loads((folder / REQUEST).read_text(encoding="utf-8"))
    reply = _reply(request, folder, shell)
    whole = folder / f"{REPLY}.tmp"
    whole.write_text(json.dumps(reply), encoding="ascii")
    whole.replace(folder / REPLY)


def _reply(request: dict[str, Any], folder: Path, shell: Any) -> dict[str, Any]:
    path = Path(request["carnet"])
    try:
        notebook = execute.template(path)
        values = parameters.check(
            request["parametres"], parameters.schema(notebook.metadata, notebook=path.name), notebook=path.name
        )
    except ParameterError as error:
        return {"message": str(error), "cellule": 0, "source": "", "cpu": _processor_seconds()}
    execute.inject(notebook, values)
    outcome = followed(
        notebook,
        lambda sources: _forked(sources, folder, shell, seed=parameters.seed(values)),
        limit=float(request["limite"]),
        cell_limit=float(request["limite_cellule"]),
    )
    return worker.rendered(outcome) | {"cpu": _processor_seconds()}


class _Forked:
    """A forked process: see `follow.Process`."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._descriptor = os.pidfd_open(pid)
        self._code: int | None = None
        self._over = False

    def wait(self, seconds: float) -> int | None:
        if self._over:
            return self._code
        ended = select.poll()
        ended.register(self._descriptor, select.POLLIN)
        if ended.poll(seconds * 1000):
            _, status = os.waitpid(self._pid, 0)
            os.close(self._descriptor)
            self._code, self._over = os.waitstatus_to_exitcode(status), True
        return self._code

    def kill(self) -> None:
        if not self._over:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._pid, signal.SIGKILL)
            signal.pidfd_send_signal(self._descriptor, signal.SIGKILL)


def _forked(sources: Cells, folder: Path, shell: Any, *, seed: int) -> Started:
    work, private = folder / execute.WORK, folder / execute.PRIVATE
    private.mkdir(exist_ok=True, mode=0o700)
    (events, told), (raw, written) = os.pipe(), os.pipe()
    _widen(events)
    me = os.getpid()
    child = os.fork()
    if not child:
        try:
            cells.die_with(me)
            cells.run(sources, work=work, private=private, events=told, raw=written, seed=seed, ipython=lambda: shell)
        finally:
            _exit(1)
    os.close(told)
    os.close(written)
    return Started(_Forked(child), events, raw)


def _widen(pipe: int) -> None:
    import fcntl

    try:
        fcntl.fcntl(pipe, _SET_PIPE_SIZE, _WIDE)
    except OSError:
        # A person's pipes are limited together: a narrow one only waits more often.
        return


def _processor_seconds() -> float:
    # A forked process counts from zero; its child counts once waited for.
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
