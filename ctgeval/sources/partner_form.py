"""Make the workbook that one partner fills in: the counts that it is asked for, line by line, period by period.

Headers and labels are locked, cells to fill are checked as they are typed, and a stamp says for whom and for which
lines the workbook was made, so that its return can be read whatever it was renamed.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ctgeval import french
from ctgeval.errors import SourceError
from ctgeval.sources.written import new_workbook

if TYPE_CHECKING:
    from xlsxwriter import Workbook  # type: ignore[import-untyped]
    from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

__all__ = [
    "CODE",
    "LABELS",
    "NOTE",
    "PLACE",
    "RECALL",
    "STAMP",
    "STATUS",
    "STATUSES",
    "STRUCTURE",
    "VERSION",
    "Form",
    "Line",
    "sheet_fault",
    "write_form",
]

VERSION = 1
STAMP = "_ctgeval"
CODE, STRUCTURE, PLACE, STATUS, NOTE = "Code", "Structure", "Territoire", "Statut", "Remarque"
LABELS = (CODE, "Ce que l’on compte", "Unité", STRUCTURE, PLACE, "Nom du territoire")
STATUSES = ("définitif", "provisoire")
RECALL = "Rappel"
_README = "Lisez-moi"
_WIDTHS = (24, 46, 14, 24, 18, 28)
_PAGE = 100
_ENUMERATED = 4
_LINE = 15.0
_LONGEST_NAME = 31
_TAKEN = {"lisez-moi": _README, "_ctgeval": STAMP, "history": "History"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One count that a partner is asked for.

    Parameters
    ----------
    measure, label, unit : str
        What is counted, and how it is written for a reader.
    geo, place : str
        Prefixed code and name of the territory.
    structure : str
        Which structure of the partner; empty when there is one only.
    help : str
        What is counted and what is not, in French.
    whole : bool
        Whether the figure is a whole number.
    """

    measure: str
    label: str
    unit: str
    geo: str
    place: str
    structure: str = ""
    help: str = ""
    whole: bool = True

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes a line unique."""
        return self.measure, self.geo, self.structure


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What a partner is asked for.

    Parameters
    ----------
    source : str
        Key of the ``[[source]]``.
    partner, territory : str
        Names, as the partner reads them.
    geo : str
        Code of the territory of the dossier: the return comes back to this one, not to a neighbour's.
    periods : tuple of str
        Periods to fill, in order.
    tables : mapping of str to tuple of Line
        The lines of each sheet, by its name.
    recalled : mapping of (str, str, str, str) to str
        What the partner returned before, by line and period, to be shown beside.
    due : str
        Until when to send it back, in French; empty when there is no date.
    fictional : bool
        Whether the territory is invented: the workbook says so.
    """

    source: str
    partner: str
    territory: str
    periods: tuple[str, ...]
    tables: Mapping[str, tuple[Line, ...]]
    recalled: Mapping[tuple[str, str, str, str], str]
    geo: str = ""
    due: str = ""
    fictional: bool = False

    @property
    def stamp(self) -> str:
        """Fingerprint of what is asked: source, lines and periods."""
        asked = [
            self.source,
            list(self.periods),
            {name: [line.key for line in lines] for name, lines in self.tables.items()},
        ]
        return hashlib.sha256(json.dumps(asked, ensure_ascii=False, sort_keys=True).encode()).hexdigest()[:16]


def sheet_fault(name: str) -> str:
    """Return why a workbook can't have a sheet of this name, in French; empty when it can.

    Examples
    --------
    >>> sheet_fault("Fréquentation"), sheet_fault("History")
    ('', 'est réservé')
    """
    if not name.strip():
        return "est vide"
    if len(name.encode("utf-16-le")) // 2 > _LONGEST_NAME:
        return f"a plus de {_LONGEST_NAME} caractères"
    if re.search(r"[\[\]:*?/\\\x00-\x1f]", name):
        return "contient un signe interdit ([ ] : * ? / \\)"
    if name.startswith("'") or name.endswith("'"):
        return "commence ou finit par une apostrophe droite"
    return "est réservé" if name.strip().lower() in _TAKEN else ""


def write_form(path: Path, form: Form) -> None:
    """Write a partner's workbook; an existing file is never touched.

    Parameters
    ----------
    path : Path
        File to make, ``.xlsx``.
    form : Form
        What is asked.

    Raises
    ------
    SourceError
        When nothing is asked, a sheet has a name that no workbook can hold, the file exists already, or its folder
        can't be written in.
    """
    if not form.periods or not any(form.tables.values()):
        raise SourceError(
            "Rien n’est demandé à ce partenaire : ni mesure, ni période.",
            remedy="Écrivez ce qu’il doit compter, sous sa source : [source.gabarit], mesures = [...].",
            value=form.source,
        )
    _require_names([name for name, lines in form.tables.items() if lines], form.source)
    with new_workbook(path, title=f"Comptages demandés à {form.partner}") as book:
        _readme(book, form)
        for name, lines in form.tables.items():
            if lines:
                _sheet(book, book.add_worksheet(name), form, lines)
        _stamp(book, form)


def _require_names(names: Sequence[str], source: str) -> None:
    for rank, name in enumerate(names):
        fault = sheet_fault(name) or ("est donné deux fois" if name.lower() in map(str.lower, names[:rank]) else "")
        if fault:
            raise SourceError(
                f"Le nom de feuille « {name} » {fault}.",
                remedy="Changez-le dans « feuilles », sous [source.gabarit].",
                file="ctg.toml",
                key=f"source « {source} »",
                value=name,
            )


def _readme(book: Workbook, form: Form) -> None:
    sheet = book.add_worksheet(_README)
    sheet.set_column(0, 0, _PAGE)
    sheet.hide_gridlines(2)
    _on_a_page(sheet)
    title = book.add_format({"bold": True, "font_size": 14, "text_wrap": True})
    text = book.add_format({"text_wrap": True, "valign": "top"})
    head = french.typography(f"{form.partner} : vos comptages – {form.territory}")
    sheet.set_row(0, _height(head, _PAGE * 0.7) * 1.4)
    sheet.write_string(0, 0, head, title)
    for row, line in enumerate(map(french.typography, _instructions(form)), start=2):
        sheet.set_row(row, _height(line, 1.2 * _PAGE))
        sheet.write_string(row, 0, line, text)
    sheet.protect()


def _on_a_page(sheet: Worksheet) -> None:
    """Print a sheet across one A4 page, as wide as it is: partners fill it in by hand too."""
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.5)


def _height(text: str, width: float) -> float:
    """Return the height of a row that shows a whole text: no program computes it when it opens the file."""
    return _LINE * max(math.ceil(1.1 * len(line) / width) for line in (text or " ").split("\n"))


def _instructions(form: Form) -> list[str]:
    shown = [french.period(period) for period in form.periods]
    asked = french.enumeration(shown) if len(shown) <= _ENUMERATED else f"{shown[0]} à {shown[-1]}"
    sheets = [f"« {name} »" for name, lines in form.tables.items() if lines]
    named = f"{'des feuilles' if len(sheets) > 1 else 'de la feuille'} {french.enumeration(sheets)}"
    return [
        f"Remplissez les cellules blanches {named}, pour : {asked}.",
        *(["Données fictives : ce territoire est inventé."] if form.fictional else []),
        *([f"À renvoyer avant le {form.due}."] if form.due else []),
        "Un nombre seul par cellule, sans unité ni commentaire : écrivez 12, et la précision dans « Remarque ».",
        "0 veut dire « aucun ». Si vous ne savez pas, laissez la cellule vide ou écrivez nd (non disponible).",
        "Si vous ne pouvez pas donner un petit effectif, écrivez <5 ; s’il est secret, écrivez s.",
        "Comptez des personnes différentes quand la ligne le dit : une famille venue dix fois compte une fois.",
        "N’ajoutez pas de ligne de total : il est calculé. N’écrivez le nom d’aucune personne.",
        "Gardez la période de la colonne : 2024 est l’année civile, 2024-2025 l’année scolaire, 2024-S1 un semestre.",
        *(["Les colonnes « Rappel » montrent ce que vous aviez transmis : dites en remarque ce qui est à corriger."]
          if form.recalled else []),
        "La colonne « Statut » dit si le chiffre est définitif ou provisoire.",
    ]  # fmt: skip


def _sheet(book: Workbook, sheet: Worksheet, form: Form, lines: Sequence[Line]) -> None:
    head: dict[str, Any] = {"bold": True, "text_wrap": True, "valign": "top", "bottom": 1, "bg_color": "#DCE6F5"}
    header, locked = book.add_format(head), book.add_format({"text_wrap": True, "valign": "top", "bg_color": "#F2F2F2"})
    recalls = sorted({key[3] for key in form.recalled if key[:3] in {line.key for line in lines}})
    titles = [*LABELS, *(f"{RECALL} {period}" for period in recalls), *form.periods, STATUS, NOTE]
    for place, title in enumerate(titles):
        width = _WIDTHS[place] if place < len(_WIDTHS) else 40 if title == NOTE else 14
        sheet.set_column(place, place, width)
        sheet.write_string(0, place, title, header)
    open_: dict[str, Any] = {"locked": False, "border": 1, "border_color": "#8EA9DB", "valign": "top"}
    free = {True: book.add_format({**open_, "num_format": "0"}), False: book.add_format(open_)}
    text = book.add_format({**open_, "num_format": "@", "text_wrap": True})
    first = len(LABELS) + len(recalls)
    for row, line in enumerate(lines, start=1):
        told = (line.measure, line.label, line.unit, line.structure, line.geo, line.place)
        sheet.set_row(row, max(_height(value, width) for value, width in zip(told, _WIDTHS, strict=True)))
        for place, value in enumerate(told):
            sheet.write_string(row, place, value, locked)
        if line.help:
            sheet.write_comment(row, 1, line.help, {"author": "", "x_scale": 2})
        for place, period in enumerate(recalls, start=len(LABELS)):
            sheet.write_string(row, place, form.recalled.get((*line.key, period), ""), locked)
        for place in range(first, first + len(form.periods)):
            sheet.write_blank(row, place, None, free[line.whole])
            sheet.data_validation(row, place, row, place, _rule(_cell(row, place), whole=line.whole))
        sheet.write_blank(row, first + len(form.periods), None, text)
        sheet.write_blank(row, first + len(form.periods) + 1, None, text)
    column = first + len(form.periods)
    sheet.data_validation(1, column, len(lines), column, {"validate": "list", "source": list(STATUSES)})
    sheet.freeze_panes(1, 2)
    sheet.repeat_rows(0)
    _on_a_page(sheet)
    sheet.protect("", {"format_columns": True, "format_rows": True, "sort": True, "autofilter": True})


def _rule(cell: str, *, whole: bool) -> dict[str, Any]:
    number = f"IF(ISNUMBER({cell}),{cell}>=0,FALSE)"
    if whole:
        number = f"IF(ISNUMBER({cell}),AND({cell}>=0,{cell}=INT({cell})),FALSE)"
    kind = "un nombre entier" if whole else "un nombre"
    return {
        "validate": "custom",
        "value": f'=OR({number},{cell}="<5",LOWER({cell})="s",LOWER({cell})="nd")',
        "ignore_blank": True,
        "error_title": "Valeur non prévue",
        "error_message": f"Tapez {kind} sans unité, ou <5, s (secret), nd (non disponible).",
    }


def _cell(row: int, column: int) -> str:
    from xlsxwriter.utility import xl_rowcol_to_cell  # type: ignore[import-untyped]

    return str(xl_rowcol_to_cell(row, column))


def _stamp(book: Workbook, form: Form) -> None:
    sheet = book.add_worksheet(STAMP)
    for row, (name, value) in enumerate(
        (
            ("version", str(VERSION)),
            ("source", form.source),
            ("empreinte", form.stamp),
            ("periodes", " ".join(form.periods)),
            *([("territoire", form.geo)] if form.geo else []),
        )
    ):
        sheet.write_string(row, 0, name)
        sheet.write_string(row, 1, value)
    sheet.protect()
    sheet.very_hidden()
