"""The dossier as it is before and after an undisturbed build, and the process that breaks the others."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.once import once, shared_root
from tests.report.faults.yard import NEW, OLD, READERS, Yard, deserted, home

campaign = pytest.mark.campaign

if sys.platform != "linux":
    collect_ignore_glob = ["test_*.py"]


@dataclass
class Ended:
    """How a command ended: its code (minus a signal), and what it said."""

    code: int
    out: str
    err: str
    steps: list[str]


class Nursery:
    """See `nursery`: commands that are broken from inside."""

    def __init__(self, place: Path, logs: Path) -> None:
        self._place, self._logs, self._count = place, logs, 0
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("nursery.py"))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8",
            env={**os.environ, "PYTHONPATH": str(place)},
        )  # fmt: skip

    def _ask(self, told: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(told) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def start(self, yard: Yard, words: list[str], **conditions: Any) -> tuple[int, Path]:
        """Start a command and return its pid, and where it writes."""
        self._count += 1
        log = self._logs / f"commande-{self._count}"
        asked = {
            "args": words, "folder": str(yard.root), "log": str(log), "env": {"TMPDIR": str(yard.temporary)},
            "roots": [str(yard.dossier), str(yard.out)], **conditions,
        }  # fmt: skip
        return int(self._ask(asked)["pid"]), log

    def wait(self, started: tuple[int, Path]) -> Ended:
        """Wait until a command has ended."""
        pid, log = started
        code = int(self._ask({"wait": pid})["status"])
        out, err, steps = (
            path.read_text(encoding="utf-8") if path.exists() else ""
            for path in (log.with_suffix(f".{end}") for end in ("out", "err", "steps"))
        )
        assert "Traceback" not in err, err
        return Ended(code, out, err, steps.splitlines())

    def run(self, yard: Yard, words: list[str], **conditions: Any) -> Ended:
        """Run a command to its end."""
        return self.wait(self.start(yard, words, **conditions))

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=60)
        assert self._process.stdout is not None
        self._process.stdout.close()


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ctgeval with one short notebook."""
    return home(tmp_path_factory.mktemp("ctgeval") / "lieu")


@pytest.fixture(scope="session")
def nursery(place: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    """What runs commands that are broken from inside."""
    with closing(Nursery(place, tmp_path_factory.mktemp("dits"))) as made:
        yield made


@dataclass(frozen=True)
class Model:
    """A dossier that was built once and whose figures have changed since, and what a whole build gives of both."""

    before: Yard
    after: Yard
    old: dict[str, bytes]
    new: dict[str, bytes]
    kept: dict[str, Any]
    seconds: float = 0.0


@pytest.fixture(scope="session")
def model(nursery: Nursery, place: Path, tmp_path_factory: pytest.TempPathFactory) -> Model:
    """Two undisturbed builds, made once in a run."""

    def make(root: Path) -> None:
        yard = Yard(root / "avant", place)
        yard.begin()
        done = nursery.run(yard, yard.command(day=OLD))
        assert done.code == 0, done.err
        yard.change()
        after = yard.copy(root / "apres")
        done = nursery.run(after, after.command(day=NEW))
        assert done.code == 0, done.err
        assert after.left() == []

    root = once(shared_root(tmp_path_factory), "cour", make)
    before, after = (Yard(root / name, place) for name in ("avant", "apres"))
    old, new = before.published(), after.published()
    changed = {name for name in old if old[name] != new[name]}
    assert changed >= {f"{reader}/epci-200070035-essai-2024.html" for reader in READERS}
    return Model(before=before, after=after, old=old, new=new, kept=after.kept())


def mended(nursery: Nursery, model: Model, yard: Yard) -> None:
    """Build again undisturbed, and compare all that there is with what nothing ever disturbed."""
    done = nursery.run(yard, yard.command())
    assert done.code == 0, done.err
    assert yard.published() == model.new
    kept = yard.kept()
    assert {name for name in {*kept, *model.kept} if kept.get(name) != model.kept.get(name)} == set()
    assert yard.left() == []


def ended(started: subprocess.Popen[str]) -> tuple[int, str]:
    """Wait for a command that was started for real, see that no process of it stays, and return what it said."""
    _, said = started.communicate(timeout=120)
    assert deserted(started.pid) == []
    return started.returncode, said


@pytest.fixture(scope="session")
def real(place: Path, tmp_path_factory: pytest.TempPathFactory) -> Model:
    """Two undisturbed builds whose notebooks are run: their pages are not those of `model`."""
    root = tmp_path_factory.mktemp("cour-reelle")
    yard = Yard(root / "avant", place)
    yard.begin()
    code, said = ended(yard.start(yard.command(day=OLD)))
    assert code == 0, said
    old = yard.published()
    yard.change()
    after = yard.copy(root / "apres")
    begun = time.monotonic()
    code, said = ended(after.start(after.command()))
    assert code == 0, said
    return Model(yard, after, old, after.published(), after.kept(), seconds=time.monotonic() - begun)


@pytest.fixture
def yard(model: Model, tmp_path: Path) -> Yard:
    """The dossier, built once, whose figures have changed since."""
    return model.before.copy(tmp_path / "cour")
