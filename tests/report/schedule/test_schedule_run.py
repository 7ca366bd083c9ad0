"""A scheduled run: drafts only, and a state, a journal and a summary that tell the truth, whatever happens."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ctgeval.errors import DossierError, ReportError
from ctgeval.report import lock
from ctgeval.report.schedule import log, notify, run as runs, state
from ctgeval.report.schedule.run import run
from tests.report.conftest import CIVRAISIEN, GARTEMPE, Workshop

DAY = dt.date(2026, 2, 1)
LATE = 'diffusion = "ouverte"\nperiodicite = "annuelle"\nmise_a_jour = 2024-01-31\n'
Rewrite = Callable[[Path, str, str], None]


@pytest.fixture(autouse=True)
def published(workshop: Workshop) -> None:
    """The last bilan of the dossier, that for inhabitants, is published."""
    path = workshop.folder / "ctg.toml"
    text = path.read_text(encoding="utf-8").replace('etat = "publie"\n', "")
    assert text.rstrip().endswith('audience = "habitants"\nperiode = "2025"')
    path.write_text(text + 'etat = "publie"\n', encoding="utf-8")


def statuses(told: state.State | None) -> dict[tuple[str, str], str]:
    assert told is not None
    return {(row["audience"], row["territoire"]): row["etat"] for row in told.bilans}


def events(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / log.FILE).read_text(encoding="ascii").splitlines()]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Titles and texts of the summaries, to one address."""
    told: list[tuple[str, str]] = []
    monkeypatch.setenv(notify.VARIABLE, "json://exemple.fr")
    monkeypatch.setattr(notify, "send", lambda _addresses, title, body: told.append((title, body)))
    return told


@pytest.mark.usefixtures("instant")
def test_drafts_are_made_and_what_is_validated_is_left_alone(workshop: Workshop) -> None:
    done = run(workshop.folder, out=workshop.out, date=DAY)
    assert (done.code, done.message) == (0, "Brouillons produits : 2 ; déjà à jour : 0 ; en échec : 0.")
    assert workshop.page().is_file()
    assert not workshop.page("habitants").exists(), "its state is « publie »: a schedule publishes nothing"
    told = state.read(workshop.folder)
    assert told == done.state
    assert statuses(told) == {
        ("copil", CIVRAISIEN): "fait",
        ("copil", GARTEMPE): "fait",
        ("habitants", CIVRAISIEN): "laisse",
    }
    assert told is not None
    assert (told.etat, told.code_de_sortie, told.avis) == ("reussi", 0, "sans_adresse")
    assert told.processus.pid == os.getpid()
    assert [one["evenement"] for one in events(workshop.folder)] == ["debut", "bilan", "bilan", "fin"]


@pytest.mark.usefixtures("instant")
def test_nothing_new_is_told_once_and_sends_nothing(workshop: Workshop, sent: list[tuple[str, str]]) -> None:
    assert run(workshop.folder, out=workshop.out, date=DAY).code == 0
    ((title, body),) = sent
    assert title == "ctgeval, CC du Civraisien en Poitou : 2\u00a0brouillons produits"
    assert body.count("brouillon produit\n") == 2
    again = run(workshop.folder, out=workshop.out, date=DAY)
    assert again.state is not None
    assert (again.code, again.state.avis, len(sent)) == (0, "sans_objet", 1)
    assert set(statuses(again.state).values()) == {"a_jour", "laisse"}
    assert [one["evenement"] for one in events(workshop.folder)][-2:] == ["debut", "fin"]


@pytest.mark.usefixtures("instant")
def test_one_territory_leaves_the_state_of_the_others_as_it_was(workshop: Workshop) -> None:
    first = run(workshop.folder, out=workshop.out, territoire=GARTEMPE, date=DAY)
    assert statuses(first.state)["copil", CIVRAISIEN] == "hors_passage"
    second = run(workshop.folder, out=workshop.out, territoire=CIVRAISIEN, date=DAY)
    assert statuses(second.state)["copil", GARTEMPE] == "fait"
    unknown = run(workshop.folder, out=workshop.out, territoire="EPCI-0", date=DAY)
    assert unknown.state is not None
    assert (unknown.code, unknown.state.etat, unknown.state.code_de_sortie) == (2, "echec", 2)


@pytest.mark.usefixtures("instant")
def test_a_source_older_than_its_periodicity_stops_the_run_unless_told(
    workshop: Workshop, rewrite: Rewrite, sent: list[tuple[str, str]]
) -> None:
    rewrite(workshop.folder / "ctg.toml", 'diffusion = "ouverte"\n', LATE)
    done = run(workshop.folder, out=workshop.out, date=DAY)
    assert done.code == 4
    assert "--malgre-retard" in done.message
    assert not workshop.page().exists()
    assert done.state is not None
    assert (done.state.etat, done.state.code_de_sortie) == ("refuse", 4)
    assert done.state.sources_en_retard == (
        "population (annuelle) : mise à jour du 31 janvier 2024, à renouveler depuis le 31 janvier 2025.",
    )
    assert "trop anciennes" in sent[0][0]
    assert run(workshop.folder, out=workshop.out, date=dt.date(2025, 1, 31)).code == 0
    workshop.page().unlink()
    anyway = run(workshop.folder, out=workshop.out, date=DAY, despite_delay=True)
    assert (anyway.code, workshop.page().is_file()) == (0, True)
    assert anyway.state is not None
    assert len(anyway.state.sources_en_retard) == 1, "it is told all the same"


@pytest.mark.usefixtures("instant")
def test_a_failure_is_told_without_a_word_of_what_the_file_says(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, sent: list[tuple[str, str]]
) -> None:
    def failing(*_args: object, **_options: object) -> None:
        raise ReportError("Une cellule secrète vaut 3.", value="3")

    monkeypatch.setattr("ctgeval.report.publish.publish", failing)
    done = run(workshop.folder, out=workshop.out, date=DAY)
    assert done.code == 1
    assert done.state is not None
    assert (done.state.etat, statuses(done.state)["copil", CIVRAISIEN]) == ("echec", "echec")
    assert "cellule secrète" in done.state.bilans[0]["message"]
    ((title, body),) = sent
    assert title.endswith(": 2\u00a0échecs, 0\u00a0brouillon produit")
    assert "ÉCHEC" in body
    assert "secrète" not in title + body


def test_a_dossier_that_can_t_be_used_is_a_failure_that_is_told(workshop: Workshop, rewrite: Rewrite) -> None:
    rewrite(workshop.folder / "ctg.toml", "perimetre = 2024", "perimetre =")
    done = run(workshop.folder, out=workshop.out, date=DAY)
    assert done.code == 1
    assert isinstance(done.error, DossierError)
    assert done.state is not None
    assert (done.state.etat, done.state.message) == ("echec", str(done.error))
    with pytest.raises(DossierError):
        run(workshop.folder / "absent", out=workshop.out, date=DAY)


@pytest.mark.usefixtures("instant")
def test_a_summary_that_can_t_be_sent_changes_nothing_else(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(notify.VARIABLE, "json://exemple.fr")
    monkeypatch.setitem(sys.modules, "apprise", None)
    done = run(workshop.folder, out=workshop.out, date=DAY)
    assert done.code == 0
    assert "apprise" in done.warning
    assert done.state is not None
    assert (done.state.etat, done.state.avis) == ("reussi", done.warning)


@pytest.mark.usefixtures("instant")
@pytest.mark.parametrize("file", [runs.LOCK, lock.FILE])
def test_the_second_of_two_leaves_with_its_own_code_and_touches_nothing(workshop: Workshop, file: str) -> None:
    run(workshop.folder, out=workshop.out, date=DAY)
    before = (workshop.folder / state.FILE).read_bytes()
    with lock.hold(workshop.folder, file=file):
        done = run(workshop.folder, out=workshop.out, date=DAY, wait=0.0)
    assert (done.code, done.state, done.report) == (3, None, None)
    assert "en cours" in done.message
    assert (workshop.folder / state.FILE).read_bytes() == before
    assert events(workshop.folder)[-1]["evenement"] == "occupe"


RUN = """
import sys
from pathlib import Path
from ctgeval.report.schedule import run as runs
import ctgeval.report.schedule.run as module
def slow(*args, **options):
    print("commence", flush=True)
    sys.stdin.readline()
    raise SystemExit(99)
module.build = slow
runs.run(Path(sys.argv[1]), wait=float(sys.argv[2]))
"""


def started(folder: Path, wait: float = 0.0) -> subprocess.Popen[str]:
    child = subprocess.Popen(
        [sys.executable, "-c", RUN, str(folder), str(wait)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert child.stdout is not None
    return child


def begun(child: subprocess.Popen[str]) -> None:
    assert child.stdout is not None
    assert child.stdout.readline() == "commence\n"


@pytest.mark.usefixtures("instant")
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs to know whether a process lives")
def test_after_kill_9_the_state_says_interrupted_and_the_next_run_mends(
    workshop: Workshop, sent: list[tuple[str, str]]
) -> None:
    child = started(workshop.folder)
    begun(child)
    told = state.read(workshop.folder)
    assert told is not None
    assert (told.etat, told.processus.pid, told.fin) == ("en_cours", child.pid, "")
    assert statuses(told)["copil", CIVRAISIEN] == "en_attente"
    assert run(workshop.folder, out=workshop.out, date=DAY, wait=0.2).code == 3
    child.send_signal(signal.SIGKILL)
    child.communicate()
    told = state.read(workshop.folder)
    assert told is not None
    assert (told.etat, told.code_de_sortie) == ("interrompu", None)
    done = run(workshop.folder, out=workshop.out, date=DAY)
    assert done.code == 0
    begins = [one for one in events(workshop.folder) if one["evenement"] == "debut"]
    assert [one["apres_interruption"] for one in begins] == [False, True]
    assert "interrompu avant sa fin" in sent[-1][1]


@pytest.mark.usefixtures("workshop")
@pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")
@pytest.mark.parametrize(("sign", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_polite_stop_is_told(workshop: Workshop, sign: signal.Signals, code: int) -> None:
    child = started(workshop.folder)
    begun(child)
    child.send_signal(sign)
    child.communicate()
    told = state.read(workshop.folder)
    assert told is not None
    assert (told.etat, told.code_de_sortie) == ("interrompu", code)
    assert told.fin >= told.debut
    assert events(workshop.folder)[-1]["code"] == code
    assert not (workshop.folder / runs.LOCK).exists()


@pytest.mark.usefixtures("instant")
def test_the_second_of_two_waits_its_turn(workshop: Workshop) -> None:
    child = started(workshop.folder)
    begun(child)
    begin = time.monotonic()
    second = started(workshop.folder, wait=60.0)
    time.sleep(1.0)
    assert second.poll() is None
    child.communicate("\n")
    begun(second)
    assert time.monotonic() - begin >= 1.0
    told = state.read(workshop.folder)
    assert told is not None
    assert told.processus.pid == second.pid
    second.communicate("\n")
    assert [one["pid"] for one in events(workshop.folder)] == [child.pid, child.pid, second.pid, second.pid]


@pytest.mark.usefixtures("instant")
def test_an_unforeseen_error_leaves_a_true_state(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: object, **_options: object) -> None:
        raise RuntimeError("imprévu")

    monkeypatch.setattr(runs, "build", broken)
    with pytest.raises(RuntimeError):
        run(workshop.folder, out=workshop.out, date=DAY)
    told = state.read(workshop.folder)
    assert told is not None
    assert (told.etat, told.code_de_sortie) == ("echec", 1)
    assert "RuntimeError" in told.message
