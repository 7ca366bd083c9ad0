"""Open an old workbook (``.xls``) in another process.

The parser takes as much memory as the places of the cells announce, and a damaged byte may announce all of it: the
process is then killed by the system, without an exception. Here it is a child's that dies.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from ctgeval.errors import SourceError

__all__ = ["read_old_workbook"]

_SECONDS = 120
_CHILD = """
import datetime, io, json, sys
try:
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
except (ImportError, ValueError, OSError):
    pass
from python_calamine import CalamineWorkbook
def told(value):
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return {"when": value.isoformat()}
    return {"when": str(value)}
book = CalamineWorkbook.from_filelike(io.BytesIO(sys.stdin.buffer.read()))
sheets = []
for name in book.sheet_names:
    sheet = book.get_sheet_by_name(name)
    merged = sheet.merged_cell_ranges
    sheets.append([name, sheet.to_python(skip_empty_area=False), merged])
sys.stdout.write(json.dumps(sheets, default=told))
"""


def read_old_workbook(data: bytes, file: str) -> list[tuple[str, list[list[Any]], Any]]:
    """Return the sheets of an ``.xls``: name, rows from the first line, merged cells.

    Parameters
    ----------
    data : bytes
        The workbook.
    file : str
        Its basename, for the message.

    Raises
    ------
    SourceError
        When it can't be read, whatever the reason.
    """
    damaged = SourceError(
        "L’ancien classeur (.xls) est abîmé, ou protégé par un mot de passe : il ne se lit pas.",
        remedy="Ouvrez-le dans un tableur, enregistrez-le au format .xlsx sans mot de passe, puis recommencez.",
        file=file,
    )
    try:
        child = subprocess.run(  # noqa: S603 - this interpreter, and a program that stands above
            [sys.executable, "-c", _CHILD], input=data, capture_output=True, timeout=_SECONDS, check=False
        )
        if child.returncode:
            raise damaged
        sheets = json.loads(child.stdout, parse_constant=float)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise damaged from error
    return [
        (name, [[_value(cell) for cell in row] for row in rows], merged and [tuple(map(tuple, one)) for one in merged])
        for name, rows, merged in sheets
    ]


def _value(cell: Any) -> Any:
    if isinstance(cell, dict):
        # A day without an hour is written as a day.
        return cell["when"].removesuffix("T00:00:00").replace("T", " ")
    return cell
