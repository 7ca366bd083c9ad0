"""Judgements on a scale: their order, what changed, and the lines that can't be told."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest
from hypothesis import given, strategies as st

from ctgeval.programme import judgements

Read = Callable[[str, str], pd.DataFrame]

HEAD = "indicateur;territoire;date;niveau;juge_par;motif;lien_preuve\n"
SCALES = {"QL01": ("Naissant", "Installé", "Partagé")}
G = "EPCI-249900001"


def test_judgements_are_told_in_order_with_what_came_before(table: Read) -> None:
    frame = table(
        "jugements",
        f"{HEAD}QL01;{G};2025-11-12;partagé;COPIL;Trois projets.;Compte rendu\n"
        f"QL01;{G};2022-12-08;Naissant;COTECH;Deux réunions.;\nQL01;{G};2024-01-30; installé ;COTECH;Un guichet.;\n",
    )
    found = judgements.read(frame, SCALES)
    assert list(found.columns) == list(judgements.COLUMNS)
    assert found[["date", "level", "rank", "before", "moved", "last"]].to_numpy().tolist() == [
        ["2022-12-08", "Naissant", 1, "", 0, False],
        ["2024-01-30", "Installé", 2, "Naissant", 1, False],
        ["2025-11-12", "Partagé", 3, "Installé", 1, True],
    ]
    assert found["evidence"].tolist() == ["", "", "Compte rendu"]
    assert found["by"].tolist()[-1] == "COPIL"


def test_each_territory_has_its_own_history(table: Read) -> None:
    frame = table(
        "jugements", f"{HEAD}QL01;{G};2024-01-30;Partagé;COTECH;x;\nQL01;COM-99101;2025-01-30;Naissant;COTECH;x;\n"
    )
    found = judgements.read(frame, SCALES)
    assert found["moved"].tolist() == [0, 0]
    assert found["last"].all()


def test_an_empty_table_gives_an_empty_one(table: Read) -> None:
    found = judgements.read(table("jugements", HEAD), SCALES)
    assert found.empty
    assert list(found.columns) == list(judgements.COLUMNS)


@pytest.mark.parametrize(
    ("line", "column", "message", "remedy"),
    [
        (f"QL01;{G};2024-01-30;Instalé;COTECH;x;", "niveau", "n’est pas sur l’échelle", "« Installé »"),
        (f"QL01;{G};2024-01-30;9;COTECH;x;", "niveau", "n’est pas sur l’échelle", "Naissant ; Installé ; Partagé"),
        (f"QL02;{G};2024-01-30;Installé;COTECH;x;", "indicateur", "Aucun indicateur qualitatif", "QL01"),
        (f"PE01;{G};2024-01-30;Installé;COTECH;x;", "indicateur", "est chiffré", "observations"),
        ("QL01;EPCI-1;2024-01-30;Installé;COTECH;x;", "territoire", "n’existe pas", "[territoire]"),
    ],
)
def test_a_line_that_can_not_be_told_is_named(table: Read, line: str, column: str, message: str, remedy: str) -> None:
    frame = table("jugements", f"{HEAD}{line}\n")
    (found,) = judgements.problems(frame, SCALES, counted=["PE01"], knows=lambda geo: geo == G)
    assert (found.file, found.row, found.column, found.severity) == ("jugements.csv", 2, column, "avertissement")
    assert message in found.message
    assert remedy in found.remedy


def test_what_indicateurs_toml_declares_wrongly_is_told_there(table: Read) -> None:
    frame = table("jugements", f"{HEAD}QL02;{G};2024-01-30;Installé;COTECH;x;\n")
    assert not list(judgements.problems(frame, SCALES, counted=[], knows=lambda _: True, unusable=["QL02"]))


DAYS = st.sampled_from(["2024-01-30", "2022-01-01", "2025-12-31", None])
LEVELS = st.sampled_from(["Naissant", "partagé", "inconnu", "", None])


@given(
    st.lists(
        st.tuples(st.sampled_from(["QL01", "QL09", None]), st.sampled_from([G, "X", None]), DAYS, LEVELS), max_size=7
    )
)
def test_any_table_is_read(rows: list[tuple[str | None, ...]]) -> None:
    frame = pd.DataFrame(rows, columns=["indicateur", "territoire", "date", "niveau"], dtype="str")
    frame = frame.assign(juge_par="COTECH", motif=None, lien_preuve=None, origin="jugements.csv!2")
    found = judgements.read(frame, SCALES)
    assert not found.duplicated(["indicator", "geo", "date"]).any()
    assert found.groupby(["indicator", "geo"])["last"].sum().eq(1).all()
    assert found.groupby(["indicator", "geo"])["date"].is_monotonic_increasing.all() if len(found) else found.empty
    # The steps of a history add up to the distance between its first and its last level.
    for _, own in found.groupby(["indicator", "geo"]):
        assert own["moved"].sum() == own["rank"].iloc[-1] - own["rank"].iloc[0]
    list(judgements.problems(frame, SCALES, counted=["PE01"], knows=lambda geo: geo == G))
