"""Processes that are kept from the dossier: what each may still read, write and reach once it is confined.

- `landlock` and `seccomp` ask the Linux kernel; `places` lists what any process needs of Python and of the system
- `folders` sends what libraries write to folders of a notebook alone, `worker` starts what follows notebooks

Where the system offers neither, a process of its own is given the release and nothing else: `available` tells which.
Only the standard library is used: a process must be confined before it loads anything.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from ctgeval.confinement import landlock, places, seccomp

Level = Literal["landlock", "processus séparé"]

__all__ = ["Level", "available", "confine_notebook", "confine_worker", "guarantees", "holds"]

holds = places.holds


def available() -> Level:
    """Return what keeps a notebook from the dossier on this system, beyond not being told where it is."""
    return "landlock" if landlock.abi() else "processus séparé"


def guarantees() -> frozenset[str]:
    """Return what a notebook is kept from on this system, whatever it tries.

    Returns
    -------
    frozenset of str
        Among ``fichiers``, ``tcp``, ``signaux`` (see `landlock.guarantees`) and ``appels``: datagrams, local sockets,
        modes of files, other processes. Empty when only its separation from the process of the dossier keeps it away.
    """
    calls = {"appels"} if seccomp.available() else set()
    return landlock.guarantees(landlock.abi()) | calls


def confine_worker(root: Path) -> Level:
    """Confine this process, which starts notebooks, to Python and to the temporary folder of all bilans.

    Parameters
    ----------
    root : Path
        That folder.

    Raises
    ------
    OSError
        When the system offers confinement and refuses it.
    """
    level = available()
    if level == "landlock":
        landlock.restrict([*places.running(), (str(root), landlock.WRITE)], ports=None, alone=False)
    return level


def confine_notebook(work: Path, private: Path) -> Level:
    """Confine this process, which runs one notebook, to its release and to two folders of its own; it reaches no port.

    Parameters
    ----------
    work : Path
        Where the notebook runs and finds its release.
    private : Path
        Where its libraries keep what they must.

    Raises
    ------
    OSError
        When the system offers confinement and refuses it: the notebook must not run.
    """
    level = available()
    if level == "landlock":
        own = [(str(work), landlock.WRITE), (str(private), landlock.WRITE)]
        landlock.restrict([*places.reading(), *own], ports=())
    # Even alone, it leaves no process behind: what a cell would start, nobody would know how to end.
    if seccomp.available():
        seccomp.restrict()
    return level
