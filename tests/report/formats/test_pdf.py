"""The PDF as a screen reader gets it: its tags are read back, and nothing of the page is missing."""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given

from ctgeval.errors import ParameterError
from ctgeval.report.formats import content, pdf
from tests.examples import examples, sample
from tests.made import checkout_with_bilans
from tests.once import shared_root
from tests.report.formats import tagged
from tests.report.formats.documents import ALTERNATIVE, MENTION, PIECES, document
from tests.report.formats.pages import published

MUST_BE_IN = {
    "LI": {"L"}, "Lbl": {"LI"}, "LBody": {"LI"}, "TR": {"THead", "TBody"}, "TH": {"TR"}, "TD": {"TR"},
    "THead": {"Table"}, "TBody": {"Table"},
}  # fmt: skip
MAY_HOLD = {
    "L": {"L", "LI", "Caption"}, "LI": {"Lbl", "LBody"}, "Table": {"Caption", "THead", "TBody"}, "TR": {"TH", "TD"},
}  # fmt: skip


@pytest.fixture(scope="module")
def small() -> bytes:
    return pdf.made(document()).data


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Published pages: one at each run, all of them during a campaign."""
    pages = (checkout_with_bilans(shared_root(tmp_path_factory)) / "pages" / "reports").rglob("*-2025.html")
    kept = sorted(pages, key=lambda path: (path.stat().st_size, path.as_posix()))
    assert kept
    return kept[: sample(1, len(kept))]


def _check(data: bytes, made_from: content.Element) -> None:
    """Check what a machine can of PDF/UA-1, and that the file says all that the page does."""
    file = tagged.reader(data)
    catalog = file.trailer["/Root"]
    tree = tagged.tree(file)
    assert catalog["/Lang"] == "fr"
    assert catalog["/MarkInfo"]["/Marked"]
    assert catalog["/ViewerPreferences"]["/DisplayDocTitle"]
    assert b'pdfuaid:part="1"' in catalog["/Metadata"].get_data()
    _check_marks(file, tree)
    _check_structure(tree)
    _check_tables(tree)
    drawn = [content.alternative(one) for one in made_from.iter() if one.tag in {"svg", "img"}]
    assert [one.alt for one in tree.all("Figure")] == drawn
    assert all(drawn)
    _check_annotations(file)
    _check_words(file, made_from)


def _check_marks(file, tree) -> None:
    marks, naked = tagged.content_marks(file)
    assert naked == []
    assert marks == {mark for one in tree.walk() for mark in one.marks}


def _check_structure(tree) -> None:
    levels = [int(one.tag[1]) for one in tree.walk() if re.fullmatch(r"H\d", one.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    for one in tree.walk():
        for child in one.children:
            assert one.tag in MUST_BE_IN.get(child.tag, {one.tag}), (one.tag, child.tag)
            assert child.tag in MAY_HOLD.get(one.tag, {child.tag}), (one.tag, child.tag)


def _check_tables(tree) -> None:
    for table in tree.all("Table"):
        names = {cell.name for cell in table.all("TH")}
        columns = [cell for head in table.all("THead") for cell in head.all("TH")]
        rows = [cell for body in table.all("TBody") for cell in body.all("TH")]
        assert columns
        assert {cell.scope for cell in columns} == {"Column"}
        assert {cell.scope for cell in rows} <= {"Row"}
        assert all(cell.headers and set(cell.headers) <= names for cell in table.all("TD"))


def _check_annotations(file) -> None:
    for page in file.pages:
        for reference in page.get("/Annots", []):
            annotation = reference.get_object()
            assert annotation["/Contents"]
            assert "/StructParent" in annotation
            target = annotation.get("/A", {}).get("/URI", "mailto:")
            assert re.match(r"https:|mailto:", target)
        assert page["/Tabs"] == "/S"
        for font in page["/Resources"]["/Font"].values():
            described = font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"]
            assert "/FontFile2" in described
            assert "/ToUnicode" in font.get_object()


def _letters(text: str) -> str:
    return re.sub(r"[\s\u00ad\u2010-]+", "", text)


def _check_words(file, made_from) -> None:
    told = _letters(" ".join(page.extract_text() for page in file.pages))
    drawings = {inside for one in made_from.iter("svg") for inside in one.iter()}
    said = {content.text(one) for one in made_from.iter() if not len(one) and one not in drawings}
    assert sorted(text for text in said if _letters(text) not in told) == []


def test_the_file_is_what_pdf_ua_asks_and_says_all_that_the_page_does(small: bytes) -> None:
    _check(small, content.reading(content.tree(document())))


def test_a_published_page_too(real: list[Path]) -> None:
    for path in real:
        bilan = published(path)
        _check(pdf.made(bilan).data, content.reading(content.tree(bilan)))


@examples(8)
@given(PIECES)
def test_whatever_a_notebook_wrote_all_that_is_drawn_is_in_the_structure_of_the_file(pieces: list[str]) -> None:
    file = tagged.reader(pdf.made(document("".join(pieces))).data)
    tree = tagged.tree(file)
    _check_marks(file, tree)
    assert all(one.alt for one in tree.all("Figure"))


def test_the_file_says_what_it_is(small: bytes) -> None:
    file = tagged.reader(small)
    assert file.metadata is not None
    assert file.metadata.title == f"Diagnostic 2025 du Val d’Arvelle – CC du Val d’Arvelle – 2025 – {MENTION}"
    assert file.metadata.author == "Convention territoriale globale – CC du Val d’Arvelle"
    assert file.metadata["/CreationDate"] == file.metadata["/ModDate"] == "D:20260301"
    assert ALTERNATIVE in {one.alt for one in tagged.tree(file).all("Figure")}


def test_each_page_says_its_number_and_that_the_data_are_fictional(small: bytes) -> None:
    pages = tagged.reader(small).pages
    assert len(pages) > 2
    for rank, page in enumerate(pages, start=1):
        told = " ".join(page.extract_text().split())
        assert f"Document de travail – {MENTION}" in told
        assert f"Page {rank} sur {len(pages)}" in told


def test_the_bookmarks_are_the_headings(small: bytes) -> None:
    outline = tagged.reader(small).outline
    assert outline[0]["/Title"] == "Diagnostic 2025 du Val d’Arvelle"
    named = [one["/Title"] for one in outline[1] if not isinstance(one, list)]
    assert named == ["L’essentiel en chiffres", "L’accueil du jeune enfant", "Commune par commune", "Provenance"]


def test_the_header_of_a_long_table_comes_back_on_the_next_page(small: bytes) -> None:
    pages = [page.extract_text() for page in tagged.reader(small).pages]
    first = next(rank for rank, text in enumerate(pages) if "Population, commune par commune" in text)
    assert "Commune n° 60" not in pages[first]
    assert re.search(r"Commune\s+Habitants\s+Évolution", pages[first + 1])


def test_the_same_bilan_gives_the_same_bytes(small: bytes) -> None:
    code = (
        "import sys; from ctgeval.report.formats import pdf; from tests.report.formats.documents import document;"
        "sys.stdout.buffer.write(pdf.made(document()).data)"
    )
    root = Path(__file__).resolve().parents[3]
    again = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, check=True)
    assert again.stdout == small


def test_a_hostile_content_asks_nothing_of_the_network_nor_of_the_disk(tmp_path: Path, monkeypatch) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("à ne pas dire", encoding="utf-8")
    asked: list[str] = []
    opener = "urllib.request.OpenerDirector.open"
    monkeypatch.setattr(opener, lambda _self, request, **_: asked.append(request.full_url))
    raw = (
        f'<p>a</p><img alt="b" src="file://{secret}"><p><a href="https://exemple.fr/">c</a></p>'
        '<svg viewBox="0 0 9 9" aria-label="d"><image href="https://exemple.fr/e.png"></image>'
        '<rect width="9" height="9" fill="url(https://exemple.fr/f.svg#g)"></rect></svg>'
    )
    made = pdf.made(document(raw)).data
    assert asked == []
    assert not re.search(rb"EmbeddedFile|JavaScript|Launch", made)


def test_what_is_asked_elsewhere_is_refused_even_if_it_were_let_through(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("à ne pas dire", encoding="utf-8")
    fetcher = pdf._fetcher()
    for url in (secret.as_uri(), "https://exemple.fr/a.png", "http://127.0.0.1:1/", "police:../../../pyvenv.cfg"):
        with pytest.raises(ValueError, match="disallowed"):
            fetcher.fetch(url)
    assert fetcher.fetch("data:text/plain,oui").read() == b"oui"


@pytest.mark.parametrize(("error", "told"), [(ImportError("weasyprint"), "WeasyPrint"), (OSError("libpango"), "Pango")])
def test_what_is_missing_is_told_with_its_remedy(error: Exception, told: str, monkeypatch) -> None:
    class Missing:
        def find_spec(self, name, _path=None, _target=None):
            if name == "weasyprint":
                raise error

    monkeypatch.delitem(sys.modules, "weasyprint", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Missing(), *sys.meta_path])
    with pytest.raises(ParameterError, match=told) as raised:
        pdf.made(document("<p>a</p>"))
    assert "pip install 'ctgeval[pdf]'" in raised.value.problem.remedy


def test_a_weasyprint_that_is_too_old_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("weasyprint.urls.URLFetcher")
    with pytest.raises(ParameterError, match=r"68 ou plus récent"):
        pdf.made(document("<p>a</p>"))
