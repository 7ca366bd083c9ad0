"""Notebooks written on demand and run in both kinds of process, and what is seen of these processes in ``/proc``."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from ctgeval.report.build import opened_pool
from ctgeval.report.kernels import kin
from ctgeval.report.pool import Task

PARAMETERS = new_code_cell('release = ""\nnom = ""', metadata={"tags": ["parameters"]})
DECLARED = {"parametres": {name: {"type": "texte"} for name in ("release", "nom")}}
# What makes a system look like one that offers no confinement: cells may then start processes, and signal others.
_BARE = """\
import ctgeval.confinement.landlock as landlock, ctgeval.confinement.seccomp as seccomp
landlock.abi = lambda: 0
seccomp.available = lambda: False
"""


class Bench:
    """Pools of both kinds in one folder."""

    def __init__(self, root: Path, *, bare: bool = False) -> None:
        self.root = root
        self.bare = bare
        self.pools: dict[str, Any] = {}
        self.asked = 0

    def pool(self, kernels: str) -> Any:
        if kernels not in self.pools:
            place = self.root / kernels
            (place / "cache").mkdir(parents=True)
            made = opened_pool(kernels, place, hidden=self.root / "dossier")  # type: ignore[arg-type]
            if self.bare:
                (place / "sitecustomize.py").write_text(_BARE, encoding="utf-8")
                for one in (made, getattr(made, "_plain", made)):
                    one._environment["PYTHONPATH"] = os.pathsep.join([str(place), one._environment["PYTHONPATH"]])
            self.pools[kernels] = made
        return self.pools[kernels]

    def task(self, *cells: str, nom: str = "", limit: float = 60.0, kernels: str = "fork", **options: Any) -> Task:
        self.asked += 1
        made = [new_markdown_cell("# Titre"), PARAMETERS, *(new_code_cell(cell) for cell in cells)]
        path = self.root / f"carnet-{self.asked}.ipynb"
        nbformat.write(new_notebook(cells=made, metadata={"ctgeval": DECLARED}), path)
        scratch = self.root / kernels / f"bilan-{self.asked}"
        release = scratch / "travail" / "release"
        release.mkdir(parents=True)
        (release / "canari.txt").write_text(f"canari-{nom}", encoding="utf-8")
        return Task(path, scratch, {"release": "release", "nom": nom}, limit, **options)

    def run(self, *cells: str, kernels: str = "fork", **options: Any) -> dict[str, Any]:
        pool = self.pool(kernels)
        return dict(pool.run(self.task(*cells, kernels=kernels, **options)))

    def hearth(self) -> int:
        return int(self.pool("fork")._hearth.pid)

    def followers(self, kernels: str) -> list[int]:
        """The processes that stay between two notebooks: the warm one, or the workers."""
        pool = self.pool(kernels)
        return [pool._hearth.pid] if kernels == "fork" else [one.pid for one in pool._all if one.poll() is None]

    def close(self) -> None:
        for pool in self.pools.values():
            pool.close()


def children(parent: int) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]


def alive(pid: int) -> bool:
    return kin.born(pid) is not None


def wait_for(told: Callable[[], Any], *, seconds: float = 20.0) -> Any:
    end = time.monotonic() + seconds
    while not (found := told()):
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)
    return found


def processes(word: str) -> list[int]:
    """The processes of this machine whose command line or environment holds a word."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            told = (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()
        except OSError:
            continue
        if word.encode() in told and alive(int(folder.name)):
            found.append(int(folder.name))
    return found
