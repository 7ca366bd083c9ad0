"""A build killed while it wrote leaves the old file or the new one, and the next one tidies up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ctgeval.report.files import write_whole

WRITER = """
import sys
from pathlib import Path
from ctgeval.report.files import write_whole
path = Path(sys.argv[1])
print("pret", flush=True)
while True:
    for letter in b"ab":
        write_whole(path, bytes([letter]) * 2_000_000)
"""


@pytest.mark.skipif(os.name == "nt", reason="needs signals")
def test_killed_writer_leaves_a_whole_file(tmp_path: Path) -> None:
    page = tmp_path / "bilan.html"
    write_whole(page, b"a" * 2_000_000)
    for pause in (0.01, 0.03, 0.05):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(page)], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(pause)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        assert page.read_bytes() in {b"a" * 2_000_000, b"b" * 2_000_000}
    for left in tmp_path.glob(".*.tmp"):
        os.utime(left, (0, 0))
    write_whole(page, b"c")
    assert [path.name for path in tmp_path.iterdir()] == ["bilan.html"]


def test_what_another_build_is_writing_is_left_alone(tmp_path: Path) -> None:
    other = tmp_path / ".bilan.html.0123.tmp"
    other.write_bytes(b"x")
    write_whole(tmp_path / "bilan.html", b"c")
    assert other.exists()
