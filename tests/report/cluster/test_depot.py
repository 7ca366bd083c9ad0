"""Reports behind an address: the folder of the dossier counts, the address receives each file whole, in order."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from ctgeval.errors import DossierError, ParameterError, ReportError
from ctgeval.report import lock
from ctgeval.report.audit import audit
from ctgeval.report.build import BuildReport, build, status
from ctgeval.report.cluster import depot, places
from ctgeval.report.withdraw import withdraw
from tests.examples import sample
from tests.report.conftest import CIVRAISIEN

PAGE = f"copil/{CIVRAISIEN.lower()}-essai-2025.html"
SHEET = PAGE.replace(".html", ".manifest.json")

pytestmark = pytest.mark.usefixtures("instant")


@pytest.fixture
def url() -> str:
    return f"memory://{uuid4().hex}"


def made(shop: Any, url: str, **options: Any) -> BuildReport:
    return build(shop.folder, out=url, date=dt.date(2026, 3, 2), **options)


def there(url: str) -> dict[str, bytes]:
    place = places.opened(url)
    return {name: place.read(name) for name in place.files()}


def here(shop: Any, url: str) -> dict[str, bytes]:
    root = depot.mirror(url, shop.folder)
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_an_address_receives_what_a_folder_would(workshop: Any, url: str, tmp_path: Path) -> None:
    report = made(workshop, url)
    assert report.failed == ()
    assert any(url in one for one in report.remarks)
    received = there(url)
    assert received.pop(depot.MARK)
    assert received == here(workshop, url)
    build(workshop.folder, out=tmp_path / "rapports", date=dt.date(2026, 3, 2))
    plain = {path.relative_to(tmp_path / "rapports").as_posix() for path in (tmp_path / "rapports").rglob("*.*")}
    assert received.keys() == plain


@pytest.mark.parametrize("scheme", ["file", "local"])
def test_an_address_of_this_machine_is_the_folder_itself(workshop: Any, scheme: str) -> None:
    made(workshop, f"{scheme}://{workshop.out}")
    assert (workshop.out / PAGE).is_file()
    assert not (workshop.out / depot.MARK).exists()
    assert all(one.status == "a_jour" for one in status(workshop.folder, out=f"{scheme}://{workshop.out}"))


def test_nothing_is_copied_when_nothing_changed(workshop: Any, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made(workshop, url)
    before = there(url)
    monkeypatch.setattr(places.Place, "write", None)
    assert {one.status for one in made(workshop, url).entries} == {"a_jour"}
    assert {one.status for one in status(workshop.folder, out=url)} == {"a_jour"}
    assert there(url) == before


def test_what_somebody_removed_there_is_put_back(workshop: Any, url: str) -> None:
    made(workshop, url)
    before = there(url)
    places.opened(url).remove(PAGE)
    made(workshop, url)
    assert there(url) == before


def test_a_withdrawn_bilan_goes_from_the_address_too(workshop: Any, url: str) -> None:
    made(workshop, url)
    withdraw(
        workshop.folder, "essai", "Erreur de saisie", out=url, audience="copil", territoire=CIVRAISIEN,
        date=dt.date(2026, 3, 3),
    )  # fmt: skip
    received = there(url)
    assert PAGE not in received
    assert b"Erreur de saisie" in received["copil/index.html"]
    assert {one.status for one in status(workshop.folder, out=url)} == {"a_jour", "retire"}
    assert audit(workshop.folder, out=url).parts[-1].checked


def test_the_order_is_pages_then_sheets_then_indexes(workshop: Any, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    write = places.Place.write

    def noted(self: places.Place, name: str, data: bytes) -> None:
        written.append(name)
        write(self, name, data)

    monkeypatch.setattr(places.Place, "write", noted)
    made(workshop, url)
    kinds = ["index" if one.endswith("index.html") else Path(one).suffix for one in written[1:]]
    assert written[0] == depot.MARK
    assert kinds == [".html"] * 3 + [".json"] * 3 + ["index"] * 2


def test_a_page_that_can_not_be_copied_is_a_failure_and_is_copied_the_next_time(
    workshop: Any, tmp_path: Path, faulty: Any
) -> None:
    url = f"fautif://{tmp_path}/dépôt"
    faulty.refused = PAGE
    report = made(workshop, url)
    (failed,) = report.failed
    assert (failed.audience, failed.territoire) == ("copil", CIVRAISIEN)
    assert "pas déposé" in failed.message
    assert "le réseau est tombé" in failed.message
    received = there(url)
    # Neither its sheet nor an index that links it; the others are there.
    assert not {PAGE, SHEET, "copil/index.html"} & received.keys()
    assert {"habitants/index.html", f"habitants/{CIVRAISIEN.lower()}-essai-2025.html"} <= received.keys()
    faulty.refused = ""
    report = made(workshop, url)
    assert {one.status for one in report.entries} == {"a_jour"}
    received = there(url)
    del received[depot.MARK]
    assert received == here(workshop, url)


@pytest.mark.parametrize("after", range(0, 9, sample(4, 1)))
def test_a_copy_that_is_killed_leaves_whole_files_and_is_finished_by_the_next(
    workshop: Any, tmp_path: Path, faulty: Any, after: int
) -> None:
    url = f"fautif://{tmp_path}/dépôt"
    faulty.broken_after = after
    with pytest.raises(KeyboardInterrupt):
        made(workshop, url)
    faulty.broken_after = -1
    mirrored = here(workshop, url)
    received = there(url)
    received.pop(depot.MARK, None)
    assert received.items() <= mirrored.items()
    made(workshop, url)
    received = there(url)
    del received[depot.MARK]
    assert received == mirrored


def test_a_page_copied_by_a_killed_program_can_still_be_withdrawn(workshop: Any, tmp_path: Path, faulty: Any) -> None:
    url = f"fautif://{tmp_path}/dépôt"
    faulty.broken_after = 4
    with pytest.raises(KeyboardInterrupt):
        made(workshop, url)
    faulty.broken_after = -1
    assert PAGE in there(url)
    withdraw(workshop.folder, "essai", "Erreur de saisie", out=url, audience="copil", territoire=CIVRAISIEN)
    assert PAGE not in there(url)


def test_a_withdrawal_that_does_not_reach_the_address_is_an_error_until_it_does(
    workshop: Any, tmp_path: Path, faulty: Any
) -> None:
    url = f"fautif://{tmp_path}/dépôt"
    made(workshop, url)
    faulty.refused = PAGE
    chosen = {"out": url, "audience": "copil", "territoire": CIVRAISIEN}
    for _ in range(2):
        with pytest.raises(ReportError, match="n’ont pas pu être mis à jour"):
            withdraw(workshop.folder, "essai", "Erreur de saisie", **chosen)
    faulty.refused = ""
    assert withdraw(workshop.folder, "essai", "Erreur de saisie", **chosen).already
    assert PAGE not in there(url)


def test_each_dossier_has_an_address_of_its_own(workshop: Any, url: str, tmp_path: Path) -> None:
    made(workshop, url)
    other = tmp_path / "autre"
    shutil.copytree(workshop.folder, other, ignore=shutil.ignore_patterns(".ctgeval"))
    with pytest.raises(ReportError, match="bilans d’un autre dossier"):
        build(other, out=url)
    assert not (tmp_path / "autre" / ".ctgeval" / "registre.sqlite").exists()


def test_files_of_others_are_not_written_over(workshop: Any, url: str) -> None:
    places.opened(url).write("index.html", b"le site de la mairie")
    with pytest.raises(ReportError, match="contient déjà des fichiers"):
        made(workshop, url)
    assert there(url) == {"index.html": b"le site de la mairie"}


def test_a_lost_folder_is_taken_back_from_the_address(workshop: Any, url: str) -> None:
    made(workshop, url)
    before = here(workshop, url)
    shutil.rmtree(workshop.folder / ".ctgeval" / "depots")
    assert {one.status for one in made(workshop, url).entries} == {"a_jour"}
    assert here(workshop, url) == before


def test_an_address_that_is_not_one_changes_nothing(workshop: Any) -> None:
    with pytest.raises(ParameterError):
        made(workshop, "nuage://a")
    with pytest.raises(DossierError):
        build(workshop.folder / "absent", out="memory://a")
    assert not (workshop.folder / ".ctgeval").exists()


def test_a_place_that_can_not_be_reached_is_told_before_anything_is_made(
    workshop: Any, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(_: places.Place) -> None:
        raise OSError("hôte inconnu")

    monkeypatch.setattr(places.Place, "files", lost)
    with pytest.raises(ReportError, match="ne peut pas être jointe : hôte inconnu"):
        made(workshop, url)
    assert workshop.opened == []


def test_two_copies_at_once_exclude_each_other(workshop: Any, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "PATIENCE", 0.1)
    with depot.opened(url, workshop.folder), pytest.raises(ReportError, match="Une autre production"):
        made(workshop, url)


def test_the_mark_tells_nothing_of_the_dossier(workshop: Any, url: str) -> None:
    made(workshop, url)
    told = json.loads(there(url)[depot.MARK])
    secret = (workshop.folder / ".ctgeval" / "cle").read_bytes()
    assert list(told) == ["dossier"]
    assert told["dossier"].encode() not in secret
    assert str(workshop.folder).encode() not in b"".join(there(url).values())
