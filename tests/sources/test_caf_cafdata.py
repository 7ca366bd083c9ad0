from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import ctgeval
from ctgeval import observations, sources, territory
from ctgeval.errors import SourceError
from ctgeval.sources import SourceTable
from ctgeval.territory import reference

FORMAT = "caf.cafdata"
Write = Callable[..., Path]
Text = Callable[..., str]
Lawful = Callable[[SourceTable], None]


def cell(table: SourceTable, geo: str, measure: str, period: str, **dimensions: str) -> dict[str, object]:
    rows = table.observations
    rows = rows[(rows["geo"] == geo) & (rows["measure"] == measure) & (rows["time_period"] == period)]
    for name, value in dimensions.items():
        rows = rows[rows[name] == value]
    assert len(rows) == 1
    return dict(rows.iloc[0])


def test_the_row_of_the_epci_is_rounded_to_five(write: Write, cafdata: Text, lawful: Lawful) -> None:
    table = sources.read(write(cafdata()), format=FORMAT, key="caf", reference=reference.load())
    lawful(table)
    assert observations.check(table.observations) == []
    assert observations.frame(table.observations).equals(table.observations)
    whole = cell(table, "EPCI-200070035", "foyers_allocataires", "2024")
    assert (whole["value"], whole["low"], whole["high"], whole["geography"]) == (3_155, 3_153, 3_159, 2025)
    none = cell(table, "EPCI-200070043", "foyers_rsa", "2024")
    assert (none["value"], none["low"], none["high"], none["conf_status"]) == (0, 0, 4, "F")
    assert any("MSA" in note for note in table.notes)


def test_amounts_are_those_of_the_month(write: Write, cafdata: Text) -> None:
    table = sources.read(write(cafdata()), format=FORMAT)
    amount = cell(table, "EPCI-200070035", "montant_rsa", "2024-12")
    assert (amount["value"], amount["low"], amount["high"]) == (251_300, 251_250, 251_399)
    assert not (table.observations["measure"].eq("montant_rsa") & table.observations["time_period"].eq("2024")).any()


def test_an_empty_count_is_not_zero(write: Write, cafdata: Text) -> None:
    row = "2024-12;200070035;CC du Civraisien en Poitou;3155;6870;;251300;300"
    table = sources.read(write(cafdata(row)), format=FORMAT)
    empty = cell(table, "EPCI-200070035", "foyers_rsa", "2024")
    assert np.isnan(float(str(empty["value"])))
    assert (empty["low"], empty["high"], empty["conf_status"]) == (0, np.inf, "C")


def test_fields_and_labels_are_the_same_columns(write: Write) -> None:
    content = (
        "dtreffre,numcomdo,nomcom,numepci,indfoy_ndur,indnbp_ndur,indmtt_ndur,indfoy_inconnu\n"
        "2023-12,86082,Valence-en-Poitou,200070035,610,1400,301200,5\n"
        "2023-12,1004,Ambérieu,240100883,2000,4500,900100,5\n"
        "2023-12,,,,155,300,50000,5\n"
        "2023-06,86082,Valence-en-Poitou,200070035,600,1395,300000,5\n"
    )
    table = sources.read(write(content), format=FORMAT)
    assert cell(table, "COM-86082", "foyers_allocataires", "2023")["value"] == 610
    assert cell(table, "COM-86082", "foyers_allocataires", "2023-06")["value"] == 600
    assert cell(table, "COM-01004", "personnes_couvertes_caf", "2023")["high"] == 4_504
    assert "ne rattache à aucun territoire" in table.rejected["reason"].item()
    assert any("indfoy_inconnu" in note for note in table.notes)
    assert any("la somme des communes s’écarte" in note for note in table.notes)


@pytest.mark.parametrize(("cell", "period"), [("202312", "2023"), ("20231231", "2023"), ("202306", "2023-06")])
def test_dates_without_marks_are_read(write: Write, cell: str, period: str) -> None:
    content = f"dtreffre,numcomdo,indfoy_ndur\n{cell},86082,610\n"
    table = sources.read(write(content), format=FORMAT)
    assert table.observations["time_period"].tolist() == [period]


def test_departements_are_exact_when_they_are_not_rounded(write: Write) -> None:
    content = "Date référence;Numéro département;Nombre foyers RSA\n2022;86;9123\n2022;2A;1001\n2022;1;4567\n"
    table = sources.read(write(content), format=FORMAT)
    exact = cell(table, "DEP-86", "foyers_rsa", "2022")
    assert (exact["low"], exact["high"]) == (9_123, 9_123)
    assert set(table.observations["geo"]) == {"DEP-86", "DEP-2A", "DEP-01"}
    assert any("ne sont pas arrondis" in note for note in table.notes)


def test_a_count_that_is_not_rounded_among_others_is_rejected(write: Write, cafdata: Text, lawful: Lawful) -> None:
    rows = [f"2024-12;2000700{rank};X;3155;6870;300;251300;300" for rank in (35, 43)]
    table = sources.read(write(cafdata(*rows, "2024-12;248600413;Y;3157;6870;300;251300;300")), format=FORMAT)
    lawful(table)
    assert "multiple de 5" in table.rejected["reason"].item()


def test_benefits_may_be_named_row_by_row(write: Write, lawful: Lawful) -> None:
    content = (
        "Date référence;Numéro EPCI;Type de prestation;Nombre de foyers;Nombre de personnes\n"
        "2023-12;200070035;Revenu de solidarité active (RSA);300;650\n"
        "2023-12;200070035;APL;400;700\n"
        "2023-12;200070035;Prime de naissance;20;60\n"
    )
    table = sources.read(write(content), format=FORMAT)
    lawful(table)
    assert cell(table, "EPCI-200070035", "foyers_rsa", "2023")["value"] == 300
    assert cell(table, "EPCI-200070035", "personnes_rsa", "2023")["value"] == 650
    assert cell(table, "EPCI-200070035", "foyers_apl", "2023")["value"] == 400
    assert "prestation que ce format ne suit pas" in table.rejected["reason"].item()


def test_ages_and_sexes_are_categories_and_other_breakdowns_keep_their_total(write: Write, lawful: Lawful) -> None:
    content = (
        "Date référence;Numéro EPCI;Tranche d'âge;Sexe;Type RSA;Nombre foyers RSA\n"
        "2023-12;200070035;Ensemble;Ensemble;Total;300\n"
        "2023-12;200070035;25 à 29 ans;Femmes;Total;40\n"
        "2023-12;200070035;25 à 29 ans;Hommes;Total;35\n"
        "2023-12;200070035;Ensemble;Ensemble;RSA majoré;45\n"
    )
    table = sources.read(write(content), format=FORMAT)
    lawful(table)
    assert cell(table, "EPCI-200070035", "foyers_rsa", "2023", age="", sexe="")["value"] == 300
    assert cell(table, "EPCI-200070035", "foyers_rsa", "2023", age="25 à 29 ans", sexe="F")["value"] == 40
    assert "Type RSA" in table.rejected["reason"].item()
    parts = content.replace(";Total;", ";RSA socle;")
    with pytest.raises(SourceError, match="ventilations"):
        sources.read(write(parts), format=FORMAT)


def test_provisional_figures_are_marked(write: Write) -> None:
    content = (
        "Date référence;Numéro EPCI;Statut;Nombre foyers RSA\n"
        "2023-12;200070035;Définitif;300\n2024-12;200070035;Provisoire;310\n"
    )
    table = sources.read(write(content), format=FORMAT)
    assert table.observations["obs_status"].tolist() == ["A", "P"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("Date référence;Numéro EPCI;Autre\n2023-12;200070035;5\n", "Nombre foyers NDUR"),
        ("Numéro EPCI;Nombre foyers RSA\n200070035;5\n", "Date référence"),
        ("Date référence;Lieu;Nombre foyers RSA\n2023-12;x;5\n", "Numéro EPCI"),
        ("Date référence;N;Nom commune;Numéro EPCI;Nombre foyers RSA\n2023-12;86082;V;200070035;5\n", "commune"),
    ],
)
def test_a_missing_column_is_one_error(write: Write, content: str, said: str) -> None:
    with pytest.raises(SourceError, match=said):
        sources.read(write(content), format=FORMAT)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("2024-13;200070035;X;3155;6870;300;251300;300", "date"),
        ("2024-12;86082;X;3155;6870;300;251300;300", "SIREN"),
        ("2024-12;200070035;X;-5;6870;300;251300;300", "négative"),
        ("2024-12;200070035;X;<5;6870;300;251300;300", "nombre"),
    ],
)
def test_a_faulty_row_is_told(write: Write, cafdata: Text, lawful: Lawful, row: str, said: str) -> None:
    table = sources.read(write(cafdata("2024-12;200070043;X;3155;6870;300;251300;300", row)), format=FORMAT)
    lawful(table)
    assert said in table.rejected["reason"].item()


def test_a_national_file_is_read_in_a_second_or_so(write: Write) -> None:
    known = reference.load()
    alive = known.places["geo"].str.startswith("COM-") & (known.places["last"] >= 2025)
    codes = sorted({geo.removeprefix("COM-") for geo in known.places.loc[alive, "geo"]})
    rows = "\n".join(f"2024-12;{code};{rank % 900 * 5};{rank % 700 * 5}" for rank, code in enumerate(codes))
    path = write(f"dtreffre;numcomdo;indfoy_ndur;indfoy_rsa\n{rows}\n")
    start = time.process_time()
    table = sources.read(path, format=FORMAT, reference=known)
    assert time.process_time() - start < 4
    assert table.n_rejected == 0
    assert table.n_rows > 34_000


DOSSIER = """
[territoire]
code = "EPCI-200070035"
nom = "CC du Civraisien en Poitou"
perimetre = 2024
[convention]
debut = 2022-01-01
fin = 2026-12-31
[indicateurs]
retenus = ["AD04"]
"""
SOURCE = """
[[source]]
cle = "{key}"
fichier = "sources/{key}.csv"
format = "caf.cafdata"
producteur = "Cnaf"
licence = "Licence Ouverte 2.0"
mise_a_jour = 2024-11-30
diffusion = "ouverte"
"""


def test_the_row_of_the_epci_is_preferred_to_the_sum_of_its_communes(tmp_path: Path) -> None:
    (tmp_path / "sources").mkdir()
    communes = territory.members("EPCI-200070035", year=2024)
    rows = "".join(f"2023-12;{code.removeprefix('COM-')};5\n" for code in communes)
    for key, content in (
        ("communes", f"Date référence;Numéro commune;Nombre foyers RSA\n{rows}"),
        ("epci", "Date référence;Numéro EPCI;Nombre foyers RSA\n2023-12;200070035;300\n"),
    ):
        (tmp_path / "sources" / f"{key}.csv").write_text(content, encoding="utf-8")
    told = DOSSIER + SOURCE.format(key="communes")
    (tmp_path / "ctg.toml").write_text(told, encoding="utf-8")
    summed = ctgeval.open(tmp_path).indicators("AD04", geo="EPCI-200070035").iloc[0]
    # 35 communes: the truth is between 35 times 3 and 35 times 9.
    assert (summed["value"], summed["low"], summed["high"]) == (175, 105, 315)
    (tmp_path / "ctg.toml").write_text(told + SOURCE.format(key="epci"), encoding="utf-8")
    own = ctgeval.open(tmp_path).indicators("AD04", geo="EPCI-200070035").iloc[0]
    assert (own["value"], own["low"], own["high"], own["source"]) == (300, 298, 304, "epci")
