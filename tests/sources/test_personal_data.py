"""Personal data is found in any column of any file, and no open file raises an alarm."""

from __future__ import annotations

import csv
import gzip
import io
import random
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from ctgeval.errors import PersonalDataFound
from ctgeval.sources.personal_data import KINDS, find, names_somebody, require_none

GIVEN = ("Camille", "Lucas", "Émilie", "Jean", "Nadia", "Hugo", "Fatima", "Zoé", "Marie", "Karim")
SURNAMES = ("DUPONT", "Martin", "Lefèvre", "O’Brien", "de La Tour", "BENALI", "Nguyen", "Le Goff", "PETIT", "Garnier")


def drawing(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 invented data


def nir(rng: random.Random, *, place: str | None = None) -> str:
    """Draw a number with its right key."""
    where = place or f"{rng.randint(1, 95):02d}"
    body = (
        f"{rng.choice('12')}{rng.randint(0, 99):02d}{rng.randint(1, 12):02d}{where}"
        f"{rng.randint(1, 990):03d}{rng.randint(1, 999):03d}"
    )
    key = 97 - int(body.replace("2A", "19").replace("2B", "18")) % 97
    return f"{body}{key:02d}"


def kinds(name: str, cells: list[str], **others: list[str]) -> set[str]:
    return {finding.kind for finding in find({name: cells, **others}) if finding.column == name}


def spaced(number: str) -> str:
    return f"{number[0]} {number[1:3]} {number[3:5]} {number[5:7]} {number[7:10]} {number[10:13]} {number[13:]}".strip()


@pytest.mark.parametrize("place", [None, "2A", "2B", "99"])
@pytest.mark.parametrize("write", [str, spaced, lambda number: number[:13], lambda number: f"n° {number} (assuré)"])
def test_a_social_security_number_is_found_however_written(place: str | None, write: object) -> None:
    rng = drawing(3)
    cells = [write(nir(rng, place=place)) for _ in range(30)]  # type: ignore[operator]
    assert kinds("colonne", cells) == {"nir"}


def test_numbers_that_a_spreadsheet_made_floats_are_found() -> None:
    rng = drawing(4)
    numbers = [nir(rng) for _ in range(30)]
    assert kinds("id", [f"{number}.0" for number in numbers]) == {"nir"}
    assert kinds("id", [f"{float(number):.6e}" for number in numbers]) == {"nir"}


def test_one_wrong_digit_is_no_social_security_number() -> None:
    rng = drawing(5)
    wrong = []
    for _ in range(200):
        number = nir(rng)
        wrong.append(number[:-1] + str((int(number[-1]) + 1) % 10))
    # Three quarters of them are filled with other numbers, so that the form alone is not the rule of the column.
    cells = wrong + [str(rng.randint(10**9, 10**10)) for _ in range(600)]
    assert kinds("code", cells) == set()


def test_one_per_cent_of_contamination_is_found() -> None:
    rng = drawing(6)
    for kind, foreign in (
        ("nir", nir(rng)),
        ("courriel", "camille.dupont@exemple.fr"),
        ("iban", "FR76 3000 6000 0112 3456 7890 189"),
        ("telephone", "06 12 34 56 78"),
    ):
        cells = [f"{rng.randint(1000, 95999):05d}" for _ in range(9_900)] + [foreign] * 100
        rng.shuffle(cells)
        (finding,) = find({"remarque": cells})
        assert finding.kind == kind
        assert finding.share == pytest.approx(0.01)
        assert all(foreign not in example and example.endswith("********…") for example in finding.examples)


@given(st.lists(st.integers(10**13, 10**14 - 1), min_size=5, max_size=60))
def test_siret_are_nobody(numbers: list[int]) -> None:
    assert kinds("SIRET", [str(number) for number in numbers]) == set()


@pytest.mark.parametrize(
    "cell",
    [
        "01/06/2024 12:30",
        "01.06.2024 12h",
        "2024-06-01/2024-12-31",
        "01/06/2024-31/12/2024",
        "2024-06-01 2024-12-31",
    ],
)
def test_days_and_hours_are_no_telephone(cell: str) -> None:
    assert kinds("datesPeriodeVersement", [cell] * 4) == set()
    assert kinds("remarque", [f"{cell}, 06 12 34 56 78"] * 4) == {"telephone"}


def test_codes_of_communes_and_of_bodies_are_nobody() -> None:
    rng = drawing(7)
    for draw in (
        lambda: f"{rng.randint(1, 95):02d}{rng.randint(1, 999):03d}",
        lambda: f"2{rng.choice('AB')}{rng.randint(1, 360):03d}",
        lambda: str(rng.randint(200_000_000, 299_999_999)),
        lambda: f"{rng.randint(0, 10**6) / 7:.9f}",
        lambda: f"{rng.uniform(0, 1):.13f}".replace(".", ","),
        lambda: f"0{rng.randint(10**6, 10**7)}{rng.choice('ABC')}",
    ):
        assert find({"code": [draw() for _ in range(500)]}) == ()


@pytest.mark.parametrize("header", ["Date de naissance", "DATE_NAISSANCE", "né(e) le", "ddn", "dateNaissance"])
def test_birth_dates_are_found_by_their_header(header: str) -> None:
    assert kinds(header, ["01/02/1984", "1990-12-31", ""] * 3) == {"naissance"}


def test_birth_dates_are_found_by_what_they_are() -> None:
    rng = drawing(8)
    births = [f"{rng.randint(1, 28):02d}/{rng.randint(1, 12):02d}/{rng.randint(1930, 2010)}" for _ in range(200)]
    meetings = [f"{rng.randint(1, 28):02d}/{rng.randint(1, 12):02d}/{rng.choice([2023, 2024])}" for _ in range(200)]
    assert kinds("jour", births) == {"naissance"}
    assert kinds("jour", meetings) == set()
    assert kinds("Naissances domiciliées", ["12", "0", "7"] * 10) == set()


@pytest.mark.parametrize("header", ["Prénom", "PRENOM", "prénom de l’enfant", "first_name"])
def test_names_are_found_beside_given_names(header: str) -> None:
    found = {finding.column: finding.kind for finding in find({header: list(GIVEN), "Nom": list(SURNAMES)})}
    assert found == {header: "prenom", "Nom": "nom"}


@pytest.mark.parametrize("header", ["Nom de famille", "Nom et prénom", "NOM_NAISSANCE"])
def test_names_are_found_by_their_header(header: str) -> None:
    assert "nom" in kinds(header, [f"{one} {two}" for one, two in zip(SURNAMES, GIVEN, strict=True)])


def test_names_are_found_under_any_header() -> None:
    cells = [f"{given} {name}" for given in GIVEN for name in SURNAMES[:4]]
    assert kinds("colonne 3", cells) == {"nom"}
    assert kinds("Contact", [f"Mme {name}" for name in SURNAMES]) == {"nom"}


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("Nom", ["Saint-Martin-l’Ars", "Civray", "Charroux", "Joussé", "Payroux", "Genouillé", "Linazay"]),
        ("Nom de la structure", ["École Jean Jaurès", "Crèche Camille Claudel", "Association Marie Curie"] * 10),
        ("LIBGEO", ["Valence-en-Poitou", "Sainte-Marie", "Villeneuve", "Marie-Galante"] * 10),
        ("nomAttribuant", ["CC du Civraisien en Poitou"] * 30),
        ("nombre d’allocataires", [str(number) for number in range(10_000, 10_050)]),
        ("Allocataires percevant l’AAH", ["125", "80", "1 036"] * 10),
        ("Nature de l’opération", ["Rénovation de la salle Jean Moulin, rue des Écoles, et mise aux normes"] * 30),
        ("Sexe", ["F", "M"] * 30),
    ],
)
def test_places_bodies_and_counts_are_nobody(header: str, cells: list[str]) -> None:
    assert find({header: cells}) == ()


def test_addresses_and_numbers_of_beneficiaries_are_found() -> None:
    assert kinds("Adresse", ["12 rue des Lilas", "3 bis, avenue Jean Jaurès", "Le bourg"]) == {"adresse"}
    assert kinds("N° allocataire", [f"{number} A" for number in range(1_234_500, 1_234_540)]) == {"identifiant"}


def test_contacts_of_a_public_directory_are_nobody() -> None:
    columns = {"Adresse": ["12 rue des Lilas"] * 5, "Téléphone": ["05 49 00 00 00"] * 5}
    assert {finding.kind for finding in find(columns)} == {"adresse", "telephone"}
    assert find(columns, directory=True) == ()


def test_birth_date_sex_and_commune_together_are_told() -> None:
    rng = drawing(9)
    births = [f"{rng.randint(1950, 2015)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}" for _ in range(50)]
    columns = {"date_naissance": births, "sexe": ["F", "M"] * 25, "commune": ["86078"] * 50}
    assert [finding.kind for finding in find(columns)] == ["naissance", "combinaison"]


def test_free_answers_are_personal_when_rows_are_respondents() -> None:
    answers = [
        f"Réponse {rank} : il faudrait davantage de places le mercredi après-midi dans ma commune" for rank in range(20)
    ]
    assert find({"Q12": answers}) == ()
    assert [finding.kind for finding in find({"Q12": answers}, respondents=True)] == ["texte_libre"]


def test_the_refusal_names_columns_shows_nothing_and_says_what_to_do() -> None:
    columns = {"Commune": ["Civray"] * 10, "Prénom": list(GIVEN), "Courriel": ["camille.dupont@exemple.fr"] * 10}
    with pytest.raises(PersonalDataFound) as caught:
        require_none(columns, file="inscriptions.csv")
    problems = caught.value.problems
    assert [problem.column for problem in problems] == ["Prénom", "Courriel"]
    assert {problem.file for problem in problems} == {"inscriptions.csv"}
    assert "donnees_personnelles" in problems[0].remedy
    told = str(caught.value) + "".join(f"{problem.message}{problem.value}" for problem in problems)
    assert not any(secret in told for secret in (*GIVEN, "camille", "exemple.fr"))


def test_an_override_is_column_by_column_and_kept() -> None:
    columns = {"Prénom": list(GIVEN), "Courriel": ["camille.dupont@exemple.fr"] * 10}
    with pytest.raises(PersonalDataFound) as caught:
        require_none(columns, file="a.csv", admitted={"Prénom": "prénoms inventés"})
    assert [problem.column for problem in caught.value.problems] == ["Courriel"]
    with pytest.raises(PersonalDataFound):
        require_none(columns, file="a.csv", admitted={"Prénom": " ", "Courriel": ""})
    notes = require_none(columns, file="a.csv", admitted={"Prénom": "prénoms inventés", "Courriel": "adresse factice"})
    assert len(notes) == 2
    assert "prénoms inventés" in notes[0]
    assert KINDS["prenom"] in notes[0]


OPEN_FILES = (
    "geo/communes_2026.csv.gz", "geo/epci_membres_2024.csv.gz", "geo/passages_communes_2008_2024.csv",
    "population/population_communes_1968_1999.csv.gz", "population/fusions_civraisien_population.csv",
    "insee/base_cc_comparateur_2022.csv.gz", "insee/communes_comparateur_2024_derive.csv.gz",
    "insee/FILO2018_DISP_COM.csv.gz", "insee/FILO2017_DISP_EPCI.csv.gz", "insee/rp2018_communes_2000hab.csv.gz",
    "insee/insee_rp_evol_1968_epci_2018.csv", "caf/txcouv_pe_com_2017_2021.csv", "caf/data_CAF_2016_IRIS.csv.gz",
    "caf/data_CAF_2018_IRIS.csv.gz", "actions/france_services_2021.csv", "survey/hdv2003.csv",
    "actions/projets_detr_dsil_2018_nouvelle_aquitaine.csv.gz", "messy/laposte_hexasmal_latin1.csv",
    "education/fr-en-ecoles-effectifs-nb_classes_35_2019_2022.csv", "messy/cc_filosofi_2021_COM_79_86.csv",
)  # fmt: skip


@pytest.mark.parametrize("name", OPEN_FILES)
def test_open_files_raise_no_alarm(real_data: Path, name: str) -> None:
    raw = (real_data / name).read_bytes()
    raw = gzip.decompress(raw) if name.endswith(".gz") else raw
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252")
    separator = max(";,", key=text.partition("\n")[0].count)
    header, *rows = csv.reader(io.StringIO(text), delimiter=separator)
    kept = [row for row in rows if len(row) == len(header)]
    columns = {title or f"#{rank}": [row[rank] for row in kept] for rank, title in enumerate(header)}
    assert kept
    assert find(columns, respondents=name.startswith("survey")) == ()


@pytest.mark.parametrize(
    ("text", "somebody"),
    [
        *(
            (text, True)
            for text in ("M. Dupont", "Mme Martin", "Madame la directrice", "Claire Dupont", "DUPONT Claire")
        ),
        *((text, True) for text in ("Jean-Pierre Martin", "Simone Veil")),
        *((text, False) for text in ("Espace Simone Veil", "Association Jean Moulin", "France Travail", "MSA", "")),
        *((text, False) for text in ("Saint-Martin", "Caf de l’Ombrenne", "Mission locale", "Claire", "claire dupont")),
    ],
)
def test_a_short_text_reads_as_the_name_of_somebody(text: str, somebody: bool) -> None:
    assert names_somebody(text) is somebody
