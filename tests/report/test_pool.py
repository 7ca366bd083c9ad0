"""What a worker is given: an environment without a word of the dossier, and a notebook copied beside its release."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ctgeval.errors import ReportError
from ctgeval.report import pool
from ctgeval.report.pool import Pool, Task


@pytest.fixture
def dossier(tmp_path: Path) -> Path:
    folder = tmp_path / "personne" / "dossier"
    folder.mkdir(parents=True)
    return folder


def test_environment_of_a_worker_holds_what_a_system_needs_and_nothing_else(dossier: Path, tmp_path: Path) -> None:
    given = {
        "A": str(dossier), "B": f"file://{dossier}/ctg.toml", "PWD": "x", "OLDPWD": "x", "CTGEVAL_X": "x",
        "MOT_DE_PASSE": "x", "HOME": str(dossier.parent), "VIRTUAL_ENV": str(dossier / ".venv"), "LC_ALL": "C.UTF-8",
        "LANG": "fr_FR.UTF-8", "TZ": "Europe/Paris", "SystemRoot": "C",
    }  # fmt: skip
    made = pool.environment(dossier, tmp_path / "prive", variables=given)
    assert {name: made[name] for name in ("LC_ALL", "LANG", "TZ", "SystemRoot")} == {
        name: given[name] for name in ("LC_ALL", "LANG", "TZ", "SystemRoot")
    }
    assert not {"A", "B", "PWD", "OLDPWD", "CTGEVAL_X", "MOT_DE_PASSE", "VIRTUAL_ENV"} & made.keys()
    assert not any(str(dossier.parent) in value for value in made.values())
    assert Path(made["HOME"]).is_relative_to(tmp_path / "prive")


@pytest.mark.parametrize("name", ["PATH", "PYTHONPATH", "LD_LIBRARY_PATH"])
def test_a_list_of_folders_loses_those_that_lead_to_the_dossier(dossier: Path, tmp_path: Path, name: str) -> None:
    other = str(tmp_path / "outils")
    parts = [str(dossier / "bin"), other, str(dossier.parent), os.sep, str(dossier)]
    made = pool.environment(dossier, tmp_path / "prive", variables={name: os.pathsep.join(parts)})
    kept = made[name].split(os.pathsep)
    assert [part for part in kept if part != str(Path(pool.__file__).parents[2])] == [other]


def test_a_dossier_in_a_link_is_known_by_both_names(dossier: Path, tmp_path: Path) -> None:
    link = tmp_path / "raccourci"
    try:
        link.symlink_to(dossier, target_is_directory=True)
    except OSError:
        link = dossier
    made = pool.environment(link, tmp_path / "prive", variables={"TZ": str(dossier), "TZDIR": str(link), "LANG": "C"})
    assert made["LANG"] == "C"
    assert not {"TZ", "TZDIR"} & made.keys()


def test_a_dossier_among_the_files_of_the_program_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="parmi les fichiers de Python"):
        Pool(tmp_path, hidden=Path(pool.__file__).parent)


def test_the_notebook_is_handed_as_a_copy_beside_its_release(dossier: Path, tmp_path: Path) -> None:
    notebook = tmp_path / "carnets" / "essai.ipynb"
    notebook.parent.mkdir()
    notebook.write_bytes(b"{}")
    copy = pool.copied(Task(notebook, tmp_path / "bilan-0", {}, 1.0))
    assert copy.is_relative_to(tmp_path / "bilan-0")
    assert (copy.name, copy.read_bytes()) == ("essai.ipynb", b"{}")
    assert not copy.is_relative_to(tmp_path / "bilan-0" / "travail")
