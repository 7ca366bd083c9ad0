from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ctgeval import observations, sources
from ctgeval.errors import SourceError
from ctgeval.sources import SourceTable
from ctgeval.territory import reference

FORMAT = "scdl.subventions"
Write = Callable[..., Path]
Text = Callable[..., str]
Lawful = Callable[[SourceTable], None]


def read(write: Write, content: str, **options: object) -> SourceTable:
    options.setdefault("reference", reference.load())
    return sources.read(write(content), format=FORMAT, key="scdl", **options)  # type: ignore[arg-type]


def value(table: SourceTable, measure: str, geo: str, period: str = "2023") -> float:
    rows = table.observations
    chosen = rows["measure"].eq(measure) & rows["geo"].eq(geo) & rows["time_period"].eq(period)
    return float(rows.loc[chosen, "value"].item())


def test_grants_are_summed_for_who_awards_them(write: Write, grants: Text, lawful: Lawful) -> None:
    table = read(write, grants())
    lawful(table)
    assert (table.n_rows, table.n_rejected) == (6, 0)
    # 0.10 + 0.20 is 0.30, and no more: amounts are added in cents.
    assert value(table, "subventions_attribuees_epci", "EPCI-200070035") == 0.30
    assert value(table, "aides_nature_epci", "EPCI-200070035") == 1500
    assert value(table, "subventions_attribuees_communes", "COM-86194") == 31_000.5
    assert set(table.observations["measure"]) == {
        "subventions_attribuees_epci",
        "aides_nature_epci",
        "subventions_attribuees_communes",
    }
    assert observations.check(table.observations) == []
    rows = table.tables["subventions"]
    assert rows["geo"].tolist() == ["EPCI-200070035"] * 3 + ["COM-86194", "", "EPCI-200070035"]
    assert rows["nature"].tolist() == ["numeraire", "numeraire", "nature", "numeraire", "numeraire", "mixte"]
    assert rows["date"].tolist()[3] == "2023-12-31"
    assert rows["montant"].tolist()[3] == 31_000.5
    assert any("subvention dont" in note for note in table.notes)
    assert any("argent et en nature à la fois" in note and "7,00" in note for note in table.notes)


def test_a_person_leaves_no_name(write: Write, grants: Text) -> None:
    rows = (
        "CC,20007003500012,2023-03-01,D1,DUPONT Jeanne,,Aide au Bafa de Jeanne Dupont,120.00,aide en numéraire",
        "CC,20007003500012,2023-03-01,D2,Association A,W863001234,Fonctionnement,100.00,aide en numéraire",
    )
    table = read(write, grants(*rows))
    kept = table.tables["subventions"]
    assert kept["beneficiaire"].tolist() == ["", "Association A"]
    assert kept["objet"].tolist() == ["", "Fonctionnement"]
    assert value(table, "subventions_attribuees_epci", "EPCI-200070035") == 220
    everything = kept.to_csv() + table.observations.to_csv() + table.rejected.to_csv() + " ".join(table.notes)
    assert "Dupont" not in everything
    assert "DUPONT" not in everything
    assert any("peuvent être des personnes : 1." in note for note in table.notes)


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("CC,,2023-03-01,D,A,,O,1,aide en numéraire", ("idAttribuant", "manque")),
        ("CC,2.0007E+13,2023-03-01,D,A,,O,1,aide en numéraire", ("idAttribuant", "tableur")),
        ("CC,86194,2023-03-01,D,A,,O,1,aide en numéraire", ("idAttribuant", "14 chiffres")),
        ("CC,20007003600012,2023-03-01,D,A,,O,1,aide en numéraire", ("idAttribuant", "clé de contrôle")),
        ("CC,20007003500012,mars,D,A,,O,1,aide en numéraire", ("dateConvention", "ne se lit pas")),
        ("CC,20007003500012,2023-02-30,D,A,,O,1,aide en numéraire", ("dateConvention", "ne se lit pas")),
        ("CC,20007003500012,2023-03-01,D,A,,O,,aide en numéraire", ("montant", "vide")),
        ("CC,20007003500012,2023-03-01,D,A,,O,12 familles,aide en numéraire", ("montant", "mêle")),
    ],
)
def test_a_faulty_grant_is_told(write: Write, grants: Text, lawful: Lawful, row: str, fault: tuple[str, str]) -> None:
    good = "CC,20007003500012,2023-03-01,D1,A,49912050100001,O,5.5,aide en numéraire"
    table = read(write, grants(good, row))
    lawful(table)
    told = table.rejected[table.rejected["row"] == 3].iloc[0]
    assert told["column"] == fault[0]
    assert fault[1] in told["reason"]


def test_an_export_of_another_portal(write: Write) -> None:
    content = (
        "nomattribuant;idattribuant;dateconvention;montant;nombeneficiaire;idbeneficiaire;objet ;"
        "pourcentage subvention;dispositifAide;rae\n"
        "VILLE DE POITIERS;218601946 00013;31/12/2022;31 000,50 €;Comité;499120501 00001;Fêtes;1;D;x\n"
        "VILLE DE POITIERS;21860194600013;2022;-1 000,50;Comité;49912050100001;Retour;1;;y\n"
    )
    table = read(write, content)
    assert value(table, "subventions_attribuees_communes", "COM-86194", "2022") == 30_000
    rows = table.tables["subventions"]
    assert rows["dispositif"].tolist() == ["D", ""]
    assert rows["rae"].tolist() == ["x", "y"]
    assert any("négatifs" in note for note in table.notes)
    assert any("« nature » est absente" in note for note in table.notes)


def test_the_same_line_twice_counts_once(write: Write, grants: Text, lawful: Lawful) -> None:
    row = "CC,20007003500012,2023-03-01,D1,A,49912050100001,O,5.5,aide en numéraire"
    table = read(write, grants(row, row, row.replace("D1", "D2")))
    lawful(table)
    assert value(table, "subventions_attribuees_epci", "EPCI-200070035") == 11
    assert sources.is_harmless(table.rejected["reason"].item())


def test_without_a_geography_there_is_the_table_alone(write: Write, grants: Text, lawful: Lawful) -> None:
    table = sources.read(write(grants()), format=FORMAT)
    lawful(table)
    assert len(table.observations) == 0
    assert len(table.tables["subventions"]) == 6


def test_a_vanished_column_is_one_clear_error(write: Write, grants: Text) -> None:
    with pytest.raises(SourceError, match="montant"):
        read(write, grants().replace("montant", "somme"))
