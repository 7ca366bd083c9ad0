"""What partners are asked to count, in a workbook of their own, and what they send back (folder ``retours``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from ctgeval import french, periods
from ctgeval.config import SourceConfig
from ctgeval.errors import CtgevalError, DossierError, Problem, suggestion
from ctgeval.measures import Measure
from ctgeval.programme.origin import place
from ctgeval.sources.partner_form import Form, Line
from ctgeval.sources.partner_return import Asked, Return, read_return
from ctgeval.sources.workbook import Table

__all__ = ["FOLDER", "FORMS", "asked", "find_source", "form", "joined", "read"]

FOLDER, FORMS = "retours", "gabarits"
_SUFFIXES = (".xlsx", ".ods", ".xls", ".xlsm", ".xlsb")
_TEXTS = (".csv", ".txt", ".tsv")
_SHEET = "Comptages"
_WHOLE = frozenset({"personnes", "foyers", "entreprises", "structures", "places", "actions", "seances"})
_COUNTED = frozenset({"stock", "flow", "distinct"})
_KEY = ["mesure", "territoire", "periode", "source", "structure", "sexe", "age"]
_FREQUENCIES = {"annuelle": "A", "semestrielle": "S", "trimestrielle": "Q", "mensuelle": "M", "scolaire": "SCOLAIRE"}
_RECALLED = 2


def find_source(sources: Sequence[SourceConfig], partner: str) -> SourceConfig:
    """Return the source of a partner, by its key, its name or that of its producer, case and accents aside.

    Raises
    ------
    DossierError
        When there is none, or several.
    """
    counted = [source for source in sources if not source.fichier]

    def names(source: SourceConfig) -> set[str]:
        told = source.gabarit.partenaire if source.gabarit else ""
        return {french.fold(text) for text in (source.cle, told, source.producteur) if text}

    found = [source for source in counted if source.cle == partner] or [
        source for source in counted if french.fold(partner) in names(source)
    ]
    if len(found) == 1:
        return found[0]
    known = [source.cle for source in counted]
    every = (
        f"Sources à compter : {', '.join(known)}." if known else "Déclarez-la : un bloc [[source]] sans « fichier »."
    )
    if found:
        every = f"Donnez la clé d’une seule source : {', '.join(source.cle for source in found)}."
    raise DossierError(
        f"{'Plusieurs sources sont de' if found else 'Aucune source n’est celle de'} « {partner} ».",
        remedy=f"{'' if found else suggestion(partner, known)} {every}".strip(),
        file="ctg.toml",
        value=partner,
    )


def asked(
    sources: Sequence[SourceConfig], counts: pd.DataFrame, measures: Mapping[str, Measure], *, territory: str
) -> dict[str, Asked]:
    """Return what each source may be asked for: what its ``[source.gabarit]`` says, else what it counted before.

    Parameters
    ----------
    sources : sequence of SourceConfig
    counts : DataFrame
        Table ``observations`` of the dossier.
    measures : mapping of str to Measure
    territory : str
        Code of the territory of the dossier.
    """
    found = {}
    for source in sources:
        ids = [name for name in _measures(source, counts) if name in measures]
        if source.fichier or not ids:
            continue
        school = ids if _frequency(source, counts) == "SCOLAIRE" else ()
        whole = [name for name in ids if measures[name].object in _WHOLE and measures[name].kind in _COUNTED]
        found[source.cle] = Asked(
            labels={name: measures[name].label for name in ids},
            territory=territory,
            schools=frozenset(school),
            whole=frozenset(whole),
            structures=source.gabarit.structures if source.gabarit else (),
        )
    return found


def form(
    source: SourceConfig,
    counts: pd.DataFrame,
    measures: Mapping[str, Measure],
    *,
    territory: tuple[str, str],
    names: Mapping[str, str],
    period: str,
    help: Mapping[str, str],
) -> Form:
    """Return what to ask of a partner for a year, or for one period.

    Parameters
    ----------
    source : SourceConfig
    counts : DataFrame
        Table ``observations`` of the dossier: what was returned before is recalled.
    measures : mapping of str to Measure
    territory : (str, str)
        Code and name of the territory of the dossier.
    names : mapping of str to str
        Name of each territory, by code.
    period : str
        A year, cut as the source counts, or one of its periods.
    help : mapping of str to str
        What each measure counts, in French.

    Raises
    ------
    DossierError
        When a measure is not known.
    PeriodError
        When the period can't be read.
    """
    ids = _measures(source, counts)
    unknown = [name for name in ids if name not in measures]
    if unknown:
        raise DossierError(
            f"La mesure « {unknown[0]} » n’existe pas dans le catalogue.",
            remedy=suggestion(unknown[0], measures) or "Décrivez-la dans mesures.toml, ou retirez-la.",
            file="ctg.toml",
            key=f"source « {source.cle} »",
            value=unknown[0],
        )
    own = counts[counts["source"].eq(source.cle)]
    tables = source.gabarit.feuilles if source.gabarit and source.gabarit.feuilles else {_SHEET: tuple(ids)}
    asked_for = _periods(period, _frequency(source, counts))
    lines = {
        name: tuple(
            _line(measures[each], geo, structure, names.get(geo, territory[1]), help.get(each, ""))
            for each in kept
            for geo, structure in _places(source, own[own["mesure"].eq(each)], territory[0])
        )
        for name, kept in tables.items()
    }
    told = source.gabarit.partenaire if source.gabarit else ""
    due = source.gabarit.avant_le if source.gabarit else None
    return Form(
        source=source.cle,
        partner=told or source.producteur or source.cle,
        territory=territory[1],
        geo=territory[0],
        periods=asked_for,
        tables=lines,
        recalled=_recalled(own, asked_for[0] if asked_for else ""),
        due=french.date(due) if due else "",
    )


def _measures(source: SourceConfig, counts: pd.DataFrame) -> list[str]:
    told = source.gabarit
    if told and (told.mesures or told.feuilles):
        return list(dict.fromkeys((*told.mesures, *(name for names in told.feuilles.values() for name in names))))
    return list(dict.fromkeys(counts.loc[counts["source"].eq(source.cle), "mesure"]))


def _frequency(source: SourceConfig, counts: pd.DataFrame) -> str:
    if source.gabarit and source.gabarit.periodicite:
        return _FREQUENCIES[source.gabarit.periodicite]
    own = counts.loc[counts["source"].eq(source.cle), "periode"]
    kinds = own.map(lambda text: periods.parse(text).frequency).value_counts()
    return str(kinds.index[0]) if len(kinds) else "A"


def _periods(period: str, frequency: str) -> tuple[str, ...]:
    found = periods.parse(period)
    if found.frequency != "A" or frequency == "A":
        return (found.text,)
    year = found.start.year
    if frequency == "SCOLAIRE":
        return (f"{year - 1}-{year}",)
    if frequency == "M":
        return tuple(f"{year}-{month:02d}" for month in range(1, 13))
    return tuple(f"{year}-{frequency}{rank}" for rank in range(1, 3 if frequency == "S" else 5))


def _places(source: SourceConfig, before: pd.DataFrame, territory: str) -> list[tuple[str, str]]:
    """Return the territories and structures that a measure is asked for: those declared, else those of before."""
    told = source.gabarit
    if told and (told.structures or told.territoires):
        return [(geo, name) for geo in told.territoires or (territory,) for name in told.structures or ("",)]
    if before.empty:
        return [(territory, "")]
    pairs = before[["territoire", "structure"]].fillna("").drop_duplicates().sort_values(["territoire", "structure"])
    return [(str(geo), str(name)) for geo, name in pairs.itertuples(index=False)]


def _line(measure: Measure, geo: str, structure: str, place: str, help: str) -> Line:
    return Line(
        measure=measure.id,
        label=measure.label,
        unit=measure.unit,
        geo=geo,
        place=place,
        structure=structure,
        help=help,
        whole=measure.object in _WHOLE and measure.kind in _COUNTED,
    )


def _recalled(own: pd.DataFrame, first: str) -> dict[tuple[str, str, str, str], str]:
    """Return what was returned for the last two periods before the first that is asked for."""
    known = periods.sort(set(own["periode"]))
    before = [text for text in known if first and periods.sort_key(text) < periods.sort_key(first)][-_RECALLED:]
    shown = own[own["periode"].isin(before)]
    return {
        (str(row["mesure"]), str(row["territoire"]), str(row["structure"] or ""), str(row["periode"])): _written(row)
        for row in shown.fillna({"structure": ""}).to_dict("records")
    }


def _written(row: Mapping[Any, Any]) -> str:
    if pd.notna(row["valeur"]):
        return french.number(float(row["valeur"]))
    if row["statut"] == "M":
        return "nd"
    return f"<{row['valeur_high'] + 1:.0f}" if row["valeur_high"] < float("inf") else "s"


def read(folder: Path, known: Mapping[str, Asked]) -> tuple[list[Return], list[Problem]]:
    """Read all the workbooks that partners sent back.

    Parameters
    ----------
    folder : Path
        The dossier: workbooks stand in its subfolder ``retours``, whatever their names.
    known : mapping of str to Asked
        See `asked`.

    Returns
    -------
    list of Return, list of Problem
        What was read, in the order of the names of files, and what could not be.
    """
    found: list[Return] = []
    problems: list[Problem] = []
    before: dict[str, str] = {}
    for path in sorted((folder / FOLDER).rglob("*")):
        if path.name.startswith(("~$", ".")) or not path.is_file():
            continue
        if path.suffix.lower() not in _SUFFIXES:
            problems.append(_no_workbook(path))
            continue
        # Two partners may give the same name to their files: a subfolder tells them apart.
        told = path.relative_to(folder / FOLDER).as_posix()
        try:
            one = read_return(path, known)
        except CtgevalError as error:
            problems += [replace(problem, file=told) for problem in error.problems]
            continue
        if one.sha256 in before:
            problems.append(_copy(told, before[one.sha256]))
            continue
        before[one.sha256] = told
        found.append(one)
        problems += [replace(problem, file=told) for problem in one.problems]
    return found, problems


def _copy(file: str, first: str) -> Problem:
    return Problem(
        message=f"Ce fichier est la copie exacte de {first} : il est lu une seule fois.",
        remedy="Rien à faire, ou retirez-le.",
        file=file,
        severity="avertissement",
    )


def _no_workbook(path: Path) -> Problem:
    told = f"{FOLDER}/{path.name}"
    if path.suffix.lower() in _TEXTS:
        return Problem(
            message="Ce retour est enregistré en texte : rien n’y dit plus de quel gabarit il vient, il n’est pas lu.",
            remedy="Demandez au partenaire le classeur lui-même (.xlsx ou .ods), ou recopiez les chiffres dedans.",
            file=told,
        )
    return Problem(
        message="Ce fichier n’est pas un classeur : il n’est pas lu.",
        remedy="Mettez dans « retours » les classeurs que les partenaires ont remplis, et rien d’autre.",
        file=told,
        severity="avertissement",
    )


def joined(table: Table, returns: Sequence[Return], problems: Sequence[Problem]) -> Table:
    """Add what partners returned to the table ``observations``; a figure told twice is kept once, or not at all.

    Parameters
    ----------
    table : Table
        As the coordinator filled it in.
    returns : sequence of Return
    problems : sequence of Problem
        Those of the returns.
    """
    if not returns:
        return replace(table, problems=(*table.problems, *problems))
    frames = [table.frame, *(found.frame for found in returns)]
    columns = list(table.frame.columns)
    every = pd.concat(
        [frame.reindex(columns=columns) for frame in frames if len(frame)] or frames[:1], ignore_index=True
    )
    every = every.astype(table.frame.dtypes.to_dict())
    keys = every[_KEY].fillna("")
    first = keys.groupby(_KEY, sort=False)["mesure"].transform("size").gt(1)
    told, dropped = [], set()
    for _, group in every[first].groupby([keys[first][name] for name in _KEY], sort=False):
        same = group[["valeur", "valeur_low", "valeur_high"]].drop_duplicates().shape[0] == 1
        told.append(_twice(group, same=same))
        dropped |= set(group.index[1:] if same else group.index)
    kept = every.drop(index=sorted(dropped)).reset_index(drop=True)
    rows = table.n_rows + sum(found.n_cells for found in returns)
    file = table.file or (returns[0].file if returns else "")
    return Table(table.name, kept, (*table.problems, *problems, *told), file, rows)


def _twice(group: pd.DataFrame, *, same: bool) -> Problem:
    first, second = (str(group.iloc[rank]["origin"]) for rank in (0, 1))
    row = group.iloc[1]
    what = f"« {row['mesure']} », {row['territoire']}, {french.period(str(row['periode']))}"
    if same:
        return Problem(
            message=f"Le même chiffre est donné deux fois ({what}) : il est compté une seule fois.",
            remedy=f"Rien à faire, ou retirez-le de {first.replace('!', ', ')}.",
            severity="avertissement",
            **place(second),
        )
    return Problem(
        message=f"Deux chiffres différents sont donnés ({what}) : aucun n’est lu.",
        remedy=f"Gardez le bon, et retirez l’autre ; le premier est dans {first.replace('!', ', ')}.",
        value=_written(row.to_dict()),
        **place(second),
    )
