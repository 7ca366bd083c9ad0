"""Which schedulers are written for, and the files that each is given."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from ctgeval.errors import ParameterError, suggestion
from ctgeval.report.cluster import places
from ctgeval.report.files import write_whole
from ctgeval.report.schedule import argo, cron, kubernetes, systemd, windows
from ctgeval.report.schedule.kubernetes import Cluster
from ctgeval.report.schedule.task import Task, task
from ctgeval.report.schedule.when import When

__all__ = ["CLUSTER", "FOLDER", "TARGETS", "checked", "files", "local_task", "save", "usual"]

TARGETS = ("cron", "systemd", "windows", "kubernetes", "argo")
CLUSTER = ("kubernetes", "argo")
FOLDER = "planification"
_USUAL = {"linux": ("cron", "systemd"), "win32": ("windows",)}
_PROGRAM = "python"
_OUT = "--out"


def usual() -> tuple[str, ...]:
    """Return the schedulers of this system."""
    return _USUAL.get(sys.platform, ("cron",))


def checked(names: Iterable[str]) -> tuple[str, ...]:
    """Return the targets asked for, once each.

    Raises
    ------
    ParameterError
        When one is not known.
    """
    for name in names:
        if name not in TARGETS:
            raise ParameterError(
                "Cet ordonnanceur n’est pas connu.",
                value=name,
                remedy=suggestion(name, TARGETS) or f"Ordonnanceurs possibles : {', '.join(TARGETS)}.",
            )
    return tuple(dict.fromkeys(names))


def local_task(folder: Path, when: When, *, out: Path | str, options: tuple[str, ...] = ()) -> Task:
    """Return the task of this machine: the interpreter that runs now, and absolute places.

    Parameters
    ----------
    folder : Path
        The dossier.
    out : Path or str
        The folder of the reports, or the address that receives them.
    when : When
        Its hour.
    options : tuple of str
        Other options of the run.
    """
    there = str(out) if places.is_url(str(out)) else str(Path(out).resolve())
    return task(folder.resolve(), when, python=sys.executable, options=(_OUT, there, *options))


def files(
    names: Iterable[str], local: Task, *, options: tuple[str, ...] = (), cluster: Cluster | None = None
) -> dict[str, dict[str, str]]:
    """Return the text of each file of each target.

    Parameters
    ----------
    names : iterable of str
        Among `TARGETS`.
    local : Task
        See `local_task`.
    options : tuple of str
        Other options of the run, for a cluster.
    cluster : Cluster, optional
        For ``kubernetes`` and ``argo``.

    Raises
    ------
    ParameterError
        When a target can't hold the command, or a cluster is not described.
    """
    writers = {"cron": cron.write, "systemd": systemd.write, "windows": windows.write}
    found = {}
    for name in checked(names):
        if name in writers:
            found[name] = writers[name](local)
        else:
            where = cluster or Cluster(image="", claim="ctgeval")
            write = kubernetes.write if name == "kubernetes" else argo.write
            found[name] = write(_in_container(local, where, options), where)
    return found


def _in_container(local: Task, cluster: Cluster, options: tuple[str, ...]) -> Task:
    there = local.words[local.words.index(_OUT) + 1]
    inside = Path(cluster.mount, local.folder.name).as_posix()
    words = (
        _PROGRAM,
        "-m",
        "ctgeval",
        "planifier",
        inside,
        "--executer",
        _OUT,
        there if places.is_url(there) else f"{cluster.mount}/reports",
        *options,
    )
    return replace(local, words=words)


def save(folder: Path, texts: Mapping[str, Mapping[str, str]]) -> dict[str, tuple[Path, ...]]:
    """Write the files in the folder ``planification`` of a dossier, each whole, and return where they are.

    Raises
    ------
    ReportError
        When one can't be written.
    """
    saved = {}
    for target, found in texts.items():
        paths = []
        for name, text in found.items():
            path = folder / FOLDER / name
            # What Windows reads as a task is UTF-16, as its declaration says.
            write_whole(path, text.encode("utf-16" if target == "windows" else "utf-8"))
            paths.append(path)
        saved[target] = tuple(paths)
    return saved
