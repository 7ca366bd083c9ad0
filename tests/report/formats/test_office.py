"""The text documents: their structure, read from the files and by LibreOffice, and the same words as the page."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given

from ctgeval.errors import ParameterError, ReportError
from ctgeval.report.formats import Document, archive, content, office
from tests.examples import examples
from tests.report.formats.documents import ALTERNATIVE, MENTION, PIECES, document

TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
SVG = "{urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0}"
LINK = "{http://www.w3.org/1999/xlink}href"
WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
TITLES = ["L’essentiel en chiffres", "L’accueil du jeune enfant", "Commune par commune", "Provenance"]


@pytest.fixture(scope="module")
def odt() -> dict[str, bytes]:
    return archive.unpacked(office.odt(document()).data)


@pytest.fixture(scope="module")
def docx() -> dict[str, bytes]:
    return archive.unpacked(office.docx(document()).data)


def _said(element: Element) -> str:
    return re.sub(r"\s+", " ", "".join(element.itertext())).strip()


def _words(text: str) -> list[str]:
    return re.sub(r"[\s\u2022\xad]+", " ", text).split()


def _leaves(bilan: Document) -> set[str]:
    root = content.reading(content.tree(bilan))
    drawings = {inside for one in root.iter("svg") for inside in one.iter()}
    return {content.text(one) for one in root.iter() if not len(one) and one not in drawings} - {""}


# --- OpenDocument


def test_an_odt_opens_by_its_type(odt: dict[str, bytes]) -> None:
    data = office.odt(document("<p>a</p>")).data
    assert data[30:77] == b"mimetypeapplication/vnd.oasis.opendocument.text"
    assert odt["mimetype"] == b"application/vnd.oasis.opendocument.text"
    listed = set(re.findall(r'full-path="([^"]+)"', odt["META-INF/manifest.xml"].decode())) - {"/"}
    assert listed | {"mimetype", "META-INF/manifest.xml"} == set(odt)


def test_the_headings_of_an_odt_are_headings(odt: dict[str, bytes]) -> None:
    found = [(one.get(f"{TEXT}outline-level"), _said(one)) for one in fromstring(odt["content.xml"]).iter(f"{TEXT}h")]
    assert [title for level, title in found if level == "1"] == TITLES
    assert ("2", "Taux de couverture") in found


def test_an_odt_uses_no_style_that_it_does_not_hold(odt: dict[str, bytes]) -> None:
    body = odt["content.xml"].decode()
    known = set(re.findall(r'style:name="([^"]+)"', body + odt["styles.xml"].decode()))
    used = set(re.findall(r' (?:text|table|draw):style-name="([^"]+)"', body))
    parents = set(re.findall(r'style:parent-style-name="([^"]+)"', body + odt["styles.xml"].decode()))
    assert {
        "Message",
        "Valeur",
        "Note",
        "Nombre",
        "Colonne",
        "Ligne",
        "Intitule",
        "TableCaption",
        "FigureCaption",
    } <= used
    assert (used | parents) - known == set()


def test_the_figures_of_an_odt_have_their_alternatives(odt: dict[str, bytes]) -> None:
    root = fromstring(odt["content.xml"])
    assert [_said(one) for one in root.iter(f"{SVG}desc")] == [ALTERNATIVE, "Un point rouge"]
    assert [_said(one) for one in root.iter(f"{SVG}title")] == ["Figure 1", "Figure 2"]
    assert odt["Pictures/0.png"].startswith(b"\x89PNG")


def test_the_tables_of_an_odt_repeat_their_headers(odt: dict[str, bytes]) -> None:
    tables = list(fromstring(odt["content.xml"]).iter(f"{TABLE}table"))
    heads = [[_said(cell) for cell in one.iterfind(f"{TABLE}table-header-rows//{TEXT}p")] for one in tables]
    assert heads == [
        ["Chiffre clé", "Valeur", "Évolution et cible", "Période et source"],
        ["Territoire", "2017", "2021"],
        ["Commune", "Habitants", "Évolution"],
    ]


def test_an_odt_says_what_it_is(odt: dict[str, bytes]) -> None:
    meta = odt["meta.xml"].decode()
    for said in (
        f"– {MENTION}</dc:title>",
        "fr-FR",
        ">Convention territoriale globale – CC du Val",
        "2026-03-01T00:00:00",
    ):
        assert said in meta
    styles = odt["styles.xml"].decode()
    assert 'fo:language="fr" fo:country="FR"' in styles
    assert f"Document de travail – {MENTION}</text:p></style:header>" in styles


# --- Word


def test_the_headings_of_a_docx_are_headings(docx: dict[str, bytes]) -> None:
    found = _paragraphs(docx)
    assert [text for style, text in found if style == "Heading1"] == TITLES
    assert ("Title", "Diagnostic 2025 du Val d’Arvelle") in found
    assert ("TableCaption", "Places pour 100 enfants Unité : places.") in found
    assert ("ImageCaption", "Taux de couverture. De 2017 à 2021 L’échelle ne part pas de zéro.") in found
    levels = re.findall(r'w:styleId="Heading(\d)".*?<w:outlineLvl w:val="(\d)"/>', docx["word/styles.xml"].decode())
    assert [(int(name), int(level) + 1) for name, level in levels] == [(rank, rank) for rank in range(1, 7)]


def _paragraphs(parts: dict[str, bytes]) -> list[tuple[str, str]]:
    made = []
    for one in fromstring(parts["word/document.xml"]).iter(f"{WORD}p"):
        style = one.find(f"{WORD}pPr/{WORD}pStyle")
        said = " ".join((run.text or "") if run.tag == f"{WORD}t" else "" for run in one.iter())
        made.append(("" if style is None else style.get(f"{WORD}val", ""), " ".join(said.split())))
    return made


def test_a_docx_uses_no_style_nor_part_that_it_does_not_hold(docx: dict[str, bytes]) -> None:
    known = set(re.findall(r'w:styleId="([^"]+)"', docx["word/styles.xml"].decode()))
    for name in ("word/document.xml", "word/haut.xml", "word/pied.xml"):
        used = set(re.findall(r'<w:(?:pStyle|rStyle|tblStyle) w:val="([^"]+)"', docx[name].decode()))
        assert used - known == set(), name
    for name in [one for one in docx if one.endswith(".rels")]:
        folder = name.partition("_rels/")[0]
        for link in fromstring(docx[name]):
            if link.get("TargetMode") != "External":
                assert f"{folder}{link.get('Target')}" in docx
    named = set(re.findall(r'PartName="/([^"]+)"', docx["[Content_Types].xml"].decode()))
    assert {one for one in docx if not one.endswith(".rels")} - {"[Content_Types].xml"} <= named
    for relation in re.findall(r' r:(?:id|embed)="([^"]+)"', docx["word/document.xml"].decode()):
        assert f'Id="{relation}"' in docx["word/_rels/document.xml.rels"].decode()


def test_the_figures_of_a_docx_have_their_alternatives_and_no_file_name(docx: dict[str, bytes]) -> None:
    root = fromstring(docx["word/document.xml"])
    assert [one.get("descr") for one in root.iter(f"{DRAWING}docPr")] == [ALTERNATIVE, "Un point rouge"]
    assert b"figure-1" not in docx["word/document.xml"]


def test_the_tables_of_a_docx_repeat_their_headers_and_keep_rows_whole(docx: dict[str, bytes]) -> None:
    tables = list(fromstring(docx["word/document.xml"]).iter(f"{WORD}tbl"))
    assert len(tables) == 3
    for table in tables:
        head, *rows = table.findall(f"{WORD}tr")
        assert head.find(f"{WORD}trPr/{WORD}tblHeader") is not None
        assert all(row.find(f"{WORD}trPr/{WORD}cantSplit") is not None for row in (head, *rows))
        assert all(row.find(f"{WORD}trPr/{WORD}tblHeader") is None for row in rows)


def test_a_docx_says_what_it_is(docx: dict[str, bytes]) -> None:
    core = docx["docProps/core.xml"].decode()
    for said in (
        f"– {MENTION}</dc:title>",
        "fr-FR",
        ">Convention territoriale globale – CC du Val",
        "2026-03-01T00:00:00Z",
    ):
        assert said in core
    assert '<w:lang w:val="fr-FR"' in docx["word/styles.xml"].decode()
    assert f"Document de travail – {MENTION}" in docx["word/haut.xml"].decode()
    assert "NUMPAGES" in docx["word/pied.xml"].decode()


# --- both


@pytest.mark.parametrize("kind", ["odt", "docx"])
def test_what_is_withheld_what_is_missing_links_and_spaces_are_kept(kind: str, request: pytest.FixtureRequest) -> None:
    parts = request.getfixturevalue(kind)
    body = parts["content.xml" if kind == "odt" else "word/document.xml"].decode()
    links = body if kind == "odt" else body + parts["word/_rels/document.xml.rels"].decode()
    told = "".join(fromstring(body).itertext())
    assert told.count("non diffusable") == 2
    assert told.count("non disponible") == 1
    for said in (
        "26\u202f306",
        "2,1\u202f%",
        "Vienne & Gartempe",
        "A01 – Ouvrir une micro-crèche",
        "Un texte <b> échappé",
    ):
        assert said in told
    assert "https://www.insee.fr/fr/statistiques" in links
    assert "mailto:a@exemple.fr" in links
    assert "chiffres" in links
    assert "data:" not in links


@pytest.mark.parametrize("kind", ["odt", "docx"])
def test_the_same_bilan_gives_the_same_bytes(kind: str) -> None:
    code = (
        "import sys; from ctgeval.report.formats import office; from tests.report.formats.documents import document;"
        f"sys.stdout.buffer.write(office.{kind}(document()).data)"
    )
    root = Path(__file__).resolve().parents[3]
    again = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, check=True)
    assert again.stdout == getattr(office, kind)(document()).data


def test_libreoffice_reads_in_both_all_that_the_page_says(tmp_path: Path, soffice: str) -> None:
    bilan = document()
    for made in (office.odt(bilan), office.docx(bilan)):
        kind = made.name.rpartition(".")[2]
        (tmp_path / f"{kind}.{kind}").write_bytes(made.data)
    command = [
        soffice, f"-env:UserInstallation=file://{tmp_path}/profil", "--headless",
        "--convert-to", "txt:Text (encoded):UTF8",
        "--outdir", str(tmp_path / "lu"), str(tmp_path / "odt.odt"), str(tmp_path / "docx.docx"),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=180)
    read = {path.stem: path.read_text(encoding="utf-8-sig") for path in (tmp_path / "lu").glob("*.txt")}
    assert set(read) == {"odt", "docx"}, done.stderr
    assert _words(read["odt"]) == _words(read["docx"])
    told = "".join(_words(read["odt"]))
    assert sorted(text for text in _leaves(bilan) if "".join(_words(text)) not in told) == []


@examples(4)
@given(PIECES)
def test_whatever_a_notebook_wrote_makes_whole_files(pieces: list[str]) -> None:
    for make, name in ((office.odt, "content.xml"), (office.docx, "word/document.xml")):
        parts = archive.unpacked(make(document("".join(pieces))).data)
        assert "Convention territoriale globale" in "".join(fromstring(parts[name]).itertext())


def test_a_cell_that_holds_blocks_keeps_them() -> None:
    raw = (
        "<table><caption>c</caption><thead><tr><th scope='col'>a</th></tr></thead><tbody><tr><td><ul><li>un</li>"
        "<li>deux</li></ul><p>trois</p></td></tr><tr><td><table><tr><td>quatre</td></tr></table></td></tr></tbody></table>"
    )
    told = "".join(fromstring(archive.unpacked(office.odt(document(raw)).data)["content.xml"]).itertext())
    for said in ("un", "deux", "trois", "quatre"):
        assert said in told


def test_a_picture_that_cannot_be_read_leaves_its_alternative() -> None:
    raw = '<p>a</p><img alt="Un graphique perdu" src="data:image/png;base64,AAAA">'
    body = archive.unpacked(office.docx(document(raw)).data)["word/document.xml"].decode()
    assert "Un graphique perdu" in body
    assert "<w:drawing" not in body


def test_pandoc_reads_nothing_but_what_it_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = tmp_path / "pandoc"
    mine.mkdir()
    (mine / "reference.docx").write_bytes(b"ce n'est pas un document")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    secret = tmp_path / "secret.txt"
    secret.write_text("à ne pas dire", encoding="utf-8")
    raw = f'<p>$x^2$ \\input{{{secret}}} <img alt="b" src="{secret}"> <a href="file://{secret}">c</a> "d" -- e...</p>'
    body = archive.unpacked(office.docx(document(raw)).data)["word/document.xml"].decode()
    assert "à ne pas dire" not in body
    assert "$x^2$" in body
    assert "-- e..." in body


@pytest.mark.parametrize("missing", ["pypandoc", "resvg_py"])
def test_what_is_missing_is_told_with_its_remedy(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ParameterError, match="qui n’est pas installé") as raised:
        office.odt(document())
    assert "pip install 'ctgeval[office]'" in raised.value.problem.remedy


def test_pandoc_missing_from_its_package_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def lost() -> str:
        raise OSError("No pandoc was found")

    monkeypatch.setattr("pypandoc.get_pandoc_path", lost)
    with pytest.raises(ParameterError, match="pandoc"):
        office.odt(document("<p>a</p>"))


def test_a_failure_of_pandoc_is_an_error_that_tells_of_which_bilan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pypandoc.get_pandoc_path", lambda: shutil.which("false"))
    with pytest.raises(ReportError, match=r"val-d-arvelle-diagnostic-2025.*code 1"):
        office.odt(document("<p>a</p>"))
