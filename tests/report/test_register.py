"""During a build: one at a time, nothing published that the ledger does not know, and a kill loses nothing."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ctgeval.confidentiality.forms import Cell, Form
from ctgeval.confidentiality.ledger import Ledger
from ctgeval.errors import ConfidentialityError, ReportError
from ctgeval.report import build as report, lock
from tests.report.conftest import build_module

DAY = dt.date(2026, 3, 1)
PAGES = [
    "copil/epci-200070035-essai-2025.html",
    "copil/epci-200070043-essai-2025.html",
    "habitants/epci-200070035-essai-2025.html",
]
needs_fork = pytest.mark.skipif(os.name == "nt", reason="needs signals and fork")


def run(workshop: Any, **options: Any) -> report.BuildReport:
    return report.build(workshop.folder, out=workshop.out, date=DAY, **options)


def figure(value: float) -> Form:
    cell = Cell("enfants_0_2", "COM-86078", frozenset({"COM-86078"}), dt.date(2025, 1, 1), dt.date(2025, 12, 31))
    return Form(terms=((cell, 1.0),), low=value, high=value, indicator="PE01", geo="COM-86078", time_period="2025")


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each release says one figure, that of its audience."""
    said = {"copil": figure(12), "habitants": figure(13)}
    saying(monkeypatch, lambda audience: said.get(audience, figure(99)))


def saying(monkeypatch: pytest.MonkeyPatch, said: Callable[[str], Form]) -> None:
    """Make each release say one figure only."""
    monkeypatch.setattr("tests.report.conftest.says", lambda audience: (said(audience),))


def ledger_of(workshop: Any) -> tuple[set[Form], dict[str, str]]:
    with Ledger.open(workshop.folder, write=False) as ledger:
        ledger.verify()
        return set(ledger.published()), {page.page: page.state for page in ledger.pages}


def child(work: Callable[[], None]) -> int:
    """Do some work in a process of its own, with the same notebooks and dossier."""
    pid = os.fork()
    if not pid:  # pragma: no cover - another process
        try:
            work()
        finally:
            os._exit(3)
    return pid


@pytest.mark.usefixtures("instant", "figures")
def test_what_a_release_says_is_written_before_any_page_is_made(workshop: Any, run_by: Callable[[type], None]) -> None:
    seen: list[tuple[set[Form], dict[str, str]]] = []

    class Watching(build_module.Pool):  # type: ignore[name-defined,misc]
        def run(self, task: Any) -> Any:
            seen.append(ledger_of(workshop))
            return super().run(task)

    run_by(Watching)
    assert run(workshop).failed == ()
    assert len(seen) == 3
    assert all(forms == {figure(12), figure(13)} for forms, _ in seen)
    assert ledger_of(workshop) == ({figure(12), figure(13)}, dict.fromkeys(PAGES, "published"))
    with Ledger.open(workshop.folder, write=False) as ledger:
        for audience in ("copil", "habitants"):
            sheet = workshop.sheet(audience)
            assert ledger.knows(sheet["registre"]["sceau"])
            assert ledger.page(f"{audience}/{workshop.page(audience).name}").sha256 == sheet["html"]["sha256"]
        # The content hash of a release would confirm a guess: it stays in the ledger.
        sheets = "".join(path.read_text(encoding="utf-8") for path in workshop.out.rglob("*.json"))
        assert not any(one.sha256[:12] in sheets for one in ledger.releases)
    assert not (workshop.folder / lock.FILE).exists()


@pytest.mark.usefixtures("instant", "figures")
def test_the_bilans_of_the_team_are_not_in_the_ledger(workshop: Any, rewrite: Any) -> None:
    rewrite(workshop.folder / "ctg.toml", 'audience = "copil"', 'audience = "interne"')
    assert run(workshop, audience="interne").failed == ()
    assert not (workshop.folder / ".ctgeval" / "registre.sqlite").exists()
    assert run(workshop).failed == ()
    assert ledger_of(workshop) == ({figure(13)}, {PAGES[2]: "published"})
    assert "registre" not in workshop.sheet("interne")


@needs_fork
@pytest.mark.usefixtures("instant", "figures")
def test_of_two_builds_at_once_the_second_is_told_who_is_at_work(
    workshop: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run_by: Callable[[type], None]
) -> None:
    begun, ended = tmp_path / "commence", tmp_path / "fini"

    class Slow(build_module.Pool):  # type: ignore[name-defined,misc]
        def run(self, task: Any) -> Any:
            begun.touch()
            while not ended.exists():
                time.sleep(0.02)
            return super().run(task)

    def first() -> None:
        run_by(Slow)
        os._exit(len(run(workshop).failed))

    pid = child(first)
    while not begun.exists():
        assert os.waitpid(pid, os.WNOHANG) == (0, 0), "it ended before it began"
        time.sleep(0.02)
    monkeypatch.setattr(lock, "PATIENCE", 0.3)
    with pytest.raises(ReportError, match=f"processus {pid}"):
        run(workshop)
    assert not workshop.out.exists() or not list(workshop.out.rglob("*.html")), "nothing was touched"
    ended.touch()
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert ledger_of(workshop)[1] == dict.fromkeys(PAGES, "published")
    assert {entry.status for entry in run(workshop).entries} == {"a_jour"}


STEPS = ("prepare", "page", "sheet", "confirm", "index")


@needs_fork
@pytest.mark.usefixtures("instant", "figures")
@pytest.mark.parametrize("step", STEPS)
def test_killed_in_the_middle_of_a_publication_the_next_build_ends_it(
    workshop: Any, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    from ctgeval.report import manifest, publish, register, site

    places = {
        "prepare": (register.Register, "prepare"),
        "page": (publish, "write_whole"),
        "sheet": (manifest, "write"),
        "confirm": (register.Register, "confirm"),
        "index": (site, "write_index"),
    }
    owner, name = places[step]
    real = getattr(owner, name)

    def killed() -> None:
        def after(*arguments: Any, **options: Any) -> None:
            real(*arguments, **options)
            os.kill(os.getpid(), signal.SIGKILL)

        monkeypatch.setattr(owner, name, after)
        run(workshop)

    assert os.waitstatus_to_exitcode(os.waitpid(child(killed), 0)[1]) == -signal.SIGKILL
    assert (workshop.folder / lock.FILE).exists(), "killed while it held the dossier"
    forms, _ = ledger_of(workshop)
    published = list(workshop.out.rglob("*-essai-2025.html"))
    for page in published:
        assert figure(12 if page.parent.name == "copil" else 13) in forms, "no page without its figures in the ledger"

    assert run(workshop).failed == ()
    assert ledger_of(workshop) == ({figure(12), figure(13)}, dict.fromkeys(PAGES, "published"))
    assert sorted(path.relative_to(workshop.out).as_posix() for path in workshop.out.rglob("*-2025.html")) == PAGES
    # A lock left behind is nobody's: the next who has something to do takes it.
    assert step == "index" or not (workshop.folder / lock.FILE).exists()


def _changed(folder: Path) -> None:
    with contextlib.closing(sqlite3.connect(folder / ".ctgeval" / "registre.sqlite")) as connection:
        (sql,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'releases_update'").fetchone()
        connection.execute("DROP TRIGGER releases_update")
        connection.execute("UPDATE releases SET audience = 'cotech' WHERE audience = 'copil'")
        connection.execute(sql)
        connection.commit()


def _lost(folder: Path) -> None:
    (folder / ".ctgeval" / "registre.sqlite").unlink()


def _all_lost(folder: Path) -> None:
    shutil.rmtree(folder / ".ctgeval")


def _ledger_and_note_lost(folder: Path) -> None:
    for name in ("registre.sqlite", "registre.sceau"):
        (folder / ".ctgeval" / name).unlink()


@pytest.mark.usefixtures("instant", "figures")
@pytest.mark.parametrize("how", [_changed, _lost, _ledger_and_note_lost, _all_lost])
def test_nothing_is_published_while_the_ledger_is_not_what_the_reports_say(
    workshop: Any, how: Callable[[Path], None]
) -> None:
    run(workshop)
    how(workshop.folder)
    before = {path: path.read_bytes() for path in workshop.out.rglob("*.*")}
    with pytest.raises(ConfidentialityError, match="n’est plus tel que ctgeval l’a écrit") as caught:
        run(workshop, force=True)
    assert "sauvegarde" in caught.value.problem.remedy
    assert {path: path.read_bytes() for path in workshop.out.rglob("*.*")} == before
    assert not (workshop.folder / lock.FILE).exists()


@pytest.mark.usefixtures("instant", "figures")
def test_the_bilans_of_another_convention_in_the_same_folder_are_none_of_its_business(workshop: Any) -> None:
    run(workshop)
    told = workshop.sheet("habitants")
    name = "com-86194-essai-2025"
    told |= {"convention": "Convention territoriale globale – Poitiers", "registre": {"sceau": "0" * 64}}
    told["html"] |= {"fichier": f"{name}.html"}
    (workshop.out / "habitants" / f"{name}.html").write_bytes(workshop.page("habitants").read_bytes())
    (workshop.out / "habitants" / f"{name}.manifest.json").write_text(json.dumps(told), encoding="utf-8")
    assert run(workshop, force=True).failed == ()
    assert len(ledger_of(workshop)[1]) == 3


@pytest.mark.usefixtures("instant", "figures")
def test_a_builder_whose_place_was_taken_publishes_nothing_more(workshop: Any, run_by: Callable[[type], None]) -> None:
    class Stolen(build_module.Pool):  # type: ignore[name-defined,misc]
        def run(self, task: Any) -> Any:
            (workshop.folder / lock.FILE).write_text("{}", encoding="utf-8")
            return super().run(task)

    run_by(Stolen)
    built = run(workshop)
    assert {entry.status for entry in built.entries} == {"echec"}
    assert "suspendue trop longtemps" in built.entries[0].message
    assert not list(workshop.out.rglob("*-2025.html"))
