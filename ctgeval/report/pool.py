"""Several notebooks at a time, each worker being a process that is given releases only."""

from __future__ import annotations

import json
import os
import queue
import shutil
import site
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ctgeval import confinement
from ctgeval.confinement.kernel import folders
from ctgeval.errors import ReportError
from ctgeval.report.files import digest
from ctgeval.report.parameters import Value

GRACE = 60.0
_TEMPLATE = "modele"
STOPPED = "Le processus du carnet s’est arrêté brutalement (mémoire ou durée dépassée ?)."
# What a process needs of a system to run. The rest may name the dossier, or hold a password.
_KEPT = {
    "LANG", "LANGUAGE", "TZ", "TZDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH",
    "PATH", "PYTHONPATH", "PYTHONHOME", "PYTHONWARNINGS", "VIRTUAL_ENV", "CONDA_PREFIX",
    "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "OS", "NUMBER_OF_PROCESSORS",
    "PROCESSOR_ARCHITECTURE", "PROCESSOR_IDENTIFIER", "PROGRAMFILES", "PROGRAMDATA", "ALLUSERSPROFILE",
}  # fmt: skip
_LISTS = {"PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH"}
_FIXED = {
    # One thread by kernel: several run at the same time, and results must not depend on the number of cores.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "PYTHONIOENCODING": "utf-8",
    "PYTHONUTF8": "1",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    "JUPYTER_NO_CONFIG": "1",
}


@dataclass(frozen=True, slots=True)
class Task:
    """One notebook to run: its path, its scratch folder, its parameters, its time limit in seconds."""

    notebook: Path
    scratch: Path
    parameters: Mapping[str, Value]
    limit: float


def environment(hidden: Path, private: Path, *, variables: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a worker: what a system needs, without a word of the dossier nor of a person.

    Parameters
    ----------
    hidden : Path
        Folder of the dossier; a value that names it is left out, and in a list of folders those that hold it too.
    private : Path
        Folder for the worker's own settings.
    variables : mapping
        The environment to start from.
    """
    kept = {}
    for name, value in variables.items():
        if name.upper() in _LISTS:
            kept[name] = os.pathsep.join(part for part in value.split(os.pathsep) if not _tells(part, hidden))
        elif (name.upper() in _KEPT or name.upper().startswith("LC_")) and not _tells(value, hidden):
            kept[name] = value
    package = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(part for part in (package, kept.get("PYTHONPATH", "")) if part)
    # A home of its own would hide the packages that a person installed for himself, if he did.
    user = {"PYTHONUSERBASE": site.getuserbase()} if site.getusersitepackages() in sys.path else {}
    return kept | _FIXED | folders(private) | user | {"PYTHONPATH": path}


def _tells(value: str, hidden: Path) -> bool:
    """Whether a value names the dossier, or is a folder that holds it."""
    told = os.path.normcase(value)
    if any(os.path.normcase(name) in told for name in (str(hidden), str(hidden.resolve()), hidden.as_posix())):
        return True
    return bool(value) and Path(value).is_absolute() and hidden.resolve().is_relative_to(Path(value).resolve())


class Pool:
    """Workers started when needed and used again, as many as notebooks run at the same time.

    Parameters
    ----------
    root : Path
        Temporary folder, where the workers stand.
    hidden : Path
        Folder of the dossier, which they must not know.

    Raises
    ------
    ReportError
        When the dossier lies where any program of this machine must be able to read.
    """

    def __init__(self, root: Path, *, hidden: Path) -> None:
        if confinement.holds(hidden):
            raise ReportError(
                "Le dossier se trouve parmi les fichiers de Python ou du système : les carnets pourraient le lire.",
                file=hidden.name,
                remedy="Déplacez-le, par exemple dans vos documents.",
            )
        self._root = root
        self._environment = environment(hidden, root / "reglages", variables=os.environ)
        self._idle: queue.SimpleQueue[subprocess.Popen[str]] = queue.SimpleQueue()
        self._all: list[subprocess.Popen[str]] = []
        self._lock = threading.Lock()

    def run(self, task: Task) -> dict[str, Any]:
        """Run a notebook in a free worker and return its reply (see `worker.reply`).

        Parameters
        ----------
        task : Task
            What to run.

        Returns
        -------
        dict
            The reply, and ``carnet``: sha256 of the notebook as it was run, whatever became of its file since. When the
            worker itself dies or outlives the limit, the rest is a ``message`` only.
        """
        worker = self._worker()
        given = replace(task, notebook=copied(task))
        ran = digest(given.notebook)
        alarm = threading.Timer(task.limit + GRACE, worker.kill)
        alarm.start()
        try:
            answer = _asked(worker, given)
        finally:
            alarm.cancel()
        if not answer:
            worker.kill()
            worker.wait()
            journal = self._root / f"journal-{self._all.index(worker)}.txt"
            return {"message": f"{STOPPED}{last_words(journal)}", "carnet": ran}
        self._idle.put(worker)
        told: dict[str, Any] = json.loads(answer)
        return told | {"carnet": ran}

    def _worker(self) -> subprocess.Popen[str]:
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            pass
        with self._lock:
            rank = len(self._all)
            # What libraries write while they work is of no use to the reader of the terminal.
            with (self._root / f"journal-{rank}.txt").open("wb") as log:
                worker = subprocess.Popen(
                    [sys.executable, "-P", "-m", "ctgeval.confinement.worker", "ctgeval.report.worker"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    cwd=self._root,
                    env=self._environment,
                    encoding="utf-8",
                )
            self._all.append(worker)
        return worker

    def close(self) -> None:
        """Let the idle workers end, and stop the others."""
        for worker in self._all:
            for stream in (worker.stdin, worker.stdout):
                if stream is not None:
                    with gone_is_silent():
                        stream.close()
        for worker in self._all:
            try:
                worker.wait(timeout=5)
            except subprocess.TimeoutExpired:
                worker.kill()
                worker.wait()


def copied(task: Task) -> Path:
    """Copy the notebook beside its release: the worker reads nothing outside the temporary folder.

    Parameters
    ----------
    task : Task
        Which notebook, and in which scratch folder.
    """
    folder = task.scratch / _TEMPLATE
    folder.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copyfile(task.notebook, folder / task.notebook.name))


def request(task: Task) -> dict[str, Any]:
    """Return what is asked of a worker, see `worker.reply`.

    Parameters
    ----------
    task : Task
        What to run.
    """
    return {
        "carnet": str(task.notebook),
        "dossier": str(task.scratch),
        "parametres": dict(task.parameters),
        "limite": task.limit,
    }


def last_words(journal: Path) -> str:
    """Return the last line that a process wrote, as the end of a sentence about its death.

    Parameters
    ----------
    journal : Path
        What it wrote.
    """
    lines = journal.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return f" Derniers mots du processus : {lines[-1]}" if lines else ""


def _asked(worker: subprocess.Popen[str], task: Task) -> str:
    if worker.stdin is None or worker.stdout is None:
        return ""
    with gone_is_silent():
        worker.stdin.write(json.dumps(request(task)) + "\n")
        worker.stdin.flush()
        return worker.stdout.readline()
    return ""


@contextmanager
def gone_is_silent() -> Iterator[None]:
    """Ignore that the process at the other end is gone: its silence says it already."""
    try:
        yield
    except (BrokenPipeError, ConnectionError, ValueError):
        return
