"""What is made once in a run is made once, whoever asks at the same time, and a failure is told to all."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests.once import once


def test_all_who_ask_at_once_get_what_one_of_them_made(tmp_path: Path) -> None:
    makers: list[str] = []
    found: list[str] = []
    barrier = threading.Barrier(4)

    def ask() -> None:
        def make(folder: Path) -> None:
            makers.append(threading.current_thread().name)
            (folder / "page.html").write_text("faite", encoding="utf-8")

        barrier.wait()
        found.append((once(tmp_path, "pages", make) / "page.html").read_text(encoding="utf-8"))

    askers = [threading.Thread(target=ask) for _ in range(4)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert len(makers) == 1
    assert found == ["faite"] * 4


def test_a_failure_is_told_to_those_who_come_after(tmp_path: Path) -> None:
    def break_(_: Path) -> None:
        raise ValueError("cassé")

    with pytest.raises(ValueError, match="cassé"):
        once(tmp_path, "pages", break_)
    with pytest.raises(pytest.fail.Exception, match="ValueError: cassé"):
        once(tmp_path, "pages", break_)
