"""``scripts/prepare.sh`` and the Makefile: what they install, when, and what they say when they can't."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    os.name == "nt" or not shutil.which("make"),
    reason="needs a POSIX shell and make; on Windows the README gives lines",
)

# A stand-in for an interpreter: it says its version, tells whether venv is usable, and writes down what it is asked.
STAND_IN = """#!/bin/sh
case "$*" in
    *version_info\\[:2\\]*) echo "{version}" ;;
    *"version_info < (3, 11)"*) exit {too_old} ;;
    *"import venv, ensurepip"*) exit {without_venv} ;;
    *"-m venv"*) mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
    *"-m pip --version"*) exit 0 ;;
    *) echo "$*" >> asked.txt; exit {install} ;;
esac
"""


@pytest.fixture
def place(tmp_path: Path, checkout: Path) -> Path:
    """A copy of what the set-up reads, in a folder with spaces and accents."""
    folder = tmp_path / "Évaluation CTG – élus"
    (folder / "scripts").mkdir(parents=True)
    for name in ("Makefile", "pyproject.toml", "requirements.lock", "scripts/prepare.sh", "scripts/where.sh"):
        shutil.copy(checkout / name, folder / name)
    return folder


def stand_in(
    place: Path, *, version: str = "3.12", too_old: int = 0, without_venv: int = 0, install: int = 0
) -> dict[str, str]:
    """Give the environment in which every interpreter is the stand-in."""
    tools = place / "tools"
    tools.mkdir(exist_ok=True)
    text = STAND_IN.format(version=version, too_old=too_old, without_venv=without_venv, install=install)
    for name in ("python3.13", "python3.12", "python3.11", "python3.14", "python3"):
        (tools / name).write_text(text, encoding="utf-8")
        (tools / name).chmod(0o755)
    return {"PATH": f"{tools}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}


def prepare(place: Path, environment: dict[str, str], extras: str = "lab") -> subprocess.CompletedProcess[str]:
    command = ["sh", "scripts/prepare.sh", extras]
    return subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, check=False)


def asked(place: Path) -> list[str]:
    file = place / "asked.txt"
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


def test_the_first_run_installs_and_the_second_does_nothing(place: Path) -> None:
    environment = stand_in(place)
    assert prepare(place, environment).returncode == 0
    assert len(asked(place)) == 1
    assert asked(place)[0].endswith("-c requirements.lock -e .[lab]")
    second = prepare(place, environment)
    assert (second.returncode, second.stderr, len(asked(place))) == (0, "", 1)


@pytest.mark.parametrize("name", ["pyproject.toml", "requirements.lock"])
def test_a_changed_requirement_is_installed(place: Path, name: str) -> None:
    environment = stand_in(place)
    prepare(place, environment)
    with (place / name).open("a", encoding="utf-8") as file:
        file.write("\n")
    prepare(place, environment)
    assert len(asked(place)) == 2


def test_a_moved_folder_is_installed_again(place: Path) -> None:
    prepare(place, stand_in(place))
    moved = place.rename(place.with_name("ailleurs"))
    assert prepare(moved, stand_in(moved)).returncode == 0
    assert len(asked(moved)) == 2


def test_the_tools_of_the_tests_include_those_of_the_bilans(place: Path) -> None:
    environment = stand_in(place)
    prepare(place, environment, "lab,test")
    prepare(place, environment, "lab")
    assert len(asked(place)) == 1
    (place / ".venv" / "ctgeval-stamp").unlink()
    prepare(place, environment, "lab")
    prepare(place, environment, "lab,test")
    assert len(asked(place)) == 3


def test_without_venv_it_says_what_to_install_and_stops(place: Path) -> None:
    done = prepare(place, stand_in(place, without_venv=1))
    assert done.returncode == 1
    assert "apt install python3-venv" in done.stderr
    assert not (place / ".venv").exists()


def test_too_old_an_interpreter_is_told_with_its_version(place: Path) -> None:
    done = prepare(place, stand_in(place, version="3.9", too_old=1))
    assert done.returncode == 1
    assert "Python 3.11 ou plus récent" in done.stderr
    assert "python3 (3.9)" in done.stderr


def test_a_failed_installation_is_tried_again_next_time(place: Path) -> None:
    done = prepare(place, stand_in(place, install=1))
    assert done.returncode == 1
    assert "accès au réseau" in done.stderr
    # The stand-in was copied in .venv: the network is back.
    (place / ".venv" / "bin" / "python").write_text(
        (place / "tools" / "python3").read_text().replace("exit 1 ;;", "exit 0 ;;")
    )
    assert prepare(place, stand_in(place)).returncode == 0
    assert len(asked(place)) == 2


def test_make_bilan_builds_each_dossier_and_goes_on_after_a_failure(place: Path) -> None:
    environment = stand_in(place)
    (place / "reports" / "copil").mkdir(parents=True)
    (place / "reports" / "copil" / "index.html").touch()
    done = subprocess.run(["make", "bilan"], cwd=place, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert [line for line in asked(place) if "construire" in line] == [
        "-m ctgeval construire data/demo --out reports",
        "-m ctgeval construire data/civraisien --out reports",
    ]
    assert f"copil        {place}/reports/copil/index.html" in done.stdout
    python = place / ".venv" / "bin" / "python"
    python.write_text(python.read_text().replace("exit 0 ;;\nesac", "exit 1 ;;\nesac"))
    done = subprocess.run(["make", "bilan"], cwd=place, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert sum("construire" in line for line in asked(place)) == 4
