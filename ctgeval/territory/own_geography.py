"""Read a dossier's own geography (a fictional or foreign territory) from a folder of one TOML and three CSV files."""

from __future__ import annotations

import csv
import tomllib
from collections import defaultdict
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from ctgeval.errors import Problem, TerritoryError
from ctgeval.territory.codes import parse

__all__ = ["read"]

KINDS = ("fusion", "scission", "changement_de_code")
_TABLES = {
    "territoires.csv": ("annee", "code", "nom", "type"),
    "membres.csv": ("annee", "territoire", "commune"),
    "evenements.csv": ("code_avant", "code_apres", "date_effet", "type"),
}
_SHEET: dict[str, type | tuple[type, ...]] = {
    "titre": str,
    "source": str,
    "licence": str,
    "mise_a_jour": (str, date),
    "fictif": bool,
}

Rows = list[tuple[int, dict[str, str]]]


def read(folder: Path) -> dict[str, Any]:
    """Return the fields of a `ctgeval.territory.reference.Reference` from a folder.

    Parameters
    ----------
    folder : Path
        Holds ``geographie.toml`` (titre, source, licence, mise_a_jour, fictif), ``territoires.csv``, ``membres.csv``
        and, when communes merged, ``evenements.csv``: UTF-8, separated by semicolons.

    Raises
    ------
    TerritoryError
        With every problem found, when a file is missing or says something impossible.
    """
    problems: list[Problem] = []
    sheet = _sheet(folder / "geographie.toml", problems)
    tables = {name: _table(folder / name, columns, problems) for name, columns in _TABLES.items()}
    _stop(folder, problems)
    names = _places(tables["territoires.csv"], problems)
    years = tuple(sorted({year for year, _ in names}))
    membership = _membership(tables["membres.csv"], names, problems)
    events = _events(tables["evenements.csv"], names, problems)
    _stop(folder, problems)
    return {
        "places": _frame(
            [(geo, name, kind, year, year) for (year, geo), (name, kind) in sorted(names.items())],
            ("geo", "name", "type", "first", "last"),
        ),
        "membership": _frame(
            [(territory, commune, year, year) for year, territory, commune in sorted(membership)],
            ("territory", "commune", "first", "last"),
        ),
        "events": _frame(events, ("code_before", "code_after", "effective", "kind")).astype(
            {"effective": "datetime64[s]"}
        ),
        "populations": _frame([], ("geo", "census", "geography", "population")),
        "years": years,
        "title": sheet["titre"],
        "source": sheet["source"],
        "licence": sheet["licence"],
        "updated": str(sheet["mise_a_jour"]),
        "fictional": sheet["fictif"],
    }


def _frame(rows: list[tuple[Any, ...]], columns: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame({name: [row[place] for row in rows] for place, name in enumerate(columns)})


def _stop(folder: Path, problems: list[Problem]) -> None:
    if problems:
        raise TerritoryError(
            f"La géographie du dossier « {folder.name} » ne peut pas être utilisée.", problems=problems
        )


def _sheet(path: Path, problems: list[Problem]) -> dict[str, Any]:
    try:
        sheet = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError:
        problems.append(
            Problem(message="Le fichier de la géographie manque.", remedy=f"Ajoutez {path.name}.", file=path.name)
        )
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.append(
            Problem(message=f"Le fichier n’est pas un TOML en UTF-8 : {error}.", remedy="Corrigez-le.", file=path.name)
        )
        return {}
    for key, kind in _SHEET.items():
        if not isinstance(sheet.get(key), kind):
            expected = "true ou false" if kind is bool else "un texte entre guillemets"
            problems.append(
                Problem(
                    message="Une indication manque ou n’a pas la bonne forme.",
                    remedy=f"Écrivez « {key} = … » avec {expected}.",
                    file=path.name,
                    key=key,
                    value=str(sheet.get(key, "")),
                )
            )
    return sheet


def _table(path: Path, columns: tuple[str, ...], problems: list[Problem]) -> Rows:
    if not path.exists() and path.name == "evenements.csv":
        return []
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, delimiter=";", restval="")
            header = tuple(reader.fieldnames or ())
            absent = [name for name in columns if name not in header]
            if absent:
                problems.append(
                    Problem(
                        message=f"Il manque des colonnes : {', '.join(absent)}.",
                        remedy=f"La première ligne doit être : {';'.join(columns)}.",
                        file=path.name,
                        row=1,
                        value=";".join(header),
                    )
                )
                return []
            return [(reader.line_num, {name: (row[name] or "").strip() for name in columns}) for row in reader]
    except OSError:
        problems.append(
            Problem(message="Un fichier de la géographie manque.", remedy=f"Ajoutez {path.name}.", file=path.name)
        )
    except (UnicodeDecodeError, csv.Error) as error:
        problems.append(
            Problem(
                message=f"Le fichier n’est pas un CSV en UTF-8 : {error}.",
                remedy="Enregistrez-le au format CSV UTF-8, séparé par des points-virgules.",
                file=path.name,
            )
        )
    return []


def _places(rows: Rows, problems: list[Problem]) -> dict[tuple[int, str], tuple[str, str]]:
    found: dict[tuple[int, str], tuple[str, str]] = {}
    for line, row in rows:
        tell = _teller("territoires.csv", line, problems)
        year = _year(row["annee"], tell)
        geo = _geo(row["code"], "code", tell)
        if not row["nom"]:
            tell("Le nom du territoire manque.", "Écrivez-le.", "nom", "")
        if year is None or geo is None:
            continue
        if (year, geo) in found:
            tell(f"Le territoire est donné deux fois en {year}.", "Gardez une seule ligne.", "code", geo)
        found[year, geo] = (row["nom"], row["type"] or geo.partition("-")[0])
    if not rows and not problems:
        problems.append(
            Problem(message="Aucun territoire n’est déclaré.", remedy="Remplissez le fichier.", file="territoires.csv")
        )
    return found


def _membership(
    rows: Rows, names: dict[tuple[int, str], tuple[str, str]], problems: list[Problem]
) -> set[tuple[int, str, str]]:
    found: set[tuple[int, str, str]] = set()
    for line, row in rows:
        tell = _teller("membres.csv", line, problems)
        year = _year(row["annee"], tell)
        territory, commune = (_geo(row[name], name, tell) for name in ("territoire", "commune"))
        if year is None or territory is None or commune is None:
            continue
        for column, geo in (("territoire", territory), ("commune", commune)):
            if (year, geo) not in names:
                tell(f"Ce territoire n’est pas déclaré en {year}.", "Ajoutez-le à territoires.csv.", column, geo)
        if not commune.startswith("COM-"):
            tell("Un membre doit être une commune.", "Écrivez un code COM-…", "commune", commune)
        found.add((year, territory, commune))
    return found


def _events(
    rows: Rows, names: dict[tuple[int, str], tuple[str, str]], problems: list[Problem]
) -> list[tuple[str, str, date, str]]:
    found: set[tuple[date, str, str, str]] = set()
    afters: dict[tuple[date, str], str] = defaultdict(str)
    for line, row in rows:
        tell = _teller("evenements.csv", line, problems)
        before, after = (_geo(row[name], name, tell) for name in ("code_avant", "code_apres"))
        try:
            day = date.fromisoformat(row["date_effet"])
        except ValueError:
            tell("La date d’effet est illisible.", "Écrivez-la AAAA-MM-JJ.", "date_effet", row["date_effet"])
            continue
        if row["type"] not in KINDS:
            tell("Le type d’événement est inconnu.", f"Écrivez {', '.join(KINDS)}.", "type", row["type"])
        if before is not None and after is not None:
            found.add((day, before, after, row["type"]))
            afters[day, after] = row["type"]
    # A commune that keeps its code when others join it is one of those that make the new one, told or not.
    for (day, after), kind in afters.items():
        last_year = day.year - 1 if (day.month, day.day) == (1, 1) else day.year
        if kind == "fusion" and (last_year, after) in names:
            found.add((day, after, after, kind))
    return [(before, after, day, kind) for day, before, after, kind in sorted(found)]


Teller = Callable[[str, str, str, str], None]


def _teller(file: str, line: int, problems: list[Problem]) -> Teller:
    def tell(message: str, remedy: str, column: str, value: str) -> None:
        problems.append(Problem(message=message, remedy=remedy, file=file, row=line, column=column, value=value))

    return tell


def _year(text: str, tell: Teller) -> int | None:
    if len(text) == 4 and text.isdigit():
        return int(text)
    tell("L’année est illisible.", "Écrivez quatre chiffres.", "annee", text)
    return None


def _geo(text: str, column: str, tell: Teller) -> str | None:
    try:
        return str(parse(text))
    except TerritoryError as error:
        tell(error.problem.message, error.problem.remedy, column, text)
        return None
