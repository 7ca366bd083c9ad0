"""Those who read the tables of the follow-up, and know how they are made, prove no count of persons to be small.

They try every count that would have been told in the same way: what a program masks must not be given back by what it
chooses to mask.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator

import pytest

from ctgeval.programme.representativeness import Composition, merged
from ctgeval.surveys import secrecy

THRESHOLD = 5


def shared(total: int, parts: int) -> Iterator[tuple[int, ...]]:
    """Yield every way to share persons among bands."""
    if parts == 1:
        yield (total,)
        return
    for first in range(total + 1):
        for rest in shared(total - first, parts - 1):
            yield (first, *rest)


@pytest.mark.parametrize(("ordered", "bands", "most"), [(False, 3, 20), (True, 3, 20), (False, 4, 15), (True, 4, 15)])
def test_no_merged_band_is_proved_small(ordered: bool, bands: int, most: int) -> None:
    for total in range(THRESHOLD, most + 1):
        alike: dict[object, list[tuple[int, ...]]] = defaultdict(list)
        for counts in shared(total, bands):
            found = merged(
                Composition(
                    bands=tuple("abcd"[:bands]),
                    counts=tuple(map(float, counts)),
                    # Populations that no two sums share: which bands are merged can be read.
                    population=tuple(float(10**rank) for rank in range(bands)),
                    ordered=ordered,
                ),
                THRESHOLD,
            )
            alike[found.counts, found.population].append(counts)
        for told, possible in alike.items():
            for band in range(bands):
                most_there = max(counts[band] for counts in possible)
                assert not 0 < most_there < THRESHOLD, (told, possible)


def told(counts: list[int], sums: list[bool]) -> tuple[object, ...]:
    """What a reader has of a question: the options that are told, the base, and the indicator."""
    base = sum(counts)
    hidden = secrecy.choices(counts, base, THRESHOLD, sums)
    favourable = sum(count for count, own in zip(counts, sums, strict=True) if own)
    kept = hidden.all() or secrecy.options([favourable, base - favourable], base, THRESHOLD).any()
    indicator = None if kept or not any(sums) else favourable
    return (base, indicator, *(None if out else count for count, out in zip(counts, hidden, strict=True)))


@pytest.mark.parametrize("seed", range(3))
def test_no_hidden_answer_is_proved_small(seed: int) -> None:
    draw = random.Random(seed)  # noqa: S311
    sums = [[False] * 4, [True, True, False, False], [True, False, False, False]][seed]
    for base in draw.sample(range(11, 26), 5):
        alike: dict[object, list[tuple[int, ...]]] = defaultdict(list)
        for counts in shared(base, 4):
            alike[told(list(counts), sums)].append(counts)
        for seen, possible in alike.items():
            for option in range(4):
                least, most = (pick(counts[option] for counts in possible) for pick in (min, max))
                assert not (least > 0 and most < THRESHOLD), (seen, possible[:3])
