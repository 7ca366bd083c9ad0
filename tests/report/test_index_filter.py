"""The filter of an index of three hundred bilans, in a real browser: by the keyboard, and without a server."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ctgeval.report import html, lint, manifest, site
from ctgeval.report.plan import Job

NAMES = [f"CC n° {rank}" for rank in range(1, 98)] + ["CC du Civraisien en Poitou", "Cœur d’Été", "L’Île-d’Yeu"]
KINDS = ("bilan_annuel", "diagnostic", "impact")


def job(rank: int, kind: str) -> Job:
    return Job(
        bilan=kind, audience="habitants", partner="", territoire=f"EPCI-{rank:09}", periode=str(2023 + rank % 3),
        etat="publie", formats=("html",), fictional=False,
    )  # fmt: skip


def publish(out: Path, one: Job, name: str) -> None:
    folder = out / one.folder
    folder.mkdir(parents=True, exist_ok=True)
    page = b"<html></html>"
    (folder / f"{one.slug}.html").write_bytes(page)
    told = manifest.describe(
        one, key="k", page=page, date="2026-01-15", title=f"{one.bilan.replace('_', ' ').capitalize()} de {name}",
        name=name, convention=site.convention("Vienne" if one.territoire < "EPCI-000000050" else "Ombrenne"),
        version=site.version(one), told_sources=[],
    )  # fmt: skip
    manifest.write(folder / f"{one.slug}.manifest.json", told)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of two conventions and three hundred bilans."""
    out = tmp_path_factory.mktemp("rapports")
    jobs = [job(rank, kind) for rank in range(len(NAMES)) for kind in KINDS]
    for one in jobs:
        publish(out, one, NAMES[int(one.territoire[5:])])
    return site.write_index(out, jobs, name="Vienne")


@pytest.fixture
def page(index: Path, browser: Any) -> Iterator[Any]:
    context = browser.new_context()
    opened = context.new_page()
    opened.goto(index.resolve().as_uri())
    yield opened
    context.close()


def shown(page: Any) -> int:
    return int(page.locator(".page-bilans > li:visible").count())


def test_the_index_keeps_the_promises_of_every_page(index: Path, check_page: Callable[[Path], None]) -> None:
    assert index.read_text(encoding="utf-8").count("<h3>") == 300
    assert lint.check(index.read_bytes(), script=html.index_filter()[1]) == ()
    check_page(index)


def test_it_is_complete_without_the_script(index: Path, browser: Any) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(index.resolve().as_uri())
    assert page.locator("[role=search]").is_hidden()
    assert shown(page) == 300
    context.close()


def test_words_are_found_whatever_their_accents_case_and_apostrophes(page: Any) -> None:
    field, count = page.get_by_label("Rechercher dans la liste"), page.get_by_role("status")
    assert count.text_content() == "300 documents"
    for typed, expected in (
        ("civraisien", 3),
        ("CIVRAISIEN diagnostic", 1),
        ("coeur ete", 3),
        ("l'ile d'yeu", 3),
        ("L’ÎLE-D’YEU impact", 1),
        ("zzz", 0),
        ("  ", 300),
    ):
        field.fill(typed)
        assert shown(page) == expected, typed
    field.fill("zzz")
    assert count.text_content() == "Aucun document ne correspond."
    assert page.locator("main h2:visible").count() == 0
    field.fill("civraisien impact")
    assert count.text_content() == "1 document sur 300"
    assert page.locator("main h2:visible").all_text_contents() == [site.convention("Ombrenne").replace(" – ", " – ")]


def test_choices_add_up_and_one_button_shows_everything(page: Any) -> None:
    page.get_by_label("Document", exact=True).select_option("Bilan annuel")
    assert shown(page) == 100
    page.get_by_label("Période").select_option("2024")
    assert shown(page) == 33
    page.get_by_label("Territoire").select_option("CC n° 2")
    assert shown(page) == 1
    page.get_by_role("button", name="Tout afficher").click()
    assert shown(page) == 300
    assert page.evaluate("document.activeElement.id") == "page-filtre-mots"
    told = page.get_by_label("Territoire").locator("option").all_text_contents()
    values = [one.replace("\u00a0", " ") for one in told]
    assert values[:4] == ["Tous les choix", "CC du Civraisien en Poitou", "CC n° 1", "CC n° 2"]
    assert values.index("CC n° 9") < values.index("CC n° 10")


def test_the_keyboard_is_enough_and_the_count_is_announced(page: Any) -> None:
    region = page.get_by_role("search", name="Filtrer les documents")
    assert region.is_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("civraisien")
    assert shown(page) == 3
    for focused in ("territoire", "carnet", "periode"):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.name") == focused
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert shown(page) == 300
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.matches('.page-bilans a')")


def test_a_print_has_no_filter(page: Any) -> None:
    page.emulate_media(media="print")
    assert page.locator("[role=search]").is_hidden()


def test_one_bilan_needs_no_filter_and_two_have_their_own_choices(tmp_path: Path) -> None:
    publish(tmp_path, job(1, "diagnostic"), "Civray")
    alone = site.write_index(tmp_path, [job(1, "diagnostic")], name="Vienne").read_text(encoding="utf-8")
    assert "<script" not in alone
    assert "page-filtre" not in alone
    publish(tmp_path, job(2, "diagnostic"), "Gençay")
    both = site.write_index(tmp_path, [job(1, "diagnostic"), job(2, "diagnostic")], name="Vienne")
    assert both.read_text(encoding="utf-8").count("<script>") == 1
    assert re.search(r'data-territoire="Gençay" data-carnet="Diagnostic" data-periode="2025"', both.read_text("utf-8"))


def test_a_kind_of_bilan_that_is_no_more_keeps_its_name(tmp_path: Path) -> None:
    jobs = [job(rank, "ancien_carnet") for rank in (1, 2)]
    for one in jobs:
        publish(tmp_path, one, f"CC {one.periode}")
    assert 'data-carnet="Ancien carnet"' in site.write_index(tmp_path, jobs, name="Vienne").read_text(encoding="utf-8")


def test_the_script_asks_for_nothing_and_writes_no_markup() -> None:
    _, script = html.index_filter()
    assert not re.search(r"fetch|XMLHttp|import|eval|Function|innerHTML|insertAdjacent|document\.write|https?:", script)
    assert "</" not in script
    assert len(script) < 3000
