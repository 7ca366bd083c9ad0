"""A ready-to-paste ``[[source]]`` for a file: its format, or a description to complete."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ctgeval import measures as measures_
from ctgeval.errors import AmbiguousSource, Problem
from ctgeval.french import fold
from ctgeval.measures import Measure
from ctgeval.sources.cellbook import Book
from ctgeval.sources.description import Description, Period, Place, Shape, Wide
from ctgeval.sources.geographie_appartenance import COMMUNES
from ctgeval.sources.guess import Guess, guess
from ctgeval.sources.registry import formats
from ctgeval.sources.sheets import read_book
from ctgeval.sources.table import Options, SourceTable
from ctgeval.sources.tableau import NAME as DESCRIBED
from ctgeval.sources.trial import ANSWERS, Trial, answered, beginning, trials

if TYPE_CHECKING:
    from ctgeval.territory.reference import Reference

__all__ = ["Proposal", "propose"]

_TO_COMPLETE = "à compléter"


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a file is, as far as can be told.

    Parameters
    ----------
    format : str
        The best format; ``tableau`` when no reader knows the file.
    others : tuple of str
        Other formats that read something of it.
    table : SourceTable
        The whole file, read with that format; as a plain table when its description is to be completed.
    block : str
        TOML, in French.
    complete : bool
        Whether the block can be pasted as it is.
    doubts : tuple of Problem
        What was supposed, to be checked.
    """

    format: str
    others: tuple[str, ...]
    table: SourceTable
    block: str
    complete: bool
    doubts: tuple[Problem, ...]

    @property
    def figures(self) -> bool:
        """Whether it gives facts about territories."""
        return len(self.table.observations) > 0


def propose(
    path: Path,
    *,
    relative: str,
    reference: Reference | None = None,
    measures: Mapping[str, Measure] | None = None,
) -> Proposal:
    """Try every reader on a file, and write the ``[[source]]`` of the best one.

    Parameters
    ----------
    path : Path
        File.
    relative : str
        Its path inside the dossier, as ``fichier`` will say it.
    reference : Reference, optional
        Known territories.
    measures : mapping of str to Measure, optional
        Measures known to the dossier; those of the house by default.

    Raises
    ------
    SourceError
        When the file can't be read at all.
    """
    known = measures or measures_.load()
    options = Options(key="essai", reference=reference, measures=known)
    found = trials(path, reference=reference)
    best = found[0] if found and found[0].share >= 0.5 else None
    if best is not None and len(best.table.observations):
        return _of_format(path, relative, found, options)
    with tempfile.TemporaryDirectory() as folder:
        start = beginning(path, Path(folder)) if best else path
        described = _of_description(start, relative, found, options, known=known)
    # A reader that finds no figure may have read half of a table whose figures have their own names; and the list of
    # communes is the one that says what each of its rows is.
    headers = {fold(str(name)) for one in described.table.tables.values() for name in one.columns}
    if best is None or described.figures or (best.format == COMMUNES and not headers & {"type", "typecom"}):
        return described if start == path else _of_description(path, relative, found, options, known=known)
    return _of_format(path, relative, found, options)


def _of_format(path: Path, relative: str, found: list[Trial], options: Options) -> Proposal:
    best = formats()[found[0].format]
    table, answers, doubts = answered(best.name, path, options)
    lines = [*_head(relative, best.name), f"producteur = {_text(best.producer)}", f"licence = {_text(best.licence)}"]
    lines += ["# mise_a_jour = 2024-01-31  # la date que le producteur donne", 'diffusion = "ouverte"']
    lines += _answers(table.encoding, answers)
    others = tuple(trial.format for trial in found[1:])
    return Proposal(best.name, others, table, "\n".join(lines) + "\n", complete=True, doubts=doubts)


def _of_description(
    path: Path, relative: str, found: list[Trial], options: Options, *, known: Mapping[str, Measure]
) -> Proposal:
    book, answers, doubts = _opened(path)
    seen = guess(book, known)
    named = {header: measure for header, measure in seen.figures.items() if measure}
    period = seen.period_column or seen.period
    complete = seen.answers or bool(seen.columns and named and period)
    told = _described(seen, named) if complete and not seen.answers else _plain(seen)
    chosen = Options(
        key=options.key,
        reference=options.reference if complete else None,
        encoding=book.encoding or None,
        separator=book.separator or None,
        description=told,
        measures=options.measures,
    )
    table, more, questions = answered(DESCRIBED, path, chosen)
    answers |= more
    lines = [*_head(relative, DESCRIBED), f'producteur = ""  # {_TO_COMPLETE}', f'licence = ""  # {_TO_COMPLETE}']
    lines += ["# mise_a_jour = 2024-01-31  # la date que le producteur donne", 'diffusion = "interne"']
    lines += _answers(book.encoding, answers)
    lines += ["[source.tableau]", *_keys(book, seen, named, complete=complete)]
    others = tuple(trial.format for trial in found)
    return Proposal(DESCRIBED, others, table, "\n".join(lines) + "\n", complete=complete, doubts=(*doubts, *questions))


def _opened(path: Path) -> tuple[Book, dict[str, str], tuple[Problem, ...]]:
    answers: dict[str, str] = {}
    doubts: list[Problem] = []
    while True:
        try:
            book = read_book(path, encoding=answers.get("encodage"), separator=answers.get("separateur"))
            return book, answers, tuple(doubts)
        except AmbiguousSource as error:
            if error.problem.key not in ANSWERS or error.problem.key in answers:
                raise
            answers[error.problem.key] = ANSWERS[error.problem.key][1]
            doubts.append(error.problem)


def _described(seen: Guess, named: Mapping[str, str]) -> Description:
    period = Period(column=seen.period_column) if seen.period_column else Period(value=seen.period)
    return Description(
        sheets=(seen.sheet,) if seen.sheet else (),
        header=seen.header,
        end=seen.footer,
        place=Place(level=seen.level, columns=seen.columns),
        period=period,
        wide={header: Wide(measure=measure) for header, measure in named.items()},
    )


def _plain(seen: Guess) -> Description:
    sheets = (seen.sheet,) if seen.sheet else ()
    shape: Shape = "reponses" if seen.answers else "table"
    return Description(sheets=sheets, header=seen.header, end=seen.footer, shape=shape)


def _keys(book: Book, seen: Guess, named: Mapping[str, str], *, complete: bool) -> list[str]:
    """Write the keys of the description; what could not be guessed is a comment, so that the block stays valid."""
    lines = [f"feuille = {_text(seen.sheet)}"] if len(book.names) > 1 else []
    if seen.header != (1,):
        lines.append(f"entete = {seen.header[0] if len(seen.header) == 1 else list(seen.header)}")
    lines += [f"fin = {_text(seen.footer)}"] if seen.footer else []
    if seen.answers:
        return [*lines, 'forme = "reponses"  # une ligne par répondant']
    if not complete:
        lines.append('forme = "table"  # à retirer quand ce qui suit est complet')
    if len(seen.columns) > 1:
        columns = ", ".join(_text(name) for name in seen.columns)
        lines.append(f'territoire = {{ colonnes = [{columns}], niveau = "{seen.level}" }}')
    elif seen.columns:
        lines.append(f'territoire = {{ colonne = {_text(seen.columns[0])}, niveau = "{seen.level}" }}')
    else:
        lines.append(f'# territoire = {{ colonne = "…", niveau = "COM" }}  # {_TO_COMPLETE}')
    if seen.period_column:
        lines.append(f"periode = {{ colonne = {_text(seen.period_column)} }}")
    else:
        lines.append(f'periode = "{seen.period}"' if seen.period else f'# periode = "2021"  # {_TO_COMPLETE}')
    unnamed = [header for header in seen.figures if header not in named]
    if named:
        lines += ["[source.tableau.mesures]", *(f"{_text(header)} = {_text(one)}" for header, one in named.items())]
    elif unnamed:
        lines.append("# [source.tableau.mesures]")
    lines += [f'# {_text(header)} = "…"  # {_TO_COMPLETE} : le nom d’une mesure' for header in unnamed]
    return lines


def _head(relative: str, format: str) -> list[str]:
    told = {"cle": _slug(relative), "fichier": relative, "format": format}
    return ["[[source]]", *(f"{key} = {_text(value)}" for key, value in told.items())]


def _answers(encoding: str, answers: Mapping[str, str]) -> list[str]:
    told = {"encodage": encoding} if encoding not in {"", "utf-8", "utf-8-sig"} else {}
    return [f"{key} = {_text(value)}" for key, value in {**told, **answers}.items()]


def _slug(relative: str) -> str:
    name = fold(relative.rsplit("/", 1)[-1]).split(".")[0]
    return re.sub(r"[^a-z0-9]+", "-", name).strip("-") or "source"


def _text(value: str) -> str:
    """Write a TOML string: that of JSON, with the one character that JSON leaves bare."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
