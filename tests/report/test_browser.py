"""Every page in a real browser: axe in light and dark, no request, no console message, 320 px, 200 % text."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest

from ctgeval.report import build as report
from tests.report.conftest import CIVRAISIEN

BODY = """\
from IPython.display import HTML
svg = ('<svg class="fig" role="img" viewBox="0 0 380 120" aria-label="Barres : 60,6 en 2017, puis 53,1 en 2021.">'
       '<g fill="#0b4f8a" class="f-serie-1"><path d="M 10 10 L 240 10 L 240 40 L 10 40 z"/></g>'
       '<text x="10" y="60" font-size="16" class="f-ink" fill="#1d1d20">Poitiers</text></svg>')
table = ('<table class="table"><caption>Places pour 100 enfants de moins de 3 ans</caption>'
         '<thead><tr><th scope="col">Territoire</th><th scope="col">2017</th></tr></thead>'
         '<tbody><tr><th scope="row">Poitiers</th><td>60,6</td></tr></tbody></table>')
HTML('<section aria-labelledby="s1"><h2 id="s1">L’accueil du jeune enfant</h2>'
     '<p>La couverture passe de 60,6 à 53,1 places pour 100 enfants, <a href="https://www.insee.fr/fr/statistiques">'
     'selon la source</a>.</p><figure role="group" aria-labelledby="f1"><figcaption id="f1">Évolution</figcaption>'
     + svg + '<details><summary>Les valeurs en tableau</summary>' + table + '</details></figure></section>')
"""


DAY = dt.date(2026, 3, 1)
UNREADABLE = "HTML('<h3>Rubrique</h3><table><tr><td>60,6</td></tr></table>')"


@pytest.fixture(scope="module")
def pages(shared_workshop) -> dict[str, Path]:
    """A published bilan with its frozen version and its index, a partial one, and one that is refused."""
    workshop = shared_workshop
    config = workshop.folder / "ctg.toml"
    config.write_text(config.read_text(encoding="utf-8").rstrip() + '\netat = "publie"\n', encoding="utf-8")
    text = workshop.text("# Bilan annuel\n\n## En bref\n\nUn paragraphe, avec `du code` et une liste :\n\n- un\n- deux")
    workshop.notebook("essai", text, workshop.code(BODY))
    built = report.build(workshop.folder, out=workshop.out, audience="habitants", date=DAY)
    assert built.failed == ()
    found = {"bilan": built.entries[0].path, "index": built.indexes["habitants"]}
    (found["version"],) = (workshop.out / "habitants" / "versions").glob("*.html")
    for name, broken in (("partiel", "1 / 0"), ("refuse", f"from IPython.display import HTML\n{UNREADABLE}")):
        workshop.notebook("essai", text, workshop.code(BODY), workshop.code(broken))
        (entry, *_) = report.build(
            workshop.folder, out=workshop.out, audience="copil", territoire=CIVRAISIEN, date=DAY
        ).failed
        assert entry.partial is not None
        found[name] = entry.partial.with_name(f"{name}.html")
        entry.partial.rename(found[name])
    return found


@pytest.mark.parametrize("kind", ["bilan", "index", "partiel"])
def test_every_kind_of_page_keeps_the_promises(pages, check_page, kind: str) -> None:
    check_page(pages[kind])


def test_a_version_is_the_page_itself_and_its_index_leads_to_it(pages) -> None:
    assert pages["version"].read_bytes() == pages["bilan"].read_bytes()
    assert f'href="versions/{pages["version"].name}"' in pages["index"].read_text(encoding="utf-8")


def test_a_refused_page_tells_its_author_what_to_mend_and_is_published_nowhere(pages, shared_workshop) -> None:
    text = pages["refuse"].read_text(encoding="utf-8")
    assert "tout le monde ne pourrait pas lire sa page" in text
    assert (
        "Rubrique «\u202fRubrique\u202f», tableau sans titre\u202f: il n’a pas de titre (caption) (RGAA 5.4)." in text
    )
    assert "ctgeval.render.table(" in text
    assert not list(shared_workshop.out.glob("copil/*essai*"))


def test_the_page_prints_without_its_menu_and_with_the_address_of_its_links(pages, browser) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(pages["bilan"].resolve().as_uri())
    page.emulate_media(media="print")
    assert page.locator(".page-sommaire").is_hidden()
    shown = page.locator('a[href^="https:"]').first.evaluate("one => getComputedStyle(one, '::after').content")
    assert "insee.fr" in shown or "attr(href)" in shown
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))) >= 1
    context.close()


def test_the_keyboard_reaches_the_content_at_once(pages, browser) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(pages["bilan"].resolve().as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Aller au contenu"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "page-contenu"
    context.close()


@pytest.mark.parametrize(
    "planted",
    [
        '<img src="https://exemple.fr/a.png" alt="a">',
        "<script>1</script>",
        '<p style="color: red">rouge</p>',
        "<h1>un second titre</h1>",
        "<table><caption>Large</caption><tr><td>" + "&nbsp;".join(["large"] * 40) + "</td></tr></table>",
    ],
)
def test_the_checks_see_what_they_are_for(pages, check_page, tmp_path, planted: str) -> None:
    bad = tmp_path / "mauvaise.html"
    content = pages["index"].read_text(encoding="utf-8")
    bad.write_text(content.replace("</main>", f"{planted}</main>"), encoding="utf-8")
    with pytest.raises(AssertionError):
        check_page(bad)
