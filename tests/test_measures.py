"""Measures: what is counted and what may be summed."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from ctgeval import measures
from ctgeval.errors import MeasureError, UnknownMeasure


def test_the_house_measures_load_and_are_sorted() -> None:
    found = measures.load()
    assert list(found) == sorted(found)
    assert len(found) > 150
    assert all(measure.label and measure.id == id for id, measure in found.items())


def test_the_mapping_is_read_only() -> None:
    with pytest.raises(TypeError):
        measures.load()["x"] = measures.get("naissances")  # type: ignore[index]


@pytest.mark.parametrize(
    ("id", "places", "time"),
    [
        ("population_municipale", True, False),
        ("naissances", True, True),
        ("budget_execute", True, True),
        ("usagers_avs", False, False),
        ("revenu_median", False, False),
        ("taux_pauvrete", False, False),
        ("taux_couverture_global", False, False),
    ],
)
def test_kind_decides_what_may_be_summed(id: str, places: bool, time: bool) -> None:
    measure = measures.get(id)
    assert (measure.additive_over_places, measure.additive_over_time) == (places, time)
    assert bool(measure.refusal("places")) is not places
    assert bool(measure.refusal("time")) is not time


@pytest.mark.parametrize("id", ["revenu_median", "taux_pauvrete", "usagers_avs"])
def test_a_refusal_says_which_row_to_use(id: str) -> None:
    assert "prendre la ligne que la source donne pour le territoire lui-même" in measures.get(id).refusal("places")


def test_secrecy_is_about_persons_households_and_enterprises_only() -> None:
    secret = {id for id, measure in measures.load().items() if measure.is_secret_object}
    assert {"naissances", "familles_rpe", "etablissements"} <= secret
    assert not {"mam_ouvertes", "actions_engagees", "seances_laep", "budget_vote", "places_eaje"} & secret


def test_possible_values() -> None:
    assert measures.get("taux_pauvrete").possible == (0.0, 100.0)
    assert measures.get("naissances").possible == (0.0, math.inf)
    assert measures.get("part_impots").possible == (-math.inf, math.inf)


def test_an_unknown_measure_names_the_near_ones() -> None:
    with pytest.raises(UnknownMeasure, match="naissances"):
        measures.get("naissance")


def test_a_dossier_adds_its_own_measures(tmp_path: Path) -> None:
    own = tmp_path / "mesures.toml"
    own.write_text(
        '[local]\nrepas_portes = { label = "Repas portés", kind = "flow", object = "autres", unit = "repas" }\n',
        encoding="utf-8",
    )
    found = measures.load(own)
    assert measures.get("repas_portes", measures=found).label == "Repas portés"
    assert "naissances" in found
    assert "repas_portes" not in measures.load()


GOOD = 'label = "L", kind = "flow", object = "autres", unit = "u"'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"[t]\nnaissances = {{ {GOOD} }}\n", "existent déjà"),
        (f"[a]\nx = {{ {GOOD} }}\n[b]\nx = {{ {GOOD} }}\n", "déclarée deux fois"),
        ('[t]\nx = { label = "L", kind = "flow", object = "autres" }\n', "Champs manquants : unit"),
        (f"[t]\nx = {{ {GOOD}, couleur = 1 }}\n", "Champs inconnus : couleur"),
        ('[t]\nx = { label = "L", kind = "flux", object = "autres", unit = "u" }\n', "« kind » inconnu"),
        ('[t]\nx = { label = "L", kind = "flow", object = "gens", unit = "u" }\n', "« object » inconnu"),
        ('[t]\nx = { label = 3, kind = "flow", object = "autres", unit = "u" }\n', "bon type"),
        (f"[t]\nx = {{ {GOOD}, bounds = [5, 0] }}\n", "deux nombres croissants"),
        (f"[t]\nx = {{ {GOOD}, bounds = 5 }}\n", "deux nombres croissants"),
        ("[t]\nx = 3\n", "se décrit par des champs"),
        ("x = 3\n", "se range sous un thème"),
        ("x = = 3\n", "TOML valide"),
    ],
)
def test_a_wrong_declaration_is_told(tmp_path: Path, text: str, message: str) -> None:
    own = tmp_path / "mesures.toml"
    own.write_text(text, encoding="utf-8")
    with pytest.raises(MeasureError, match=message):
        measures.load(own)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(MeasureError, match="illisible"):
        measures.load(tmp_path / "absent.toml")
