"""Time the crosswalk of a national panel to one geography, beside the plain pandas that trusts a table of codes.

``python tests/benchmarks/bench_territory.py [PANEL]``, where PANEL is ``population_communes_2006_2023.csv.gz`` (18
census vintages, 136,414 rows); without it, the same number of rows is made from the communes of the reference. The
budget of issue 4 is 0.3 s of processor. Exit 1 when the first call, or the median of the next ones, is above it.

The plain way joins a table of codes made beforehand and sums: it checks no code, knows neither splits nor bounds nor
statuses, and adds medians as readily as inhabitants.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from ctgeval import observations, territory
from ctgeval.territory import reference

BUDGET = 0.300
REPEATS = 9
ROWS = 136_414
TO = 2024


def main(arguments: list[str]) -> int:
    known = reference.load()
    panel = real(Path(arguments[0])) if arguments else made(known)
    first, usual = timed(lambda: territory.harmonise(panel, to=TO, on_problem="collect"))
    after = pd.concat(
        [table(known, int(year), panel["geo"].unique()) for year in sorted(panel["geography"].unique())],
        ignore_index=True,
    )
    _, plain = timed(lambda: by_hand(panel, after))
    sys.stdout.write(
        f"{len(panel)} lignes vers {TO} : {1000 * usual:.0f} ms ({1000 * first:.0f} ms la première fois), "
        f"{usual / plain:.1f} fois le pandas nu ({1000 * plain:.0f} ms)\n"
    )
    return int(max(first, usual) > BUDGET)


def real(path: Path) -> pd.DataFrame:
    """Return the observations of the real panel."""
    rows = pd.read_csv(path, dtype={"CODGEO": str})
    return observations.frame(
        {
            "measure": ["population_municipale"] * len(rows),
            "geo": "COM-" + rows["CODGEO"],
            "geography": rows["annee_geo"],
            "time_period": rows["millesime_rp"].astype(str),
            "value": rows["POP"],
        }
    )


def made(known: reference.Reference) -> pd.DataFrame:
    """Return as many rows, of communes that exist in their geography."""
    years = [year for year in known.years if year <= TO]
    tables = [
        pd.DataFrame({"geo": sorted(known.codes("COM", year)), "geography": year, "time_period": str(year - 2)})
        for year in years
    ]
    rows = pd.concat(tables, ignore_index=True).iloc[:ROWS]
    value = rows.index.to_numpy() % 2_000 + 1.0
    return observations.frame(rows.assign(measure="population_municipale", value=value))


def table(known: reference.Reference, year: int, geos: object) -> pd.DataFrame:
    """Return the code after of each code of a geography."""
    link = known.timeline.chain(min(year, TO), TO)
    codes = pd.Series(geos, name="geo")
    return pd.DataFrame({"geo": codes, "geography": year, "after": codes.map(lambda code: link.after.get(code, code))})


def by_hand(panel: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Join the codes after, and sum."""
    joined = panel[["measure", "geo", "geography", "time_period", "value"]].merge(after, on=["geo", "geography"])
    return joined.groupby(["measure", "after", "time_period"], as_index=False)["value"].sum()


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds of processor of the first call, and their median over the next ones."""
    spent = []
    for _ in range(REPEATS):
        start = time.process_time()
        work()
        spent.append(time.process_time() - start)
    return spent[0], statistics.median(spent[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
