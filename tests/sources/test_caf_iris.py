from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ctgeval import observations, sources
from ctgeval.errors import SourceError
from ctgeval.sources import SourceTable
from ctgeval.territory import reference

FORMAT = "caf.iris"
Write = Callable[..., Path]
Lawful = Callable[[SourceTable], None]

# 23 columns: an Iris, a note and 21 figures, without the code of the commune.
FIGURES = (
    "A;PERCOU;AI;AM;ACSSENF;ACAVENF;AC3ENF;ENF;ENF_2;ENF_3_5;ENF_6_10;ENF_11_14;ENF_15_17;ENF_18_24;"
    "A_ETUD;A_NETUD_24;AAL;AAPL;AAAH;APPA;ARSAS"
)
WHOLE = "200;400;100;40;20;40;10;150;20;20;40;30;20;20;;15;120;80;12;60;30"
HIDDEN = "1 100;2 000;900;100;;;10;150;;;40;30;20;20;;15;;;12;60;30"
EMPTY = ";".join([""] * 21)


def row(table: SourceTable, geo: str, measure: str) -> dict[str, object]:
    rows = table.observations
    return dict(rows[(rows["geo"] == geo) & (rows["measure"] == measure)].iloc[0])


def test_a_year_of_23_columns_is_added_up_by_commune(write: Write, lawful: Lawful) -> None:
    content = "\n".join(
        (
            f"CODGEO;NOTE;{FIGURES}",
            f"351150101;0;{WHOLE}",
            f"351150102;0;{HIDDEN}",
            f"353600201;0;{WHOLE}",
            f"353600202;0;{WHOLE}",
        )
    )
    table = sources.read(write(content, "data_CAF_2020_IRIS.csv"), format=FORMAT, key="caf")
    lawful(table)
    assert observations.check(table.observations) == []
    assert set(table.observations["geo"]) == {"COM-35115", "COM-35360"}
    assert set(table.observations["time_period"]) == {"2020"}
    assert set(table.observations["geography"]) == {2021}
    known = row(table, "COM-35115", "foyers_allocataires")
    assert (known["value"], known["low"], known["high"], known["origin"]) == (
        1_300,
        1_300,
        1_300,
        "data_CAF_2020_IRIS.csv!2-3",
    )
    withheld = row(table, "COM-35115", "foyers_allocataires_couples_enfants")
    assert np.isnan(float(str(withheld["value"])))
    # 40 in the first Iris; in the second, what 1,100 leaves beside 900 and 100.
    assert (withheld["low"], withheld["high"], withheld["conf_status"]) == (40, 140, "C")
    assert row(table, "COM-35115", "enfants_couverts_caf_0_2")["high"] == 20 + 40
    students = row(table, "COM-35360", "foyers_allocataires_etudiants")
    assert (students["low"], students["high"]) == (0, 400)
    assert any("ARSAS" not in note and "APRES50" in note for note in table.notes)


def test_the_iris_themselves_are_kept(write: Write) -> None:
    content = f"CODGEO;NOTE;{FIGURES}\n351150101;0;{WHOLE}\n351150102;3;{EMPTY}\n"
    table = sources.read(write(content, "data_CAF_2020_IRIS.csv"), format=FORMAT)
    iris = table.tables["iris"]
    assert set(iris["iris"]) == {"351150101", "351150102"}
    assert set(iris["commune"]) == {"COM-35115"}
    assert len(iris) == 2 * 21
    empty = row(table, "COM-35115", "foyers_allocataires")
    assert (empty["low"], empty["high"]) == (200, np.inf)


@pytest.mark.parametrize(
    "bad",
    [
        f"351150102;0;-{WHOLE}",
        f"351150102;0;{WHOLE};7",
        f"351150102;0;12 familles{WHOLE}",
    ],
)
def test_a_commune_of_which_an_iris_is_rejected_has_no_sum(write: Write, lawful: Lawful, bad: str) -> None:
    content = f"CODGEO;NOTE;{FIGURES}\n351150101;0;{WHOLE}\n{bad}\n"
    table = sources.read(write(content, "data_CAF_2020_IRIS.csv"), format=FORMAT)
    lawful(table)
    assert table.n_rejected == 1
    unsure = row(table, "COM-35115", "foyers_allocataires")
    assert np.isnan(float(str(unsure["value"])))
    assert (unsure["low"], unsure["high"]) == (200, np.inf)
    assert any("un Iris a été rejeté" in note for note in table.notes)


def test_the_zero_that_a_spreadsheet_takes_away_is_put_back(write: Write) -> None:
    content = f"CODGEO;DEPCOM;{FIGURES}\n10040101;1004;{WHOLE}\n10040102;1053;{WHOLE}\n"
    table = sources.read(write(content, "data_CAF_2021_IRIS.csv"), format=FORMAT)
    assert table.observations["geo"].unique().tolist() == ["COM-01004"]
    assert "n’est pas celui de l’Iris" in table.rejected["reason"].item()
    mixed = sources.read(write(content + f"010040103;01004;{WHOLE}\n", "data_CAF_2021_IRIS.csv"), format=FORMAT)
    assert mixed.rejected["row"].tolist() == [2, 3]


@pytest.mark.parametrize(
    ("header", "name", "said"),
    [
        (f"CODGEO;NOTE;{FIGURES}", "iris.csv", "année"),
        (f"CODGEO;NOTE;{FIGURES}", "caf_2020_2021.csv", "année"),
        (f"CODGEO;NOTE;B{FIGURES}", "data_CAF_2020_IRIS.csv", "« A »"),
        (f"CODE;NOTE;{FIGURES}", "data_CAF_2020_IRIS.csv", "CODGEO"),
    ],
)
def test_a_file_that_is_not_one_is_refused(write: Write, header: str, name: str, said: str) -> None:
    with pytest.raises(SourceError, match=said):
        sources.read(write(f"{header}\n351150101;0;{WHOLE}\n", name), format=FORMAT)


@pytest.mark.parametrize(
    ("name", "rows", "columns", "geography", "poitiers"),
    [
        ("caf/data_CAF_2016_IRIS.csv.gz", 13_148, 23, 2015, 29_852),
        ("caf/data_CAF_2017_IRIS.csv.gz", 13_279, 23, 2018, 30_362),
        ("caf/data_CAF_2018_IRIS.csv.gz", 13_349, 21, 2019, 31_407),
        ("messy/data_CAF_2017_IRIS_nouvelle_aquitaine.csv", 787, 23, 2018, 30_362),
    ],
)
def test_every_real_file_is_read_whole(  # noqa: PLR0917 - one line a file
    real_data: Path, lawful: Lawful, name: str, rows: int, columns: int, geography: int, poitiers: int
) -> None:
    start = time.process_time()
    table = sources.read(real_data / name, format=FORMAT, key="iris", reference=reference.load())
    assert time.process_time() - start < 4
    lawful(table)
    assert (table.n_rows, table.n_rejected) == (rows, 0)
    assert table.observations["measure"].nunique() == columns
    assert set(table.observations["geography"]) == {geography}
    # Poitiers has Iris of under 100 beneficiaries, which are withheld: the rest is a floor.
    assert row(table, "COM-86194", "foyers_allocataires")["low"] == poitiers
    vienne = table.observations["geo"].str.startswith("COM-86")
    assert set(table.observations.loc[vienne, "geo"]) == {"COM-86066", "COM-86194"}
