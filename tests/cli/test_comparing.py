"""``ctgeval comparer``: what a person reads, what a program reads, and the exit codes."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ctgeval.report import compare, targets
from ctgeval.report.compare import Comparison, Difference, Figure

Run = Callable[..., Any]


def figure(period: str, value: float = math.nan, **fields: Any) -> Figure:
    status = "valeur" if math.isfinite(value) or fields else "masque"
    return Figure(time_period=period, status=status, value=value, **fields)  # type: ignore[arg-type]


def difference(kind: str, before: Figure | None, after: Figure | None, **fields: Any) -> Difference:
    told = {"indicator": "PE07", "label": "Familles fréquentant le relais", "unit": "familles", "geo": "EPCI-200070035",
            "name": "CC du Civraisien en Poitou", "dimensions": (), "decimals": 0}  # fmt: skip
    return Difference(kind=kind, before=before, after=after, **(told | fields))  # type: ignore[arg-type]


FOUND = Comparison(
    (
        difference("bouge", figure("2023", 20.0, ci_low=14.0, ci_high=27.0), figure("2024", 41.0, provisional=True)),
        difference("nouvelle_periode", figure("2023", 20.0), figure("2025", 21.0), note="Ne se comparent pas."),
        difference("revise", figure("2024-S1", 1.0), figure("2024-S1", math.nan, low=1.0, high=4.0)),
        difference("masque", figure("2022"), figure("2022"), dimensions=(("sexe", "F"),)),
        difference("disparu", figure("2021", 7.0), None),
    ),
    unchanged=310,
    masked=12,
    notes=("Les deux bilans ne sont pas dans le même périmètre.",),
)


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> Callable[[Comparison], None]:
    """Have the comparison find something."""

    def give(result: Comparison) -> None:
        def compared(before: str, after: str, **_: Any) -> targets.Compared:
            one, two = (
                targets.Target(name, "copil", "EPCI-200070035", "2026-03-01", None)  # type: ignore[arg-type]
                for name in (before, after)
            )
            return targets.Compared(one, two, result)

        monkeypatch.setattr(targets, "compare_bilans", compared)

    return give


def test_each_kind_is_told_in_french_with_its_margins(run: Run, found: Callable[[Comparison], None]) -> None:
    found(FOUND)
    result = run("comparer", "copil/a.html", "copil/b.html")
    assert result.exit_code == 1
    text = " ".join(result.output.replace("\u00a0", " ").replace("\u202f", " ").split())
    assert "A : copil/a.html (copil), produit le 1er mars 2026" in text
    assert "pas dans le même périmètre" in text
    assert "Ont bougé : nouvelle période, hors des marges de la précédente (1)" in text
    assert (
        "PE07 Familles fréquentant le relais, CC du Civraisien en Poitou : 20 familles (2023, entre 14 et 27) → "
        "41 familles (2024, provisoire)." in text
    )
    assert "21 familles (2025). Ne se comparent pas." in text
    assert "1 famille (1er semestre 2024) → entre 1 et 4 familles (1er semestre 2024)." in text
    assert "CC du Civraisien en Poitou, F : non diffusable (2022) → non diffusable (2022)." in text
    assert "7 familles (2021)." in text
    assert "Inchangés : 310 ; non diffusables dans les deux : 12." in text
    assert "Moved" in run("compare", "a", "b", "--lang", "en").output


def test_nothing_that_differs_exits_with_zero(run: Run, found: Callable[[Comparison], None]) -> None:
    found(Comparison((), unchanged=3, masked=0))
    result = run("comparer", "a", "b")
    assert result.exit_code == 0
    assert "Rien ne diffère." in result.output


def test_a_program_reads_numbers_or_null(run: Run, found: Callable[[Comparison], None]) -> None:
    found(FOUND)
    result = run("comparer", "a", "b", "--json")
    assert result.exit_code == 1
    told = json.loads(result.output, parse_constant=pytest.fail)
    assert told["same"] is False
    assert told["counts"] == {
        "bouge": 1, "nouvelle_periode": 1, "revise": 1, "masque": 1, "demasque": 0, "apparu": 0, "disparu": 1,
        "inchange": 310, "masque_deux": 12,
    }  # fmt: skip
    assert set(told["counts"]) >= set(compare.KINDS)
    moved, _, _, masked, _ = told["differences"]
    assert moved["before"] | {"ci_low": 14.0, "ci_high": 27.0, "value": 20.0} == moved["before"]
    assert masked["dimensions"] == {"sexe": "F"}
    assert masked["before"]["value"] is None


@pytest.mark.parametrize("command", [("comparer", "a"), ("comparer", "a", "b", "--absent"), ("comparer",)])
def test_a_misuse_exits_with_two(run: Run, command: tuple[str, ...]) -> None:
    assert run(*command).exit_code == 2


def test_what_can_not_be_compared_exits_with_two_and_says_why(run: Run, tmp_path: Path) -> None:
    result = run("comparer", tmp_path, tmp_path)
    assert result.exit_code == 2
    assert "pas une version diffusable" in result.output
    # A broken dossier is no difference.
    (tmp_path / "ctg.toml").write_text("[territoire\n", encoding="utf-8")
    result = run("comparer", "essai", "essai", "--dossier", tmp_path, "--json")
    assert result.exit_code == 2
    assert json.loads(result.output)["ok"] is False


def test_the_help_tells_the_exit_codes(run: Run) -> None:
    text = " ".join(run("comparer", "--help").output.split())
    assert "0 si rien ne diffère, 1 sinon, 2 si la comparaison ne peut pas être faite." in text
    assert "--entre-publics" in text
