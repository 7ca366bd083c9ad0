"""Keep the signals that stop a program away from what they must not find half-way."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator

__all__ = ["kept_for_later", "listening_as_now"]

_STOP = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


@contextlib.contextmanager
def kept_for_later() -> Iterator[None]:
    """Have a signal that comes during the block heard at its end.

    A thread whose birth is interrupted is one that nobody ends nor waits for: the program would never exit.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    former = signal.pthread_sigmask(signal.SIG_BLOCK, _STOP)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, former)


def listening_as_now() -> Callable[[], None]:
    """Return what gives a thread born in such a block, hence the processes that it starts, the signals of now."""
    if not hasattr(signal, "pthread_sigmask"):
        return lambda: None
    now = signal.pthread_sigmask(signal.SIG_BLOCK, ())

    def listen() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, now)

    return listen
