"""A very small dossier with bilans for two kinds of readers, a build of it that is broken, and what must hold."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_notebook, new_output

import ctgeval

PLACE, NEIGHBOUR = "EPCI-200070035", "EPCI-200070043"
READERS = ("interne", "copil")
OLD, NEW = "2026-03-01", "2026-04-01"
# An invented one: two dossiers must give the same seals.
SECRET = "0123456789abcdef" * 4
LOCKS = ("production.verrou", "planification.verrou")
NAME = 'nom = "CC du Civraisien en Poitou"\n'
CTG = f"""\
[territoire]
code = "{PLACE}"
{NAME}perimetre = 2024

[comparaison]
territoires = ["{NEIGHBOUR}"]

[indicateurs]
retenus = ["PO02"]

[[source]]
cle = "ouvert"
titre = "Naissances"
diffusion = "ouverte"
producteur = "essai"
licence = "essai"
mise_a_jour = 2025-01-01

[[bilan]]
carnet = "essai"
audience = "interne"
periode = "2024"

[[bilan]]
carnet = "essai"
audience = "copil"
periode = "2024"
etat = "presente_copil"
"""
REASON = 'motif_revision = "Chiffres définitifs."'
HEAD = "mesure;territoire;periode;valeur;source;structure\n"
_PARAMETERS = ("release", "territoire", "periode")
_CELLS = (
    "import time\nimport ctgeval",
    'page = ctgeval.page(release, territoire=territoire, periode=periode, carnet="essai")\npage.key_figures()',
    "page.results()",
)
# What somebody may have saved in a notebook: it is not what a bilan is made of.
_HOSTILE = "<script src='https://exemple.invalid/x.js'></script><p>sortie-enregistree</p>"


def home(folder: Path) -> Path:
    """Make a place where this ctgeval finds one short notebook in place of its own, and return it."""
    (folder / "notebooks").mkdir(parents=True)
    (folder / "ctgeval").symlink_to(Path(ctgeval.__file__).parent, target_is_directory=True)
    values = "\n".join(f'{name} = ""' for name in _PARAMETERS)
    cells = [new_code_cell(values, metadata={"tags": ["parameters"]}), *(new_code_cell(one) for one in _CELLS)]
    for cell in cells:
        cell.outputs = [new_output("display_data", {"text/html": _HOSTILE}), new_output("stream", text="x" * 2_000_000)]
    for rank, cell in enumerate(cells):
        cell["id"] = f"cellule-{rank}"
    declared = {name: {"type": "texte", "description": name} for name in _PARAMETERS}
    notebook = new_notebook(cells=cells, metadata={"ctgeval": {"titre": "Essai", "parametres": declared}})
    nbformat.write(notebook, folder / "notebooks" / "essai.ipynb")
    return folder


@dataclass
class Yard:
    """A dossier, its reports and the temporary folder of its builders.

    Parameters
    ----------
    root : Path
        Holds the three.
    home : Path
        See `home`.
    shared : Path, optional
        Its reports, when they are elsewhere.
    """

    root: Path
    home: Path
    shared: Path | None = None

    @property
    def dossier(self) -> Path:
        return self.root / "dossier"

    @property
    def private(self) -> Path:
        return self.dossier / ".ctgeval"

    @property
    def out(self) -> Path:
        return self.shared or self.root / "rapports"

    @property
    def temporary(self) -> Path:
        return self.root / "tmp"

    def begin(self, *, place: str = PLACE) -> None:
        """Write the dossier of a territory as it is before the first build."""
        for folder in (self.private, self.temporary):
            folder.mkdir(parents=True)
        (self.private / "cle").write_text(SECRET, encoding="ascii")
        text = CTG if place == PLACE else CTG.replace(PLACE, place, 1).replace(NAME, "", 1)
        (self.dossier / "ctg.toml").write_text(text, encoding="utf-8")
        self.count(7907)

    def count(self, births: int) -> None:
        """Write other figures: every page is to be made again."""
        rows = f"naissances;{PLACE};2023;7907;ouvert;\nnaissances;{PLACE};2024;{births};ouvert;\n"
        (self.dossier / "observations.csv").write_text(HEAD + rows, encoding="utf-8")

    def slow(self) -> None:
        """Have the notebooks of another place last two minutes."""
        place = self.root / "lieu"
        shutil.copytree(self.home, place, symlinks=True)
        path = place / "notebooks" / "essai.ipynb"
        path.write_text(
            path.read_text(encoding="utf-8").replace("import time", "import time\\ntime.sleep(120)"), encoding="utf-8"
        )
        self.home = place

    def change(self) -> None:
        """Change the figures, and give the reason for which what was shown to the COPIL is revised."""
        self.count(7901)
        text = self.dossier / "ctg.toml"
        before = text.read_text(encoding="utf-8")
        text.write_text(before.replace('"presente_copil"\n', f'"presente_copil"\n{REASON}\n'), encoding="utf-8")

    def copy(self, root: Path) -> Yard:
        """Return a yard in the same state, elsewhere."""
        shutil.copytree(self.root, root, symlinks=True)
        return Yard(root, self.home)

    def remove(self) -> None:
        """Make room for the next one."""
        shutil.rmtree(self.root)

    def command(self, *options: str, day: str = NEW) -> list[str]:
        """Return the words of a build."""
        return ["construire", str(self.dossier), "--out", str(self.out), "--date", day, *options]

    def scheduled(self, *options: str, day: str = NEW) -> list[str]:
        """Return the words of a run that a scheduler starts."""
        return ["planifier", str(self.dossier), "--executer", "--out", str(self.out), "--date", day, *options]

    def start(self, words: list[str], **more: Any) -> subprocess.Popen[str]:
        """Start the command for real, in a session of its own."""
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "ctgeval", *words],
            cwd=self.root,
            env={**os.environ, "PYTHONPATH": str(self.home), "TMPDIR": str(self.temporary)},
            start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
            **more,
        )  # fmt: skip

    def listening(self, started: subprocess.Popen[str]) -> None:
        """Wait until a command that was started listens to the signals that stop it."""
        mask = 1 << (signal.SIGTERM - 1)
        told = Path(f"/proc/{started.pid}/status")
        while started.poll() is None:
            caught = next(line for line in told.read_text(encoding="ascii").splitlines() if line.startswith("SigCgt"))
            if int(caught.split()[1], 16) & mask:
                return
            time.sleep(0.005)

    def running(self, started: subprocess.Popen[str]) -> None:
        """Wait until a command that was started runs a notebook."""
        while started.poll() is None and not list(self.temporary.glob("ctgeval-*/bilan-*/demande.json")):
            time.sleep(0.01)

    # -- what is looked at ----------------------------------------------------------------------------------------

    def published(self) -> dict[str, bytes]:
        """Return every file of the reports, those that are hidden too."""
        return contents(self.out)

    def kept(self) -> dict[str, Any]:
        """Return what the dossier remembers, in a form that two builds of the same inputs share."""
        found: dict[str, Any] = {
            name: data
            for name, data in contents(self.private).items()
            if not name.startswith(("registre", "etat.json", "journal"))
        }
        with closing(sqlite3.connect(self.private / "registre.sqlite")) as ledger:
            for table in ("events", "releases", "parts", "forms"):
                found[table] = ledger.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - a word of this file
        return found

    def state(self) -> dict[str, Any]:
        """Return the state file, as a monitor reads it."""
        told: dict[str, Any] = json.loads((self.private / "etat.json").read_text(encoding="utf-8"))
        return told

    def left(self) -> list[str]:
        """Return the temporary files, folders and locks that are still there."""
        found = [path for place in (self.dossier, self.out) for path in place.rglob("*") if _temporary(path.name)]
        found += [self.private / name for name in LOCKS if (self.private / name).exists()]
        found += sorted(self.temporary.iterdir())
        return sorted(path.relative_to(self.root).as_posix() for path in found)


def _temporary(name: str) -> bool:
    return name.endswith((".tmp", ".part", "-journal", "-wal")) or name.startswith(".tmp-")


def contents(folder: Path) -> dict[str, bytes]:
    """Return each file of a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def whole(found: Mapping[str, bytes], old: Mapping[str, bytes], new: Mapping[str, bytes]) -> list[str]:
    """Return the published files that are neither the old one nor the new one, and those that are gone."""
    wrong = [
        name for name, data in found.items() if not _temporary(name) and data not in (old.get(name), new.get(name))
    ]
    return sorted(wrong + [f"{name} (absent)" for name in old if name in new and name not in found])


def processes(session: int) -> list[str]:
    """Return the processes of a session that are still there."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            pid, rest = stat.parent.name, stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        if int(rest[3]) == session and rest[0] not in "ZX":
            found.append(f"{pid} {(stat.parent / 'cmdline').read_text(encoding='utf-8', errors='replace')[:200]}")
    return found


def deserted(session: int, *, within: float = 20.0) -> list[str]:
    """Return what is left of a session after some seconds: a process that is killed takes an instant to end."""
    limit = time.monotonic() + within
    while (left := processes(session)) and time.monotonic() < limit:
        time.sleep(0.05)
    return left
