"""Files made to exhaust the machine: each refused in French, fast, in little memory."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pyarrow as pa  # type: ignore[import-untyped]
import pytest
from pyarrow import parquet

from ctgeval.errors import SourceError
from ctgeval.sources.sheets import read_book

BILLION = (
    '<?xml version="1.0" encoding="{}"?><!DOCTYPE a [<!ENTITY b "c"><!ENTITY d "&b;&b;">]><worksheet>&d;</worksheet>'
)


def rewritten(path: Path, part: str, content: bytes) -> Path:
    """Make a workbook of one cell, and put something else in one of its parts."""
    plain = path.with_name("simple.xlsx")
    book = openpyxl.Workbook()
    book.active["A1"] = "code"  # type: ignore[index]
    book.save(plain)
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, content if name == part else old.read(name))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be"])
def test_definitions_of_entities_are_refused_in_every_encoding(tmp_path: Path, encoding: str) -> None:
    content = BILLION.format(encoding.removesuffix("-le").removesuffix("-be")).encode(encoding)
    with pytest.raises(SourceError, match="entités"):
        read_book(rewritten(tmp_path / "a.xlsx", "xl/worksheets/sheet1.xml", content))


def test_definitions_of_entities_are_refused_in_an_ods(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.ods", "w") as made:
        made.writestr("content.xml", BILLION.format("utf-8"))
    with pytest.raises(SourceError, match="entités"):
        read_book(tmp_path / "a.ods")


@pytest.mark.parametrize("name", ["dedans.zip", "dedans.csv", "dedans.xlsx"])
def test_an_archive_inside_an_archive_is_not_opened(tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / "dedans", "w", zipfile.ZIP_DEFLATED) as inner:
        inner.writestr("table.csv", "code;pop\n" + "86082;1\n" * 2_000_000)
    with zipfile.ZipFile(tmp_path / "dehors.zip", "w", zipfile.ZIP_DEFLATED) as outer:
        outer.write(tmp_path / "dedans", name)
    with pytest.raises(SourceError, match=r"un seul fichier CSV|n’est pas un texte CSV"):
        read_book(tmp_path / "dehors.zip")


def test_what_is_packed_twice_is_unpacked_once(tmp_path: Path) -> None:
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(gzip.compress(b"code;pop\n86082;1\n")))
    with pytest.raises(SourceError, match="n’est pas un texte CSV"):
        read_book(tmp_path / "a.csv.gz")


def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("no pipes in the file system of this machine")
    os.mkfifo(tmp_path / "a.csv")
    with pytest.raises(SourceError, match="fichier ordinaire"):
        read_book(tmp_path / "a.csv")
    with pytest.raises(SourceError, match="ne peut pas exister"):
        read_book(tmp_path / "a\0.csv")


def endless(path: Path) -> None:
    path.write_bytes(b"code;pop\n86082;" + b"1" * 60_000_000 + b"\n")


def wide(path: Path) -> None:
    path.write_text(";".join("a" * 1_000_000) + "\n", encoding="utf-8")


def wide_and_short(path: Path) -> None:
    path.write_text(";" * 30_000 + "\n86082;1\n", encoding="utf-8")


def listed(path: Path) -> None:
    parquet.write_table(pa.table({"code": ["86082"], "pop": pa.array([[1] * 5_000_000])}), path)


def repeated(path: Path) -> None:
    words = pa.DictionaryArray.from_arrays(pa.array([0] * 5_000), pa.array(["x" * 1_000_000]))
    parquet.write_table(pa.table({"code": words}), path)


def repeated_plain(path: Path) -> None:
    parquet.write_table(pa.table({"code": ["x" * 1_000_000] * 300}), path, store_schema=False)


CHILD = """
import resource, sys, time
from pathlib import Path
import pyarrow.compute, pyarrow.parquet
from ctgeval.errors import CtgevalError
from ctgeval.sources.sheets import read_book
before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
try:
    read_book(Path(sys.argv[1]))
    print("read")
except CtgevalError as error:
    print(error.problem.message)
print(time.process_time() - start, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the unit of ru_maxrss is that of Linux")
@pytest.mark.parametrize(
    ("name", "make", "message"),
    [
        ("ligne.csv", endless, "pèse plus de 4 Mo"),
        ("large.csv", wide_and_short, "30001 colonnes"),
        ("colonnes.csv", lambda path: wide(path.with_suffix(".csv")), "999999 colonnes|1000000 colonnes"),
        ("listes.parquet", listed, "rangées en listes"),
        ("mots.parquet", repeated, "beaucoup trop de texte"),
        ("textes.parquet", repeated_plain, "beaucoup trop de texte"),
    ],
)
def test_bombs_cost_little(tmp_path: Path, name: str, make: Callable[[Path], None], message: str) -> None:
    path = tmp_path / name
    make(path)
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(path)], capture_output=True, text=True, check=True, timeout=60
    )
    told, cost = done.stdout.splitlines()
    assert any(part in told for part in message.split("|")), told
    seconds, megabytes = map(float, cost.split())
    assert seconds < 2
    assert megabytes < 300


def test_words_that_repeat_in_a_parquet_file_are_read_as_they_are(tmp_path: Path) -> None:
    table = pa.table(
        {"code": ["86082", None, "86078", "86082"], "pop": [1, 2, None, 4], "x": [["a"], [], None, ["b", "c"]]}
    )
    parquet.write_table(table, tmp_path / "a.parquet")
    (sheet,) = read_book(tmp_path / "a.parquet").sheets
    assert [cells[:2] for _, cells in sheet.rows] == [
        ["code", "pop"],
        ["86082", "1"],
        ["", "2"],
        ["86078", ""],
        ["86082", "4"],
    ]
