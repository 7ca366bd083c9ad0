"""Hand a task over to the scheduler of the user: their crontab, their own systemd, their Windows tasks."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from ctgeval.errors import ParameterError, ReportError
from ctgeval.report.files import write_whole
from ctgeval.report.schedule import cron
from ctgeval.report.schedule.task import Task

__all__ = ["INSTALLABLE", "install"]

INSTALLABLE = ("cron", "systemd", "windows")
_EMPTY = ("no crontab", "no such file")
_TIME_LIMIT = 60.0


def install(target: str, task: Task, texts: Mapping[str, str], paths: Sequence[Path]) -> None:
    """Install a task, in place of the former one of the same dossier.

    Parameters
    ----------
    target : str
        Among `INSTALLABLE`.
    task : Task
        What is installed.
    texts : mapping
        Its files, by name.
    paths : sequence of Path
        Where they are written in the dossier.

    Raises
    ------
    ParameterError
        When the target is not one of this machine.
    ReportError
        When the scheduler is not there or refuses the task; what it had stays as it was.
    """
    if target == "cron":
        _crontab(task, texts)
    elif target == "systemd":
        _systemd(task, texts)
    elif target == "windows":
        _called("schtasks", "/Create", "/F", "/TN", task.name, "/XML", str(paths[0]))
    else:
        raise ParameterError(
            "Cet ordonnanceur ne s’installe pas d’ici.",
            value=target,
            remedy=f"Donnez-lui le fichier écrit, par exemple : kubectl apply -f {paths[0].name}",
        )


def _crontab(task: Task, texts: Mapping[str, str]) -> None:
    found = _call("crontab", "-l")
    if found.returncode and not any(sign in found.stderr.decode(errors="replace").lower() for sign in _EMPTY):
        # The table may be full of other tasks: without having read it, it is not replaced.
        raise _refused("crontab", found)
    # Bytes that are no text come back as they were.
    former = found.stdout.decode("utf-8", "surrogateescape") if not found.returncode else ""
    kept = cron.without(former, task.name)
    begun = kept if not kept or kept.endswith("\n") else f"{kept}\n"
    (block,) = texts.values()
    _called("crontab", "-", given=(begun + block).encode("utf-8", "surrogateescape"))


def _systemd(task: Task, texts: Mapping[str, str]) -> None:
    home = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    for name, text in texts.items():
        write_whole(Path(home, "systemd", "user", name), text.encode("utf-8"))
    _called("systemctl", "--user", "daemon-reload")
    _called("systemctl", "--user", "enable", "--now", f"{task.name}.timer")


def _called(*words: str, given: bytes | None = None) -> None:
    done = _call(*words, given=given)
    if done.returncode:
        raise _refused(words[0], done)


def _call(*words: str, given: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    program = shutil.which(words[0])
    if program is None:
        raise ReportError(
            f"La commande « {words[0]} » n’existe pas sur cette machine : la tâche n’est pas installée.",
            remedy="Choisissez un autre ordonnanceur avec « --cible », ou donnez-lui vous-même le fichier écrit.",
        )
    try:
        return subprocess.run(  # noqa: S603 - words, without a shell, and none of them typed by a reader
            [program, *words[1:]],
            input=given if given is not None else b"",
            capture_output=True,
            check=False,
            timeout=_TIME_LIMIT,
            env={**os.environ, "LC_ALL": "C"},
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ReportError(
            f"La commande « {words[0]} » n’a pas abouti ({type(error).__name__}) : la tâche n’est pas installée.",
            remedy="Donnez-lui vous-même le fichier écrit.",
        ) from error


def _refused(program: str, done: subprocess.CompletedProcess[bytes]) -> ReportError:
    said = " ".join(done.stderr.decode(errors="replace").split())
    return ReportError(
        f"La commande « {program} » a refusé (code {done.returncode}) : la tâche n’est pas installée.",
        value=said[:300],
        remedy="Corrigez ce qu’elle dit, ou donnez-lui vous-même le fichier écrit.",
    )
