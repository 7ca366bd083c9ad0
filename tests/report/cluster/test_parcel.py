"""What travels: the same files give the same bytes, and nothing is written elsewhere than where it must be."""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import zipfile
from pathlib import Path

import pytest

from ctgeval.errors import ReportError
from ctgeval.report.cluster.parcel import Parcel, options, packed, unpacked
from ctgeval.report.pool import Task


def folder(root: Path) -> Path:
    (root / "release" / "sous").mkdir(parents=True)
    (root / "release" / "b.parquet").write_bytes(b"\0b")
    (root / "release" / "a été.json").write_bytes(b"{}")
    (root / "release" / "sous" / "c").write_bytes(b"")
    return root


def sha(archive: bytes) -> str:
    return hashlib.sha256(archive).hexdigest()


def test_the_same_files_give_the_same_archive_whatever_their_dates(tmp_path: Path) -> None:
    one, other = folder(tmp_path / "un"), folder(tmp_path / "deux")
    os.utime(other / "release" / "b.parquet", (0, 0))
    (other / "release" / "b.parquet").chmod(0o600)
    assert packed(one) == packed(other)
    (other / "release" / "sous" / "c").write_bytes(b"x")
    assert packed(one) != packed(other)


def test_what_is_unpacked_is_what_was_packed(tmp_path: Path) -> None:
    archive = packed(folder(tmp_path / "un"))
    unpacked(archive, tmp_path / "deux", sha256=sha(archive))
    found = {
        path.relative_to(tmp_path / "deux").as_posix() for path in (tmp_path / "deux").rglob("*") if path.is_file()
    }
    assert found == {"release/b.parquet", "release/a été.json", "release/sous/c"}
    assert packed(tmp_path / "deux") == archive


def test_another_archive_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    archive = packed(folder(tmp_path / "un"))
    with pytest.raises(ReportError, match="n’est pas celle qui a été envoyée"):
        unpacked(archive[:-1] + b"x", tmp_path / "deux", sha256=sha(archive))
    assert not (tmp_path / "deux").exists()


@pytest.mark.parametrize("name", ["../dehors", "/dehors", "a/../../dehors", "a\\..\\dehors", "C:dehors"])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as files:
        files.writestr(name, b"x")
    archive = written.getvalue()
    with pytest.raises(ReportError, match="hors de son dossier"):
        unpacked(archive, tmp_path / "dedans", sha256=sha(archive))
    assert not list(tmp_path.rglob("*dehors*"))


@pytest.mark.skipif(os.name == "nt", reason="needs links")
def test_a_link_does_not_travel(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"x")
    (folder(tmp_path / "un") / "release" / "lien").symlink_to(tmp_path / "secret")
    with pytest.raises(ReportError, match="fichiers ordinaires"):
        packed(tmp_path / "un")


def test_a_parcel_says_nothing_of_itself_in_a_log(tmp_path: Path) -> None:
    task = Task(tmp_path / "carnet.ipynb", tmp_path / "personne", {"territoire": "EPCI-1"}, 60.0)
    made = Parcel("visite", "carnet.ipynb", b"{}", b"secret", "", "ab", options(task), "cd")
    assert str(made) == repr(made) == f"{made}" == "<Parcel>"
    assert pickle.loads(pickle.dumps(made)) == made  # noqa: S301 ours
    assert "personne" not in str(made.options)
    assert made.options["limit"] == 60.0
    assert Task(notebook=Path("a"), scratch=Path("b"), **made.options).parameters == {"territoire": "EPCI-1"}
