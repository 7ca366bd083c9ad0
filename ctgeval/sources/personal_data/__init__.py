"""Data about identifiable persons, looked for in every column before anything is computed.

A file with a name, a social security number or a telephone is not for an evaluation: it is refused, with the columns
and the remedy. An override is possible, column by column, with a reason that is kept and printed. Each signal is a pure
function of a column; examples are masked, since a message ends in a terminal, a log or an e-mail.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow.compute as pc  # type: ignore[import-untyped]

from ctgeval import french
from ctgeval.errors import PersonalDataFound, Problem
from ctgeval.sources.personal_data.births import birth, combined
from ctgeval.sources.personal_data.columns import KINDS, MANY, Column, Finding, column
from ctgeval.sources.personal_data.names import BODIES, given_names, names_somebody, persons
from ctgeval.sources.personal_data.numbers import SIGNALS, patterns

__all__ = ["BODIES", "KINDS", "Finding", "find", "given_names", "names_somebody", "patterns", "require_none"]

_REMEDY = (
    "Retirez ces colonnes du fichier, ou remplacez-les par des effectifs (par tranche d’âge, par commune) ; si elles "
    "sont nécessaires et autorisées, écrivez pourquoi dans ctg.toml, sous la source : "
    'donnees_personnelles = {{ "{column}" = "la raison" }}.'
)
_CONTACTS = frozenset({"courriel", "telephone", "adresse"})


def find(
    columns: Mapping[str, Sequence[str]], *, directory: bool = False, respondents: bool = False
) -> tuple[Finding, ...]:
    """Return the personal data that columns hold.

    Parameters
    ----------
    columns : mapping of str to sequence of str
        Cells of text by header.
    directory : bool
        Whether the file is a public directory of services: their addresses and telephones are nobody's.
    respondents : bool
        Whether each row is one person's answers: texts written freely are then personal data too.

    References
    ----------
    NIR: 13 digits (sex, year, month, département, commune, rank) and the key ``97 - n mod 97``; IBAN: ISO 13616,
    mod 97; Article 29 Working Party, opinion 05/2014 (individualisation, correlation, inference).
    """
    known = [column(name, cells) for name, cells in columns.items()]
    looked = [one for one in known if one is not None]
    found = [finding for one in looked if (finding := _first(one)) is not None]
    found += persons(looked, {finding.column for finding in found})
    found += combined(columns, {finding.column for finding in found if finding.kind == "naissance"})
    if respondents:
        taken = {finding.column for finding in found}
        found += [_free(one) for one in looked if one.name not in taken and _is_free(one)]
    kept = [finding for finding in found if not (directory and finding.kind in _CONTACTS)]
    rank = {name: place for place, name in enumerate(columns)}
    return tuple(sorted(kept, key=lambda finding: rank[finding.column]))


def require_none(
    columns: Mapping[str, Sequence[str]],
    *,
    file: str,
    admitted: Mapping[str, str] | None = None,
    directory: bool = False,
    respondents: bool = False,
) -> tuple[str, ...]:
    """Refuse a file that holds personal data, unless a reason was recorded for each of its columns.

    Parameters
    ----------
    columns : mapping of str to sequence of str
        Cells of text by header.
    file : str
        Basename, for the message.
    admitted : mapping of str to str, optional
        For each column let in, the reason (``donnees_personnelles`` of the ``[[source]]``).
    directory, respondents : bool
        See `find`.

    Returns
    -------
    tuple of str
        What was let in and why, in French, to be printed with the source.

    Raises
    ------
    PersonalDataFound
        With one problem for each column.
    """
    reasons = {name.strip(): reason.strip() for name, reason in (admitted or {}).items()}
    found = find(columns, directory=directory, respondents=respondents)
    refused = [finding for finding in found if not reasons.get(finding.column)]
    if refused:
        names = french.enumeration([f"« {finding.column} »" for finding in refused])
        raise PersonalDataFound(
            f"Ce fichier contient des données sur des personnes ({names}) : rien n’en a été lu.",
            remedy=_REMEDY.format(column=refused[0].column),
            file=file,
            problems=tuple(_problem(finding, file) for finding in refused),
        )
    return tuple(
        f"Colonne « {finding.column} » admise malgré des données personnelles ({KINDS[finding.kind]}) : "
        f"{reasons[finding.column]}"
        for finding in found
    )


def _problem(finding: Finding, file: str) -> Problem:
    shown = f" (par exemple {french.enumeration(list(finding.examples))})" if finding.examples else ""
    return Problem(
        message=f"La colonne « {finding.column} » contient une donnée personnelle : {KINDS[finding.kind]}, "
        f"{french.percent(100 * finding.share, 0)} des cellules remplies{shown}.",
        remedy=_REMEDY.format(column=finding.column),
        file=file,
        column=finding.column,
    )


def _first(column: Column) -> Finding | None:
    return next((finding for signal in (*SIGNALS, birth) if (finding := signal(column)) is not None), None)


def _is_free(column: Column) -> bool:
    if column.total < 10 or column.unique <= MANY:
        return False
    lengths = np.repeat(pc.utf8_length(column.values).to_numpy(), column.counts)
    return float(np.median(lengths)) > 40


def _free(column: Column) -> Finding:
    return column.finding("texte_libre", np.ones(len(column.counts), dtype=np.bool_))
