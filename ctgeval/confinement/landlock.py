"""Landlock: a Linux process gives up, for good, the files and ports that it does not name.

The C library has no function for it: the kernel is called by number. What an older kernel does not know is left out,
and `guarantees` says what is in force.

References
----------
``Documentation/userspace-api/landlock.rst`` and ``include/uapi/linux/landlock.h`` of the Linux sources.
"""

from __future__ import annotations

import ctypes
import os
import platform
import stat
import struct
import sys
import threading
from collections.abc import Iterable
from functools import lru_cache

# The numbers are the same on every architecture but Alpha and MIPS, which are left without confinement.
_MACHINES = {"x86_64", "i686", "aarch64", "armv7l", "armv8l", "riscv64", "ppc64le", "s390x", "loongarch64"}
_CREATE, _ADD_RULE, _RESTRICT = 444, 445, 446
_VERSION = 1
_BENEATH, _PORT = 1, 2
_NO_NEW_PRIVS = 38

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = (1 << bit for bit in range(4))
_REMOVE_DIR, _REMOVE_FILE, _MAKE_DIR, _MAKE_REG = 1 << 4, 1 << 5, 1 << 7, 1 << 8
_REFER, _TRUNCATE, _DEVICES = 1 << 13, 1 << 14, 1 << 15
_BIND, _CONNECT = 1, 2
_SCOPES = 3

READ = READ_FILE | READ_DIR
RUN = READ | EXECUTE
# No link, pipe, socket nor device is ever made: a scratch folder holds plain files.
WRITE = READ | WRITE_FILE | _TRUNCATE | _REMOVE_DIR | _REMOVE_FILE | _MAKE_DIR | _MAKE_REG | _REFER
_OF_A_FILE = EXECUTE | WRITE_FILE | READ_FILE | _TRUNCATE | _DEVICES

_NETWORK_SINCE, _SCOPES_SINCE = 4, 6


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scopes", ctypes.c_uint64))


class _Port(ctypes.Structure):
    _fields_ = (("allowed", ctypes.c_uint64), ("port", ctypes.c_uint64))


@lru_cache(maxsize=1)
def abi() -> int:
    """Return the version of Landlock that this system offers; 0 when it offers none."""
    if sys.platform != "linux" or platform.machine() not in _MACHINES:
        return 0
    return max(0, _call(_CREATE, None, 0, _VERSION))


def guarantees(version: int) -> frozenset[str]:
    """Return what a version of Landlock keeps a confined process from.

    Parameters
    ----------
    version : int
        See `abi`.

    Returns
    -------
    frozenset of str
        Among ``fichiers`` (open a file that was not named), ``tcp`` (connect or listen elsewhere) and ``signaux``
        (signal another process, reach its abstract sockets).
    """
    since = {"fichiers": 1, "tcp": _NETWORK_SINCE, "signaux": _SCOPES_SINCE}
    return frozenset(name for name, first in since.items() if version >= first)


def restrict(
    files: Iterable[tuple[str, int]], *, ports: Iterable[int] | None, alone: bool = True, version: int | None = None
) -> None:
    """Give up every file but those named, and every TCP port but those listened to, for this process and its children.

    Parameters
    ----------
    files : iterable of (str, int)
        Folders and files with what stays allowed in them: `READ`, `RUN` or `WRITE`. A path that does not exist is
        left out: it may not be made either.
    ports : iterable of int or None
        TCP ports that may be listened to, any connection being refused; None leaves TCP as it is.
    alone : bool
        Refuse also to signal the processes that are not its children.
    version : int, optional
        Version of Landlock to keep to, at most that of the system, which is the default.

    Raises
    ------
    OSError
        When the system refuses, or when other threads run already, which would stay free.
    """
    version = min(abi(), abi() if version is None else version)
    if version < 1:
        raise OSError("Ce système n’offre pas Landlock.")
    if threading.active_count() > 1 or len(os.listdir("/proc/self/task")) > 1:  # noqa: PTH208 names only
        raise OSError("Le processus a déjà plusieurs fils d’exécution : il ne peut plus être confiné en entier.")
    handled = _known(version)
    closed = (_BIND | _CONNECT) if ports is not None and version >= _NETWORK_SINCE else 0
    asked = _Ruleset(handled, closed, _SCOPES if alone and version >= _SCOPES_SINCE else 0)
    # An older kernel refuses a structure longer than its own.
    size = 24 if version >= _SCOPES_SINCE else 16 if version >= _NETWORK_SINCE else 8
    ruleset = _checked(_call(_CREATE, ctypes.byref(asked), size, 0), "landlock_create_ruleset")
    try:
        for path, allowed in files:
            _allow(ruleset, path, allowed & handled)
        if closed:
            for port in ports or ():
                _checked(_call(_ADD_RULE, ruleset, _PORT, ctypes.byref(_Port(_BIND, port)), 0), f"port {port}")
        no_new_privileges()
        _checked(_call(_RESTRICT, ruleset, 0), "landlock_restrict_self")
    finally:
        os.close(ruleset)


def no_new_privileges() -> None:
    """Promise that no program run from here gains rights: what the system asks of whoever confines itself.

    Raises
    ------
    OSError
        When the system refuses.
    """
    library = ctypes.CDLL(None, use_errno=True)
    _checked(library.prctl(_NO_NEW_PRIVS, *(ctypes.c_ulong(value) for value in (1, 0, 0, 0))), "prctl")


def _known(version: int) -> int:
    later = {_REFER: 2, _TRUNCATE: 3, _DEVICES: 5}
    return sum(1 << bit for bit in range(16) if later.get(1 << bit, 1) <= version)


def _allow(ruleset: int, path: str, allowed: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return
    try:
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            allowed &= _OF_A_FILE
        _checked(_call(_ADD_RULE, ruleset, _BENEATH, struct.pack("=Qi", allowed, place), 0), path)
    finally:
        os.close(place)


def _call(number: int, *arguments: object) -> int:
    # Numbers go in whole registers: the variadic function of the C library is told nothing of their width.
    wide = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    library = ctypes.CDLL(None, use_errno=True)
    library.syscall.restype = ctypes.c_long
    return int(library.syscall(ctypes.c_long(number), *wide))


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"Confinement refusé par le système : {os.strerror(number)}", what)
    return result
