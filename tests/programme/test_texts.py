"""The author's texts quote figures by reference; nothing masked and no template text ever comes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ctgeval.programme import texts


@dataclass(frozen=True)
class Sheet:
    unit: str
    decimals: int


CATALOGUE: Mapping[str, Sheet] = {
    "PE01": Sheet("places pour 100 enfants de moins de 3 ans", 1),
    "EN03": Sheet("enfants", 0),
    "PI01": Sheet("%", 1),
}


def row(
    indicator: str, period: str, value: float, *, geo: str = "EPCI-1", conf: str = "F", age: str | None = None
) -> dict[str, object]:
    return {"indicator": indicator, "geo": geo, "time_period": period, "value": value, "conf_status": conf, "age": age}


RESULTS = pd.DataFrame(
    [
        row("PE01", "2021", 53.14),
        row("PE01", "2017", 60.6),
        row("PE01", "2021", 46.3, geo="COM-86066"),
        row("EN03", "2024", np.nan, conf="C"),
        row("EN03", "2020", np.nan, conf="D"),
        row("EN03", "2019", 1234),
        row("PI01", "2024-S1", np.nan),
        row("PI01", "2024-S2", 80, age="0-2"),
    ]
)
PROGRESS = pd.DataFrame(
    [
        ("PE01", "EPCI-1", "2017", 60.6, "2025", 65.0, np.nan, np.nan, "2021", -1.7),
        ("PE01", "EPCI-1", "2017", 60.6, "2030", np.nan, 60.0, 70.0, "2021", 0.256),
        ("EN03", "EPCI-1", "2020", 3.0, "2025", 40.0, np.nan, np.nan, "2024", 0.5),
    ],
    columns=[
        "indicator", "geo", "period_reference", "baseline", "period_target", "target", "target_min", "target_max",
        "time_period", "share",
    ],
)  # fmt: skip


def write(folder: Path, text: str | bytes, name: str = "bilan_annuel/synthese.md") -> texts.Texts:
    path = folder / "textes" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return texts.read(folder / "textes")


def resolve(found: texts.Texts, until: str | None = None) -> str:
    frame = texts.resolved(found, RESULTS, PROGRESS, catalogue=CATALOGUE, territory="EPCI-1", until=until)
    return str(frame.loc[0, "markdown"]).replace("\u202f", " ").replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("reference", "figure"),
    [
        ("{{PE01:valeur}}", "53,1 places pour 100 enfants de moins de 3 ans"),
        ("{{ PE01 : valeur }}", "53,1 places pour 100 enfants de moins de 3 ans"),
        ("{{PE01@COM-86066:valeur}}", "46,3 places pour 100 enfants de moins de 3 ans"),
        ("{{PE01:reference}}", "60,6 places pour 100 enfants de moins de 3 ans"),
        ("{{PE01:part}}", "26 %"),
        ("{{EN03:valeur}}", "non diffusable"),
        ("{{EN03:reference}}", "non diffusable"),
        ("{{EN03:part}}", "non diffusable"),
        ("{{EN03:cible}}", "40 enfants"),
        ("{{PI01:valeur}}", "non disponible"),
        ("{{PI01:cible}}", "non disponible"),
        ("{{PE01@COM-1:valeur}}", "non disponible"),
        ("{{PE99:valeur}}", "non disponible"),
        ("{{PE01:autre}}", "non disponible"),
        ("{{n’importe quoi}}", "non disponible"),
    ],
)
def test_a_reference_gives_its_figure(tmp_path: Path, reference: str, figure: str) -> None:
    assert resolve(write(tmp_path, f"Avant {reference}, après.")) == f"Avant {figure}, après."


def test_a_range_target_is_told_as_a_range(tmp_path: Path) -> None:
    told = resolve(write(tmp_path, "{{PE01:cible}}"))
    assert "60" in told
    assert "70" in told


def test_a_bilan_quotes_no_figure_later_than_itself(tmp_path: Path) -> None:
    assert resolve(write(tmp_path, "{{PE01:valeur}}"), until="2019").startswith("60,6")


def test_texts_are_read_in_order_and_empty_ones_left_out(tmp_path: Path) -> None:
    write(tmp_path, "b", "diagnostic/b.md")
    write(tmp_path, "\ufeffÉté\r\n", "bilan_annuel/synthese.md")
    write(tmp_path, "  \n", "bilan_annuel/vide.md")
    found = write(tmp_path, "ignoré", "bilan_annuel/notes.txt")
    assert [(text.bilan, text.section, text.markdown) for text in found.items] == [
        ("bilan_annuel", "synthese", "Été\n"),
        ("diagnostic", "b", "b"),
    ]


def test_a_dossier_without_texts_has_none(tmp_path: Path) -> None:
    found = texts.read(tmp_path / "textes")
    frame = texts.resolved(found, RESULTS, PROGRESS, catalogue=CATALOGUE, territory="EPCI-1")
    assert list(frame.columns) == ["bilan", "section", "markdown"]
    assert frame.empty


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("{{PE1:valeur}}", "« PE01 »"),
        ("{{PE01:valeurs}}", "« valeur »"),
        ("{{PE01:zzz}}", "« part »"),
        ("{{PE01}}", "{{PE01:valeur}}"),
        ("{{}}", "{{PE01:valeur}}"),
    ],
)
def test_a_reference_that_means_nothing_is_told_with_its_line(tmp_path: Path, reference: str, said: str) -> None:
    (problem,) = texts.problems(write(tmp_path, f"Un.\n\nDeux {reference}.\n"), catalogue=CATALOGUE)
    assert problem.row == 3
    assert problem.file == "textes/bilan_annuel/synthese.md"
    assert problem.value == reference
    assert said in problem.remedy
    assert problem.severity == "bloquant"


def test_right_references_are_no_problem_even_without_a_figure(tmp_path: Path) -> None:
    assert texts.problems(write(tmp_path, "{{PI01:cible}} {{EN03@COM-1:part}}"), catalogue=CATALOGUE) == []


def test_a_text_that_is_not_utf8_is_told_and_not_guessed(tmp_path: Path) -> None:
    found = write(tmp_path, "Un\nété".encode("cp1252"))
    (problem,) = texts.problems(found, catalogue=CATALOGUE)
    assert found.items == ()
    assert problem.row == 2
    assert "UTF-8" in problem.message
