"""A proposal quotes the figure that raised it, and a figure that is masked for a reader raises nothing."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, replace

import pandas as pd
import pytest
from hypothesis import given, strategies as st

from ctgeval.programme import raised
from ctgeval.programme.rules import DeclaredRule


@dataclass(frozen=True)
class Item:
    label: str
    unit: str = "%"
    decimals: int = 0
    direction: str = "lower"


CATALOGUE = {"PE09": Item("Demandes sans solution"), "PI05": Item("Assiduité", direction="higher")}
PLAN = ["id", "axe", "intitule", "fin", "etat", "etat_date"]


def results(*rows: tuple[str, str, float, str]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["indicator", "time_period", "value", "conf_status"])
    return table.assign(geo="EPCI-1", low=table["value"], high=table["value"], source="relais").astype(
        {"value": "float64", "low": "float64", "high": "float64"}
    )


def progress(verdict: str, period: str = "2025-S2", target: float = 20.0) -> pd.DataFrame:
    row = {"indicator": "PE09", "verdict": verdict, "time_period": period, "target": target,
           "target_min": math.nan, "target_max": math.nan}  # fmt: skip
    return pd.DataFrame([row])


def plan(*rows: tuple[str, str, str, str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=PLAN)


def facts(**given: object) -> raised.Facts:
    empty = raised.Facts(
        results=results(),
        progress=progress("stable").iloc[:0],
        plan=plan(),
        budget=pd.DataFrame(columns=["action", "exercice", "nature", "poste", "financeur", "statut", "montant"]),
        catalogue=CATALOGUE,
        day=dt.date(2025, 12, 31),
    )
    return replace(empty, **given)  # type: ignore[arg-type]


def rule(condition: str, *words: str, **more: object) -> DeclaredRule:
    text = {"etat": "{{action:nom}} : {{action:etat}}.", "budget": "{{budget:ecart}} de trop."}
    made = DeclaredRule(
        id="RG1",
        texte=text.get(condition, "{{indicateur:nom}} : {{indicateur:valeur}}."),
        condition=condition,
        words=words,
    )
    return replace(made, **more)  # type: ignore[arg-type]


SHOWN = results(("PE09", "2025-S1", 22.0, "F"), ("PE09", "2025-S2", 24.0, "F"))


def test_a_verdict_raises_a_proposal_that_quotes_its_figure_its_period_its_target_and_its_source() -> None:
    found = raised.proposals([rule("verdict", "en_recul")], facts(results=SHOWN, progress=progress("en_recul")))
    row = found.iloc[0]
    assert row["texte"] == "Demandes sans solution : 24\u202f%."
    assert row["chiffre"] == "Demandes sans solution : 24\u202f% (2e semestre 2025), pour une cible de 20\u202f%"
    assert (row["time_period"], row["value"], row["source"], row["geo"]) == ("2025-S2", 24.0, "relais", "EPCI-1")


@pytest.mark.parametrize(
    "given",
    [
        {"results": SHOWN, "progress": progress("stable")},
        {"results": SHOWN, "progress": progress("en_recul", period="2025-S1")},
        {"results": results(("PE09", "2025-S2", math.nan, "C")), "progress": progress("en_recul")},
        {"results": results(("PE09", "2025-S1", 22.0, "F"), ("PE09", "2025-S2", math.nan, "D")),
         "progress": progress("en_recul", period="2025-S1")},
        {"results": SHOWN, "progress": progress("en_recul"), "until": "2025-S1"},
        {"results": results(), "progress": progress("en_recul")},
    ],
)  # fmt: skip
def test_a_figure_that_is_masked_later_or_absent_raises_nothing(given: dict[str, object]) -> None:
    assert raised.proposals([rule("verdict", "en_recul")], facts(**given)).empty


def test_a_threshold_holds_for_every_value_that_the_source_allows() -> None:
    sure = results(("PI05", "2025", 58.0, "F"))
    unsure = sure.assign(high=61.0)
    low = rule("moins_de", level=60.0, indicateurs=("PI05",))
    assert len(raised.proposals([low], facts(results=sure))) == 1
    assert raised.proposals([low], facts(results=unsure)).empty
    high = rule("plus_de", level=57.0, indicateurs=("PI05",))
    assert len(raised.proposals([high], facts(results=sure))) == 1
    assert raised.proposals([high], facts(results=sure.assign(low=57.0))).empty


def test_a_degradation_is_told_against_the_same_half_year_and_in_the_direction_of_the_indicator() -> None:
    # PE09 should go down: 24 in 2025-S2 against 20 in 2024-S2 is 4 points worse; 2025-S1 plays no part.
    seen = results(("PE09", "2024-S2", 20.0, "F"), ("PE09", "2025-S1", 30.0, "F"), ("PE09", "2025-S2", 24.0, "F"))
    four = rule("degradation", level=4.0, indicateurs=("PE09",))
    assert len(raised.proposals([four], facts(results=seen))) == 1
    assert raised.proposals([replace(four, level=4.5)], facts(results=seen)).empty
    masked = seen.assign(conf_status=["C", "F", "F"])
    assert raised.proposals([four], facts(results=masked)).empty


def test_late_and_postponed_actions_are_told_with_their_state_and_their_term() -> None:
    actions = plan(
        ("A1", "Enfance", "Bourse", "2025-06-30", "en_cours", "2024-01-01"),
        ("A2", "Enfance", "Forum", "2025-06-30", "realisee", "2025-05-01"),
        ("A3", "Parents", "Café", "2026-06-30", "reportee", "2025-03-18"),
    )
    found = raised.proposals([rule("etat", "en_retard", "reportee")], facts(plan=actions))
    assert list(found["action"]) == ["A1", "A3"]
    assert list(found["texte"]) == ["Bourse : en cours.", "Café : reportée."]
    assert "fin prévue le 30 juin 2025" in found["chiffre"][0].replace("\u00a0", " ").replace("\u202f", " ")
    kept = raised.proposals([rule("etat", "reportee", axe="Enfance")], facts(plan=actions))
    assert kept.empty


def test_an_action_that_receives_more_than_it_spends_is_told() -> None:
    # 1 000 spent, 700 + 400 received: 100 too much.
    lines = [("depense", "", 1000.0), ("recette", "Caf", 700.0), ("recette", "MSA", 400.0)]
    spent = pd.DataFrame(
        [("A1", 2024, nature, "", who, "realise", amount) for nature, who, amount in lines],
        columns=["action", "exercice", "nature", "poste", "financeur", "statut", "montant"],
    )
    found = raised.proposals([rule("budget", "surfinancement")], facts(budget=spent))
    assert list(found["texte"]) == ["100\u00a0€ de trop."]
    assert list(found["time_period"]) == ["2024"]
    balanced = spent.assign(montant=[1100.0, 700.0, 400.0])
    assert raised.proposals([rule("budget", "surfinancement")], facts(budget=balanced)).empty


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ({"id": "R1", "origine": "règle RG1", "action": None, "chiffre": "PE09 2025-S2 : 24 %"}, "R1"),
        ({"id": "R1", "origine": "règle RG1", "action": None, "chiffre": None}, "R1"),
        ({"id": "R1", "origine": "règle RG1", "action": "A1", "chiffre": None}, ""),
        ({"id": "R1", "origine": "règle RG10", "action": None, "chiffre": None}, ""),
    ],
)
def test_a_proposal_that_somebody_wrote_in_the_register_carries_its_id(line: dict[str, object], expected: str) -> None:
    given = facts(results=SHOWN, progress=progress("en_recul"))
    found = raised.proposals([rule("verdict", "en_recul")], given, register=pd.DataFrame([line]))
    assert list(found["recommandation"]) == [expected]


@given(
    st.lists(st.tuples(st.sampled_from(["PE09", "PI05"]), st.sampled_from(["2023", "2024", "2024-S2", "2023-2024"]),
                       st.floats(allow_nan=True, allow_infinity=True), st.sampled_from("FCDN")), max_size=6),
    st.sampled_from(["moins_de", "plus_de", "degradation"]), st.floats(allow_nan=False, allow_infinity=False),
)  # fmt: skip
def test_nothing_that_results_may_hold_breaks_a_rule_and_no_masked_value_is_quoted(
    rows: list[tuple[str, str, float, str]], condition: str, level: float
) -> None:
    table = results(*rows)
    found = raised.proposals([rule(condition, level=level, indicateurs=("PE09", "PI05"))], facts(results=table))
    shown = set(table.loc[table["conf_status"].eq("F"), "value"])
    assert set(found["value"]) <= shown
