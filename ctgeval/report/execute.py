"""Run one notebook with Papermill, in the process of a worker, and tell truly how it ended."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ctgeval import errors
from ctgeval.confinement.kernel import folders
from ctgeval.french import NNBSP
from ctgeval.report.parameters import Value, check, schema, seed

if TYPE_CHECKING:
    from jupyter_client.manager import AsyncKernelManager
    from nbformat import NotebookNode

WORK = "travail"
PRIVATE = "prive"
_GIVEN = "carnet.ipynb"
_EXECUTED = "execute.ipynb"
_LAST_WORD = "ctgeval: fin du carnet"
_DEAD = "Le noyau Python s’est arrêté brutalement (mémoire insuffisante ?)."
UNBORN = "Le noyau Python n’a pas pu démarrer : le système a refusé de le confiner, ou la mémoire manque."
_OURS = "ctgeval-fin"
# Random numbers of a notebook that does not say where they start: two runs must give the same page.
_DRAW_FROM = "__import__('random').seed({0}); __import__('numpy').random.seed({0})"
_MARKER = "papermill-error-cell-tag"
_SHORTEST_WAIT = 1.0


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a notebook did not reach its end.

    Parameters
    ----------
    cell : int
        Rank of the failing code cell among the code cells of the notebook, from 1; 0 when it is not known.
    source : str
        Code of that cell.
    message : str
        What happened, in French.
    """

    cell: int
    source: str
    message: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run gave: the executed notebook, and the failure if there was one."""

    notebook: NotebookNode
    failure: Failure | None


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
    """
    import nbformat

    notebook: NotebookNode = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
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


def run(path: Path, parameters: Mapping[str, Value], *, scratch: Path, limit: float) -> Outcome:
    """Execute a notebook in a kernel of its own.

    Parameters
    ----------
    path : Path
        The notebook.
    parameters : mapping
        Values of its declared parameters.
    scratch : Path
        Folder of this run. Its sub-folder `WORK`, which holds the release and nothing else, is where the kernel runs:
        it reaches no other file of this machine where the system can see to it (see `ctgeval.confinement`).
    limit : float
        Seconds that the whole notebook may take.

    Raises
    ------
    ParameterError
        When a parameter is not declared by the notebook, or can't be handed to it.
    """
    import nbformat
    from nbformat.v4 import new_code_cell

    notebook = template(path)
    values = check(parameters, schema(notebook.metadata, notebook=path.name), notebook=path.name)
    # Papermill marks every cell as completed after the kernel's death: only a kernel that lives to the end says this.
    last = new_code_cell(f"print({_LAST_WORD!r})", metadata={"tags": [_OURS]})  # type: ignore[no-untyped-call]
    first = new_code_cell(_DRAW_FROM.format(seed(values)), metadata={"tags": [_OURS]})  # type: ignore[no-untyped-call]
    notebook.cells = [first, *notebook.cells, last]
    nbformat.write(notebook, scratch / _GIVEN)  # type: ignore[no-untyped-call]
    stopped = _execute(values, scratch=scratch, limit=limit)
    executed = nbformat.read(scratch / _EXECUTED, as_version=4)  # type: ignore[no-untyped-call]
    reached = any(_LAST_WORD in output.get("text", "") for output in executed.cells[-1].get("outputs", []))
    executed.cells = [cell for cell in executed.cells if not {_OURS, _MARKER} & set(cell.metadata.get("tags", []))]
    whole = reached and not stopped and not any(_errors(cell) for cell in executed.cells)
    return Outcome(notebook=executed, failure=None if whole else failure(executed, stopped))


def _execute(values: Mapping[str, Value], *, scratch: Path, limit: float) -> str:
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
    from papermill import execute_notebook  # type: ignore[import-untyped]
    from papermill.exceptions import PapermillExecutionError  # type: ignore[import-untyped]

    end = time.monotonic() + limit
    before = Path.cwd()
    # Papermill applies str.format to its paths: these are plain names, whatever the temporary folder is called.
    os.chdir(scratch)
    private = scratch.resolve() / PRIVATE
    private.mkdir(exist_ok=True, mode=0o700)
    _spare_fonts(private)
    try:
        execute_notebook(
            _GIVEN,
            _EXECUTED,
            parameters=dict(values),
            kernel_name="python3",
            kernel_manager_class=_manager(private),
            progress_bar=False,
            cwd=WORK,
            timeout_func=lambda _cell: max(_SHORTEST_WAIT, end - time.monotonic()),
        )
    except CellTimeoutError:
        return too_long(limit)
    except DeadKernelError:
        return _DEAD
    except PapermillExecutionError:
        return ""
    except CellExecutionError as error:
        return f"L’exécution s’est arrêtée : {error.ename}."
    except RuntimeError:
        return UNBORN
    finally:
        os.chdir(before)
    return ""


def _spare_fonts(private: Path) -> None:
    """Hand the list of fonts that this process made to the kernel, which would make it again for each bilan."""
    folder = folders(private)["MPLCONFIGDIR"]
    for made in Path(os.environ.get("MPLCONFIGDIR", folder)).glob("fontlist-*.json"):
        if made.parent != Path(folder):
            shutil.copy(made, folder)


def _manager(private: Path) -> type[AsyncKernelManager]:
    """Return what starts the kernel: our own, which confines itself before it loads anything, in place of Jupyter's."""
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager

    argv = [sys.executable, "-P", "-m", "ctgeval.confinement.kernel", "{connection_file}", str(private)]

    class Manager(AsyncKernelManager):
        @property
        def kernel_spec(self) -> KernelSpec:
            return KernelSpec(argv=argv, display_name="Python 3", language="python", env=folders(private))

    return Manager


def _errors(cell: NotebookNode) -> list[NotebookNode]:
    return [output for output in cell.get("outputs", []) if output.output_type == "error"]


def too_long(limit: float) -> str:
    """Return why a notebook that lasts too long was stopped.

    Parameters
    ----------
    limit : float
        Seconds that it was given.
    """
    return f"La durée accordée au carnet ({limit:.0f} secondes) est dépassée."


def failure(notebook: NotebookNode, stopped: str) -> Failure:
    """Return which cell failed, and why.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        As far as it was executed: a cell that ended has ``shell.execute_reply`` in its ``execution`` metadata.
    stopped : str
        Why it was stopped from outside; empty when it was not.
    """
    cells = [cell for cell in notebook.cells if cell.cell_type == "code" and not _is_injected(cell)]
    for rank, cell in enumerate(cells, start=1):
        for error in _errors(cell):
            return Failure(cell=rank, source=cell.source, message=stopped or _told(error.ename, error.evalue))
    rank, cell = next(
        ((rank, cell) for rank, cell in enumerate(cells, start=1) if not _replied(cell) and cell.source.strip()),
        (0, None),
    )
    return Failure(cell=rank, source=cell.source if cell else "", message=stopped or _DEAD)


def _is_injected(cell: NotebookNode) -> bool:
    return "injected-parameters" in cell.metadata.get("tags", [])


def _replied(cell: NotebookNode) -> bool:
    return "shell.execute_reply" in cell.metadata.get("execution", {})


def _told(name: str, value: str) -> str:
    ours = getattr(errors, name, None)
    if isinstance(ours, type) and issubclass(ours, errors.CtgevalError):
        return value
    return f"{name}{NNBSP}: {value}" if value else name
