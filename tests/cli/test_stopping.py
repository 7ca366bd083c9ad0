"""A signal unwinds the command once, is told by its own code, and is never lost."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

import pytest

from ctgeval.cli.stopping import Stop, listened

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")


@pytest.mark.parametrize(
    ("number", "error", "code", "word"),
    [
        (signal.SIGINT, KeyboardInterrupt, 130, "interrupted"),
        (signal.SIGTERM, SystemExit, 143, "terminated"),
        (signal.SIGHUP, SystemExit, 129, "hung_up"),
    ],
)
def test_each_signal_has_its_code_and_its_sentence(
    number: signal.Signals, error: type[BaseException], code: int, word: str
) -> None:
    former = signal.getsignal(number)
    with listened() as stop:
        assert stop.code is None
        with pytest.raises(error):
            signal.raise_signal(number)
        assert (stop.code, stop.word) == (code, word)
        # What is being put in order is not interrupted again.
        signal.raise_signal(number)
    assert signal.getsignal(number) == former


def test_a_signal_that_is_ignored_stays_so() -> None:
    former = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with listened() as stop:
            signal.raise_signal(signal.SIGHUP)
            assert stop.code is None
    finally:
        signal.signal(signal.SIGHUP, former)


def test_a_signal_that_came_in_a_destructor_is_heard_after_it() -> None:
    class Dying:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGTERM)
            sys.getsizeof("the signal is heard here, where its exception can only be ignored")

    def work() -> None:
        dying = Dying()
        del dying
        for _ in range(1000):
            time.sleep(0.01)

    with listened() as stop:
        with pytest.raises(SystemExit):
            work()
        assert stop.code == 143


def test_another_thread_listens_to_nothing() -> None:
    found: list[Stop] = []

    def other() -> None:
        with listened() as stop:
            found.append(stop)

    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    assert found[0].code is None
