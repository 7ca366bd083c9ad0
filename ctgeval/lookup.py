"""Search in the catalogue and in the glossary: what a word means, which indicator counts something."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from ctgeval import french
from ctgeval.errors import near
from ctgeval.indicators import definition
from ctgeval.indicators.indicator import Indicator
from ctgeval.indicators.qualitative import Qualitative
from ctgeval.indicators.sheet import kind_word, sheet
from ctgeval.render import wording

__all__ = ["Entry", "Found", "close_words", "help", "matches"]

Item = Indicator | Qualitative
_MOST = 12
_EMPTY = 'Donnez un mot, ou l’identifiant d’un indicateur : ctgeval.help("taux de couverture"), ctgeval.help("PE01").'


@dataclass(frozen=True, slots=True)
class Entry:
    """One answer.

    Parameters
    ----------
    id : str
        Of the indicator; empty for a word of the glossary.
    title, text : str
        What is explained, and its definition, in French.
    """

    id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Found:
    """What a search gave: printed as text in a terminal, as a list in a notebook.

    Parameters
    ----------
    words : str
        What was looked for.
    entries : tuple of Entry
        The best first.
    near : tuple of str
        Words that exist and look like those, when nothing was found.
    sheet : tuple of (str, str)
        Headings and texts of the whole sheet, when one indicator was asked for by its id.
    """

    words: str
    entries: tuple[Entry, ...]
    near: tuple[str, ...] = ()
    sheet: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def __repr__(self) -> str:
        return str(self)

    def _lines(self) -> Iterator[str]:
        if not self.entries:
            yield self._nothing()
            return
        for one in self.entries:
            yield f"{one.id + ' – ' if one.id else ''}{one.title}"
            yield f"    {one.text}"
        for term, text in self.sheet:
            yield f"  {term} : {text}"

    def _repr_html_(self) -> str:
        from ctgeval.render import blocks

        if not self.entries:
            return str(blocks.paragraph(self._nothing()))
        shown = [(f"{one.id} – {one.title}" if one.id else one.title, one.text) for one in self.entries]
        parts = [blocks.definitions(shown)]
        if self.sheet:
            parts.append(blocks.definitions(self.sheet))
        return str(Markup("").join(parts))

    def _nothing(self) -> str:
        if not self.words:
            return french.typography(_EMPTY)
        close = (
            f" Cherchiez-vous {french.enumeration([f'« {one} »' for one in self.near], 'ou')} ?" if self.near else ""
        )
        return french.typography(f"Rien n’a été trouvé pour « {self.words} ».{close}")


def help(words: str = "", *, items: Mapping[str, Item] | None = None) -> Found:
    """Look for some words in the catalogue of indicators and in the glossary.

    Parameters
    ----------
    words : str
        Words, with or without accents and capitals (``"taux de couverture"``), or the id of an indicator (``"PE01"``),
        whose whole sheet is then given.
    items : mapping, optional
        Indicators to look among (``dossier.known_indicators``); those of the house by default.

    Returns
    -------
    Found
        At most 12 answers.

    Examples
    --------
    >>> print(help("PE01").entries[0].title)
    Taux de couverture de l’accueil du jeune enfant
    """
    known = definition.catalogue() if items is None else items
    asked = words.strip()
    by_fold = {id.casefold(): item for id, item in known.items()}
    if asked.casefold() in by_fold:
        item = by_fold[asked.casefold()]
        told = tuple((row.term, " ".join(row.texts)) for row in sheet(item))
        return Found(asked, (_entry(item),), sheet=told)
    wanted = [word for word in french.slug(asked).split("-") if word]
    if not wanted:
        return Found(asked, ())
    terms = [(_rank(term, text, wanted), Entry("", term, text)) for term, text in _glossary().items()]
    told_items = [(_rank(item.label, _said(item), wanted), _entry(item)) for item in known.values()]
    found = [pair for pair in (*terms, *told_items) if pair[0] is not None]
    entries = tuple(entry for _, entry in sorted(found, key=lambda pair: pair[0] or 0))[:_MOST]
    return Found(asked, entries, near=() if entries else close_words(wanted, known))


def matches(item: Item, words: Iterable[str]) -> bool:
    """Tell whether an indicator says every one of some words, with or without accents."""
    said = _said(item)
    return all(french.slug(word) in said for word in words)


def close_words(words: Sequence[str], items: Mapping[str, Item]) -> tuple[str, ...]:
    """Return words of the labels of indicators that look like some that none of them holds."""
    said = sorted({word for item in items.values() for word in french.slug(item.label).split("-") if len(word) > 3})
    return tuple(one for word in words if french.slug(word) not in said for one in near(french.slug(word), said))


def _said(item: Item) -> str:
    return french.slug(" ".join((item.id, item.label, item.theme, item.definition, item.source, kind_word(item.kind))))


def _rank(title: str, text: str, wanted: Sequence[str]) -> int | None:
    """Return 0 for the very title, 1 when it holds every word, 2 when the text does; nothing when a word is missing."""
    name = french.slug(title)
    if name == "-".join(wanted):
        return 0
    if all(word in name for word in wanted):
        return 1
    said = french.slug(text)
    return 2 if all(word in name or word in said for word in wanted) else None


def _entry(item: Item) -> Entry:
    return Entry(item.id, item.label, french.typography(item.definition))


def _glossary() -> Mapping[str, str]:
    words: Mapping[str, str] = wording.catalogue()["glossaire"]
    return words
