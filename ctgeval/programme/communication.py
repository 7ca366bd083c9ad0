"""Communication, channel by channel: reach, cadence, evolution; never a total over channels.

A visit, an opening and an article are not persons, and one person may be behind several of them: no function here adds
two channels, or two measures, together.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

import pandas as pd

from ctgeval import french, periods
from ctgeval.errors import Problem, Severity
from ctgeval.french import fold
from ctgeval.programme.origin import place

__all__ = ["CHANNELS", "LINES", "MEASURES", "channels", "counts", "lines", "of_persons", "problems"]

LINES = ("canal", "mesure", "periode", "valeur")
CHANNELS = (
    "canal", "mesure", "frequence", "premiere", "derniere", "avec", "attendues", "sans", "arretee", "valeur",
    "compare_a", "valeur_avant", "evolution",
)  # fmt: skip
MEASURES = ("envois_lettre", "ouvertures_lettre", "visites_site")
"""Measures of the catalogue that the words of a channel and of a measure are mapped to."""
_LETTER = re.compile(r"\b(?:info)?lettres?\b|\bnewsletters?\b|\bbulletins?\b")
_SITE = re.compile(r"\bsites?\b")
_RATE = re.compile(r"\btaux\b|\bparts?\b|%|\bpourcentage\b")
_PERSONS = re.compile(
    r"\b(?:abonn|inscri|personne|particip|famille|habitant|parent|jeune|lecteur|lectrice|destinataire|contact|membre)"
)
_SENT, _OPENED, _VISITS = (
    re.compile(r"\benv(?:oi|oy)\w*"),
    re.compile(r"\bouv(?:ert|r)\w*"),
    re.compile(r"\bvisites?\b"),
)


def lines(communication: pd.DataFrame) -> pd.DataFrame:
    """Return the values of each channel and measure, in order of channel, measure and time.

    Parameters
    ----------
    communication : DataFrame
        Table ``communication``; two spellings of a channel that differ by case or accents are one channel, named as it
        was first written.

    Returns
    -------
    DataFrame
        Columns `LINES`; ``valeur`` is NaN where the register says that it is not known.
    """
    kept = communication[communication["periode"].notna() & communication["canal"].notna()]
    spelt: dict[str, str] = {}
    rows = [
        {
            "canal": spelt.setdefault(fold(str(row["canal"])).strip(), str(row["canal"]).strip()),
            "mesure": spelt.setdefault(fold(str(row["mesure"])).strip(), str(row["mesure"]).strip()),
            "periode": str(row["periode"]),
            "valeur": float(row["valeur"]),
        }
        for row in kept.to_dict("records")
    ]
    rows.sort(
        key=lambda row: (fold(str(row["canal"])), fold(str(row["mesure"])), periods.sort_key(str(row["periode"])))
    )
    return pd.DataFrame(rows, columns=list(LINES)).astype({"valeur": "float64"})


def channels(found: pd.DataFrame) -> pd.DataFrame:
    """Return, for each measure of each channel, how often it was fed and how its last value moved.

    Parameters
    ----------
    found : DataFrame
        As `lines` gives it.

    Returns
    -------
    DataFrame
        Columns `CHANNELS`: ``attendues``, the periods from its first one to the last that the whole register knows;
        ``avec``, those with a value above zero; ``sans``, the others, separated by spaces; ``arretee``, the first
        period from which nothing came any more, empty for a channel that goes on; ``evolution``, in percent, from the
        same period a year before (or the period before, for a yearly measure), NaN when there is none or when it was
        zero.
    """
    if found.empty:
        return pd.DataFrame(columns=list(CHANNELS))
    until = max(periods.end(text) for text in found["periode"])
    rows = [
        _channel(str(canal), str(mesure), part, until)
        for (canal, mesure), part in found.groupby(["canal", "mesure"], sort=False)
    ]
    return pd.DataFrame(rows, columns=list(CHANNELS))


def _channel(canal: str, mesure: str, part: pd.DataFrame, until: date) -> dict[str, Any]:
    read = [periods.parse(text) for text in part["periode"]]
    kinds = [period.frequency for period in read]
    kind = max(sorted(set(kinds)), key=kinds.count)
    told = dict(zip(read, part["valeur"], strict=True))
    times = sorted((period for period in told if period.frequency == kind), key=lambda period: period.start)
    # Whoever counts by half-year, then by year, has not stopped: a value feeds every period that it is about.
    fed = [period for period, value in told.items() if value > 0]
    expected = list(_steps(times[0], until))
    without = [step for step in expected if not any(one.start <= step.end and step.start <= one.end for one in fed)]
    silent = set(without)
    lively = [step.end for step in expected if step not in silent]
    after = [step for step in expected if not lively or step.start > lively[-1]]
    known = sorted(
        (period for period, value in told.items() if not math.isnan(value)), key=lambda one: (one.end, one.start)
    )
    last = known[-1] if known else times[-1]
    before = next(
        (one for one in known if one.frequency == last.frequency and one.start == _year_before(last.start)), None
    )
    earlier = told[before] if before else float("nan")
    return {
        "canal": canal,
        "mesure": mesure,
        "frequence": kind,
        "premiere": times[0].text,
        "derniere": last.text,
        "avec": len(expected) - len(without),
        "attendues": len(expected),
        "sans": " ".join(step.text for step in without),
        "arretee": after[0].text if after else "",
        "valeur": told[last],
        "compare_a": before.text if before else "",
        "valeur_avant": earlier,
        "evolution": 100 * (told[last] - earlier) / earlier if earlier > 0 else float("nan"),
    }


def _year_before(day: date) -> date:
    return day.replace(year=day.year - 1)


def _steps(first: periods.Period, until: date) -> Iterator[periods.Period]:
    """Yield the periods of one frequency from the first to the last that is over on a day."""
    period = first
    while period.end <= until:
        yield period
        period = _next(period)


def _next(period: periods.Period) -> periods.Period:
    start = period.end + timedelta(days=1)
    year, month = start.year, start.month
    name = {
        "A": f"{year}",
        "S": f"{year}-S{1 + (month - 1) // 6}",
        "Q": f"{year}-Q{1 + (month - 1) // 3}",
        "M": f"{year}-{month:02d}",
        "SCOLAIRE": f"{year}-{year + 1}",
    }[period.frequency]
    return periods.parse(name)


def measure(canal: str, mesure: str) -> str:
    """Return the measure of the catalogue that a channel and a measure are, by their words; empty when none.

    Examples
    --------
    >>> measure("Lettre d’information", "Ouvertures"), measure("Lettre", "taux d’ouverture")
    ('ouvertures_lettre', '')
    """
    channel, what = fold(canal), fold(mesure)
    if _RATE.search(what):
        return ""
    if _LETTER.search(channel):
        return "envois_lettre" if _SENT.search(what) else "ouvertures_lettre" if _OPENED.search(what) else ""
    return "visites_site" if _SITE.search(channel) and _VISITS.search(what) else ""


def of_persons(mesure: str) -> bool:
    """Tell whether a measure counts persons rather than visits, openings or articles.

    Examples
    --------
    >>> of_persons("Abonnés"), of_persons("visites")
    (True, False)
    """
    return _PERSONS.search(fold(mesure)) is not None


def counts(found: pd.DataFrame) -> list[tuple[str, str, float]]:
    """Return what PI09a to PI09c are made of: measure, period, value.

    ``envois_lettre``, ``ouvertures_lettre`` and ``visites_site`` period by period, as they were written: where two
    channels answer to the same words in one period (two letters), none is taken, for channels are never added.
    ``canaux_actifs``: number of channels with a value above zero in each calendar year.

    Parameters
    ----------
    found : DataFrame
        As `lines` gives it.
    """
    told: dict[tuple[str, str], list[float]] = {}
    active: dict[int, set[str]] = {}
    for row in found.to_dict("records"):
        name = measure(str(row["canal"]), str(row["mesure"]))
        if name:
            told.setdefault((name, str(row["periode"])), []).append(float(row["valeur"]))
        if row["valeur"] > 0:
            active.setdefault(periods.year(str(row["periode"])), set()).add(str(row["canal"]))
    rows = [(name, period, values[0]) for (name, period), values in told.items() if len(values) == 1]
    return [*rows, *(("canaux_actifs", str(year), float(len(active[year]))) for year in sorted(active))]


def problems(communication: pd.DataFrame) -> list[Problem]:
    """Tell what can't be true: a negative count, a rate over 100, more openings than letters, two letters at once."""
    rows = communication.to_dict("records")
    found = []
    mapped: dict[tuple[str, str], list[dict[Any, Any]]] = {}
    for row in rows:
        value = float(row["valeur"])
        if value < 0:
            found.append(
                _problem(
                    row,
                    "Une mesure de communication ne peut pas être négative.",
                    "Corrigez le nombre.",
                    severity="partiel",
                )
            )
        if value > 100 and _RATE.search(fold(str(row["mesure"]))):
            found.append(
                _problem(
                    row,
                    f"« {row['mesure']} » vaut {french.number(value)}, plus que 100 %.",
                    "Corrigez le taux, ou donnez le nombre et ce qu’il mesure (envois, ouvertures).",
                    severity="partiel",
                )
            )
        name = measure(str(row["canal"]), str(row["mesure"]))
        if name:
            mapped.setdefault((name, str(row["periode"])), []).append(row)
    found += [problem for (name, _), alike in mapped.items() for problem in _several(name, alike)]
    for (name, period), alike in mapped.items():
        sent = mapped.get(("envois_lettre", period), [])
        if name == "ouvertures_lettre" and len(alike) == len(sent) == 1 and alike[0]["valeur"] > sent[0]["valeur"]:
            found.append(
                _problem(
                    alike[0],
                    f"Il y a plus d’ouvertures ({french.number(alike[0]['valeur'])}) que d’envois "
                    f"({french.number(sent[0]['valeur'])}) de la lettre.",
                    "Comptez les lettres ouvertes au moins une fois, ou corrigez les envois.",
                    severity="partiel",
                )
            )
    return found


def _several(name: str, rows: Sequence[dict[Any, Any]]) -> Iterator[Problem]:
    told = {"envois_lettre": "envois de la lettre", "ouvertures_lettre": "ouvertures de la lettre"}
    if len(rows) > 1:
        yield _problem(
            rows[1],
            f"Plusieurs lignes donnent les {told.get(name, 'visites du site')} de la même période : deux canaux ne "
            "s’additionnent pas, aucune n’entre dans l’indicateur.",
            "Gardez le mot « lettre » ou « site » pour un seul canal.",
        )


def _problem(row: dict[Any, Any], message: str, remedy: str, *, severity: Severity = "avertissement") -> Problem:
    return Problem(
        message=message,
        remedy=remedy,
        column="valeur",
        value=f"{float(row['valeur']):g}",
        severity=severity,
        **place(row.get("origin")),
    )
