"""Rules about tables: each is named, and each of its headers says what it heads."""

from __future__ import annotations

from collections.abc import Iterator

from ctgeval.prose import fold
from ctgeval.report.lint.fault import Fault
from ctgeval.report.lint.markup import Element, Page

__all__ = ["RULES", "named"]

_PARTS = frozenset({"caption", "td", "th", "tr"})
_SCOPES = frozenset({"col", "row", "colgroup", "rowgroup"})
_BY = 'Montrez-le par `ctgeval.render.table(tableau, caption="ce qu’il montre")`, qui écrit titre et en-têtes.'


def named(page: Page, table: Element) -> str:
    """Return how an author calls a table."""
    captions = page.within(table, "caption")
    text = page.text(captions[0]) if captions else ""
    return f"Tableau « {text[:80]} »" if text else f"{page.section(table)}, tableau sans titre"


def tables(page: Page) -> Iterator[Fault]:
    """Ask for a caption, for headers that have a text and a scope, and for rows of the same length."""
    # Elements are looked at once, and each one given to the table that holds it.
    held: dict[int, list[Element]] = {id(one): [] for one in page.all("table")}
    holders: dict[int, Element | None] = {}
    for one in page.elements:
        if one.tag not in _PARTS:
            continue
        key = id(one.parent)
        if key not in holders:
            holders[key] = next((above for above in one.above() if above.tag == "table"), None)
        holder = holders[key]
        if holder is None:
            yield Fault("cellule", page.section(one), "une cellule est hors de tout tableau", _BY, "RGAA 5.8")
        else:
            held[id(holder)].append(one)
    for table in page.all("table"):
        found = held[id(table)]
        if table.inside_of("table"):
            yield Fault("imbrique", named(page, table), "un tableau est dans un autre", _BY, "RGAA 5.8")
        yield from _caption(page, table, [one for one in found if one.tag == "caption"])
        yield from _headers(page, table, found)
        yield from _widths(page, table, found)


def _caption(page: Page, table: Element, captions: list[Element]) -> Iterator[Fault]:
    texts = [page.text(one) for one in captions]
    if len(texts) != 1 or not texts[0]:
        yield Fault("tableau-titre", named(page, table), "il n’a pas de titre (caption)", _BY, "RGAA 5.4")
    elif fold(texts[0]) in {"tableau", "table", "titre", "caption"}:
        yield Fault("tableau-titre", named(page, table), "son titre ne dit pas ce qu’il montre", _BY, "RGAA 5.5")


def _headers(page: Page, table: Element, found: list[Element]) -> Iterator[Fault]:
    headers = [one for one in found if one.tag == "th"]
    if not any(one.get("scope") in {"col", "colgroup"} for one in headers):
        yield Fault("en-tetes", named(page, table), 'aucune colonne n’a d’en-tête (scope="col")', _BY, "RGAA 5.6")
    if any(one.get("scope") not in _SCOPES for one in headers):
        yield Fault("portee", named(page, table), "un en-tête ne dit pas ce qu’il porte (scope)", _BY, "RGAA 5.7")
    empty = sum(not page.text(one) for one in headers)
    if empty:
        yield Fault(
            "en-tete-vide", named(page, table), f"{empty} en-tête{'s sont vides' if empty > 1 else ' est vide'}",
            f"Nommez chaque colonne, la première comprise. {_BY}", "RGAA 5.6",
        )  # fmt: skip


def _widths(page: Page, table: Element, found: list[Element]) -> Iterator[Fault]:
    if any("span" in one.written for one in found):
        return
    widths: list[int] = []
    for one in found:
        if one.tag == "tr":
            widths.append(0)
        elif one.tag in {"td", "th"} and widths:
            widths[-1] += 1
    if len(set(widths)) > 1:
        yield Fault("lignes", named(page, table), "ses lignes n’ont pas toutes autant de cellules", _BY, "RGAA 5.7")


RULES = (tables,)
