"""What breaks a command from inside, at one step of what it does to files, and always at the same one."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import resource
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.ordinary import ordinary_user

SIGNALS = {"kill": signal.SIGKILL, "int": signal.SIGINT, "term": signal.SIGTERM, "hup": signal.SIGHUP}
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_CHANGES = {"os.rename": 1, "os.remove": 0, "os.mkdir": 0, "os.rmdir": 0, "os.link": 1, "os.symlink": 1}
_TAKES_AWAY = frozenset({"os.remove", "os.rmdir"})
# A release has some seventy tables, written one after the other: two of them stand for the others.
_TABLES = frozenset({"actions.parquet", "release.json"})


@contextlib.contextmanager
def broken(asked: dict[str, Any]) -> Iterator[None]:
    """Be in the conditions that were asked for, until the end of the process.

    Parameters
    ----------
    asked : dict
        ``roots``, the folders whose changes are steps; ``fault``: ``do`` (a name of `SIGNALS`, ``full``, ``vanish`` for
        a ``path`` that goes, ``plant`` for a link at a ``path`` ``to`` another, or ``tell``), ``at`` (which step, from
        1), ``like`` (part of the name of the steps that count); ``largest``: bytes of a file; ``small``: a folder that
        is a disk of ``bytes``, if the system lets it be; ``ordinary``: modes of files are obeyed; ``late``: seconds
        that the clock is ahead.
    """
    fault = asked.get("fault")
    if fault:
        watch = _Watch(asked["roots"], fault, Path(f"{asked['log']}.steps"))
        sys.addaudithook(watch.audit)
        os.fsync = watch.counted("fsync", os.fsync)
    if "largest" in asked:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (asked["largest"], resource.RLIM_INFINITY))
    if "late" in asked:
        clock = time.time
        time.time = lambda: clock() + asked["late"]
    small = asked.get("small")
    if small:
        _mount(Path(small["path"]), small["bytes"])
    try:
        with ordinary_user() if asked.get("ordinary") else contextlib.nullcontext():
            yield
    finally:
        if small:
            shutil.copytree(small["path"], f"{small['path']}-disque")


NOT_ALLOWED = 98
"""Exit code of a command that could not be given a disk of its own."""
_NEWNS, _NEWUSER, _PRIVATE = 0x00020000, 0x10000000, (1 << 18) | (1 << 14)


def _mount(place: Path, size: int) -> None:
    """Put a disk of that size in the place of a folder, with what it holds, for this process alone.

    It goes with the process: what is on it is copied beside, in a folder whose name ends with ``-disque``.
    """
    library, user, group = ctypes.CDLL(None, use_errno=True), os.getuid(), os.getgid()
    kept = place.with_name(f"{place.name}-avant")
    shutil.copytree(place, kept)
    if library.unshare(_NEWNS | (0 if user == 0 else _NEWUSER)):
        os._exit(NOT_ALLOWED)
    if user:
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"0 {user} 1", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"0 {group} 1", encoding="ascii")
    if library.mount(b"none", b"/", None, _PRIVATE, None) or library.mount(
        b"tmpfs", os.fsencode(place), b"tmpfs", 0, f"size={size}".encode()
    ):
        os._exit(NOT_ALLOWED)
    shutil.copytree(kept, place, dirs_exist_ok=True)
    shutil.rmtree(kept)


class _Watch:
    """Counts the steps, and acts at the one that was asked for."""

    def __init__(self, roots: list[str], fault: dict[str, Any], told: Path) -> None:
        self._roots = tuple(f"{root}/" for root in roots)
        self._fault = fault
        self._told = told
        self._count = 0
        self._acting = self._full = False

    def audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            if isinstance(flags, int) and flags & _WRITES:
                self._step("open", path)
        elif event in _CHANGES:
            self._step(event, arguments[_CHANGES[event]])

    def counted(self, name: str, do: Callable[[int], None]) -> Callable[[int], None]:
        def done(descriptor: int) -> None:
            self._step(name, Path(f"/proc/self/fd/{descriptor}").readlink())
            do(descriptor)

        return done

    def _step(self, event: str, path: Any) -> None:
        if self._acting or not isinstance(path, str | bytes | os.PathLike):
            return
        name = os.path.abspath(os.fsdecode(path))  # noqa: PTH100 - a Path here would be seen by this hook
        if not name.startswith(self._roots):
            return
        if "/.tmp-" in name and os.path.basename(name) not in _TABLES and event == "open":  # noqa: PTH119
            return
        told = f"{event} {name}"
        if self._fault.get("like", "") not in told and not self._full:
            return
        self._count += 1
        self._acting = True
        try:
            self._act(event, told)
        finally:
            self._acting = False

    def _act(self, event: str, told: str) -> None:
        do, at = self._fault["do"], self._fault.get("at", 1)
        if do == "tell":
            with self._told.open("a", encoding="utf-8") as steps:
                steps.write(f"{told}\n")
        elif do == "full":
            self._full = self._full or self._count >= at
            if self._full and event not in _TAKES_AWAY:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        elif self._count == at and do == "vanish":
            shutil.rmtree(self._fault["path"])
        elif self._count == at and do == "plant":
            path = Path(self._fault["path"])
            path.unlink(missing_ok=True)
            path.symlink_to(self._fault["to"])
        elif self._count == at:
            os.kill(os.getpid(), SIGNALS[do])
