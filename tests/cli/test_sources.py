"""``ctgeval sources`` and ``ctgeval sources essayer``: the format, the first rows, a block that reads the file."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from ctgeval import measures, sources
from ctgeval.config.tableau import TableauConfig
from ctgeval.config.toml import tuples

Run = Callable[..., Result]

POPULATION = "Populations légales ;;\nCode commune;Nom;Population municipale\n" + "".join(
    f"{code};{name};{count}\n" for code, name, count in (("86082", "Valence", 4461), ("86194", "Poitiers", 88665)) * 1
)


def tried(run: Run, path: Path) -> dict[str, Any]:
    """Try a file, hold the block to TOML, and the counts to the law."""
    result = run("sources", "essayer", path, "--json")
    assert result.exit_code == 0, result.output
    told: dict[str, Any] = json.loads(result.stdout)
    assert told["n_rows"] == told["n_accepted"] + told["n_rejected"]
    block = tomllib.loads(told["block"])["source"][0]
    assert block["format"] == told["format"]
    if told["format"] == "tableau":
        TableauConfig.model_validate(tuples(block["tableau"]))
    return {**told, "source": block}


def test_the_formats_are_listed_with_what_they_accept(run: Run) -> None:
    result = run("sources")
    assert result.exit_code == 0
    known = sources.formats()
    assert all(f"{name} – " in result.stdout for name in known)
    assert "essayer FICHIER" in result.stdout
    told = json.loads(run("sources", "--json").stdout)
    assert [one["format"] for one in told["formats"]] == list(known)
    assert next(one for one in told["formats"] if one["format"] == "insee.filosofi")["measures"]
    assert "Formats that ctgeval reads" in run("sources", "--lang", "en").stdout


@pytest.mark.parametrize(
    ("name", "format", "rows"),
    [
        ("insee/FILO2018_DISP_EPCI.csv.gz", "insee.filosofi", 1_244),
        ("caf/txcouv_pe_com_2021_autre_export.csv", "caf.taux_couverture", 1_045),
        ("messy/data_CAF_2017_IRIS_nouvelle_aquitaine.csv", "caf.iris", 787),
        ("geo/passages_communes_2008_2024.csv", "geographie.passages", 2_660),
        ("population/fusions_civraisien_population.csv", "insee.population", 96),
        ("geo/communes_2026.csv.gz", "geographie.communes", 37_590),
        ("geo/communes-86-vienne-2018.geojson", "geographie.contours", 274),
        ("geo/appartenance_epci_2008_2024.csv.gz", "geographie.appartenance", 129_139),
        ("messy/cc_filosofi_2021_COM_79_86.csv", "insee.filosofi_cc", 521),
    ],
)
def test_a_known_file_gives_its_format(run: Run, real_data: Path, name: str, format: str, rows: int) -> None:
    told = tried(run, real_data / name)
    assert (told["format"], told["n_rows"]) == (format, rows)
    assert told["encoding"].startswith("utf-8")
    assert told["complete"]
    assert told["rows"]
    assert told["source"]["fichier"] == f"sources/{Path(name).name}"
    assert told["source"]["producteur"] == sources.formats()[format].producer


def test_a_file_most_of_whose_rows_are_parts_of_others_keeps_its_format(run: Run, tmp_path: Path) -> None:
    rows = "".join(f"86194;COM;POP;_T;_T;{part};2022;A;90\n" for part in ("_T", *range(1, 7)))
    path = tmp_path / "DS_RP_POPULATION_2022.csv"
    path.write_text(f"GEO;GEO_OBJECT;RP_MEASURE;SEX;AGE;PCS;TIME_PERIOD;OBS_STATUS;OBS_VALUE\n{rows}", encoding="utf-8")
    told = tried(run, path)
    assert (told["format"], told["n_accepted"], told["n_rejected"]) == ("insee.melodi", 1, 6)


@pytest.mark.parametrize(
    ("name", "content", "format"),
    [
        (
            "epcicom2023.csv",
            "siren;raison_sociale;insee;nom_membre\n200070035;CC;86078;Civray\n",
            "geographie.appartenance",
        ),
        ("taux_2019.csv", "annee;code_insee;commune;taux\n2019;86194;Poitiers;55\n", "tableau"),
        ("FILO2018_DEC_COM.csv", "CODGEO;LIBGEO;Q218;PAUT18\n86194;Poitiers;19000;2\n", "tableau"),
        (
            "v_commune_2025.csv",
            "TYPECOM;COM;LIBELLE\nCOM;86082;Valence-en-Poitou\nCOMD;86043;X\n",
            "geographie.communes",
        ),
    ],
)
def test_a_code_and_a_name_are_not_enough_to_know_a_file(
    run: Run, tmp_path: Path, name: str, content: str, format: str
) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    assert tried(run, path)["format"] == format


def test_a_workbook_under_its_title_is_described(run: Run, real_data: Path) -> None:
    path = real_data / "messy" / "rei_1987_notice.xlsx"
    told = tried(run, path)
    assert (told["format"], told["complete"]) == ("tableau", False)
    table = told["source"]["tableau"]
    assert (table["feuille"], table["entete"], table["periode"]) == ("REI_1987", 2, "1987")
    assert table["territoire"] == {"colonnes": ["dep", "COM"], "niveau": "COM"}
    assert '# "B11" = "…"  # à compléter' in told["block"]


def test_merged_headers_and_a_footer_are_found(run: Run, real_data: Path) -> None:
    told = tried(run, real_data / "messy" / "estim-pop-dep-sexe-gca-1975-2023.xls")
    table = told["source"]["tableau"]
    assert (table["entete"], table["fin"], table["territoire"]["niveau"]) == ([4, 5], "Source", "DEP")


def test_answers_of_a_survey_are_seen_as_such(run: Run, real_data: Path) -> None:
    told = tried(run, real_data / "survey" / "hdv2003.csv")
    assert (told["format"], told["source"]["format"], told["n_rows"]) == ("questionnaire", "questionnaire", 2_000)


def test_the_proposed_block_reads_the_file(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "populations_2018.csv"
    path.write_text(POPULATION, encoding="cp1252")
    told = tried(run, path)
    assert told["complete"]
    block = told["source"]
    assert block["encodage"] == "cp1252"
    read = sources.read(
        path,
        format="tableau",
        encoding=block["encodage"],
        description=TableauConfig.model_validate(tuples(block["tableau"])).described(),
        measures=measures.load(),
    )
    assert read.observations["value"].tolist() == [4461, 88665]
    assert set(read.observations["time_period"]) == {"2018"}


def test_the_path_is_that_inside_the_dossier(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "Dossier d’été"
    assert run("init", folder, "--territoire", "EPCI-200070035", "--debut", "2022-01-01").exit_code == 0
    path = folder / "données" / "pop 2018.csv"
    path.parent.mkdir()
    path.write_text(POPULATION, encoding="utf-8")
    assert tried(run, path)["source"]["fichier"] == "données/pop 2018.csv"


def test_what_is_doubtful_is_supposed_and_told(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "taux.csv"
    path.write_text("code;Population municipale;annee\n86082;1,250;2018\n86194;2,500;2018\n", encoding="utf-8")
    told = tried(run, path)
    assert told["source"]["decimale"] == ","
    assert "décimal" in told["doubts"][0]["message"]
    assert "À vérifier" in run("sources", "essayer", path).stdout


@pytest.mark.parametrize(
    "content", [b"", b"\x00\x01\x02", b"PK\x03\x04abime", b"a", b"[1, 2", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"]
)
def test_what_is_no_table_is_told_in_one_sentence(run: Run, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    result = run("sources", "essayer", path)
    assert result.exit_code == 1
    assert "x.csv" in result.stderr
    assert "→" in result.stderr
    assert json.loads(run("sources", "essayer", path, "--json").stdout)["ok"] is False


def test_a_missing_file_and_a_wrong_word_are_told(run: Run, tmp_path: Path) -> None:
    assert run("sources", "essayer", tmp_path / "absent.csv").exit_code == 1
    wrong = run("sources", "esayer", "x.csv")
    assert wrong.exit_code == 2
    assert "essayer" in wrong.stderr


def test_the_english_alias_does_the_same(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "populations_2018.csv"
    path.write_text(POPULATION, encoding="utf-8")
    one, other = (run("sources", verb, path, "--json").stdout for verb in ("essayer", "try"))
    assert one == other
    assert "First rows read" in run("sources", "try", path, "--lang", "en").stdout
