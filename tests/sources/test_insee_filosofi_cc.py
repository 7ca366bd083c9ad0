from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from ctgeval import observations, sources
from ctgeval.sources import SourceTable
from ctgeval.territory import reference

FORMAT = "insee.filosofi_cc"
Write = Callable[..., Path]
Lawful = Callable[[SourceTable], None]


def cell(table: SourceTable, geo: str, measure: str, age: str = "") -> dict[str, object]:
    rows = table.observations
    rows = rows[(rows["geo"] == geo) & (rows["measure"] == measure) & (rows["age"] == age)]
    assert len(rows) == 1
    return dict(rows.iloc[0])


def test_another_vintage_and_another_level(write: Write, lawful: Lawful) -> None:
    content = "CODGEO;NBMENFISC19;MED19;TP6019;TP60AGE119;TP60TOL219;D119;PXYZ19\n"
    rows = "243500139;200000;22 500;14,0;23,5;28;11000,5;1\n200070035;12000;20010;nd;s;;s;2\n"
    table = sources.read(write(content + rows, "cc_filosofi_2019_EPCI.csv"), format=FORMAT, key="cc")
    lawful(table)
    assert table.format == FORMAT
    assert observations.check(table.observations) == []
    assert set(table.observations["time_period"]) == {"2019"}
    assert cell(table, "EPCI-243500139", "revenu_median")["value"] == 22_500
    assert cell(table, "EPCI-243500139", "taux_pauvrete", "0-29")["value"] == 23.5
    assert cell(table, "EPCI-243500139", "taux_pauvrete_locataires")["value"] == 28
    missing = cell(table, "EPCI-200070035", "taux_pauvrete")
    assert (missing["obs_status"], missing["conf_status"]) == ("M", "F")
    secret = cell(table, "EPCI-200070035", "taux_pauvrete", "0-29")
    assert (secret["obs_status"], secret["conf_status"], secret["low"], secret["high"]) == ("Q", "C", 0, 100)
    assert cell(table, "EPCI-200070035", "taux_pauvrete_locataires")["conf_status"] == "C"
    assert any("PXYZ19" in note for note in table.notes)


def test_the_real_file_of_two_departements(real_data: Path, lawful: Lawful) -> None:
    path = real_data / "messy" / "cc_filosofi_2021_COM_79_86.csv"
    table = sources.read(path, format=FORMAT, key="cc", reference=reference.load())
    lawful(table)
    assert (table.n_rows, table.n_rejected, table.decimal) == (521, 0, ",")
    assert cell(table, "COM-86194", "revenu_median")["value"] == 20_150
    assert cell(table, "COM-86194", "taux_pauvrete")["value"] == 26
    assert cell(table, "COM-86194", "part_chomage")["value"] == 3.2
    small = cell(table, "COM-79001", "taux_pauvrete")
    assert np.isnan(float(str(small["value"])))
    assert small["conf_status"] == "C"
    assert table.observations["obs_status"].isin(["A", "Q", "M"]).all()
