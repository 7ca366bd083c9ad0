"""All that was published is looked at again: the ledger, what it gives away, the files."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Mapping
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ctgeval import confinement
from ctgeval.cli import main
from ctgeval.confidentiality.forms import Cell, Form
from ctgeval.report import origin, scan
from ctgeval.report.audit import PARTS, audit
from ctgeval.report.register import Register
from tests.report.test_register import figure, run

pytestmark = pytest.mark.usefixtures("instant", "figures")
PREPARE = Register.prepare
YEAR = (dt.date(2025, 1, 1), dt.date(2025, 12, 31))


def saying(monkeypatch: pytest.MonkeyPatch, said: Mapping[str, tuple[Form, ...]]) -> None:
    """Have the ledger told these forms of each audience."""

    def prepare(self: Register, job: Any, release: Any, _forms: Any, *, day: str) -> None:
        PREPARE(self, job, release, said[job.audience], day=day)

    monkeypatch.setattr(Register, "prepare", prepare)


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each release says one figure."""
    saying(monkeypatch, {"copil": (figure(12),), "habitants": (figure(13),)})


def command(workshop: Any, *options: str) -> Result:
    asked = ["auditer", str(workshop.folder), "--out", str(workshop.out), *options]
    return CliRunner().invoke(main, asked, prog_name="ctgeval")


def test_nothing_is_found_in_what_was_published_as_it_must_be(workshop: Any) -> None:
    run(workshop)
    found = audit(workshop.folder, out=workshop.out)
    assert [part.name for part in found.parts] == list(PARTS)
    assert found.findings == ()
    assert found.parts[0].checked == {"versions": 2, "chiffres": 2, "pages": 3}
    done = command(workshop)
    assert done.exit_code == 0, done.output
    assert "Rien à signaler." in done.output
    assert "Nothing found." in command(workshop, "--lang", "en").output


def test_an_audit_writes_nothing(workshop: Any) -> None:
    before = sorted(workshop.folder.rglob("*"))
    assert audit(workshop.folder, out=workshop.out).findings == ()
    assert sorted(workshop.folder.rglob("*")) == before


def test_a_page_changed_by_hand_is_told(workshop: Any) -> None:
    run(workshop)
    workshop.page().write_bytes(workshop.page().read_bytes().replace(b"EPCI-200070035</p>", b"EPCI-200070036</p>"))
    done = command(workshop, "--json")
    assert done.exit_code == 1
    told = json.loads(done.stdout)
    (finding,) = [one for part in told["parts"] for one in part["findings"]]
    assert finding["file"] == f"copil/{workshop.page().name}"
    assert "n’est plus celui que sa fiche décrit" in finding["message"]
    assert "construire --force" in finding["remedy"]


def test_the_files_of_other_formats_are_looked_at_beside_the_release_of_their_page(
    workshop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = workshop.folder / "ctg.toml"
    asked = place.read_text("utf-8").replace(
        'audience = "copil"', 'audience = "copil"\nformats = ["html", "xlsx", "csv"]'
    )
    place.write_text(asked, "utf-8")
    run(workshop)
    beside: dict[str, bool] = {}

    def document(name: str, _data: bytes, *, release: Any, **_more: Any) -> scan.Scanned:
        beside[name.rpartition(".")[2]] = release is not None
        return scan.Scanned((), scan.Coverage())

    monkeypatch.setattr(origin, "release", lambda *_: object())
    monkeypatch.setattr(scan, "document", document)
    files = audit(workshop.folder, out=workshop.out).parts[2]

    assert files.notes == ()
    assert beside == {"html": True, "xlsx": True}


def test_private_notes_say_what_kept_the_notebook_from_the_dossier(workshop: Any) -> None:
    run(workshop)
    notes = sorted((workshop.folder / ".ctgeval" / "etats").rglob("*.json"))
    assert notes
    assert {json.loads(path.read_text(encoding="utf-8"))["confinement"] for path in notes} == {confinement.available()}
    assert not any("confinement" in path.read_text(encoding="utf-8") for path in workshop.out.rglob("*.json"))


def test_a_page_deleted_by_hand_is_told(workshop: Any) -> None:
    run(workshop)
    workshop.page().unlink()
    (told,) = audit(workshop.folder, out=workshop.out).findings
    assert told.file == f"copil/{workshop.page().name}"
    assert "n’est plus là" in told.message
    assert "retirer" in told.remedy


def test_a_ledger_that_was_lost_is_told_and_the_files_are_still_looked_at(workshop: Any) -> None:
    run(workshop)
    (workshop.folder / ".ctgeval" / "registre.sqlite").unlink()
    (workshop.out / "habitants" / "notes.txt").write_text("Voir claire.durand@exemple.fr", encoding="utf-8")
    found = audit(workshop.folder, out=workshop.out)
    register, attack, files = found.parts
    assert "n’est plus tel que ctgeval l’a écrit" in register.findings[0].message
    assert "Rien n’a pu être attaqué" in attack.notes[0]
    assert any(one.file == "habitants/notes.txt" and "électronique" in one.message for one in files.findings)
    assert command(workshop).exit_code == 1


def count(value: float, *communes: str, masked: bool = False) -> Form:
    """A published count of children, or its mark."""
    geo = communes[0] if len(communes) == 1 else "EPCI-1"
    cell = Cell("enfants_0_2", geo, frozenset(communes), *YEAR)
    return Form(
        terms=((cell, 1.0),), low=1.0 if masked else value, high=math.inf if masked else value, masked=masked,
        indicator="PE01", geo=geo, time_period="2025",
    )  # fmt: skip


def test_what_two_releases_give_away_together_is_told_without_its_value(
    workshop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = {
        "copil": (count(115, "COM-86078", "COM-86103"),),
        "habitants": (count(118, "COM-86078", "COM-86103", "COM-86255"), count(0, "COM-86255", masked=True)),
    }
    saying(monkeypatch, said)
    run(workshop)
    done = command(workshop)
    assert done.exit_code == 1
    told = " ".join(done.output.split())
    assert "la valeur exacte d’une case masquée : PE01, COM-86255, 2025" in told
    assert "habitants, version du 2026-03-01" in told
    assert "retirer" in told
    assert " 3 " not in told


@pytest.mark.parametrize("declared", [False, True])
def test_each_count_is_held_to_the_threshold_that_the_dossier_declares(
    workshop: Any, monkeypatch: pytest.MonkeyPatch, *, declared: bool
) -> None:
    """7 is not under 5, the usual threshold; it is under the 10 that the dossier chose for inhabitants."""
    if declared:
        with (workshop.folder / "ctg.toml").open("a", encoding="utf-8") as stream:
            stream.write('\n[publication.audience]\nhabitants = { seuil = 10, texte = "Vœu du COPIL." }\n')
    said = {
        "copil": (count(115, "COM-86078", "COM-86103"),),
        "habitants": (count(122, "COM-86078", "COM-86103", "COM-86255"), count(0, "COM-86255", masked=True)),
    }
    saying(monkeypatch, said)
    run(workshop)
    found = audit(workshop.folder, out=workshop.out).parts[1].findings
    assert [("COM-86255" in one.message) for one in found] == [True] * declared


def test_a_bilan_withdrawn_and_put_back_by_hand_is_told(workshop: Any) -> None:
    run(workshop)
    page = workshop.page("habitants").read_bytes()
    done = CliRunner().invoke(
        main,
        ["retirer", "essai", "--dossier", str(workshop.folder), "--out", str(workshop.out), "--audience", "habitants",
         "--motif", "Erreur de saisie", "--date", "2026-03-02"],
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "Retiré :" in done.output
    assert "Motif : Erreur de saisie" in done.output
    assert command(workshop).exit_code == 0
    workshop.page("habitants").write_bytes(page)
    found = audit(workshop.folder, out=workshop.out)
    assert [one.message for one in found.parts[0].findings] == ["Ce bilan est retiré, et son fichier est encore là."]


def test_a_page_published_before_there_was_a_ledger_is_told(workshop: Any) -> None:
    run(workshop)
    sheet = workshop.page("habitants").with_suffix(".manifest.json")
    told = json.loads(sheet.read_text(encoding="utf-8"))
    del told["registre"]
    sheet.write_text(json.dumps(told), encoding="utf-8")
    messages = [one.message for one in audit(workshop.folder, out=workshop.out).parts[0].findings]
    assert len(messages) == 1
    assert "sans être inscrit au registre" in messages[0]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["retirer"], "il manque BILAN"),
        (["retirer", "essai"], "il manque l’option « --motif »"),
        (["retirer", "essai", "--motif", ""], "Le motif du retrait est vide"),
        (["auditer"], "il manque le dossier"),
    ],
)
def test_misuse_exits_with_2(workshop: Any, options: list[str], said: str) -> None:
    home = ["--dossier", str(workshop.folder)] if len(options) > 2 else []
    done = CliRunner().invoke(main, [*options, *home], prog_name="ctgeval")
    assert done.exit_code == 2
    assert said in done.output
