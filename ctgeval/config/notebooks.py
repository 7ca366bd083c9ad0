"""The notebooks that ``carnet`` of a ``[[bilan]]`` may name."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

__all__ = ["notebooks"]


def notebooks() -> dict[str, Path]:
    """Return the notebooks that ctgeval ships, by name."""
    package = Path(str(files("ctgeval")))
    # Inside the wheel they are in the package; in a source tree they stand beside it.
    folder = next((place for place in (package / "notebooks", package.parent / "notebooks") if place.is_dir()), None)
    return {path.stem: path for path in sorted(folder.glob("*.ipynb"))} if folder else {}
