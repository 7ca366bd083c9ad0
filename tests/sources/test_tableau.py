"""Tables that a dossier describes: real files read by description alone, and every way of describing one."""

from __future__ import annotations

import io
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings, strategies as st

from ctgeval import measures, observations, sources
from ctgeval.config.tableau import TableauConfig
from ctgeval.config.toml import tuples
from ctgeval.errors import AmbiguousSource, SourceError, UnknownMeasure
from ctgeval.measures import Measure
from ctgeval.sources import SourceTable
from ctgeval.territory import reference
from tests.sources.described_files import DESCRIBED

Write = Callable[..., Path]

OWN = {
    name: Measure(id=name, label=name, kind="stock", object="personnes", unit="habitants", legal=True)
    for name in ("population_estimee", "bases_nettes")
} | {
    "taux_mortalite": Measure(
        id="taux_mortalite", label="Mortalité", kind="ratio", object="personnes", unit="‰", published=True
    )
}
KNOWN = {**measures.load(), **OWN}
SIMPLE = """
territoire = { colonne = "code", niveau = "COM" }
periode = "2021"
mesures = { "pop" = "population_municipale" }
"""


def read(path: Path, description: str, **options: object) -> SourceTable:
    """Read a file by what ``[source.tableau]`` would hold."""
    told = TableauConfig.model_validate(tuples(tomllib.loads(description)))
    table = sources.read(path, format="tableau", key="k", description=told.described(), measures=KNOWN, **options)  # type: ignore[arg-type]
    assert table.n_rows == table.n_accepted + table.n_rejected
    assert observations.check(table.observations) == []
    assert observations.frame(table.observations).equals(table.observations)
    lines = set(table.observations["origin"].str.rsplit("!", n=1).str[1].astype(int))
    if not table.rejected["sheet"].any():
        assert not lines & set(table.rejected["row"])
    return table


def value(table: SourceTable, geo: str, **where: str) -> float:
    rows = table.observations[table.observations["geo"].eq(geo)]
    for name, text in where.items():
        rows = rows[rows[name].eq(text)]
    assert len(rows) == 1, rows
    return float(rows["value"].iloc[0])


def reasons(table: SourceTable) -> list[str]:
    return table.rejected["reason"].tolist()


# -- real files ---------------------------------------------------------------------------------------------------


def test_legal_populations_under_seven_lines_of_title(real_data: Path) -> None:
    name = "messy/populations_legales_2018_ensemble.xlsx"
    table = read(real_data / name, DESCRIBED[name], reference=reference.load())
    assert (table.n_rows, table.n_rejected, len(table.observations)) == (34_993, 0, 69_986)
    assert value(table, "COM-86082", measure="population_municipale") == 4461
    # Insee writes the third digit of La Réunion in both columns.
    assert value(table, "COM-97411", measure="population_municipale") == 150_535
    assert set(table.observations["geography"]) == {2020}
    civraisien = list(reference.load().members("EPCI-200070035", 2020))
    own = table.observations.query("measure == 'population_municipale' and geo in @civraisien")
    assert len(own) == len(civraisien) == 36
    assert "« Population comptée à part »" in " ".join(table.notes)


@pytest.mark.parametrize(
    ("sheet", "columns", "level", "count"),
    [("Régions", '"Code région"', "REG", 17), ("Départements", '"Code département"', "DEP", 100)],
)
def test_the_other_sheets_read_by_the_same_description(
    real_data: Path, sheet: str, columns: str, level: str, count: int
) -> None:
    table = read(
        real_data / "messy" / "populations_legales_2018_ensemble.xlsx",
        f"""
        feuille = "{sheet}"
        entete = 8
        territoire = {{ colonne = {columns}, niveau = "{level}" }}
        periode = "2018"
        mesures = {{ "Population municipale" = "population_municipale" }}
        """,
    )
    assert table.n_accepted == count
    vienne = {"REG": ("REG-75", 5_979_778), "DEP": ("DEP-86", 437_586)}[level]
    assert value(table, vienne[0]) == vienne[1]


def test_a_workbook_of_fifty_sheets_with_merged_headers_and_footers(real_data: Path) -> None:
    name = "messy/estim-pop-dep-sexe-gca-1975-2023.xls"
    table = read(real_data / name, DESCRIBED[name], reference=reference.load())
    rows = table.observations
    assert (table.n_rows, table.n_accepted) == (4_967, 4_884)
    assert sorted(rows["time_period"].unique()) == [str(year) for year in range(1975, 2024)]
    assert value(table, "DEP-86", time_period="2023", sexe="", age="") == 441_534
    assert value(table, "DEP-86", time_period="2023", sexe="F", age="75 ans et plus") == 29_346
    assert value(table, "FRANCE", time_period="2023", sexe="", age="") == 68_042_591
    assert value(table, "DEP-976", time_period="2023", sexe="", age="0 à 19 ans") == 166_691
    assert rows["origin"].str.match(r"estim-pop.*\.xls!\d{4}!\d+").all()
    assert "« À savoir »" in " ".join(table.notes)
    wide = rows.query("time_period == '1999'").pivot_table(index=["geo", "age"], columns="sexe", values="value")
    assert (wide[""] == wide["M"] + wide["F"]).all()


def test_a_notice_and_its_data_in_one_workbook(real_data: Path) -> None:
    told = DESCRIBED["messy/rei_1987_notice.xlsx"]
    table = read(real_data / "messy" / "rei_1987_notice.xlsx", told)
    assert value(table, "COM-01001", time_period="1987") == 380_360
    assert table.observations["origin"].iloc[0] == "rei_1987_notice.xlsx!REI_1987!3"
    with pytest.raises(SourceError, match="2 feuilles"):
        read(real_data / "messy" / "rei_1987_notice.xlsx", told.replace('feuille = "REI_1987"', ""))
    with pytest.raises(SourceError, match=r"pas de feuille « REI_1986 ».*REI_1987"):
        read(real_data / "messy" / "rei_1987_notice.xlsx", told.replace("REI_1987", "REI_1986"))
    with pytest.raises(SourceError, match=r"colonne « .*ligne 3.*« entete »"):
        read(real_data / "messy" / "rei_1987_notice.xlsx", told.replace("entete = 2", "entete = 3"))


def test_sirens_that_a_workbook_holds_as_numbers(real_data: Path) -> None:
    name = "messy/dgcl_epci_sans_communes_2021_extrait.xlsx"
    table = read(real_data / name, DESCRIBED[name])
    assert value(table, "EPCI-200065928", measure="population_municipale") == 99_520
    assert table.n_accepted == 9


def test_a_header_that_starts_with_a_hash_and_several_rows_for_a_commune(real_data: Path) -> None:
    name = "messy/laposte_hexasmal_latin1.csv"
    table = read(real_data / name, DESCRIBED[name])
    assert (table.encoding, table.n_rows, table.n_rejected) == ("cp1252", 39_192, 0)
    rows = table.tables["table"]
    assert rows["geo"].nunique() < len(rows) == 39_192
    assert {"#Code_commune_INSEE", "Libellé_d_acheminement"} <= set(rows.columns)
    assert rows.query("geo == 'COM-86082'")["Code_postal"].unique().tolist() == ["86700"]


@pytest.mark.parametrize(
    ("column", "code", "level", "accepted"),
    [("COM", "NUMCOM", "COM", 397), ("DEP", "NUMDEP", "DEP", 2), ("EPCI", "NUMEPCI", "EPCI", 14)],
)
def test_a_header_repeated_three_times(real_data: Path, column: str, code: str, level: str, accepted: int) -> None:
    table = read(
        real_data / "messy" / "caf_txcouv_2014_entetes_repetes.csv",
        f"""
        territoire = {{ colonne = "{code}", niveau = "{level}" }}
        periode = "2014"
        mesures = {{ "TXCOUVGLO_{column}_2014" = "taux_couverture_global" }}
        """,
    )
    assert (table.n_rows, table.n_accepted) == (406, accepted) or level == "EPCI"
    assert sum("en-tête est répété" in reason for reason in reasons(table)) == 2
    known = {"COM": ("COM-01004", 61.8), "DEP": ("DEP-01", 65.2), "EPCI": ("EPCI-240100883", 75.2)}[level]
    assert value(table, known[0]) == known[1]
    harmless = table.rejected["reason"].map(sources.is_harmless)
    assert harmless.all() or level == "EPCI"


def test_rates_between_two_censuses(real_data: Path) -> None:
    table = read(
        real_data / "insee" / "insee_rp_evol_1968_epci_2018.csv",
        """
        territoire = { colonne = "codgeo", niveau = "EPCI" }
        periode = { colonne = "an", prendre = "fin" }
        mesures = { "tx_morta" = "taux_mortalite" }
        """,
        geography=2021,
    )
    assert (table.n_rows, table.n_rejected, table.decimal) == (8_778, 0, ",")
    assert value(table, "EPCI-200000172", time_period="1975") == 10.4
    assert set(table.observations["time_period"]) == {"1975", "1982", "1990", "1999", "2008", "2013", "2018"}


@pytest.mark.parametrize(("name", "rows", "columns"), [("hdv2003.csv", 2_000, 20), ("gss_happy.csv.gz", 51_020, 10)])
def test_one_row_for_each_respondent(real_data: Path, name: str, rows: int, columns: int) -> None:
    table = read(real_data / "survey" / name, DESCRIBED[f"survey/{name}"])
    answers = table.tables["reponses"]
    assert table.observations.empty
    assert answers.shape == (rows, columns + 1)
    assert answers["origin"].iloc[-1] == f"{name}!{rows + 1}"
    if name == "hdv2003.csv":
        assert answers["poids"].astype(float).sum() == pytest.approx(11.07e6, rel=1e-3)
        assert answers["trav.satisf"].eq("").sum() == 952


def test_geographies_are_read_too(real_data: Path) -> None:
    communes = read(
        real_data / "geo" / "communes_2026.csv.gz",
        """
        territoire = { colonne = "code", niveau = "COM" }
        periode = "2023"
        garder = [{ colonne = "type", valeurs = ["commune-actuelle"] }]
        mesures = { "population" = "population_municipale" }
        """,
    )
    assert (communes.n_rows, communes.n_accepted) == (37_590, 34_969)
    own = communes.observations[communes.observations["geo"].isin(reference.load().members("EPCI-200070035", 2024))]
    assert own["value"].sum() == 26_641
    events = read(real_data / "geo" / "historique-communes_1943_2020.json.gz", 'forme = "table"')
    assert events.n_accepted == 49_532
    members = read(
        real_data / "geo" / "epci_membres_2024.csv.gz",
        'forme = "table"\nterritoire = { colonne = "CODGEO", niveau = "COM" }\nperiode = { colonne = "annee_geo" }',
    )
    assert members.tables["table"].query("EPCI == '200070035'")["geo"].nunique() == 35


# -- the ways of describing ----------------------------------------------------------------------------------------


def test_long_tables(write: Write) -> None:
    path = write("code;annee;variable;valeur\n86082;2018;POP;4461\n86082;2018;NAIS;40\n86082;2018;AUTRE;1\n")
    table = read(
        path,
        """
        territoire = { colonne = "code", niveau = "COM" }
        periode = { colonne = "annee" }
        [long]
        mesure = "variable"
        valeur = "valeur"
        correspondances = { "pop" = "population_municipale", "NAIS" = "naissances" }
        """,
    )
    assert value(table, "COM-86082", measure="naissances") == 40
    assert reasons(table) == ["Ligne laissée de côté (mesure que la description ne retient pas)."]


def test_markers_say_what_they_mean_and_are_never_zero(write: Write) -> None:
    path = write("code;naissances\n86082;s\n86194;nd\n86041;<5\n86001;\n86002;12\n")
    told = """
    territoire = { colonne = "code", niveau = "COM" }
    periode = "2021"
    mesures = { "naissances" = "naissances" }
    marqueurs = { secret = ["S"], absent = ["nd"], bornes = { "<5" = [1, 4], "" = [0, 4] } }
    """
    rows = read(path, told).observations.set_index("geo")[["value", "low", "high", "obs_status", "conf_status"]]
    assert rows["value"].isna().tolist() == [True, True, True, True, False]
    assert rows["obs_status"].tolist() == ["Q", "M", "Q", "Q", "A"]
    assert rows["conf_status"].tolist() == ["C", "F", "C", "C", "F"]
    assert rows.loc["COM-86041", ["low", "high"]].tolist() == [1, 4]
    assert rows.loc["COM-86001", ["low", "high"]].tolist() == [0, 4]
    undeclared = read(path, told.replace('secret = ["S"], ', ""))
    assert "dites-le dans « marqueurs »" in reasons(undeclared)[0]


def test_a_measure_of_each_year_and_its_modalities(write: Write) -> None:
    path = write("code;F 2018;H 2018;F 2019\n86082;10;11;12\n")
    table = read(
        path,
        """
        territoire = { colonne = "code", niveau = "COM" }
        [mesures]
        "F 2018" = { mesure = "naissances", periode = "2018", sexe = "F" }
        "H 2018" = { mesure = "naissances", periode = "2018", sexe = "M" }
        "F 2019" = { mesure = "naissances", periode = "2019", sexe = "F" }
        """,
    )
    assert value(table, "COM-86082", time_period="2018", sexe="M") == 11
    assert value(table, "COM-86082", time_period="2019", sexe="F") == 12


def test_two_columns_for_the_same_thing_contradict_each_other(write: Write) -> None:
    path = write("code;a;b\n86082;10;11\n86194;5;5\n")
    told = SIMPLE.replace('{ "pop" = "population_municipale" }', '{ "a" = "naissances", "b" = "naissances" }')
    table = read(path, told)
    assert table.n_rejected == 1
    assert "valeurs différentes" in reasons(table)[0]
    assert value(table, "COM-86194") == 5


def test_communes_without_codes_are_found_by_name_in_their_departement(write: Write) -> None:
    path = write("Département;Commune;pop\nVienne;VALENCE EN POITOU;4474\nVienne;St-Sauvant;1\n86;Nulle-Part;2\n")
    told = SIMPLE.replace('colonne = "code", niveau = "COM"', 'nom = "Commune", departement = "Département"')
    table = read(path, told, reference=reference.load())
    assert table.observations["geo"].tolist() == ["COM-86082", "COM-86244"]
    assert "86" in reasons(table)[0]
    with pytest.raises(SourceError, match="géographie"):
        read(path, told)


def test_one_territory_for_the_whole_file(write: Write) -> None:
    path = write("mois;pop\n2021-01;3\n2021-02;4\n2021-13;4\n")
    told = """
    territoire = "EPCI-200070035"
    periode = { colonne = "mois" }
    mesures = { "pop" = "naissances" }
    """
    table = read(path, told)
    assert value(table, "EPCI-200070035", time_period="2021-02") == 4
    assert "période" in reasons(table)[0] or "mois" in reasons(table)[0].lower()


def test_two_sheets_may_not_contradict_each_other(write: Write) -> None:
    data = io.BytesIO()
    with xlsxwriter.Workbook(data, {"in_memory": True}) as book:
        for name, rows in {"A": [(86082, 1), (86194, 2)], "B": [(86082, 1), (86194, 3), (86001, 4)]}.items():
            sheet = book.add_worksheet(name)
            for line, row in enumerate([("code", "pop"), *rows]):
                sheet.write_row(line, 0, row)
    table = read(write(data.getvalue(), "c.xlsx"), 'feuilles = "*"' + SIMPLE)
    assert (table.n_rows, table.n_accepted) == (5, 2)
    assert sorted(table.observations["geo"]) == ["COM-86001", "COM-86082"]
    told = table.rejected.set_index(["sheet", "row"])["reason"]
    assert "2 de la feuille « A »" in told["B", 2]
    assert "valeurs différentes" in told["A", 3]
    assert "valeurs différentes" in told["B", 3]


def test_numbers_of_a_workbook_and_numbers_typed_as_text_are_not_mixed(write: Write) -> None:
    data = io.BytesIO()
    with xlsxwriter.Workbook(data, {"in_memory": True}) as book:
        sheet = book.add_worksheet("A")
        for line, row in enumerate([("code", "pop"), (1001, 0.5), ("86194", "1,250"), ("86041", "0,75")]):
            for place, cell in enumerate(row):
                (sheet.write_string if isinstance(cell, str) else sheet.write_number)(line, place, cell)
    path = write(data.getvalue(), "c.xlsx")
    told = SIMPLE.replace("population_municipale", "taux_mortalite")
    table = read(path, told)
    assert table.observations["value"].tolist() == [0.5, 1.25, 0.75]
    assert table.observations["geo"].tolist()[0] == "COM-01001"
    with pytest.raises(SourceError, match="décimal"):
        read(path, told, decimal="!")


def test_a_doubtful_decimal_mark_is_asked_for(write: Write) -> None:
    with pytest.raises(AmbiguousSource, match="1,250"):
        read(write("code;pop\n86082;1,250\n"), SIMPLE)


def test_a_formula_without_its_result_is_a_rejected_row_with_its_cell(write: Write, tmp_path: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    for row in (("code", "pop"), ("86082", "=40+1"), ("86194", 88_665)):
        book.active.append(row)  # type: ignore[union-attr]
    book.save(tmp_path / "c.xlsx")
    table = read(tmp_path / "c.xlsx", SIMPLE)
    assert table.observations["geo"].tolist() == ["COM-86194"]
    assert reasons(table)[0].startswith("Cellule B2 : la cellule contient une formule")


@pytest.mark.parametrize(
    ("text", "told", "message"),
    [
        ("code;pop\n86082;1\n", SIMPLE.replace('"pop"', '"popu"'), "colonne « popu »"),
        ("code;pop;pop\n86082;1;2\n", SIMPLE, "Plusieurs colonnes s’appellent « pop »"),
        ("code;pop\n86082;1\n", SIMPLE + "entete = 9", "La ligne 9"),
        ("code;pop\n", SIMPLE, "aucune ligne de données"),
        ("code;pop\n86082;1\n", SIMPLE + 'feuille = "A"', "pas de feuilles"),
        ("code;pop\n86082;1\n", SIMPLE.replace('"2021"', '"feuille"'), "période"),
        ('code;pop\n86082;"1\n86194;2\n', SIMPLE, "guillemet"),
    ],
)
def test_what_can_not_be_read_is_one_clear_error(write: Write, text: str, told: str, message: str) -> None:
    with pytest.raises(SourceError, match=message) as caught:
        read(write(text), told)
    assert caught.value.problem.remedy
    assert caught.value.problem.file == "fichier.csv"


def test_a_measure_that_is_not_declared_gives_the_near_one(write: Write) -> None:
    with pytest.raises(UnknownMeasure, match="naissances"):
        read(write("code;pop\n86082;1\n"), SIMPLE.replace("population_municipale", "naissance"))


def test_without_a_description_nothing_is_guessed(write: Write) -> None:
    with pytest.raises(SourceError, match="essayer"):
        sources.read(write("code;pop\n86082;1\n"), format="tableau")


TEXTS = st.text(alphabet="0123456789,.;\"'\n abé", max_size=8)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=5),
    header=st.sampled_from(["code;pop", "pop;code;x"]),
)
def test_nothing_is_lost_whatever_the_rows(tmp_path: Path, rows: list[tuple[str, str]], header: str) -> None:
    path = tmp_path / "f.csv"
    path.write_text("\n".join([header, "86194;5", *(";".join(row) for row in rows)]), encoding="utf-8")
    table: SourceTable | SourceError
    try:
        table = read(path, SIMPLE)
    except SourceError as error:
        table = error
    if isinstance(table, SourceError):
        assert table.problem.remedy
    else:
        assert not table.rejected.duplicated(["sheet", "row", "column"]).any()
