"""An engine of Papermill whose kernels are forked from a warm process: ``papermill --engine ctgeval``.

It is Papermill's own engine but for three things: kernels of this Python are forked (see `provisioner`: they are not
confined, the notebook is that of who runs it); random numbers start at the same place for the same parameters, as in
``ctgeval construire``; and what is written of each cell is true: one that was never run stays ``pending``, and one that
was running when the kernel died or when time was over is ``failed``.

References
----------
https://papermill.readthedocs.io/en/latest/extending-entry-points.html
"""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbclient.exceptions import CellExecutionError
from papermill.clientwrap import PapermillNotebookClient  # type: ignore[import-untyped]
from papermill.engines import NBClientEngine, NotebookExecutionManager  # type: ignore[import-untyped]
from papermill.log import logger  # type: ignore[import-untyped]

from ctgeval.report.parameters import seed

if TYPE_CHECKING:
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager
    from nbformat import NotebookNode

_DRAW_FROM = "__import__('random').seed({0}); __import__('numpy').random.seed({0})"
_PROVISIONER = {"kernel_provisioner": {"provisioner_name": "ctgeval-provisioner"}}
_PYTHONS = {"python", f"python{sys.version_info.major}", f"python{sys.version_info.major}.{sys.version_info.minor}"}

__all__ = ["CtgevalEngine"]


class CtgevalEngine(NBClientEngine):  # type: ignore[misc]
    """Papermill's engine, on warm kernels, with true statuses."""

    @classmethod
    def execute_notebook(
        cls,
        nb: NotebookNode,
        kernel_name: str,
        *,
        output_path: str | None = None,
        progress_bar: bool | dict[str, Any] = True,
        log_output: bool = False,
        autosave_cell_every: int = 30,
        **kwargs: Any,
    ) -> NotebookNode:
        """Run a notebook, and return it with its outputs and what became of each cell.

        Parameters
        ----------
        nb : nbformat.NotebookNode
            With its parameters.
        kernel_name : str
            Which kernel; one of another Python or another language is started as Papermill does.
        output_path : str, optional
            Where it is written after each cell.
        progress_bar, log_output, autosave_cell_every
            See `papermill.execute_notebook`.
        **kwargs
            Options of nbclient, and those of Papermill's engine: ``execution_timeout``, ``start_timeout``...

        Raises
        ------
        nbclient.exceptions.CellTimeoutError
            When a cell lasts longer than ``execution_timeout``.
        nbclient.exceptions.DeadKernelError
            When the kernel dies.
        """
        manager = _Manager(
            nb,
            output_path=output_path,
            progress_bar=progress_bar,
            log_output=log_output,
            autosave_cell_every=autosave_cell_every,
        )
        manager.notebook_start()
        try:
            cls.execute_managed_notebook(manager, kernel_name, log_output=log_output, **kwargs)
        finally:
            manager.cleanup_pbar()
            manager.notebook_complete()
        done: NotebookNode = manager.nb
        return done

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: NotebookExecutionManager,
        kernel_name: str,
        *,
        log_output: bool = False,
        start_timeout: int = 60,
        execution_timeout: int | None = None,
        **kwargs: Any,
    ) -> NotebookNode:
        """Run the cells; see `execute_notebook`."""
        options = {name: value for name, value in kwargs.items() if name not in {"input_path", "timeout"}}
        if "kernel_manager_class" not in options and (manager := _warm_manager(kernel_name)):
            options["kernel_manager_class"] = manager
        client = _Client(
            nb_man,
            **options
            | {
                "timeout": execution_timeout or kwargs.get("timeout"),
                "startup_timeout": start_timeout,
                "kernel_name": kernel_name,
                "log": logger,
                "log_output": log_output,
            },
        )
        done: NotebookNode = client.execute()
        return done


class _Manager(NotebookExecutionManager):  # type: ignore[misc]
    def notebook_complete(self, **kwargs: Any) -> None:
        # Papermill completes what is pending: here all cells that ran were told, and the others did not run.
        untold = [cell for cell in self.nb.cells if cell.metadata.papermill["status"] == self.PENDING]
        super().notebook_complete(**kwargs)
        for cell in untold:
            cell.metadata.papermill["status"] = self.PENDING
        self.save()

    def complete_pbar(self) -> None:
        """Leave the bar where it is: it was moved at the end of each cell."""


class _Client(PapermillNotebookClient):  # type: ignore[misc]
    def papermill_execute_cells(self) -> None:
        self._draw_from_parameters()
        for rank, cell in enumerate(self.nb.cells):
            self.nb_man.cell_start(cell, rank)
            try:
                self.execute_cell(cell, rank)
            except CellExecutionError as error:
                self.nb_man.cell_exception(self.nb.cells[rank], cell_index=rank, exception=error)
                return
            except BaseException as error:
                # Its kernel died, its time is over, or the person who waits gave up.
                self.nb_man.cell_exception(self.nb.cells[rank], cell_index=rank, exception=error)
                raise
            finally:
                self.nb_man.cell_complete(self.nb.cells[rank], cell_index=rank)

    def _draw_from_parameters(self) -> None:
        """Start random numbers at the same place for the same parameters, without a trace in the cells."""
        told = self.nb.metadata.get("papermill", {}).get("parameters", {})
        if self.nb.metadata.get("kernelspec", {}).get("language", "python") != "python":
            return
        with suppress(TypeError):
            self.wait_for_reply(self.kc.execute(_DRAW_FROM.format(seed(told)), silent=True, store_history=False))


def _warm_manager(kernel_name: str) -> type[AsyncKernelManager] | None:
    """Return what starts a kernel from the warm process; nothing when it is of another Python or another language."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
    from jupyter_client.manager import AsyncKernelManager

    try:
        found = KernelSpecManager().get_kernel_spec(kernel_name)
    except NoSuchKernel:
        return None
    program = found.argv[0] if found.argv else ""
    if found.language != "python" or (program not in _PYTHONS and Path(program) != Path(sys.executable)):
        return None
    found.metadata = {**found.metadata, **_PROVISIONER}

    class Manager(AsyncKernelManager):
        @property
        def kernel_spec(self) -> KernelSpec:
            return found

    return Manager
