"""From the bytes of a CSV to its records, line by line.

What can be read in two ways is never guessed: `AmbiguousSource` names the key of ``ctg.toml`` that answers.
"""

from __future__ import annotations

import codecs
import csv
import gc
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from ctgeval.errors import AmbiguousSource, SourceError, suggestion
from ctgeval.french import fold
from ctgeval.sources.dialect import separator_of
from ctgeval.sources.files import RawFile, is_workbook, read_raw

__all__ = ["Grid", "decode", "is_tail", "loose", "read_grid", "records"]


# Characters of French administrative texts, beyond ASCII: a decoding that gives others is not the right one.
_FRENCH = frozenset("àâçéèêëîïôùûüÿœæÀÂÇÉÈÊËÎÏÔÙÛŸŒÆ°²³€«»’‘“”–—…·•×§±\u00a0\u202f\u2009")
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# Columns that a note names: Insee's «dossier complet» has some 1,900.
_NAMED = 60
_CAPITAL_INSIDE = re.compile("[a-zà-öø-ÿœ][ÀÂÇÉÈÊËÎÏÔÙÛŸŒÆ]")
# A text in mac_roman is next to never plausible in cp1252, whereas the reverse happens: it comes last.
_FALLBACKS = (("cp1252", "cp850"), ("mac_roman",))


@dataclass(frozen=True, slots=True)
class Grid:
    """A CSV file cut into named columns of text.

    Parameters
    ----------
    file : str
        Basename.
    header : tuple of str
        Names of the columns, stripped.
    width : int
        Cells of the header, those without a name included.
    columns : dict of str to sequence of str
        Cells of each column, stripped, one for each record that has the right number of cells.
    lines : sequence of int
        Line of the file where each of these records begins, counted from 1.
    ragged : tuple of (int, int, str)
        Records left out because they have too few or too many cells: line, number of cells, first cells.
    n_rows : int
        Records with something in them, header aside: ``len(lines) + len(ragged)``.
    encoding, separator : str
        As found, or as told.
    sha256 : str
        Fingerprint of the file.
    notes : tuple of str
        What a reader of the source sheet should know, in French.
    sheet : str
        Sheet of a workbook; empty for a file that has none.
    """

    file: str
    header: tuple[str, ...]
    width: int
    columns: dict[str, Sequence[str]]
    lines: Sequence[int]
    ragged: tuple[tuple[int, int, str], ...]
    n_rows: int
    encoding: str
    separator: str
    sha256: str
    notes: tuple[str, ...] = ()
    sheet: str = ""

    def find(self, *names: str) -> str | None:
        """Return the first column that bears one of these names, accents, case and spaces aside."""
        folded = {loose(name): name for name in self.header}
        return next((folded[loose(name)] for name in names if loose(name) in folded), None)

    def require(self, *names: str) -> str:
        """Return the column that bears one of these names.

        Raises
        ------
        SourceError
            When there is none; the message gives the near ones.
        """
        found = self.find(*names)
        if found is None:
            near = suggestion(names[0], self.header)
            shown = ", ".join(self.header[:12]) + ("…" if len(self.header) > 12 else "")
            raise SourceError(
                f"Il manque la colonne « {names[0]} ».",
                remedy=near or f"Colonnes trouvées : {shown}. Vérifiez le fichier, ou le format déclaré.",
                file=self.file,
                row=1,
                column=names[0],
            )
        return found

    def unread(self, *known: str) -> str:
        """Return a French note that names the columns other than these, accents, case and spaces aside; or nothing."""
        folded = {loose(name) for name in known}
        others = [name for name in self.header if loose(name) not in folded]
        if not others:
            return ""
        more = f"… et {len(others) - _NAMED} autres" if len(others) > _NAMED else ""
        return f"Colonnes que ce format ne lit pas : {', '.join(others[:_NAMED])}{more}."

    def noted(self, *notes: str) -> Grid:
        """Return the same grid with more notes."""
        return replace(self, notes=(*self.notes, *notes))


def read_grid(path: Path, *, encoding: str | None = None, separator: str | None = None) -> Grid:
    """Read a CSV file, compressed or not, into a `Grid`.

    Parameters
    ----------
    path : Path
        File.
    encoding, separator : str or None
        What the user answered to an `AmbiguousSource`; None to find out.

    Raises
    ------
    AmbiguousSource
        When the encoding or the separator can be read in two ways.
    SourceError
        When the file can't be read, has no data row, has a column name twice or a quote that is not closed.
    """
    if is_workbook(path) or path.suffix.lower() in {".xls", ".ods"}:
        raise SourceError(
            "Ce format se lit depuis un fichier CSV, pas depuis un classeur.",
            remedy="Ouvrez le classeur et enregistrez la feuille au format « CSV UTF-8 ».",
            file=path.name,
        )
    raw = read_raw(path)
    text, encoding = decode(raw, encoding=encoding)
    separator = separator_of(text, file=raw.name, separator=separator)
    with _uncollected():
        return _cut(text, raw, encoding, separator)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Let no cycle be looked for: a national file makes a million lists, and none of them is garbage."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def decode(raw: RawFile, *, encoding: str | None = None) -> tuple[str, str]:
    """Return the text of a file and the name of its encoding.

    A byte-order mark decides; else UTF-8; else the one encoding of French text in which every character is plausible.

    Raises
    ------
    AmbiguousSource
        When several encodings, or none, give plausible French text.
    SourceError
        When the encoding that was told does not decode the file.
    """
    ask = 'Indiquez-le dans ctg.toml, sous la source : encodage = "utf-8" (ou "cp1252", "latin-1", "cp850").'
    if encoding:
        try:
            codec = codecs.lookup(encoding).name
            return raw.data.decode("utf-8-sig" if codec == "utf-8" else codec).removeprefix("\ufeff"), codec
        except (LookupError, UnicodeDecodeError) as error:
            raise SourceError(
                "Le fichier ne se lit pas avec l’encodage indiqué.",
                remedy=ask,
                file=raw.name,
                key="encodage",
                value=encoding,
            ) from error
    for mark, codec in _MARKS:
        if raw.data.startswith(mark):
            try:
                return raw.data.decode(codec), codec
            except UnicodeDecodeError as error:
                raise _undecided(raw, ask, f"annonce {codec} mais contient des octets qui n’en sont pas") from error
    try:
        return raw.data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError as error:
        plausible: dict[str, str] = {}
        for names in _FALLBACKS:
            plausible = plausible or _plausible(raw.data, names)
        if len(plausible) == 1:
            name, text = plausible.popitem()
            return text, name
        how = f"peut se lire en {' ou en '.join(plausible)}" if plausible else "ne se lit dans aucun encodage habituel"
        raise _undecided(raw, ask, how) from error


def _plausible(data: bytes, names: Sequence[str]) -> dict[str, str]:
    """Return the decodings that give French text: its characters only, and no capital inside a word."""
    found: dict[str, str] = {}
    for name in names:
        try:
            text = data.decode(name)
        except UnicodeDecodeError:
            continue
        french = all(character in _FRENCH for character in set(text) if ord(character) > 126)
        if french and not _CAPITAL_INSIDE.search(text):
            found[name] = text
    return found


def _undecided(raw: RawFile, ask: str, how: str) -> AmbiguousSource:
    return AmbiguousSource(
        f"L’encodage du fichier ne se devine pas : il {how}.", remedy=ask, file=raw.name, key="encodage"
    )


def records(text: str, *, separator: str, file: str, uniform: bool = True) -> tuple[list[tuple[int, list[str]]], int]:
    """Cut a text into its records that hold something, each with the line where it begins, and count the others.

    Parameters
    ----------
    text : str
        The file.
    separator : str
        Between its cells.
    file : str
        Basename, for the message.
    uniform : bool
        Whether the first record is the header, whose width all the others have.

    Raises
    ------
    SourceError
        When a quote is not closed.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    found: list[tuple[int, list[str]]] = []
    before, blank = 0, 0
    try:
        for record in reader:
            start, before = before + 1, reader.line_num
            if not record or not (record[0].strip() or any(cell.strip() for cell in record)):
                blank += 1
                continue
            width = len(found[0][1] if found else ()) if uniform else len(record)
            if before > start and _swallowed(record, separator, width):
                raise SourceError(
                    "Un guillemet ouvert n’est pas refermé : la suite du fichier ne se découpe plus.",
                    remedy="Corrigez ou retirez ce guillemet dans le fichier.",
                    file=file,
                    row=start,
                )
            found.append((start, record))
    except csv.Error as error:
        raise SourceError(
            "Le fichier ne se découpe pas en cellules : un guillemet n’est sans doute pas refermé.",
            remedy="Corrigez ou retirez ce guillemet dans le fichier.",
            file=file,
            row=before + 1,
        ) from error
    return found, blank


def _cut(text: str, raw: RawFile, encoding: str, separator: str) -> Grid:
    found, blank = records(text, separator=separator, file=raw.name)
    if len(found) < 2:
        raise SourceError(
            "Le fichier n’a aucune ligne de données." if found else "Le fichier est vide.",
            remedy="Téléchargez-le de nouveau depuis le site du producteur.",
            file=raw.name,
        )
    header = [cell.strip() for cell in found[0][1]]
    width = len(header)
    named = [place for place, name in enumerate(header) if name]
    _refuse_twice([header[place] for place in named], raw.name, found[0][0])
    kept: list[list[str]] = []
    lines: list[int] = []
    ragged: list[tuple[int, int, str]] = []
    for start, record in found[1:]:
        if len(record) == width or (len(record) > width and is_tail(record[width:], separator)):
            kept.append(record if len(record) == width else record[:width])
            lines.append(start)
        else:
            ragged.append((start, len(record), separator.join(record)[:60]))
    notes = _notes(kept, header, blank, encoding)
    cells = list(zip(*kept, strict=True)) if kept else [()] * width
    return Grid(
        file=raw.name,
        header=tuple(header[place] for place in named),
        width=width,
        columns={header[place]: cells[place] for place in named},
        lines=lines,
        ragged=tuple(ragged),
        n_rows=len(lines) + len(ragged),
        encoding=encoding,
        separator=separator,
        sha256=raw.sha256,
        notes=notes,
    )


def is_tail(cells: Sequence[str], separator: str) -> bool:
    """Whether the cells that a record has beyond its header are only separators at the end of the line.

    A comma may be a decimal mark that nobody quoted: it would have moved all the figures of the line by one column.
    """
    return separator != "," and not any(cell.strip() for cell in cells)


def _swallowed(record: Sequence[str], separator: str, width: int) -> bool:
    """Whether a record of several lines comes from a quote left open, not from a cell with a line break."""
    return len(record) != width or any("\n" in cell and separator in cell for cell in record)


def _refuse_twice(names: Sequence[str], file: str, row: int) -> None:
    twice = [name for name, count in Counter(loose(name) for name in names).items() if count > 1]
    if twice:
        shown = [name for name in names if loose(name) == twice[0]]
        raise SourceError(
            f"La colonne « {shown[0]} » figure {len(shown)} fois dans l’en-tête : on ne sait laquelle lire.",
            remedy="Gardez une seule colonne de ce nom.",
            file=file,
            row=row,
            column=shown[0],
        )


def _notes(kept: list[list[str]], header: list[str], blank: int, encoding: str) -> tuple[str, ...]:
    notes: list[str] = []
    unnamed = [place for place, name in enumerate(header) if not name]
    if unnamed:
        filled = sum(bool(record[place].strip()) for record in kept for place in unnamed)
        what = f"{filled} valeurs n’ont pas de nom et n’ont pas été lues" if filled else "toutes vides"
        notes.append(f"Colonnes sans nom : {len(unnamed)} ({what}).")
    if blank:
        notes.append(f"Lignes entièrement vides, non comptées : {blank}.")
    if encoding not in {"utf-8", "utf-8-sig"}:
        notes.append(f"Encodage reconnu : {encoding} (le fichier n’est pas en UTF-8).")
    return tuple(notes)


def loose(name: str) -> str:
    """Return a header without what differs from one export to the next: accents, case, spaces, marks."""
    return " ".join(fold(name).replace("_", " ").replace("-", " ").split())
