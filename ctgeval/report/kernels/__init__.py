"""Notebooks run by the children of a process that is already warm: what they need is loaded once, not once a notebook.

- `fork.ForkPool` is what the coordinator holds; it speaks with the hearth, and falls back on `report.pool`
- `hearth` is the warm process: it loads libraries (`prime`), knows no notebook nor release, and forks
- `keeper` follows one notebook: it forks its process, gathers what comes out of it, renders it and replies
- `cells` is the process of one notebook: it confines itself, then runs the cells in `shell`

Only a process of one thread may fork: elsewhere than on Linux, `report.pool` gives the same pages.
"""

from __future__ import annotations

import os
import sys
from typing import Literal

Kernels = Literal["fork", "process"]

__all__ = ["Kernels", "best"]


def best() -> Kernels:
    """Return how notebooks are best run on this system: ``fork`` where a warm process may fork safely."""
    return "fork" if sys.platform == "linux" and hasattr(os, "pidfd_open") else "process"
