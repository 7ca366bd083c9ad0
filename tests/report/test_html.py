from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

from ctgeval.report import html

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<img src='https://exemple.fr/x.png' alt=''>",
    "<svg onload=alert(1)><script>alert(1)</script></svg>",
    "<svg><style>*{fill:url(https://exemple.fr)}</style><foreignObject><iframe src='x'></iframe></foreignObject></svg>",
    "<svg><use href='https://exemple.fr/#a'/><use xlink:href='data:image/svg+xml,x'/></svg>",
    "<svg><rect fill='url(https://exemple.fr/#a)' clip-path='url( //exemple.fr)'/></svg>",
    "<svg><animate attributeName='href' to='javascript:alert(1)'/><a xlink:href='javascript:alert(1)'>x</a></svg>",
    "<a href='javascript:alert(1)'>x</a><a href=' JaVaScRiPt:alert(1)'>x</a><a href='vbscript:x'>x</a>",
    "<a href='data:text/html;base64,AAAA'>x</a><a href='data:text/csv,x' download='../../x'>x</a>",
    "<a href='//exemple.fr'>x</a><a href='http://exemple.fr'>x</a><a href='../interne/index.html'>x</a>",
    "<iframe src='https://exemple.fr'></iframe><object data='x'></object><embed src='x'>",
    "<form action='https://exemple.fr'><input name=a><button>x</button></form>",
    "<p style='background:url(https://exemple.fr)' onclick='x()'>x</p>",
    "<link rel=stylesheet href='https://exemple.fr'><meta http-equiv=refresh content='0;url=x'><base href='x'>",
    "<math><mtext></p><style><img src=x onerror=alert(1)></style></mtext></math>",
    "<table><td background='https://exemple.fr'>x</table>",
    "<p id='page-contenu' tabindex='5'>x</p>",
    "<template><script>x</script></template><noscript><p title='</noscript><script>x</script>'></noscript>",
    "</main></body><script>x</script>",
]


class Elements(HTMLParser):
    """Every element and attribute of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def elements(text: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = Elements()
    parser.feed(text)
    return parser.found


@pytest.mark.parametrize("payload", HOSTILE)
def test_nothing_hostile_comes_through(payload: str) -> None:
    clean = str(html.body(f"<h2>Avant</h2>{payload}<p>après</p>").content)
    for tag, attributes in elements(clean):
        assert tag not in {"script", "style", "iframe", "object", "embed", "form", "input", "button", "link", "meta",
                           "base", "math", "template", "noscript", "foreignobject", "animate"}  # fmt: skip
        for name, value in attributes.items():
            assert not name.startswith("on")
            assert name not in {"style", "background", "srcset"}
            assert "javascript:" not in (value or "").casefold()
            assert "exemple.fr" not in (value or "")
            assert not (value or "").startswith("page-")
            if name in {"href", "xlink:href"}:
                assert re.match(r"#|https://|mailto:|data:text/csv;", value or "")
    assert "</main>" not in clean
    assert "</body>" not in clean
    assert "après" in clean or "<svg" in payload or "math" in payload


def test_tables_figures_and_drawings_are_kept_as_they_are() -> None:
    given = (
        '<figure role="group" aria-labelledby="t"><figcaption id="t">Évolution</figcaption>'
        '<svg class="fig" role="img" focusable="false" viewBox="0 0 380 120" aria-label="Barres">'
        '<defs><clipPath id="c"><rect x="0" width="9"></rect></clipPath></defs>'
        '<g clip-path="url(#c)" fill="#0b4f8a"><path d="M 1 2 z" stroke-dasharray="5 2"></path>'
        '<use xlink:href="#c"></use><text text-anchor="end" font-size="16">&lt; 5</text></g></svg></figure>'
        '<table class="table" role="table"><caption>Places</caption><thead><tr role="row"><th scope="col">A</th></tr>'
        '</thead><tbody><tr><th scope="row">B</th><td data-label="A" class="nombre">60,6</td></tr></tbody></table>'
    )
    assert html.sanitise(given) == given
    link = '<a download="places.csv" href="data:text/csv;charset=utf-8;base64,QTtC">Télécharger</a>'
    assert 'href="data:text/csv;charset=utf-8;base64,QTtC"' in html.sanitise(link)


def test_headings_make_a_title_and_a_table_of_contents() -> None:
    body = html.body(
        '<h1>Bilan <em>annuel</em></h1><h2 id="a">Un</h2><h1>Deux &amp; trois</h1><h2 title="a > b">Un</h2><h2>Un</h2>'
        "<h3>Reste</h3>"
    )
    assert body.title == "Bilan annuel"
    assert body.contents == (("a", "Un"), ("deux-trois", "Deux & trois"), ("un", "Un"), ("un-2", "Un"))
    assert "<h1" not in body.content
    assert re.findall(r'<h2 id="([^"]+)"', body.content) == ["a", "deux-trois", "un", "un-2"]


def test_the_title_block_of_a_notebook_goes_to_the_header_of_the_page() -> None:
    body = html.body(
        '<header class="bilan-titre"><h1>Diagnostic</h1><p class="sous-titre">CTG 2022-2026</p>'
        '<p class="mention">Fictif</p></header><h2>Un</h2>'
    )
    assert (body.title, body.subtitle) == ("Diagnostic", "CTG 2022-2026")
    assert body.content == '<h2 id="un">Un</h2>'


def test_the_policy_names_the_very_style_of_the_page() -> None:
    digest = base64.b64encode(hashlib.sha256(html.stylesheet().encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in html.policy(html.stylesheet())
    assert "</style" not in html.stylesheet()
    assert not re.search(r"@import|url\(|expression", html.stylesheet())
