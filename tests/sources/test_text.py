from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ctgeval.errors import AmbiguousSource, SourceError
from ctgeval.sources import text
from ctgeval.sources.files import RawFile

Write = Callable[..., Path]


def raw(data: bytes) -> RawFile:
    return RawFile(name="x.csv", data=data, sha256="")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "cp850", "mac_roman"])
def test_french_text_comes_back_whatever_its_encoding(encoding: str) -> None:
    sentence = "Libellé;Très bon accueil à Couhé, Médée et Noël\n"
    decoded, name = text.decode(raw(sentence.encode(encoding)))
    assert decoded == sentence
    assert name == encoding


@pytest.mark.parametrize("word", ["Libellé", "COUHÉ", "l’accueil", "« Médée »", "12 °C", "Chef-d’œuvre à Médée"])
def test_one_word_is_enough_to_know_cp1252(word: str) -> None:
    assert text.decode(raw(word.encode("cp1252"))) == (word, "cp1252")


def test_the_real_latin1_file_is_read(real_data: Path) -> None:
    grid = text.read_grid(real_data / "messy" / "laposte_hexasmal_latin1.csv")
    assert grid.encoding == "cp1252"
    assert "Libellé_d_acheminement" in grid.header
    assert any("cp1252" in note for note in grid.notes)


def test_an_encoding_that_can_be_read_in_two_ways_is_asked() -> None:
    # 0x85 is « … » in cp1252 and « à » in cp850.
    with pytest.raises(AmbiguousSource) as caught:
        text.decode(raw(b"a;b \x85 c\n"))
    assert caught.value.problem.key == "encodage"
    assert "encodage = " in caught.value.problem.remedy
    assert text.decode(raw(b"a;b \x85 c\n"), encoding="cp850")[0] == "a;b à c\n"


def test_a_broken_utf8_is_asked_not_guessed() -> None:
    with pytest.raises(AmbiguousSource):
        text.decode(raw("Couhé é".encode() + b"\xff\xc3"))


@pytest.mark.parametrize("told", ["klingon", "ascii"])
def test_a_wrong_answer_is_told(told: str) -> None:
    with pytest.raises(SourceError, match="encodage indiqué"):
        text.decode(raw("é".encode()), encoding=told)


def test_a_grid_keeps_lines_and_tells_what_it_left(write: Write) -> None:
    grid = text.read_grid(write("a;b;;\n1;2;;\n\n3;4;;\n;;;\n5;6;;;;\n7\n8;9;x;;y\n"))
    assert grid.header == ("a", "b")
    assert list(grid.lines) == [2, 4, 6]
    assert [line for line, _, _ in grid.ragged] == [7, 8]
    assert grid.n_rows == 5
    assert grid.columns["b"] == ("2", "4", "6")
    assert any("sans nom : 2" in note for note in grid.notes)
    assert any("vides, non comptées : 2" in note for note in grid.notes)


def test_unnamed_values_are_told(write: Write) -> None:
    grid = text.read_grid(write("a;b;\n1;2;perdu\n"))
    assert any("1 valeurs n’ont pas de nom" in note for note in grid.notes)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a;b;A \n1;2;3\n", "figure 2 fois"),
        ("a;b\n", "aucune ligne de données"),
        ('a;b\n1;"2\n3;4\n5;6\n', "guillemet"),
        ('a;b\n1;"2\n3";4;5\n', "guillemet"),
        pytest.param("a;b\n1;" + '"' + "x" * 200_000 + '"\n', "guillemet", id="huge cell"),
    ],
)
def test_what_cannot_be_cut_is_refused(write: Write, content: str, said: str) -> None:
    with pytest.raises(SourceError, match=said) as caught:
        text.read_grid(write(content))
    assert caught.value.problem.file == "fichier.csv"


def test_a_missing_column_is_told_with_the_near_one(write: Write) -> None:
    grid = text.read_grid(write("Numero Commune;Taux globale\n1;2\n"))
    assert grid.require("Numéro commune") == "Numero Commune"
    with pytest.raises(SourceError, match="Taux globale"):
        grid.require("Taux global")


def test_a_workbook_given_as_a_csv_is_told_how_to_export(write: Write) -> None:
    with pytest.raises(SourceError, match="CSV UTF-8"):
        text.read_grid(write(b"PK\x03\x04", "x.xlsx"))


def test_columns_that_nobody_reads_are_named_up_to_a_point(write: Write) -> None:
    few = text.read_grid(write("CODGEO;P18_POP;Libellé;x\n86194;1;a;b\n"))
    assert few.unread("codgeo", "p18-pop", "LIBELLE") == "Colonnes que ce format ne lit pas : x."
    assert few.unread(*few.header) == ""
    names = ";".join(f"c{rank}" for rank in range(1_900))
    many = text.read_grid(write(f"CODGEO;{names}\n86194;{';'.join(['1'] * 1_900)}\n")).unread("CODGEO")
    assert many.endswith("c59… et 1840 autres.")


def test_a_decimal_comma_that_nobody_quoted_never_moves_the_figures_of_its_line(write: Callable[..., Path]) -> None:
    # The last cell is empty: the line would look like a right one, once the empty cell in excess was cut.
    grid = text.read_grid(write("code,a,b,c\n86082,522,7,,\n86194,1,2,3\n"))
    assert grid.lines == [3]
    assert grid.ragged[0][:2] == (2, 5)
    # A semicolon is never a decimal mark: those that end a line are no cells.
    assert text.read_grid(write("code;a\n86082;1;;\n86194;2;\n")).lines == [2, 3]
