"""What was validated, presented or published is frozen, kept, listed, and revised with a reason only."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import signal
from inspect import unwrap
from pathlib import Path
from typing import Any

import pytest

from ctgeval.report import build as report, versions
from ctgeval.report.audit import audit
from ctgeval.report.build import build as building
from ctgeval.report.register import Register
from ctgeval.report.withdraw import Withdrawn, withdraw
from tests.report.conftest import CIVRAISIEN
from tests.report.test_register import child, figures, ledger_of, needs_fork

__all__ = ["figures"]
pytestmark = pytest.mark.usefixtures("instant", "figures")
DAY, LATER = dt.date(2026, 3, 1), dt.date(2026, 6, 12)
ASKED = 'audience = "habitants"\nperiode = "2025"\n'
PUBLISHED = f'{ASKED}etat = "publie"\n'
REASON = "Le nombre de places du multi-accueil était faux"
SLUG = f"{CIVRAISIEN.lower()}-essai-2025"


@pytest.fixture
def published(workshop: Any, rewrite: Any) -> Any:
    """The workshop, whose bilan for inhabitants is published and built."""
    rewrite(workshop.folder / "ctg.toml", ASKED, PUBLISHED)
    assert run(workshop).failed == ()
    return workshop


def run(workshop: Any, *, date: dt.date = DAY, **options: Any) -> report.BuildReport:
    return report.build(workshop.folder, out=workshop.out, date=date, **({"audience": "habitants"} | options))


def frozen(workshop: Any, number: int = 1) -> Path:
    return Path(workshop.out / "habitants" / "versions" / f"{SLUG}-v{number}.html")


def sheet(path: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(path.with_suffix(".manifest.json").read_text(encoding="utf-8"))
    return told


def index(workshop: Any) -> str:
    return (workshop.out / "habitants" / "index.html").read_text(encoding="utf-8").replace("\u00a0", " ")


def change(workshop: Any, value: int = 3) -> None:
    (workshop.folder / "sources" / "population.csv").write_text(f"a;b\n1;{value}\n", encoding="utf-8")


def explain(workshop: Any, reason: str = REASON) -> None:
    path = workshop.folder / "ctg.toml"
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("motif_revision")]
    text = "\n".join(lines) + "\n"
    path.write_text(text.replace(PUBLISHED, f'{PUBLISHED}motif_revision = "{reason}"\n'), encoding="utf-8")


def state(workshop: Any) -> tuple[str, str]:
    (one,) = [one for one in report.status(workshop.folder, out=workshop.out) if one.job.audience == "habitants"]
    return one.status, one.reason


def gone(workshop: Any, bilan: str, **options: Any) -> Withdrawn:
    return withdraw(workshop.folder, bilan, "Erreur de saisie", out=workshop.out, date=LATER, **options)


def test_a_draft_is_not_frozen(workshop: Any) -> None:
    run(workshop)
    assert not (workshop.out / "habitants" / "versions").exists()


@pytest.mark.parametrize("etat", ["valide_cotech", "presente_copil", "publie"])
def test_what_is_more_than_a_draft_is_kept_beside_its_page(workshop: Any, rewrite: Any, etat: str) -> None:
    rewrite(workshop.folder / "ctg.toml", ASKED, f'{ASKED}etat = "{etat}"\n')
    run(workshop)
    page = frozen(workshop)
    assert page.read_bytes() == workshop.page("habitants").read_bytes()
    told = sheet(page)
    assert told["figee"] == {"numero": 1, "date": "2026-03-01", "motif": "", "de": f"{SLUG}.html"}
    assert told["html"]["fichier"] == page.name
    assert told["html"]["sha256"] == hashlib.sha256(page.read_bytes()).hexdigest()
    assert told["etat"] == etat
    text = index(workshop)
    assert f'href="versions/{page.name}"' in text
    assert "figée le 1er mars 2026" in text
    assert "Motif de la révision" not in text
    assert ledger_of(workshop)[1][f"habitants/versions/{page.name}"] == "published"
    assert audit(workshop.folder, out=workshop.out).findings == ()
    assert state(workshop) == ("a_jour", "")


@pytest.mark.parametrize("force", [False, True])
def test_no_later_build_touches_a_frozen_version_nor_its_page(published: Any, force: bool) -> None:
    before = {path: path.read_bytes() for path in (published.out / "habitants").rglob("*.*")}
    change(published)
    (entry,) = run(published, date=LATER, force=force).entries
    assert entry.status == "fige"
    assert "version 1 du 1er\u00a0mars\u00a02026" in entry.message or "version 1 du 1er mars 2026" in entry.message
    assert "le fichier sources/population.csv a changé" in entry.message
    assert "motif_revision" in entry.message
    assert {path: path.read_bytes() for path in (published.out / "habitants").rglob("*.*")} == before
    status, why = state(published)
    assert status == "fige"
    assert "le fichier sources/population.csv a changé" in why


def test_another_version_of_the_program_is_no_reason_to_revise(published: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctgeval.report.plan.code_digest", lambda: "autre")
    assert [entry.status for entry in run(published).entries] == ["a_jour"]
    assert state(published) == ("a_jour", "")


def test_a_new_version_without_a_reason_is_refused(published: Any) -> None:
    change(published)
    built = run(published, new_version=True)
    (entry,) = built.failed
    assert "aucun motif de révision" in entry.message
    assert "Écrivez motif_revision dans son bloc [[bilan]]" in entry.message
    assert not frozen(published, 2).exists()
    # Nothing changed, nothing to explain.
    change(published, 2)
    assert run(published, new_version=True).failed == ()


def test_a_revision_has_its_reason_which_serves_once(published: Any) -> None:
    first = frozen(published).read_bytes()
    change(published)
    explain(published)
    assert state(published)[0] == "a_refaire"
    assert [entry.status for entry in run(published, date=LATER).entries] == ["fait"]
    assert frozen(published).read_bytes() == first
    assert frozen(published, 2).read_bytes() == published.page("habitants").read_bytes() != first
    assert sheet(frozen(published, 2))["figee"]["motif"] == REASON
    text = index(published)
    assert text.index("Version 2") < text.index("Version 1")
    assert "Motif de la révision" in text
    assert REASON in text
    assert audit(published.folder, out=published.out).findings == ()
    # The same reason does not explain another revision.
    change(published, 4)
    assert [entry.status for entry in run(published).entries] == ["fige"]
    (entry,) = run(published, new_version=True).failed
    assert "a déjà servi" in entry.message
    explain(published, "Autre correction")
    assert [entry.status for entry in run(published).entries] == ["fait"]
    assert sheet(frozen(published, 3))["figee"]["motif"] == "Autre correction"


@pytest.mark.parametrize("reason", ["Voir claire.durand@exemple.fr", "Appeler le 06 12 34 56 78"])
def test_a_reason_that_tells_of_a_person_is_refused(published: Any, reason: str) -> None:
    change(published)
    explain(published, reason)
    (entry,) = run(published).failed
    assert "Le motif de la révision ne peut pas être montré" in entry.message
    assert not frozen(published, 2).exists()
    assert frozen(published).read_bytes() == published.page("habitants").read_bytes()


def test_a_step_of_the_validation_is_a_version_by_itself(workshop: Any, rewrite: Any) -> None:
    rewrite(workshop.folder / "ctg.toml", ASKED, f'{ASKED}etat = "presente_copil"\n')
    run(workshop)
    rewrite(workshop.folder / "ctg.toml", "presente_copil", "publie")
    assert [entry.status for entry in run(workshop).entries] == ["fait"]
    assert sheet(frozen(workshop, 2))["figee"]["motif"] == versions.NEW_STATE
    assert versions.NEW_STATE in index(workshop)


def test_back_to_a_draft_and_presented_again_the_version_comes_back(published: Any, rewrite: Any) -> None:
    first = frozen(published).read_bytes()
    rewrite(published.folder / "ctg.toml", PUBLISHED, ASKED)
    change(published)
    assert [entry.status for entry in run(published).entries] == ["fait"]
    assert published.page("habitants").read_bytes() != first
    assert f'href="versions/{SLUG}-v1.html"' in index(published)
    rewrite(published.folder / "ctg.toml", ASKED, PUBLISHED)
    assert run(published).failed == ()
    assert published.page("habitants").read_bytes() == first == frozen(published).read_bytes()
    assert not frozen(published, 2).exists()
    assert state(published)[0] == "fige"


def test_a_bilan_that_nobody_asks_for_any_more_keeps_its_versions_in_the_index(published: Any) -> None:
    path = published.folder / "ctg.toml"
    path.write_text(path.read_text(encoding="utf-8").replace(PUBLISHED, PUBLISHED.replace("2025", "2026")), "utf-8")
    run(published)
    text = index(published)
    assert f'href="versions/{SLUG}-v1.html"' in text
    assert f'href="{SLUG}.html"' not in text


@pytest.mark.parametrize("damage", ["page", "version", "sheet"])
def test_what_was_spoilt_by_hand_is_put_back(published: Any, damage: str) -> None:
    first = frozen(published).read_bytes()
    spoilt = {"page": published.page("habitants"), "version": frozen(published)}.get(damage)
    if spoilt is not None:
        spoilt.write_bytes(b"autre chose")
    else:
        published.page("habitants").with_suffix(".manifest.json").unlink()
    assert state(published)[0] == "a_refaire"
    assert run(published, date=LATER).failed == ()
    assert frozen(published).read_bytes() == published.page("habitants").read_bytes() == first
    assert state(published) == ("a_jour", "")
    assert audit(published.folder, out=published.out).findings == ()


def test_when_both_are_spoilt_the_build_says_so_and_freezes_nothing(published: Any) -> None:
    for path in (published.page("habitants"), frozen(published)):
        path.write_bytes(b"autre chose")
    (entry,) = run(published).failed
    assert "sauvegarde" in entry.message
    assert frozen(published).read_bytes() == b"autre chose"
    assert not frozen(published, 2).exists()
    found = audit(published.folder, out=published.out).findings
    assert {one.file for one in found} == {f"habitants/{SLUG}.html", f"habitants/versions/{SLUG}-v1.html"}


def test_a_stranger_among_the_versions_is_seen(published: Any) -> None:
    stranger = frozen(published).with_name("note.html")
    stranger.write_text("<p>Voir claire.durand@exemple.fr</p>", encoding="utf-8")
    found = audit(published.folder, out=published.out).findings
    assert {one.file for one in found} == {"habitants/versions/note.html"}
    assert any("électronique" in one.message for one in found)
    stranger.unlink()
    # The version of another audience too.
    told = sheet(frozen(published)) | {"audience": "copil"}
    frozen(published).with_suffix(".manifest.json").write_text(json.dumps(told), encoding="utf-8")
    assert any("versions" in one.file for one in audit(published.folder, out=published.out).findings)


def test_withdrawing_a_bilan_takes_the_version_that_is_the_same_page(published: Any) -> None:
    change(published)
    explain(published)
    run(published)
    done = gone(published, "essai", audience="habitants")
    assert not published.page("habitants").exists()
    assert not frozen(published, 2).exists()
    # An earlier version is another page: it is named, and stays until it is withdrawn too.
    assert frozen(published).exists()
    assert done.left == (f"habitants/versions/{SLUG}-v1.html",)
    text = index(published)
    assert f'href="versions/{SLUG}-v2.html"' not in text
    assert "Motif du retrait" in text
    pages = ledger_of(published)[1]
    assert pages[f"habitants/versions/{SLUG}-v2.html"] == pages[f"habitants/{SLUG}.html"] == "withdrawn"
    assert gone(published, f"{SLUG}-v1").left == ()
    assert not frozen(published).exists()
    assert f'href="versions/{SLUG}-v1.html"' not in index(published)
    assert audit(published.folder, out=published.out).findings == ()
    # Their numbers are not given again, and the withdrawal is the reason of what follows.
    assert [entry.status for entry in run(published).entries] == ["retire"]
    assert [entry.status for entry in run(published, new_version=True).entries] == ["fait"]
    assert sheet(frozen(published, 3))["figee"]["motif"] == "Erreur de saisie"
    assert not frozen(published).exists()
    assert not frozen(published, 2).exists()


def test_withdrawing_the_present_version_by_its_name_takes_its_page(published: Any) -> None:
    gone(published, f"{SLUG}-v1.html")
    assert not published.page("habitants").exists()
    assert not frozen(published).exists()
    assert [entry.status for entry in run(published).entries] == ["retire"]


def test_the_versions_of_the_team_are_frozen_and_withdrawn_too(workshop: Any, rewrite: Any) -> None:
    rewrite(workshop.folder / "ctg.toml", ASKED, PUBLISHED.replace("habitants", "interne"))
    run(workshop, audience="interne")
    kept = workshop.out / "interne" / "versions" / f"{SLUG}-v1.html"
    assert kept.exists()
    gone(workshop, "essai", audience="interne")
    assert not kept.exists()
    assert not workshop.page("interne").exists()


@needs_fork
@pytest.mark.parametrize("moment", ["before", "sheet", "page"])
def test_killed_while_it_freezes_the_next_build_ends_it(
    workshop: Any, rewrite: Any, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    rewrite(workshop.folder / "ctg.toml", ASKED, PUBLISHED)
    write = versions.manifest.write

    def killed() -> None:
        def die(*_: Any, **__: Any) -> None:
            os.kill(os.getpid(), signal.SIGKILL)

        def sheet_then_die(path: Path, told: Any) -> None:
            write(path, told)
            if path.parent.name == "versions":
                die()

        if moment == "before":
            monkeypatch.setattr(Register, "keep", die)
        elif moment == "sheet":
            monkeypatch.setattr(versions.manifest, "write", sheet_then_die)
        else:
            monkeypatch.setattr(versions.manifest, "version_notes_path", die)
        run(workshop)

    assert os.waitstatus_to_exitcode(os.waitpid(child(killed), 0)[1]) == -signal.SIGKILL
    assert run(workshop, date=LATER).failed == ()
    assert frozen(workshop).read_bytes() == workshop.page("habitants").read_bytes()
    assert not frozen(workshop, 2).exists()
    run(workshop, audience="copil", force=True)
    assert ledger_of(workshop)[1][f"habitants/versions/{SLUG}-v1.html"] == "published"
    assert audit(workshop.folder, out=workshop.out).findings == ()


@needs_fork
def test_killed_while_it_withdraws_the_copy_goes_with_the_page(published: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from ctgeval.report import withdraw as withdrawing

    def killed() -> None:
        monkeypatch.setattr(withdrawing, "_remove", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
        # The page alone is written as withdrawn.
        monkeypatch.setattr(withdrawing, "_copies", lambda *_: [])
        gone(published, "essai", audience="habitants")

    assert os.waitstatus_to_exitcode(os.waitpid(child(killed), 0)[1]) == -signal.SIGKILL
    run(published, audience="copil", force=True)
    assert not published.page("habitants").exists()
    assert not frozen(published).exists()
    assert ledger_of(published)[1][f"habitants/versions/{SLUG}-v1.html"] == "withdrawn"


def test_a_builder_that_waited_does_not_write_over_what_the_other_has_frozen(
    workshop: Any, rewrite: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rewrite(workshop.folder / "ctg.toml", ASKED, PUBLISHED)
    stale = unwrap(building).__globals__["cases"]

    def late(*arguments: Any, **options: Any) -> Any:
        found = stale(*arguments, **options)
        if not frozen(workshop).exists():
            monkeypatch.setitem(unwrap(building).__globals__, "cases", stale)
            run(workshop)
        return found

    monkeypatch.setitem(unwrap(building).__globals__, "cases", late)
    assert run(workshop, date=LATER).failed == ()
    assert sheet(frozen(workshop))["date"] == "2026-03-01"
    assert frozen(workshop).read_bytes() == workshop.page("habitants").read_bytes()
    assert not frozen(workshop, 2).exists()
