"""What every produced page promises to its readers, asked of a real browser and of its source."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import html
import re
from pathlib import Path
from typing import Any

import pytest

from ctgeval.report import html as pages
from tests.examples import sample

AXE_TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
LOOKS = ((1280, "light"), (320, "dark"), (1280, "dark"), (320, "light"))
"""Widths and colour schemes: two at each run (the linter looks at the colours of both), all of them in a campaign."""
A4 = {"width": 673, "height": 979}
"""What the margins leave of a sheet, in CSS pixels."""
TOO_WIDE = """() => {
    const width = document.documentElement.clientWidth;
    return [...document.body.querySelectorAll('*')]
        .filter(one => !one.closest('svg') || one.matches('svg, svg text'))
        .map(one => [one, one.getBoundingClientRect()])
        .filter(([one, box]) => box.width && (box.right > width + 1 || box.left < -1))
        .map(([one, box]) => one)
        .filter(one => !one.closest('.page-evitement'))
        .map(one => one.outerHTML.slice(0, 120)).slice(0, 5)
}"""
CUT = """() => [...document.body.querySelectorAll('*')]
    .filter(one => !one.closest('svg, .lecteur') && !one.closest('.table-fiche thead'))
    .filter(one => {
        const style = getComputedStyle(one);
        return ['hidden', 'clip'].includes(style.overflowX) && one.scrollWidth > one.clientWidth + 1
            || style.textOverflow === 'ellipsis';
    })
    .map(one => one.outerHTML.slice(0, 120)).slice(0, 5)"""
PRINTED = """([width, height]) => {
    const wrong = [], style = (one, pseudo) => getComputedStyle(one, pseudo);
    const ask = (selector, right, what) => document.querySelectorAll(selector).forEach(one => {
        if (!right(one)) wrong.push(`${what}: ${one.outerHTML.slice(0, 100)}`);
    });
    ask('main figure, main tr, main blockquote, .chiffre', one => style(one).breakInside === 'avoid', 'cut');
    ask('main figure', one => one.getBoundingClientRect().height <= height, 'higher than a sheet');
    ask('main thead', one => style(one).display === 'table-header-group', 'not repeated');
    ask('h2, h3, h4, caption, figcaption', one => style(one).breakAfter === 'avoid', 'parted from what it heads');
    ask('main p, main li', one => style(one).orphans >= 2 && style(one).widows >= 2, 'lone lines');
    ask('main p, main li, main dd', one => style(one).hyphens === 'auto' || one.closest('table, .chiffre'), 'hyphens');
    ask('main a[href^="https:"]', one => style(one, '::after').content.includes(one.getAttribute('href')), 'address');
    ask('.page-sommaire, .page-evitement, .page-filtre, .telecharger', one => style(one).display === 'none', 'useless');
    ask('main svg.fig:not(.fig-claire)', one => style(one).fill === 'rgb(29, 29, 32)', 'pale on paper');
    if (style(document.body).color !== 'rgb(0, 0, 0)') wrong.push('pale text');
    if (document.documentElement.scrollWidth > width) wrong.push('wider than a sheet');
    return wrong.slice(0, 8);
}"""


def check(browser: Any, path: Path) -> None:
    """Fail when a produced page breaks one of the promises of every page."""
    source = path.read_text(encoding="utf-8")
    for width, scheme in LOOKS[:2]:
        viewport = {"width": width, "height": 800}
        with contextlib.closing(browser.new_context(color_scheme=scheme, viewport=viewport)) as context:
            _check_quiet(context.new_page(), path)
    # axe needs to be injected, which the page's own policy rightly forbids.
    with contextlib.closing(browser.new_context(bypass_csp=True)) as context:
        page = context.new_page()
        page.goto(path.resolve().as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        for width, scheme in LOOKS[: sample(2, len(LOOKS))]:
            page.set_viewport_size({"width": width, "height": 800})
            page.emulate_media(color_scheme=scheme)
            assert page.evaluate("scheme => matchMedia(`(prefers-color-scheme: ${scheme})`).matches", scheme)
            assert _violations(page) == [], f"{path.name}, {width}, {scheme}"
        for width, text in ((1280, "100%"), (320, "100%"), (640, "200%")):
            page.set_viewport_size({"width": width, "height": 800})
            _check_reflow(page, text)
        page.evaluate("document.documentElement.style.fontSize = ''")
        page.set_viewport_size(A4)
        page.emulate_media(media="print", color_scheme="dark")
        assert page.evaluate(PRINTED, list(A4.values())) == [], path.name
    check_source(source, script=pages.index_filter()[1] if path.name == "index.html" else "")


def _check_quiet(page: Any, path: Path) -> None:
    asked: list[str] = []
    told: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.goto(path.resolve().as_uri())
    page.wait_for_load_state("networkidle")
    assert [url for url in asked if not url.startswith("data:")] == [path.resolve().as_uri()]
    assert told == []
    run = "[...document.scripts].filter(one => one.type !== 'application/ld+json').length"
    assert page.evaluate(run) == page.locator("#page-filtre").count()
    assert page.locator("#page-filtre").count() == 0 or path.name == "index.html"
    assert page.evaluate("document.documentElement.lang") == "fr"
    assert page.locator("h1").count() == 1
    assert page.locator("main").count() == 1


def _violations(page: Any) -> list[str]:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    found = axe.run(page, options={"runOnly": list(AXE_TAGS), "resultTypes": ["violations"]}).response["violations"]
    return [f"{one['id']}: {[node['html'][:200] for node in one['nodes'][:3]]}" for one in found]


def _check_reflow(page: Any, text: str) -> None:
    page.evaluate("size => { document.documentElement.style.fontSize = size }", text)
    assert page.evaluate(TOO_WIDE) == []
    assert page.evaluate(CUT) == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def check_source(text: str, *, script: str) -> None:
    """Fail when a page could run or load anything but its style, and for an index its script."""
    # A block of data that no browser runs, in which no markup can begin; and the one script of the site.
    text = re.sub(r'<script type="application/ld\+json">\{[^<>&]*\}</script>', "", text, count=1)
    filtered = bool(script) and f"<script>{script}</script>" in text
    text = text.replace(f"<script>{script}</script>", "")
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', text)
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert policy
    assert style
    assert text.count("<style") == 1
    allowed = f"script-src '{_digest(script)}'; " if filtered else ""
    assert html.unescape(policy.group(1)) == (
        f"default-src 'none'; img-src data:; style-src '{_digest(style.group(1))}'; {allowed}base-uri 'none'; "
        "form-action 'none'"
    )
    rest = text.replace(style.group(0), "")
    assert not re.search(r"<script|<iframe|<link|<object|\son\w+=|\sstyle=|javascript:|@import", rest, re.IGNORECASE)
    assert not re.search(r"url\((?!#)|@import", style.group(1))
    for link in re.findall(r'\s(?:src|href)="([^"]*)"', rest):
        assert re.match(r"#|https://|mailto:|data:|(?:versions/)?[a-z0-9-]+\.[a-z]{2,5}$", link), link


def _digest(content: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode('ascii')}"
