"""A small release that masks two cells, and a page that shows it faithfully."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ctgeval.confidentiality.released import TABLES
from ctgeval.indicators.compute import RESULT_COLUMNS
from ctgeval.render import tables
from ctgeval.render.tables import Cell, Column, Table
from ctgeval.report.scan.figures import Secrets, secrets

LABEL = "Familles suivies par le relais"
PLACES = {"EPCI-1": "CC du Val d’Arvelle", "COM-1": "Auvrelles", "COM-2": "Bellouze-en-Arvelle"}
TRUE = {
    ("EPCI-1", "2023"): 1244, ("EPCI-1", "2024"): 1317, ("COM-1", "2023"): 412, ("COM-1", "2024"): 3,
    ("COM-2", "2023"): 832, ("COM-2", "2024"): 2461,
}  # fmt: skip
MASKED = {("COM-1", "2024"), ("COM-2", "2024")}


@dataclass(frozen=True)
class Release:
    """What the scan reads of a release."""

    path: Path
    audience: str = "copil"
    frames: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    def table(self, name: str) -> pd.DataFrame:
        columns = list(RESULT_COLUMNS if name == "results" else TABLES[name])
        return self.frames.get(name, pd.DataFrame()).reindex(columns=columns)

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name in TABLES or name == "results":
            return self.table(name)
        raise AttributeError(name)


def results(*, masked: bool) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for (geo, period), value in TRUE.items():
        hidden = masked and (geo, period) in MASKED
        shown = float("nan") if hidden else float(value)
        rows.append(
            {"indicator": "PE07", "geo": geo, "time_period": period, "value": shown, "low": shown, "high": shown,
             "numerator": shown, "conf_status": "C" if hidden else "F"}
        )  # fmt: skip
    return pd.DataFrame(rows, columns=list(RESULT_COLUMNS)).astype({"value": float, "numerator": float})


@pytest.fixture
def release(tmp_path: Path) -> Release:
    answers = [
        ("Oui", 58.0, 64.0, "F"),
        ("Non", 39.0, 31.0, "F"),
        ("Un peu", 44.0, 21.0, "F"),
        ("Assez", 61.0, 11.0, "F"),
    ]
    answers += [("Ne sait pas", float("nan"), float("nan"), "C")]
    survey = [
        {"survey": "familles", "wave": "2024", "text": "Venez-vous au relais ?", "label": label, "n": n, "share": share,
         "conf_status": status}
        for label, n, share, status in answers
    ]  # fmt: skip
    frames = {
        "results": results(masked=True),
        "indicators": pd.DataFrame([{"id": "PE07", "label": LABEL}]),
        "territories": pd.DataFrame(
            [
                {"geo": geo, "name": name, "role": "territoire" if geo == "EPCI-1" else "membre"}
                for geo, name in PLACES.items()
            ]
        ),
        "survey_answers": pd.DataFrame(survey),
        "texts": pd.DataFrame([{"markdown": "Écrire à Claire Durand, relais@val-arvelle.fr, 05 49 00 00 00."}]),
    }
    return Release(tmp_path / "release", frames=frames)


@pytest.fixture
def hidden() -> Secrets:
    names = PLACES | {"PE07": LABEL}
    return secrets(results(masked=False), results(masked=True), names=names)


def values() -> Table:
    shown = {key: Cell(f"{value:,}".replace(",", "\u202f"), raw=float(value)) for key, value in TRUE.items()}
    rows = [
        [tables.text(PLACES[geo])]
        + [tables.withheld("masque") if (geo, year) in MASKED else shown[geo, year] for year in ("2023", "2024")]
        for geo in PLACES
    ]
    rows.append([tables.text("Évolution inventée"), Cell("–"), Cell("–")])
    return Table(
        "pe07-valeurs",
        f"{LABEL}, dans la CC du Val d’Arvelle",
        [Column("Territoire"), Column("2023", numeric=True), Column("2024", numeric=True)],
        rows,
        details=["Unité : familles."],
    )


def survey() -> Table:
    rows = [
        [tables.text(label), Cell(str(n), raw=float(n)), Cell(f"{share}\u202f%", raw=float(share))]
        for label, n, share in (("Oui", 58, 64), ("Non", 39, 31), ("Un peu", 44, 21), ("Assez", 61, 11))
    ]
    rows.append([tables.text("Ne sait pas"), tables.withheld("masque"), tables.withheld("masque")])
    columns = [Column("Réponse"), Column("Répondants", numeric=True), Column("Part", numeric=True)]
    return Table("enquete", "Venez-vous au relais ?", columns, rows, details=["Sur 202 répondants."])


@pytest.fixture
def page() -> str:
    """A page as a bilan is: text, figure with its alternative, tables with their downloads."""
    return f"""<!doctype html>
<html lang="fr"><head><meta charset="utf-8"><title>Bilan annuel de la CC du Val d’Arvelle</title>
<style>main{{color:#123456}}#a{{--c2:"2023"}}</style></head><body><main>
<h1>Bilan annuel de la CC du Val d’Arvelle</h1>
<h2>Le relais petite enfance</h2>
<p>{LABEL} : 1\u202f244 en 2023, 1\u202f317 en 2024. Contact : Claire Durand, relais@val-arvelle.fr, 05 49 00 00 00.</p>
<figure><svg role="img" aria-label="Courbe : {LABEL}. Auvrelles : 412 en 2023." viewBox="0 0 10 10">
<title>Auvrelles</title><text x="1" y="2461">412</text><path d="M2461 0"></path></svg></figure>
{tables.render(values())}
<h2>Enquête</h2>
{tables.render(survey())}
</main></body></html>
"""
