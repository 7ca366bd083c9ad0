"""Folders behind addresses: each file whole, no password in an address, errors in French."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from ctgeval.errors import ParameterError, ReportError
from ctgeval.report.cluster import places


@pytest.fixture(params=["memory", "file", "local", "fautif"])
def url(request: pytest.FixtureRequest, tmp_path: Path, faulty: Any) -> str:
    return f"memory://{uuid4().hex}" if request.param == "memory" else f"{request.param}://{tmp_path}/dépôt"


def test_a_file_is_written_read_and_removed(url: str) -> None:
    place = places.opened(url)
    assert place.files() == {}
    place.write("copil/a.html", b"ancien")
    place.write("copil/a.html", b"nouveau")
    place.write("b.json", b"{}")
    assert place.files() == {"copil/a.html": 7, "b.json": 2}
    assert place.read("copil/a.html") == b"nouveau"
    folder, _, name = place.url_of("copil/a.html").rpartition("/")
    assert places.opened(folder).read(name) == b"nouveau"
    place.remove("b.json")
    place.remove("b.json")
    assert place.files() == {"copil/a.html": 7}
    place.remove_folder("copil")
    place.remove_folder("copil")
    assert place.files() == {}
    with pytest.raises(FileNotFoundError):
        place.read("b.json")


def test_a_write_that_fails_leaves_the_former_file(tmp_path: Path, faulty: Any) -> None:
    place = places.opened(f"fautif://{tmp_path}/dépôt")
    place.write("a.html", b"ancien")
    faulty.refused = "a.html"
    with pytest.raises(OSError, match="le réseau est tombé"):
        place.write("a.html", b"nouveau")
    faulty.refused = ""
    assert place.read("a.html") == b"ancien"


def test_what_a_killed_program_left_is_removed(tmp_path: Path) -> None:
    place = places.opened(f"file://{tmp_path}")
    place.write("copil/a.html", b"a")
    left = tmp_path / "copil" / ".a.html.0123456789ab.tmp"
    left.write_bytes(b"x")
    assert place.files() == {"copil/a.html": 1}
    assert not left.exists()


def test_an_address_of_this_machine_is_a_folder(tmp_path: Path) -> None:
    assert places.local(f"file://{tmp_path}/a") == places.local(f"LOCAL://{tmp_path}/a") == f"{tmp_path}/a"
    assert places.local("reports") == "reports"
    assert places.local("s3://a/b") == "s3://a/b"
    assert not places.is_url("C:\\bilans")
    assert not places.is_url("C:/bilans")


@pytest.mark.parametrize(
    "url", ["sftp://lea:motdepasse@hote/a", "s3://a?cle=1", "s3://a#b", "simplecache::s3://a", "a"]
)
def test_an_address_with_a_password_or_parameters_is_refused(url: str) -> None:
    with pytest.raises(ParameterError) as caught:
        places.opened(url)
    assert "motdepasse" not in str(caught.value)
    assert "lea" not in str(caught.value).replace("local", "")


def test_an_unknown_kind_of_address_is_refused() -> None:
    with pytest.raises(ParameterError, match="n’est pas comprise"):
        places.opened("nuage://a")


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: str) -> None:
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setattr("fsspec.core.url_to_fs", missing)
    with pytest.raises(ReportError, match="s3fs") as caught:
        places.opened("s3://a")
    assert "pip install 'ctgeval[cluster]'" in str(caught.value)
