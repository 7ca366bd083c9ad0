"""What has no place in the folder of an audience is told; what a build makes there is not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from ctgeval.report import manifest, scan

PAGE = b"<!doctype html><h1>Bilan</h1><table><tr><th>a</th><th>2024</th></tr><tr><td>b</td><td>3</td></tr></table>"
Plant = Callable[[Path], None]


def produced(folder: Path, name: str, *, audience: str, page: bytes = PAGE) -> None:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.html").write_bytes(page)
    told = {"format": manifest.FORMAT, "audience": audience, "titre": "Bilan"}
    told["html"] = {"fichier": f"{name}.html", "sha256": hashlib.sha256(page).hexdigest(), "octets": len(page)}
    (folder / f"{name}.manifest.json").write_text(json.dumps(told), "utf-8")


@pytest.fixture
def copil(tmp_path: Path) -> Path:
    folder = tmp_path / "copil"
    produced(folder, "bilan-2024", audience="copil")
    (folder / "index.html").write_text("<!doctype html><h1>Bilans</h1><p>3 bilans</p>", "utf-8")
    return folder


def kinds(hits: tuple[scan.Hit, ...]) -> set[tuple[str, str]]:
    return {(hit.file, hit.kind) for hit in hits}


def look(folder: Path) -> set[tuple[str, str]]:
    return kinds(scan.blocking(scan.folder(folder, audience="copil", release=None, machine=scan.Machine((), ()))))


def linked(folder: Path) -> None:
    target = folder.parent / "ailleurs.html"
    target.write_text("x", "utf-8")
    (folder / "lien.html").symlink_to(target)


def written(name: str, data: bytes) -> Plant:
    def plant(out: Path) -> None:
        (out / name).write_bytes(data)

    return plant


def made(name: str, audience: str) -> Plant:
    return lambda out: produced(out, name, audience=audience)


PLANTED: dict[str, tuple[Plant, tuple[str, str]]] = {
    "a page of the team": (made("x-interne", "interne"), ("x-interne.html", "autre_public")),
    "a page without its sheet": (written("copie.html", PAGE), ("copie.html", "etranger")),
    "a page of a partner": (made("x", "partenaire-caf"), ("x.manifest.json", "autre_public")),
    "a hidden file": (written(".note.txt", b"x"), (".note.txt", "etranger")),
    "thumbnails": (written("Thumbs.db", b"x"), ("Thumbs.db", "etranger")),
    "a page that was changed": (written("bilan-2024.html", PAGE + b" "), ("bilan-2024.html", "modifie")),
    "a link": (linked, ("lien.html", "etranger")),
}


def test_nothing_is_wrong_with_what_a_build_made(copil: Path) -> None:
    assert look(copil) == set()
    assert look(copil.with_name("jamais-fait")) == set()


@pytest.mark.parametrize("name", PLANTED)
def test_what_was_put_beside_is_found(name: str, copil: Path) -> None:
    plant, expected = PLANTED[name]
    plant(copil)
    assert expected in look(copil)


def test_what_a_notebook_leaves_is_found(copil: Path) -> None:
    (copil / ".ipynb_checkpoints").mkdir()
    (copil / ".ipynb_checkpoints" / "bilan.ipynb").write_text('{"cells": []}', "utf-8")
    assert look(copil) == {(".ipynb_checkpoints/bilan.ipynb", "etranger")}


def test_figures_that_can_not_be_compared_are_told_and_stop_nothing(copil: Path) -> None:
    hits = scan.folder(copil, audience="copil", release=None)
    assert kinds(hits) == {("bilan-2024.html", "non_compare")}
    assert not hits[0].blocking
    assert scan.folder(copil.with_name("copil"), audience="interne", release=None)[0].kind == "autre_public"


def test_persons_and_the_computer_are_looked_for_without_the_release(copil: Path) -> None:
    page = b"<h1>Bilan</h1><p>Mme Belkacem, belkacem@exemple.fr</p>"
    produced(copil, "bilan-2024", audience="copil", page=page)
    hits = scan.folder(copil, audience="copil", release=None, persons=frozenset({"Belkacem"}))
    assert {hit.kind for hit in hits} == {"nom", "courriel", "non_compare"}
    (copil / "bilan-2024.manifest.json").write_text(
        (copil / "bilan-2024.manifest.json").read_text("utf-8").replace("Bilan", str(copil.as_posix())), "utf-8"
    )
    hits = scan.folder(copil, audience="copil", release=None)
    assert ("bilan-2024.manifest.json", "chemin") in kinds(hits)


def test_while_a_build_runs_only_names_are_looked_at(copil: Path) -> None:
    (copil / f".bilan-2025.html.{'ab' * 6}.tmp").write_bytes(PAGE)
    (copil / "bilan-2025.html").write_bytes(PAGE)
    (copil / "bilan-2024.html").write_bytes(PAGE + b" ")
    expected = frozenset({"bilan-2025.html", "bilan-2025.manifest.json"})
    assert scan.foreign(copil, audience="copil", expected=expected) == ()
    assert kinds(scan.foreign(copil, audience="copil")) == {("bilan-2025.html", "etranger")}


def test_a_folder_is_read_once_while_its_pages_are_written(copil: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    really = manifest.read

    def counted(path: Path) -> dict[str, Any]:
        read.append(path.name)
        return really(path)

    monkeypatch.setattr(manifest, "read", counted)
    for year in range(1900, 1920):
        produced(copil, f"bilan-{year}", audience="copil")
    slugs = [f"bilan-{year}" for year in range(1900, 2025)]
    expected = scan.Expected(f"{slug}{end}" for slug in slugs for end in (".html", ".manifest.json", "-*.csv"))
    watch = scan.Watch(copil, audience="copil", expected=expected)
    assert watch.look() == ()
    before = len(read)
    for year in range(1920, 1960):
        (copil / f"bilan-{year}-tableau-1.csv").write_bytes(b"a")
        produced(copil, f"bilan-{year}", audience="copil")
        assert watch.look() == ()
    assert len(read) - before == 40


@pytest.mark.parametrize("place", ["intrus.html", "bilan-2024-1.txt", "ailleurs/bilan-2024.html"])
def test_a_file_that_nobody_expects_is_told_as_soon_as_it_is_there(copil: Path, place: str) -> None:
    watch = scan.Watch(copil, audience="copil", expected=scan.Expected(["bilan-2024.html", "bilan-2024-*.csv"]))
    assert watch.look() == ()
    (copil / place).parent.mkdir(exist_ok=True)
    (copil / place).write_bytes(PAGE)
    assert kinds(watch.look()) == kinds(watch.look()) == {(place, "etranger")}
    (copil / "bilan-2024-1.csv").write_bytes(b"a")
    assert kinds(watch.look()) == {(place, "etranger")}
    (copil / place).unlink()
    assert watch.look() == ()


def test_a_sheet_of_another_audience_is_told_as_soon_as_it_is_there(copil: Path) -> None:
    expected = scan.Expected(["bilan-2025.html", "bilan-2025.manifest.json"])
    watch = scan.Watch(copil, audience="copil", expected=expected)
    assert watch.look() == ()
    produced(copil, "bilan-2025", audience="habitants")
    assert ("bilan-2025.manifest.json", "autre_public") in kinds(watch.look())


@given(
    st.sets(st.text("ab*", min_size=1, max_size=4).filter(lambda name: name.count("*") < 2)), st.text("ab", max_size=6)
)
def test_a_name_is_expected_as_a_pattern_says(names: set[str], name: str) -> None:
    assert (name in scan.Expected(names)) == any(fnmatchcase(name, one) for one in names)


def test_a_refusal_says_where_and_what_to_do() -> None:
    hits = [scan.Hit("b.html", "masque", "tableau « T », ligne « Auvrelles »", "****")] * 7
    told = str(scan.refusal(hits))
    assert "n’est pas publié" in told
    assert "tableau « T », ligne « Auvrelles »" in told
    assert "et 2 autres" in told
    assert "{{...}}" in told
    assert all(str(scan.refusal([scan.Hit("b.html", kind, "", "")])) for kind in scan.KINDS)
