"""Rules about the frame of a page: language, titles, headings, landmarks, identifiers, links, abbreviations."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from ctgeval.report.lint.fault import Fault
from ctgeval.report.lint.markup import HEADINGS, Page

__all__ = ["RULES"]

_IDENTIFIER = re.compile(r'\sid="([^"]*)"')
_REFERENCES = ("aria-labelledby", "aria-describedby", "headers", "for")
_LOCAL_PAINT = re.compile(r"url\(#([^)\s]+)\)")
_EMPTY_WORDS = re.compile(
    r"(?:cliquer?z?(?: ici)?|ici|lien|lire(?: la suite| plus)?|en savoir plus|voir|suite|plus|link|here|\W*)\.?",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_OURS = "Signalez-le : la page elle-même est en cause, pas votre carnet."


def language(page: Page) -> Iterator[Fault]:
    """Ask for a page that says that it is in French, and what it is called."""
    root = page.all("html")
    if len(root) != 1 or root[0].get("lang") != "fr":
        yield Fault("langue", "La page", "elle ne dit pas qu’elle est en français", _OURS, "RGAA 8.3")
    titles = [page.text(one) for one in page.all("title")]
    if len(titles) != 1 or not titles[0]:
        yield Fault("titre", "La page", "elle n’a pas de titre d’onglet", _OURS, "RGAA 8.5")
    if not page.source.lstrip().lower().startswith("<!doctype html>"):
        yield Fault("document", "La page", "elle n’annonce pas son type", _OURS, "RGAA 8.1")
    if page.broken:
        what = f"des balises sont mal fermées ({', '.join(page.broken[:3])})"
        yield Fault("balises", "La page", what, _OURS, "RGAA 8.2")


def headings(page: Page) -> Iterator[Fault]:
    """Ask for one first heading, none empty, and no level skipped."""
    found = page.all(*HEADINGS)
    first = sum(one.tag == "h1" for one in found)
    if first != 1:
        yield Fault(
            "h1", "La page", f"elle a {first} titres de premier niveau au lieu d’un seul",
            "Gardez un seul titre « # » dans les cellules de texte ; les autres rubriques commencent par « ## ».",
            "RGAA 9.1",
        )  # fmt: skip
    before = 0
    for one in found:
        # What stands above the content (the contents, in a nav) has its own title.
        if not page.text(one):
            yield Fault(
                "titre-vide", page.section(one), "un titre est vide",
                "Donnez un texte à ce titre, ou retirez ses « # » de la cellule de texte.", "RGAA 9.1",
            )  # fmt: skip
        level = int(one.tag[1])
        if before and level > before + 1:
            yield Fault(
                "niveaux", f"Titre « {page.text(one)[:80]} »",
                f"il passe du niveau {before} au niveau {level}",
                f"Écrivez « {'#' * (before + 1)} » au lieu de « {'#' * level} » dans la cellule de texte.", "RGAA 9.1",
            )  # fmt: skip
        before = level


def landmarks(page: Page) -> Iterator[Fault]:
    """Ask for one main content that the first link of the page leads to, one header, one footer, named navigations."""
    mains = page.all("main")
    if len(mains) != 1:
        yield Fault("reperes", "La page", f"elle a {len(mains)} contenus principaux au lieu d’un", _OURS, "RGAA 12.6")
    for tag, name in (("header", "en-tête"), ("footer", "pied de page")):
        # Those of a section are no landmark.
        if sum(not one.inside_of("main", "section", "article") for one in page.all(tag)) != 1:
            yield Fault("reperes", "La page", f"elle doit avoir un {name} et un seul", _OURS, "RGAA 9.2")
    links = page.all("a")
    target = links[0].get("href") if links else ""
    if not mains or target != f"#{mains[0].get('id')}":
        yield Fault("evitement", "La page", "son premier lien ne mène pas au contenu", _OURS, "RGAA 12.7")
    for one in page.all("nav"):
        if not (one.get("aria-labelledby") or one.get("aria-label")):
            yield Fault("navigation", page.section(one), "une navigation n’a pas de nom", _OURS, "RGAA 9.2")


def identifiers(page: Page) -> Iterator[Fault]:
    """Ask for no identifier twice, and none that is referred to and does not exist."""
    counted = Counter(_IDENTIFIER.findall(page.source))
    for name, count in counted.items():
        if count > 1 or not name:
            yield Fault(
                "identifiants", "La page", f"l’identifiant « {name} » sert {count} fois",
                "N’appelez qu’une fois la même rubrique, ou retirez l’attribut « id » du HTML de votre cellule.",
                "RGAA 8.2",
            )  # fmt: skip
    for one in page.elements:
        written = one.written
        if not ("aria-" in written or 'href="#' in written or "headers" in written or " for=" in written):
            continue
        named = [name for attribute in _REFERENCES for name in one.get(attribute).split()]
        named += [one.get("href")[1:]] if one.get("href").startswith("#") else []
        for name in named:
            if name not in counted:
                yield Fault(
                    "renvois", page.section(one), f"un renvoi mène à « {name} », qui n’est pas dans la page",
                    "Corrigez l’adresse de ce renvoi, ou produisez la rubrique à laquelle il mène.", "RGAA 8.2",
                )  # fmt: skip
    for name in _LOCAL_PAINT.findall(page.source):
        if name not in counted:
            yield Fault(
                "renvois", "La page", f"un motif de dessin « {name} » manque",
                "Retirez le motif (« hatch ») de la figure : distinguez les séries par des traits et des symboles.",
                "RGAA 8.2",
            )  # fmt: skip


def links(page: Page) -> Iterator[Fault]:
    """Ask that a link says where it leads, read alone."""
    for one in page.all("a"):
        text = page.text(one) or one.get("aria-label").strip()
        if not one.get("href"):
            what = "est sans adresse : elle n’est ni https ni mailto, ou elle a été retirée"
        elif not text or _EMPTY_WORDS.fullmatch(text):
            what = "ne dit pas où il mène"
        elif _ADDRESS.fullmatch(text):
            what = "montre une adresse au lieu de dire où il mène"
        else:
            continue
        yield Fault(
            "liens", page.section(one), f"un lien (« {text[:60]} ») {what}",
            "Écrivez-le [le nom de la page visée](https://adresse) dans la cellule de texte.", "RGAA 6.1",
        )  # fmt: skip


def abbreviations(page: Page) -> Iterator[Fault]:
    """Ask what an abbreviation that is marked stands for."""
    for one in page.all("abbr"):
        if not one.get("title").strip():
            yield Fault(
                "abreviations", page.section(one), f"l’abréviation « {page.text(one)[:40]} » n’est pas développée",
                'Écrivez <abbr title="sa forme complète">, ou développez-la dans le texte.', "RGAA 9.4",
            )  # fmt: skip


def folds(page: Page) -> Iterator[Fault]:
    """Ask that what opens on demand says what it holds."""
    for one in page.all("details"):
        first = page.after(one)
        if first is None or first.parent is not one or first.tag != "summary" or not page.text(first):
            yield Fault(
                "depliables", page.section(one), "un bloc à déplier n’a pas de nom",
                "Commencez le bloc <details> par <summary>ce qu’il contient</summary>.", "RGAA 7.1",
            )  # fmt: skip


RULES = (language, headings, landmarks, identifiers, links, abbreviations, folds)
