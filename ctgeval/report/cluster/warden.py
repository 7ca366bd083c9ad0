"""The process that a Dask worker starts beside itself: it holds the warm parent of the notebooks, and outlives nobody.

Started as ``python -P -m ctgeval.report.cluster.warden`` in a folder of its own. A Dask worker has threads, hence never
forks; when it is killed, the input of this process closes: it then ends the notebooks and removes its folder.

It reads lines of JSON: ``{"rang": 3, "carnet": "...", "dossier": "...", "options": {...}}`` asks for a notebook, and
writes ``{"rang": 3, "reponse": {...}}`` when that ended (see `Pool.run`).
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import threading
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from ctgeval.errors import CtgevalError
from ctgeval.report.kernels import best
from ctgeval.report.kernels.fork import ForkPool
from ctgeval.report.pool import Interrupted, Pool, Task, gone_is_silent

__all__ = ["main"]

_NO_DOSSIER = "aucun-dossier"


def main() -> None:
    """Run notebooks until the input closes, then leave nothing in the working folder, nor the folder itself."""
    # An interruption reaches the whole group of processes: the worker alone decides what ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _ended)
    root = Path.cwd()
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        _serve(root, replies)
    finally:
        shutil.rmtree(root, ignore_errors=True)
        # A thread may still wait for a notebook that is no more.
        os._exit(0)


def _ended(*_: object) -> NoReturn:
    raise SystemExit


def _serve(root: Path, replies: BinaryIO) -> None:
    kind = ForkPool if best() == "fork" else Pool
    pool = kind(root, hidden=root / _NO_DOSSIER)
    turn = threading.Lock()

    def answer(asked: dict[str, Any]) -> None:
        reply = _reply(pool, asked)
        line = json.dumps({"rang": asked["rang"], "reponse": reply}).encode("ascii") + b"\n"
        with turn, gone_is_silent():
            replies.write(line)
            replies.flush()

    try:
        for line in sys.stdin.buffer:
            threading.Thread(target=answer, args=(json.loads(line),), daemon=True).start()
    finally:
        pool.close()


def _reply(pool: Pool | ForkPool, asked: dict[str, Any]) -> dict[str, Any]:
    task = Task(notebook=Path(asked["carnet"]), scratch=Path(asked["dossier"]), **asked["options"])
    try:
        return pool.run(task)
    except Interrupted:
        return {"ailleurs": "la visite est finie"}
    except (CtgevalError, OSError) as error:
        # Nothing of the notebook: this machine could not run it, another may.
        return {"ailleurs": str(error)}


if __name__ == "__main__":
    main()
