"""The public functions on territories, and how light they are to import."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ctgeval import territory
from ctgeval.errors import UnknownTerritory


def test_public_functions_answer_from_the_reference_of_the_package() -> None:
    assert territory.name("EPCI-200070035", year=2024) == "CC du Civraisien en Poitou"
    assert len(territory.members("EPCI-200070035", year=2024)) == 35
    assert territory.parents("COM-86082", year=2024) == ("EPCI-200070035", "DEP-86", "REG-75")
    assert territory.exists("COM-86231", year=2023)
    assert not territory.exists("COM-86231", year=2024)
    assert territory.near("Châtellerault")[0] == "COM-86066 (Châtellerault)"
    with pytest.raises(UnknownTerritory):
        territory.name("EPCI-200070034")


def test_an_epci_may_straddle_departements_and_is_whole_all_the_same() -> None:
    redon = "EPCI-243500741"
    assert territory.name(redon, year=2024) == "CA Redon Agglomération"
    assert territory.members(redon, year=2024, level="DEP") == ("DEP-35", "DEP-44", "DEP-56")
    parts = [set(territory.members(dep, year=2024)) for dep in territory.members(redon, year=2024, level="DEP")]
    communes = territory.members(redon, year=2024)
    assert all(sum(geo in part for part in parts) == 1 for geo in communes)
    assert all(not part.isdisjoint(communes) for part in parts)


def test_every_public_name_is_there() -> None:
    assert dir(territory) == sorted(territory.__all__)
    for name in territory.__all__:
        assert getattr(territory, name) is not None
    with pytest.raises(AttributeError):
        _ = territory.inconnu


def test_importing_the_stage_loads_no_table_library() -> None:
    code = "import sys, ctgeval.territory; sys.exit(sum(name in sys.modules for name in ('pandas', 'pyarrow')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
