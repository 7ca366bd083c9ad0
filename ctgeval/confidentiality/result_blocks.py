"""The blocks into which what is published falls, and the atoms that their counts are sums of.

Counts are bound together when one is made from the other or shares measures, ground and days with it. Inside a block,
grounds are cut into pieces, days into slices, categories into the finest ones told: an atom is one measure on one
piece, over one slice, for one category; whatever is published of the block is a sum of atoms. Where a measure does not
add up along one of these, nothing is cut along it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, product

from ctgeval.confidentiality.grounds import Grounds
from ctgeval.confidentiality.result_cells import Sums
from ctgeval.confidentiality.row_counts import Key, Span

__all__ = ["Atom", "Block", "Known", "blocks"]

Atom = tuple[object, ...]
"""Measure, piece, slice, category."""
Terms = tuple[tuple[Key, float], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """What else a reader knows: ``low <= sum(coefficient * count) <= high``."""

    terms: Terms
    low: float
    high: float
    masked: bool = False
    told: object = None


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Counts that must be looked at together.

    Parameters
    ----------
    keys : tuple of Key
        What is counted, in order.
    atoms : mapping of Key to tuple of (Atom, float)
        Each count as a sum of atoms, with the sign of each.
    known : tuple of Known
        What else a reader knows of them.
    """

    keys: tuple[Key, ...]
    atoms: Mapping[Key, tuple[tuple[Atom, float], ...]]
    known: tuple[Known, ...] = ()


def blocks(
    keys: Iterable[Key],
    pairs: Iterable[tuple[Key, Key]],
    *,
    known: Sequence[Known] = (),
    sums: Mapping[str, Sums],
    grounds: Grounds,
) -> Iterator[Block]:
    """Cut what is published into blocks, each as small as may be.

    Parameters
    ----------
    keys : iterable of Key
        What the tables count.
    pairs : iterable of (Key, Key)
        Part and whole of shares.
    known : sequence of Known
        What else a reader knows, in the same measures.
    sums : mapping of str to Sums
        Along what each measure adds up.
    grounds : Grounds
        What the numbers of grounds are.
    """
    own = list(dict.fromkeys(keys))
    everything = list(dict.fromkeys([*own, *(key for form in known for key, _ in form.terms)]))
    links = list(pairs)
    families = _Families()
    for key in everything:
        families.unite([name for _, name in key.formula])
    for one, other in links:
        families.unite([one.formula[0][1], other.formula[0][1]])
    for form in known:
        families.unite([key.formula[0][1] for key, _ in form.terms])
    periods = _periods(everything, links, known, sums, families)
    members: dict[object, list[Key]] = {}
    for key in everything:
        members.setdefault(_node(key, periods, families), []).append(key)
    told: dict[object, list[Known]] = {}
    for form in known:
        told.setdefault(_node(form.terms[0][0], periods, families), []).append(form)
    mine = set(own)
    for node, inside in members.items():
        if any(key in mine for key in inside):
            yield Block(tuple(inside), _atoms(inside, sums, grounds), tuple(told.get(node, ())))


@dataclass(slots=True, eq=False)
class _Families:
    """Things that belong together, by union and find."""

    above: dict[object, object] = field(default_factory=dict)

    def find(self, one: object) -> object:
        top = one
        while self.above.get(top, top) != top:
            top = self.above[top]
        while self.above.get(one, one) != top:
            self.above[one], one = top, self.above[one]
        return top

    def unite(self, several: Sequence[object]) -> None:
        first = self.find(several[0])
        for other in several[1:]:
            self.above[self.find(other)] = first


def _family(key: Key, families: _Families) -> object:
    return families.find(key.formula[0][1])


def _periods(
    keys: Iterable[Key],
    links: Iterable[tuple[Key, Key]],
    known: Iterable[Known],
    sums: Mapping[str, Sums],
    families: _Families,
) -> _Families:
    """Unite, in each family of measures, the spans with days in common if these add up, and those told together."""
    spans: dict[object, set[Span]] = {}
    adds: dict[object, bool] = {}
    for key in keys:
        family = _family(key, families)
        spans.setdefault(family, set()).add(key.span)
        adds[family] = adds.get(family, False) or any(sums[name].time for _, name in key.formula)
    found = _Families()
    for family, several in spans.items():
        last: Span | None = None
        for span in sorted(several) if adds[family] else ():
            if last is not None and span[0] <= last[1]:
                found.unite([(family, last), (family, span)])
                last = last if last[1] >= span[1] else span
            else:
                last = span
    together = [*links, *([key for key, _ in form.terms] for form in known)]
    for several_keys in together:
        found.unite([(_family(key, families), key.span) for key in several_keys])
    return found


def _node(key: Key, periods: _Families, families: _Families) -> object:
    return periods.find((_family(key, families), key.span))


def _atoms(
    keys: Sequence[Key], sums: Mapping[str, Sums], grounds: Grounds
) -> dict[Key, tuple[tuple[Atom, float], ...]]:
    placed = frozenset(key.ground for key in keys if any(sums[name].places for _, name in key.formula))
    pieces = grounds.pieces(placed) if placed else {}
    slices = _slices({key.span for key in keys if any(sums[name].time for _, name in key.formula)})
    kinds = _kinds({key.category for key in keys})
    found = {}
    for key in keys:
        terms: list[tuple[Atom, float]] = []
        for sign, name in key.formula:
            add = sums[name]
            where = pieces[key.ground] if add.places else (("ground", key.ground),)
            when = slices[key.span] if add.time else (("span", *key.span),)
            what = kinds[key.category] if add.categories else (("category", *key.category),)
            terms.extend(((name, *atom), float(sign)) for atom in product(where, when, what))
        found[key] = tuple(terms)
    return found


def _slices(spans: Iterable[Span]) -> dict[Span, tuple[int, ...]]:
    """Cut days where a span begins or has just ended."""
    several = sorted(spans)
    days = sorted({day for first, last in several for day in (first, last + 1)})
    starts = {day: number for number, (day, _) in enumerate(pairwise(days))}
    return {(first, last): tuple(range(starts[first], starts.get(last + 1, len(starts)))) for first, last in several}


def _kinds(categories: set[tuple[str, ...]]) -> dict[tuple[str, ...], tuple[object, ...]]:
    """Cut categories into those that the same ones contain; an empty value stands for all, told or not."""
    if len(categories) <= 1:
        return dict.fromkeys(categories, (0,))
    width = len(next(iter(categories)))
    values = [sorted({category[at] for category in categories} - {""}) for at in range(width)]
    finest = product(*([*own, None] if own else [None] for own in values))
    by_cover: dict[tuple[tuple[str, ...], ...], int] = {}
    several = sorted(categories)
    found: dict[tuple[str, ...], list[int]] = {category: [] for category in several}
    for one in finest:
        cover = tuple(
            category
            for category in several
            if all(asked in ("", own) for asked, own in zip(category, one, strict=True))
        )
        if cover and cover not in by_cover:
            by_cover[cover] = len(by_cover)
            for category in cover:
                found[category].append(by_cover[cover])
    return {category: tuple(own) for category, own in found.items()}
