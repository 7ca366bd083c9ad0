"""What costs much is made once in a run, by the first worker that asks; the others wait for it and read it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

PATIENCE = 900.0
"""In seconds: more than what the longest of these takes on a slow machine."""


def shared_root(factory: pytest.TempPathFactory) -> Path:
    """Folder of this run, the same for every worker of pytest-xdist."""
    own = factory.getbasetemp()
    return own.parent if os.environ.get("PYTEST_XDIST_WORKER") else own


def once(root: Path, name: str, make: Callable[[Path], None]) -> Path:
    """Return the folder ``name`` of ``root``, that ``make`` has filled once whoever asks.

    Parameters
    ----------
    root : Path
        Folder that no other run uses (`shared_root`).
    name : str
        Of what is made.
    make : callable
        Fills the folder, which exists and is empty.
    """
    folder, made = root / name, root / f"{name}.made"
    try:
        folder.mkdir()
    except FileExistsError:
        return _waited(folder, made)
    told = "interrupted"
    try:
        make(folder)
        told = ""
    except Exception as error:
        told = f"{type(error).__name__}: {error}"
        raise
    finally:
        part = made.with_suffix(".part")
        part.write_text(told, encoding="utf-8")
        part.replace(made)
    return folder


def _waited(folder: Path, made: Path) -> Path:
    limit = time.monotonic() + PATIENCE
    while not made.exists():
        if time.monotonic() > limit:
            pytest.fail(f"{folder.name} is not made after {PATIENCE:.0f} s")
        time.sleep(0.2)
    told = made.read_text(encoding="utf-8")
    if told:
        pytest.fail(f"{folder.name} could not be made: {told}")
    return folder
