"""What the evaluator alone may see of a protection: true values, what an attacker finds, and why each row went."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ctgeval.confidentiality.attacker import Audit
from ctgeval.confidentiality.equations import System
from ctgeval.confidentiality.result_forms import KEY_COLUMNS
from ctgeval.confidentiality.rules import Mask

__all__ = ["COLUMNS", "table_of"]

COLUMNS = (*KEY_COLUMNS, "status", "value", "low", "high", "required", "ok", "level")


def table_of(system: System, hidden: Mask, found: Audit, key_columns: Sequence[str] = KEY_COLUMNS) -> pd.DataFrame:
    """Return one row for each count of the blocks that hold something to protect.

    Parameters
    ----------
    system, hidden
        What is published and what is masked.
    found : Audit
        What the attacker finds of it.
    key_columns : sequence of str
        Names of the parts of a key.

    Returns
    -------
    DataFrame
        `COLUMNS`: status ``u`` (masked by the rule), ``x`` (because it would give another back), ``z`` (shown whatever
        happens), ``s`` (may be shown), ``r`` (a rest that no row shows and that must not be found); the bounds are
        those that an attacker finds.
    """
    low, high = system.bounds(hidden)
    level = np.full(system.size, "", dtype=object)
    low[found.cells], high[found.cells] = found.low, found.high
    level[found.cells] = list(found.level)
    fine = np.ones(system.size, dtype=bool)
    fine[found.cells] = found.ok
    asked = ~np.isnan(system.required)
    status = np.select(
        [~system.shown & asked & ~hidden, hidden & asked, hidden, system.forced, system.shown],
        ["r", "u", "x", "z", "s"],
        "",
    )
    width = len(key_columns)
    keys = [tuple(str(part) for part in (*key[:width], *[""] * (width - len(key)))) for key in system.keys]
    status[[key[0] == "form" for key in system.keys]] = ""
    table = pd.DataFrame(keys, columns=list(key_columns), index=range(system.size)).assign(
        status=status, value=system.value, low=low, high=high, required=system.required, ok=fine, level=level
    )
    return table[table["status"].ne("")].reset_index(drop=True)
