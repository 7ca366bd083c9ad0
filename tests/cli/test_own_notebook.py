"""From exploration to a bilan in one step: a notebook of one's own, that builds as it is."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest

import ctgeval
from ctgeval.cli import starter
from ctgeval.config.notebooks import notebooks
from ctgeval.errors import DossierError
from ctgeval.report import plan
from ctgeval.report.build import build


@pytest.fixture
def dossier(tmp_path: Path) -> Path:
    starter.make(tmp_path / "d", code="200070035", name=None, start=None, end=None)
    return tmp_path / "d"


def test_it_is_valid_parameterized_and_told_by_its_title(dossier: Path) -> None:
    path = starter.make_notebook(dossier, "bilan_jeunesse")
    nbformat.validate(nbformat.read(path, as_version=4))
    assert notebooks(dossier)["bilan_jeunesse"] == path
    assert "bilan_jeunesse" not in notebooks()
    assert plan.title("bilan_jeunesse", dossier) == "Bilan jeunesse"
    declared = json.loads(path.read_text(encoding="utf-8"))["metadata"]["ctgeval"]
    assert set(declared["parametres"]) == {"release", "territoire", "periode"}
    assert set(plan.schemas(["bilan_jeunesse"], dossier)) == {"bilan_jeunesse"}


def test_it_builds_as_it_is_and_again_only_when_it_changes(dossier: Path, tmp_path: Path) -> None:
    path = starter.make_notebook(dossier, "bilan_jeunesse")
    configuration = (dossier / "ctg.toml").read_text(encoding="utf-8")
    asked = configuration.replace('\ncarnet = "diagnostic"', '\ncarnet = "bilan_jeunesse"')
    (dossier / "ctg.toml").write_text(asked, encoding="utf-8")
    told = ctgeval.open(dossier).problems()
    assert not told["key"].str.contains("carnet").any()
    first = build(dossier, out=tmp_path / "r")
    assert [entry.status for entry in first.entries] == ["fait"]
    assert "<h1>Bilan jeunesse 2025 " in first.entries[0].path.read_text(encoding="utf-8")
    assert [entry.status for entry in build(dossier, out=tmp_path / "r").entries] == ["a_jour"]
    path.write_text(path.read_text(encoding="utf-8").replace("page.progress()", "page.trends()"), encoding="utf-8")
    assert [entry.status for entry in build(dossier, out=tmp_path / "r").entries] == ["fait"]


@pytest.mark.parametrize("name", ["diagnostic", "../x", "Bilan", "été", "a b", ""])
def test_a_name_that_is_taken_or_is_no_name_is_refused(dossier: Path, name: str) -> None:
    with pytest.raises(DossierError):
        starter.make_notebook(dossier, name)
    assert not (dossier / "carnets").exists()


def test_a_notebook_is_never_written_over_and_needs_a_dossier(dossier: Path, tmp_path: Path) -> None:
    starter.make_notebook(dossier, "mien")
    with pytest.raises(DossierError, match="déjà ce nom"):
        starter.make_notebook(dossier, "mien")
    with pytest.raises(DossierError, match="pas de dossier"):
        starter.make_notebook(tmp_path, "mien")


def test_the_name_of_a_shipped_notebook_stays_its_own(dossier: Path) -> None:
    own = starter.make_notebook(dossier, "mien").rename(dossier / "carnets" / "diagnostic.ipynb")
    assert notebooks(dossier)["diagnostic"] != own
    told = ctgeval.open(dossier).problems()
    assert told["file"].eq("carnets/diagnostic.ipynb").any()
