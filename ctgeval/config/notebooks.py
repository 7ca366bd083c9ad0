"""The notebooks that ``carnet`` of a ``[[bilan]]`` may name."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

__all__ = ["OWN_NOTEBOOKS", "notebooks", "own_notebooks"]


OWN_NOTEBOOKS = "carnets"
"""Folder of a dossier where its author keeps notebooks of its own."""


def notebooks(dossier: Path | None = None) -> dict[str, Path]:
    """Return the notebooks that ctgeval ships, by name, then those of a dossier; a shipped one keeps its name.

    Parameters
    ----------
    dossier : Path, optional
        Folder of the dossier.
    """
    package = Path(str(files("ctgeval")))
    # Inside the wheel they are in the package; in a source tree they stand beside it.
    folder = next((place for place in (package / "notebooks", package.parent / "notebooks") if place.is_dir()), None)
    found = {path.stem: path for path in sorted(folder.glob("*.ipynb"))} if folder else {}
    own = {path.stem: path for path in own_notebooks(dossier)} if dossier else {}
    return found | {name: path for name, path in own.items() if name not in found}


def own_notebooks(dossier: Path) -> list[Path]:
    """Return the notebooks that a dossier holds, whatever their names."""
    return [path for path in sorted((dossier / OWN_NOTEBOOKS).glob("*.ipynb")) if not path.name.startswith(".")]
