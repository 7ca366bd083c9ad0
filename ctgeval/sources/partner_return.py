"""Read what a partner sent back: each figure with its place, each cell that can't be used with the reason.

Sheets may be renamed, columns moved, title lines added; the stamp says whose return it is, the code of each line what
it counts. Nothing is read twice: totals typed by the partner are told and left aside.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from ctgeval import periods
from ctgeval.errors import PersonalDataFound, Problem, SourceError, suggestion
from ctgeval.french import fold
from ctgeval.sources import personal_data
from ctgeval.sources.cellbook import Figure, Sheet, cell_name
from ctgeval.sources.partner_form import CODE, LABELS, NOTE, PLACE, STAMP, STATUS, STRUCTURE, VERSION
from ctgeval.sources.partner_head import Head, is_head, loose, period_of, read_head
from ctgeval.sources.partner_line import LineOfSheet, Merged
from ctgeval.sources.schema import Column
from ctgeval.sources.sheets import read_book
from ctgeval.sources.typed import Cell, Fault, convert

__all__ = ["Asked", "Return", "read_return"]

_TITLE_ROWS = 15
_TEXT = pd.StringDtype(na_value=np.nan)
_TOTAL = re.compile(
    r"(?:le |grand )?(?:(?:sous|s)[- /]*)?(?:tota(?:l|ux)\b.*|tot\.?|t o t a l)|s[./]?t\.?|"
    r"ensemble(?: (?:des?|du) .*)?|(?:somme|cumul)(?: (?:annuel|general|des? .*|du .*))?|sum|σ|∑|"
    r"tou(?:te)?s(?: (?:les )?(?:structures|sites|lieux|lignes|territoires|communes))?"
)
_MARKERS = "Tapez un nombre seul, sans unité : 0 pour aucun, <5 (petit effectif), s (secret), nd si on ne sait pas."
COLUMNS = ("mesure", "territoire", "periode", "valeur", "valeur_low", "valeur_high", "statut", "source", "structure")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a source may be asked for.

    Parameters
    ----------
    labels : mapping of str to str
        Label of each measure, by its id.
    schools : frozenset of str
        Measures that are counted by school year.
    whole : frozenset of str
        Measures that are whole numbers.
    territory : str
        Code that a line without one speaks of; a return of another territory's dossier is refused.
    structures : tuple of str
        Those that are to be told apart; empty when any may be.
    """

    labels: Mapping[str, str]
    territory: str
    schools: frozenset[str] = frozenset()
    whole: frozenset[str] = frozenset()
    structures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Return:
    """What a workbook gave.

    Parameters
    ----------
    file, source : str
        Basename, and key of the ``[[source]]`` that the stamp names.
    frame : DataFrame
        Columns of the table ``observations`` of a dossier, typed, with ``origin``: one row per figure.
    problems : tuple of Problem
        Each with its sheet and its cell.
    n_cells : int
        Cells that held something where a figure was expected: as many rows as ``frame``, and those of ``n_rejected``.
    n_rejected : int
        Cells that could not be used, or were left aside because they repeat others (totals).
    sha256 : str
        Fingerprint of the file: the same one may be sent twice.
    """

    file: str
    source: str
    frame: pd.DataFrame
    problems: tuple[Problem, ...]
    n_cells: int
    n_rejected: int
    sha256: str = ""


@dataclass(slots=True)
class _Reading:
    file: str
    source: str
    asked: Asked
    periods: frozenset[str]
    rows: list[dict[str, object]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    seen: dict[tuple[str, str, str, str], tuple[str, tuple[str | float, ...]]] = field(default_factory=dict)
    strangers: set[str] = field(default_factory=set)
    n_cells: int = 0

    def tell(
        self, sheet: str, message: str, remedy: str, *, row: int | None = None, column: str = "", value: str = "",
        warning: bool = False,
    ) -> None:  # fmt: skip
        self.problems.append(
            Problem(
                message=message, remedy=remedy, file=self.file, sheet=sheet, row=row, column=column, value=value[:80],
                severity="avertissement" if warning else "bloquant",
            )
        )  # fmt: skip


def read_return(path: Path, asked: Mapping[str, Asked]) -> Return:
    """Read a workbook that a partner filled in.

    Parameters
    ----------
    path : Path
        ``.xlsx`` or ``.ods``, whatever its name.
    asked : mapping of str to Asked
        What each source of the dossier may be asked for, by its key.

    Returns
    -------
    Return
        ``n_cells == len(frame) + n_rejected``.

    Raises
    ------
    SourceError
        When the file can't be read, is not one of these workbooks, or is that of an unknown source or version.
    PersonalDataFound
        When a sheet holds data about persons.
    """
    book = read_book(path)
    stamp = _stamp(book.sheets, book.file)
    source = stamp["source"]
    if source not in asked:
        raise SourceError(
            f"Ce classeur est celui de la source « {source} », que le dossier ne connaît pas.",
            remedy=suggestion(source, asked) or "Ajoutez cette source à ctg.toml, ou retirez le classeur.",
            file=book.file,
            sheet=STAMP,
            value=source,
        )
    _require_ours(stamp, asked[source], book.file)
    reading = _Reading(book.file, source, asked[source], frozenset(stamp.get("periodes", "").split()))
    for sheet in book.sheets:
        _refuse_persons(sheet, book.file)
        if sheet.name != STAMP and sheet.rows:
            _read_sheet(sheet, reading)
    if not reading.n_cells and not reading.problems:
        reading.tell("", "Ce retour ne contient aucun chiffre.", "Demandez-le de nouveau au partenaire.", warning=True)
    return Return(
        file=book.file,
        source=source,
        frame=_frame(reading.rows),
        problems=tuple(reading.problems),
        n_cells=reading.n_cells,
        n_rejected=reading.n_cells - len(reading.rows),
        sha256=book.sha256,
    )


def _stamp(sheets: Sequence[Sheet], file: str) -> Mapping[str, str]:
    found = next((sheet for sheet in sheets if sheet.name == STAMP), None)
    values = {cells[0].strip(): cells[1].strip() for _, cells in found.rows if len(cells) > 1} if found else {}
    if not values.get("source"):
        raise SourceError(
            "Ce classeur n’est pas un gabarit de ctgeval, ou sa feuille cachée « _ctgeval » a été retirée.",
            remedy="Recopiez les chiffres dans le gabarit envoyé au partenaire, ou dans la table « observations ».",
            file=file,
        )
    if values.get("version") != str(VERSION):
        raise SourceError(
            "Ce gabarit est d’une autre version que celle qui est lue.",
            remedy="Refaites le gabarit avec « ctgeval gabarit », puis recopiez-y les chiffres.",
            file=file,
            sheet=STAMP,
            value=values.get("version", ""),
        )
    return values


def _require_ours(stamp: Mapping[str, str], asked: Asked, file: str) -> None:
    territory = stamp.get("territoire", "")
    if territory and territory != asked.territory:
        raise SourceError(
            f"Ce classeur est celui d’un autre dossier ({territory}) : il n’est pas lu.",
            remedy=f"Rangez-le dans le dossier de {territory}, ou demandez celui de {asked.territory}.",
            file=file,
            sheet=STAMP,
            value=territory,
        )


def _refuse_persons(sheet: Sheet, file: str) -> None:
    """Look for personal data down each column of a sheet; its first cell is taken for its header."""
    width = max((len(cells) for _, cells in sheet.rows), default=0)
    columns: dict[str, list[str]] = {}
    for place in range(width):
        cells = [row[place] for _, row in sheet.rows if place < len(row) and row[place].strip()]
        if cells:
            columns[f"{cells[0].strip()} ({cell_name(0, place)})"] = cells[1:]
    try:
        personal_data.require_none(columns, file=file)
    except PersonalDataFound as error:
        located = tuple(replace(problem, sheet=sheet.name) for problem in error.problems)
        raise PersonalDataFound(
            error.problem.message,
            remedy="Rendez ce classeur au partenaire : seuls des totaux peuvent vous être transmis.",
            file=file,
            sheet=sheet.name,
            problems=located,
        ) from None


def _read_sheet(sheet: Sheet, reading: _Reading) -> None:
    head: Head | None = None
    merged = Merged.of(sheet)
    astray: list[str] = []
    for line, cells in sheet.rows:
        if is_head(cells):
            head = read_head(line, cells)
            _tell_head(sheet, head, reading)
        elif head is None or not head.usable:
            astray += [cell_name(line, place) for place, text in enumerate(cells) if isinstance(text, Figure)]
        else:
            astray += _read_line(LineOfSheet(sheet, line, cells, head, merged), reading)
    if head is None and any(period_of(cell) for _, cells in sheet.rows[:_TITLE_ROWS] for cell in cells):
        message = f"La feuille n’a pas de colonne « {CODE} » : ses chiffres ne sont pas lus."
        reading.tell(sheet.name, message, "Remettez l’en-tête du gabarit.")
    elif astray and (head is None or head.usable):
        _tell_astray(sheet, astray, reading)


def _tell_head(sheet: Sheet, head: Head, reading: _Reading) -> None:
    for trouble in head.troubles:
        reading.tell(
            sheet.name, trouble.message, trouble.remedy, row=head.line, column=trouble.column, value=trouble.value,
            warning=trouble.warning,
        )  # fmt: skip
    schooled = {period for period in head.periods.values() if periods.parse(period).frequency == "SCOLAIRE"}
    for place, period in head.periods.items():
        # A column of another kind of year is refused cell by cell.
        alike = (period in schooled) == bool(reading.asked.schools)
        if alike and reading.periods and period not in reading.periods:
            reading.tell(
                sheet.name,
                f"Colonne {cell_name(head.line, place)} : la période {period} n’était pas demandée ; elle est lue.",
                "Vérifiez que ces chiffres corrigent ou complètent bien un retour précédent ; sinon, videz-les.",
                row=head.line,
                column=period,
                value=period,
                warning=True,
            )


def _tell_astray(sheet: Sheet, cells: Sequence[str], reading: _Reading) -> None:
    many = len(cells) > 1
    reading.tell(
        sheet.name,
        f"{len(cells)} cellules contiennent un chiffre qui n’est pas lu ({', '.join(cells[:3])}"
        f"{', …' if len(cells) > 3 else ''})."
        if many
        else f"La cellule {cells[0]} contient un chiffre qui n’est pas lu.",
        "Mettez ces chiffres dans les cases du gabarit, ou videz-les."
        if many
        else "Mettez ce chiffre dans une case du gabarit, ou videz-la.",
        warning=True,
    )


def _read_line(at: LineOfSheet, reading: _Reading) -> list[str]:
    """Read the figures of a line, and return the names of the cells that hold one where none is read."""
    sheet, line, head = at.sheet, at.line, at.head
    known = {*head.labels.values(), *head.periods, *head.others}
    astray = [
        cell_name(line, place)
        for place, text in enumerate(at.cells)
        if place not in known and isinstance(text, Figure)
    ]  # fmt: skip
    filled = [place for place in head.periods if at.cell(place).strip() or (line, place) in sheet.faults]
    if not filled:
        return astray
    reading.n_cells += len(filled)
    if total := _total(at, reading.asked):
        reading.tell(
            sheet.name,
            "Ligne de total laissée de côté : le total est calculé à partir des autres lignes.",
            "Rien à faire.",
            row=line,
            value=total,
            warning=True,
        )
        return astray
    measure = _measure(at.label(CODE), at.label(LABELS[1]), reading.asked)
    if not measure:
        shown = at.label(CODE) or at.label(LABELS[1])
        reading.tell(
            sheet.name,
            f"Ligne {line} : « {shown} » n’est pas un comptage demandé."
            if shown
            else f"Ligne {line} : le code manque.",
            suggestion(shown, reading.asked.labels) or "Remettez le code du gabarit, ou retirez la ligne.",
            row=line,
            column=CODE,
            value=shown,
        )
        return astray
    structure = _structure(at, reading)
    for place in filled:
        where = _Place(at, place, measure, at.label(PLACE) or reading.asked.territory, structure)
        _read_cell(where, (at.label(STATUS), at.label(NOTE)), reading)
    return astray


def _structure(at: LineOfSheet, reading: _Reading) -> str:
    """Return the structure that a line speaks of, as it was asked; one that was not is told, and kept as written."""
    written, asked = at.label(STRUCTURE), reading.asked.structures
    same = next((name for name in asked if loose(name) == loose(written)), "") if written else ""
    if asked and not same and written not in reading.strangers:
        reading.strangers.add(written)
        listed = ", ".join(f"« {name} »" for name in asked[:5]) + (", …" if len(asked) > 5 else "")
        reading.tell(
            at.sheet.name,
            f"Ligne {at.line} : la structure « {written} » n’est pas de celles qui sont demandées."
            if written
            else f"Ligne {at.line} : la structure n’est pas écrite ; ce chiffre vaut pour toutes.",
            suggestion(written, asked) or f"Vérifiez qu’elle n’a pas changé de nom. Demandées : {listed}.",
            row=at.line,
            column=STRUCTURE,
            value=written,
            warning=True,
        )
    return same or written


@dataclass(frozen=True, slots=True)
class _Place:
    """One cell where a figure is expected, and what its line and its column say of it."""

    at: LineOfSheet
    place: int
    measure: str
    geo: str
    structure: str

    @property
    def text(self) -> str:
        return self.at.cell(self.place)

    @property
    def period(self) -> str:
        return self.at.head.periods[self.place]

    @property
    def name(self) -> str:
        return cell_name(self.at.line, self.place)

    @property
    def key(self) -> tuple[str, str, str, str]:
        return self.measure, self.geo, self.structure, self.period


def _read_cell(at: _Place, said: tuple[str, str], reading: _Reading) -> None:
    sheet, line = at.at.sheet.name, at.at.line
    read = _figure(at, reading)
    if isinstance(read, Fault):
        message = f"Cellule {at.name} : {read.message[:1].lower()}{read.message[1:]}"
        reading.tell(sheet, message, read.remedy, row=line, column=at.period, value=at.text)
        return
    value = (read.value, read.low, read.high)
    if at.key in reading.seen:
        where, before = reading.seen[at.key]
        same = np.array_equal(before, value, equal_nan=True)
        reading.tell(
            sheet,
            f"Cellule {at.name} : ce chiffre est déjà donné dans la cellule {where}"
            + (" ; il est compté une seule fois." if same else ", et n’y est pas le même."),
            "Rien à faire, ou retirez cette copie." if same else "Gardez une seule des deux.",
            row=line,
            column=at.period,
            value=at.text,
            warning=same,
        )
        return
    reading.seen[at.key] = f"{at.name} de « {sheet} »", value
    reading.rows.append(
        {
            "mesure": at.measure,
            "territoire": at.geo,
            "periode": at.period,
            "valeur": read.value,
            "valeur_low": read.low,
            "valeur_high": read.high,
            "statut": read.status,
            "source": reading.source,
            "structure": at.structure or None,
            "remarque": _remark(read, *said),
            "origin": f"{reading.file}!{sheet}!{line}",
        }
    )


def _figure(at: _Place, reading: _Reading) -> Cell | Fault:
    faults = at.at.sheet.faults
    if (at.at.line, at.place) in faults:
        return Fault(
            faults[at.at.line, at.place], "Tapez la valeur à la place de la formule, ou enregistrez le classeur."
        )
    if block := at.at.shared(at.place):
        return Fault(
            f"Les cellules {block} sont fusionnées : on ne sait à quelle case va ce chiffre.",
            "Annulez la fusion, et donnez un chiffre par case.",
        )
    school = periods.parse(at.period).frequency == "SCOLAIRE"
    if school != (at.measure in reading.asked.schools):
        what, other = ("scolaire", "civile") if school else ("civile", "scolaire")
        return Fault(
            f"L’année est {what}, alors que ce comptage est demandé par année {other}.",
            f"Comptez par année {other}, et remettez l’en-tête du gabarit.",
        )
    text = at.text
    read = convert(float(text) if isinstance(text, Figure) else text, Column("valeur", "nombre", required=True))
    if isinstance(read, Fault):
        return Fault(read.message, _MARKERS) if not any(map(str.isdigit, text)) else read
    value = float(read.value)
    if value < 0 or (at.measure in reading.asked.whole and value % 1 > 0):
        typed = text.replace(".", ",") if isinstance(text, Figure) else text.strip()
        return Fault(f"« {typed} » n’est pas un comptage : il faut un nombre entier, 0 ou plus.", "Corrigez-le.")
    return read


def _remark(read: Cell, status: str, note: str) -> str | None:
    provisional = fold(status).startswith("provisoire") and read.status == "A"
    return " ; ".join(part for part in ("provisoire" if provisional else "", note) if part) or None


def _total(at: LineOfSheet, asked: Asked) -> str:
    """Return the words that make a line one of totals; empty when it is none."""
    known = {loose(text) for text in (*asked.labels.values(), *asked.structures)}
    written = (at.label(name) for name in (CODE, STRUCTURE, *LABELS[1:3], *LABELS[4:]))
    told = (text for text in written if text and loose(text) not in known)
    return next((text for text in told if _TOTAL.fullmatch(fold(text).strip(" :=*–-"))), "")


def _measure(code: str, label: str, asked: Asked) -> str:
    if code in asked.labels:
        return code
    named: Iterator[str] = (id_ for id_, text in asked.labels.items() if label and loose(text) == loose(label))
    return next(named, "") if not code else next((id_ for id_ in asked.labels if loose(id_) == loose(code)), "")


def _frame(rows: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    texts = ("mesure", "territoire", "periode", "statut", "source", "structure", "remarque", "origin")
    numbers = ("valeur", "valeur_low", "valeur_high")
    data = {name: pd.Series([row[name] for row in rows], dtype=_TEXT) for name in texts}
    data |= {name: pd.Series([row[name] for row in rows], dtype="float64") for name in numbers}
    return pd.DataFrame(data)
