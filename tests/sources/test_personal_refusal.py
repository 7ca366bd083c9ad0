"""Personal data, by whatever door it comes in: described files of any kind, and the coordinator's own tables."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from ctgeval import programme, sources
from ctgeval.errors import PersonalDataFound
from ctgeval.render.sections import reading
from ctgeval.sources import workbook
from ctgeval.sources.description import Description, Period, Place, Wide

ROWS = pd.DataFrame(
    {"code": ["86078", "86082", "86194"], "pop": [2600, 1855, 90], "Courriel": ["m.dupont@exemple.fr", "", ""]}
)
TOLD = Description(
    place=Place(level="COM", columns=("code",)),
    period=Period(value="2021"),
    wide={"pop": Wide(measure="population_municipale")},
)
WRITERS: dict[str, Callable[[Path], object]] = {
    "csv": lambda path: ROWS.to_csv(path, index=False, sep=";"),
    "json": lambda path: path.write_text(json.dumps(ROWS.to_dict("records")), encoding="utf-8"),
    "parquet": ROWS.to_parquet,
    "xlsx": lambda path: ROWS.to_excel(path, index=False),
}


@pytest.mark.parametrize("suffix", sorted(WRITERS))
def test_a_described_file_is_refused_unless_its_column_is_admitted(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"inscriptions.{suffix}"
    WRITERS[suffix](path)
    with pytest.raises(PersonalDataFound) as caught:
        sources.read(path, format="tableau", description=TOLD)
    (problem,) = caught.value.problems
    assert (problem.file, problem.column) == (path.name, "Courriel")
    assert problem.sheet == ("Sheet1" if suffix == "xlsx" else "")
    assert 'donnees_personnelles = { "Courriel"' in problem.remedy
    assert "dupont" not in str(caught.value)
    table = sources.read(path, format="tableau", description=TOLD, admitted={"Courriel": "adresse du service"})
    assert table.n_accepted == 3
    assert [note for note in table.notes if "adresse du service" in note]


def test_answers_written_freely_are_refused_in_a_described_survey(tmp_path: Path) -> None:
    words = "il faudrait davantage de places le mercredi après-midi dans ma commune"
    rows = pd.DataFrame({"Q1": ["oui", "non"] * 10, "Q2": [f"Réponse {rank} : {words}" for rank in range(20)]})
    rows.to_csv(tmp_path / "enquete.csv", index=False, sep=";")
    with pytest.raises(PersonalDataFound, match="Q2"):
        sources.read(tmp_path / "enquete.csv", format="tableau", description=Description(shape="reponses"))


def journal(folder: Path, text: str, **more: str) -> workbook.Table:
    columns = {"date": "2024-03-01", "type": "reussite", "texte": text, **more}
    content = ";".join(columns) + "\n" + ";".join(columns.values()) + "\n"
    (folder / "journal.csv").write_text(content, encoding="utf-8")
    return workbook.read_tables(folder, programme.SCHEMAS)["journal"]


@pytest.mark.parametrize(
    ("text", "more", "kind"),
    [
        ("Écrire à m.dupont@exemple.fr", {}, "adresse électronique"),
        ("Dossier 1 84 05 86 078 123 23 revu", {"NIR": "184058607812388"}, "sécurité sociale"),
        ("Ouverture du relais", {"Téléphone": "06 12 34 56 78"}, "téléphone"),
        ("Ouverture du relais", {"Prénom": "Camille", "Nom": "Martin"}, "prénom"),
    ],
)
def test_the_coordinator_s_tables_are_held_to_the_same_rule(
    tmp_path: Path, text: str, more: dict[str, str], kind: str
) -> None:
    table = journal(tmp_path, text, **more)
    assert table.frame.empty
    assert table.n_rows == 1
    assert any(kind in problem.message for problem in table.problems)
    assert {problem.severity for problem in table.problems} == {"bloquant"}
    assert {problem.file for problem in table.problems} == {"journal.csv"}
    assert "dupont" not in "".join(problem.message + problem.value for problem in table.problems)
    assert len(journal(tmp_path, "Ouverture du relais").frame) == 1


def test_a_sheet_of_the_workbook_is_told_by_its_name(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "journal"
    sheet.append(["Journal de la convention"])
    sheet.append(["date", "type", "texte", "Contact"])
    sheet.append(["2024-03-01", "reussite", "Ouverture du relais", "06.12.34.56.78"])
    book.save(tmp_path / workbook.WORKBOOK)
    (problem,) = workbook.read_tables(tmp_path, programme.SCHEMAS)["journal"].problems
    assert (problem.sheet, problem.column) == ("journal", "Contact (D)")


def test_two_cells_far_apart_do_not_open_the_workbook(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "journal"
    sheet["A1"], sheet["XFD1048576"] = "date", 1
    book.save(tmp_path / workbook.WORKBOOK)
    tables = workbook.read_tables(tmp_path, programme.SCHEMAS)
    (problem,) = [problem for table in tables.values() for problem in table.problems]
    assert "trop loin" in problem.message


def test_what_is_admitted_is_printed_with_the_sources(tmp_path: Path) -> None:
    WRITERS["csv"](tmp_path / "a.csv")
    table = sources.read(
        tmp_path / "a.csv", format="tableau", description=TOLD, admitted={"Courriel": "adresse du service"}
    )
    row = {"titre": "Inscriptions", "cle": "a", "notes": " ".join(table.notes)}
    (told,) = reading.admitted_in([row, {**row, "notes": "Encodage reconnu : cp1252."}])
    assert told.startswith("Inscriptions")
    assert "adresse du service" in told
