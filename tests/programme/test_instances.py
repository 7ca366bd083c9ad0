"""Attendance is presences over invitations; numbers that can't be true are told and left out."""

from __future__ import annotations

import math
from collections.abc import Callable

import pandas as pd
import pytest
from hypothesis import given, strategies as st

from ctgeval.programme import instances, partners
from tests.examples import examples

Table = Callable[[str, str], pd.DataFrame]

PARTNERS = "id;nom\ncc;CC\ncaf;Caf\nmsa;MSA\nudaf;UDAF\n"
MEETINGS = """\
id;type;date;invites;presents;partenaires_presents;sujet;partenaires_invites;action
C1;COPIL;2024-03-01;4;3;"cc; caf; msa";Bilan;"cc; caf; msa; udaf";
T1;COTECH;2024-04-01;8;4;;Chiffres;;
T2;COTECH;2024-10-01;4;2;"cc; caf";Chiffres;"cc; caf; msa; udaf";
G1;groupe;2024-11-01;;;"cc; msa";;;A01
C2;COPIL;2025-01-15;;;"cc; caf; msa; udaf";;"cc; caf; msa; udaf";
"""


@pytest.fixture
def known(table: Table) -> partners.Directory:
    return partners.directory(table("partenaires", PARTNERS))


def test_attendance_by_type_half_year_and_year(table: Table, known: partners.Directory) -> None:
    found = instances.attendance(instances.meetings(table("instances", MEETINGS), known))
    rate = found.set_index(["time_period", "type"])
    # 2024: COPIL 3 of 4, COTECH (4 + 2) of (8 + 4), together 9 of 16 = 56,25 %, which is no mean of 75 and 50.
    assert rate.loc[("2024", "COPIL"), "rate"] == 75
    assert rate.loc[("2024", "COTECH"), "rate"] == 50
    together = rate.loc[("2024", "ensemble")]
    assert (together["presences"], together["invitations"], together["rate"]) == (9, 16, 56.25)
    assert rate.loc[("2024-S1", "ensemble"), "rate"] == pytest.approx(100 * 7 / 12)
    assert rate.loc[("2024-S2", "COTECH"), "rate"] == 50
    assert ("2024-S2", "COPIL") not in rate.index
    # 2025: no number is typed, the lists give 4 of 4.
    assert rate.loc[("2025", "ensemble"), "rate"] == 100


def test_a_partner_asked_and_absent_lowers_the_attendance(table: Table, known: partners.Directory) -> None:
    one = "id;type;date;partenaires_presents;partenaires_invites\nC1;COPIL;2024-03-01;cc;cc\n"
    two = one.replace(";cc;cc", ';cc;"cc; caf"')
    rates = [
        instances.attendance(instances.meetings(table("instances", text), known))["rate"].iloc[-1]
        for text in (one, two)
    ]
    assert rates == [100, 50]


def test_partners_one_by_one(table: Table, known: partners.Directory) -> None:
    found = instances.by_partner(instances.meetings(table("instances", MEETINGS), known), known).set_index("id")
    # C1, T2 and C2 list their guests; T1 lists nobody, G1 only who came.
    assert dict(found["invitations"]) == {"cc": 3, "caf": 3, "msa": 3, "udaf": 3}
    assert dict(found["presences"]) == {"cc": 3, "caf": 3, "msa": 2, "udaf": 1}
    assert found.loc["msa", "rate"] == pytest.approx(100 * 2 / 3)
    assert found.loc["udaf", "last"] == "2025-01-15"


def test_who_comes_unasked_is_no_presence(table: Table, known: partners.Directory) -> None:
    text = 'id;type;date;partenaires_presents;partenaires_invites\nC1;COPIL;2024-03-01;"cc; caf";"cc; msa"\n'
    found = instances.by_partner(instances.meetings(table("instances", text), known), known).set_index("id")
    assert (found.loc["msa", "presences"], found.loc["msa", "last"]) == (0, "")
    assert (found.loc["caf", "invitations"], found.loc["caf", "reason"]) == (0, instances.NOBODY)
    assert math.isnan(found.loc["caf", "rate"])
    (problem,) = instances.problems(table("instances", text), known)
    assert "« Caf » est parmi les présents" in problem.message


def test_problems_of_the_register(table: Table, known: partners.Directory) -> None:
    text = """\
id;type;date;invites;presents;partenaires_presents;partenaires_invites;action
C1;COPIL;2024-03-01;4;6;;;
C2;COPIL;2024-03-01;3;2;"cc; caf";"cc; caf";
T1;COTECH;2024-04-01;5;;;;
T2;COTECH;2024-05-01;;;cc;cc;
G1;groupe;2024-06-01;;;cc;;A99
"""
    told = [
        (problem.row, problem.column)
        for problem in instances.problems(
            table("instances", text), known, actions=pd.DataFrame({"id": ["A01"], "intitule": ["Relais"]})
        )
    ]
    assert told == [
        (2, "presents"),
        (3, "invites"),
        (3, "date"),
        (4, "presents"),
        (6, "action"),
    ]
    held = instances.meetings(table("instances", text), known)
    assert dict(zip(held["id"], held["usable"], strict=True)) == {
        "C1": False, "C2": True, "T1": False, "T2": True, "G1": False,
    }  # fmt: skip
    found = instances.attendance(held).set_index(["time_period", "type"])
    assert found.loc[("2024", "COPIL"), "rate"] == pytest.approx(100 * 2 / 3)
    assert tuple(found.loc[("2024", "COTECH"), ["meetings", "counted", "rate"]]) == (2, 1, 100)
    alone = instances.attendance(held[held["id"].eq("T1")]).iloc[-1]
    assert math.isnan(alone["rate"])
    assert alone["reason"] == instances.NO_COUNT
    assert tuple(found.loc[("2024", "COPIL"), ["meetings", "counted"]]) == (2, 1)


def test_a_sound_register_has_no_problem(table: Table, known: partners.Directory) -> None:
    plan = pd.DataFrame({"id": ["A01"]})
    assert list(instances.problems(table("instances", MEETINGS), known, actions=plan)) == []
    empty = table("instances", MEETINGS).iloc[:0]
    assert list(instances.problems(empty, known)) == []
    held = instances.meetings(empty, known)
    assert instances.attendance(held).empty
    assert instances.by_partner(held, known).empty


NUMBERS = st.one_of(st.none(), st.integers(-2, 6), st.just(10**12))
CELLS = st.sampled_from([None, "", "cc", "cc; caf", "inconnu", "M. Dupont"])


@examples(40)
@given(st.lists(st.tuples(st.sampled_from(["COPIL", "COTECH"]), NUMBERS, NUMBERS, CELLS, CELLS), max_size=6))
def test_a_rate_is_between_0_and_100_or_says_why_it_is_not(rows: list[tuple[object, ...]]) -> None:
    listed = pd.DataFrame({"id": ["cc", "caf"], "nom": ["CC", "Caf"], "type": None, "territoire": None})
    known = partners.directory(listed)
    frame = pd.DataFrame(
        [(f"R{rank}", row[0], "2024-05-01", *row[1:]) for rank, row in enumerate(rows)],
        columns=["id", "type", "date", "invites", "presents", "partenaires_presents", "partenaires_invites"],
    ).assign(sujet=None, action=None, methode=None, origin=None)
    frame = frame.astype({"invites": "float64", "presents": "float64"})
    held = instances.meetings(frame, known)
    for row in instances.attendance(held).to_dict("records"):
        assert (0 <= row["rate"] <= 100) if not row["reason"] else math.isnan(row["rate"])
    by_partner = instances.by_partner(held, known)
    assert (by_partner["presences"] <= by_partner["invitations"]).all()
    assert all(problem.severity == "avertissement" for problem in instances.problems(frame, known))


def test_the_only_meeting_of_a_register_is_dated_as_the_others(table: Table, known: partners.Directory) -> None:
    one = "\n".join(MEETINGS.splitlines()[:2]) + "\n"
    found = instances.attendance(instances.meetings(table("instances", one), known))
    assert found["time_period"].unique().tolist() == ["2024-S1", "2024"]
    assert found["rate"].unique().tolist() == [75]
