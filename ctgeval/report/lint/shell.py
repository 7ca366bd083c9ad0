"""Rules about what a page may run and load: nothing, but its own style and the one script of an index."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator

from ctgeval.report.lint.fault import Fault
from ctgeval.report.lint.markup import ATTRIBUTE, Element, Page

__all__ = ["DATA_BLOCK", "RULES"]

DATA_BLOCK = "application/ld+json"
"""Type of the one block of data that a bilan may hold: no browser runs it."""
_POLICY = "default-src 'none'; img-src data:; style-src 'sha256-{style}'; {script}base-uri 'none'; form-action 'none'"
_LOADS = re.compile(r"url\((?!#)|@import|@font-face|image-set\(|src\(", re.IGNORECASE)
_ORDER, _LINK = (
    re.compile(rf"\s({names})\s*=", re.IGNORECASE)
    for names in ("on[a-z]+|srcdoc|srcset|style|background|poster|ping", "(?:xlink:)?href")
)
_FORBIDDEN = frozenset({
    "applet", "audio", "base", "button", "embed", "form", "frame", "iframe", "image", "input", "link", "math",
    "noscript", "object", "picture", "select", "source", "template", "textarea", "track", "video",
})  # fmt: skip
_OF_THE_INDEX = frozenset({"button", "input", "select"})
_ADDRESS = re.compile(r"#|https://|mailto:|data:(?:text/csv|application/vnd\.[\w.-]+)[;,]|[\w./-]+\.[a-z]{2,5}$")
_OURS = "Signalez-le : la page elle-même est en cause, pas votre carnet."
_FOLLOWED = "Donnez une adresse qui commence par https:// ou mailto:."
_OUTSIDE = "Retirez-le de la cellule : un bilan s’ouvre sans connexion et ne charge rien."


def scripts(page: Page) -> Iterator[Fault]:
    """Ask for no script but that of an index; a bilan may hold one block of data."""
    found = page.all("script")
    data = [one for one in found if one.get("type") == DATA_BLOCK]
    run = [one for one in found if one.get("type") != DATA_BLOCK]
    foreign = [one for one in run if not page.script or one.written.strip() or page.content(one) != page.script]
    if foreign or len(run) > 1 or len(data) > 1:
        yield Fault("script", "La page", "elle contient un programme", _OUTSIDE, "reporting.md §4")
    if any(not one.inside_of("head") or "<" in page.content(one) for one in data):
        yield Fault("donnees", "La page", "son bloc de données n’est pas à sa place", _OURS, "reporting.md §4")
    styled = page.all("style")
    if len(styled) != 1:
        yield Fault("style", "La page", f"elle a {len(styled)} feuilles de style au lieu d’une", _OURS, "RGAA 10.1")
        return
    policy = [one.get("content") for one in page.all("meta") if one.get("http-equiv") == "Content-Security-Policy"]
    script = f"script-src 'sha256-{_digest(page, run[0])}'; " if run else ""
    if policy != [_POLICY.format(style=_digest(page, styled[0]), script=script)]:
        yield Fault(
            "politique", "La page", "sa politique de sécurité n’est pas celle de son contenu", _OURS, "reporting.md §4"
        )


def _digest(page: Page, element: Element) -> str:
    content = page.content(element).encode()
    return base64.b64encode(hashlib.sha256(content).digest()).decode("ascii")


def requests(page: Page) -> Iterator[Fault]:
    """Ask that nothing comes from elsewhere."""
    for one in page.elements:
        if one.tag in _FORBIDDEN and not (page.script and one.tag in _OF_THE_INDEX):
            yield Fault("element", page.section(one), f"un élément <{one.tag}> n’a pas sa place", _OUTSIDE, "RGAA 8.2")
    for one in page.all("img"):
        if not one.get("src").startswith("data:image/"):
            what = "une image est à chercher ailleurs, ou a été retirée"
            yield Fault("requete", page.section(one), what, _OUTSIDE, "reporting.md §4")
    for one in page.all("a"):
        if one.get("href") and not _ADDRESS.match(one.get("href")):
            what, remedy = f"l’adresse « {one.get('href')[:60]} » ne peut pas être suivie", _FOLLOWED
            yield Fault("adresse", page.section(one), what, remedy, "RGAA 6.1")
    for one in page.all("svg"):
        if any(not value.startswith("#") for value in _bearing(page.content(one), _LINK)):
            yield Fault("requete", page.section(one), "un dessin renvoie ailleurs", _OUTSIDE, "reporting.md §4")
    for one in page.all("style"):
        if _LOADS.search(page.content(one)):
            yield Fault("requete", "La page", "son style charge un fichier", _OURS, "reporting.md §4")


def orders(page: Page) -> Iterator[Fault]:
    """Ask that no attribute is an order to the browser."""
    for one in page.all("meta"):
        if one.get("http-equiv").casefold() == "refresh":
            yield Fault("requete", "La page", "elle se recharge d’elle-même", _OURS, "RGAA 13.1")
    if any(True for _ in _bearing(page.source, _ORDER)):
        what = "un attribut donne un style ou un ordre que la page refuse"
        yield Fault("attribut", "La page", what, _OUTSIDE, "RGAA 10.1")


def _bearing(source: str, names: re.Pattern[str]) -> Iterator[str]:
    """Return the values of the attributes of some names: of attributes, and not of the words in their values."""
    for found in names.finditer(source):
        start = source.rfind("<", 0, found.start())
        if start < 0 or source.rfind(">", start, found.start()) >= 0:
            continue
        tag = source[start : source.find(">", found.start())]
        for name, *values in ATTRIBUTE.findall(tag)[1:]:
            if names.fullmatch(f" {name}="):
                yield "".join(values)


RULES = (scripts, requests, orders)
