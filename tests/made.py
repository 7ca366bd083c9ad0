"""What `make bilan` gives in a copy of the checkout whose path has spaces and accents: built once in a run.

The tests of the README go on in that copy; those of the pages look at another one, which nothing changes any more.
"""

from __future__ import annotations

import json
import os
import shutil
import site
import subprocess
import sys
import sysconfig
from pathlib import Path

from tests.once import once

ROOT = Path(__file__).resolve().parent.parent
DOSSIERS = ("demo", "civraisien")
# Not copied: what is made again, and what belongs to the machine.
LEFT = shutil.ignore_patterns(
    ".venv", ".git", "reports", ".*_cache", "__pycache__", ".hypothesis", ".ctgeval", ".torture"
)


def checkout_with_bilans(root: Path) -> Path:
    """Return a folder that holds ``lisez moi/Évaluation CTG`` after a first `make bilan`, what it said, its ``pages``.

    Parameters
    ----------
    root : Path
        Folder of the run (`once.shared_root`).
    """
    return once(root, "make bilan", _make)


def place(made: Path) -> Path:
    """Copy of the checkout where `make bilan` has run."""
    return made / "lisez moi" / "Évaluation CTG"


def said(made: Path) -> subprocess.CompletedProcess[str]:
    """What `make bilan` said the first time."""
    told = json.loads((made / "said.json").read_text(encoding="utf-8"))
    return subprocess.CompletedProcess(["make", "bilan"], told["status"], told["out"], told["err"])


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command in a copy of the checkout, with the package of that copy."""
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def _make(folder: Path) -> None:
    copied = place(folder)
    shutil.copytree(ROOT, copied, ignore=LEFT)
    (copied / "reports").mkdir()
    _environment(copied)
    done = run(["make", "bilan"], copied)
    told = {"status": done.returncode, "out": done.stdout, "err": done.stderr}
    (folder / "said.json").write_text(json.dumps(told), encoding="utf-8")
    for name in DOSSIERS:
        shutil.copytree(copied / "data" / name, folder / "pages" / "data" / name)
    shutil.copytree(copied / "reports", folder / "pages" / "reports")


def _environment(copied: Path) -> None:
    """Make a `.venv` that sees the packages of this one, as `make bilan` would have left it."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", ".venv"], cwd=copied, check=True)
    packages = copied / ".venv" / Path(sysconfig.get_path("purelib")).relative_to(sys.prefix)
    shared = [path for path in site.getsitepackages() if Path(path).is_dir()]
    (packages / "tests.pth").write_text("".join(f"import site; site.addsitedir({path!r})\n" for path in shared))
    # Notebook tools look for their templates and kernels under the prefix.
    (copied / ".venv" / "share").symlink_to(Path(sys.prefix) / "share", target_is_directory=True)
    stamp = 'printf "lab %s" "$({ pwd; cat pyproject.toml requirements.lock; } | cksum)" > .venv/ctgeval-stamp'
    subprocess.run(["sh", "-c", stamp], cwd=copied, check=True)
