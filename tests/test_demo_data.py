"""The two dossiers of ``data/``: made again at the same bytes, fictional or real all through, and internally true."""

from __future__ import annotations

import csv
import gzip
import json
import math
import re
import subprocess
import sys
import tomllib
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import ctgeval

ROOT = Path(__file__).resolve().parents[1]
DEMO = ROOT / "data" / "demo"
CIVRAISIEN = ROOT / "data" / "civraisien"
GENERATED = (
    "geographie/geographie.toml",
    "geographie/territoires.csv",
    "geographie/membres.csv",
    "geographie/evenements.csv",
    "sources/population_municipale.csv",
    "sources/base_cc_evol_struct_pop_2022.csv",
    "sources/FILO2018_DISP_EPCI.csv",
    "sources/FILO2019_DISP_EPCI.csv",
    "sources/FILO2020_DISP_EPCI.csv",
    "sources/FILO2021_DISP_EPCI.csv",
    "sources/FILO2021_DISP_COM.csv",
    "sources/txcouv_pe_com_2018_2023.csv",
    "observations.csv",
    "cibles.csv",
    "budget.csv",
    "EFFETS.md",
)


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-B", str(ROOT / "scripts" / script), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def rows(path: Path, *, separator: str = ";") -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter=separator))


def number(text: str) -> float:
    return float(text.replace(",", "."))


def zipped(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def config(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "ctg.toml").read_text(encoding="utf-8"))


# -- the fictional dossier --------------------------------------------------------------------------------------------


def test_the_demo_is_made_again_at_the_same_bytes(tmp_path: Path) -> None:
    made = run("make_demo.py", "--out", str(tmp_path))
    assert made.returncode == 0, made.stderr
    written = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())
    assert written == sorted(GENERATED)
    different = [name for name in GENERATED if (tmp_path / name).read_bytes() != (DEMO / name).read_bytes()]
    assert different == []


def test_nothing_is_written_when_an_effect_is_lost(tmp_path: Path) -> None:
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]);"
        "import dataclasses; from demo import figures; import make_demo;"
        "real = figures.places;"
        "figures.places = lambda commune, year, effects: real(commune, year, frozenset());"
        "sys.exit(make_demo.main(['--out', sys.argv[2]]))"
    )
    command = [sys.executable, "-B", "-c", program, str(ROOT / "scripts"), str(tmp_path)]
    broken = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert broken.returncode == 1
    assert "micro-creche-tressonne: 0.00 instead of 12.00" in broken.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("folder", [DEMO, CIVRAISIEN], ids=["demo", "civraisien"])
def test_a_dossier_stays_small(folder: Path) -> None:
    kept = (path for path in folder.rglob("*") if path.is_file() and ".ctgeval" not in path.parts)
    assert sum(path.stat().st_size for path in kept) < 500_000


def test_every_source_of_the_demo_says_that_it_is_fictional() -> None:
    for source in config(DEMO)["source"]:
        assert source["producteur"] == "ctgeval (données fictives)", source["cle"]
        assert source["licence"] == "Données fictives – CC0", source["cle"]
        assert re.search("ficti", source["titre"]), source["cle"]
    geography = tomllib.loads((DEMO / "geographie" / "geographie.toml").read_text(encoding="utf-8"))
    assert geography["fictif"] is True


def test_the_counts_come_from_declared_sources() -> None:
    declared = {source["cle"] for source in config(DEMO)["source"]}
    assert {row["source"] for row in rows(DEMO / "observations.csv")} <= declared


def test_no_place_of_france_is_named(real_data: Path) -> None:
    table = zipped(real_data / "geo" / "communes_2026.csv.gz")
    names = {row["nom"].casefold() for row in table}
    epcis = zipped(real_data / "geo" / "epci_membres_2024.csv.gz")
    names |= {row["LIBEPCI"].casefold() for row in epcis}
    assert {"civray", "cc du civraisien en poitou"} <= names
    ours = {row["nom"] for row in rows(DEMO / "geographie" / "territoires.csv")}
    assert len(ours) > 80
    assert {name for name in ours if name.casefold() in names} == set()
    assert not any(row["code"].startswith("99") for row in table)
    assert not any(row["EPCI"].startswith("2499") for row in epcis)


def test_the_geography_of_the_demo_holds_together() -> None:
    territories = rows(DEMO / "geographie" / "territoires.csv")
    members = rows(DEMO / "geographie" / "membres.csv")
    known = {(row["annee"], row["code"]) for row in territories}
    assert len(known) == len(territories)
    assert all(
        (row["annee"], row["commune"]) in known and (row["annee"], row["territoire"]) in known for row in members
    )
    sizes = Counter((row["annee"], row["territoire"]) for row in members)
    assert [sizes[(str(year), "EPCI-249900001")] for year in range(2017, 2027)] == [37] * 6 + [35] * 4
    groups = ("GRP-haute-arvelle", "GRP-tressonne", "GRP-sorvanne")
    assert sum(sizes[("2025", group)] for group in groups) == 35
    declared = config(DEMO)["territoire"]["groupements"]
    for group in groups:
        held = {row["commune"] for row in members if (row["annee"], row["territoire"]) == ("2025", group)}
        assert set(declared[group]) == held
    gone = {row["code_avant"] for row in rows(DEMO / "geographie" / "evenements.csv")} - {"COM-99104"}
    assert gone == {"COM-99109", "COM-99112"}
    assert all(("2022", code) in known and ("2023", code) not in known for code in gone)


def test_the_merged_commune_is_in_two_geographies() -> None:
    panel = rows(DEMO / "sources" / "population_municipale.csv", separator=",")
    found = {(row["CODGEO"], row["annee_geo"]): int(row["POP"]) for row in panel}
    before = [found[(code, "2022")] for code in ("99104", "99109", "99112")]
    assert ("99109", "2023") not in found
    assert sum(before) * 0.95 < found[("99104", "2023")] < sum(before) * 1.05


def test_the_counts_hold_the_cases_that_they_promise() -> None:
    counts = rows(DEMO / "observations.csv")
    relay = [row for row in counts if row["mesure"] == "familles_rpe" and row["territoire"].startswith("COM-")]
    assert sum(row["valeur"] == "<5" for row in relay) > 20
    assert sum(row["valeur"] in {"1", "2", "3", "4"} for row in relay) > 20
    assert not any(row["valeur"] == "<5" for row in relay if row["periode"] < "2024-S1")
    returns = Counter((row["structure"], row["periode"]) for row in counts if row["mesure"] == "journees_enfants_alsh")
    structures = {structure for structure, _ in returns}
    assert len(structures) == 4
    absent = {(name, period) for name in structures for _, period in returns if (name, period) not in returns}
    assert absent == {("ALSH de Sorvanne", "2024-S2")}
    assert {row["remarque"] for row in counts if row["periode"] == "2025-S2"} == {"provisoire", "Retenu par le relais"}


def test_the_targets_are_of_each_kind() -> None:
    targets = {(row["indicateur"], row["revisee_le"]): row for row in rows(DEMO / "cibles.csv")}
    assert targets[("PE01", "")]["valeur_reference"] == targets[("PE01", "")]["valeur_cible"] != ""
    falling, ranged = targets[("PE09", "")], targets[("EN01", "")]
    assert number(falling["valeur_cible"]) < number(falling["valeur_reference"])
    assert ranged["valeur_cible"] == ""
    assert number(ranged["cible_min"]) < number(ranged["cible_max"])
    assert targets[("AV04", "")]["periode_reference"] == ""
    assert targets[("AD03", "")]["valeur_cible"] == "0"
    assert {revised for name, revised in targets if name == "PE07"} == {"", "2024-06-01"}
    assert {name for name, _ in targets} <= set(config(DEMO)["indicateurs"]["retenus"])


def test_the_budget_adds_up_to_the_cent() -> None:
    lines = rows(DEMO / "budget.csv")
    amounts = [Decimal(line["montant"].replace(",", ".")) for line in lines]
    assert all(amount > 0 and amount == amount.quantize(Decimal("0.01")) for amount in amounts)
    assert {line["exercice"] for line in lines} == {"2022", "2023", "2024", "2025"}
    assert {line["statut"] for line in lines} == {"prevu", "sollicite", "acquis", "verse", "realise"}
    assert len({line["financeur"] for line in lines if line["financeur"]}) == 5
    spent: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    paid: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for line, amount in zip(lines, amounts, strict=True):
        if (line["nature"], line["statut"]) == ("depense", "realise"):
            spent[line["action"], line["exercice"]] += amount
        if (line["nature"], line["statut"]) == ("recette", "verse"):
            paid[line["action"], line["exercice"]] += amount
    assert all(paid[key] < spent[key] for key in paid)


def test_the_plan_has_every_state_and_its_history() -> None:
    actions = rows(DEMO / "actions.csv")
    names = [row["id"] for row in actions]
    assert sorted(set(names)) == [f"A{number:02d}" for number in range(1, 26)]
    assert len({row["axe"] for row in actions}) == 5
    last = {row["id"]: row for row in sorted(actions, key=lambda row: row["etat_date"])}
    states = Counter(row["etat"] for row in last.values())
    assert set(states) == {"non_engagee", "en_cours", "realisee", "perennisee", "reportee", "abandonnee"}
    assert all(row["motif"] for row in last.values() if row["etat"] in {"abandonnee", "reportee"})
    assert {line["action"] for line in rows(DEMO / "budget.csv")} == set(names)
    assert {row["action"] for row in rows(DEMO / "journal.csv") if row["action"]} <= set(names)


def test_the_texts_are_those_of_sections_that_show_them() -> None:
    shown = {
        "bilan_annuel": {"synthese", "contexte", "actions", "budget", "enseignements", "perspectives"},
        "diagnostic": {"synthese", "contexte"},
        "impact": {"synthese", "enseignements"},
    }
    for folder, bilans in ((DEMO, shown), (CIVRAISIEN, {"diagnostic": shown["diagnostic"]})):
        found = {path.name: {text.stem for text in path.glob("*.md")} for path in (folder / "textes").iterdir()}
        assert found == bilans


def test_the_texts_quote_indicators_that_are_followed() -> None:
    for folder in (DEMO, CIVRAISIEN):
        followed = set(config(folder)["indicateurs"]["retenus"])
        for path in sorted((folder / "textes").rglob("*.md")):
            quoted = re.findall(r"\{\{(\w+):(\w+)\}\}", path.read_text(encoding="utf-8"))
            assert {name for name, _ in quoted} <= followed, path.name
            assert {field for _, field in quoted} <= {"valeur"}, path.name


def test_the_demo_checks_clean_and_tells_its_holes(demo: ctgeval.Dossier) -> None:
    dossier = demo
    problems = dossier.problems()
    assert set(problems["severity"]) == {"avertissement"}
    assert problems["message"].str.contains("Retour manquant : ALSH de Sorvanne").sum() == 1
    assert all(table.n_rejected == 0 for table in dossier.source_tables.values())
    verdicts = dict(zip(dossier.progress()["indicator"], dossier.progress()["verdict"], strict=True))
    assert verdicts["PE01"] == "maintenu"
    assert verdicts["PE02"] == verdicts["PE09"] == verdicts["AD03"] == "en_progres"
    assert verdicts["JE01"] == "en_recul"
    assert (verdicts["EN01"], verdicts["AV04"], verdicts["AD01"]) == ("atteint", "sans_reference", "sans_cible")
    days = dossier.indicators("EN02", geo="EPCI-249900001").set_index("time_period")
    assert days.loc["2024-S1", "value"] > 0
    assert math.isnan(days.loc["2024-S2", "value"])
    assert math.isinf(days.loc["2024-S2", "high"])
    assert "manque" in days.loc["2024-S2", "reason"]


def test_the_merged_commune_is_followed_through_its_merger(demo: ctgeval.Dossier) -> None:
    people = demo.indicators("PO01", geo="COM-99104").set_index("time_period")["value"]
    assert people.notna().all()
    assert set(people.index) == {str(year) for year in range(2015, 2024)}
    assert people.pct_change().abs().max() < 0.05


# -- the real dossier -------------------------------------------------------------------------------------------------


def test_the_real_dossier_invents_nothing() -> None:
    read = config(CIVRAISIEN)
    assert set(read) == {"territoire", "comparaison", "indicateurs", "publication", "source", "bilan"}
    assert {bilan["carnet"] for bilan in read["bilan"]} == {"diagnostic"}
    assert [source["licence"] for source in read["source"]] == ["Licence Ouverte 2.0"]
    kept = {path.name for path in CIVRAISIEN.iterdir() if path.name != ".ctgeval"}
    assert kept == {"ctg.toml", "sources", "textes"}


def test_the_real_dossier_gives_the_legal_population() -> None:
    dossier = ctgeval.open(CIVRAISIEN)
    assert set(dossier.problems()["severity"]) <= {"avertissement"}
    people = dossier.indicators("PO01", geo="EPCI-200070035").set_index("time_period")
    assert people["value"].to_dict() == {
        "2018": 27_407,
        "2019": 27_349,
        "2020": 27_163,
        "2021": 26_926,
        "2022": 26_737,
        "2023": 26_641,
    }
    assert people["completeness"].eq(1).all()


def test_the_panel_of_the_real_dossier_is_complete() -> None:
    panel = rows(CIVRAISIEN / "sources" / "population_municipale.csv", separator=",")
    censuses = {"2018": "2021", "2019": "2021", "2020": "2022", "2021": "2024", "2022": "2024", "2023": "2025"}
    assert {(row["millesime_rp"], row["annee_geo"]) for row in panel} == set(censuses.items())
    assert len({(row["CODGEO"], row["millesime_rp"]) for row in panel}) == len(panel)
    names = {(row["CODGEO"], row["millesime_rp"]): row["LIBGEO"] for row in panel}
    assert (names[("86247", "2020")], names[("86247", "2021")]) == ("Saint-Saviol", "Val-de-Comporté")
    assert ("86231", "2021") not in names


def package(folder: Path, version: str, communes: list[dict[str, object]], epcis: list[dict[str, object]]) -> None:
    data = folder / version / "package" / "data"
    data.mkdir(parents=True)
    (data / "communes.json").write_text(json.dumps(communes), encoding="utf-8")
    (data / "epci.json").write_text(json.dumps(epcis), encoding="utf-8")


def commune(code: str, name: str, population: int | None, kind: str = "commune-actuelle") -> dict[str, object]:
    found: dict[str, object] = {"code": code, "nom": name, "type": kind, "departement": code[:2]}
    return found if population is None else found | {"population": population}


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    folder = tmp_path / "packages"
    for shift, version in enumerate(("1.1.1", "2.3.1", "4.1.0", "5.3.0")):
        package(
            folder,
            version,
            [
                commune("86078", "Civray", 2500 + shift),
                commune("86082", "Valence-en-Poitou", 4300 + shift),
                commune("86082", "Couhé", None, "commune-deleguee"),
                commune("86999", "Ailleurs en Vienne", 100 + shift),
                commune("16001", "Abzac", 500 + shift),
                commune("75056", "Paris", 2_000_000),
            ],
            [
                {"code": "200070035", "membres": [
                    {"code": "86078", "populationMunicipale": 2600 + shift},
                    {"code": "86082", "populationMunicipale": 4400 + shift},
                ]},
                {"code": "200072049", "membres": [{"code": "16001", "populationMunicipale": 600 + shift}]},
                {"code": "200000001", "membres": [
                    {"code": "86999", "populationMunicipale": 150 + shift},
                    {"code": "75056", "populationMunicipale": 1},
                ]},
            ],
        )  # fmt: skip
    return folder


def test_the_panel_takes_each_census_where_it_is(packages: Path, tmp_path: Path) -> None:
    made = run("make_civraisien.py", "--packages", str(packages), "--out", str(tmp_path))
    assert made.returncode == 0, made.stderr
    panel = rows(tmp_path / "sources" / "population_municipale.csv", separator=",")
    assert sorted({row["CODGEO"] for row in panel}) == ["16001", "86078", "86082", "86999"]
    civray = {row["millesime_rp"]: (row["POP"], row["annee_geo"]) for row in panel if row["CODGEO"] == "86078"}
    assert civray == {
        "2018": ("2600", "2021"),
        "2019": ("2500", "2021"),
        "2020": ("2501", "2022"),
        "2021": ("2602", "2024"),
        "2022": ("2502", "2024"),
        "2023": ("2503", "2025"),
    }
    assert {row["LIBGEO"] for row in panel if row["CODGEO"] == "86082"} == {"Valence-en-Poitou"}


def test_a_commune_without_population_stops_the_script(packages: Path, tmp_path: Path) -> None:
    target = packages / "2.3.1" / "package" / "data" / "communes.json"
    target.write_text(json.dumps([commune("86078", "Civray", None)]), encoding="utf-8")
    made = run("make_civraisien.py", "--packages", str(packages), "--out", str(tmp_path))
    assert made.returncode == 1
    assert "2.3.1, communes.json: commune 16001 has no population" in made.stderr
    assert not (tmp_path / "sources").exists()


def test_a_proof_that_differs_stops_the_script(packages: Path, tmp_path: Path) -> None:
    first = run("make_civraisien.py", "--packages", str(packages), "--out", str(tmp_path))
    assert first.returncode == 0
    proof = tmp_path / "proof.csv"
    text = (tmp_path / "sources" / "population_municipale.csv").read_text(encoding="utf-8")
    proof.write_text(text.replace(",2503,", ",2504,"), encoding="utf-8")
    made = run("make_civraisien.py", "--packages", str(packages), "--proof", str(proof), "--out", str(tmp_path / "x"))
    assert made.returncode == 1
    assert "86078 Civray, RP2023: 2503 here, 2504.0 there" in made.stderr
    assert not (tmp_path / "x").exists()


def test_the_real_figures_are_those_of_another_panel(real_data: Path) -> None:
    known = zipped(real_data / "population" / "population_communes_2006_2023.csv.gz")
    other = {(row["CODGEO"], row["millesime_rp"]): float(row["POP"]) for row in known}
    other[("86247", "2021")] += other[("86231", "2021")]
    panel = rows(CIVRAISIEN / "sources" / "population_municipale.csv", separator=",")
    different = [row for row in panel if other[(row["CODGEO"], row["millesime_rp"])] != float(row["POP"])]
    assert different == []
    table = zipped(real_data / "geo" / "epci_membres_2024.csv.gz")
    members = {row["CODGEO"] for row in table if row["EPCI"] == "200070035"}
    assert len(members) == 35
    assert sum(int(row["POP"]) for row in panel if row["millesime_rp"] == "2023" and row["CODGEO"] in members) == 26_641
