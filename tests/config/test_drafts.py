"""Files written whole: whose draft is whose, what a killed program left, and that nobody writes over anybody."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ctgeval.config import drafts

linux = pytest.mark.skipif(not drafts.space(), reason="this system does not tell which processes live")
LEAVE = (
    "import sys\nfrom pathlib import Path\nfrom ctgeval.config import drafts\ndrafts.beside(Path(sys.argv[1])).touch()"
)


def left(path: Path) -> Path:
    """Have a program leave its draft of a file, and end."""
    subprocess.run([sys.executable, "-c", LEAVE, str(path)], check=True)
    (found,) = path.parent.glob(f".{path.name}.*.tmp")
    return found


@linux
def test_the_draft_of_a_program_that_ended_is_swept_at_once_and_that_of_a_living_one_is_not(tmp_path: Path) -> None:
    mine = drafts.beside(tmp_path / "a.html")
    mine.touch()
    dead = left(tmp_path / "b.html")
    os.utime(mine, (0, 0))
    drafts.sweep(tmp_path.iterdir(), now=mine.stat().st_mtime + 1e9)
    assert (mine.exists(), dead.exists()) == (True, False)


@linux
def test_a_number_of_process_used_again_is_not_its_former_owner(tmp_path: Path) -> None:
    again = tmp_path / drafts.beside(tmp_path / "a").name.replace(f"-{os.getpid()}-", f"-{os.getpid()}-1")
    again.mkdir()
    (again / "dedans").touch()
    drafts.sweep([again], now=0.0)
    assert not again.exists()


@pytest.mark.parametrize("name", [".a.html.0123456789ab.tmp", ".a.html.ffffffff-1-1.0123456789ab.tmp"])
def test_the_draft_of_another_machine_or_version_goes_after_an_hour(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.touch()
    now = path.stat().st_mtime
    drafts.sweep([path], now=now + 3599)
    assert path.exists()
    drafts.sweep([path], now=now + 3601)
    assert not path.exists()


@pytest.mark.skipif(os.name == "nt", reason="needs symbolic links")
def test_what_a_link_leads_to_is_not_swept(tmp_path: Path) -> None:
    target = tmp_path / "dossier"
    target.mkdir()
    link = tmp_path / ".a.ffffffff-1-1.0123456789ab.tmp"
    link.symlink_to(target)
    drafts.sweep([link], now=1e12)
    assert target.is_dir()


def test_of_many_that_claim_a_file_one_writes_it_whole(tmp_path: Path) -> None:
    path, won = tmp_path / "verrou", []

    def claim(rank: int) -> None:
        if drafts.claim(path, bytes([65 + rank]) * 10_000):
            won.append(rank)

    threads = [threading.Thread(target=claim, args=(rank,)) for rank in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (rank,) = won
    assert path.read_bytes() == bytes([65 + rank]) * 10_000
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name == "nt", reason="there, a file is renamed in place of a link")
def test_a_place_without_links_is_claimed_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def link(*_: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", link)
    path = tmp_path / "verrou"
    assert [drafts.claim(path, b"un"), drafts.claim(path, b"deux")] == [True, False]
    assert path.read_bytes() == b"un"
    assert list(tmp_path.iterdir()) == [path]


def test_a_refusal_is_told_in_french() -> None:
    assert drafts.refusal(OSError(errno.ENOSPC, "No space left on device")) == "le disque est plein"
    assert drafts.refusal(OSError(9999, "unheard of")) == "unheard of"
