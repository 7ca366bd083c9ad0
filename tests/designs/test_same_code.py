"""Same code, another commune: 86082 is Couhé until 2018, and Valence-en-Poitou, five communes in one, after."""

from __future__ import annotations

from pathlib import Path

import pytest

import ctgeval
from ctgeval.dossier import Dossier

PARTS = {"86043": 533, "86067": 249, "86082": 1855, "86188": 1097, "86278": 720}
SOURCE = """
[[source]]
cle = "{key}"
fichier = "{file}"
format = "{format}"
producteur = "Insee"
licence = "Licence Ouverte 2.0"
mise_a_jour = 2022-01-01
diffusion = "ouverte"
{more}
"""
HEAD = """
[territoire]
code = "COM-86082"
nom = "Valence-en-Poitou"
perimetre = 2024
[territoire.groupements]
"GRP-couhe" = ["COM-86082", "COM-86211"]
[convention]
debut = 2017-06-01
fin = 2022-12-31
[comparaison]
territoires = ["COM-86194"]
"""


def write(folder: Path, *, told: bool) -> Dossier:
    for year, couhe, poitiers in ((2016, 18510, 18800), (2018, 19920, 19300)):
        text = f"CODGEO;LIBGEO;Q2{year % 100}\n86082;Couhé;{couhe}\n86194;Poitiers;{poitiers}\n"
        (folder / f"filo{year}.csv").write_text(text, encoding="utf-8")
    people = [f"{code},{2016},2018,{count}" for code, count in PARTS.items()]
    people += ["86082,2017,2019,4474", "86211,2016,2018,700", "86211,2017,2019,710"]
    text = "CODGEO,millesime_rp,annee_geo,POP\n" + "\n".join(people) + "\n"
    (folder / "population.csv").write_text(text, encoding="utf-8")
    blocks = [
        SOURCE.format(
            key=f"filo{year}",
            file=f"filo{year}.csv",
            format="insee.filosofi",
            more=f"geographie = {geography}" if told else "",
        )
        for year, geography in ((2016, 2017), (2018, 2019))
    ]
    blocks.append(SOURCE.format(key="rp", file="population.csv", format="insee.population", more=""))
    (folder / "ctg.toml").write_text(HEAD + "".join(blocks), encoding="utf-8")
    return ctgeval.open(folder)


@pytest.fixture(scope="module")
def dossier(tmp_path_factory: pytest.TempPathFactory) -> Dossier:
    return write(tmp_path_factory.mktemp("valence"), told=True)


def test_the_population_is_that_of_the_five_communes_before_as_after(dossier: Dossier) -> None:
    people = dossier.indicators("PO01", geo="COM-86082").set_index("time_period")["value"]
    assert people.to_dict() == {"2016": 4454.0, "2017": 4474.0}


def test_an_own_grouping_is_summed_on_the_same_perimeter(dossier: Dossier) -> None:
    people = dossier.indicators("PO01", geo="GRP-couhe").set_index("time_period")
    assert people["value"].to_dict() == {"2016": 5154.0, "2017": 5184.0}
    assert people["geography"].eq(2024).all()


def test_the_median_income_before_is_not_told_and_says_why(dossier: Dossier) -> None:
    medians = dossier.indicators("CO02", geo="COM-86082").set_index("time_period")
    assert medians["value"].isna().to_dict() == {"2016": True, "2018": False}
    assert medians["reason"]["2016"].startswith("Même code, autre territoire")
    poitiers = dossier.indicators("CO02", geo="COM-86194")
    assert poitiers["value"].tolist() == [18800, 19300]
    assert dossier.left_out.query("measure == 'revenu_median'")["geo"].tolist() == ["COM-86082"]


def test_a_before_after_is_refused_with_its_reason(dossier: Dossier) -> None:
    answer = dossier.evaluability("CO02")
    assert answer.status == "non_evaluable"
    assert "Même code, autre territoire\u202f: ce que la source donne pour 2016" in answer.text()
    assert any("réunit" in message and "COM-86082" in message for message in dossier.problems()["message"])


def test_a_panel_leaves_the_figure_out_and_tells_it(dossier: Dossier) -> None:
    panel = dossier.panel("CO02", treated={"COM-86082": "2018"}, comparators=["COM-86194"])
    told = [problem.message for problem in panel.problems if "autre territoire" in problem.message]
    assert len(told) == 1
    assert "périmètre 2024" in told[0]


def test_a_source_that_does_not_say_its_geography_is_compared_on_neither_side(tmp_path: Path) -> None:
    dossier = write(tmp_path, told=False)
    medians = dossier.indicators("CO02", geo="COM-86082")
    assert medians["value"].isna().all()
    assert dossier.evaluability("CO02").status == "non_evaluable"


def test_an_epci_whose_perimeter_changed_under_its_code_says_so(tmp_path: Path) -> None:
    code = next(
        geo
        for geo in sorted(ctgeval.territory.reference.load().codes("EPCI", 2020))
        if ctgeval.territory.exists(geo, year=2024)
        and ctgeval.territory.reference.load().changed_between(geo, 2020, 2024)
    ).removeprefix("EPCI-")
    for year in (2018, 2019):
        text = f"CODGEO;LIBGEO;Q2{year % 100}\n{code};X;19000\n200070043;Vienne et Gartempe;20100\n"
        (tmp_path / f"filo{year}.csv").write_text(text, encoding="utf-8")
    blocks = [
        SOURCE.format(key=f"f{year}", file=f"filo{year}.csv", format="insee.filosofi", more=f"geographie = {geography}")
        for year, geography in ((2018, 2020), (2019, 2024))
    ]
    head = f'[territoire]\ncode = "EPCI-{code}"\nperimetre = 2024\n[convention]\ndebut = 2019-01-01\n'
    head += '[comparaison]\nterritoires = ["EPCI-200070043"]\n'
    (tmp_path / "ctg.toml").write_text(head + "".join(blocks), encoding="utf-8")
    dossier = ctgeval.open(tmp_path)
    medians = dossier.indicators("CO02", geo=f"EPCI-{code}").set_index("time_period")
    assert medians["value"].isna().to_dict() == {"2018": True, "2019": False}
    assert medians["reason"]["2018"].startswith("Même code, autre territoire")
    assert "ce que la source donne pour 2018" in dossier.evaluability("CO02").text()
