"""What every form of a bilan is made from: the clean content of its page, and what the shell says around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One bilan, as it is about to be published.

    Parameters
    ----------
    name : str
        Name of its files, without an extension: ``[a-z0-9-]`` words.
    context : mapping
        What the shell shows (see ``templates/bilan.html.j2``): ``titre``, ``sous_titre``, ``nom``, ``ctg``,
        ``destinataire``, ``version``, ``mention``, ``date`` (ISO), ``perimetre``, ``regle``, ``sources``, ``versions``,
        ``cle``, ``sommaire``, and ``contenu``, the clean HTML of the bilan (`ctgeval.report.html.body`).
    rules : str
        Style rules of this page alone (`ctgeval.report.html.Body.style`).
    page : bytes
        The page itself, as it is published.
    """

    name: str
    context: Mapping[str, Any]
    rules: str
    page: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Produced:
    """One file to publish beside the page.

    Parameters
    ----------
    name : str
        File name: that of the document, possibly followed by ``-`` and more words, and an extension.
    data : bytes
        Its whole content: the same for the same document.
    about : tuple of str
        What it holds and has no room to say: the caption of the table of a CSV, then the headings above it.
    """

    name: str
    data: bytes
    about: tuple[str, ...] = ()
