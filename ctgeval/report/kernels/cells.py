"""The process of one notebook: it confines itself, runs the cells, and tells what they give.

It is forked from a warm process (`keeper`), or started anew (`alone`); the rest is the same.
"""

from __future__ import annotations

import gc
import json
import os
import random
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from ctgeval import confinement
from ctgeval.confinement.folders import folders
from ctgeval.report.kernels import kin

__all__ = ["die_with", "run"]

die_with = kin.die_with
_EVENTS, _MARKS = 3, 4
_LARGEST_FILE = 2 * 10**9
# Taken before any cell runs, which may put something else in their place.
_exit, _write = os._exit, os.write


def run(
    sources: Sequence[tuple[int, str]],
    *,
    work: Path,
    private: Path,
    events: int,
    raw: int,
    seed: int,
    ipython: Callable[[], Any],
    forked: bool = True,
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
    ipython : callable
        Returns a `ZmqlessShell`: made before the fork, or now.
    forked : bool
        Whether this process holds the files of a parent, to close.
    """
    try:
        _settle(work, private, events=events, raw=raw, forked=forked)
    except BaseException:  # noqa: BLE001 whatever it is, no cell may run unconfined
        _exit(1)
    lock, write, leave, dumps = threading.Lock(), _write, _exit, json.dumps

    def tell(event: dict[str, Any]) -> None:
        line = memoryview(dumps(event, default=str).encode("ascii") + b"\n")
        with lock:
            while line:
                line = line[write(_EVENTS, line) :]

    try:
        _run(sources, tell, write, seed=seed, ipython=ipython)
    finally:
        leave(0)


def _run(
    sources: Sequence[tuple[int, str]],
    tell: Callable[[dict[str, Any]], None],
    write: Callable[[int, bytes], int],
    *,
    seed: int,
    ipython: Callable[[], Any],
) -> None:
    from ctgeval.report.kernels.outputs import MARK

    try:
        from ctgeval.report.kernels.shell import ended_by, listened

        shell = ipython()
        gc.enable()
        _draw_from(seed)
        _forget()
        sys.path.insert(0, "")
        sys.argv = [""]
        listened(tell)
        # What was written until now is of no cell.
        write(_MARKS, MARK)
    except Exception as error:
        tell({"malade": f"{type(error).__name__} : {error}"})
        raise
    tell({"ne": True})
    for rank, source in sources:
        tell({"cellule": rank})
        failed = ended_by(shell, source)
        if shell.left:
            # As if it had died there: the cell that asked to end is the one to tell.
            tell({"quitte": True})
            return
        write(_MARKS, MARK)
        tell({"faite": rank})
        if failed:
            return
    tell({"fin": True})


def _settle(work: Path, private: Path, *, events: int, raw: int, forked: bool) -> None:
    """Keep nothing of the parent but two descriptors, and give up every file that is not the notebook's."""
    os.environ |= folders(private)
    tempfile.tempdir = None
    os.chdir(work)
    nothing = os.open(os.devnull, os.O_RDWR)
    # First above those that they replace, which the loop below must not close too early.
    kept = [os.dup2(one, 100 + rank) for rank, one in enumerate((nothing, raw, nothing, events, raw))]
    for rank, one in enumerate(kept):
        # What a cell may start writes where Python does, and tells nothing in the name of the notebook.
        os.dup2(one, rank, inheritable=rank < _EVENTS)
    if forked:
        os.closerange(_MARKS + 1, os.sysconf("SC_OPEN_MAX"))
        # A group of its own: what a cell starts is ended with it.
        os.setsid()
    else:
        for one in {*kept, nothing} - set(range(_MARKS + 1)):
            os.close(one)
    _bound()
    confinement.confine_notebook(work, private)


def _bound() -> None:
    """Leave no picture of the memory after a crash, and no file that fills the disk."""
    try:
        import resource
    except ImportError:
        # Windows does neither.
        return
    for name, most in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, _LARGEST_FILE)):
        _, hard = resource.getrlimit(name)
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(name, (bound, bound))


def _forget() -> None:
    """Leave to the notebook the modules of a process of its own: those that run notebooks are not among them."""
    for name in [name for name in sys.modules if f"{name}.".startswith("ctgeval.report.")]:
        del sys.modules[name]


def _draw_from(seed: int) -> None:
    """Start random numbers again: those of the parent would be the same for every notebook."""
    import numpy as np

    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 what notebooks that use the old functions draw from
