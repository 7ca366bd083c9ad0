from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings, strategies as st

from ctgeval.errors import ReportError
from ctgeval.report import files


@pytest.mark.parametrize("name", ["index.html", "epci-200070035-bilan-2025.html", "copil", "a.manifest.json"])
def test_plain_names_are_accepted(name: str, tmp_path: Path) -> None:
    assert files.place(tmp_path, name) == tmp_path.resolve() / name


@pytest.mark.parametrize(
    "name",
    [
        "..", ".", "", "a/b", "a\\b", "/etc", "C:", "c:x.html", "nul", "con.html", "com1.html", "a\0b", "é.html",
        "A.html", "․․", "a.exe", "-a", "a-", "{x}.html", "x" * 146 + ".html", "a.html\n", " a", "a.html.",
    ],
)  # fmt: skip
def test_any_other_name_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="nom de fichier"):
        files.place(tmp_path, "copil", name)


def test_a_write_that_fails_leaves_the_former_content_and_no_rest(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "page.html"
    files.write_whole(path, b"avant")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ReportError, match="le disque est plein"):
        files.write_whole(path, b"apres")
    assert path.read_bytes() == b"avant"
    assert [one.name for one in tmp_path.iterdir()] == ["page.html"]


def test_a_file_is_written_in_new_folders_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "un dossier" / "été" / "page.html"
    files.write_whole(path, b"un")
    files.write_whole(path, b"deux")
    assert path.read_bytes() == b"deux"
    assert files.digest(path) == hashlib.sha256(b"deux").hexdigest()
    assert files.digest(tmp_path / "absent") == ""


def test_a_folder_in_the_way_is_told(tmp_path: Path) -> None:
    (tmp_path / "copil").write_text("un fichier", encoding="utf-8")
    with pytest.raises(ReportError, match="Impossible d’écrire"):
        files.write_whole(tmp_path / "copil" / "page.html", b"x")


NAMES = st.one_of(
    st.text(max_size=160),
    st.from_regex(r"[a-z0-9.-]{1,40}", fullmatch=True),
    st.sampled_from(
        ["..", "../..", "/etc", "C:\\x", "{0.__class__}.html", "%s.html", "~", "nul.html", "a\0.html", "․․/a"]
    ),
)


@given(names=st.lists(NAMES, min_size=1, max_size=3))
@example(names=["copil", "..", "ctg.toml"])
@example(names=["copil", "{x.__class__}.html"])
@example(names=["lpt1", "a.html"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_names_are_refused_or_give_that_file_under_the_root(names: list[str], tmp_path: Path) -> None:
    try:
        path = files.place(tmp_path, *names)
    except ReportError as refused:
        str(refused).encode("utf-8", "backslashreplace")
        return
    assert path.relative_to(tmp_path.resolve()).parts == tuple(names)
    assert not set("{}%~") & set("".join(names))
    assert all(name == name.casefold().strip(" .") and len(name) <= 150 for name in names)


@pytest.mark.skipif(os.name == "nt", reason="needs symbolic links")
@pytest.mark.parametrize("there", [True, False])
def test_a_link_in_the_place_of_a_page_is_refused(tmp_path: Path, there: bool) -> None:
    target = tmp_path / "ailleurs.html"
    if there:
        target.write_bytes(b"intact")
    out = tmp_path / "bilans"
    (out / "copil").mkdir(parents=True)
    (out / "copil" / "page.html").symlink_to(target)
    with pytest.raises(ReportError, match="lien symbolique"):
        files.place(out, "copil", "page.html")
    # A link put there after the look is replaced by the page: what it led to is not written.
    files.write_whole(out / "copil" / "page.html", b"page")
    assert not (out / "copil" / "page.html").is_symlink()
    assert target.exists() == there
    assert not there or target.read_bytes() == b"intact"
