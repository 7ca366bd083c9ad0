from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from ctgeval.programme import SCHEMAS
from ctgeval.sources.workbook import read_tables


@pytest.fixture
def table(tmp_path: Path) -> Callable[[str, str], pd.DataFrame]:
    """Read a table of a dossier from the text of its CSV file, as a dossier would."""

    def read(name: str, text: str) -> pd.DataFrame:
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
        found = read_tables(tmp_path, SCHEMAS)[name]
        assert found.problems == ()
        return found.frame

    return read
