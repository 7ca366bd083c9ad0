"""The public site: only what was validated and published, whole, the same bytes each time, and nothing else."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ctgeval.errors import ParameterError
from ctgeval.report import formats, lint
from ctgeval.report.build import build
from ctgeval.report.formats import making
from ctgeval.report.formats.document import Document, Produced
from ctgeval.report.publication import Publication, publish
from ctgeval.report.withdraw import withdraw
from tests.report.conftest import CIVRAISIEN
from tests.report.test_register import figures

__all__ = ["figures"]
pytestmark = pytest.mark.usefixtures("instant", "figures")
DAY, LATER = dt.date(2026, 3, 1), dt.date(2026, 6, 1)
SLUG = f"{CIVRAISIEN.lower()}-essai-2025"
ASKED = 'audience = "habitants"\nperiode = "2025"\n'
STATE = 'etat = "publie"\ndate = 2026-02-20\ninstance = "le COPIL"\n'
Rewrite = Callable[[Path, str, str], None]


@pytest.fixture
def published(workshop: Any, rewrite: Rewrite) -> Any:
    rewrite(workshop.folder / "ctg.toml", ASKED, ASKED + STATE)
    run(workshop)
    return workshop


def run(workshop: Any, **options: Any) -> None:
    told = build(workshop.folder, out=workshop.out, date=DAY, **options)
    assert not told.failed, [entry.message for entry in told.failed]


def site(workshop: Any, **options: Any) -> Publication:
    return publish(
        workshop.folder, **({"out": workshop.out, "to": workshop.out.parent / "site", "date": DAY} | options)
    )


def there(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_site_holds_what_is_published_and_nothing_else(published: Any) -> None:
    done = site(published)
    found = there(done.folder)
    page = f"bilans/{SLUG}-v1.html"
    assert set(found) == {
        page, "index.html", "accessibilite.html", "licence.txt", "catalogue.json", "manifest.json",
    }  # fmt: skip
    assert done.pages == (page,)
    assert found[page] == (published.out / "habitants" / "versions" / f"{SLUG}-v1.html").read_bytes()
    told = json.loads(found["manifest.json"])
    for file in told["fichiers"]:
        assert hashlib.sha256(found[file["fichier"]]).hexdigest() == file["sha256"]
    index = found["index.html"].decode().replace("\u00a0", " ")
    assert "Validé par le COPIL le 20 février 2026" in index
    for name in ("index.html", "accessibilite.html"):
        assert lint.check(found[name]) == ()
        assert b"<script" not in found[name]
    assert "Défauts trouvés" in found["accessibilite.html"].decode()
    for content in found.values():
        assert str(published.folder).encode() not in content
        assert b"copil/" not in content


def test_the_same_site_is_written_twice_the_same_whatever_the_day_and_its_archive_too(published: Any) -> None:
    first = site(published)
    before = there(first.folder), first.archive.read_bytes()
    again = site(published, date=LATER)
    assert (first.changed, again.changed) == (True, False)
    assert (there(again.folder), again.archive.read_bytes()) == before
    with zipfile.ZipFile(first.archive) as archive:
        assert archive.testzip() is None
        assert {name.partition("/")[2] for name in archive.namelist()} == set(before[0])


def test_the_catalogue_tells_what_dcat_ap_asks_for(published: Any) -> None:
    told = json.loads((site(published).folder / "catalogue.json").read_text(encoding="utf-8"))
    assert told["@type"] == "dcat:Catalog"
    assert {"dct:title", "dct:description", "dct:publisher"} <= set(told)
    (dataset,) = told["dcat:dataset"]
    assert {"dct:title", "dct:description", "dcat:distribution"} <= set(dataset)
    assert dataset["dct:temporal"]["dcat:startDate"]["@value"] == "2025-01-01"
    for one in dataset["dcat:distribution"]:
        assert one["dcat:accessURL"]["@id"].startswith("bilans/")


def test_files_of_other_formats_are_published_with_their_page(
    workshop: Any, rewrite: Rewrite, monkeypatch: pytest.MonkeyPatch
) -> None:
    def csv(document: Document) -> tuple[Produced, ...]:
        return (Produced(name=f"{document.name}-places.csv", data=b"a;b\r\n"),)

    monkeypatch.setattr(making, "_MAKERS", {"csv": csv})
    monkeypatch.setattr(formats, "refuse", lambda _names: None)
    rewrite(workshop.folder / "ctg.toml", ASKED, f'{ASKED}{STATE}formats = ["html", "csv"]\n')
    run(workshop)
    done = site(workshop)
    assert f"bilans/{SLUG}-v1/{SLUG}-places.csv" in there(done.folder)
    assert f'href="bilans/{SLUG}-v1/{SLUG}-places.csv"' in (done.folder / "index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("", "son état est « brouillon »"),
        ('etat = "valide_cotech"\ndate = 2026-02-20\ninstance = "COTECH"\n', "son état est « valide_cotech »"),
        ('etat = "publie"\n', "ne dit pas quelle instance"),
    ],
)
def test_what_is_not_validated_and_published_stays(workshop: Any, rewrite: Rewrite, state: str, said: str) -> None:
    rewrite(workshop.folder / "ctg.toml", ASKED, ASKED + state)
    run(workshop)
    with pytest.raises(ParameterError, match="Aucun bilan") as raised:
        site(workshop)
    assert said in str(raised.value)
    assert not (workshop.out.parent / "site").exists()


def test_a_withdrawn_bilan_leaves_the_site(published: Any) -> None:
    site(published)
    withdraw(published.folder, "essai", "Erreur de saisie", out=published.out, audience="habitants", date=LATER)
    with pytest.raises(ParameterError, match="retiré le 1"):
        site(published)


def test_a_version_changed_by_hand_is_not_published(published: Any) -> None:
    page = published.out / "habitants" / "versions" / f"{SLUG}-v1.html"
    page.write_bytes(page.read_bytes() + b" ")
    with pytest.raises(ParameterError, match="modifiée ou supprimée à la main"):
        site(published)


def test_a_folder_that_holds_something_else_is_never_replaced(published: Any, tmp_path: Path) -> None:
    kept = tmp_path / "photos"
    kept.mkdir()
    (kept / "a.jpg").write_bytes(b"a")
    with pytest.raises(ParameterError, match="autre chose qu’un site"):
        site(published, to=kept)
    with pytest.raises(ParameterError, match="par-dessus le dossier"):
        site(published, to=published.folder.parent)
    assert (kept / "a.jpg").read_bytes() == b"a"
    assert (published.folder / "ctg.toml").is_file()


def test_a_site_that_can_t_be_replaced_is_left_as_it_was(published: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    done = site(published)
    before = there(done.folder)
    (done.folder / "manifest.json").write_bytes(
        before["manifest.json"].replace(b'"date": "2026-03-01"', b'"date": "2026-03-02"')
    )
    before = there(done.folder)
    rename = Path.rename

    def refused(self: Path, target: Path) -> Path:
        if self.name.endswith(".neuf"):
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refused)
    monkeypatch.setattr("ctgeval.report.publication.site._told", lambda _target: before["manifest.json"] + b" ")
    with pytest.raises(Exception, match="est resté en place"):
        site(published)
    assert there(done.folder) == before
    assert not [path for path in done.folder.parent.iterdir() if path.name.startswith(".site")]
