"""Rows in = rows accepted + rows rejected, whatever happened to the file on its way."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, strategies as st

from ctgeval import observations, sources
from ctgeval.errors import PersonalDataFound, SourceError
from ctgeval.sources import SourceTable
from tests.examples import examples

FORMATS = {
    "anct.france_services": "services",
    "anct.projets": "projects",
    "caf.cafdata": "cafdata",
    "caf.iris": "iris",
    "caf.taux_couverture": "caf",
    "education.effectifs": "coded_schools",
    "geographie.appartenance": "members",
    "geographie.communes": "members",
    "geographie.evenements": "moves",
    "geographie.passages": "passages",
    "insee.comparateur": "comparateur",
    "insee.filosofi": "filo",
    "insee.filosofi_cc": "filo",
    "insee.melodi": "melodi",
    "insee.population": "panel",
    "insee.rp": "census",
    "kobo": "kobo",
    "limesurvey": "lime",
    "scdl.subventions": "grants",
}
CELLS = st.one_of(
    st.sampled_from(["", "0", "-1", "NaN", "inf", "s", "1,5", "1.5", "1.234", "1\u202f036", '"', "é", "86194", "2021"]),
    st.text(alphabet="0123456789.,;-\"' \r\nabc\u00a0", max_size=6),
)
EDITS = st.lists(st.tuples(st.integers(0, 400), st.sampled_from(["replace", "insert", "delete"]), CELLS), max_size=4)


def mutate(text: str, edits: list[tuple[int, str, str]]) -> str:
    for place, kind, piece in edits:
        at = place % (len(text) + 1)
        end = at if kind == "insert" else at + 3
        text = text[:at] + ("" if kind == "delete" else piece) + text[end:]
    return text


def attempt(path: Path, name: str) -> SourceTable | SourceError:
    try:
        return sources.read(path, format=name)
    except SourceError as error:
        return error


@pytest.mark.parametrize("name", sorted(FORMATS))
@examples(30, suppress=(HealthCheck.function_scoped_fixture,))
@given(edits=EDITS)
def test_nothing_is_lost_in_a_mutated_file(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    lawful: Callable[[SourceTable], None],
    name: str,
    edits: list[tuple[int, str, str]],
) -> None:
    text = mutate(request.getfixturevalue(FORMATS[name])(), edits)
    path = tmp_path / "fichier.csv"
    path.write_bytes(text.encode())
    read = attempt(path, name)
    if isinstance(read, SourceError):
        assert read.problem.file == "fichier.csv"
        assert read.problem.remedy
        return
    lawful(read)
    cut = csv.reader(io.StringIO(text, newline=""), delimiter=read.separator)
    assert read.n_rows == sum(bool("".join(record).strip()) for record in cut) - 1
    assert observations.check(read.observations) == []
    assert observations.frame(read.observations).equals(read.observations)
    assert not read.rejected.duplicated(["row", "column"]).any()


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_no_reader_lets_persons_in_unless_a_reason_is_written(
    request: pytest.FixtureRequest, tmp_path: Path, lawful: Callable[[SourceTable], None], name: str
) -> None:
    header, *rows = request.getfixturevalue(FORMATS[name])().splitlines()
    mark = max(";,", key=header.count)
    path = tmp_path / "fichier.csv"
    persons = "\r\n".join([f"{header}{mark}Assuré", *(f"{row}{mark}185057800608491" for row in rows)])
    path.write_text(persons + "\r\n", encoding="utf-8", newline="")
    with pytest.raises(PersonalDataFound) as caught:
        sources.read(path, format=name)
    assert [problem.column for problem in caught.value.problems] == ["Assuré"]
    if name == "insee.melodi":
        # There, any other column is a breakdown of the figures: none is left once it is let in.
        return
    read = sources.read(path, format=name, admitted={"Assuré": "numéros inventés pour un essai"})
    lawful(read)
    assert any("numéros inventés pour un essai" in note for note in read.notes)
