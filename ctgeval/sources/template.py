"""Make the workbook that a coordinator fills in: one sheet a table, with drop-downs, checks and notes.

Nothing in it is a formula or a link, and the same schemas give the same bytes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ctgeval.sources.schema import Column, TableSchema
from ctgeval.sources.written import new_workbook

if TYPE_CHECKING:
    from xlsxwriter import Workbook  # type: ignore[import-untyped]
    from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

__all__ = ["write_workbook"]

_ROWS = 2_000
_LISTS = "Listes"
_README = "Lisez-moi"
_INLINE = 255
_OLDEST, _NEWEST = dt.date(1990, 1, 1), dt.date(2100, 12, 31)
_KINDS = {
    "texte": "Texte libre.",
    "code": "Identifiant : lettres et chiffres.",
    "territoire": "Code de territoire : COM-86082, EPCI-200070035, DEP-86.",
    "date": "Date : 15/09/2024.",
    "periode": "Période : 2024, 2024-S1, 2024-T3, 2024-09 ou 2024-2025 (année scolaire).",
    "nombre": "Nombre seul, sans unité.",
    "entier": "Nombre entier, 0 ou plus.",
    "montant": "Montant en euros, deux décimales au plus.",
    "pourcentage": "Pourcentage entre 0 et 100 : tapez 40 pour 40 %.",
    "choix": "Choisissez dans la liste.",
    "indicateur": "Identifiant d’un indicateur : PE01.",
    "mesure": "Nom d’une mesure : places_eaje.",
    "lien": "Adresse web ou nom d’un document.",
}
_FORMATS = {"date": "dd/mm/yyyy", "montant": "#,##0.00", "entier": "0", "nombre": "General", "pourcentage": "General"}
# Columns that name a row of another sheet, whose first column is its id; and those that take a few words.
_REFERENCES = {"action": "actions", "atelier": "instances"}
_WORDS = {"sexe": ["F", "M"]}
_WIDTHS = {"texte": 32, "lien": 32, "choix": 18, "date": 13, "montant": 14, "territoire": 18}


def write_workbook(
    path: Path, schemas: Mapping[str, TableSchema] | Iterable[TableSchema], *, readme_lines: Sequence[str] = ()
) -> None:
    """Write the empty workbook of a dossier; an existing file is never touched.

    Parameters
    ----------
    path : Path
        File to make, ``suivi.xlsx``.
    schemas : mapping or iterable of TableSchema
        One sheet each, in this order.
    readme_lines : sequence of str
        First lines of the instructions, in French.

    Raises
    ------
    SourceError
        When the file exists already, or its folder can't be written in.
    """
    wanted = list(schemas.values() if isinstance(schemas, Mapping) else schemas)
    with new_workbook(path, title="Suivi de la convention territoriale globale") as book:
        _readme(book, wanted, readme_lines)
        sheets = {schema.name: book.add_worksheet(schema.name) for schema in wanted}
        lists = _lists(book, wanted)
        for schema in wanted:
            _sheet(book, sheets[schema.name], schema, lists, sheets)


def _readme(book: Workbook, schemas: Sequence[TableSchema], lines: Sequence[str]) -> None:
    sheet = book.add_worksheet(_README)
    bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
    text = book.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1, 90)
    sheet.hide_gridlines(2)
    row = 0
    for line in (*lines, "Les colonnes en gras sur fond bleu sont obligatoires ; passez la souris sur un en-tête."):
        sheet.merge_range(row, 0, row, 1, "", text)
        sheet.write_string(row, 0, line, text)
        row += 1
    row += 1
    for title, what in (("Feuille", "Contenu"), *((each.name, f"{each.title}. {each.help}") for each in schemas)):
        style = bold if title == "Feuille" else text
        sheet.write_string(row, 0, title, bold)
        sheet.write_string(row, 1, what.strip(), style)
        row += 1


def _lists(book: Workbook, schemas: Sequence[TableSchema]) -> dict[tuple[str, ...], str]:
    """Write the choices too long for a cell's own rule in a sheet of lists; return the range of each."""
    long = sorted({column.choices for schema in schemas for column in schema.columns if _is_long(column.choices)})
    if not long:
        return {}
    sheet = book.add_worksheet(_LISTS)
    ranges: dict[tuple[str, ...], str] = {}
    for place, choices in enumerate(long):
        for row, choice in enumerate(choices):
            sheet.write_string(row, place, choice)
        letter = chr(ord("A") + place)
        ranges[choices] = f"={_LISTS}!${letter}$1:${letter}${len(choices)}"
    return ranges


def _is_long(choices: Sequence[str]) -> bool:
    return len(",".join(choices)) > _INLINE


def _sheet(
    book: Workbook,
    sheet: Worksheet,
    schema: TableSchema,
    lists: Mapping[tuple[str, ...], str],
    others: Collection[str],
) -> None:
    common: dict[str, Any] = {"bold": True, "text_wrap": True, "valign": "top", "bottom": 1}
    required = book.add_format({**common, "bg_color": "#DCE6F5"})
    optional = book.add_format({**common, "bold": False, "bg_color": "#F2F2F2"})
    for place, column in enumerate(schema.columns):
        cells = book.add_format({"num_format": _FORMATS.get(column.kind, "@"), "valign": "top"})
        sheet.set_column(place, place, max(_WIDTHS.get(column.kind, 14), len(column.name) + 4), cells)
        sheet.write_string(0, place, column.name, required if column.required else optional)
        note = " ".join(part for part in ("Obligatoire." if column.required else "", column.help) if part)
        sheet.write_comment(0, place, f"{note} {_KINDS[column.kind]}".strip(), {"author": "", "x_scale": 2})
        rule = _rule(column, lists) or _suggestion(column, others)
        if rule:
            sheet.data_validation(1, place, _ROWS, place, rule)
    sheet.freeze_panes(1, 0)


def _rule(column: Column, lists: Mapping[tuple[str, ...], str]) -> dict[str, Any]:
    told: dict[str, Any] = {
        "ignore_blank": True,
        "error_title": "Valeur non prévue",
        "error_message": _KINDS[column.kind],
    }
    if column.kind == "choix" and column.choices:
        return {**told, "validate": "list", "source": lists.get(column.choices, list(column.choices))}
    if column.kind == "date":
        return {**told, "validate": "date", "criteria": "between", "minimum": _OLDEST, "maximum": _NEWEST}
    if column.kind == "entier":
        return {**told, "validate": "integer", "criteria": ">=", "value": 0}
    if column.kind == "pourcentage":
        return {**told, "validate": "decimal", "criteria": "between", "minimum": 0, "maximum": 100}
    if column.kind in {"nombre", "montant"} and not column.measured:
        return {**told, "validate": "decimal", "criteria": "between", "minimum": -1e12, "maximum": 1e12}
    return {}


def _suggestion(column: Column, others: Collection[str]) -> dict[str, Any]:
    """Return a list that may be left: what is not written yet in the other sheet is typed all the same."""
    told = {"validate": "list", "ignore_blank": True, "error_type": "warning", "error_title": "Absent de la liste"}
    if column.name in _WORDS:
        return {**told, "source": _WORDS[column.name], "error_message": column.help}
    sheet = _REFERENCES.get(column.name, "")
    if sheet not in others:
        return {}
    message = f"Cet identifiant n’est pas encore dans la feuille « {sheet} »."
    return {**told, "source": f"={sheet}!$A$2:$A${_ROWS + 1}", "error_message": message}
