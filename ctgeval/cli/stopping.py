"""Ctrl+C, a session that ends, a stop of the system: the command puts things in order, says so, and exits."""

from __future__ import annotations

import _thread
import contextlib
import signal
import sys
import threading
import time
from collections.abc import Iterator
from types import FrameType
from typing import Any

__all__ = ["Stop", "listened"]

# By name: Windows has neither of the last two in this sense.
_TOLD = {"SIGINT": "interrupted", "SIGTERM": "terminated", "SIGHUP": "hung_up"}
_USUAL = (signal.SIG_DFL, signal.default_int_handler)
_SOON = 0.01
_DEAF = 10.0
"""Seconds during which another signal is not listened to: what is being put in order must not be left half-way."""


class Stop:
    """Whether the command was asked to stop, and by which signal."""

    def __init__(self) -> None:
        self._signal: int | None = None
        self._heard = 0.0

    @property
    def code(self) -> int | None:
        """Exit code of a command that a signal ended, as shells have it; nothing when none came."""
        return None if self._signal is None else 128 + self._signal

    @property
    def word(self) -> str:
        """Which sentence tells it."""
        return _TOLD[signal.Signals(self._signal or signal.SIGINT).name]

    def hear(self, number: int, _frame: FrameType | None) -> None:
        """Unwind what the main thread is doing.

        Raises
        ------
        KeyboardInterrupt
            For Ctrl+C.
        SystemExit
            For another signal, with its exit code.
        """
        now = time.monotonic()
        if self._signal is not None and now - self._heard < _DEAF:
            return
        self._signal, self._heard = self._signal or number, now
        self.unwind()

    def unwind(self) -> None:
        """See `hear`."""
        if self._signal == signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(self.code)

    def lost(self, told: Any) -> None:
        """Unwind again when the exception came where Python can only ignore it: in a destructor, for instance."""
        if self._signal is not None and isinstance(told.exc_value, KeyboardInterrupt | SystemExit):
            self._heard = time.monotonic() - _DEAF
            # From another thread: here too, an exception would be ignored.
            again = threading.Timer(_SOON, _thread.interrupt_main, (self._signal,))
            again.daemon = True
            again.start()
        else:
            sys.__unraisablehook__(told)


@contextlib.contextmanager
def listened() -> Iterator[Stop]:
    """Listen to the signals that stop a command, those that whoever started it lets through."""
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    former: dict[int, Any] = {}
    hook = sys.unraisablehook
    try:
        sys.unraisablehook = stop.lost
        for name in _TOLD:
            number = getattr(signal, name, None)
            # What is ignored (`nohup`, a command in the background) stays so.
            if number is not None and signal.getsignal(number) in _USUAL:
                former[number] = signal.getsignal(number)
                signal.signal(number, stop.hear)
        yield stop
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
        sys.unraisablehook = hook
