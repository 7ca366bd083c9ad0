"""Make the workbook that a partner fills in, in the folder ``gabarits`` of the dossier."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from ctgeval import dossier as dossier_
from ctgeval.errors import DossierError
from ctgeval.french import slug
from ctgeval.programme import returns
from ctgeval.sources.partner_form import write_form

__all__ = ["make"]


def make(folder: Path, partner: str, *, period: str | None, out: str | None) -> Path:
    """Write the workbook of a partner, and return where it is; an existing file is never touched.

    Parameters
    ----------
    folder : Path
        The dossier.
    partner : str
        Key of its source, or its name.
    period : str or None
        A year or a period; the present year by default.
    out : str or None
        File to make, instead of the one in ``gabarits``.

    Raises
    ------
    DossierError
        When the dossier can't be opened, the partner is not known, or the folder can't be made.
    PeriodError
        When the period can't be read.
    SourceError
        When nothing is asked of that partner, or the file exists already.
    """
    opened = dossier_.Dossier.open(folder)
    when = period or str(dt.date.today().year)  # noqa: DTZ011 the year where the evaluator is
    form = opened.partner_form(partner, period=when)
    path = Path(out) if out else opened.path / returns.FORMS / f"{slug(form.source)}-{slug(when)}.xlsx"
    if path.suffix.lower() != ".xlsx":
        raise DossierError("Le gabarit est un classeur .xlsx.", remedy="Terminez son nom par .xlsx.", file=str(path))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DossierError(
            "Le dossier du gabarit ne peut pas être créé.",
            remedy="Vérifiez les droits d’écriture, ou donnez un autre emplacement avec --out.",
            file=str(path.parent),
            value=error.strerror or type(error).__name__,
        ) from error
    write_form(path, form)
    return path
