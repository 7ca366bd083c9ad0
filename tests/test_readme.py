"""Every command and snippet of the README is executed, in a copy of the checkout whose path has spaces and accents.

`make test` itself is excepted. The Windows lines are executed after this translation: `py` and `.venv\\Scripts\\python`
become the interpreter of `.venv`, backslashes become slashes; the installation is made without fetching anything. Of
cron and schtasks lines, the command that they schedule is executed.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import openpyxl
import pytest

import ctgeval
from tests import made
from tests.made import run
from tests.once import shared_root

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
pytestmark = pytest.mark.skipif(os.name == "nt" or not shutil.which("make"), reason="needs a POSIX shell and make")


def lines(language: str) -> list[str]:
    return [line for kind, block in BLOCKS if kind == language for line in block.splitlines() if line]


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a first `make bilan` left."""
    return made.checkout_with_bilans(shared_root(tmp_path_factory))


@pytest.fixture(scope="module")
def place(copied: Path) -> Path:
    """A copy of the checkout with a `.venv` that sees the packages of this one."""
    return made.place(copied)


@pytest.fixture(scope="module")
def bilan(copied: Path) -> subprocess.CompletedProcess[str]:
    """What `make bilan` said the first time."""
    return made.said(copied)


def from_windows(line: str) -> list[str]:
    """Translate a line for the Windows command interpreter to this platform."""
    words = shlex.split(line.replace("\\", "/"))
    if words[0] in {"py", ".venv/Scripts/python"}:
        words[0] = ".venv/bin/python"
    if "pip" in words:
        words[words.index("install") + 1 : words.index("install") + 1] = [
            "--no-index",
            "--no-build-isolation",
            "--no-deps",
        ]
    if "venv" in words:
        words.insert(words.index("venv") + 1, "--without-pip")
    return words


def test_the_blocks_are_of_kinds_that_are_executed() -> None:
    assert {kind for kind, _ in BLOCKS} == {"sh", "bat", "python", "cron", "toml"}
    assert [line for line in lines("sh") if line.startswith("make ")] == ["make bilan", "make test"]


def test_make_bilan_says_where_the_indexes_are(place: Path, bilan: subprocess.CompletedProcess[str]) -> None:
    assert bilan.returncode == 0, bilan.stdout + bilan.stderr
    for audience in ("interne", "copil", "habitants"):
        index = place / "reports" / audience / "index.html"
        assert index.is_file()
        assert str(index) in bilan.stdout


@pytest.mark.usefixtures("bilan")
def test_the_second_make_bilan_builds_nothing(place: Path) -> None:
    before = {
        path: path.stat().st_mtime_ns for path in (place / "reports").rglob("*.html") if path.name != "index.html"
    }
    assert before
    done = run(["make", "bilan"], place)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_the_python_example_runs_as_it_is_written(place: Path) -> None:
    blocks = [block for kind, block in BLOCKS if kind == "python"]
    assert blocks
    assert all(len([line for line in block.splitlines() if line]) <= 6 for block in blocks)
    example = "\n".join(blocks)
    done = run([".venv/bin/python", "-W", "error", "-c", example], place)
    assert done.returncode == 0, done.stderr
    assert "2023" in done.stdout
    assert "verdict" in done.stdout
    assert "Empty DataFrame" not in done.stdout
    assert "\namelioration\nInterval(" in done.stdout


def test_the_described_table_is_read_as_it_is_written(tmp_path: Path) -> None:
    (block,) = [block for kind, block in BLOCKS if kind == "toml"]
    place = '[territoire]\ncode = "EPCI-200070035"\nperimetre = 2024\n'
    (tmp_path / "ctg.toml").write_text(f"{place}\n{block}", encoding="utf-8")
    (tmp_path / "sources").mkdir()
    book = openpyxl.Workbook()
    sheet = book.create_sheet("communes")
    for row in (*([["Titre"]] * 7), ["Code département", "Code commune", "Population municipale"], ["86", "078", 2612]):
        sheet.append(row)
    book.save(tmp_path / "sources" / "ensemble.xlsx")
    read = ctgeval.open(tmp_path).source_tables["populations-legales"]
    (row,) = read.observations.to_dict("records")
    assert (row["measure"], row["geo"], row["time_period"], row["value"]) == (
        "population_municipale", "COM-86078", "2018", 2612.0,
    )  # fmt: skip


@pytest.mark.usefixtures("bilan")
def test_the_windows_lines_run_here_once_translated(place: Path) -> None:
    for line in lines("bat"):
        if line.startswith("schtasks"):
            continue
        done = run(from_windows(line), place)
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
    origin = run([".venv/bin/python", "-c", "import ctgeval; print(ctgeval.__file__)"], place).stdout.strip()
    assert origin == str(place / "ctgeval" / "__init__.py")


def test_a_new_dossier_is_made_checked_and_told_what_it_lacks(place: Path) -> None:
    commands = {shlex.split(line)[3]: shlex.split(line) for line in lines("sh") if "ctgeval " in line}
    assert list(commands) == ["init", "verifier", "construire", "chercher", "indicateurs", "planifier"]
    created = run(commands["init"], place)
    assert created.returncode == 0, created.stderr
    assert (place / "mon-dossier" / "ctg.toml").is_file()
    assert (place / "mon-dossier" / "suivi.xlsx").is_file()
    for verb in ("verifier", "construire"):
        done = run(commands[verb], place)
        assert done.returncode in {0, 1}, done.stderr
        assert "Traceback" not in done.stdout + done.stderr
        assert done.stdout.strip() or done.stderr.strip()


def test_a_schedule_is_written_and_a_run_is_told_as_it_is_written(place: Path) -> None:
    schedule, once = (shlex.split(line) for line in lines("sh") if "ctgeval planifier" in line)
    folder = place / "mon-dossier"
    if not folder.exists():
        run(next(shlex.split(line) for line in lines("sh") if "ctgeval init" in line), place)
    written = run(schedule, place)
    # A new dossier names no territory yet: that is told, and nothing is written.
    assert (written.returncode, (folder / "planification").exists()) == (1, False)
    path = folder / "ctg.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('code = ""', 'code = "EPCI-200070035"'), encoding="utf-8")
    written = run(schedule, place)
    assert written.returncode == 0, written.stderr
    assert "30 septembre" in written.stdout
    assert (folder / "planification").is_dir()
    done = run(once, place)
    assert done.returncode in {0, 1}, done.stderr
    told = json.loads((folder / ".ctgeval" / "etat.json").read_text(encoding="utf-8"))
    assert told["code_de_sortie"] == done.returncode
    assert (folder / ".ctgeval" / "journal.jsonl").read_text(encoding="ascii").count("\n") >= 2


def test_words_are_found_and_a_sheet_is_shown_as_it_is_written(place: Path) -> None:
    asked = [shlex.split(line) for line in lines("sh") if "ctgeval chercher" in line or "ctgeval indicateurs" in line]
    found, sheet = (run(command, place) for command in asked)
    assert (found.returncode, sheet.returncode) == (0, 0), found.stderr + sheet.stderr
    assert "micro-crèche" in found.stdout
    assert "journal" in found.stdout
    assert sheet.stdout.startswith("PE02")
    assert "Retenu par le COPIL" in sheet.stdout


@pytest.mark.usefixtures("bilan")
def test_the_command_named_in_the_text_exists(place: Path) -> None:
    done = run([".venv/bin/python", "-m", "ctgeval", "etat", "data/demo"], place)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.usefixtures("bilan")
@pytest.mark.parametrize("kind", ["cron", "schtasks"])
def test_the_scheduled_command_runs(place: Path, kind: str) -> None:
    if kind == "cron":
        (line,) = lines("cron")
        assert re.match(r"(?:[\d*/,-]+ ){5}cd /\S+ && ", line)
        command = shlex.split(line.partition(" && ")[2])
    else:
        (line,) = [line for line in lines("bat") if line.startswith("schtasks")]
        scheduled = re.search(r'/TR "cmd /c cd /d [^"&]+ && ([^"]+)"', line)
        assert scheduled
        command = from_windows(scheduled[1])
    done = run(command, place)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_floors_and_the_map_are_those_of_the_code() -> None:
    specification = importlib.util.spec_from_file_location("make_map", ROOT / "scripts" / "make_map.py")
    assert specification is not None
    assert specification.loader is not None
    make_map = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(make_map)
    current = make_map.written(README) == README
    assert current, "run: python scripts/make_map.py"
    floors = [make_map.floor(name) for line in make_map.layers() for name in line]
    assert floors == sorted(floors)
    first_level = {
        path.stem for path in (ROOT / "ctgeval").iterdir() if (path / "__init__.py").is_file() or path.suffix == ".py"
    }
    assert {name for line in make_map.layers() for name in line} == first_level - {"__init__"}
    assert all(make_map.summary(path) for path in (ROOT / "ctgeval").rglob("*.py"))


def test_there_is_a_light_picture_and_a_french_paragraph_at_the_top() -> None:
    top = "\n".join(README.splitlines()[:12])
    picture = re.search(r"!\[([^\]]{20,})\]\(([^)]+)\)", top)
    assert picture
    file = ROOT / picture[2]
    assert file.read_bytes().startswith(b"\x89PNG")
    assert file.stat().st_size < 300_000
    assert "En français" in top


def test_every_file_that_the_readme_names_exists() -> None:
    named = re.findall(r"`((?:scripts|data|notebooks|tests|docs|ctgeval)/[\w./-]*)`|`([A-Z]+(?:\.md)?)`", README)
    paths = [first or second for first, second in named]
    assert paths
    known = [path for path in paths if not (ROOT / path).exists() and "/" in path]
    assert not known
