from __future__ import annotations

import math

import pytest

from ctgeval.programme.origin import place


@pytest.mark.parametrize(
    ("origin", "file", "sheet", "row"),
    [
        ("suivi.xlsx!actions!12", "suivi.xlsx", "actions", 12),
        ("actions.csv!3", "actions.csv", "", 3),
        ("actions.csv", "actions.csv", "", None),
        (math.nan, "", "", None),
        (None, "", "", None),
    ],
)
def test_an_origin_gives_its_file_its_sheet_and_its_row(origin: object, file: str, sheet: str, row: int | None) -> None:
    assert place(origin) == {"file": file, "sheet": sheet, "row": row}
