"""Small published data sets of answers before and after, typed in."""

from __future__ import annotations

import numpy as np
import pandas as pd

_SLEEP_1 = "0.7 -1.6 -0.2 -1.2 -0.1 3.4 3.7 0.8 0.0 2.0"
_SLEEP_2 = "1.9 0.8 1.1 0.1 -0.1 4.4 5.5 1.6 4.6 3.4"

# Hand, D. et al. (1993), A Handbook of Small Data Sets, set 285: weights in pounds, before and after, by treatment.
_ANOREXIA = {
    "FT": "83.8 95.2 83.3 94.3 86.0 91.5 82.5 91.9 86.7 100.3 79.6 76.7 76.9 76.8 94.2 101.6 73.4 94.9 80.5 75.2 "
    "81.6 77.8 82.1 95.5 77.6 90.7 83.5 92.5 89.9 93.8 86.0 91.7 87.3 98.0",
    "CBT": "80.5 82.2 84.9 85.6 81.5 81.4 82.6 81.9 79.9 76.4 88.7 103.6 94.9 98.4 76.3 93.4 81.0 73.4 80.5 82.1 "
    "85.0 96.7 89.2 95.3 81.3 82.4 76.5 72.5 70.0 90.9 80.4 71.3 83.3 85.4 83.0 81.6 87.7 89.1 84.2 83.9 86.4 82.7 "
    "76.5 75.7 80.2 82.6 87.8 100.4 83.3 85.2 79.7 83.6 84.5 84.6 80.8 96.2 87.4 86.7",
    "Cont": "80.7 80.2 89.4 80.1 91.8 86.4 74.0 86.3 78.1 76.1 88.3 78.1 87.3 75.1 75.1 86.7 80.6 73.5 78.4 84.6 "
    "77.6 77.4 88.7 79.5 81.3 89.6 78.1 81.4 70.5 81.8 77.3 77.3 85.2 84.2 86.0 75.4 84.1 79.5 79.7 73.0 85.5 88.3 "
    "84.4 84.7 79.6 81.4 77.5 81.2 72.3 88.2 89.0 78.8",
}


def sleep() -> pd.DataFrame:
    """Hours of sleep gained with two drugs (Student 1908; R ``sleep``), exact in tenths."""
    first, second = (np.array([float(x) for x in text.split()]) for text in (_SLEEP_1, _SLEEP_2))
    return pd.DataFrame({"one": first, "two": second})


def anorexia() -> pd.DataFrame:
    """Weights before and after (R ``MASS::anorexia``): ``treat, before, after``, 72 rows."""
    rows = []
    for treat, text in _ANOREXIA.items():
        values = np.array([float(x) for x in text.split()]).reshape(-1, 2)
        rows.append(pd.DataFrame({"treat": treat, "before": values[:, 0], "after": values[:, 1]}))
    return pd.concat(rows, ignore_index=True)


def approval() -> pd.DataFrame:
    """Approval of a prime minister in two surveys of the same 1,600 persons (Agresti 1990, table 10.1)."""
    counts = [794, 150, 86, 570]
    return pd.DataFrame({"before": np.repeat([1, 1, 0, 0], counts), "after": np.repeat([1, 0, 1, 0], counts)})
