"""An action is its last state; its history is kept and counted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from ctgeval.errors import DossierError
from ctgeval.programme import actions, plan_checks, plan_summary, schedule

EMPTY = pd.DataFrame(columns=["action", "intitule", "prevu_le", "realise_le", "origin"])
Table = Callable[[str, str], pd.DataFrame]

PLAN = """\
id;axe;objectif;intitule;pilote;debut;fin;etat;etat_date;avancement_pct;motif
A02;Jeunesse;Aller vers;Promeneurs du Net;CC;2022-01-01;2023-12-31;en cours;2022-03-01;20;
A01;Petite enfance;Accueil;Ouvrir une MAM;CC;2022-01-01;2024-06-30;Non engagée;2022-01-01;;
A01;Petite enfance;;Ouvrir une MAM;;2022-01-01;2024-06-30;Réalisée;2024-05-01;100;
A01;Petite enfance;;Ouvrir une MAM;;2022-01-01;2024-06-30;En cours;2023-01-15;40;
A02;Jeunesse;;Promeneurs du Net;;2022-01-01;2023-12-31;Abandonnée;2023-09-01;;Poste non pourvu
A03;Petite enfance;;Guichet unique;Caf;2025-01-01;;Reportée;2025-02-01;;
"""


def test_the_current_state_is_the_last_one_whatever_the_order_of_rows(table: Table) -> None:
    now = actions.current(table("actions", PLAN))
    assert tuple(now.columns) == actions.COLUMNS
    assert list(now["id"]) == ["A02", "A01", "A03"]
    assert list(now["etat"]) == ["abandonnee", "realisee", "reportee"]
    assert list(now["etat_date"]) == ["2023-09-01", "2024-05-01", "2025-02-01"]
    assert list(now["history"]) == [2, 3, 1]


def test_what_describes_an_action_is_kept_and_what_describes_its_state_is_not(table: Table) -> None:
    now = actions.current(table("actions", PLAN)).set_index("id")
    assert now.loc["A01", "objectif"] == "Accueil"
    assert now.loc["A01", "pilote"] == "CC"
    assert now.loc["A02", "motif"] == "Poste non pourvu"
    assert pd.isna(now.loc["A02", "avancement_pct"])


def test_at_a_date_later_states_and_later_actions_are_not_known(table: Table) -> None:
    then = actions.current(table("actions", PLAN), at=date(2023, 6, 30)).set_index("id")
    assert list(then.index) == ["A02", "A01"]
    assert list(then["etat"]) == ["en_cours", "en_cours"]
    assert list(then["history"]) == [1, 2]


def test_an_empty_plan_gives_an_empty_table(table: Table) -> None:
    empty = table("actions", PLAN.splitlines()[0] + "\n")
    assert actions.current(empty).empty
    assert tuple(actions.current(empty).columns) == actions.COLUMNS
    assert actions.counts(empty, at=date(2024, 1, 1))["actions_total"] == 0
    assert actions.last_news(empty) is None
    assert actions.history(empty).empty
    assert actions.changes(empty, since=date(2023, 1, 1), until=date(2024, 1, 1)).empty


def test_history_gives_each_state_in_order_with_the_days_spent_in_it(table: Table) -> None:
    found = actions.history(table("actions", PLAN), at=date(2024, 5, 31)).query("id == 'A01'")
    assert tuple(found.columns) == actions.HISTORY
    assert list(found["etat"]) == ["non_engagee", "en_cours", "realisee"]
    assert list(found["since"]) == ["2022-01-01", "2023-01-15", "2024-05-01"]
    assert list(found["until"]) == ["2023-01-15", "2024-05-01", ""]
    # 365 days of 2022 and 14 of January; 351 days to the end of 2023 and 121 of 2024; 30 days of May.
    assert list(found["days"]) == [379, 472, 30]


def test_news_that_repeat_a_state_are_one_stay_in_it(table: Table) -> None:
    text = PLAN + "A01;Petite enfance;;Ouvrir une MAM;;;;En cours;2023-06-01;60;\n"
    stay = actions.history(table("actions", text)).query("id == 'A01' and etat == 'en_cours'").iloc[0]
    assert (stay["rows"], stay["avancement_pct"], stay["since"], stay["until"]) == (2, 60, "2023-01-15", "2024-05-01")


def test_the_stay_that_goes_on_is_not_measured_without_a_date(table: Table) -> None:
    assert pd.isna(actions.history(table("actions", PLAN)).query("id == 'A03'")["days"].item())


def test_a_plan_imported_again_adds_its_new_states_and_overwrites_none(table: Table) -> None:
    lines = PLAN.splitlines()
    before = table("actions", "\n".join([*lines[:4], lines[5]]))
    again = "\n".join([lines[0], lines[4], *lines[5:]])
    told = actions.joined(before, table("actions", again))
    # Rows 5 (known already) is not added; the rest of the second file is.
    assert len(told) == 6
    assert list(actions.history(told).query("id == 'A01'")["etat"]) == ["non_engagee", "en_cours", "realisee"]
    assert len(actions.joined(told, told)) == len(told)
    assert len(actions.joined(told.iloc[:0], told)) == len(told)


def test_changes_tell_states_dates_new_and_given_up_actions_between_two_dates(table: Table) -> None:
    text = PLAN + "A03;Petite enfance;;Guichet unique;Caf;2025-01-01;2025-12-31;Reportée;2025-03-01;;Faute de poste\n"
    plan = table("actions", text)
    found = actions.changes(plan, since=date(2023, 1, 31), until=date(2025, 2, 28))
    assert tuple(found.columns) == actions.CHANGES
    assert list(found[["id", "kind", "before", "after", "day"]].itertuples(index=False, name=None)) == [
        ("A02", "arretee", "en_cours", "abandonnee", "2023-09-01"),
        ("A01", "etat", "en_cours", "realisee", "2024-05-01"),
        ("A03", "nouvelle", "", "reportee", "2025-02-01"),
    ]
    later = actions.changes(plan, since=date(2025, 2, 28), until=date(2025, 12, 31))
    assert list(later[["id", "kind", "before", "after"]].itertuples(index=False, name=None)) == [
        ("A03", "fin", "", "2025-12-31")
    ]
    assert list(later["motif"]) == ["Faute de poste"]


def test_changes_tell_the_milestones_reached_and_missed_in_the_span(table: Table) -> None:
    text = (
        "action;intitule;prevu_le;realise_le\n"
        "A01;Local trouvé;2023-03-01;2023-04-01\nA01;Ouverture;2023-12-01;2024-02-01\n"
        "A01;Bilan;2025-01-01;\nA01;Avant;2022-06-01;2022-06-01\n"
    )
    milestones = table("jalons", text)
    plan = table("actions", PLAN)
    found = actions.changes(plan, since=date(2023, 1, 31), until=date(2023, 12, 31), milestones=milestones)
    told = found[found["kind"].str.startswith("jalon")]
    assert list(told[["kind", "after", "day"]].itertuples(index=False, name=None)) == [
        ("jalon_franchi", "Local trouvé", "2023-04-01"),
        ("jalon_manque", "Ouverture", "2023-12-01"),
    ]


def test_counts_of_the_plan_at_a_date(table: Table) -> None:
    plan = table("actions", PLAN)
    assert actions.counts(plan, at=date(2023, 6, 30)) == {
        "actions_total": 2,
        "actions_engagees": 2,
        "actions_echues": 0,
        "actions_realisees_a_echeance": 0,
    }
    assert actions.counts(plan, at=date(2024, 12, 31)) == {
        "actions_total": 2,
        "actions_engagees": 1,
        "actions_echues": 2,
        "actions_realisees_a_echeance": 1,
    }


def test_an_action_done_after_its_term_is_not_done_on_time(table: Table) -> None:
    plan = table("actions", PLAN.replace("2024-06-30", "2024-04-30"))
    assert actions.counts(plan, at=date(2024, 12, 31))["actions_realisees_a_echeance"] == 0


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("Réalisé", "realisee"),
        ("non engagé", "non_engagee"),
        ("EN COURS", "en_cours"),
        ("pérennisée", "perennisee"),
        ("reportee", "reportee"),
        ("Abandonné ", "abandonnee"),
    ],
)
def test_states_are_read_as_people_write_them(text: str, state: str) -> None:
    assert actions.state(text) == state


def test_an_unknown_state_names_the_near_ones() -> None:
    with pytest.raises(DossierError, match="abandonnee"):
        actions.state("abandoné")


@given(st.permutations(range(6)))
def test_the_order_of_rows_changes_no_state(order: list[int]) -> None:
    rows = [line.split(";") for line in PLAN.splitlines()]
    frame = pd.DataFrame(rows[1:], columns=rows[0]).reindex(columns=list(actions.COLUMNS[:-1]))
    usual = actions.current(frame).set_index("id").sort_index()
    other = actions.current(frame.iloc[list(order)]).set_index("id").sort_index()
    assert list(usual["etat"]) == list(other["etat"])
    assert list(usual["history"]) == list(other["history"])


DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))
STATES = st.lists(
    st.tuples(
        st.sampled_from(["A1", "A2", "A3"]),
        st.sampled_from(sorted(actions.STATE_LABELS)),
        DAYS,
        st.none() | DAYS,
        st.none() | DAYS,
        st.none() | st.floats(0, 100),
    ),
    max_size=12,
)


def plan_of(states: list[tuple[str, str, date, date | None, date | None, float | None]]) -> pd.DataFrame:
    rows = [
        {
            "id": name,
            "axe": f"Axe {name}",
            "intitule": name,
            "etat": state,
            "etat_date": day.isoformat(),
            "debut": start.isoformat() if start else None,
            "fin": end.isoformat() if end else None,
            "avancement_pct": share,
        }
        for name, state, day, start, end, share in states
    ]
    return pd.DataFrame(rows, columns=list(actions.COLUMNS[:-1]))


@settings(max_examples=15, deadline=None)
@given(STATES, DAYS, DAYS)
def test_any_plan_has_a_history_a_calendar_and_changes(
    states: list[tuple[str, str, date, date | None, date | None, float | None]], first: date, last: date
) -> None:
    plan = plan_of(states)
    since, until = sorted((first, last))
    stays = actions.history(plan, at=until)
    now = actions.current(plan, at=until)
    assert stays.groupby("id").tail(1)["etat"].tolist() == [
        state
        for _, state in sorted(
            zip(now["id"], now["etat"], strict=True), key=lambda pair: list(stays["id"]).index(pair[0])
        )
    ]
    assert stays["days"].ge(0).all()
    assert len(stays) <= len(plan)
    held = schedule.schedule(plan, at=until)
    assert list(held["id"]) == list(now["id"])
    assert held["jours_retard"].dropna().ge(0).all()
    axes = plan_summary.by_axis(plan, at=until)
    assert axes["total"].sum() == len(now)
    assert axes["en_retard"].sum() == held["situation"].eq("en_retard").sum()
    moved = actions.changes(plan, since=since, until=until)
    assert set(moved["id"]) <= set(now["id"])
    assert actions.changes(plan, since=until, until=until).empty
    assert plan_checks.problems(plan, EMPTY, EMPTY) is not None
