"""``ctg.toml`` is read whatever its editor, and a text that can't be read is placed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from ctgeval import config
from ctgeval.config import toml
from ctgeval.errors import Problem

Write = Callable[..., Path]


def only(folder: Path) -> Problem:
    found, problems = config.check(folder)
    assert found is None
    (problem,) = problems
    return problem


def test_a_byte_order_mark_and_windows_lines_are_ordinary(dossier: Write) -> None:
    folder = dossier()
    text = (folder / "ctg.toml").read_text(encoding="utf-8")
    (folder / "ctg.toml").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert config.check(folder)[1] == []


def test_a_file_that_is_not_utf8_says_so_and_where(dossier: Write) -> None:
    folder = dossier()
    text = (folder / "ctg.toml").read_text(encoding="utf-8").replace("’", "'").replace("Ajout d'un", "Élargi d'un")
    (folder / "ctg.toml").write_bytes(text.encode("cp1252"))
    problem = only(folder)
    assert "UTF-8" in problem.message
    assert problem.row == 14
    assert problem.value == "C9"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('nom = "CC', "guillemet"),
        ("nom = CC du Civraisien", "guillemets"),
        ('nom "CC"', "clé = valeur"),
        ('fichier = "C:\\Users\\x.csv"', "« / »"),
        ("perimetre = 2023", "plus haut"),
        ("[territoire]", "plus haut"),
        ("signataires = [", ""),
    ],
)
def test_a_fault_of_syntax_gives_its_line_and_a_remedy(dossier: Write, line: str, said: str) -> None:
    problem = only(dossier(("perimetre = 2024", f"perimetre = 2024\n{line}")))
    assert problem.row is not None
    assert problem.row >= 5
    assert said in problem.remedy
    assert "TOML" in problem.message


def test_a_folder_without_configuration_names_the_file_that_may_be_it(tmp_path: Path) -> None:
    (tmp_path / "ctg.toml.txt").write_text("", encoding="utf-8")
    assert "« ctg.toml.txt »" in only(tmp_path).remedy


def test_a_folder_that_does_not_exist_names_its_neighbour(tmp_path: Path) -> None:
    (tmp_path / "dossier-civray").mkdir()
    assert "« dossier-civray »" in only(tmp_path / "dossier-civrai").remedy


def test_an_empty_file_asks_for_its_territory(tmp_path: Path) -> None:
    (tmp_path / "ctg.toml").write_bytes(b"")
    found, problems = config.check(tmp_path)
    assert found is None
    assert [problem.key for problem in problems if problem.severity == "bloquant"] == ["territoire"]


def test_lines_of_keys_skip_long_texts_and_comments(tmp_path: Path) -> None:
    (tmp_path / "ctg.toml").write_text(
        '# a = 1\n[x]\na = """\nb = 2\n"""\n"c d" = [\n  "e = 3",\n]\n[[y]]\nz = 1\n[[y]]\nz = 2\n[y.w]\nv = 1\n',
        encoding="utf-8",
    )
    document, problems = toml.read(tmp_path)
    assert problems == []
    assert document is not None
    assert document.lines == {
        ("x",): 2,
        ("x", "a"): 3,
        ("x", "c d"): 6,
        ("y", 0): 9,
        ("y", 0, "z"): 10,
        ("y", 1): 11,
        ("y", 1, "z"): 12,
        ("y", 1, "w"): 13,
        ("y", 1, "w", "v"): 14,
    }
    assert document.line(("y", 1, "absent")) == 11


@given(st.binary(max_size=300))
def test_any_bytes_give_problems_and_never_a_traceback(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    folder = tmp_path_factory.mktemp("n")
    (folder / "ctg.toml").write_bytes(data)
    found, problems = config.check(folder)
    assert found is None
    assert problems
