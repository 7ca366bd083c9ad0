"""The slides in a real browser: the promises of every page, a screen each, the keys, the notes, the print."""

from __future__ import annotations

import io
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from ctgeval.report.formats import content, slides
from tests.examples import sample
from tests.made import checkout_with_bilans
from tests.once import shared_root
from tests.report.formats.documents import MENTION, document
from tests.report.formats.pages import published


@pytest.fixture(scope="module")
def page_of_slides(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = slides.made(document())
    path = tmp_path_factory.mktemp("diapositives") / made.name
    path.write_bytes(made.data)
    return path


@pytest.fixture
def shown(page_of_slides: Path, browser: Any) -> Any:
    context = browser.new_context(viewport={"width": 1280, "height": 720}, reduced_motion="reduce")
    page = context.new_page()
    page.goto(page_of_slides.resolve().as_uri())
    yield page
    context.close()


@pytest.mark.parametrize("notes", ["shown", "hidden"][: sample(1, 2)])
def test_the_slides_keep_the_promises_of_every_page(
    page_of_slides: Path, check_page: Any, tmp_path: Path, notes: str
) -> None:
    seen = tmp_path / page_of_slides.name
    text = page_of_slides.read_text(encoding="utf-8")
    assert text.count('type="checkbox"') == 1
    box = 'type="checkbox" checked' if notes == "shown" else 'type="checkbox"'
    seen.write_text(text.replace('type="checkbox"', box), encoding="utf-8")
    check_page(seen)


def test_a_published_page_gives_slides_of_one_screen_each(
    tmp_path_factory: pytest.TempPathFactory, browser: Any, tmp_path: Path
) -> None:
    reports = checkout_with_bilans(shared_root(tmp_path_factory)) / "pages" / "reports"
    pages = sorted(reports.rglob("*-2025.html"), key=lambda path: (path.stat().st_size, path.as_posix()))
    assert pages
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    for path in pages[-sample(1, len(pages)) :]:
        made = slides.made(published(path))
        (tmp_path / made.name).write_bytes(made.data)
        page = context.new_page()
        page.goto((tmp_path / made.name).as_uri())
        heights = page.evaluate("[...document.querySelectorAll('section')].map(one => one.offsetHeight)")
        # Letters are told without being drawn: a line more here or there is no second screen.
        assert max(heights) <= 800, (path.name, heights)
        assert sum(height > 722 for height in heights) <= len(heights) / 20
        page.close()
    context.close()


def test_the_keys_turn_the_slides(shown: Any) -> None:
    tops = shown.evaluate("[...document.querySelectorAll('section')].map(one => one.offsetTop)")
    assert len(tops) > 5
    shown.evaluate("document.querySelector('section').focus({preventScroll: true})")
    for rank, key in enumerate(("PageDown", "Space", "ArrowDown"), start=1):
        shown.keyboard.press(key)
        # The scrolling is animated: it has ended when a slide stands at the top.
        shown.wait_for_function("top => Math.abs(top - scrollY) < 1", arg=tops[rank])
    shown.keyboard.press("PageUp")
    shown.wait_for_function("top => Math.abs(top - scrollY) < 1", arg=tops[2])
    assert shown.evaluate("[...document.querySelectorAll('section')].every(one => one.tabIndex === 0)")


def test_the_notes_are_shown_by_one_box_that_the_keyboard_reaches(shown: Any) -> None:
    notes = shown.locator(".diapo-notes")
    assert notes.count() > 2
    assert not any(notes.nth(rank).is_visible() for rank in range(notes.count()))
    shown.get_by_label("Afficher les notes").focus()
    shown.keyboard.press("Space")
    assert all(notes.nth(rank).is_visible() for rank in range(notes.count()))


def test_each_slide_is_printed_on_a_page_with_its_notes(shown: Any) -> None:
    printed = PdfReader(io.BytesIO(shown.pdf(prefer_css_page_size=True)))
    pages = [" ".join(page.extract_text().split()) for page in printed.pages]
    count = shown.locator("section").count()
    numbers = [re.findall(rf"\b(\d+) / {count}\b", page) for page in pages]
    assert [number for found in numbers for number in found] == [str(rank) for rank in range(1, count + 1)]
    assert max(map(len, numbers)) == 1
    assert printed.pages[0].mediabox.width > printed.pages[0].mediabox.height
    told = " ".join(pages)
    assert "Source : Caf." in told
    assert "Afficher les notes" not in told


def test_each_slide_says_its_state_and_its_number() -> None:
    told = slides.made(document()).data.decode()
    count = told.count("<section")
    assert told.count(f"<span>Document de travail – {MENTION}</span>") == count
    assert f"<span>{count}&nbsp;/&nbsp;{count}</span>" in told
    assert told.count("<h1") == 1
    assert "Un paragraphe d’ouverture" in told.partition("</section>")[0]


def test_a_bilan_without_a_section_has_slides_all_the_same() -> None:
    told = slides.made(document("<figure><figcaption>Une figure</figcaption></figure><p>Un texte.</p>")).data.decode()
    assert '<h2 id="diapo-3">Diagnostic 2025 du Val d’Arvelle</h2>' in told
    assert "Une figure" in told
    assert "Un texte." in told


def test_the_headings_never_skip_a_level_and_the_identifiers_are_unique() -> None:
    raw = "<h2>A</h2><h5>b</h5><p>c</p><h4>d</h4><p>e</p><details><summary>f</summary><h6>g</h6><h3>h</h3></details>"
    told = slides.made(document(raw)).data.decode()
    root = content.tree(document(contenu=told[told.index("<section") : told.index("</main>")]))
    levels = [int(one.tag[1]) for one in root.iter() if one.tag in {"h1", "h2", "h3", "h4", "h5", "h6"}]
    assert all(after <= before + 1 for before, after in pairwise(levels))
    names = [one.get("id") for one in root.iter() if one.get("id")]
    assert len(names) == len(set(names))


def test_the_same_bilan_gives_the_same_bytes() -> None:
    assert slides.made(document()) == slides.made(document())
    assert slides.made(document()).name == "val-d-arvelle-diagnostic-2025-diapositives.html"
