"""Rules about figures: a caption, an alternative that tells the data, and the values right after."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ctgeval.prose import fold
from ctgeval.report.lint.fault import Fault
from ctgeval.report.lint.markup import Element, Page

__all__ = ["RULES", "alternative_fault", "named"]

_BY = (
    'Montrez-la par `ctgeval.render.figure(figure, caption="ce qu’elle montre", values=tableau)`, qui calcule '
    "l’alternative et écrit le tableau."
)
_FILE = re.compile(r"[\w./\\-]+\.(?:png|svg|jpe?g|gif|webp|pdf|ipynb)", re.IGNORECASE)
_PLACEHOLDER = re.compile(
    r"<?(?:figure|fig|image|img|graph(?:ique|e)?|courbes?|barres|carte|map|photo|schema|diagramme|illustration|plot|chart|"
    r"picture|no description has been provided for this image|alternative|texte alternatif|alt|a completer|todo|"
    r"untitled|sans titre)\b[\s\d.,:;n°x)(>-]*(?:size.*)?",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d+(?:[,.]\d+)?")
_NO_VALUE = re.compile(r"non diffusable|non disponible|aucune? valeur|aucun", re.IGNORECASE)
_LEAST_WORDS = 6
_UNSEEN = "Figure non reproduite"


def named(page: Page, figure: Element) -> str:
    """Return how an author calls a figure."""
    captions = page.within(figure, "figcaption")
    text = page.text(captions[0]) if captions else ""
    return f"Figure « {text[:80]} »" if text else f"{page.section(figure)}, figure sans légende"


def frames(page: Page) -> Iterator[Fault]:
    """Ask that a figure is a named group, and that each drawing stands in one."""
    for one in page.all("figure"):
        captions = page.within(one, "figcaption")
        if len(captions) != 1 or not page.text(captions[0]):
            yield Fault("figure-legende", named(page, one), "elle n’a pas de légende (figcaption)", _BY, "RGAA 1.9")
        elif (
            one.get("role") != "group"
            or one.get("aria-labelledby") != captions[0].get("id")
            or not captions[0].get("id")
        ):
            yield Fault("figure-groupe", named(page, one), "sa légende ne lui est pas rattachée", _BY, "RGAA 1.9")
        drawn = page.within(one, "svg", "img")
        if len(drawn) != 1:
            yield Fault(
                "figure-dessin", named(page, one), f"elle contient {len(drawn)} dessins au lieu d’un", _BY, "RGAA 1.9"
            )
    for one in page.all("svg", "img"):
        if not one.inside_of("figure"):
            yield Fault("dessin-seul", page.section(one), "un dessin n’est pas dans une figure", _BY, "RGAA 1.9")
    for one in page.all("p"):
        if _UNSEEN in page.source[one.inside : one.end]:
            yield Fault(
                "figure-perdue", page.section(one), "une figure de votre carnet n’a pas d’équivalent textuel",
                _BY, "RGAA 1.1",
            )  # fmt: skip


def alternatives(page: Page) -> Iterator[Fault]:
    """Ask for an alternative that is a sentence about the data."""
    for one in page.all("svg", "img"):
        figure = next((holder for holder in one.above() if holder.tag == "figure"), None)
        where = named(page, figure) if figure else page.section(one)
        if one.tag == "svg" and one.get("role") != "img":
            yield Fault("dessin-role", where, "le dessin n’est pas annoncé comme une image", _BY, "RGAA 1.1")
        alternative = one.get("alt") if one.tag == "img" else one.get("aria-label")
        captions = page.within(figure, "figcaption") if figure else []
        found = alternative_fault(alternative, page.text(captions[0]) if captions else "")
        if found:
            yield Fault("figure-alternative", where, found, _BY, "RGAA 1.3" if alternative else "RGAA 1.1")


def alternative_fault(alternative: str, caption: str) -> str:
    """Return in French what is wrong with an alternative; empty when it may tell the data.

    Parameters
    ----------
    alternative, caption : str
        Of the same figure.
    """
    text = fold(alternative)
    if not text:
        return "son alternative est vide"
    if _FILE.fullmatch(alternative.strip()) or _PLACEHOLDER.fullmatch(text):
        return f"son alternative (« {alternative.strip()[:40]} ») ne dit rien"
    if text.rstrip(" .") == fold(caption).rstrip(" ."):
        return "son alternative répète la légende"
    if len(text.split()) < _LEAST_WORDS:
        return "son alternative est trop courte pour dire ce qu’elle montre"
    if len(_NUMBER.findall(text)) < 2 and not _NO_VALUE.search(text):
        return "son alternative ne donne aucune valeur"
    if alternative.rstrip()[-1] not in ".!?»)":
        return "son alternative n’est pas une phrase"
    return ""


def values(page: Page) -> Iterator[Fault]:
    """Ask for the table of its values right after a figure, before the next one and the next section."""
    order = page.all("figure", "table", "h2")
    for rank, one in enumerate(order):
        following = order[rank + 1].tag if rank + 1 < len(order) else ""
        if one.tag == "figure" and following != "table":
            yield Fault("figure-valeurs", named(page, one), "le tableau de ses valeurs ne la suit pas", _BY, "RGAA 1.6")


RULES = (frames, alternatives, values)
