"""Every workbook that ctgeval writes: a new file, in which no text becomes a formula, a link or a number.

Nothing else makes a workbook, and none of a user's is ever edited: what it may hide (sheets, comments, cached rows)
goes nowhere. The same content gives the same bytes.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ctgeval.errors import SourceError

if TYPE_CHECKING:
    from xlsxwriter import Workbook  # type: ignore[import-untyped]

__all__ = ["drawn", "new_workbook"]

_CREATED = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
_OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


@contextmanager
def new_workbook(path: Path, *, title: str) -> Iterator[Workbook]:
    """Make a workbook, and write it when its content is complete; an existing file is never touched.

    Parameters
    ----------
    path : Path
        File to make, ``.xlsx``.
    title : str
        Title among the properties of the file; it holds no other, neither author nor day.

    Raises
    ------
    SourceError
        When the file exists already, or its folder can't be written in.

    References
    ----------
    OWASP, CSV Injection: a text that begins with ``=``, ``+``, ``-`` or ``@`` may be run by the program that opens it.
    """
    import xlsxwriter

    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, _OPTIONS) as book:
        book.set_properties({"title": title, "created": _CREATED})
        yield book
    _place(path, buffer.getvalue())


def drawn(draw: Callable[[Workbook], None], *, title: str, day: str) -> bytes:
    """Make a workbook in memory, and return its bytes.

    Parameters
    ----------
    draw : callable
        Fills it.
    title : str
        Title among the properties of the file; it holds no author.
    day : str
        ISO date among them, given by the caller: the clock is never read.
    """
    import xlsxwriter

    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, _OPTIONS) as book:
        book.set_properties({"title": title, "created": dt.datetime.fromisoformat(day).replace(tzinfo=dt.UTC)})
        draw(book)
    return buffer.getvalue()


def _place(path: Path, data: bytes) -> None:
    try:
        with path.open("xb") as stream:
            stream.write(data)
    except FileExistsError as error:
        raise SourceError(
            "Le classeur existe déjà : il n’est pas remplacé.",
            remedy="Gardez-le, ou donnez un autre nom au nouveau modèle.",
            file=path.name,
        ) from error
    except OSError as error:
        raise SourceError(
            f"Le classeur ne peut pas être écrit ({error.strerror or type(error).__name__}).",
            remedy="Vérifiez que le dossier existe et que vous avez le droit d’y écrire.",
            file=path.name,
        ) from error
