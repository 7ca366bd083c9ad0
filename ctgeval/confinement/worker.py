"""Run a module in a process that reaches Python and its own working folder only.

Started as ``python -P -m ctgeval.confinement.worker MODULE``: a process is confined before it loads libraries, some of
which start threads that would stay free.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

from ctgeval import confinement


def main(module: str) -> None:
    """Confine this process to its working folder, then run a module as if it had been started.

    Parameters
    ----------
    module : str
        Its full name.
    """
    confinement.confine_worker(Path.cwd())
    sys.argv = [module]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1])
