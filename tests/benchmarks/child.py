"""One task with one package, in a process of its own: ``child.py TASK PACKAGE``.

It makes the data, imports the package and answers, then waits: each line read on its input makes it estimate once, and
answer with the seconds, the processor seconds and what was found. So that packages are timed in turns, none of them in
a quieter moment than another.
"""

from __future__ import annotations

import gc
import json
import os
import re
import sys
import time
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "2")
_STATUS = Path("/proc/self/status")
_RESET = Path("/proc/self/clear_refs")


def _megabytes(name: str) -> float:
    """Memory held now (VmRSS), or at most since the last reset (VmHWM); NaN where the system does not tell."""
    if not _STATUS.is_file():
        return float("nan")
    found = re.search(rf"{name}:\s+(\d+)", _STATUS.read_text("ascii"))
    return int(found.group(1)) / 1024 if found else float("nan")


def _forget_peak() -> None:
    if _RESET.exists():
        _RESET.write_text("5", encoding="ascii")


def _number(value: Any) -> float | None:
    number = float(value)
    return number if number == number and abs(number) != float("inf") else None  # noqa: PLR0124


def main() -> int:
    """Answer on the first output; what packages write goes to the second."""
    task, package = sys.argv[1:]
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def answer(**fields: Any) -> None:
        answers.write(json.dumps(fields) + "\n")
        answers.flush()

    warnings.simplefilter("ignore")
    here = Path(__file__).resolve().parent
    sys.path[:0] = [str(here), *([str(here.parent.parent)] if package == "ctgeval" else [])]
    data = {**import_module("tasks").TASKS[task].make(), "task": task}
    started = time.perf_counter()
    try:
        run = import_module("peers").ADAPTERS[task, package](data)
    except ImportError as error:
        answer(status="absent", why=str(error))
        return 0
    gc.collect()
    held = _megabytes("VmRSS")
    answer(status="ready", setup_s=time.perf_counter() - started)
    for _ in sys.stdin:
        gc.collect()
        now = _megabytes("VmRSS")
        _forget_peak()
        started, processor = time.perf_counter(), time.process_time()
        try:
            found = run()
        except Exception as error:  # noqa: BLE001  another's package may raise anything, and is then told
            answer(status="error", why=f"{type(error).__name__}: {error}"[:300])
            return 0
        seconds, processor = time.perf_counter() - started, time.process_time() - processor
        numbers = {name: _number(value) for name, value in found.items()}
        peak = _megabytes("VmHWM")
        answer(status="ok", wall=seconds, cpu=processor, memory=peak - held, call_memory=peak - now, **numbers)
    return 0


if __name__ == "__main__":
    sys.exit(main())
