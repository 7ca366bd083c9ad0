"""How the run of a notebook ended, told in French: the failing cell, why, and whether it is worth another try."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ctgeval import errors, french
from ctgeval.french import NNBSP
from ctgeval.report.limits import written

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = [
    "BEGUN",
    "LEFT",
    "MOST",
    "REPLIED",
    "UNBORN",
    "Failure",
    "Outcome",
    "died",
    "failure",
    "from_outside",
    "too_long",
    "too_long_a_cell",
    "too_much_memory",
    "too_much_output",
]

BEGUN, REPLIED = "iopub.status.busy", "shell.execute_reply"
"""What the ``execution`` metadata of a cell has when it has begun, and when it has ended, as Jupyter writes them."""
MOST = 64 * 2**20
"""Bytes that a notebook may write, all outputs together."""
UNBORN = "Le noyau Python n’a pas pu démarrer : le système a refusé de le confiner, ou la mémoire manque."
LEFT = "La cellule a demandé la fin du carnet (« exit » ou « quit ») : la suite n’a pas été exécutée."
_DEAD = "Le noyau Python s’est arrêté brutalement"


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
    again : bool
        Whether another try may end otherwise: the notebook itself is not the cause, as far as can be seen.
    """

    cell: int
    source: str
    message: str
    again: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run gave: the executed notebook, and the failure if there was one."""

    notebook: NotebookNode
    failure: Failure | None


def too_long(limit: float) -> str:
    """Return why a notebook that lasts too long was stopped.

    Parameters
    ----------
    limit : float
        Seconds that it was given.
    """
    return f"La durée accordée au carnet ({_seconds(limit)}) est dépassée."


def too_long_a_cell(limit: float) -> str:
    """Return why a notebook of which one cell lasts too long was stopped.

    Parameters
    ----------
    limit : float
        Seconds that each cell was given.
    """
    return f"La durée accordée à chaque cellule ({_seconds(limit)}) est dépassée."


def too_much_memory(allowed: int) -> str:
    """Return why a notebook that takes too much memory was stopped.

    Parameters
    ----------
    allowed : int
        Bytes that it was given.
    """
    return f"Le carnet occupe plus que la mémoire accordée ({written(allowed)}) : il a été arrêté."


def too_much_output() -> str:
    """Return why a notebook that writes too much was stopped."""
    return f"Le carnet a écrit plus de {MOST >> 20}\u00a0Mo : il a été arrêté."


def _seconds(limit: float) -> str:
    return french.plural(round(limit), "seconde")


def from_outside(code: int | None) -> bool:
    """Whether a process was killed by somebody else, or by the system when memory is short.

    Parameters
    ----------
    code : int or None
        Its exit code, negative for a signal; None when it is not known.
    """
    return code is not None and -code in {signal.SIGTERM, getattr(signal, "SIGKILL", 9)}


def died(code: int | None) -> str:
    """Return why a process that told nothing is gone.

    Parameters
    ----------
    code : int or None
        Its exit code, negative for a signal; None when it had to be killed after it had ceased to answer.
    """
    if code is None:
        return f"{_DEAD} : une cellule l’a coupé de ce qui recueille ses sorties."
    if code >= 0:
        return f"{_DEAD} : une cellule a mis fin au processus (code {code})."
    name = _signal(-code)
    if from_outside(code):
        return f"{_DEAD} : il a été tué ({name}), par le système quand la mémoire manque ou par quelqu’un."
    return f"{_DEAD} : une bibliothèque s’est effondrée ({name})."


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def failure(notebook: NotebookNode, stopped: str, *, again: bool = False) -> Failure:
    """Return which cell failed, and why.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        As far as it was executed, see `BEGUN` and `REPLIED`.
    stopped : str
        Why it was stopped from outside; empty when it was not.
    again : bool
        Whether what stopped it is worth another try; the error of a cell never is.
    """
    cells = [cell for cell in notebook.cells if cell.cell_type == "code" and not _is_injected(cell)]
    ranked = list(enumerate(cells, start=1))
    # A cell may show an error and go on: what stopped the notebook then happened in the one that was running.
    running = [(rank, cell) for rank, cell in ranked if _begun(cell) and not _replied(cell)] if stopped else []
    failed = [(rank, cell) for rank, cell in ranked if _errors(cell)]
    if failed and not running:
        rank, cell = failed[0]
        error = _errors(cell)[0]
        return Failure(cell=rank, source=cell.source, message=_told(error.ename, error.evalue))
    left = [(rank, cell) for rank, cell in ranked if not _replied(cell) and cell.source.strip()]
    rank, cell = next(iter(running or left), (0, None))
    return Failure(cell=rank, source=cell.source if cell else "", message=stopped or f"{_DEAD}.", again=again)


def _errors(cell: NotebookNode) -> list[NotebookNode]:
    return [output for output in cell.get("outputs", []) if output.output_type == "error"]


def _is_injected(cell: NotebookNode) -> bool:
    return "injected-parameters" in cell.metadata.get("tags", [])


def _begun(cell: NotebookNode) -> bool:
    return BEGUN in cell.metadata.get("execution", {})


def _replied(cell: NotebookNode) -> bool:
    return REPLIED in cell.metadata.get("execution", {})


def _told(name: str, value: str) -> str:
    ours = getattr(errors, name, None)
    if isinstance(ours, type) and issubclass(ours, errors.CtgevalError):
        return value
    return f"{name}{NNBSP}: {value}" if value else name
