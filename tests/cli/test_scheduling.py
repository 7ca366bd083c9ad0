"""``ctgeval planifier``: what it writes, installs, runs and tells, in French, in English and in JSON."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from ctgeval.report.schedule import run as runs, state
from ctgeval.report.schedule.run import Outcome

Run = Callable[..., Result]


@pytest.fixture
def made(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "Dossier de l'été, 100 %"
    assert run("init", folder, "--territoire", "EPCI-200070035", "--debut", "2022-01-01").exit_code == 0
    monkeypatch.setattr(sys, "platform", "linux")
    return folder


def test_files_are_written_and_the_calendar_is_told(run: Run, made: Path) -> None:
    result = run("planifier", made, "--date", "2026-01-15")
    assert result.exit_code == 0, result.output
    assert sorted(path.suffix for path in (made / "planification").iterdir()) == [".cron", ".service", ".timer"]
    assert "Rien n’est installé" in result.stdout
    assert "Aucun passage n’a encore eu lieu." in result.stdout
    assert "- 30 septembre 2026 : Chapitre de la convention" in result.stdout
    assert "- 31 juillet 2026 : Note de veille" in result.stdout


def test_json_tells_the_command_the_files_and_the_calendar(run: Run, made: Path) -> None:
    told = json.loads(
        run("schedule", made, "--json", "--date", "2026-01-15", "--chaque", "jour", "--heure", "6h05").stdout
    )
    assert told["ok"] is True
    assert told["task"]["cron"] == "5 6 * * *"
    assert told["task"]["words"][3:6] == ["planifier", str(made.resolve()), "--executer"]
    assert list(told["files"]) == ["cron", "systemd"]
    assert all(Path(path).is_file() for paths in told["files"].values() for path in paths)
    assert {"date": "2026-09-30", "kind": "rapport_epci"}.items() <= next(
        date for date in told["calendar"] if date["kind"] == "rapport_epci"
    ).items()
    assert (told["last"], told["late"], told["installed"], told["warning"]) == (None, [], "", "")


def test_files_are_shown_without_being_written(run: Run, made: Path) -> None:
    result = run("planifier", made, "--afficher", "--cible", "argo,kubernetes", "--image", "exemple.fr/ctgeval:1")
    assert result.exit_code == 0, result.output
    assert '"kind": "CronWorkflow"' in result.stdout
    assert '"kind": "CronJob"' in result.stdout
    assert not (made / "planification").exists()


def test_the_options_of_the_run_are_passed_on(run: Run, made: Path) -> None:
    options = ("--jobs", "2", "--attente", "60", "--malgre-retard", "--out", made / "r")
    words = json.loads(run("planifier", made, "--json", "--afficher", *options).stdout)["task"]["words"]
    assert words[5:] == [
        "--executer", "--out", str(made.resolve() / "r"), "--jobs", "2", "--attente", "60", "--malgre-retard"
    ]  # fmt: skip


@pytest.mark.skipif(os.name == "nt", reason="the command that stands in for crontab is a POSIX script")
def test_the_crontab_is_filled_when_asked(
    run: Run, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, program = tmp_path / "table", tmp_path / "bin" / "crontab"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\n[ "$1" = - ] && exec /bin/cat > "{table}"\nexit 0\n', encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    result = run("planifier", made, "--installer", "--cible", "cron")
    assert result.exit_code == 0, result.output
    assert "Installé dans cron" in result.stdout
    (line,) = [row for row in table.read_text(encoding="utf-8").splitlines() if not row.startswith("#")]
    assert line.startswith("30 5 * * 1 ")
    assert "100 \\%" in line


@pytest.mark.skipif(os.name == "nt", reason="the command that stands in for systemctl is a POSIX script")
def test_a_timer_that_waits_for_a_session_says_so(
    run: Run, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "bin" / "systemctl"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nexit 0\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    result = run("planifier", made, "--installer", "--cible", "systemd")
    assert result.exit_code == 0, result.output
    assert "loginctl enable-linger" in result.stdout
    assert len(list((tmp_path / "config" / "systemd" / "user").iterdir())) == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--installer"], "--cible"),
        (["--installer", "--cible", "cron,systemd"], "un seul"),
        (["--installer", "--cible", "argo", "--image", "a"], "un seul"),
        (["--cible", "kubernetes"], "--image"),
        (["--cible", "crom"], "cron"),
        (["--heure", "25:00"], "heure"),
        (["--chaque", "an"], "jour, semaine, mois"),
        (["--attente", "-1"], "secondes"),
        (["--executer", "--installer"], "ne vont pas ensemble"),
    ],
)
def test_misuse_exits_with_2_and_says_what_in_french(run: Run, made: Path, options: list[str], said: str) -> None:
    result = run("planifier", made, *options)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())
    assert not (made / "planification").exists()


def test_the_territories_of_the_drafts_are_listed_as_json(run: Run, made: Path) -> None:
    result = run("planifier", made, "--lister-territoires")
    assert (result.exit_code, result.stderr) == (0, "")
    assert json.loads(result.stdout) == ["EPCI-200070035"]


def test_a_run_is_given_its_options_and_gives_its_code(run: Run, made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, object] = {}

    def fake(folder: Path, **options: object) -> Outcome:
        seen.update(options, folder=folder)
        return Outcome(code=4, message="Une source est trop ancienne.", warning="Avis non envoyé.")

    monkeypatch.setattr(runs, "run", fake)
    result = run("planifier", made, "--executer", "--attente", "5", "--territoire", "X", "--malgre-retard")
    assert result.exit_code == 4
    assert (result.stdout, result.stderr) == ("", "Une source est trop ancienne.\nAvis non envoyé.\n")
    assert (seen["folder"], seen["wait"], seen["territoire"], seen["despite_delay"]) == (made, 5.0, "X", True)
    assert seen["progress"] is None, "cron would send by mail what is written on standard error"
    told = json.loads(run("planifier", made, "--executer", "--json").stdout)
    assert told == {"ok": False, "code": 4, "message": "Une source est trop ancienne.", "state": None}


def test_the_last_run_and_the_late_sources_are_told(run: Run, made: Path) -> None:
    path = made / "ctg.toml"
    block = '\n[[source]]\ncle = "rpe"\nperiodicite = "semestrielle"\nmise_a_jour = 2025-01-31\ndiffusion = "interne"\n'
    path.write_text(path.read_text(encoding="utf-8") + block, encoding="utf-8")
    refused = run("planifier", made, "--executer", "--date", "2026-01-15", "--out", made / "r")
    assert refused.exit_code == 4, refused.output
    assert refused.stdout == ""
    assert "--malgre-retard" in refused.stderr
    told = state.read(made)
    assert told is not None
    assert told.etat == "refuse"
    result = run("planifier", made, "--date", "2026-01-15")
    assert ": refusé." in result.stdout
    assert "- rpe (semestrielle)" in result.stdout
    english = run("--lang", "en", "planifier", made, "--date", "2026-01-15")
    assert "Last run" in english.stdout
    assert "2026-09-30" in english.stdout
