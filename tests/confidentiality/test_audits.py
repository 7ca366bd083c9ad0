from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest

from ctgeval.confidentiality import audits
from ctgeval.errors import ReportError

FOUND = pd.DataFrame({"indicator": ["PE01"], "geo": ["COM-86078"], "value": [3.0], "low": [1.0], "high": [11.5]})


def test_a_private_audit_is_written_beside_the_dossier(tmp_path: Path) -> None:
    path = audits.write(tmp_path, "partenaire-caf", "0123456789abcdef", FOUND)
    assert path == tmp_path / ".ctgeval" / "audits" / "partenaire-caf-0123456789abcdef.csv"
    assert path.read_text(encoding="utf-8-sig").splitlines() == [
        "indicator;geo;value;low;high", "PE01;COM-86078;3,0;1,0;11,5",
    ]  # fmt: skip
    if os.name != "nt":
        assert path.stat().st_mode & 0o077 == 0, "nobody else's"
    before = path.read_bytes()
    audits.write(tmp_path, "partenaire-caf", "0123456789abcdef", FOUND)
    assert path.read_bytes() == before
    assert [one.name for one in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("name", ["..", "../../reports/copil", "copil/x", "", "é", "a b", "{0}"])
def test_it_is_never_written_elsewhere(tmp_path: Path, name: str) -> None:
    with pytest.raises(ReportError):
        audits.write(tmp_path / "dossier", name, "0123", FOUND)
    assert not list(tmp_path.rglob("*"))


def test_a_place_that_cant_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / ".ctgeval").write_text("", encoding="utf-8")
    with pytest.raises(ReportError, match="ne peut pas être écrit"):
        audits.write(tmp_path, "copil", "0123", FOUND)


def test_no_text_of_an_audit_is_a_formula(tmp_path: Path) -> None:
    audit = pd.DataFrame({"=A1": ["=HYPERLINK(1)", " +2", "COM-86003"], "value": [-3.5, 2.0, 1.0]})
    told = audits.write(tmp_path, "copil", "abc", audit).read_text("utf-8-sig").splitlines()
    assert told == ["'=A1;value", "'=HYPERLINK(1);-3,5", "' +2;2,0", "COM-86003;1,0"]
