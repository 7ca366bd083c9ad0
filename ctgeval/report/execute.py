"""Run one notebook in a process started for it, and tell truly how it ended.

The process itself is `kernels.alone`; `kernels.keeper` does the same with a forked one, and `endings` says how it went.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ctgeval.confinement.folders import folders
from ctgeval.errors import ParameterError
from ctgeval.report.endings import UNBORN, Failure, Outcome, failure, too_long
from ctgeval.report.kernels.follow import Cells, Started, followed
from ctgeval.report.parameters import Value, check, schema, seed

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = ["PRIVATE", "UNBORN", "WORK", "Failure", "Outcome", "failure", "inject", "run", "template", "too_long"]

WORK = "travail"
PRIVATE = "prive"
_ASKED = "cellules.json"


def template(path: Path) -> NotebookNode:
    """Read a notebook and strip what a former run may have left in it.

    Parameters
    ----------
    path : Path
        The notebook.

    Returns
    -------
    nbformat.NotebookNode
        Without outputs, execution counts, widgets' state, nor metadata other than tags.

    Raises
    ------
    ParameterError
        When the file is not a notebook.
    """
    import nbformat

    try:
        notebook: NotebookNode = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, AttributeError, KeyError, TypeError) as error:
        raise ParameterError(
            "Le carnet ne se lit pas.",
            file=path.name,
            value=f"{type(error).__name__} : {error}"[:200],
            remedy="Ouvrez-le dans Jupyter et enregistrez-le de nouveau.",
        ) from error
    notebook.metadata = nbformat.from_dict(  # type: ignore[no-untyped-call]
        {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
        | {"ctgeval": notebook.metadata.get("ctgeval", {})}
    )
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        cell.metadata = nbformat.from_dict({"tags": tags} if tags else {})  # type: ignore[no-untyped-call]
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


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


def run(
    path: Path, parameters: Mapping[str, Value], *, scratch: Path, limit: float, cell_limit: float | None = None
) -> Outcome:
    """Execute a notebook in a process of its own.

    Parameters
    ----------
    path : Path
        The notebook.
    parameters : mapping
        Values of its declared parameters.
    scratch : Path
        Folder of this run. Its sub-folder `WORK`, which holds the release and nothing else, is where the cells run:
        they reach no other file of this machine where the system can see to it (see `ctgeval.confinement`).
    limit : float
        Seconds that the whole notebook may take.
    cell_limit : float, optional
        Seconds that each cell may take; as much as the notebook by default.

    Raises
    ------
    ParameterError
        When a parameter is not declared by the notebook, or can't be handed to it.
    """
    notebook = template(path)
    values = check(parameters, schema(notebook.metadata, notebook=path.name), notebook=path.name)
    inject(notebook, values)
    return followed(
        notebook,
        lambda cells: _started(cells, scratch.resolve(), draw_from=seed(values)),
        limit=limit,
        cell_limit=limit if cell_limit is None else cell_limit,
    )


class _Alone:
    """A process that was started: see `follow.Process`."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def wait(self, seconds: float) -> int | None:
        try:
            return self._process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return None

    def kill(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        # What a cell started stays in the group of the process that was first there.
        if hasattr(os, "killpg"):
            with suppress(OSError):
                os.killpg(self._process.pid, 9)
        if self._process.stdin is not None:
            self._process.stdin.close()


def _started(cells: Cells, scratch: Path, *, draw_from: int) -> Started:
    private = scratch / PRIVATE
    private.mkdir(exist_ok=True, mode=0o700)
    _spare_fonts(private)
    told = {
        "cellules": list(cells), "travail": str(scratch / WORK), "prive": str(private), "graine": draw_from,
        "parent": os.getpid(),
    }  # fmt: skip
    asked = scratch / _ASKED
    asked.write_text(json.dumps(told), encoding="utf-8")
    process = subprocess.Popen(  # noqa: S603 our own module, in a place of our own
        [sys.executable, "-P", "-m", "ctgeval.report.kernels.alone", str(asked)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=scratch / WORK,
        env=os.environ | folders(private),
        bufsize=0,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    # The descriptors alone: whoever reads closes them.
    events, raw = (os.dup(one.fileno()) for one in (process.stdout, process.stderr))
    process.stdout.close()
    process.stderr.close()
    return Started(_Alone(process), events, raw)


def _spare_fonts(private: Path) -> None:
    """Hand the list of fonts that this process made to the notebook, which would make it again for each bilan."""
    folder = folders(private)["MPLCONFIGDIR"]
    for made in Path(os.environ.get("MPLCONFIGDIR", folder)).glob("fontlist-*.json"):
        if made.parent != Path(folder):
            shutil.copy(made, folder)
