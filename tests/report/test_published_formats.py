"""A bilan in several formats is one bilan: made, frozen, put back, withdrawn and audited together."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ctgeval.errors import ParameterError
from ctgeval.report import formats, manifest
from ctgeval.report.audit import audit
from ctgeval.report.build import BuildReport, build, status
from ctgeval.report.formats import making
from ctgeval.report.formats.document import Document, Produced
from ctgeval.report.withdraw import withdraw
from tests.report.conftest import CIVRAISIEN
from tests.report.test_register import figures

__all__ = ["figures"]
pytestmark = pytest.mark.usefixtures("instant", "figures", "makers")
DAY = dt.date(2026, 3, 1)
SLUG = f"{CIVRAISIEN.lower()}-essai-2025"
ASKED = 'audience = "habitants"\nperiode = "2025"\n'
BOTH = f'{ASKED}formats = ["html", "odt", "csv"]\n'


@pytest.fixture
def makers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Makers of two formats that are instant, and tell what they are made from."""

    def odt(document: Document) -> tuple[Produced, ...]:
        return (Produced(name=f"{document.name}.odt", data=b"odt of %d" % len(document.page)),)

    def csv(document: Document) -> tuple[Produced, ...]:
        return (
            Produced(name=f"{document.name}-places.csv", data=document.context["titre"].encode()),
            Produced(name=f"{document.name}-places.schema.json", data=b"{}"),
        )

    made: dict[str, Any] = {"odt": odt, "csv": csv}
    monkeypatch.setattr(making, "_MAKERS", made)
    monkeypatch.setattr(formats, "refuse", lambda _names: None)
    # What these stubs write is no document of a word processor: the leak scan has its own tests.
    monkeypatch.setattr("ctgeval.report.scan.formats._ARCHIVES", frozenset({".zip"}))
    monkeypatch.setattr("ctgeval.report.scan.formats._PLAIN", frozenset({".txt", ".md", ".css", ".odt"}))
    return made


@pytest.fixture
def asked(workshop: Any, rewrite: Callable[[Path, str, str], None]) -> Any:
    rewrite(workshop.folder / "ctg.toml", ASKED, BOTH)
    return workshop


def run(workshop: Any, **options: Any) -> BuildReport:
    told = build(workshop.folder, out=workshop.out, date=DAY, **({"audience": "habitants"} | options))
    assert not told.failed, [entry.message for entry in told.failed]
    return told


def there(workshop: Any) -> set[str]:
    folder = workshop.out / "habitants"
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def beside(prefix: str = "") -> set[str]:
    return {f"{prefix}{SLUG}{end}" for end in (".odt", "-places.csv", "-places.schema.json")}


def states(workshop: Any) -> Iterator[tuple[str, str]]:
    for one in status(workshop.folder, out=workshop.out):
        if one.job.audience == "habitants":
            yield one.status, one.reason


PAGE = {f"{SLUG}.html", f"{SLUG}.manifest.json", "index.html"}


def test_each_format_is_published_with_its_digest_and_told_by_the_index(asked: Any) -> None:
    run(asked)
    assert there(asked) == PAGE | beside()
    told = json.loads((asked.out / "habitants" / f"{SLUG}.manifest.json").read_text(encoding="utf-8"))
    assert [one["format"] for one in told["fichiers"]] == ["odt", "csv", "csv"]
    assert manifest.whole(asked.out / "habitants", told)
    index = (asked.out / "habitants" / "index.html").read_text(encoding="utf-8")
    assert f'href="{SLUG}.odt"' in index
    assert "schema.json" not in index
    assert [entry.status for entry in run(asked).entries] == ["a_jour"]
    assert not audit(asked.folder, out=asked.out).parts[2].findings


@pytest.mark.parametrize("damage", ["changed", "removed"])
def test_a_file_that_is_not_as_it_was_makes_the_bilan_to_be_made_again(asked: Any, damage: str) -> None:
    run(asked)
    file = asked.out / "habitants" / f"{SLUG}.odt"
    before = file.read_bytes()
    file.write_bytes(b"something else") if damage == "changed" else file.unlink()
    assert list(states(asked)) == [("a_refaire", "un fichier publié a été modifié ou supprimé à la main")]
    found = audit(asked.folder, out=asked.out).findings
    assert any(one.file.endswith(".odt") for one in found)
    assert [entry.status for entry in run(asked).entries] == ["fait"]
    assert file.read_bytes() == before


def test_a_format_asked_for_later_makes_the_bilan_again_and_one_no_longer_asked_for_goes_with_it(
    asked: Any, rewrite: Callable[[Path, str, str], None]
) -> None:
    rewrite(asked.folder / "ctg.toml", BOTH, ASKED)
    run(asked)
    assert there(asked) == PAGE
    run(asked, formats=("odt",))
    assert there(asked) == PAGE | {f"{SLUG}.odt"}
    assert [entry.status for entry in run(asked).entries] == ["a_jour"], "what is there and not asked for does no harm"
    rewrite(asked.folder / "ctg.toml", ASKED, BOTH)
    run(asked)
    assert there(asked) == PAGE | beside()
    rewrite(asked.folder / "ctg.toml", BOTH, ASKED)
    run(asked, force=True)
    assert there(asked) == PAGE, "figures of another page than this one are no longer shown"


def test_formats_are_frozen_put_back_and_withdrawn_with_their_page(
    asked: Any, rewrite: Callable[[Path, str, str], None]
) -> None:
    rewrite(asked.folder / "ctg.toml", BOTH, f'{BOTH}etat = "publie"\n')
    run(asked)
    version = beside(f"versions/{SLUG}-v1/")
    assert there(asked) == PAGE | beside() | version | {f"versions/{SLUG}-v1.html", f"versions/{SLUG}-v1.manifest.json"}
    whole = {name: (asked.out / "habitants" / name).read_bytes() for name in there(asked)}
    assert f'href="versions/{SLUG}-v1/{SLUG}.odt"' in whole["index.html"].decode()

    for name in (f"{SLUG}.odt", f"versions/{SLUG}-v1/{SLUG}-places.csv"):
        (asked.out / "habitants" / name).write_bytes(b"by hand")
        assert run(asked).entries[0].status == "a_jour"
        assert {name: (asked.out / "habitants" / name).read_bytes() for name in there(asked)} == whole
    assert not audit(asked.folder, out=asked.out).findings

    withdraw(asked.folder, "essai", "Erreur de saisie", out=asked.out, date=DAY)
    assert there(asked) == {
        "index.html",
        f"{SLUG}.manifest.json",
        f"versions/{SLUG}-v1.manifest.json",
    }
    (asked.out / "habitants" / f"{SLUG}.odt").write_bytes(b"put back by hand")
    assert any(one.file.endswith(".odt") for one in audit(asked.folder, out=asked.out).findings)


def test_a_format_asked_for_after_the_page_was_frozen_waits_for_a_reason(
    asked: Any, rewrite: Callable[[Path, str, str], None]
) -> None:
    rewrite(asked.folder / "ctg.toml", BOTH, f'{ASKED}etat = "publie"\n')
    run(asked)
    rewrite(asked.folder / "ctg.toml", ASKED, BOTH)
    (entry,) = run(asked).entries
    assert entry.status == "fige"
    assert "depuis, les formats « odt » et « csv » sont nouveaux" in entry.message
    rewrite(asked.folder / "ctg.toml", BOTH, f'{BOTH}motif_revision = "Le COPIL veut aussi un document à annoter"\n')
    assert run(asked).entries[0].status == "fait"
    assert f"versions/{SLUG}-v2/{SLUG}.odt" in there(asked)


def test_a_format_that_can_t_be_made_leaves_the_earlier_files_as_they_were(asked: Any, makers: dict[str, Any]) -> None:
    run(asked)
    before = {name: (asked.out / "habitants" / name).read_bytes() for name in there(asked)}

    def refused(document: Document) -> tuple[Produced, ...]:
        raise ParameterError("Ce format ne convient pas à ce bilan.")

    makers["odt"] = refused
    told = build(asked.folder, out=asked.out, date=DAY, audience="habitants", force=True)
    assert [entry.message for entry in told.failed] == ["Ce format ne convient pas à ce bilan."]
    assert {name: (asked.out / "habitants" / name).read_bytes() for name in there(asked)} == before


def test_a_leak_in_one_format_stops_them_all(asked: Any, makers: dict[str, Any]) -> None:
    def leaking(document: Document) -> tuple[Produced, ...]:
        return (Produced(name=f"{document.name}.odt", data=b"Son NIR : 2 84 05 86 066 123 72"),)

    makers["odt"] = leaking
    told = build(asked.folder, out=asked.out, date=DAY, audience="habitants")
    assert f"{SLUG}.odt" in told.failed[0].message
    assert there(asked) <= {"index.html"}
