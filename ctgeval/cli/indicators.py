"""Tell the catalogue of indicators: the list by theme, a search, the sheet of some."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from ctgeval import lookup
from ctgeval.cli import output
from ctgeval.cli.messages import as_json, say
from ctgeval.errors import ParameterError, near
from ctgeval.french import slug
from ctgeval.indicators import definition
from ctgeval.indicators.indicator import Indicator
from ctgeval.indicators.qualitative import Qualitative
from ctgeval.indicators.sheet import kind_word, sheet, texts_of

__all__ = ["tell"]

_ID = re.compile(r"[A-Za-z]{2,4}\d{1,3}[A-Za-z]?")

Item = Indicator | Qualitative


@dataclass(frozen=True, slots=True)
class _Known:
    """The indicators to tell: those of the house, or those of a dossier with what its committee chose."""

    items: Mapping[str, Item]
    retained: tuple[str, ...] = ()
    faults: int = 0


def tell(words: Sequence[str], *, folder: Path | None, theme: str | None) -> None:
    """Write the sheets of the ids that are asked for, or the list of what some words find.

    Parameters
    ----------
    words : sequence of str
        Ids (``PE01``), or words to look for, with or without accents; everything when there are none.
    folder : Path or None
        A dossier, whose own indicators are told too.
    theme : str or None
        Only the themes that hold these letters.

    Raises
    ------
    ParameterError
        When an id is not known or when nothing is found; with the near ones.
    DossierError
        When the dossier can't be opened.
    """
    known = _known(folder)
    if words and all(_ID.fullmatch(word) for word in words):
        _tell_sheets(known, [id for word in words for id in _ids(word, known.items)])
        return
    found = {id: item for id, item in known.items.items() if lookup.matches(item, words)}
    if theme is not None:
        found = _of_theme(found, theme, known.items)
    if not found:
        raise _nothing(words, known.items)
    _tell_list(known, found)


def _known(folder: Path | None) -> _Known:
    if folder is None:
        return _Known(definition.catalogue())
    from ctgeval.dossier import Dossier

    opened = Dossier.open(folder)
    return _Known(opened.known_indicators, opened.retained, len(opened.own_indicators.problems))


def _ids(word: str, items: Mapping[str, Item]) -> list[str]:
    """Return the id that a word is, or those that it is cut into (``PA01`` : ``PA01a``, ``PA01b``)."""
    by_fold = {id.casefold(): id for id in items}
    folded = word.casefold()
    if folded in by_fold:
        return [by_fold[folded]]
    parts = [id for id in items if id[:-1].casefold() == folded and id[-1].isalpha()]
    if parts:
        return parts
    told = ", ".join(f"{id} ({items[id].label})" for id in near(word.upper(), items))
    remedy = say("misuse.did_you_mean", names=told) if told else say("indicateurs.all")
    raise ParameterError(say("indicateurs.unknown", id=word), remedy=remedy)


def _of_theme(found: Mapping[str, Item], theme: str, items: Mapping[str, Item]) -> dict[str, Item]:
    themes = list(dict.fromkeys(item.theme for item in items.values()))
    wanted = {name for name in themes if slug(theme) in slug(name)}
    if not wanted:
        close = near(theme, themes) or themes
        raise ParameterError(
            say("indicateurs.no_theme", theme=theme), remedy=say("indicateurs.themes", names=", ".join(close))
        )
    return {id: item for id, item in found.items() if item.theme in wanted}


def _nothing(words: Sequence[str], items: Mapping[str, Item]) -> ParameterError:
    text = " ".join(words)
    close = lookup.close_words(words, items)
    remedy = say("misuse.did_you_mean", names=", ".join(close)) if close else say("indicateurs.all")
    return ParameterError(say("indicateurs.nothing", words=text), remedy=remedy)


def _tell_list(known: _Known, found: Mapping[str, Item]) -> None:
    if as_json():
        told = [_plain(id, item, known) for id, item in found.items()]
        output.write_json({"ok": True, "indicators": told})
        return
    output.write(say("indicateurs.title", count=len(found)))
    for theme, items in groupby(found.items(), key=lambda pair: pair[1].theme):
        output.write()
        output.write(theme)
        for id, item in items:
            output.write(output.wrapped(_line(id, item, known), first="  ", indent="        "))
    output.write()
    if known.faults:
        output.write(output.wrapped(say("indicateurs.faults", count=known.faults)))
    output.write(output.wrapped(say("indicateurs.next")))
    _tell_language()


def _line(id: str, item: Item, known: _Known) -> str:
    unit = item.unit if isinstance(item, Indicator) else say("indicateurs.judged")
    about = ", ".join(filter(None, (kind_word(item.kind).lower(), unit)))
    chosen = f" – {say('indicateurs.retained')}" if id in known.retained else ""
    return f"{id:<6}{item.label} ({about}){chosen}"


def _tell_sheets(known: _Known, ids: Sequence[str]) -> None:
    if as_json():
        told = [_plain(id, known.items[id], known) | {"sheet": texts_of(sheet(known.items[id]))} for id in ids]
        output.write_json({"ok": True, "indicators": told})
        return
    for rank, id in enumerate(ids):
        item = known.items[id]
        title = f"{id} – {item.label}"
        if rank:
            output.write()
        output.write(title)
        output.write("=" * len(title))
        if id in known.retained:
            output.write(say("indicateurs.chosen"))
        for row in sheet(item):
            output.write()
            output.write(row.term)
            for text in row.texts:
                bullet = "  - " if len(row.texts) > 1 else "  "
                output.write(output.wrapped(text, first=bullet, indent=" " * len(bullet)))
    _tell_language()


def _tell_language() -> None:
    said = say("indicateurs.language")
    if said:
        output.write()
        output.write(output.wrapped(said))


def _plain(id: str, item: Item, known: _Known) -> dict[str, Any]:
    return {
        "id": id,
        "label": item.label,
        "theme": item.theme,
        "kind": item.kind,
        "unit": item.unit if isinstance(item, Indicator) else "",
        "direction": item.direction,
        "scale": [] if isinstance(item, Indicator) else list(item.scale),
        "qualitative": isinstance(item, Qualitative),
        "origin": item.origin if isinstance(item, Indicator) else "dossier",
        "retained": id in known.retained,
    }
