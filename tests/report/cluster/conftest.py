"""A real Dask cluster on this machine: a scheduler and workers in processes of their own, ended with the tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import fsspec
import nbformat
import psutil
import pytest
from fsspec.implementations.local import LocalFileSystem
from nbformat.v4 import new_code_cell, new_notebook

from ctgeval.report.pool import Task

ROOT = Path(__file__).resolve().parents[3]
# In a `sitecustomize.py`: what a machine where nobody installed ctgeval does.
WITHOUT = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "ctgeval":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Absent())
"""


class Cluster:
    """A scheduler, its workers, and the folder of each."""

    def __init__(self, root: Path, *scheduler: str, environment: dict[str, str] | None = None) -> None:
        self.root = root
        self.environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"} | (environment or {})
        told = root / "ordonnanceur.json"
        self.scheduler = self._start(
            "dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(told), *scheduler
        )
        # The file is written at once, by a rename or not: it is whole when it can be read.
        self.address = wait_for(lambda: _address(told))
        self.workers: list[psutil.Process] = []

    def add(self, **environment: str) -> psutil.Process:
        place = self.root / f"machine-{len(self.workers)}"
        place.mkdir()
        started = self._start(
            "dask_worker", self.address, "--nthreads", "1", "--no-nanny", "--host", "127.0.0.1",
            "--local-directory", str(place), **environment,
        )  # fmt: skip
        self.workers.append(started)
        return started

    def _start(self, what: str, *arguments: str, **environment: str) -> psutil.Process:
        with (self.root / f"{what}.txt").open("ab") as log:
            return psutil.Popen(
                [sys.executable, "-m", f"distributed.cli.{what}", "--no-dashboard", *arguments],
                stdout=log, stderr=subprocess.STDOUT, cwd=self.root, env=self.environment | environment,
            )  # fmt: skip

    def left(self) -> list[Path]:
        """What the visits of builds have left on the disks of the machines."""
        return sorted(self.root.glob("machine-*/**/ctgeval-*"))

    def running(self) -> list[psutil.Process]:
        """What works in their folders: wardens, warm parents, notebooks."""
        found = []
        for one in psutil.process_iter():
            with suppress(psutil.Error, OSError):
                if Path(one.cwd()).is_relative_to(self.root) and Path(one.cwd()) != self.root:
                    found.append(one)
        return found

    def close(self) -> None:
        for one in (*self.workers, self.scheduler):
            with suppress(psutil.Error):
                one.kill()
            one.wait()


def _address(told: Path) -> str:
    with suppress(OSError, ValueError):
        return str(json.loads(told.read_text())["address"])
    return ""


def wait_for(told: Callable[[], Any], *, seconds: float = 120.0) -> Any:
    """Wait for something that comes by itself, as long as a machine in pain may need."""
    end = time.monotonic() + seconds
    while not (found := told()):
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)
    return found


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Two workers of one thread."""
    made = Cluster(tmp_path_factory.mktemp("cluster").resolve())
    try:
        for _ in range(2):
            made.add()
        yield made
    finally:
        made.close()


@pytest.fixture
def task(tmp_path: Path) -> Callable[..., Task]:
    """A task whose notebook has this code."""

    def made(code: str, *, name: str = "essai") -> Task:
        cells = [new_code_cell('release = ""', metadata={"tags": ["parameters"]}), new_code_cell(code)]
        declared = {"ctgeval": {"parametres": {"release": {"type": "texte"}}}}
        path = tmp_path / f"{name}.ipynb"
        nbformat.write(new_notebook(cells=cells, metadata=declared), path)
        release = tmp_path / name / "travail" / "release"
        release.mkdir(parents=True)
        (release / "canari.txt").write_text(name, encoding="utf-8")
        return Task(path, tmp_path / name, {"release": "release"}, 60.0)

    return made


class Faulty(LocalFileSystem):
    """A folder of this machine behind ``fautif://``, whose writes or removals can be made to fail in the middle."""

    protocol = "fautif"
    refused: str = ""
    broken_after: int = -1

    @classmethod
    def _strip_protocol(cls, path: Any) -> Any:
        return LocalFileSystem._strip_protocol(path.removeprefix("fautif://"))

    def mv(self, path1: str, path2: str, **options: Any) -> None:
        self._refuse(path2)
        super().mv(path1, path2, **options)

    def rm_file(self, path: str) -> None:
        self._refuse(path)
        super().rm_file(path)

    def _refuse(self, path: str) -> None:
        if Faulty.refused and Faulty.refused in path:
            raise OSError("le réseau est tombé")
        if Faulty.broken_after >= 0:
            Faulty.broken_after -= 1
            if Faulty.broken_after < 0:
                raise KeyboardInterrupt


@pytest.fixture
def faulty() -> Iterator[type[Faulty]]:
    fsspec.register_implementation("fautif", Faulty, clobber=True)
    yield Faulty
    Faulty.refused, Faulty.broken_after = "", -1
