"""A bilan as a tagged PDF: what a screen reader needs is in it, and nothing is asked of any other machine."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from markupsafe import Markup

from ctgeval.errors import ParameterError
from ctgeval.report.formats import content, shell, widths
from ctgeval.report.formats.document import Document, Produced

__all__ = ["made"]

_FACES = (
    ("Bilan", "DejaVuSans", "normal", "normal"),
    ("Bilan", "DejaVuSans-Bold", "bold", "normal"),
    ("Bilan", "DejaVuSans-Oblique", "normal", "italic"),
    ("Bilan", "DejaVuSans-BoldOblique", "bold", "italic"),
    ("Chasse", "DejaVuSansMono", "normal", "normal"),
)
_SCHEME = "police"
_TEXT_WIDTH = 178
_LEAST_TABLE = 0.5
"""A caption is as wide as its table."""
_SHORT_TABLE = 14
"""How many rows a table may have and stay in one piece."""
_MOST_BESIDE = 1200
"""How many letters stand beside a figure: more would take a page, and a line is never cut."""


def made(document: Document) -> Produced:
    """Return a bilan as a PDF/UA-1 file: tagged, with bookmarks, a language, and an alternative for each figure.

    Parameters
    ----------
    document : Document

    Raises
    ------
    ParameterError
        When WeasyPrint, or the system's Pango that it needs, is not there.
    ReportError
        See `content.tree`.

    References
    ----------
    ISO 14289-1:2014 (PDF/UA-1); *Matterhorn Protocol* 1.1, for what a machine can check of it.
    """
    weasyprint = _weasyprint()
    from ctgeval.report.formats import tags

    source = page(document)
    with _quiet():
        html = weasyprint.HTML(string=source, url_fetcher=_fetcher())
        data: bytes = html.write_pdf(
            pdf_variant="pdf/ua-1",
            # Named after its content: two runs give the same bytes.
            pdf_identifier=hashlib.sha256(source.encode()).hexdigest()[:32].encode(),
            finisher=partial(tags.finish, names=_names(document)),
        )
    return Produced(name=f"{document.name}.pdf", data=data)


def _names(document: Document) -> Mapping[str, str]:
    return {"provenance": "Provenance", **{place: str(name) for place, name in document.context["sommaire"]}}


def page(document: Document) -> str:
    """Return the HTML that is set on pages: everything opened, each figure named as PDF wants it."""
    root = content.reading(content.tree(document))
    for table in root.iter("table"):
        width = max(widths.settle(table), _LEAST_TABLE)
        table.set("style", f"width: {_TEXT_WIDTH * width:.0f}mm")
        if len(content.rows(table)) <= _SHORT_TABLE:
            table.set("class", f"{table.get('class', '')} court")
        _align(table)
    for drawing in list(root.iter("svg")):
        _name(drawing)
    for picture in root.iter("img"):
        picture.set("alt", content.alternative(picture))
    for cards in (one for one in root.iter("ul") if "chiffres" in content.classes(one)):
        _close_up(cards)
    for terms in list(root.iter("dl")):
        _list(terms)
    _gather(root)
    heading = shell.heading(document.context)
    shown = {
        "corps": content.markup(root),
        "intitule": shell.title(document.context),
        "entete": heading,
        "style": Markup(_style(heading)),  # noqa: S704 our own file, and a CSS string
    }
    return shell.filled("pdf.html.j2", {**document.context, **shown})


def _style(heading: str) -> str:
    faces = "".join(
        f'@font-face{{font-family:{family};src:url("{_SCHEME}:{name}");font-weight:{weight};font-style:{slant}}}'
        for family, name, weight, slant in _FACES
    )
    said = re.sub(r'[\\"<>&\n]', lambda found: f"\\{ord(found.group()):x} ", heading)
    return f'{faces}\n{shell.asset("pdf.css")}@page{{@top-right{{content:"{said}"}}}}'


def _align(table: Element) -> None:
    """Say of each cell that it holds a number: a rule for each column would be tried on every cell."""
    numbers = widths.numbers(table)
    for row in content.rows(table):
        for rank, cell in enumerate(row, start=1):
            if rank in numbers:
                cell.set("class", "nombre")


def _name(drawing: Element) -> None:
    """Give a drawing the title that becomes its alternative, and the letters that come with the file."""
    said = content.alternative(drawing)
    for old in drawing.findall("title"):
        drawing.remove(old)
    named = Element("title")
    named.text = said
    drawing.insert(0, named)
    drawing.set("font-family", "Bilan")


def _gather(root: Element) -> None:
    """Set side by side a figure and what is said of it, unless that takes a page."""
    for sheet in (one for one in root.iter("div") if "fiche" in content.classes(one)):
        figure = sheet.find("figure")
        said = [one for one in sheet if content.classes(one) & {"fiche-texte", "notes"}]
        if figure is None or sum(len(content.text(one)) for one in said) > _MOST_BESIDE:
            continue
        for one in (figure, *said):
            sheet.remove(one)
            one.tail = None
        view = Element("div", {"class": "vue"})
        view.append(figure)
        SubElement(view, "div", {"class": "beside"}).extend(said)
        sheet.insert(0, view)


def _list(terms: Element) -> None:
    """Turn a list of terms into the only kind of list that a tagged PDF knows; set each term beside its meaning."""
    found = content.groups(terms)
    terms.clear()
    terms.tag = "ul"
    terms.set("class", "definitions")
    for group in found:
        # A line is never cut, so that what is beside the term must be short.
        beside = len(group) == 2 and sum(len(content.text(one)) for one in group) <= _MOST_BESIDE
        item = SubElement(terms, "li", {"class": "cote"} if beside else {})
        for one in group:
            one.set("class", "terme" if one.tag == "dt" else "sens")
            one.tag = "p" if one.tag == "dt" else "div"
            one.tail = None
            item.append(one)


def _close_up(line: Element) -> None:
    """Take out the spaces between what stands side by side: each would be one letter wide."""
    line.text = None
    for one in line:
        one.tail = None


def _weasyprint() -> Any:
    try:
        import weasyprint  # type: ignore[import-untyped]
        from weasyprint.urls import URLFetcher  # type: ignore[import-untyped]  # noqa: F401 the older ones have none
    except ImportError as error:
        raise ParameterError(
            "Le format « pdf » demande WeasyPrint (68 ou plus récent), qui n’est pas installé.",
            remedy="Lancez : pip install 'ctgeval[pdf]'",
        ) from error
    except OSError as error:
        raise ParameterError(
            f"Le format « pdf » demande la bibliothèque Pango, que ce système n’a pas ({error}).",
            remedy="Installez-la (Debian et Ubuntu : apt install libpango-1.0-0 libpangoft2-1.0-0 ; macOS : "
            "brew install pango ; Windows : voir la documentation de WeasyPrint), puis lancez : "
            "pip install 'ctgeval[pdf]'",
        ) from error
    return weasyprint


def _fetcher() -> Any:
    """Return what opens an address for WeasyPrint: the letters, what the page itself holds, and nothing else."""
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    known = shell.fonts()

    class Enclosed(URLFetcher):  # type: ignore[misc]
        def fetch(self, url: str, headers: dict[str, str] | None = None) -> Any:
            scheme, _, name = url.partition(":")
            if scheme == _SCHEME and name in known:
                return URLFetcherResponse(url, known[name].read_bytes(), {"Content-Type": "font/ttf"})
            return super().fetch(url, headers)

    return Enclosed(allowed_protocols=("data",))


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what WeasyPrint says of a style to itself: the user can do nothing about it."""
    log = logging.getLogger("weasyprint")
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)
