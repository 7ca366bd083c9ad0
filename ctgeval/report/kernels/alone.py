"""The process of one notebook, started anew: where no warm process may fork, the same cells give the same outputs.

Started as ``python -P -m ctgeval.report.kernels.alone FILE`` by a worker (`report.execute`). The file says what to run;
the standard output is where it is told, the standard error receives what does not pass by Python, and the standard
input, on which nothing comes, closes when the worker is gone.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any, NoReturn

from ctgeval.report.kernels import cells, kin

__all__ = ["main"]

_WORKER, _EVENTS, _RAW = 0, 1, 2
_KEPT = 90


def main(file: str) -> NoReturn:
    """Run the cells that a file asks for, and end.

    Parameters
    ----------
    file : str
        JSON: ``cellules`` (rank and code of each), ``travail``, ``prive`` (folders), ``graine``, ``parent``.
    """
    asked = json.loads(Path(file).read_text(encoding="utf-8"))
    kin.die_with(int(asked["parent"]))
    if sys.platform != "linux":
        _watch()
    cells.run(
        [(int(rank), str(source)) for rank, source in asked["cellules"]],
        work=Path(asked["travail"]),
        private=Path(asked["prive"]),
        events=_EVENTS,
        raw=_RAW,
        seed=int(asked["graine"]),
        ipython=_made,
        forked=False,
    )


def _made() -> Any:
    from ctgeval.report.kernels.shell import made

    return made()


def _watch() -> None:
    """End when the worker does, on systems that do not see to it."""
    worker = os.dup2(_WORKER, _KEPT, inheritable=False)
    leave, read = os._exit, os.read

    def wait() -> None:
        while read(worker, 1):
            continue
        leave(1)

    threading.Thread(target=wait, daemon=True).start()


if __name__ == "__main__":
    main(sys.argv[1])
