"""One way of making reports, in a process of its own: ``report_way.py WAY FOLDER``.

Each line read on its input is a number of reports to make; it answers when they are made, with what the last page
holds. The processor seconds are read from outside (see `bench_report`), in the whole tree of processes.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent.parent)]

from report_notebook import code  # noqa: E402

BIN = Path(sys.executable).parent
LIMIT = 120.0
Make = Callable[[list[int]], str]
_TO_CLOSE: list[Callable[[], object]] = []


def _parameters(folder: Path, index: int) -> dict[str, str]:
    return {"release": str(folder / "release"), "territoire": code(index)}


def _commands(folder: Path) -> Make:
    def make(indexes: list[int]) -> str:
        executed = folder / "commandes.ipynb"
        for index in indexes:
            told = [part for pair in _parameters(folder, index).items() for part in ("-p", *pair)]
            _quiet(str(BIN / "papermill"), str(folder / "essai.ipynb"), str(executed), *told)
            _quiet(str(BIN / "jupyter"), "nbconvert", "--to", "html", "--no-input", str(executed))
        return executed.with_suffix(".html").read_text(encoding="utf-8")

    return make


def _quiet(*command: str) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _one_papermill(folder: Path, engine: str | None, exporter: Any, index: int) -> str:
    import papermill

    executed = folder / f"papermill-{engine}-{os.getpid()}.ipynb"
    notebook = papermill.execute_notebook(
        str(folder / "essai.ipynb"), str(executed), _parameters(folder, index), engine_name=engine, progress_bar=False
    )
    raw, _ = exporter.from_notebook_node(notebook)
    executed.with_suffix(".html").write_text(raw, encoding="utf-8")
    return str(raw)


def _exporter() -> Any:
    from nbconvert import HTMLExporter

    return HTMLExporter(exclude_input=True)


def _papermill(folder: Path, *, engine: str | None = None) -> Make:
    exporter = _exporter()
    return lambda indexes: [_one_papermill(folder, engine, exporter, index) for index in indexes][-1]


def _in_a_worker(folder: str, index: int) -> str:
    global _KEPT  # noqa: PLW0603 one exporter by worker
    _KEPT = _KEPT or _exporter()
    return _one_papermill(Path(folder), None, _KEPT, index)


_KEPT: Any = None


def _dask(folder: Path) -> Make:
    from distributed import Client, LocalCluster

    cluster = LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None)
    client = Client(cluster)
    client.run(sys.path.insert, 0, str(HERE))
    _TO_CLOSE.extend((client.close, cluster.close))

    def make(indexes: list[int]) -> str:
        from report_way import _in_a_worker as one

        return str(client.gather(client.map(partial(one, str(folder)), indexes, pure=False))[-1])

    return make


def _ours(folder: Path, *, jobs: int = 1) -> Make:
    from concurrent.futures import ThreadPoolExecutor

    from ctgeval.report.kernels.fork import ForkPool
    from ctgeval.report.pool import Task

    root = folder / f"temporaire-{os.getpid()}"
    root.mkdir()
    pool = ForkPool(root, hidden=folder / "dossier")
    _TO_CLOSE.append(pool.close)

    def one(index: int) -> str:
        scratch = root / f"bilan-{index}-{threading.get_ident()}"
        shutil.rmtree(scratch, ignore_errors=True)
        shutil.copytree(folder / "release", scratch / "travail" / "release")
        told = {"release": "release", "territoire": code(index)}
        reply = pool.run(Task(folder / "essai.ipynb", scratch, told, LIMIT))
        assert "message" not in reply, reply
        shutil.rmtree(scratch)
        return str(reply["html"])

    def make(indexes: list[int]) -> str:
        with ThreadPoolExecutor(jobs) as threads:
            return list(threads.map(one, indexes))[-1]

    return make


def _floor(folder: Path) -> Make:
    """The cells alone, in a process forked from one that has loaded everything; their outputs are made, and dropped."""
    os.environ |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    import nbformat

    from ctgeval.report.kernels import prime, shell as shells

    shell = prime.everything()
    cells = [cell.source for cell in nbformat.read(folder / "essai.ipynb", as_version=4).cells]
    kinds = [cell.cell_type for cell in nbformat.read(folder / "essai.ipynb", as_version=4).cells]

    def child(index: int) -> None:
        shells.listened(lambda _event: None)
        given = "\n".join(f"{name} = {value!r}" for name, value in _parameters(folder, index).items())
        for kind, source in zip(kinds, cells, strict=True):
            if kind == "code":
                failed = shells.ended_by(shell, given if source.startswith("release = ") else source)
                if failed:
                    os._exit(1)
        os._exit(0)

    def make(indexes: list[int]) -> str:
        for index in indexes:
            pid = os.fork()
            if not pid:
                child(index)
            assert os.waitpid(pid, 0)[1] == 0
        return ""

    return make


WAYS: dict[str, Callable[[Path], Make]] = {
    "commands": _commands,
    "papermill": _papermill,
    "dask": _dask,
    "engine": partial(_papermill, engine="ctgeval"),
    "construire": _ours,
    "construire-3": partial(_ours, jobs=3),
    "floor": _floor,
}


def main() -> int:
    """Answer on the first output; what libraries write goes to the second."""
    way, folder = sys.argv[1], Path(sys.argv[2])
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    warnings.simplefilter("ignore")
    make, made = WAYS[way](folder), 0
    try:
        for line in sys.stdin:
            count = int(line)
            page = make(list(range(made, made + count)))
            made += count
            figures = len(re.findall(r"data:image/png|<svg", page))
            told = {"made": made, "figures": figures, "tables": page.count("<table"), "size": len(page)}
            answers.write(json.dumps(told) + "\n")
            answers.flush()
    finally:
        # A report that fails ends the way, whose processes must not wait for the next.
        for close in _TO_CLOSE:
            close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
