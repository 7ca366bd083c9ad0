"""The process of one notebook, forked from a warm one: it confines itself, runs the cells, and tells what they give."""

from __future__ import annotations

import ctypes
import gc
import json
import os
import random
import signal
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from ctgeval import confinement
from ctgeval.confinement.kernel import folders

__all__ = ["die_with", "run"]

_PARENT_DEATH = 1
_EVENTS, _MARKS = 3, 4


def die_with(parent: int) -> None:
    """Make the system kill this process when its parent dies, however that happens.

    Parameters
    ----------
    parent : int
        Number of the parent, which may be dead already.
    """
    ctypes.CDLL(None, use_errno=True).prctl(_PARENT_DEATH, ctypes.c_ulong(signal.SIGKILL))
    if os.getppid() != parent:
        os._exit(1)


def run(
    sources: Sequence[tuple[int, str]], *, work: Path, private: Path, events: int, raw: int, seed: int, ipython: Any
) -> NoReturn:
    """Run the cells of a notebook in this process, which then ends.

    Parameters
    ----------
    sources : sequence of (int, str)
        Rank and code of each cell.
    work, private : Path
        See `confinement.confine_notebook`.
    events : int
        Descriptor where each output is told, as a line of JSON.
    raw : int
        Descriptor that receives what is written without passing by Python.
    seed : int
        Where random numbers start.
    ipython : ZmqlessShell
        Made before the fork.
    """
    try:
        _settle(work, private, events=events, raw=raw)
    except BaseException:  # noqa: BLE001 whatever it is, no cell may run unconfined
        os._exit(1)
    lock = threading.Lock()

    def tell(event: dict[str, Any]) -> None:
        line = memoryview(json.dumps(event, default=str).encode("ascii") + b"\n")
        with lock:
            while line:
                line = line[os.write(_EVENTS, line) :]

    tell({"ne": True})
    try:
        _run(sources, tell, seed=seed, ipython=ipython)
    finally:
        os._exit(0)


def _run(sources: Sequence[tuple[int, str]], tell: Any, *, seed: int, ipython: Any) -> None:
    from ctgeval.report.kernels.outputs import MARK
    from ctgeval.report.kernels.shell import ended_by, listened

    gc.enable()
    _forget()
    _draw_from(seed)
    sys.path.insert(0, "")
    listened(tell)
    for rank, source in sources:
        tell({"cellule": rank})
        failed = ended_by(ipython, source)
        if ipython.left:
            # As if it had died there: the cell that asked to end is the one to tell.
            return
        os.write(_MARKS, MARK)
        tell({"faite": rank})
        if failed:
            return
    tell({"fin": True})


def _settle(work: Path, private: Path, *, events: int, raw: int) -> None:
    """Keep nothing of the parent but two descriptors, and give up every file that is not the notebook's."""
    os.environ |= folders(private)
    tempfile.tempdir = None
    os.chdir(work)
    nothing = os.open(os.devnull, os.O_RDWR)
    # First above those that they replace, which the loop below must not close too early.
    kept = [os.dup2(one, 100 + rank) for rank, one in enumerate((nothing, raw, nothing, events, raw))]
    for rank, one in enumerate(kept):
        os.dup2(one, rank)
    os.closerange(_MARKS + 1, os.sysconf("SC_OPEN_MAX"))
    confinement.confine_notebook(work, private, ports=())


def _forget() -> None:
    """Leave to the notebook the modules of a process of its own: those that run notebooks are not among them."""
    for name in [name for name in sys.modules if f"{name}.".startswith("ctgeval.report.")]:
        del sys.modules[name]


def _draw_from(seed: int) -> None:
    """Start random numbers again: those of the parent would be the same for every notebook."""
    import numpy as np

    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 what notebooks that use the old functions draw from
