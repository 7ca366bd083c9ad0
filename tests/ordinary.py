"""Be an ordinary user for a moment, even as root: what a folder's mode forbids is then forbidden."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from collections.abc import Iterator

CAN_BE_ORDINARY = os.name != "nt" and (sys.platform == "linux" or os.geteuid() != 0)
_VERSION_3 = 0x20080522
_IGNORES_MODES = (1 << 1) | (1 << 2)
"""CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH, as linux/capability.h numbers them."""


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Set(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


@contextlib.contextmanager
def ordinary_user() -> Iterator[None]:
    """Give up, in this thread and until the end, what lets root read and write whatever the modes of files say."""
    if os.geteuid() != 0:
        yield
        return
    library = ctypes.CDLL(None, use_errno=True)
    header, sets = _Header(_VERSION_3, 0), (_Set * 2)()
    _asked(library.capget(ctypes.byref(header), sets))
    kept = sets[0].effective
    sets[0].effective = kept & ~_IGNORES_MODES
    _asked(library.capset(ctypes.byref(header), sets))
    try:
        yield
    finally:
        sets[0].effective = kept
        _asked(library.capset(ctypes.byref(header), sets))


def _asked(answer: int) -> None:
    if answer:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
