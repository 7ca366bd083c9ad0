"""Which forms a bilan can take beside its page, what each needs to be installed, and the making of all those asked."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module

from ctgeval import config as configuration
from ctgeval.errors import ParameterError, ReportError, suggestion
from ctgeval.report.formats.document import Document, Produced

__all__ = ["PAGE", "beside", "made", "refuse"]

PAGE = "html"
"""The format of the page itself, which is always made: the others come from it."""


@dataclass(frozen=True, slots=True)
class _Maker:
    """Where the function of a format is, and the extra of ctgeval with the libraries that it needs."""

    module: str
    function: str
    extra: str = ""
    libraries: tuple[str, ...] = ()

    def __call__(self, document: Document) -> tuple[Produced, ...]:
        make: Callable[[Document], Produced | tuple[Produced, ...]] = getattr(
            import_module(f"ctgeval.report.formats.{self.module}"), self.function
        )
        found = make(document)
        return found if isinstance(found, tuple) else (found,)


_OFFICE = ("pypandoc", "resvg_py")
_MAKERS = {
    "pdf": _Maker("pdf", "made", "pdf", ("weasyprint",)),
    "docx": _Maker("office", "docx", "office", _OFFICE),
    "odt": _Maker("office", "odt", "office", _OFFICE),
    "slides": _Maker("slides", "made"),
    "csv": _Maker("tables", "csv"),
    "xlsx": _Maker("tables", "xlsx"),
    "ods": _Maker("tables", "ods"),
    "datapackage": _Maker("package", "made"),
}


def refuse(names: Iterable[str]) -> None:
    """Refuse the formats that can't be made here, before anything is.

    Parameters
    ----------
    names : iterable of str
        Asked for in ``ctg.toml`` or by a command.

    Raises
    ------
    ParameterError
        For an unknown format, or one whose library is not installed.
    """
    for name in names:
        if name not in configuration.BILAN_FORMATS:
            raise ParameterError(
                "Ce format n’est pas disponible.",
                value=name,
                remedy=suggestion(name, configuration.BILAN_FORMATS)
                or f"Formats disponibles : {', '.join(configuration.BILAN_FORMATS)}.",
            )
        maker = _MAKERS.get(name)
        if maker and not all(importlib.util.find_spec(library) for library in maker.libraries):
            raise ParameterError(
                f"Le format « {name} » demande une bibliothèque qui n’est pas installée.",
                value=name,
                remedy=f"Installez-la : pip install 'ctgeval[{maker.extra}]'.",
            )


def made(names: Iterable[str], document: Document) -> tuple[tuple[str, Produced], ...]:
    """Make a bilan in the formats asked for, its page apart.

    Parameters
    ----------
    names : iterable of str
        Formats that `refuse` lets through.
    document : Document
        The bilan.

    Returns
    -------
    tuple of (str, Produced)
        Each file with its format, in the order of ``ctg.toml``'s documentation.

    Raises
    ------
    ParameterError
        When a format can't be made of this bilan, or here.
    ReportError
        When two formats would write the same file.
    """
    asked = set(names)
    # A file that two formats hold, as open data does those of « csv », is told with the first.
    first: dict[Produced, str] = {}
    for name, make in _MAKERS.items():
        if name in asked:
            first |= {one: name for one in make(document) if one not in first}
    found = [(name, one) for one, name in first.items()]
    if len({one.name for _, one in found}) != len(found):
        raise ReportError("Deux fichiers de ce bilan porteraient le même nom.", file=document.name)
    return tuple(found)


def beside(slug: str) -> Iterator[str]:
    """Yield patterns of the names that the files of a bilan may have, its page and its sheet apart.

    Parameters
    ----------
    slug : str
        Name of its files, without extension.
    """
    for end in ("pdf", "docx", "odt", "xlsx", "ods", "datapackage.json", "schema.json"):
        yield f"{slug}.{end}"
    yield f"{slug}-diapositives.html"
    yield f"{slug}-*.csv"
    yield f"{slug}-*.schema.json"
