"""An ordinary Jupyter kernel in a process forked from a warm one: its sockets, threads and shell come after the fork.

It differs from one started alone by what is loaded already, by its single thread of linear algebra, and by its keeping
no history of what was typed.
"""

from __future__ import annotations

import gc
import os
import random
import sys
import tempfile
from collections.abc import Sequence
from typing import Any

from ctgeval.report.kernels import prime

_MODULES = (
    "ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.zmqshell", "ipykernel.debugger", "ipykernel.displayhook",
    "IPython.core.completer", "IPython.core.magics", "IPython.extensions.storemagic",
)  # fmt: skip
# The history is a file that all kernels of a person would write, from a thread.
_OPTIONS = ("--HistoryManager.enabled=False",)

__all__ = ["become", "load"]


def load() -> None:
    """Load what kernels and notebooks use, in the process that forks them."""
    os.environ.setdefault("MPLBACKEND", prime.BACKEND)
    prime.libraries(*_MODULES)


def become(options: Sequence[str]) -> int:
    """Be a kernel until it is told to end; called once, in its own process.

    Parameters
    ----------
    options : sequence of str
        Those of ``python -m ipykernel_launcher``, such as ``-f`` and the connection file.

    Returns
    -------
    int
        Exit code.
    """
    from ipykernel.kernelapp import IPKernelApp

    class Application(IPKernelApp):
        def init_poller(self) -> None:
            """Watch no parent: the system ends this process with it."""

        def init_gui_pylab(self) -> None:
            super().init_gui_pylab()  # type: ignore[no-untyped-call]
            _show_figures(self.shell)

    gc.enable()
    prime.forget()
    tempfile.tempdir = None
    _draw_anew()
    sys.argv = ["ipykernel_launcher", *options]
    # The number of a parent: without one it would tell on the terminal how to be reached.
    Application.launch_instance(argv=[*options, *_OPTIONS], parent_handle=os.getppid())
    return 0


def _draw_anew() -> None:
    """Start random numbers elsewhere than in the other kernels: all inherit the same place."""
    import numpy as np

    random.seed()
    np.random.seed()  # noqa: NPY002 what notebooks that use the old functions draw from


def _show_figures(shell: Any) -> None:
    """Give matplotlib, which was loaded before the shell, what it gives itself in a kernel: else figures are lost."""
    import matplotlib.pyplot as plt
    from IPython.core.pylabtools import activate_matplotlib
    from matplotlib_inline.backend_inline import configure_inline_support

    backend = os.environ["MPLBACKEND"]
    if backend in {prime.BACKEND, "inline"}:
        activate_matplotlib(backend)  # type: ignore[no-untyped-call]
        configure_inline_support(shell, backend)  # type: ignore[no-untyped-call]
    else:
        plt.switch_backend(backend)
