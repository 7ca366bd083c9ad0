"""What a figure must be read with: codes carried by each result row, and their French sentences."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from ctgeval.errors import IndicatorError, suggestion
from ctgeval.indicators.definition import limit_codes

__all__ = ["limit_sentences", "limit_text"]


def limit_text(code: str) -> str:
    """Return the sentence of a limit.

    Parameters
    ----------
    code : str
        As found in the column ``limits``; what follows a colon takes the place of ``{}`` in the sentence.

    Raises
    ------
    IndicatorError
        When no limit has that code.
    """
    name, _, detail = code.partition(":")
    known = limit_codes()
    if name not in known:
        raise IndicatorError(f"Aucune limite ne porte le code « {name} ».", remedy=suggestion(name, known), value=code)
    return known[name].replace("{}", detail)


def limit_sentences(results: pd.DataFrame) -> pd.DataFrame:
    """Return the sentence of each limit that a table of results carries.

    Parameters
    ----------
    results : DataFrame
        Has the column ``limits``.

    Returns
    -------
    DataFrame
        Columns ``code`` and ``sentence``, sorted by code.
    """
    found = sorted({code for text in results["limits"].dropna().unique() for code in str(text).split()})
    return pd.DataFrame({"code": found, "sentence": [limit_text(code) for code in found]}, dtype="str")


def join(codes: Iterable[str]) -> str:
    """Return codes as the column ``limits`` holds them: each once, in order, separated by a space."""
    return " ".join(dict.fromkeys(codes))
