"""Links between actions and indicators: the kind of the catalogue, or that of the link."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pandas as pd
from hypothesis import given, strategies as st

from ctgeval.programme import links

Read = Callable[[str, str], pd.DataFrame]

HEAD = "action;indicateur;nature;motif\n"
CATALOGUE = {
    "PE01": SimpleNamespace(label="Taux de couverture", kind="contexte"),
    "PE02": SimpleNamespace(label="Places", kind="realisation"),
    "QL01": SimpleNamespace(label="Partenariat", kind="processus"),
}


def test_a_link_keeps_the_kind_of_the_catalogue_or_gives_its_own(table: Read) -> None:
    frame = table("liens", f"{HEAD}A02;PE02;;\nA01;PE02;;\nA01;PE01;realisation;La convention crée les places.\n")
    found = links.kinds(frame, CATALOGUE)
    assert list(found.columns) == list(links.COLUMNS)
    assert found[["action", "indicator", "kind", "changed"]].to_numpy().tolist() == [
        ["A01", "PE01", "realisation", True],
        ["A01", "PE02", "realisation", False],
        ["A02", "PE02", "realisation", False],
    ]
    assert found["motif"].tolist() == ["La convention crée les places.", "", ""]
    assert found["label"].tolist()[0] == "Taux de couverture"


def test_a_kind_written_as_that_of_the_catalogue_is_no_change(table: Read) -> None:
    assert not links.kinds(table("liens", f"{HEAD}A01;PE01;contexte;\n"), CATALOGUE)["changed"].any()


def test_links_to_what_is_not_known_are_left_out(table: Read) -> None:
    assert links.kinds(table("liens", f"{HEAD}A01;PE99;;\n"), CATALOGUE).empty


def test_every_kind_of_the_chosen_ones_is_told(table: Read) -> None:
    frame = table("liens", f"{HEAD}A01;PE01;realisation;x\nA02;PE01;;\nA01;PE02;resultat;y\n")
    assert links.every_kind(frame, CATALOGUE, ["PE02", "PE01", "QL01", "PE99"]) == {
        "PE02": {"resultat"},
        "PE01": {"contexte", "realisation"},
        "QL01": {"processus"},
    }


def test_faults_have_their_row_and_the_near_names(table: Read) -> None:
    text = f"{HEAD}A1;PE01;;\nA01;PE11;;\nA01;PE01;resultat;\nA01;QL02;;\nA02;QL02;;\n"
    found = list(links.problems(table("liens", text), CATALOGUE, actions=["A01", "A02"], unusable=["QL02"]))
    assert [(one.row, one.column, one.value) for one in found] == [
        (2, "action", "A1"), (3, "indicateur", "PE11"), (4, "motif", ""),
    ]  # fmt: skip
    assert "A01" in found[0].remedy
    assert "PE01" in found[1].remedy
    assert "montrée dans le bilan" in found[2].remedy
    assert all((one.file, one.severity) == ("liens.csv", "avertissement") for one in found)


WORDS = st.sampled_from(["A01", "A02", "", None])


@given(
    st.lists(
        st.tuples(
            WORDS, st.sampled_from(["PE01", "QL01", "zz", None]), st.sampled_from(["impact", "contexte", None]), WORDS
        ),
        max_size=6,
    )
)
def test_any_table_is_read(rows: list[tuple[str | None, ...]]) -> None:
    frame = pd.DataFrame(rows, columns=["action", "indicateur", "nature", "motif"], dtype="str")
    found = links.kinds(frame.assign(origin=""), CATALOGUE)
    assert not found.duplicated(["action", "indicator"]).any()
    assert set(found["indicator"]) <= set(CATALOGUE)
    for row in found.to_dict("records"):
        assert row["changed"] is (row["kind"] != CATALOGUE[row["indicator"]].kind)
    assert sum(1 for _ in links.problems(frame.assign(origin=""), CATALOGUE, actions=["A01"])) <= 3 * len(frame)
