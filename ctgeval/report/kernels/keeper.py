"""The process that follows one notebook: it forks the one that runs it, renders what came out, and replies.

Nothing that the notebook sends is trusted: it is plain data, bounded, and the page is cleaned here, where no cell runs.
"""

from __future__ import annotations

import json
import os
import select
import signal
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ctgeval.errors import ParameterError
from ctgeval.report import execute, parameters, worker
from ctgeval.report.execute import Failure, Outcome
from ctgeval.report.kernels import cells
from ctgeval.report.kernels.outputs import Gathered
from ctgeval.report.parameters import Value

if TYPE_CHECKING:
    from nbformat import NotebookNode

REQUEST = "demande.json"
REPLY = "reponse.json"
MOST = 64 * 2**20
"""Bytes that a notebook may write, all outputs together."""
_CHUNK = 2**20
_SET_PIPE_SIZE = 1031

__all__ = ["MOST", "REPLY", "REQUEST", "keep"]


def keep(folder: Path, shell: Any) -> None:
    """Run the notebook that a folder asks for, and leave the reply beside, whole or not at all.

    Parameters
    ----------
    folder : Path
        Scratch folder of the bilan: it holds the request (see `worker.reply`) and receives the reply.
    shell : ZmqlessShell
        Made before the fork.
    """
    request = json.loads((folder / REQUEST).read_text(encoding="utf-8"))
    reply = _reply(request, folder, shell)
    whole = folder / f"{REPLY}.tmp"
    whole.write_text(json.dumps(reply), encoding="ascii")
    whole.replace(folder / REPLY)


def _reply(request: dict[str, Any], folder: Path, shell: Any) -> dict[str, Any]:
    path, limit = Path(request["carnet"]), float(request["limite"])
    try:
        notebook = execute.template(path)
        values = parameters.check(
            request["parametres"], parameters.schema(notebook.metadata, notebook=path.name), notebook=path.name
        )
    except ParameterError as error:
        return {"message": str(error), "cellule": 0, "source": "", "cpu": _processor_seconds()}
    inject(notebook, values)
    outcome = _followed(notebook, folder, shell, limit=limit, seed=parameters.seed(values))
    return worker.rendered(outcome) | {"cpu": _processor_seconds()}


def inject(notebook: NotebookNode, values: Mapping[str, Value]) -> None:
    """Put the values of the parameters in a cell of their own, after that of their defaults, as papermill does.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        Changed in place.
    values : mapping
        Names are identifiers, values plain: what Python writes of them reads back as themselves.
    """
    from nbformat.v4 import new_code_cell

    source = "\n".join(["# Parameters", *(f"{name} = {value!r}" for name, value in values.items())])
    cell = new_code_cell(source, metadata={"tags": ["injected-parameters"]})  # type: ignore[no-untyped-call]
    tags = [set(one.metadata.get("tags", [])) for one in notebook.cells]
    old = next((rank for rank, found in enumerate(tags) if "injected-parameters" in found), None)
    after = next((rank for rank, found in enumerate(tags) if "parameters" in found), -1)
    if old is None:
        notebook.cells.insert(after + 1, cell)
    else:
        notebook.cells[old] = cell


def _followed(notebook: NotebookNode, folder: Path, shell: Any, *, limit: float, seed: int) -> Outcome:
    sources = [
        (rank, cell.source)
        for rank, cell in enumerate(notebook.cells)
        if cell.cell_type == "code" and cell.source.strip()
    ]
    gathered = Gathered(notebook)
    stopped = _gather(gathered, sources, folder, shell, limit=limit, seed=seed)
    if not gathered.born:
        return Outcome(notebook, Failure(cell=0, source="", message=execute.UNBORN))
    whole = gathered.reached and not stopped and not gathered.failed
    return Outcome(notebook, None if whole else execute.failure(notebook, stopped))


def _gather(
    gathered: Gathered, sources: Sequence[tuple[int, str]], folder: Path, shell: Any, *, limit: float, seed: int
) -> str:
    """Run the cells in a process of their own, and return why it was stopped; nothing when it ended by itself."""
    end = time.monotonic() + limit
    private = folder / execute.PRIVATE
    private.mkdir(exist_ok=True, mode=0o700)
    (events, told), (raw, written) = os.pipe(), os.pipe()
    _widen(events)
    me = os.getpid()
    child = os.fork()
    if not child:
        cells.die_with(me)
        work = folder / execute.WORK
        cells.run(sources, work=work, private=private, events=told, raw=written, seed=seed, ipython=shell)
    os.close(told)
    os.close(written)
    try:
        return _read(gathered, events, raw, end=end, limit=limit)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _read(gathered: Gathered, events: int, raw: int, *, end: float, limit: float) -> str:
    poll = select.poll()
    for one in (events, raw):
        os.set_blocking(one, False)
        poll.register(one, select.POLLIN)
    while True:
        left = end - time.monotonic()
        if left <= 0:
            gathered.close(_drained(raw))
            return execute.too_long(limit)
        for one, _ in poll.poll(min(left, 60.0) * 1000):
            chunk = _chunk(one)
            if chunk == b"":
                poll.unregister(one)
                if one == events:
                    gathered.close(_drained(raw))
                    return ""
            elif chunk and one == events:
                gathered.events(chunk, raw=lambda: _drained(raw))
            elif chunk:
                gathered.raw(chunk)
        if gathered.size > MOST:
            gathered.close(b"")
            return f"Le carnet a écrit plus de {MOST >> 20} Mo : il a été arrêté."


def _chunk(descriptor: int) -> bytes | None:
    try:
        return os.read(descriptor, _CHUNK)
    except BlockingIOError:
        return None


def _drained(descriptor: int) -> bytes:
    """Return what is waiting in a pipe, at most as much as a notebook may write."""
    found = b""
    while (chunk := _chunk(descriptor)) and len(found) <= MOST:
        found += chunk
    return found


def _widen(pipe: int) -> None:
    import fcntl

    try:
        fcntl.fcntl(pipe, _SET_PIPE_SIZE, _CHUNK)
    except OSError:
        # A person's pipes are limited together: a narrow one only waits more often.
        return


def _processor_seconds() -> float:
    # A forked process counts from zero; its child counts once waited for.
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
