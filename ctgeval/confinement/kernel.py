"""The process of one notebook: it confines itself, then becomes a kernel of Jupyter.

Started as ``python -P -m ctgeval.confinement.kernel CONNECTION PRIVATE [OPTION...]`` in the folder that holds the
release, by the worker that follows the notebook.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ctgeval import confinement

_PORTS = ("shell_port", "iopub_port", "stdin_port", "hb_port", "control_port")
_FOLDERS = {
    "HOME": "", "USERPROFILE": "", "APPDATA": "", "LOCALAPPDATA": "",
    "IPYTHONDIR": "ipython", "MPLCONFIGDIR": "matplotlib",
    "XDG_CACHE_HOME": "", "XDG_CONFIG_HOME": "", "XDG_DATA_HOME": "",
    "JUPYTER_CONFIG_DIR": "jupyter", "JUPYTER_DATA_DIR": "jupyter", "JUPYTER_RUNTIME_DIR": "jupyter",
    "TMPDIR": "tmp", "TEMP": "tmp", "TMP": "tmp",
}  # fmt: skip


def folders(private: Path) -> dict[str, str]:
    """Return the variables that send what libraries write to folders of the notebook alone, and make those folders.

    Parameters
    ----------
    private : Path
        The folder that holds them.
    """
    found = {name: private / folder for name, folder in _FOLDERS.items()}
    for folder in found.values():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return {name: str(folder) for name, folder in found.items()}


def main(arguments: Sequence[str]) -> None:
    """Confine this process and run the kernel until it is told to end.

    Parameters
    ----------
    arguments : sequence of str
        The connection file, the private folder, then options of the kernel.
    """
    connection, private, *options = arguments
    os.environ |= folders(Path(private))
    told = json.loads(Path(connection).read_text(encoding="utf-8"))
    ports = tuple(int(told[name]) for name in _PORTS)
    level = confinement.confine_notebook(Path.cwd(), Path(private), Path(connection), ports=ports)
    # The kernel listens to its own forked children on one more port, which is refused like any other.
    warnings.filterwarnings("ignore", message="Couldn't bind IOPub Pipe")
    from ipykernel.ipkernel import IPythonKernel
    from ipykernel.kernelapp import IPKernelApp

    class Childless(IPythonKernel):
        """A kernel that looks for no child when it ends: it can have none, and may not list the processes."""

        def _process_children(self) -> list[Any]:
            return []

    kind = Childless if level == "landlock" else IPythonKernel
    IPKernelApp.launch_instance(argv=["-f", connection, *options], kernel_class=kind)


if __name__ == "__main__":
    main(sys.argv[1:])
