"""Those who read the tables of the follow-up, and know how they are made, prove no count of persons to be small.

They try every count that would have been told in the same way: what a program masks must not be given back by what it
chooses to mask.
"""

from __future__ import annotations

import copy
import random
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

import ctgeval
from ctgeval.followup import Reader, participation
from ctgeval.programme.registers import PARTICIPATION
from ctgeval.programme.representativeness import Composition, merged
from ctgeval.sources.workbook import read_tables
from ctgeval.surveys import secrecy
from tests.confidentiality.attacker import base_of_interval

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


# -- a register of participation, the whole way ------------------------------------------------------------------------

AGES, SEXES = ("15-29", "30-44", "45-59", "60+"), ("F", "M")
SECTORS = ("GRP-haute-arvelle", "GRP-tressonne", "GRP-sorvanne", "COM-99201")
HEAD = "id;date;type;presences;personnes_distinctes;tranche_age;sexe;secteur"


def register(draw: random.Random) -> str:
    """Meetings of a year, broken down at random, small ones and bands that leave somebody out included."""
    lines = [HEAD]
    for rank in range(draw.randint(1, 4)):
        came = draw.choice([2, 3, 4, 5, 6, 8, 12, 20, 40])
        start = f"R{rank};2024-0{rank + 1}-10;Réunion"
        lines.append(f"{start};{came};{draw.choice(['', came, max(1, came // 2)])};;;")
        for bands, cells in ((AGES, "{};;"), (SEXES, ";{};"), (SECTORS, ";;{}")):
            left = came
            for band in bands if draw.random() < 0.7 else ():
                last = band == bands[-1] and draw.random() < 0.8
                count = left if last else draw.randint(0, left)
                left -= count
                lines.append(f"{start};{count};;{cells.format(band)}")
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("seed", range(10))
def test_no_register_of_participation_gives_a_small_count_back(
    demo: ctgeval.Dossier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    (tmp_path / "participation.csv").write_text(register(random.Random(seed)), encoding="utf-8")  # noqa: S311
    demo = copy.copy(demo)
    monkeypatch.setitem(vars(demo), "tables", {**demo.tables, **read_tables(tmp_path, [PARTICIPATION])})
    # What was made of the tables of another register.
    monkeypatch.setitem(vars(demo), "made", {})
    reader = Reader(audience="habitants", partner="", results=pd.DataFrame(), progress=pd.DataFrame())
    assert participation.TOPIC.tables is not None
    told = participation.TOPIC.tables(demo, reader)
    meetings, years, bands = told["participation"], told["participation_years"], told["representativeness"]
    for name in ("presences", "personnes_distinctes"):
        assert not meetings[name].between(1, THRESHOLD - 1).any()
    assert meetings["presences"].isna().any() == years["presences"].isna().any()
    shown = bands[bands["band"].ne("")]
    assert not shown["participants"].between(1, THRESHOLD - 1).any()
    for _, rows in shown.groupby("dimension"):
        # One band is never everybody, and the bands of a comparison add up to what it says it counts.
        assert rows["participants"].gt(0).sum() >= 2
        assert rows["participants"].sum() == rows["n"].iloc[0]
        # Wilson's interval gives the number of participants back: it is one that is shown.
        tested = rows[rows["share_low"].notna() & rows["participants"].gt(0)]
        for row in tested.itertuples():
            base = base_of_interval(row.share / 100, row.share_low / 100, row.share_high / 100)
            assert round(base) == row.n >= 2 * THRESHOLD
