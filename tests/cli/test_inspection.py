from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from ctgeval.cli import inspection
from ctgeval.report.formats import making

DOSSIER = """\
[territoire]
code = "EPCI-200070035"
nom = "CC du Civraisien en Poitou"
perimetre = 2024

[[bilan]]
carnet = "diagnostic"
audience = "habitants"
periode = "2025"
formats = ["html", "pdf"]
"""


@pytest.mark.parametrize("installed", [True, False])
def test_a_format_that_this_computer_can_t_make_is_told_before_any_bilan_is_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, installed: bool
) -> None:
    (tmp_path / "ctg.toml").write_text(DOSSIER, encoding="utf-8")
    find, libraries = importlib.util.find_spec, {"weasyprint": "json" if installed else "nowhere_at_all"}
    monkeypatch.setattr(making.importlib.util, "find_spec", lambda name: find(libraries.get(name, name)))
    told = [(one.key, one.severity, one.remedy) for one in inspection.problems(tmp_path) if "formats" in one.key]
    expected = [("bilan[1].formats[2]", "partiel", "Installez-la : pip install 'ctgeval[pdf]'.")]
    assert told == ([] if installed else expected)
