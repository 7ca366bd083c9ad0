"""Events of communes: the tables de passage of COGugaison, and Insee's own files, as links between codes.

``geographie.passages`` gives, from one geography to the next, the code after of each code that changes, and the share
of a commune that is split. The date it bears is often that of the decree: the geographies decide.
``geographie.evenements`` is Insee's list of events since 1943 (``v_mvtcommune_2024.csv``, ``mvtcommune2019.csv``), in
which dates are those of effect, or the history of communes of the package @etalab/decoupage-administratif (JSON).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctgeval import observations
from ctgeval.french import number
from ctgeval.sources import geographie_historique as historique, listing, places
from ctgeval.sources.opening import open_grid
from ctgeval.sources.table import Format, Options, SourceTable
from ctgeval.sources.tidy import Rejections, Texts, year_of

__all__ = ["FORMAT_EVENEMENTS", "FORMAT_PASSAGES"]

PASSAGES, EVENEMENTS = "geographie.passages", "geographie.evenements"
TABLE = "evenements"

_KINDS = {"f": "fusion", "d": "scission", "c": "changement_de_code"}
_NO_MOVE = ""
_TYPES = frozenset({"COM", "COMA", "COMD", "COMP", "ARM"})
_RESTORED = "21"
# A change of code comes before the merger of the same day.
_CODE_CHANGES = frozenset({"41", "50"})
_ONE_DAY = dt.timedelta(days=1)

Floats = npt.NDArray[np.float64]


def _read_passages(path: Path, options: Options) -> SourceTable:
    grid = open_grid(path, options)
    names = [grid.require(name) for name in ("cog_avant", "cog_apres", "code_avant", "code_apres", "typemodif")]
    before_year, after_year, before_code, after_code, kind_column = names
    date_column, ratio_column = grid.find("date_effet", "date"), grid.find("ratio", "part")
    rejections = Rejections(grid)
    first, last = _years(rejections, before_year), _years(rejections, after_year)
    rejections.add_all(first >= last, after_year, "La géographie d’arrivée n’est pas après celle de départ.")
    before, after = places.communes(rejections, before_code), places.communes(rejections, after_code)
    kinds = np.array([_KINDS.get(cell.lower(), "") for cell in listing.texts(grid, kind_column)], dtype=object)
    rejections.add_all(kinds == "", kind_column, "Le type de modification n’est ni f (fusion), ni d (scission), ni c.")
    share = np.full(len(grid.lines), np.nan)
    if ratio_column is not None:
        told = listing.figures(rejections, ratio_column, options=options, low=0.0, high=1.0)
        share = np.where(kinds == "scission", told, np.nan)
    listing.refuse_repeated(rejections, [before_year, after_year, before_code, after_code], what="ce passage")
    effective = [dt.date(int(year), 1, 1) for year in np.nan_to_num(last, nan=1900.0).tolist()]
    notes = [
        _decrees(grid.columns[date_column], last, ~rejections.bad) if date_column else "",
        _whole(before, last, share, (kinds == "scission") & ~rejections.bad),
    ]
    columns = {"code_before": before, "code_after": after, "effective": effective, "kind": kinds, "share": share}
    return _result(rejections, PASSAGES, columns, [*names, date_column, ratio_column], notes)


def _years(rejections: Rejections, column: str) -> Floats:
    cells = listing.texts(rejections.grid, column).tolist()
    known = {cell: year_of(cell) for cell in set(cells)}
    years = np.array([np.nan if known[cell] is None else float(known[cell] or 0) for cell in cells], dtype=np.float64)
    rejections.add_all(np.isnan(years), column, "La cellule n’est pas une année lisible.")
    return years


def _decrees(cells: Sequence[str], year: Floats, good: npt.NDArray[np.bool_]) -> str:
    days = {cell: _day(str(cell)) for cell in set(cells)}
    count = sum(
        bool(kept) and (day := days[cell]) is not None and day != dt.date(int(year_), 1, 1)
        for cell, year_, kept in zip(cells, np.nan_to_num(year).tolist(), good.tolist(), strict=True)
        if year_ >= 1
    )
    if not count:
        return ""
    return (
        f"Dates qui ne sont pas un 1er janvier (dates d’arrêté, ou en cours d’année) : {number(count)}. "
        "Chaque passage prend effet au 1er janvier de sa géographie d’arrivée."
    )


def _whole(before: Texts, year: Floats, share: Floats, split: npt.NDArray[np.bool_]) -> str:
    keys = pd.Series([f"{code} ({int(at)})" for code, at in zip(before[split], year[split], strict=True)], dtype=object)
    sums = pd.Series(share[split]).groupby(keys).sum(min_count=1)
    wrong = sorted(sums.index[(sums - 1).abs() > 1e-3])
    return f"Communes scindées dont les parts ne font pas 1 : {', '.join(wrong)}." if wrong else ""


def _read_evenements(path: Path, options: Options) -> SourceTable:
    if historique.is_history(path):
        return historique.read(path, EVENEMENTS)
    grid = open_grid(path, options)
    names = [grid.require(name) for name in ("MOD", "DATE_EFF", "TYPECOM_AV", "COM_AV", "TYPECOM_AP", "COM_AP")]
    mod_column, day_column, type_before, code_before, type_after, code_after = names
    rejections = Rejections(grid)
    mods = listing.texts(grid, mod_column)
    rejections.add_all(
        np.array([not cell.isdigit() for cell in mods], dtype=bool),
        mod_column,
        "Le type d’événement n’est pas un nombre.",
    )
    days = [_day(cell) for cell in listing.texts(grid, day_column)]
    rejections.add_all(
        np.array([day is None for day in days], dtype=bool), day_column, "La date d’effet n’est pas une date lisible."
    )
    types = [listing.texts(grid, column) for column in (type_before, type_after)]
    for column, cells in zip((type_before, type_after), types, strict=True):
        wrong = np.array([cell.upper() not in _TYPES for cell in cells], dtype=bool)
        rejections.add_all(wrong, column, "Le type de commune n’est pas connu (COM, COMA, COMD, ARM).")
    before, after = places.communes(rejections, code_before), places.communes(rejections, code_after)
    effective = [day or dt.date(1900, 1, 1) for day in days]
    moves = (types[0] == "COM") & (types[1] == "COM") & ~rejections.bad
    kinds = np.full(len(before), _NO_MOVE, dtype=object)
    at = np.flatnonzero(moves)
    links = [(effective[place], before[place], after[place]) for place in at.tolist()]
    kinds[at] = historique.kinds(links)
    effective = _in_order(effective, before, after, mods, moves)
    columns = {"code_before": before, "code_after": after, "effective": effective, "kind": kinds}
    lost = _restored_from_nowhere(mods, types, after, effective, moves)
    note = f"Communes rétablies sans que le fichier dise de laquelle : {', '.join(lost)}." if lost else ""
    return _result(rejections, EVENEMENTS, {**columns, "share": np.full(len(before), np.nan)}, names, [note])


def _in_order(
    days: list[dt.date], before: Texts, after: Texts, mods: Texts, moves: npt.NDArray[np.bool_]
) -> list[dt.date]:
    """Put a change of code on the eve of the merger of the same day, where one follows the other."""
    merged = {
        (days[place], before[place]) for place in np.flatnonzero(moves).tolist() if mods[place] not in _CODE_CHANGES
    }
    return [
        day - _ONE_DAY
        if moves[place]
        and mods[place] in _CODE_CHANGES
        and (day, after[place]) in merged
        and before[place] != after[place]
        else day
        for place, day in enumerate(days)
    ]


def _restored_from_nowhere(
    mods: Texts, types: list[Texts], after: Texts, days: list[dt.date], moves: npt.NDArray[np.bool_]
) -> list[str]:
    told = {(days[place], after[place]) for place in np.flatnonzero(moves).tolist()}
    restored = (mods == _RESTORED) & np.isin(types[0], ("COMA", "COMD")) & (types[1] == "COM")
    return sorted(
        {after[place] for place in np.flatnonzero(restored).tolist() if (days[place], after[place]) not in told}
    )


def _day(cell: str) -> dt.date | None:
    """Return the day that a cell tells: ``2018-11-22``, ``22/11/2018``, ``20181122``, or None."""
    text = cell.strip().split("T")[0].split(" ")[0]
    parts = [int(part) if part.isascii() and part.isdigit() else 0 for part in text.replace("/", "-").split("-")]
    if len(parts) == 1 and len(text) == 8:
        parts = [parts[0] // 10_000, parts[0] // 100 % 100, parts[0] % 100]
    if len(parts) != 3:
        return None
    year, month, day = parts if parts[0] > 31 else parts[::-1]
    try:
        return dt.date(year, month, day) if year > 1000 else None
    except ValueError:
        return None


def _result(
    rejections: Rejections,
    format: str,
    columns: dict[str, object],
    read: Iterable[str | None],
    notes: Iterable[str],
) -> SourceTable:
    effective = np.array(columns["effective"], dtype="datetime64[s]")
    table = listing.frame(rejections, {**columns, "effective": effective}, read=[name for name in read if name])
    still = int((table["kind"] == _NO_MOVE).sum())
    return listing.result(
        rejections,
        format=format,
        observed=observations.empty(),
        tables={TABLE: table},
        notes=[*notes, historique.still(still)],
    )


_COVERAGE = {"COM": "Le fichier dit ce que deviennent les communes qui changent ; une commune absente n’a pas changé."}

FORMAT_PASSAGES = Format(
    name=PASSAGES,
    label="Tables de passage entre les géographies communales",
    producer="COGugaison, d’après l’Insee",
    licence="ODbL 1.0",
    periodicity="annuelle",
    lag_years=1,
    coverage=_COVERAGE,
    minimum_population=None,
    measures=(),
    read=_read_passages,
)

FORMAT_EVENEMENTS = Format(
    name=EVENEMENTS,
    label="Événements de communes du code officiel géographique",
    producer="Insee",
    licence="Licence Ouverte 2.0",
    periodicity="annuelle",
    lag_years=1,
    coverage=_COVERAGE,
    minimum_population=None,
    measures=(),
    read=_read_evenements,
)
