"""Damaged copies of real files give right figures or a clear French error: never a traceback, never a wrong number.

A fixed seed makes every copy. A figure is wrong when it differs from the one that the sound file gives for the same
measure, territory and period, whereas the lines that it comes from were not touched.
"""

from __future__ import annotations

import csv
import gzip
import io
import os
import random
import re
import tomllib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from ctgeval import observations, sources
from ctgeval.config.tableau import TableauConfig
from ctgeval.config.toml import tuples
from ctgeval.errors import CtgevalError, SourceError
from ctgeval.sources import SourceTable
from ctgeval.territory import reference

COPIES = 2_000 if os.environ.get("CTGEVAL_TORTURE") else 80
ROWS = 40
KEY = ["measure", "geo", "time_period", *observations.DIMENSIONS]
VALUE = ["value", "low", "high"]
COMMUNES = 'territoire = { colonne = "%s", niveau = "COM" }\n'

CASES: tuple[tuple[str, str, str], ...] = (
    ("insee/base_cc_comparateur_2022.csv.gz", "insee.comparateur", ""),
    ("insee/communes_comparateur_2024_derive.csv.gz", "insee.comparateur", ""),
    ("insee/FILO2014_DISP_COM.csv.gz", "insee.filosofi", ""),
    ("messy/FILO2017_DISP_EPCI.csv", "insee.filosofi", ""),
    ("insee/FILO2018_DISP_DEP.csv", "insee.filosofi", ""),
    ("messy/cc_filosofi_2021_COM_79_86.csv", "insee.filosofi_cc", ""),
    ("population/population_communes_2006_2023.csv.gz", "insee.population", ""),
    ("population/population_communes_1968_1999.csv.gz", "insee.population", ""),
    ("insee/rp2018_communes_2000hab.csv.gz", "insee.rp", ""),
    ("insee/insee_rp_evol_1968_epci_2018.csv", "insee.rp", ""),
    ("caf/txcouv_pe_com_2017_2021.csv", "caf.taux_couverture", ""),
    ("caf/txcouv_pe_com_2021_autre_export.csv", "caf.taux_couverture", ""),
    ("messy/data_CAF_2017_IRIS_nouvelle_aquitaine.csv", "caf.iris", ""),
    ("caf/data_CAF_2018_IRIS.csv.gz", "caf.iris", ""),
    ("actions/projets_detr_dsil_2018_nouvelle_aquitaine.csv.gz", "anct.projets", ""),
    ("actions/france_services_2021.csv", "anct.france_services", ""),
    ("education/fr-en-ecoles-effectifs-nb_classes_35_2019_2022.csv", "education.effectifs", ""),
    ("geo/passages_communes_2008_2024.csv", "geographie.passages", ""),
    ("geo/appartenance_epci_2008_2024.csv.gz", "geographie.appartenance", ""),
    (
        "messy/caf_txcouv_2014_entetes_repetes.csv",
        "tableau",
        COMMUNES % "NUMCOM" + 'periode = "2014"\nmesures = { "TXCOUVGLO_COM_2014" = "taux_couverture_global" }',
    ),
    (
        "insee/rp2018_communes_2000hab.csv.gz",
        "tableau",
        COMMUNES % "code_insee"
        + 'periode = "2018"\nmesures = { "pop_tot" = "population_municipale", "pop_75p" = "population_75_plus" }',
    ),
    ("messy/laposte_hexasmal_latin1.csv", "tableau", COMMUNES % "#Code_commune_INSEE" + 'forme = "table"'),
    ("survey/hdv2003.csv", "tableau", 'forme = "reponses"'),
    (
        "messy/dgcl_epci_sans_communes_2021_extrait.xlsx",
        "tableau",
        """
        territoire = { colonne = "siren_epci", niveau = "EPCI" }
        periode = "2018"
        mesures = { "pmun_epci_2021" = "population_municipale", "ptot_epci_2021" = "population_totale" }
        """,
    ),
    (
        "messy/estim-pop-dep-sexe-gca-1975-2023.xls",
        "tableau",
        """
        feuille = "1999"
        entete = [4, 5]
        fin = "Source"
        periode = "feuille"
        territoire = { colonne = "Départements", niveau = "DEP" }
        mesures = { "Ensemble / Total" = "population_totale" }
        """,
    ),
)

Mutation = Callable[[bytes, random.Random], tuple[bytes, frozenset[int]]]
EVERY: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Sound:
    """A small true file, and what is read in it."""

    name: str
    data: bytes
    figures: dict[tuple[str, ...], tuple[float, float, float]]
    lines: dict[tuple[str, ...], frozenset[int]]


def read(path: Path, format: str, description: str) -> SourceTable:
    told = TableauConfig.model_validate(tuples(tomllib.loads(description))).described() if description else None
    return sources.read(path, format=format, key="k", reference=reference.load(), description=told)


def figures(table: SourceTable) -> dict[tuple[str, ...], tuple[float, float, float]]:
    rows = table.observations
    keys = rows[KEY].itertuples(index=False, name=None)
    # NaN equals nothing, itself included: it is written as a text.
    values = rows[VALUE].round(9).astype(object).where(rows[VALUE].notna(), "NaN").itertuples(index=False, name=None)
    return dict(zip(keys, values, strict=True))


def lines_of(origin: str) -> frozenset[int]:
    """Return the lines that a figure comes from (``fichier.csv!2-4, 9``), none when there are too many to be told."""
    told = origin.rsplit("!", 1)[-1]
    if not re.fullmatch(r"[\d\s,–-]+", told):
        return EVERY
    spans = [[int(end) for end in re.split("[–-]", part)] for part in told.split(",")]
    return frozenset(line for span in spans for line in range(span[0], span[-1] + 1))


def slice_of(path: Path) -> tuple[str, bytes]:
    """Return the header of a CSV, its first rows and some others; a workbook is taken whole."""
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    name = path.name.removesuffix(".gz")
    if not name.endswith(".csv"):
        return name, data
    lines = data.splitlines(keepends=True)
    step = max(1, len(lines) // ROWS)
    return name, b"".join([*lines[: ROWS // 2], *lines[ROWS // 2 :: step][: ROWS // 2]])


@cache
def sound(place: Path, format: str, description: str, folder: Path) -> Sound:
    name, data = slice_of(place)
    path = folder / name
    path.write_bytes(data)
    table = read(path, format, description)
    keys = [tuple(row) for row in table.observations[KEY].itertuples(index=False, name=None)]
    lines = dict(zip(keys, table.observations["origin"].map(lines_of), strict=True))
    return Sound(name, data, figures(table), lines)


# -- the damage ----------------------------------------------------------------------------------------------------


def touched(data: bytes, at: int, end: int) -> frozenset[int]:
    """Lines of a text between two bytes, from 1."""
    first = data.count(b"\n", 0, at) + 1
    return frozenset(range(first, first + data.count(b"\n", at, end) + 1))


def truncated(data: bytes, rng: random.Random) -> tuple[bytes, frozenset[int]]:
    at = rng.randrange(1, len(data))
    return data[:at], touched(data, at, len(data))


def random_bytes(data: bytes, rng: random.Random) -> tuple[bytes, frozenset[int]]:
    damaged, lines = bytearray(data), EVERY
    for _ in range(rng.choice([1, 1, 3, 20])):
        at = rng.randrange(len(damaged))
        damaged[at] = rng.choice([rng.randrange(256), ord(rng.choice('0123456789;,."\n \t-sND'))])
        lines |= touched(data, at, at + 1) | touched(data, max(0, at - 1), at)
    return bytes(damaged), lines


def nulls(data: bytes, rng: random.Random) -> tuple[bytes, frozenset[int]]:
    at = rng.randrange(len(data))
    return data[:at] + b"\x00" * rng.choice([1, 50]) + data[at:], touched(data, at, at + 1)


def lost_bytes(data: bytes, rng: random.Random) -> tuple[bytes, frozenset[int]]:
    at = rng.randrange(len(data))
    end = min(len(data), at + rng.choice([1, 5, 200]))
    return data[:at] + data[end:], touched(data, at, end) | touched(data, max(0, at - 1), at)


def lines_dropped(data: bytes, rng: random.Random) -> tuple[bytes, frozenset[int]]:
    lines = data.splitlines(keepends=True)
    gone = set(rng.sample(range(1, len(lines)), min(len(lines) - 1, rng.choice([1, 5, 20]))))
    return b"".join(line for place, line in enumerate(lines) if place not in gone), frozenset(one + 1 for one in gone)


def lines_repeated(data: bytes, rng: random.Random) -> tuple[bytes, frozenset[int]]:
    lines = data.splitlines(keepends=True)
    again = rng.randrange(len(lines))
    end = b"" if lines[-1].endswith(b"\n") else b"\n"
    return data + end + lines[again], frozenset({again + 1})


def cells(data: bytes) -> tuple[list[list[str]], str, str]:
    """Cut a text as its producer wrote it."""
    try:
        text, encoding = data.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        text, encoding = data.decode("cp1252"), "cp1252"
    head = text.split("\n", 1)[0]
    separator = max(";,", key=head.count)
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator)), separator, encoding


def joined(rows: list[list[str]], separator: str, encoding: str) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=separator, lineterminator="\n").writerows(rows)
    return out.getvalue().encode(encoding)


def columns_shuffled(data: bytes, rng: random.Random) -> tuple[bytes, frozenset[int]]:
    rows, separator, encoding = cells(data)
    order = list(range(len(rows[0])))
    rng.shuffle(order)
    return joined([[row[at] for at in order if at < len(row)] for row in rows], separator, encoding), EVERY


def columns_repeated(data: bytes, rng: random.Random) -> tuple[bytes, frozenset[int]]:
    rows, separator, encoding = cells(data)
    at = rng.randrange(len(rows[0]))
    return joined([[*row, row[at] if at < len(row) else ""] for row in rows], separator, encoding), EVERY


def columns_dropped(data: bytes, rng: random.Random) -> tuple[bytes, frozenset[int]]:
    rows, separator, encoding = cells(data)
    at = rng.randrange(len(rows[0]))
    # Without the column that says what a row is, several rows may say the same: only other figures are compared.
    everything = frozenset(range(1, len(rows) + 1))
    return joined([row[:at] + row[at + 1 :] for row in rows], separator, encoding), everything


def other_separator(data: bytes, rng: random.Random) -> tuple[bytes, frozenset[int]]:
    rows, separator, encoding = cells(data)
    return joined(rows, rng.choice([one for one in (";", ",", "\t", "|") if one != separator]), encoding), EVERY


def separator_replaced(data: bytes, rng: random.Random) -> tuple[bytes, frozenset[int]]:
    _, separator, _ = cells(data)
    other = rng.choice([one for one in (";", ",", "\t") if one != separator])
    return data.replace(separator.encode(), other.encode()), EVERY


def other_encoding(data: bytes, rng: random.Random) -> tuple[bytes, frozenset[int]]:
    text = data.decode("utf-8-sig", errors="replace")
    codec = rng.choice(["cp1252", "cp850", "mac_roman", "utf-16", "utf-8-sig", "latin-1", "utf-16-le", "utf-32"])
    return text.encode(codec, errors="replace"), EVERY


def other_line_ends(data: bytes, rng: random.Random) -> tuple[bytes, frozenset[int]]:
    return data.replace(b"\r\n", b"\n").replace(b"\n", rng.choice([b"\n", b"\r\n", b"\r", b"\n\n"])), EVERY


def headers_swapped(data: bytes, rng: random.Random) -> tuple[bytes, frozenset[int]]:
    rows, separator, encoding = cells(data)
    one, other = rng.sample(range(len(rows[0])), 2)
    rows[0][one], rows[0][other] = rows[0][other], rows[0][one]
    # The file now says something else: a swap may only be refused, or read as it says (see `test_swapped_headers`).
    return joined(rows, separator, encoding), frozenset(range(1, len(rows) + 1))


TEXT: tuple[Mutation, ...] = (
    truncated,
    random_bytes,
    nulls,
    lost_bytes,
    lines_dropped,
    lines_repeated,
    columns_shuffled,
    columns_repeated,
    columns_dropped,
    other_separator,
    separator_replaced,
    other_encoding,
    other_line_ends,
    headers_swapped,
)
BINARY: tuple[Mutation, ...] = (truncated, random_bytes, nulls, lost_bytes)


def outcome(path: Path, format: str, description: str) -> SourceTable | SourceError:
    try:
        return read(path, format, description)
    except SourceError as error:
        return error


def allowed(old: tuple[float, float, float], new: tuple[float, float, float]) -> bool:
    """Whether a figure is the same, or is not given any more and its bounds hold the true one."""
    return new == old or (new[0] == "NaN" and new[1] <= old[1] and old[2] <= new[2])


def wrong(before: Sound, after: SourceTable, lines: frozenset[int]) -> list[tuple[object, ...]]:
    """Return the figures that are not those of the sound file, whereas nothing of their lines was touched."""
    return [
        (key, before.figures[key], value)
        for key, value in figures(after).items()
        if key in before.figures and before.lines[key] and not before.lines[key] & lines
        if not allowed(before.figures[key], value)
    ]


@pytest.mark.torture
def test_damaged_copies_give_right_figures_or_a_clear_error(real_data: Path, tmp_path: Path) -> None:
    counts: Counter[str] = Counter()
    faults: list[str] = []
    (tmp_path / "sains").mkdir()
    for copy in range(COPIES):
        rng = random.Random(copy)  # noqa: S311 - the same copies each time
        place, format, description = CASES[copy % len(CASES)]
        before = sound(real_data / place, format, description, tmp_path / "sains")
        kinds = TEXT if before.name.endswith(".csv") else BINARY
        mutation = kinds[copy // len(CASES) % len(kinds)]
        data, lines = mutation(before.data, rng)
        path = tmp_path / before.name
        path.write_bytes(data)
        label = f"{copy} {mutation.__name__} {place} {format}"
        try:
            after = outcome(path, format, description)
        except CtgevalError as error:
            faults.append(f"{label}: {type(error).__name__} {error}")
            continue
        except Exception as error:  # noqa: BLE001 - a traceback is what is looked for
            faults.append(f"{label}: {type(error).__name__} {error}")
            continue
        if isinstance(after, SourceError):
            counts["erreur"] += 1
            if not (after.problem.message and after.problem.remedy and after.problem.file):
                faults.append(f"{label}: an error without its place or its remedy: {after}")
            continue
        counts["lu" if not after.n_rejected else "lu, lignes écartées"] += 1
        if after.n_rows != after.n_accepted + after.n_rejected:
            faults.append(f"{label}: {after.n_rows} != {after.n_accepted} + {after.n_rejected}")
        faults += [f"{label}: {key} {old} -> {new}" for key, old, new in wrong(before, after, lines)[:2]]
    assert not faults, f"{len(faults)} of {COPIES}, {dict(counts)}\n" + "\n".join(faults[:60])
    assert set(counts) == {"erreur", "lu", "lu, lignes écartées"}


@pytest.mark.parametrize("case", [0, 2, 6, 10, 20])
def test_swapped_headers_are_read_as_they_say(real_data: Path, tmp_path: Path, case: int) -> None:
    """Two names swapped in the header give what the columns swapped under their names give: places mean nothing."""
    place, format, description = CASES[case]
    name, data = slice_of(real_data / place)
    rng = random.Random(case)  # noqa: S311 - the same swaps each time
    for _ in range(3):
        rows, separator, encoding = cells(data)
        one, other = rng.sample(range(len(rows[0])), 2)
        swapped = [list(row) for row in rows]
        swapped[0][one], swapped[0][other] = rows[0][other], rows[0][one]
        moved = [list(row) for row in rows]
        for row in moved[1:]:
            if max(one, other) < len(row):
                row[one], row[other] = row[other], row[one]
        found = []
        for content in (swapped, moved):
            (tmp_path / name).write_bytes(joined(content, separator, encoding))
            read_ = outcome(tmp_path / name, format, description)
            found.append(str(read_.problem.message) if isinstance(read_, SourceError) else figures(read_))
        assert found[0] == found[1]
