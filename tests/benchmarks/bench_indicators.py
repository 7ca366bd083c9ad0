"""Compute every indicator of the catalogue for every commune of France, beside the same with plain pandas.

``python tests/benchmarks/bench_indicators.py [--indicators N]``: the indicators of the catalogue (76 in the list of the
domain, some of them split), 35,000 communes, 10 years; the observations are drawn (seed 0), a third of the measures
rounded to 5 and some values withheld, as national files do. Both ways take turns in one process, indicator after
indicator, each on the same compact table. The budget of issue 5 is 10 s of processor and 4 GB. Exit 1 above it, or
behind pandas.

The plain way groups the rows of the measures by territory and period, sums values and bounds, keeps the first status
and source, joins numerator and denominator, divides, and writes the columns of the contract, as one would in a
notebook: its bounds of a share are not those of a share, its interval looks neither at the bounds nor at what is
counted, and its reason is one word.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd

from ctgeval import indicators, measures, observations, territory
from ctgeval.indicators.definition import Indicator

SECONDS, GIGABYTES = 10.0, 4.0
YEARS = tuple(str(year) for year in range(2014, 2024))
_TEXT = pd.StringDtype(na_value=np.nan)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--indicators", type=int, default=None, help="the first N of the catalogue only")
    chosen = list(indicators.catalogue().values())[: parser.parse_args(arguments).indicators]
    reference = territory.reference.load()
    year = max(reference.years)
    communes = list(reference.members("FRANCE", year))
    table = drawn(chosen, communes, year)
    ids = [item.id for item in chosen]

    def made() -> Iterator[pd.DataFrame]:
        return indicators.stream(table, ids, communes, reference=reference, year=year)

    forget_peak()
    rows = sum(len(frame) for frame in made())
    peak = most_memory()
    start = time.process_time()
    groups = {str(name): group for name, group in table.groupby("measure", sort=False, observed=True)}
    plain = time.process_time() - start
    ours, frames = 0.0, made()
    for item in chosen:
        start = time.process_time()
        next(frames)
        middle = time.process_time()
        by_hand(groups, item)
        ours, plain = ours + middle - start, plain + time.process_time() - middle
    sys.stdout.write(
        f"{len(chosen)} indicateurs, {len(communes)} communes, {len(YEARS)} années : {rows} lignes de résultats, "
        f"{ours:.1f} s de processeur ({ours / plain:.2f} fois le pandas nu, {plain:.1f} s), {peak:.1f} Go au plus "
        f"avant pandas, table d’entrée comprise\n"
    )
    return int(ours > SECONDS or ours > plain or peak > GIGABYTES)


def forget_peak() -> None:
    """Forget the memory that making the table took."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def most_memory() -> float:
    """Return the gigabytes held at most since then."""
    found = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text("ascii"))
    assert found
    return int(found.group(1)) / 1024**2


def drawn(chosen: list[Indicator], communes: list[str], year: int) -> pd.DataFrame:
    """Return observations of every measure that the indicators need."""
    rng = np.random.default_rng(0)
    known = measures.load()
    names = list(dict.fromkeys(name for item in chosen for name in item.measures))
    size = len(communes) * len(YEARS)
    geo = pd.array(communes, dtype=_TEXT).take(np.tile(np.arange(len(communes)), len(YEARS)))
    period = pd.array(list(YEARS), dtype=_TEXT).take(np.repeat(np.arange(len(YEARS)), len(communes)))

    def each() -> Iterator[pd.DataFrame]:
        for rank, name in enumerate(names):
            least, most = known[name].possible
            value = np.clip(rng.poisson(40.0, size).astype(np.float64), least, most)
            low, high = value.copy(), value.copy()
            if rank % 3 == 0:
                value = np.floor(value / 5) * 5
                low, high = np.maximum(value - 2, 0), value + 4
            withheld = rng.random(size) < (0.02 if rank % 3 else 0.0)
            low, high = np.where(withheld, 1, low), np.where(withheld, 4, high)
            told = {"measure": name, "geo": geo, "geography": year, "time_period": period, "source": f"s{rank % 9}"}
            counts = {"value": np.where(withheld, np.nan, value), "low": low, "high": high}
            status = {"conf_status": np.where(withheld, "C", "F"), "obs_status": np.where(withheld, "Q", "A")}
            yield observations.compact(observations.frame({**told, **counts, **status}))

    # By tens, so that the tables that are joined are not all there twice.
    joined = observations.empty()
    tables = each()
    while batch := list(islice(tables, 10)):
        joined = observations.concat([joined, *batch])
    return joined


def by_hand(groups: dict[str, pd.DataFrame], item: Indicator) -> pd.DataFrame:
    """Compute one indicator as one would with pandas alone."""
    top = pooled(groups, item.numerator_terms)
    if item.denominator:
        bottom = pooled(groups, item.denominator_terms)
        both = top.join(bottom.add_suffix("_of"), how="inner")
        both["numerator"], both["denominator"] = both["value"], both["value_of"]
        value = item.factor * both["value"] / both["value_of"]
        low, high = item.factor * both["low"] / both["high_of"], item.factor * both["high"] / both["low_of"]
        both = both.assign(value=value.where(both["value_of"] != 0), low=low, high=high)
    else:
        both = top.assign(numerator=top["value"], denominator=np.nan)
    low, high = margin(both["numerator"], both["denominator"], item)
    missing = both["value"].isna()
    return both.reset_index().assign(
        indicator=item.id,
        unit=item.unit,
        ci_low=low.to_numpy(),
        ci_high=high.to_numpy(),
        n=both["denominator"].to_numpy(),
        completeness=1.0,
        limits=np.where(both["low"] < both["high"], "valeur_arrondie", ""),
        reason=np.where(missing, "absent", ""),
        **dict.fromkeys(observations.DIMENSIONS, ""),
    )


def margin(k: pd.Series[float], n: pd.Series[float], item: Indicator) -> tuple[pd.Series[float], pd.Series[float]]:
    """Return Wilson's interval of a share, and three roots of a count: what one finds in a textbook."""
    if item.nature == "part":
        centre, half = (k + 1.92) / (n + 3.84), 1.96 * np.sqrt((k * (1 - k / n) + 0.96).clip(lower=0)) / (n + 3.84)
        return item.factor * (centre - half), item.factor * (centre + half)
    scale = item.factor / n if item.denominator else 1.0
    half = 1.96 * np.sqrt(k.clip(lower=0))
    return (k - half) * scale, (k + half) * scale


def pooled(groups: dict[str, pd.DataFrame], terms: tuple[tuple[int, str], ...]) -> pd.DataFrame:
    """Add and subtract measures, by territory and period."""
    total: pd.DataFrame | None = None
    for sign, name in terms:
        keys = groups[name].groupby(["geo", "time_period"], observed=True, sort=False)
        part = keys[["value", "low", "high"]].sum(min_count=1)
        part["obs_status"], part["conf_status"] = keys["obs_status"].first(), keys["conf_status"].first()
        part["source"], part["geography"] = keys["source"].first(), keys["geography"].min()
        if total is None:
            total = part
        else:
            total[["value", "low", "high"]] += sign * part[["value", "low", "high"]]
    assert total is not None
    return total


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
