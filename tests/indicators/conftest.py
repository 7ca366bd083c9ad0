"""A small invented geography, and observations made in one line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import pytest

from ctgeval import observations
from ctgeval.errors import UnknownTerritory

EPCI = "EPCI-200000001"
A, B, C = "COM-99001", "COM-99002", "COM-99003"


class SmallGeography:
    """One EPCI of three communes; in 2023 commune C swallowed another one and kept its code."""

    events = pd.DataFrame({"code_before": ["COM-99004"], "code_after": [C]})

    def members(self, geo: str, year: int) -> tuple[str, ...]:
        if geo == EPCI:
            return (A, B, C)
        raise UnknownTerritory("inconnu", value=f"{geo} {year}")

    def changed_between(self, geo: str, year_a: int, year_b: int) -> bool:
        return geo == C and min(year_a, year_b) < 2023 <= max(year_a, year_b)


@pytest.fixture(scope="session")
def geography() -> SmallGeography:
    return SmallGeography()


@pytest.fixture(scope="session")
def observe() -> Callable[..., pd.DataFrame]:
    def make(*rows: Mapping[str, Any], **common: Any) -> pd.DataFrame:
        base = {"geography": 2024, "source": "s", "time_period": "2021", "measure": "population_municipale"}
        return observations.frame([{**base, **common, **row} for row in rows])

    return make
