"""The journal: one JSON object a line, whole, whoever writes at the same time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ctgeval.errors import ReportError
from ctgeval.report.schedule import log

WRITER = """
import sys
from pathlib import Path
from ctgeval.report.schedule import log
for rank in range(200):
    log.append(Path(sys.argv[1]), "bilan", rang=rank, message="été\\n" * 200)
"""


def lines(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / log.FILE).read_text(encoding="ascii").splitlines()]


def test_a_line_says_when_what_and_who(tmp_path: Path) -> None:
    log.append(tmp_path, "debut", message="« été »\n", chemin=Path("a"))
    log.append(tmp_path, "fin", code=0)
    first, last = lines(tmp_path)
    assert (first["evenement"], first["message"], first["chemin"]) == ("debut", "« été »\n", "a")
    assert (first["pid"], last["code"]) == (os.getpid(), 0)
    assert str(first["instant"])[10] == "T"


def test_two_processes_never_mix_their_lines(tmp_path: Path) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)]) for _ in range(2)]
    assert [one.wait() for one in writers] == [0, 0]
    found = lines(tmp_path)
    assert len(found) == 400
    for pid in {one["pid"] for one in found}:
        assert [one["rang"] for one in found if one["pid"] == pid] == list(range(200))


def test_a_long_journal_is_put_aside_once(tmp_path: Path) -> None:
    log.append(tmp_path, "ancien")
    with (tmp_path / log.FILE).open("ab") as stream:
        stream.write(b" " * 4_000_001)
    log.append(tmp_path, "nouveau")
    assert [one["evenement"] for one in lines(tmp_path)] == ["nouveau"]
    assert b"ancien" in (tmp_path / log.FORMER).read_bytes()


def test_a_dossier_that_can_t_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / ".ctgeval").write_text("un fichier à la place du dossier", encoding="utf-8")
    with pytest.raises(ReportError, match="journal"):
        log.append(tmp_path, "debut")
