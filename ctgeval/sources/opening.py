"""Open a producer's CSV for its reader: cut into cells, and refused when it holds data about persons."""

from __future__ import annotations

from pathlib import Path

from ctgeval.sources import personal_data
from ctgeval.sources.table import Options
from ctgeval.sources.text import Grid, read_grid

__all__ = ["open_grid"]


def open_grid(path: Path, options: Options, *, directory: bool = False, respondents: bool = False) -> Grid:
    """Return the cells of a CSV file, once it is known that they tell of nobody.

    Parameters
    ----------
    path : Path
        File, compressed or not.
    options : Options
        What the dossier says of it: encoding, separator, columns admitted in spite of personal data.
    directory, respondents : bool
        See `ctgeval.sources.personal_data.find`.

    Raises
    ------
    AmbiguousSource
        When the encoding or the separator can be read in two ways.
    SourceError
        When the file can't be read.
    PersonalDataFound
        When a column that is not admitted holds data about persons.
    """
    grid = read_grid(path, encoding=options.encoding, separator=options.separator)
    admitted = personal_data.require_none(
        grid.columns, file=grid.file, admitted=options.admitted, directory=directory, respondents=respondents
    )
    return grid.noted(*admitted)
