"""One builder at a time: a lock file in the dossier that tells who holds it, and survives network shares and kills.

A file created exclusively is the one lock that every share honours (byte locks are emulated, or silently local, on
some). Its holder touches it every few seconds; another builder takes it over when its process is known to be dead (same
machine, same boot, same space of processes), or when it has not been touched for minutes, by the clock of the share
itself. A holder that was only asleep finds out before it writes: `Held.check`.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import getpass
import json
import os
import platform
import secrets
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from ctgeval.config import PRIVATE, drafts
from ctgeval.errors import DossierBusy, ReportError

__all__ = ["FILE", "Held", "Holder", "gone", "hold", "left_behind", "myself"]

FILE = f"{PRIVATE}/production.verrou"
PATIENCE = 10.0
_BEAT = 5.0
_ABANDONED = 120.0
_PAUSE = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who holds the lock.

    Parameters
    ----------
    mark : str
        Drawn for this hold.
    user, host : str
        Account, and name of the machine.
    pid : int
        Process.
    space : str
        Boot and space of processes in which ``pid`` means something; empty where the system doesn't tell.
    born : str
        When the process began, as the system counts; empty where it doesn't tell. A number of process is used again.
    since : str
        ISO date and hour, where the builder is.
    """

    mark: str
    user: str
    host: str
    pid: int
    space: str
    born: str
    since: str

    def __str__(self) -> str:
        day, _, hour = self.since.partition("T")
        when = dt.date.fromisoformat(day).strftime("%d/%m/%Y")
        return f"{self.user} sur {self.host}, processus {self.pid}, depuis le {when} à {hour[:5].replace(':', ' h ')}"


@dataclass(frozen=True, slots=True)
class Held:
    """A lock that is held.

    Parameters
    ----------
    path : Path
        The lock file.
    holder : Holder
        Us.
    after_kill : bool
        Whether the one before was killed: what it was writing may be there still.
    """

    path: Path
    holder: Holder
    after_kill: bool = False

    def check(self) -> None:
        """Make sure that nobody took the lock over, while this machine slept for instance.

        Raises
        ------
        ReportError
            When somebody did, or the file is gone: nothing more may be published.
        """
        found = _read(self.path)
        if found is None or found.mark != self.holder.mark:
            raise ReportError(
                "Cette production a été suspendue trop longtemps, et une autre a pris sa place : elle s’arrête sans "
                "rien publier de plus.",
                file=FILE,
                value=str(found) if found else "",
                remedy="Relancez la commande quand l’autre sera finie.",
            )


@contextlib.contextmanager
def hold(folder: Path, *, patience: float | None = None, file: str = FILE) -> Iterator[Held]:
    """Hold the lock of a dossier, as long as the block runs.

    Parameters
    ----------
    folder : Path
        The dossier.
    patience : float, optional
        Seconds to wait for another builder to end; `PATIENCE` by default.
    file : str
        The lock file, in the dossier: that of the builders by default.

    Raises
    ------
    DossierBusy
        When another builder still holds it then: who, and since when.
    ReportError
        When the dossier can't be written.
    """
    path, me = folder / file, myself()
    ended = threading.Event()
    beat = threading.Thread(target=_beat, args=(path, ended), name="ctgeval-verrou", daemon=True)
    try:
        # A signal may come between the lock and the next line: it is released all the same.
        yield _held(path, me, PATIENCE if patience is None else patience, beat)
    finally:
        ended.set()
        if beat.is_alive():
            beat.join()
        _release(path, me)


def left_behind(folder: Path, *, file: str = FILE) -> bool:
    """Tell whether the last holder of a lock was killed: what it was writing may be there still.

    Parameters
    ----------
    folder, file
        See `hold`.
    """
    other = _read(folder / file)
    return other is not None and bool(gone(other))


def _held(path: Path, me: Holder, patience: float, beat: threading.Thread) -> Held:
    try:
        path.parent.mkdir(exist_ok=True)
        after_kill = _take(path, me, patience)
        # A program killed before it held anything leaves no lock behind, but its draft.
        drafts.sweep(path.parent.glob(".*.tmp"), now=path.stat().st_mtime)
    except OSError as error:
        raise ReportError(
            f"Rien ne peut être écrit dans le dossier : {drafts.refusal(error)}.",
            file=f"{PRIVATE}/{path.name}",
            remedy="Rendez le dossier et son sous-dossier « .ctgeval » accessibles en écriture, puis relancez.",
        ) from error
    beat.start()
    return Held(path, me, after_kill)


def _take(path: Path, holder: Holder, patience: float) -> bool:
    """Take a lock, and tell whether its former holder had left it behind."""
    deadline = time.monotonic() + patience
    after_kill = False
    while not _create(path, holder):
        other = _read(path)
        if _abandoned(path, other):
            _remove(path, other)
            after_kill = True
        if time.monotonic() >= deadline:
            raise DossierBusy(
                f"Une autre production de ce dossier est en cours ({other or 'on ne sait pas par qui'}) : celle-ci a "
                f"attendu {patience:.0f} secondes, puis s’est arrêtée sans rien faire.",
                file=f"{PRIVATE}/{path.name}",
                remedy="Attendez qu’elle finisse, puis relancez la commande.",
            )
        time.sleep(_PAUSE)
    return after_kill


def _create(path: Path, holder: Holder) -> bool:
    try:
        return drafts.claim(path, json.dumps(asdict(holder)).encode("ascii"))
    except PermissionError:
        # Windows refuses so while a file of that name is being removed; anything else lasts, and is told.
        if os.name != "nt" or not path.exists():
            raise
        return False


def _read(path: Path) -> Holder | None:
    """Return who holds the lock; nothing when the file is gone, or not wholly written."""
    try:
        return Holder(**json.loads(path.read_text(encoding="ascii")))
    except (OSError, ValueError, TypeError):
        return None


def _abandoned(path: Path, other: Holder | None) -> bool:
    if other is not None and (dead := gone(other)) is not None:
        return dead
    try:
        return _now(path) - path.stat().st_mtime > _ABANDONED
    except FileNotFoundError:
        return False


def _now(path: Path) -> float:
    """Return the hour of the share: that of this machine may be far from it."""
    probe = drafts.beside(path)
    try:
        probe.touch()
        return probe.stat().st_mtime
    finally:
        probe.unlink(missing_ok=True)


def _remove(path: Path, other: Holder | None) -> None:
    """Take an abandoned lock away; of several builders that saw it, one alone does."""
    aside = drafts.beside(path)
    with contextlib.suppress(FileNotFoundError, PermissionError):
        path.rename(aside)
        if _read(aside) != other:
            # Another builder took it between the look and the move: it is given back, unless a third one came.
            with contextlib.suppress(OSError):
                os.link(aside, path)
        aside.unlink(missing_ok=True)


def _beat(path: Path, ended: threading.Event) -> None:
    while not ended.wait(_BEAT):
        with contextlib.suppress(OSError):
            os.utime(path)


def _release(path: Path, holder: Holder) -> None:
    found = _read(path)
    if found is not None and found.mark == holder.mark:
        with contextlib.suppress(OSError):
            path.unlink()


def myself() -> Holder:
    """Return who we are, as a lock file or a state file tells it."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):
        user = "un compte sans nom"
    return Holder(
        mark=secrets.token_hex(16),
        user=user,
        host=platform.node(),
        pid=os.getpid(),
        space=drafts.space(),
        born=drafts.born(os.getpid()),
        since=dt.datetime.now().astimezone().isoformat(timespec="seconds"),
    )


def gone(holder: Holder) -> bool | None:
    """Tell whether the process of a holder has ended; nothing when only its own machine could say."""
    if not holder.space or (holder.space, holder.host) != (drafts.space(), platform.node()):
        return None
    return _dead(holder)


def _dead(holder: Holder) -> bool:
    born = drafts.born(holder.pid)
    if born or not holder.born:
        return born != holder.born
    try:
        os.kill(holder.pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        # Another account's, on a system that hides its processes.
        return False
    return True
