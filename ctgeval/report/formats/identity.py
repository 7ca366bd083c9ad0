"""What a file says of itself, whatever its format."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from ctgeval import french
from ctgeval.report.formats import shell
from ctgeval.report.formats.document import Document

__all__ = ["Identity", "of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The properties of a file, and what its pages say at their top and at their foot.

    Parameters
    ----------
    title : str
        Of the file.
    short : str
        Of the bilan, at the foot of each page.
    author : str
        The convention.
    heading : str
        Version, and that the data are fictional when they are.
    day : str
        ISO date.
    """

    title: str
    short: str
    author: str
    heading: str
    day: str

    def as_dict(self) -> dict[str, str]:
        """Return the fields by their name, for a template."""
        return asdict(self)


def of(document: Document) -> Identity:
    """Return what the files of a bilan say of themselves."""
    context = document.context
    return Identity(
        title=shell.title(context),
        short=french.typography(str(context["titre"])),
        author=french.typography(str(context["ctg"])),
        heading=shell.heading(context),
        day=str(context["date"]),
    )
