"""Every error that ctgeval raises on purpose, in one tree.

- CtgevalError                 anything that went wrong and that a person can mend
    - DossierError             the dossier (``ctg.toml`` or one of its tables) can't be used as it is
    - SourceError              a file can't be read, or says something impossible
        - AmbiguousSource      encoding, separator or decimal mark can be read in two ways: say which
        - UnknownFormat        no reader has that name
        - PersonalDataFound    the file holds data about identifiable persons
    - TerritoryError           a code or a territory is not what it should be
        - UnknownTerritory     the code exists in no geography known here
        - PerimeterMismatch    two figures are not about the same ground
    - PeriodError              a period can't be read, or two periods can't be compared
    - MeasureError             a measure is not declared, or used against its nature
        - UnknownMeasure       no measure has that name
        - NotAdditive          the sum or the mean that was asked for has no meaning
    - IndicatorError           an indicator's definition can't be used
        - UnknownIndicator     no indicator has that id
    - ImpactError              an effect can't be estimated as it was asked
        - DesignError          the panel, the series or the options contradict themselves: mend the data or the call
        - NotIdentified        these data can't tell the effect from something else, whatever the method's arithmetic
        - TooFewUnits          too few territories, periods or persons for the method that was asked
    - ConfidentialityError     a figure would disclose something about somebody
        - ProtectionInfeasible what must be shown gives away what must not, whatever else is masked
    - ReportError              a bilan could not be produced
        - ParameterError       a notebook was given a parameter it does not declare, or a wrong value
        - NotebookFailed       a cell of the notebook failed
            - PageRefused      its page could not be read by everybody
        - DossierBusy          another command is at work in the dossier

Each error tells what happened (``message``), where (``file``, ``sheet``, ``row``, ``column``, ``key``), with which
``value``, and what to do (``remedy``). ``str(error)`` says all of it in one French paragraph.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Literal, get_args

Severity = Literal["bloquant", "partiel", "avertissement"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""The gravest first."""

__all__ = [
    "SEVERITIES",
    "AmbiguousSource",
    "ConfidentialityError",
    "CtgevalError",
    "DesignError",
    "DossierBusy",
    "DossierError",
    "ImpactError",
    "IndicatorError",
    "MeasureError",
    "NotAdditive",
    "NotIdentified",
    "NotebookFailed",
    "PageRefused",
    "ParameterError",
    "PerimeterMismatch",
    "PeriodError",
    "PersonalDataFound",
    "Problem",
    "ProtectionInfeasible",
    "ReportError",
    "Severity",
    "SourceError",
    "TerritoryError",
    "TooFewUnits",
    "UnknownFormat",
    "UnknownIndicator",
    "UnknownMeasure",
    "UnknownTerritory",
    "near",
    "suggestion",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing to mend in the inputs: what, where, with which value, and how.

    Parameters
    ----------
    message : str
        What happened, in French, a whole sentence.
    remedy : str
        What to do about it, in French.
    file, sheet, column, key, value : str
        Where, and the value as it was read; empty when it does not apply.
    row : int or None
        Line of the file, counted from 1 as a spreadsheet does.
    severity : {"bloquant", "partiel", "avertissement"}
        ``bloquant``: no bilan can be built. ``partiel``: what is told is set aside, counts in no figure, and the bilans
        are built without it and say so. ``avertissement``: it counts as it was read.
    """

    message: str
    remedy: str = ""
    file: str = ""
    sheet: str = ""
    row: int | None = None
    column: str = ""
    key: str = ""
    value: str = ""
    severity: Severity = "bloquant"

    @property
    def place(self) -> str:
        """Where it is, in French: ``fichier budget.csv, ligne 12, colonne « montant »``."""
        return ", ".join(
            part
            for part in (
                f"fichier {self.file}" if self.file else "",
                f"feuille « {self.sheet} »" if self.sheet else "",
                f"ligne {self.row}" if self.row is not None else "",
                f"colonne « {self.column} »" if self.column else "",
                f"clé « {self.key} »" if self.key else "",
                f"valeur lue « {self.value} »" if self.value else "",
            )
            if part
        )

    def __str__(self) -> str:
        place = f" ({self.place})" if self.place else ""
        remedy = f" → {self.remedy}" if self.remedy else ""
        return f"{self.message}{place}{remedy}"

    def as_dict(self) -> dict[str, object]:
        """Return the fields as a plain dictionary, in their order of declaration."""
        return asdict(self)


class CtgevalError(Exception):
    """Base of every error raised on purpose; carries one or several `Problem`.

    Parameters
    ----------
    message : str
        What happened, in French.
    remedy : str
        What to do, in French.
    file, sheet, row, column, key, value
        Where, and the value as it was read (see `Problem`).
    problems : iterable of Problem
        All the problems when there are several; ``message`` then introduces them.
    """

    def __init__(
        self,
        message: str,
        *,
        remedy: str = "",
        file: str = "",
        sheet: str = "",
        row: int | None = None,
        column: str = "",
        key: str = "",
        value: str = "",
        problems: Iterable[Problem] = (),
    ) -> None:
        self.problem = Problem(
            message=message, remedy=remedy, file=file, sheet=sheet, row=row, column=column, key=key, value=value
        )
        self.problems: tuple[Problem, ...] = tuple(problems) or (self.problem,)
        super().__init__(message)

    def __str__(self) -> str:
        if self.problems == (self.problem,):
            return str(self.problem)
        return "\n".join([str(self.problem), *(f"  - {problem}" for problem in self.problems)])

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.problem, self.problems))


def _rebuild(kind: type[CtgevalError], problem: Problem, problems: tuple[Problem, ...]) -> CtgevalError:
    fields = problem.as_dict()
    fields.pop("severity")
    return kind(fields.pop("message"), problems=problems, **fields)  # type: ignore[arg-type]


class DossierError(CtgevalError):
    """The dossier (``ctg.toml`` or one of its tables) can't be used as it is."""


class SourceError(CtgevalError):
    """A file can't be read, or says something impossible."""


class AmbiguousSource(SourceError):
    """Encoding, separator or decimal mark can be read in two ways: the user must say which."""


class UnknownFormat(SourceError):
    """No reader has that name."""


class PersonalDataFound(SourceError):
    """The file holds data about identifiable persons: nothing of it is read until that is settled."""


class TerritoryError(CtgevalError):
    """A code or a territory is not what it should be."""


class UnknownTerritory(TerritoryError):
    """The code exists in no geography known here."""


class PerimeterMismatch(TerritoryError):
    """Two figures are not about the same ground."""


class PeriodError(CtgevalError):
    """A period can't be read, or two periods can't be compared."""


class MeasureError(CtgevalError):
    """A measure is not declared, or used against its nature."""


class UnknownMeasure(MeasureError):
    """No measure has that name."""


class NotAdditive(MeasureError):
    """The sum or the mean that was asked for has no meaning."""


class IndicatorError(CtgevalError):
    """An indicator's definition can't be used."""


class UnknownIndicator(IndicatorError):
    """No indicator has that id."""


class ImpactError(CtgevalError):
    """An effect can't be estimated as it was asked."""


class DesignError(ImpactError):
    """The panel, the series or the options contradict themselves: mend the data or the call."""


class NotIdentified(ImpactError):
    """These data can't tell the effect from something else, whatever the method's arithmetic."""


class TooFewUnits(ImpactError):
    """Too few territories, periods or persons for the method that was asked."""


class ConfidentialityError(CtgevalError):
    """A figure would disclose something about somebody."""


class ProtectionInfeasible(ConfidentialityError):
    """What must be shown gives away what must not, whatever else is masked."""


class ReportError(CtgevalError):
    """A bilan could not be produced."""


class ParameterError(ReportError):
    """A notebook was given a parameter it does not declare, or a wrong value."""


class DossierBusy(ReportError):
    """Another command is at work in the dossier, and did not end while this one waited."""


class NotebookFailed(ReportError):
    """A cell of the notebook failed."""


class PageRefused(NotebookFailed):
    """The notebook reached its end, but some readers could not use the page that it gives."""


def near(word: str, candidates: Iterable[str], *, count: int = 3) -> list[str]:
    """Return the candidates that look most like a word, the nearest first, accents and case aside.

    Parameters
    ----------
    word : str
        What was typed.
    candidates : iterable of str
        What would have been understood.
    count : int
        How many at most.
    """
    # Loaded when a word is unknown: every command would wait for it.
    import difflib

    by_fold: dict[str, str] = {}
    for candidate in candidates:
        by_fold.setdefault(candidate.casefold(), candidate)
    typed = word.casefold()
    found = difflib.get_close_matches(typed, list(by_fold), n=max(count, len(by_fold)), cutoff=0.6)
    # Two letters swapped is the commonest slip, and difflib ranks it no better than another letter.
    found.sort(key=lambda name: (_without_zeros(name) != _without_zeros(typed), sorted(name) != sorted(typed)))
    return [by_fold[name] for name in found[:count]]


def _without_zeros(code: str) -> str:
    """Return what is left of a code whose zeros were not typed: ``PE1`` was meant to be ``PE01``."""
    return re.sub(r"(?<!\d)0+(?=\d)", "", code)


def suggestion(word: str, candidates: Iterable[str]) -> str:
    """Return « Vouliez-vous dire ... ? », or an empty text when nothing looks like the word."""
    found = near(word, candidates)
    return f"Vouliez-vous dire {' ou '.join(f'« {name} »' for name in found)} ?" if found else ""
