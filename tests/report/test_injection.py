"""Hostile words in every text of a dossier, through a whole build: a reader sees them, and nothing of them is live.

The demo dossier, with an attack after each name of commune, each cell of text, each title, each label of an indicator,
each sentence of the author and of ``evaluation.toml``.
"""

from __future__ import annotations

import base64
import csv
import datetime as dt
import hashlib
import importlib
import io
import json
import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest

from ctgeval import programme
from ctgeval.french import fold
from ctgeval.report import html

pytestmark = pytest.mark.slow

build = importlib.import_module("ctgeval.report.build").build

ATTACKS = (
    "<zq onclick=zq()>", '"><img src=x onerror=zq()>', "' onmouseover='zq()' x='", "</style><script>zq()</script>",
    "<svg onload=zq()><style>*{x:url(//zq)}</style>", "<a href='javascript:zq()'>zq</a>", "{{7*191}}{% zq %}",
    "$\\frac{zq}{$ zq $", "<!-- zq", "]]><zq/>", "&#60;zq&#62;", "=HYPERLINK(zq)", "@zq|' /C calc'!A0",
    "<form action=//zq><button>zq</button></form>", "</main></body></html><zq>", "javascript:zq()",
)  # fmt: skip
WRITTEN = tuple(attack for attack in ATTACKS if "{{" not in attack)
"""What an author's text may hold: between braces stands a reference to a figure, which is checked before anything."""
LEADING = ("=zq()", "+zq", "-zq", "@zq", "\t=zq", "|zq", "%zq")
LISTS = {
    "partenaires_presents", "partenaires_invites", "mots_cles", "age", "sexe", "tranche_age", "structure", "niveau",
}  # fmt: skip
"""Columns whose words are those of another table."""
KEYS = "titre|producteur|licence|objet|label|definition|texte|reponse|population|nom|message|unit|intitule"
SHELL = {"html", "head", "meta", "title", "style", "body", "main", "nav", "footer", "aside", "article", "h1", "script"}
DATA = {"type": "application/ld+json"}
SHELL_ATTRIBUTES = {"charset", "content", "http-equiv", "name", "lang", "rel"}
ALLOWED = set(f"{html._HTML} {html._SVG}".split()) | SHELL
LINK = re.compile(
    r"#[^\s]*|https://[^\s]*|mailto:[^\s]*|data:(?:text/csv|image/(?:png|svg\+xml|jpeg))[;,].*|[\w./-]+\.html"
)


def attacked(text: str) -> str:
    """Return a text with an attack after it; two spellings of a name have the same one."""
    rank = hashlib.sha256(fold(text).encode()).digest()[0]
    if rank % 9 == 0:
        return f"{LEADING[rank % len(LEADING)]} {text}"
    return f"{text} {ATTACKS[rank % len(ATTACKS)]}"


def attack_csv(path: Path, columns: set[str]) -> None:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter=";"))
    for row in rows:
        row.update({name: attacked(text) for name, text in row.items() if name in columns and text})
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), delimiter=";")
        writer.writeheader()
        writer.writerows(rows)


def attack_toml(path: Path) -> None:
    def changed(found: re.Match[str]) -> str:
        return f"{found[1]}{json.dumps(attacked(json.loads(found[2])), ensure_ascii=False)}{found[3]}"

    text = path.read_text(encoding="utf-8")
    text = re.sub(rf'(?m)^((?:{KEYS}) = )("(?:[^"\\]|\\.)*")()$', changed, text)
    path.write_text(re.sub(r'(?m)^(    )("(?:[^"\\A-Z]|\\.)[^"\\]{20,}")(,)$', changed, text), encoding="utf-8")


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory, checkout: Path) -> list[Path]:
    folder = tmp_path_factory.mktemp("attaque")
    dossier, out = folder / "dossier", folder / "rapports"
    shutil.copytree(checkout / "data" / "demo", dossier, ignore=shutil.ignore_patterns(".ctgeval"))
    for name, schema in programme.SCHEMAS.items():
        attack_csv(dossier / f"{name}.csv", {one.name for one in schema.columns if one.kind == "texte"} - LISTS)
    attack_csv(dossier / "geographie" / "territoires.csv", {"nom"})
    for name in ("indicateurs", "evaluation", "enquetes", "regles", "ctg"):
        attack_toml(dossier / f"{name}.toml")
    for path in dossier.glob("textes/*/*.md"):
        path.write_text(path.read_text(encoding="utf-8") + "\n\n" + "\n\n".join(WRITTEN), encoding="utf-8")
    config = (dossier / "ctg.toml").read_text(encoding="utf-8").partition("[[bilan]]")[0]
    bilan = '[[bilan]]\ncarnet = "bilan_annuel"\naudience = "interne"\nperiode = "2025"\n'
    (dossier / "ctg.toml").write_text(config + bilan, encoding="utf-8")
    report = build(dossier, out=out, jobs=1, date=dt.date(2026, 1, 15))
    assert not report.failed, [entry.message for entry in report.failed]
    found = sorted((out / "interne").rglob("*.html"))
    assert len(found) == 2, "the page and its index"
    return found


class Page(HTMLParser):
    """Every element, attribute and text of a page."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self.styles: list[str] = []
        self.comments: list[str] = []
        self._in = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self._in = tag

    def handle_data(self, data: str) -> None:
        (self.styles if self._in == "style" else self.texts).append(data)

    def handle_endtag(self, tag: str) -> None:
        self._in = "" if self._in == tag else self._in

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)


def read(pages: list[Path]) -> Iterator[tuple[str, Page]]:
    for path in pages:
        yield path.name, Page(path.read_text(encoding="utf-8"))


def test_the_attacks_are_read_as_words(pages: list[Path]) -> None:
    told = " ".join(text for _, page in read(pages) for text in page.texts)
    for words in ("<zq onclick=zq()>", "<script>zq()</script>", "{{7*191}}", "\\frac{zq}", "<img src=x onerror=zq()>"):
        assert words in told, words
    assert "1337" not in told


def test_no_element_nor_attribute_is_outside_the_list(pages: list[Path]) -> None:
    attributes = {name.lower() for names in html._ATTRIBUTES.values() for name in names} | SHELL_ATTRIBUTES
    elements = {tag.lower() for tag in ALLOWED}
    for name, page in read(pages):
        assert page.comments == [], name
        for tag, given in page.elements:
            assert tag in elements, f"{name}: <{tag}>"
            for attribute in given:
                known = attribute in attributes or attribute.startswith(("aria-", "data-label"))
                assert known, f"{name}: <{tag} {attribute}>"
        counted = [tag for tag, _ in page.elements]
        assert [counted.count(tag) for tag in ("html", "body", "main", "style", "h1")] == [1] * 5, name
        scripts = [given for tag, given in page.elements if tag == "script"]
        assert scripts == ([] if name == "index.html" else [DATA]), f"{name}: data, and nothing that runs"


def test_nothing_is_loaded_and_no_link_is_live(pages: list[Path]) -> None:
    for name, page in read(pages):
        for tag, given in page.elements:
            for attribute, value in given.items():
                if attribute in {"href", "src", "xlink:href"}:
                    assert LINK.fullmatch(value), f"{name}: <{tag} {attribute}={value[:60]}>"
                elif (
                    attribute not in {"aria-label", "title", "content", "abbr", "alt"} and "data-label" not in attribute
                ):
                    assert not re.search(r"url\((?!#)|javascript:|//zq", value), f"{name}: <{tag} {attribute}={value}>"
        # Labels of columns are said in the style of the page: as strings, that nothing closes.
        rules = re.sub(r'"(?:[^"\\<>\n]|\\[0-9a-f]{2} )*"', '""', "".join(page.styles))
        assert not re.search(r"url\(|@import|expression\(|zq", rules), name


def test_the_policy_allows_this_style_and_nothing_else(pages: list[Path]) -> None:
    for name, page in read(pages):
        (policy,) = [given["content"] for tag, given in page.elements if given.get("http-equiv")]
        digest = base64.b64encode(hashlib.sha256("".join(page.styles).encode()).digest()).decode()
        assert policy == (
            f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
        ), name
        assert not any("style" in given for _, given in page.elements), name


def test_no_cell_of_a_download_is_a_formula(pages: list[Path]) -> None:
    seen = 0
    for name, page in read(pages):
        for tag, given in page.elements:
            if tag != "a" or not given.get("href", "").startswith("data:text/csv"):
                continue
            head, _, body = given["href"].partition(",")
            raw = base64.b64decode(body) if head.endswith("base64") else unquote_to_bytes(body)
            assert raw.startswith("\ufeff".encode())
            for row in csv.reader(io.StringIO(raw.decode("utf-8-sig")), delimiter=";"):
                for cell in row:
                    seen += 1
                    number = re.fullmatch(r"-?\d+(?:,\d+)?(?:e-?\d+)?", cell)
                    assert number or not cell.lstrip(" \ufeff\u00a0\u202f").startswith(tuple("=+-@\t\r\n|%")), (
                        name,
                        cell,
                    )
    assert seen > 500
