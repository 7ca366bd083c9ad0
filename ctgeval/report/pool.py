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
from ctgeval.confinement.folders import folders
from ctgeval.errors import ReportError
from ctgeval.report import endings
from ctgeval.report.files import digest
from ctgeval.report.limits import MEMORY
from ctgeval.report.memory import Watch, Watched
from ctgeval.report.parameters import Value

GRACE = 60.0
_TEMPLATE = "modele"
STOPPED = "Le processus qui suivait le carnet s’est arrêté brutalement."
TOO_SLOW = "Le processus qui suivait le carnet n’a pas répondu dans le temps accordé : le carnet écrit sans doute trop."
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
    # Arrow's allocator would start a thread, after which nothing may fork.
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}


@dataclass(frozen=True, slots=True)
class Task:
    """One notebook to run.

    Parameters
    ----------
    notebook, scratch : Path
        The notebook, and the folder where it is run (see `execute.run`).
    parameters : mapping
        Values of its parameters.
    limit : float
        Seconds that it may take.
    cell_limit : float, optional
        Seconds that each of its cells may take; as much as the notebook by default.
    memory : int
        Bytes of memory that it may occupy.
    """

    notebook: Path
    scratch: Path
    parameters: Mapping[str, Value]
    limit: float
    cell_limit: float | None = None
    memory: int = MEMORY


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


class Interrupted(Exception):
    """A notebook was running when everything was stopped."""


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
        self._watch = Watch()
        self._closed = False

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
            worker itself dies or outlives the limit, the rest is a ``message`` only, and ``reprise`` when another try
            may end otherwise.

        Raises
        ------
        Interrupted
            When the pool is stopped before the end.
        """
        given = replace(task, notebook=copied(task))
        ran = digest(given.notebook)
        worker = self._worker()
        slow = threading.Event()

        def stop() -> None:
            slow.set()
            worker.kill()

        alarm = threading.Timer(task.limit + GRACE, stop)
        alarm.daemon = True
        alarm.start()
        try:
            with self._watch.over(task.memory, follower=worker.pid) as watched:
                answer = _asked(worker, given)
        finally:
            alarm.cancel()
        if not answer.endswith("\n"):
            return self._without(worker, slow=slow.is_set()) | {"carnet": ran}
        self._idle.put(worker)
        told: dict[str, Any] = json.loads(answer)
        return weighed(told, watched) | {"carnet": ran}

    def _without(self, worker: subprocess.Popen[str], *, slow: bool) -> dict[str, Any]:
        """Return what is told when a worker gives no reply."""
        worker.kill()
        code = worker.wait()
        if self._closed:
            raise Interrupted
        if slow:
            return {"message": TOO_SLOW}
        journal = self._root / f"journal-{self._all.index(worker)}.txt"
        again = {"reprise": True} if endings.from_outside(code) else {}
        return {"message": f"{STOPPED}{last_words(journal)}"} | again

    def _worker(self) -> subprocess.Popen[str]:
        while True:
            try:
                worker = self._idle.get_nowait()
            except queue.Empty:
                break
            # One that was killed while it waited is no use.
            if worker.poll() is None:
                return worker
        with self._lock:
            if self._closed:
                raise Interrupted
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

    def stop(self) -> None:
        """End the workers, those that are at work too: what they were asked for is `Interrupted`."""
        with self._lock:
            self._closed = True
        for worker in self._all:
            if worker.stdin is not None:
                with gone_is_silent():
                    worker.stdin.close()

    def close(self) -> None:
        """End the workers, and wait for them."""
        self.stop()
        for worker in self._all:
            try:
                worker.wait(timeout=5)
            except subprocess.TimeoutExpired:
                worker.kill()
                worker.wait()
            if worker.stdout is not None:
                with gone_is_silent():
                    worker.stdout.close()


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
        "limite_cellule": task.limit if task.cell_limit is None else task.cell_limit,
    }


def weighed(reply: dict[str, Any], watched: Watched) -> dict[str, Any]:
    """Return a reply that tells the truth about a notebook which was ended for the memory that it took.

    Parameters
    ----------
    reply : dict
        See `worker.reply`: who followed the notebook saw it killed, and knows in which cell.
    watched : Watched
        What was seen of its memory.
    """
    if not watched.exceeded or "message" not in reply:
        return reply
    told = {name: value for name, value in reply.items() if name != "reprise"}
    return told | {"message": endings.too_much_memory(watched.allowed)}


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
