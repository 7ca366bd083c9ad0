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
from ctgeval.sources.partner_form import CODE, LABELS, NOTE, PLACE, RECALL, STAMP, STATUS, STRUCTURE, VERSION
from ctgeval.sources.schema import Column
from ctgeval.sources.sheets import read_book
from ctgeval.sources.typed import Cell, Fault, convert

__all__ = ["Asked", "Return", "read_return"]

_HEADER_ROWS = 15
_TEXT = pd.StringDtype(na_value=np.nan)
_TOTAL = re.compile(r"(?:sous[- ]?)?tota(?:l|ux)\b.*|ensemble(?: (?:des?|du) .*)?|somme|cumul")
_FRENCH_PERIOD = re.compile(
    r"(?:(?:(?P<half>[12])(?:er|e|eme)? semestre|s ?(?P<s>[12])|"
    r"(?P<quarter>[1-4])(?:er|e|eme)? trimestre|t ?(?P<t>[1-4])) )?"
    r"(?:annee (?:civile |scolaire )?)?(?P<year>\d{4})(?: ?[-/] ?(?P<next>\d{4}))?"
)
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
        Code that a line without one speaks of.
    """

    labels: Mapping[str, str]
    territory: str
    schools: frozenset[str] = frozenset()
    whole: frozenset[str] = frozenset()


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
    """

    file: str
    source: str
    frame: pd.DataFrame
    problems: tuple[Problem, ...]
    n_cells: int
    n_rejected: int


@dataclass(slots=True)
class _Reading:
    file: str
    source: str
    asked: Asked
    rows: list[dict[str, object]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    seen: dict[tuple[str, str, str, str], str] = field(default_factory=dict)
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
    reading = _Reading(book.file, source, asked[source])
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


@dataclass(frozen=True, slots=True)
class _Head:
    """Where the columns of a sheet are: labels by name, periods by place, and the others."""

    line: int
    labels: Mapping[str, int]
    periods: Mapping[int, str]
    recalled: frozenset[int]


def _read_sheet(sheet: Sheet, reading: _Reading) -> None:
    head = _head(sheet, reading)
    if head is None:
        return
    for line, cells in sheet.rows:
        if line > head.line:
            _read_line(sheet, line, cells, head, reading)


def _head(sheet: Sheet, reading: _Reading) -> _Head | None:
    names = {_loose(name): name for name in (*LABELS, STATUS, NOTE)}
    best: tuple[int, int, list[str]] | None = None
    for line, cells in sheet.rows[:_HEADER_ROWS]:
        score = sum(_loose(cell) in names for cell in cells if cell.strip())
        if score and (best is None or score > best[0]):
            best = (score, line, cells)
    if best is None or _loose(CODE) not in {_loose(cell) for cell in best[2]}:
        if any(period for _, cells in sheet.rows[:_HEADER_ROWS] for cell in cells if (period := _period(cell))):
            reading.tell(
                sheet.name,
                f"La feuille n’a pas de colonne « {CODE} » : ses chiffres ne sont pas lus.",
                "Remettez l’en-tête du gabarit.",
            )
        return None
    _, line, cells = best
    labels: dict[str, int] = {}
    when: dict[int, str] = {}
    recalled: set[int] = set()
    for place, cell in enumerate(cells):
        text = cell.strip()
        name, period = names.get(_loose(text)), _period(text)
        if not text:
            continue
        if fold(text).startswith(fold(RECALL)):
            recalled.add(place)
        elif name is not None:
            if name in labels:
                twice = f"La colonne « {name} » figure deux fois."
                reading.tell(sheet.name, twice, "Gardez-en une seule.", row=line, column=name)
                return None
            labels[name] = place
        elif period:
            if period in when.values():
                reading.tell(
                    sheet.name,
                    f"La période {period} figure deux fois : on ne sait quelle colonne lire.",
                    "Gardez une seule colonne par période.",
                    row=line,
                    column=text,
                    value=text,
                )
                return None
            when[place] = period
        else:
            reading.tell(
                sheet.name,
                f"La colonne « {text} » n’est ni une période ni une colonne du gabarit : elle n’est pas lue.",
                f"Écrivez la période comme dans le gabarit ({periods.SPELLINGS}), ou retirez la colonne.",
                row=line,
                column=text,
                warning=True,
            )
    return _Head(line, labels, when, frozenset(recalled))


def _period(text: str) -> str:
    """Return the period that a header names, however a partner wrote it; empty when it names none."""
    clean = text.strip()
    if periods.is_period(clean):
        return periods.normalise(clean)
    if re.fullmatch(r"\d{4}-\d{2}-01", clean):
        # A spreadsheet that was given 2024-09 makes a date of it.
        return periods.normalise(clean[:7])
    found = _FRENCH_PERIOD.fullmatch(" ".join(fold(clean).replace("º", "e").split()))
    if found is None:
        return ""
    half, quarter = found["half"] or found["s"], found["quarter"] or found["t"]
    part = f"-S{half}" if half else f"-Q{quarter}" if quarter else f"-{found['next']}" if found["next"] else ""
    spelled = f"{found['year']}{part}"
    return periods.normalise(spelled) if periods.is_period(spelled) else ""


def _read_line(sheet: Sheet, line: int, cells: list[str], head: _Head, reading: _Reading) -> None:
    def cell(place: int | None) -> str:
        return cells[place] if place is not None and place < len(cells) else ""

    def label(name: str) -> str:
        return cell(head.labels.get(name)).strip()

    filled = [
        place
        for place in head.periods
        if cell(place).strip() or (line, place) in sheet.faults
    ]  # fmt: skip
    if not filled:
        return
    reading.n_cells += len(filled)
    known = {_loose(text) for text in reading.asked.labels.values()}
    written = [label(CODE), label(STRUCTURE), "" if _loose(label(LABELS[1])) in known else label(LABELS[1])]
    if _is_total(written):
        reading.tell(
            sheet.name,
            "Ligne de total laissée de côté : le total est calculé à partir des autres lignes.",
            "Rien à faire.",
            row=line,
            value=next(text for text in written if text),
            warning=True,
        )
        return
    measure = _measure(label(CODE), label(LABELS[1]), reading.asked)
    if not measure:
        shown = label(CODE) or label(LABELS[1])
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
        return
    geo, structure = label(PLACE) or reading.asked.territory, label(STRUCTURE)
    status, note = label(STATUS), label(NOTE)
    for place in filled:
        at = _Place(sheet, line, place, cell(place), measure, geo, structure, head.periods[place])
        _read_cell(at, (status, note), reading)


@dataclass(frozen=True, slots=True)
class _Place:
    """One cell where a figure is expected, and what its line and its column say of it."""

    sheet: Sheet
    line: int
    place: int
    text: str
    measure: str
    geo: str
    structure: str
    period: str

    @property
    def name(self) -> str:
        return cell_name(self.line, self.place)

    @property
    def key(self) -> tuple[str, str, str, str]:
        return self.measure, self.geo, self.structure, self.period


def _read_cell(at: _Place, said: tuple[str, str], reading: _Reading) -> None:
    read = _figure(at, reading)
    if isinstance(read, Fault):
        message = f"Cellule {at.name} : {read.message[:1].lower()}{read.message[1:]}"
        reading.tell(at.sheet.name, message, read.remedy, row=at.line, column=at.period, value=at.text)
        return
    reading.seen[at.key] = f"{at.name} de « {at.sheet.name} »"
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
            "origin": f"{reading.file}!{at.sheet.name}!{at.line}",
        }
    )


def _figure(at: _Place, reading: _Reading) -> Cell | Fault:
    if (at.line, at.place) in at.sheet.faults:
        return Fault(
            at.sheet.faults[at.line, at.place], "Tapez la valeur à la place de la formule, ou enregistrez le classeur."
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
        return read
    value = float(read.value)
    if value < 0 or (at.measure in reading.asked.whole and value % 1 > 0):
        return Fault(f"« {text.strip()} » n’est pas un comptage : il faut un nombre entier, 0 ou plus.", "Corrigez-le.")
    if at.key in reading.seen:
        return Fault(f"Ce chiffre est déjà donné dans la cellule {reading.seen[at.key]}.", "Gardez une seule des deux.")
    return read


def _remark(read: Cell, status: str, note: str) -> str | None:
    provisional = fold(status).startswith("provisoire") and read.status == "A"
    return " ; ".join(part for part in ("provisoire" if provisional else "", note) if part) or None


def _is_total(written: Sequence[str]) -> bool:
    return any(_TOTAL.fullmatch(fold(text)) for text in written if text)


def _measure(code: str, label: str, asked: Asked) -> str:
    if code in asked.labels:
        return code
    named: Iterator[str] = (id_ for id_, text in asked.labels.items() if label and _loose(text) == _loose(label))
    return next(named, "") if not code else next((id_ for id_ in asked.labels if _loose(id_) == _loose(code)), "")


def _loose(text: str) -> str:
    return "_".join(re.findall(r"[a-z0-9]+", fold(text)))


def _frame(rows: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    texts = ("mesure", "territoire", "periode", "statut", "source", "structure", "remarque", "origin")
    numbers = ("valeur", "valeur_low", "valeur_high")
    data = {name: pd.Series([row[name] for row in rows], dtype=_TEXT) for name in texts}
    data |= {name: pd.Series([row[name] for row in rows], dtype="float64") for name in numbers}
    return pd.DataFrame(data)
