"""Send the summary of a run by e-mail or webhook, through Apprise, to the addresses that the dossier keeps.

An address holds a password or a token: it is read from a private file of the dossier or from the environment, never
from a command line, and no message quotes it. A summary counts and names bilans; it holds no figure, quotes no file.
"""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import Any

from ctgeval.config import PRIVATE
from ctgeval.errors import ReportError

__all__ = ["FILE", "VARIABLE", "addresses", "available", "send"]

FILE = f"{PRIVATE}/avis.txt"
VARIABLE = "CTGEVAL_AVIS"
_MISSING = "L’envoi des avis demande le module « apprise », qui n’est pas installé."
_INSTALL = "Installez-le dans le même environnement : pip install 'ctgeval[notify]'"


def addresses(folder: Path) -> tuple[str, ...]:
    """Return the addresses to which summaries go: one a line of the file, and one a word of the variable.

    Parameters
    ----------
    folder : Path
        The dossier.

    Raises
    ------
    ReportError
        When the file is there and can't be read.
    """
    path = folder / FILE
    try:
        rows = path.read_text(encoding="utf-8-sig").splitlines() if path.is_file() else []
    except (OSError, UnicodeDecodeError) as error:
        raise ReportError(
            "Les adresses des avis ne peuvent pas être lues.",
            file=FILE,
            remedy="Vérifiez les droits de ce fichier, et qu’il est enregistré en UTF-8, une adresse par ligne.",
        ) from error
    kept = [row.strip() for row in rows if row.strip() and not row.lstrip().startswith("#")]
    return tuple(dict.fromkeys([*kept, *os.environ.get(VARIABLE, "").split()]))


def available() -> None:
    """Make sure that a summary can be sent.

    Raises
    ------
    ReportError
        When Apprise is not installed.
    """
    _module()


def send(told: tuple[str, ...], title: str, body: str) -> None:
    """Send a summary.

    Parameters
    ----------
    told : tuple of str
        See `addresses`.
    title, body : str
        In French, plain text.

    Raises
    ------
    ReportError
        When Apprise is not installed, does not understand an address, or could not reach one of them.
    """
    module = _module()
    messenger = module.Apprise()
    for rank, address in enumerate(told, start=1):
        if not messenger.add(address):
            raise ReportError(
                f"L’adresse d’avis n° {rank} n’est pas comprise.",
                file=FILE,
                remedy="Écrivez-la comme le demande Apprise, par exemple mailtos://compte:motdepasse@exemple.fr.",
            )
    try:
        # Said to be plain text, lest a mail take it for HTML, where line breaks and « < » are lost.
        sent = messenger.notify(title=title, body=body, body_format=module.NotifyFormat.TEXT)
    except (OSError, TypeError, ValueError) as error:
        # Its text may quote the address.
        raise ReportError(f"L’avis n’a pas pu être envoyé ({type(error).__name__}).", remedy=_CHECK) from None
    if not sent:
        raise ReportError("L’avis n’est pas arrivé à toutes ses adresses.", remedy=_CHECK)


_CHECK = "Vérifiez les adresses et le réseau ; les bilans, eux, ne dépendent pas de cet envoi."


def _module() -> Any:
    try:
        return importlib.import_module("apprise")
    except ImportError as error:
        raise ReportError(_MISSING, remedy=_INSTALL) from error
