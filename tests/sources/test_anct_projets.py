from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from ctgeval import observations, sources, territory
from ctgeval.errors import SourceError
from ctgeval.sources import SourceTable
from ctgeval.territory import reference

FORMAT = "anct.projets"
Write = Callable[..., Path]
Text = Callable[..., str]
Lawful = Callable[[SourceTable], None]


def read(write: Write, content: str, name: str = "fichier.csv", **options: object) -> SourceTable:
    return sources.read(write(content, name), format=FORMAT, key="detr", **options)  # type: ignore[arg-type]


def value(table: SourceTable, measure: str, geo: str) -> float:
    rows = table.observations
    return float(rows.loc[rows["measure"].eq(measure) & rows["geo"].eq(geo), "value"].item())


def test_projects_are_added_up_by_who_carries_them(write: Write, projects: Text, lawful: Lawful) -> None:
    table = read(write, projects())
    lawful(table)
    assert (table.n_rows, table.n_accepted) == (4, 4)
    assert value(table, "projets_etat_communes", "COM-86194") == 2
    assert value(table, "cout_projets_etat_communes", "COM-86194") == 26292.74
    assert value(table, "subventions_etat_communes", "COM-86194") == 8202.45
    assert value(table, "projets_etat_epci", "EPCI-200070035") == 1
    assert value(table, "subventions_etat_epci", "EPCI-200070035") == 58306.66
    assert table.observations["time_period"].eq("2027").all()
    assert table.observations["geography"].eq(2027).all()
    assert table.observations["origin"].iloc[0] == "fichier.csv!2-3"
    assert observations.check(table.observations) == []
    rows = table.tables["projets"]
    assert rows["geo"].tolist() == ["COM-86194", "COM-86194", "EPCI-200070035", ""]
    assert rows["levier"].round(3).tolist() == [0.35, 0.25, 0.118, 0.4]
    assert rows["origin"].tolist() == [f"fichier.csv!{line}" for line in range(2, 6)]
    assert rows["INSEEDEP"].eq("86").all()
    assert any("syndicat" in note and ": 1." in note for note in table.notes)


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("2027DI9,DETR,Commune,86,200070035,X,x,100,50,,X", ("CODGEO", "neuf chiffres")),
        ("2027DI9,DETR,Commune,86,8.6E+4,X,x,100,50,,X", ("CODGEO", "tableur")),
        ("2027DI9,DETR,Commune,86,,X,x,100,50,,X", ("CODGEO", "manque")),
        ("2027DI9,DETR,Commune,86,86041,X,x,100,150,,X", ("SUBVENTION", "dépasse")),
        ("2027DI9,DETR,Commune,86,86041,X,x,-100,50,,X", ("COUT", "négative")),
        ("2027DI9,DETR,Commune,86,86041,X,x,cent,50,,X", ("COUT", "nombre")),
        ("DI9,DETR,Commune,86,86041,X,x,100,50,,X", ("IDENTIFIANT", "année")),
        ("2027DI1,DETR,Commune,86,86041,X,x,100,50,,X", ("IDENTIFIANT", "même identifiant")),
    ],
)
def test_a_faulty_project_is_told(
    write: Write, projects: Text, lawful: Lawful, row: str, fault: tuple[str, str]
) -> None:
    column, said = fault
    good = '2027DI1,DETR,Commune,86,86194,P,x,"16292,74",5702.45,"0,35",Poitiers'
    table = read(write, projects(good, row))
    lawful(table)
    told = table.rejected[table.rejected["row"] == 3].iloc[0]
    assert told["column"] == column
    assert said in told["reason"]


def test_the_same_line_twice_counts_once(write: Write, projects: Text, lawful: Lawful) -> None:
    row = "2027DI1,DETR,Commune,86,86194,P,x,100,50,,Poitiers"
    table = read(write, projects(row, row))
    lawful(table)
    assert value(table, "subventions_etat_communes", "COM-86194") == 50
    assert sources.is_harmless(table.rejected["reason"].item())


def test_a_missing_amount_leaves_a_sum_open(write: Write, projects: Text) -> None:
    table = read(
        write,
        projects("2027DI1,DETR,Commune,86,86194,P,x,100,50,,P", "2027DI2,DETR,Commune,86,86194,P,x,,30,,P"),
    )
    row = table.observations[table.observations["measure"] == "cout_projets_etat_communes"].iloc[0]
    assert pd.isna(row["value"])
    assert (row["low"], row["high"]) == (100, float("inf"))
    assert value(table, "subventions_etat_communes", "COM-86194") == 80


def test_another_vintage_without_numbers_takes_its_year_from_the_name(write: Write) -> None:
    content = (
        "LIBGEO;SUBVENTION;COUT;COMMENT;CATEGORIE;CODGEO;ECHELON;DOT;NOUVELLE\nL;10,5;21;c;1;1004;Commune;DSIL;z\n"
    )
    table = read(write, content, "projets_2021.csv")
    row = table.observations[table.observations["measure"] == "subventions_etat_communes"].iloc[0]
    assert (row["geo"], row["time_period"], row["value"]) == ("COM-01004", "2021", 10.5)
    assert table.tables["projets"][["description", "NOUVELLE"]].to_numpy().tolist() == [["c", "z"]]
    with pytest.raises(SourceError, match="année des subventions") as caught:
        read(write, content)
    assert "projets_2018.csv" in caught.value.problem.remedy


def test_columns_under_their_long_names_are_the_same(write: Write, projects: Text) -> None:
    names = {"CODGEO": "Code INSEE bénéficiaire", "COUT": "Coût total HT", "SUBVENTION": "Subvention accordée"}
    renamed = projects()
    for short, long in names.items():
        renamed = renamed.replace(f",{short},", f",{long},", 1)
    assert all(long in renamed for long in names.values())
    assert read(write, renamed).observations.equals(read(write, projects()).observations)


def test_a_vanished_column_is_one_clear_error(write: Write, projects: Text) -> None:
    with pytest.raises(SourceError, match="CODGEO"):
        read(write, projects().replace("CODGEO", "GEOCODE"))


def test_an_extract_for_one_epci_says_nothing_of_the_others(write: Write, projects: Text) -> None:
    table = read(write, projects().replace("2027DI", "2024DI"), reference=reference.load())
    assert set(table.observations["geo"]) == {"COM-86194", "EPCI-200070035"}


def test_the_real_file(real_data: Path, lawful: Lawful) -> None:
    known = reference.load()
    path = real_data / "actions" / "projets_detr_dsil_2018_nouvelle_aquitaine.csv.gz"
    table = sources.read(path, format=FORMAT, key="detr", reference=known)
    assert (table.n_rows, table.n_accepted, table.n_rejected) == (3_644, 3_644, 0)
    rows = table.tables["projets"]
    assert (len(rows), int(rows["INSEEDEP"].eq("86").sum())) == (3_644, 216)
    assert rows["cout"].notna().all()
    assert (rows["subvention"] <= rows["cout"]).all()
    assert value(table, "projets_etat_epci", "EPCI-200070035") == 4
    assert value(table, "subventions_etat_epci", "EPCI-200070035") == 471_519.26
    members = pd.read_csv(real_data / "geo" / "appartenance_epci_2008_2024.csv.gz", dtype=str)
    ours = members[members["annee_geo"].eq("2018") & members["EPCI"].eq("200070035")]["CODGEO"]
    observed = table.observations
    carried = observed[observed["measure"].eq("projets_etat_communes") & observed["geo"].isin("COM-" + ours)]
    assert (len(carried), carried["value"].sum()) == (40, 19)
    assert observations.check(observed) == []
    # The zeros of communes absent from the list make the sums of merged communes whole.
    moved = territory.harmonise(observed, to=2024, reference=known, on_problem="collect").observations
    inside = moved[moved["geo"].isin(known.members("EPCI-200070035", 2024))]
    assert inside.loc[inside["measure"].eq("projets_etat_communes"), "value"].sum() == 19
