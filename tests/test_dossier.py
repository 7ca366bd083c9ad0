"""The dossier ties the stages together: what an evaluator asks of it, on the dossiers of the project."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import ctgeval
from ctgeval import diffusion
from ctgeval.confidentiality import ProtectedTable, Release, attack
from ctgeval.errors import ConfidentialityError, DossierError, UnknownIndicator, UnknownTerritory
from tests.light import light

DATA = Path(__file__).parents[1] / "data"
Released = Callable[[str], Release]
CC, MERGED = "EPCI-249900001", "COM-99104"


def test_a_dossier_opens_by_its_folder_or_its_file() -> None:
    assert ctgeval.open(DATA / "civraisien" / "ctg.toml").config == ctgeval.open(DATA / "civraisien").config


def test_what_is_not_a_dossier_is_told(tmp_path: Path) -> None:
    with pytest.raises(DossierError, match=r"ctg\.toml"):
        ctgeval.open(tmp_path)


def test_no_problem_of_the_demo_blocks(demo: ctgeval.Dossier) -> None:
    problems = demo.problems()
    assert list(problems.columns) == [
        "severity", "message", "file", "sheet", "row", "column", "key", "value", "remedy",
    ]  # fmt: skip
    assert set(problems["severity"]) == {"avertissement"}
    assert problems["message"].str.contains("Retour manquant").any()
    demo.require_sound()


def test_observations_are_on_the_perimeter_of_the_dossier(demo: ctgeval.Dossier) -> None:
    population = demo.observations().query("measure == 'population_municipale'")
    geos = set(population["geo"])
    assert MERGED in geos
    assert not geos & {"COM-99109", "COM-99112"}
    assert population.loc[population["geo"].eq(MERGED), "geography"].eq(2025).all()


def test_the_population_of_the_cc_is_that_of_its_communes(demo: ctgeval.Dossier) -> None:
    table = demo.indicators("PO01").set_index(["geo", "time_period"])["value"]
    communes = demo.margins[CC]
    assert len(communes) == 35
    for year in ("2015", "2023"):
        assert table[CC, year] == sum(table[geo, year] for geo in communes)


def test_unknown_names_list_the_near_ones(demo: ctgeval.Dossier) -> None:
    with pytest.raises(UnknownIndicator, match="PE02"):
        demo.indicators("PE2")
    with pytest.raises(UnknownTerritory):
        demo.indicators("PO01", geo="COM-99999")


def test_a_territory_outside_the_bilans_is_computed_on_demand(demo: ctgeval.Dossier) -> None:
    known = set(demo.territories["geo"])
    outside = next(geo for geo in demo.reference.members("EPCI-249900002", 2025) if geo not in known)
    rows = demo.indicators("PO01", geo=outside)
    assert set(rows["geo"]) == {outside}
    assert rows["value"].notna().any()


def test_progress_follows_the_targets(demo: ctgeval.Dossier) -> None:
    verdicts = demo.progress().set_index("indicator")["verdict"]
    assert verdicts["PE01"] == "maintenu"
    assert verdicts["PE04"] == "en_recul"
    assert verdicts["AV04"] == "sans_reference"


def test_the_plan_gives_its_own_indicators(demo: ctgeval.Dossier) -> None:
    rows = demo.indicators("PI01", geo=CC).set_index("time_period")
    last = rows.loc["2025"]
    states = demo.actions()["etat"]
    assert last["denominator"] == len(states) == 25
    assert last["numerator"] == states.isin(["en_cours", "realisee", "perennisee"]).sum()


def test_release_of_each_audience_leaves_out_what_it_may_not_know(demo_release: Released) -> None:
    inside, public = demo_release("interne"), demo_release("habitants")
    assert {"relais-communes", "structures-avs"} <= set(inside.sources["cle"])
    assert not {"relais-communes", "structures-avs"} & set(public.sources["cle"])
    assert "AV04" in set(inside.results["indicator"])
    assert "AV04" not in set(public.results["indicator"])
    families = public.results.query("indicator == 'PE07'")
    assert set(families.loc[families["value"].notna(), "geo"]) == {CC}


def test_same_figures_in_every_audience_or_the_mark(demo_release: Released) -> None:
    keys = ["indicator", "geo", "time_period"]
    inside = demo_release("interne").results.set_index(keys)["value"]
    for audience in ("copil", "habitants"):
        shown = demo_release(audience).results.set_index(keys)["value"].dropna()
        assert len(shown) > 100
        assert (shown == inside.reindex(shown.index)).all()


def test_release_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    dossier = ctgeval.open(light(tmp_path / "demo"))
    with pytest.raises(ConfidentialityError, match="habitants"):
        dossier.release("journalistes")
    with pytest.raises(DossierError, match="partenaire"):
        dossier.release("partenaire")


def test_a_masked_commune_is_not_found_from_its_totals(tmp_path: Path) -> None:
    folder = light(tmp_path / "demo")
    text = (folder / "ctg.toml").read_text(encoding="utf-8")
    start = text.index('cle = "relais-communes"')
    opened = text[:start] + text[start:].replace('diffusion = "interne"', 'diffusion = "ouverte"', 1)
    (folder / "ctg.toml").write_text(opened, encoding="utf-8")
    dossier = ctgeval.open(folder)
    rows = dossier.release("habitants").results.query("indicator == 'PE07'")
    small = rows["geo"].eq("COM-99106")
    assert rows.loc[small, ["value", "low", "high", "numerator", "n"]].isna().all(axis=None)
    # The CC keeps its figure when another commune, the smallest that is enough, is masked with this one.
    masked = rows[rows["conf_status"].eq("C")].groupby("time_period")["geo"].nunique()
    assert (masked.reindex(rows.loc[small, "time_period"]) >= 2).all()
    assert rows.loc[rows["geo"].isin(["COM-99101", CC]), "value"].notna().all()
    # In 2022-S1, 17 communes that are masked share 42 of the 202 families: one of them may have from 1 to 26.
    table = diffusion.content(dossier, "habitants").results
    assert isinstance(table, ProtectedTable)
    found = attack(table)
    assert found["ok"].all()
    early = found[found["measure"].eq("familles_rpe") & found["time_period"].eq("2022-S1")].set_index("geo")
    assert len(early) == 17
    assert early.loc["COM-99106", ["low", "high"]].tolist() == [1, 42 - 16]


def test_a_bilan_of_a_grouping_is_released_though_a_source_leaves_it_out(tmp_path: Path) -> None:
    (tmp_path / "caf.csv").write_text(
        "Date référence;Numéro commune;Nom commune;Taux de couv global\n2021;86194;POITIERS;53.1\n", encoding="utf-8"
    )
    (tmp_path / "ctg.toml").write_text(
        """
[territoire]
code = "GRP-gencay"
nom = "Gençay et Valence"
perimetre = 2024
[territoire.groupements]
"GRP-gencay" = ["COM-86103", "COM-86082"]
[[source]]
cle = "caf"
fichier = "caf.csv"
format = "caf.taux_couverture"
diffusion = "ouverte"
""",
        encoding="utf-8",
    )
    notices = ctgeval.open(tmp_path).release("copil").notices
    assert notices["sentence"].str.startswith("Gençay et Valence").tolist() == [True]
