"""Time the search of the nearest among all the EPCIs of France: ``python tests/benchmarks/bench_comparators.py``.

The reference is loaded first, its events included; the budget of issue 4 is 100 ms of processor for a national search.
Exit 1 when the median of a case is above it.
"""

from __future__ import annotations

import statistics
import sys
import time

from ctgeval.territory import nearest, reference

BUDGET = 0.100
REPEATS = 15
CASES = {
    "10 parmi les EPCI de France": {},
    "les mêmes, sans ceux du département": {"exclude_same_department": True},
    "les mêmes, sans ceux dont le périmètre a changé de 2020 à 2024": {
        "exclude_same_department": True,
        "window": (2020, 2024),
    },
}


def main() -> int:
    known = reference.load()
    known.event_list  # noqa: B018 - loaded on its first use
    late = False
    for label, options in CASES.items():
        spent = []
        for _ in range(REPEATS):
            start = time.process_time()
            nearest("EPCI-200070035", year=2024, reference=known, **options)
            spent.append(time.process_time() - start)
        first, usual = spent[0], statistics.median(spent[1:])
        late |= usual > BUDGET
        sys.stdout.write(f"{label} : {1000 * usual:.0f} ms ({1000 * first:.0f} ms la première fois)\n")
    return int(late)


if __name__ == "__main__":
    sys.exit(main())
