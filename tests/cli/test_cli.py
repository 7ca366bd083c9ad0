"""The four verbs: exit codes, French and English, JSON, and never a traceback."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import Result

from ctgeval import dossier as dossiers
from ctgeval.cli import inspection, main
from ctgeval.errors import DossierError, NotebookFailed, ParameterError, Problem
from ctgeval.report import build as report

Run = Callable[..., Result]
COMMANDS = [
    "init", "verifier", "construire", "etat", "comparer", "retirer", "publier", "auditer", "planifier", "gabarit",
    "indicateurs", "chercher", "passation", "sources", "check", "build", "status", "compare", "withdraw", "publish",
    "audit", "schedule", "template", "search", "handover", "indicators",
]  # fmt: skip


@pytest.fixture
def made(run: Run, tmp_path: Path) -> Path:
    folder = tmp_path / "Dossier de l’été"
    assert run("init", folder, "--territoire", "EPCI-200070035", "--debut", "2022-01-01").exit_code == 0
    return folder


def test_the_commands_are_those_of_this_version() -> None:
    assert list(main.commands) == COMMANDS


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_help_is_french_and_english_where_asked(run: Run, name: str) -> None:
    french = run(*filter(None, [name]), "--help")
    english = run("--lang", "en", *filter(None, [name]), "--help")
    assert french.exit_code == english.exit_code == 0
    assert "Affiche cette aide" in french.stdout
    assert "Show this help" in english.stdout
    assert not re.search(r"\b(Usage:|Commands|Show)\b", french.stdout)
    assert not re.search(r"\b(Affiche|Commandes|Seulement)\b", english.stdout)


@pytest.mark.parametrize("pair", [("verifier", "check"), ("construire", "build"), ("etat", "status")])
def test_aliases_have_the_same_options(run: Run, pair: tuple[str, str]) -> None:
    one, other = (run(name, "--help").stdout.replace(name, "X") for name in pair)
    assert one == other


def test_help_is_immediate() -> None:
    code = (
        "import sys; from ctgeval.cli import main\n"
        "try: main(['construire', '--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted({'pandas', 'numpy', 'pydantic', 'rich', 'matplotlib', 'babel'} & set(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, encoding="utf-8")
    assert told.stdout.splitlines()[-1] == "[]"


def test_the_module_does_the_same_as_the_command() -> None:
    told = subprocess.run([sys.executable, "-m", "ctgeval", "--version"], capture_output=True, text=True, check=True)
    assert re.fullmatch(r"ctgeval \d+\.\d+\.\d+\S*\n", told.stdout)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["verifyer", "x"], "verifier"),
        (["verifier"], "DIR"),
        (["verifier", "a", "b"], "guillemets"),
        (["construire", "x", "--jobs", "0"], "au moins 1"),
        (["construire", "x", "--jobs", "deux"], "au moins 1"),
        (["construire", "x", "--audience", "copl"], "copil"),
        (["construire", "x", "--duree-max", "0"], "1 seconde"),
        (["construire", "x", "--duree-cellule", "700000"], "une semaine"),
        (["construire", "x", "--duree-cellule", "1e3"], "nombre entier de secondes"),
        (["construire", "x", "--memoire", "2 Gio"], "500 Mo"),
        (["construire", "x", "--memoire", "100 Mo"], "500 Mo"),
        (["construire", "x", "--date", "01/02/2026"], "2026-01-15"),
        (["construire", "x", "--bilann", "y"], "--bilan"),
        (["construire", "x", "--bilan"], "attend une valeur"),
        (["construire", "x", "--force=1"], "n’attend pas"),
        (["--lang", "de", "etat", "x"], "fr ou en"),
        ([], "commande"),
    ],
)
def test_misuse_exits_with_2_and_says_what_in_french(run: Run, args: list[str], said: str) -> None:
    result = run(*args)
    assert result.exit_code == 2
    assert said in result.stderr
    assert "--help" in result.stderr
    assert result.stdout == ""


def test_misuse_is_told_in_english_and_in_json_when_asked(run: Run) -> None:
    result = run("--lang", "en", "etat", "--json", "x", "--absent")
    assert result.exit_code == 2
    told = json.loads(result.stdout)
    assert told["ok"] is False
    assert "no option" in told["message"]


# -- verifier


def test_a_new_dossier_checks_with_warnings_only(run: Run, made: Path) -> None:
    result = run("verifier", made)
    assert result.exit_code == 0
    assert "À savoir" in result.stdout
    assert "À corriger" not in result.stdout
    assert max(map(len, result.stdout.splitlines()[1:])) <= 80


def test_problems_are_grouped_with_place_value_and_remedy(run: Run, made: Path) -> None:
    path = made / "ctg.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace('audience = "interne"', 'audience = "interns"').replace("signataires", "signatair"),
        encoding="utf-8",
    )
    result = run("check", made)
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert "À corriger avant de produire les bilans (2)" in lines
    assert lines.count("ctg.toml") == 2
    assert any("clé « bilan[1].audience », valeur lue « interns »" in line for line in lines)
    assert any(line.strip().startswith("→ Vouliez-vous dire « interne » ?") for line in lines)
    assert any("ligne " in line for line in lines)


def test_problems_as_json(run: Run, made: Path) -> None:
    (made / "ctg.toml").write_text("a =", encoding="utf-8")
    for result in (run("verifier", made, "--json"), run("--json", "verifier", made)):
        assert result.exit_code == 1
        told = json.loads(result.stdout)
        assert told["ok"] is False
        assert told["problems"][0]["file"] == "ctg.toml"
        assert told["problems"][0]["row"] == 1


def test_a_broken_configuration_does_not_hide_the_problems_of_tables(run: Run, made: Path) -> None:
    (made / "suivi.xlsx").unlink()
    (made / "journal.csv").write_text("date;type;texte\n2025-13-01;frein;Transport\n", encoding="utf-8")
    (made / "ctg.toml").write_text("a =", encoding="utf-8")
    told = json.loads(run("verifier", made, "--json").stdout)
    assert {problem["file"] for problem in told["problems"]} == {"ctg.toml", "journal.csv"}


def test_a_folder_that_is_no_dossier_is_one_problem(run: Run, tmp_path: Path) -> None:
    result = run("verifier", tmp_path)
    assert result.exit_code == 1
    assert "ctgeval init" in result.stdout


def test_the_configuration_file_itself_names_its_dossier(run: Run, made: Path) -> None:
    assert run("verifier", made / "ctg.toml").exit_code == 0


# -- construire


def entry(status: str, **fields: Any) -> report.Entry:
    base: dict[str, Any] = {
        "bilan": "diagnostic",
        "audience": "copil",
        "territoire": "COM-86194",
        "periode": "2025",
        "path": Path("reports/copil/x.html"),
        "status": status,
    }
    return report.Entry(**(base | fields))


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Replace the build by one whose entries are given in its first call's place, and keep what it was asked."""
    calls: list[dict[str, Any]] = []

    def build(folder: Path, *, progress: Any, **asked: Any) -> report.BuildReport:
        calls.append({"folder": folder, **asked})
        outcomes = {None: ("fait",), "vide": (), "rate": ("fait", "echec", "a_jour")}[asked["bilan"]]
        entries = tuple(entry(status, message="Une cellule a échoué." * (status == "echec")) for status in outcomes)
        for rank, one in enumerate(entries, start=1):
            if progress is not None:
                progress(rank, len(entries), one)
        return report.BuildReport(entries=entries, indexes={"copil": Path("reports/copil/index.html")})

    monkeypatch.setattr(report, "build", build)
    return calls


def test_limits_reach_the_build(run: Run, built: list[dict[str, Any]], tmp_path: Path) -> None:
    result = run("construire", tmp_path, "--duree-max", "600", "--duree-cellule", "60", "--memoire", "1,5Go")
    assert result.exit_code == 0
    assert {name: built[0][name] for name in ("time_limit", "cell_limit", "memory")} == {
        "time_limit": 600.0, "cell_limit": 60.0, "memory": "1,5Go"
    }  # fmt: skip


def test_options_reach_the_build(run: Run, built: list[dict[str, Any]], tmp_path: Path) -> None:
    result = run(
        "build", tmp_path, "--audience", "copil", "--territoire", "COM-86194", "--periode", "2025", "--format",
        "HTML, html", "--jobs", "3", "--force", "--nouvelle-version", "--out", "ici", "--date", "2026-01-15",
    )  # fmt: skip
    assert result.exit_code == 0
    assert [{name: value for name, value in one.items() if value is not None} for one in built] == [
        {
            "folder": tmp_path,
            "audience": "copil",
            "territoire": "COM-86194",
            "periode": "2025",
            "formats": ("html", "html"),
            "jobs": 3,
            "force": True,
            "new_version": True,
            "out": "ici",
            "date": date(2026, 1, 15),
        }
    ]


@pytest.mark.usefixtures("built")
def test_success_prints_each_bilan_and_where_the_indexes_are(run: Run, tmp_path: Path) -> None:
    result = run("construire", tmp_path)
    assert result.exit_code == 0
    assert "[1/1] fait : copil, diagnostic, COM-86194, 2025" in result.stderr
    assert "copil : reports" in result.stdout


@pytest.mark.usefixtures("built")
def test_one_failure_exits_with_1_and_tells_the_others(run: Run, tmp_path: Path) -> None:
    result = run("construire", tmp_path, "--bilan", "rate")
    assert result.exit_code == 1
    assert "Une cellule a échoué." in result.stderr
    assert "Bilans produits : 1 ; déjà à jour : 1 ; en échec : 1." in result.stdout


@pytest.mark.usefixtures("built")
def test_a_build_as_json_writes_nothing_else(run: Run, tmp_path: Path) -> None:
    result = run("--json", "construire", tmp_path, "--bilan", "rate")
    assert result.exit_code == 1
    assert result.stderr == ""
    told = json.loads(result.stdout)
    assert [one["status"] for one in told["entries"]] == ["fait", "echec", "a_jour"]
    assert list(told["indexes"]) == ["copil"]


@pytest.mark.usefixtures("built")
def test_nothing_asked_says_what_to_add(run: Run, tmp_path: Path) -> None:
    result = run("construire", tmp_path, "--bilan", "vide")
    assert result.exit_code == 0
    assert "[[bilan]]" in result.stdout


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ParameterError("Aucun bilan n’a ce critère.", remedy="Voyez ctg.toml.", value="x"), 2),
        (NotebookFailed("Le carnet a échoué.", remedy="Corrigez."), 1),
        (DossierError("Deux problèmes.", problems=[Problem(message="A", file="a"), Problem(message="B")]), 1),
    ],
)
def test_an_expected_error_is_told_with_its_remedy(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, code: int
) -> None:
    def build(*_args: object, **_asked: object) -> None:
        raise error

    monkeypatch.setattr(report, "build", build)
    result = run("construire", tmp_path)
    assert result.exit_code == code
    assert error.problem.message in result.stderr  # type: ignore[attr-defined]
    assert error.problem.remedy in result.stderr  # type: ignore[attr-defined]
    told = json.loads(run("construire", tmp_path, "--json").stdout)
    assert len(told["problems"]) == len(error.problems)  # type: ignore[attr-defined]


def test_an_unexpected_error_is_one_sentence_and_a_log_in_the_dossier(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def build(*_args: object, **_asked: object) -> None:
        raise ZeroDivisionError("surprise")

    monkeypatch.setattr(report, "build", build)
    result = run("construire", tmp_path)
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    log = tmp_path / ".ctgeval" / "erreurs.log"
    assert str(log) in result.stderr
    assert "surprise" in log.read_text(encoding="utf-8")
    told = json.loads(run("construire", tmp_path, "--json").stdout)
    assert "ZeroDivisionError" in told["message"]


def test_an_unexpected_error_without_dossier_is_logged_elsewhere(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def problems(_folder: Path) -> None:
        raise ZeroDivisionError("surprise")

    monkeypatch.setattr(inspection, "problems", problems)
    result = run("verifier", tmp_path / "absent")
    (path,) = re.findall(r"dans (\S+\.log)", result.stderr)
    assert "surprise" in Path(path).read_text(encoding="utf-8")
    Path(path).unlink()


def test_an_interruption_says_that_nothing_is_half_published(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def build(*_args: object, **_asked: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(report, "build", build)
    result = run("construire", tmp_path)
    assert result.exit_code == 130
    assert "Interrompu" in result.stderr


# -- etat


def state(status: str, reason: str = "") -> SimpleNamespace:
    job = SimpleNamespace(
        bilan="diagnostic", folder="copil", territoire="COM-86194", periode="2025", etat="valide_cotech"
    )
    return SimpleNamespace(job=job, path=Path("x.html"), status=status, reason=reason)


def test_states_say_why_and_where_the_validation_is(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    states = [state("a_jour"), state("a_refaire", "le fichier budget.csv a changé")]
    monkeypatch.setattr(report, "status", lambda *_args, **_options: states)
    result = run("etat", tmp_path)
    assert result.exit_code == 0
    flat = " ".join(result.stdout.split())
    assert "à refaire, car le fichier budget.csv a changé" in flat
    assert "validé en COTECH" in flat
    assert "En tout : 1 à jour, 1 à refaire." in flat
    told = json.loads(run("status", tmp_path, "--json").stdout)
    assert [one["status"] for one in told["bilans"]] == ["a_jour", "a_refaire"]


def test_a_new_dossier_has_one_bilan_to_make(run: Run, made: Path, tmp_path: Path) -> None:
    result = run("etat", made, "--out", tmp_path / "reports")
    assert result.exit_code == 0
    assert "diagnostic" in result.stdout
    assert "à produire" in result.stdout
    assert not (tmp_path / "reports").exists()


def test_the_dossier_opens_from_python_too(made: Path) -> None:
    assert dossiers.Dossier.open(made).config.territoire.nom == "CC du Civraisien en Poitou"
