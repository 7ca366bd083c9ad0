"""What the whole tree must keep to: floors, lint, types, and what may never be written in it."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.longest import LONGEST

ROOT = Path(__file__).resolve().parent.parent
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__"}
FORBIDDEN_METHODS = {"eval", "exec", "read_pickle", "to_pickle", "system", "popen", "unsafe_load", "runpy", "run_path"}
LOADERS = {"ctgeval/__init__.py", "ctgeval/impact/__init__.py"}
"""Where modules are imported by name: those of a table of ours."""
FORBIDDEN_MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve", "yaml", "ruamel"}
NETWORK_MODULES = {"socket", "ssl", "http", "ftplib", "smtplib", "urllib.request", "requests", "httpx", "aiohttp"}


def tracked(*suffixes: str) -> list[Path]:
    """Files that git follows, or every file outside ignored folders when this is not a checkout."""
    git = shutil.which("git")
    if git and (ROOT / ".git").exists():
        listed = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
        paths = [ROOT / name for name in listed.decode().split("\0") if name]
    else:
        ignored = {".venv", "reports", ".git", "build", "dist"}
        paths = [path for path in ROOT.rglob("*") if not ignored & set(path.relative_to(ROOT).parts)]
    return sorted(path for path in paths if path.is_file() and (not suffixes or path.suffix in suffixes))


def texts() -> Iterator[tuple[Path, str]]:
    for path in tracked():
        try:
            yield path, path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def run(*arguments: str) -> None:
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


@pytest.mark.slow
def test_ruff_finds_nothing() -> None:
    run("-m", "ruff", "check", ".")


@pytest.mark.slow
def test_every_file_is_formatted() -> None:
    run("-m", "ruff", "format", "--check", ".")


@pytest.mark.slow
def test_types_are_strict() -> None:
    run("-m", "mypy")


@pytest.mark.slow
def test_a_module_imports_only_lower_floors() -> None:
    run("-c", "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_logo=True))")


def test_no_file_of_the_package_or_its_scripts_runs_text_as_code() -> None:
    found = []
    for path in [*(ROOT / "ctgeval").rglob("*.py"), *(ROOT / "scripts").rglob("*.py"), *(ROOT / "data").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            place = f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FORBIDDEN_CALLS:
                found.append(f"{place} calls {node.func.id}")
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                found += [f"{place} calls {node.func.attr}"] if _runs_text(node, node.func.attr, path) else []
            if isinstance(node, ast.keyword) and node.arg in {"allow_pickle", "shell"}:
                found.append(f"{place} gives {node.arg}")
            names = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            found += [f"{place} imports {name}" for name in names if name.split(".")[0] in FORBIDDEN_MODULES]
    assert not found


def _runs_text(call: ast.Call, name: str, path: Path) -> bool:
    """Tell whether a method may run a text as code: pandas does it in ``query``, whose text must be ours."""
    if name == "query":
        return not (call.args and isinstance(call.args[0], ast.Constant))
    if name == "import_module":
        if call.args and isinstance(call.args[0], ast.Constant):
            # An import like any other, of what may be missing.
            return str(call.args[0].value).split(".")[0] in {*FORBIDDEN_MODULES, *NETWORK_MODULES}
        return path.relative_to(ROOT).as_posix() not in LOADERS
    return name in FORBIDDEN_METHODS


def test_no_file_of_a_dossier_nor_of_the_package_is_yaml() -> None:
    found = [path.relative_to(ROOT).as_posix() for path in tracked(".yaml", ".yml", ".pkl", ".pickle", ".joblib")]
    assert found == [".pre-commit-config.yaml"], "pre-commit asks for this one, which nothing of ours reads"


def test_one_module_of_the_package_reaches_the_network() -> None:
    found = []
    for path in sorted({*(ROOT / "ctgeval").rglob("*.py")} - {ROOT / "ctgeval" / "sources" / "fetch.py"}):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            found += [
                f"{path.relative_to(ROOT)} imports {name}"
                for name in names
                if name in NETWORK_MODULES or name.split(".")[0] in NETWORK_MODULES
            ]
    assert not found


def test_no_tracked_file_names_an_index_nor_a_path_of_a_machine() -> None:
    # Written in pieces so that this file does not hold what it forbids.
    index = re.compile(
        "|".join(["py" + r"pi\.org", "python" + r"hosted\.org", r"registry\.np" + r"mjs", "--index" + "-url"])
    )
    machine = re.compile(
        "|".join(
            [
                r"(?<![\w.])/ho" + r"me/[a-z]",
                r"(?<![\w.])/ro" + "ot/",
                r"(?<![\w./])/wo" + r"rk/",
                r"/Us" + r"ers/[a-z]",
            ]
        )
    )
    found = [
        f"{path.relative_to(ROOT)}: {hit.group()}"
        for path, text in texts()
        for pattern in (index, machine)
        for hit in pattern.finditer(text)
    ]
    assert not found


def test_the_lock_holds_versions_only() -> None:
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    assert len(lines) > 100
    assert all(re.fullmatch(r"[a-z0-9._-]+==[\w.+!]+( ; [\w .'<>=!*()-]+)?", line) for line in lines)


def test_every_rule_that_is_ignored_has_its_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    lines = re.sub(r"(?s)^select = .*?^\]", "", text.partition("[tool.ruff.lint]")[2], flags=re.MULTILINE).splitlines()
    ignored = [line for line in lines if re.match(r'(?:\s+|"[\w/*]+" = \[)"[A-Z]+\d*"', line)]
    assert len(ignored) > 10
    assert not [line for line in ignored if not re.search(r"#\s*\w", line)]


def test_no_template_marks_a_text_as_safe() -> None:
    templates = [path for path in (ROOT / "ctgeval").rglob("templates/*") if path.is_file()]
    assert templates
    assert not [
        path.name
        for path in templates
        if re.search(r"\|\s*safe\b|autoescape\s+false", path.read_text(encoding="utf-8"))
    ]


def notebooks() -> list[Path]:
    return sorted((ROOT / "notebooks").glob("*.ipynb"))


def test_there_is_a_notebook_for_each_kind_of_bilan() -> None:
    assert {path.stem for path in notebooks()} >= {"bilan_annuel", "diagnostic"}


@pytest.mark.parametrize("path", notebooks(), ids=lambda path: path.stem)
def test_notebooks_are_thin_and_stored_without_outputs(path: Path) -> None:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    assert sum("parameters" in cell["metadata"].get("tags", []) for cell in code) == 1
    for cell in code:
        for node in ast.walk(ast.parse("".join(cell["source"]))):
            assert not isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Lambda)
            if isinstance(node, ast.Import):
                assert {alias.name.split(".")[0] for alias in node.names} == {"ctgeval"}
            if isinstance(node, ast.ImportFrom):
                assert (node.module or "").split(".")[0] == "ctgeval"


def test_the_tests_mirror_the_package() -> None:
    """A module of the first level has its test file, a stage its folder of test files."""
    for path in sorted((ROOT / "ctgeval").iterdir()):
        if path.suffix == ".py" and not path.name.startswith("__"):
            assert (ROOT / "tests" / f"test_{path.name}").is_file(), f"no test of {path.name}"
        elif (path / "__init__.py").is_file():
            assert list((ROOT / "tests" / path.name).glob("test_*.py")), f"no test of {path.name}/"


def test_the_files_that_run_first_exist() -> None:
    assert [name for name in LONGEST if not (ROOT / "tests" / name).is_file()] == []
