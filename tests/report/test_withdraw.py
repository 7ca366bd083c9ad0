"""A bilan that is withdrawn: its file goes, its index says so, the ledger remembers; whole, whatever is killed."""

from __future__ import annotations

import datetime as dt
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from ctgeval.confidentiality.forms import Form
from ctgeval.confidentiality.ledger import Ledger
from ctgeval.errors import ConfidentialityError, ParameterError
from ctgeval.report import build as report, withdraw as withdrawing
from ctgeval.report.withdraw import Withdrawn, withdraw
from tests.report.test_register import DAY, child, figure, figures, ledger_of, needs_fork, run, saying

__all__ = ["figures"]
LATER = dt.date(2026, 3, 2)
REASON = "Erreur de saisie dans les effectifs"
pytestmark = pytest.mark.usefixtures("instant", "figures")


def gone(workshop: Any, bilan: str = "essai", reason: str = REASON, **options: Any) -> Withdrawn:
    return withdraw(workshop.folder, bilan, reason, out=workshop.out, date=LATER, **options)


def index(workshop: Any, audience: str = "habitants") -> str:
    return (workshop.out / audience / "index.html").read_text(encoding="utf-8").replace("\u00a0", " ")


def test_the_file_goes_and_its_readers_are_told(workshop: Any) -> None:
    run(workshop)
    done = gone(workshop, audience="habitants")
    assert (done.bilan, done.audience, done.day, done.reason, done.already) == (
        "essai", "habitants", "2026-03-02", REASON, False,
    )  # fmt: skip
    assert not workshop.page("habitants").exists()
    told = index(workshop)
    assert "Bilan" in told
    assert "Retiré le 2 mars 2026. Motif : Erreur de saisie" in told
    assert f'href="{workshop.page("habitants").name}"' not in told
    assert workshop.sheet("habitants")["retrait"] == {"date": "2026-03-02", "motif": REASON}
    forms, pages = ledger_of(workshop)
    assert pages[f"habitants/{workshop.page('habitants').name}"] == "withdrawn"
    # Whoever read it knows it for ever.
    assert figure(13) in forms
    # The others are left alone.
    assert workshop.page("copil").exists()
    assert "Retiré" not in index(workshop, "copil")


def test_the_same_again_changes_nothing(workshop: Any) -> None:
    run(workshop)
    gone(workshop, audience="habitants")
    before = {path: path.read_bytes() for path in workshop.out.rglob("*.*")}
    pages = ledger_of(workshop)
    again = withdraw(
        workshop.folder, "essai", "Autre motif", out=workshop.out, audience="habitants", date=dt.date(2026, 5, 1)
    )
    assert (again.already, again.day, again.reason) == (True, "2026-03-02", REASON)
    assert {path: path.read_bytes() for path in workshop.out.rglob("*.*")} == before
    assert ledger_of(workshop) == pages


def test_a_withdrawn_bilan_is_left_alone_until_a_new_version_is_asked_for(workshop: Any, rewrite: Any) -> None:
    run(workshop)
    gone(workshop, audience="habitants")
    for options in ({}, {"force": True}):
        built = run(workshop, audience="habitants", **options)
        assert [entry.status for entry in built.entries] == ["retire"]
        assert REASON in built.entries[0].message
        assert not workshop.page("habitants").exists()
    assert report.status(workshop.folder, out=workshop.out)[2].status == "retire"
    # Even when the data change, and even when its sheet is lost: the ledger knows.
    (workshop.folder / "sources" / "population.csv").write_text("a;b\n1;3\n", encoding="utf-8")
    workshop.page("habitants").with_suffix(".manifest.json").unlink()
    assert [entry.status for entry in run(workshop, audience="habitants").entries] == ["retire"]

    built = run(workshop, audience="habitants", new_version=True)
    assert [entry.status for entry in built.entries] == ["fait"]
    assert workshop.page("habitants").exists()
    told = index(workshop)
    assert f'href="{workshop.page("habitants").name}"' in told
    assert "Une version antérieure a été retirée le 2 mars 2026. Motif : Erreur de saisie" in told
    assert workshop.sheet("habitants")["retraits"] == [{"date": "2026-03-02", "motif": REASON}]
    assert ledger_of(workshop)[1][f"habitants/{workshop.page('habitants').name}"] == "published"
    # The trace outlives the versions to come, and a second withdrawal adds to it.
    run(workshop, audience="habitants", force=True)
    assert "Une version antérieure a été retirée le 2 mars" in index(workshop)
    gone(workshop, audience="habitants", reason="Encore une erreur")
    assert [entry.status for entry in run(workshop, audience="habitants").entries] == ["retire"]
    run(workshop, audience="habitants", new_version=True)
    assert [one["motif"] for one in workshop.sheet("habitants")["retraits"]] == [REASON, "Encore une erreur"]


def test_a_bilan_of_the_team_is_withdrawn_too(workshop: Any, rewrite: Any) -> None:
    rewrite(workshop.folder / "ctg.toml", 'audience = "copil"', 'audience = "interne"')
    run(workshop)
    gone(workshop, audience="interne", territoire="EPCI-200070043")
    assert not workshop.page("interne", "EPCI-200070043").exists()
    assert workshop.page("interne").exists()
    assert "Retiré le 2 mars 2026" in index(workshop, "interne")
    assert [entry.status for entry in run(workshop).entries] == ["a_jour", "retire", "a_jour"]


def test_a_bilan_that_ctg_toml_no_longer_asks_for_is_withdrawn_and_stays_told(workshop: Any, rewrite: Any) -> None:
    run(workshop)
    rewrite(workshop.folder / "ctg.toml", 'audience = "habitants"', 'audience = "cotech"')
    gone(workshop, bilan=workshop.page("habitants").name, audience="habitants")
    assert not workshop.page("habitants").exists()
    assert "Retiré le 2 mars 2026" in index(workshop)
    assert "Habitantes et habitants" in index(workshop)


def test_which_one_must_be_said_when_the_name_fits_several(workshop: Any) -> None:
    run(workshop)
    with pytest.raises(ParameterError, match=r"Plusieurs bilans publiés portent ce nom \(3\)") as caught:
        gone(workshop)
    for option in ("--audience habitants", "--territoire EPCI-200070043", "--periode 2025"):
        assert option in caught.value.problem.remedy
    with pytest.raises(ParameterError, match="Aucun bilan publié"):
        gone(workshop, bilan="bilan_annuel")
    with pytest.raises(ParameterError, match="Aucun bilan publié"):
        gone(workshop, audience="habitants", periode="2024")
    assert len(list(workshop.out.rglob("*-2025.html"))) == 3


@pytest.mark.parametrize("reason", ["", "  ", "x" * 301, "deux\nlignes", "sens \u202einverse"])
def test_a_reason_that_cant_be_printed_is_refused(workshop: Any, reason: str) -> None:
    run(workshop)
    with pytest.raises(ParameterError, match="motif"):
        gone(workshop, reason=reason, audience="habitants")
    assert workshop.page("habitants").exists()


def test_a_reason_that_tells_of_a_person_is_refused(workshop: Any) -> None:
    run(workshop)
    with pytest.raises(ConfidentialityError, match="motif") as caught:
        gone(workshop, reason="Signalé par claire.durand@exemple.fr", audience="habitants")
    assert "durand" not in str(caught.value)
    assert workshop.page("habitants").exists()


def test_markup_in_a_reason_is_text(workshop: Any) -> None:
    run(workshop)
    gone(workshop, reason="<script>alert(1)</script> {{ 7 * 7 }}", audience="habitants")
    assert "<script" not in index(workshop)
    assert "&lt;script&gt;" in index(workshop)
    assert "49" not in index(workshop).split("Motif")[1][:80]


@needs_fork
@pytest.mark.parametrize("step", ["ledger", "_mark", "_remove"])
def test_killed_at_any_step_a_withdrawal_is_ended_by_the_next_command(
    workshop: Any, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    run(workshop)
    owner, name = (Ledger, "withdraw") if step == "ledger" else (withdrawing, step)
    real = getattr(owner, name)

    def killed() -> None:
        def after(*arguments: Any, **options: Any) -> None:
            real(*arguments, **options)
            os.kill(os.getpid(), signal.SIGKILL)

        monkeypatch.setattr(owner, name, after)
        gone(workshop, audience="habitants")

    assert os.waitstatus_to_exitcode(os.waitpid(child(killed), 0)[1]) == -signal.SIGKILL
    # Whatever the next command that builds something: that one does not even name it.
    assert {entry.status for entry in run(workshop, audience="copil", force=True).entries} == {"fait"}
    assert not workshop.page("habitants").exists()
    assert workshop.sheet("habitants")["retrait"]["motif"] == REASON
    again = gone(workshop, audience="habitants", reason="Autre")
    assert (again.already, again.reason) == (True, REASON)
    assert "Retiré le 2 mars 2026. Motif : Erreur" in index(workshop)


def test_every_form_ever_prepared_stays_known(workshop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    run(workshop)
    gone(workshop, audience="habitants")
    saying(monkeypatch, lambda audience: figure(40 + len(audience)))
    run(workshop, new_version=True, force=True)
    forms: set[Form] = ledger_of(workshop)[0]
    assert forms == {figure(12), figure(13), figure(45), figure(49)}
    assert DAY < LATER


def test_a_sheet_written_by_hand_is_not_believed(workshop: Any) -> None:
    run(workshop)
    sheet = workshop.page("habitants").with_name("autre.manifest.json")
    sheet.write_text('{"format": 2, "html": {"fichier": "../../x.html"}, "audience": "habitants"}', encoding="utf-8")
    with pytest.raises(ParameterError):
        gone(workshop, bilan="autre")
    assert Path(sheet).exists()
