"""A signal waits for the end of what it must not cut, and threads hear what their parent heard."""

from __future__ import annotations

import signal
import threading

import pytest

from ctgeval.report import signals

pytestmark = pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="needs POSIX signals")


def test_a_signal_waits_for_the_end_of_the_block() -> None:
    done: list[str] = []
    former = signal.signal(signal.SIGTERM, lambda *_: done.append("heard"))
    try:
        with signals.kept_for_later():
            signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
            done.append("whole")
        assert done == ["whole", "heard"]
    finally:
        signal.signal(signal.SIGTERM, former)


def test_a_thread_born_in_the_block_hears_as_before_it() -> None:
    listen, masks = signals.listening_as_now(), []

    def work() -> None:
        masks.append(signal.pthread_sigmask(signal.SIG_BLOCK, ()))
        listen()
        masks.append(signal.pthread_sigmask(signal.SIG_BLOCK, ()))

    now = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    with signals.kept_for_later():
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert signal.SIGTERM in masks[0]
    assert masks[1] == now
