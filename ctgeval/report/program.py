"""What ctgeval itself is on this machine: its code, and the versions of what it is built on."""

from __future__ import annotations

import hashlib
import platform
from functools import lru_cache
from importlib import metadata
from importlib.resources import files
from pathlib import Path

from ctgeval.report.files import digest

__all__ = ["code_digest", "versions"]

_LIBRARIES = (
    "babel", "jinja2", "matplotlib", "nbclient", "nbconvert", "nh3", "numpy", "pandas", "papermill", "pyarrow",
    "python-calamine", "scipy", "seaborn",
)  # fmt: skip
_PACKAGE_SUFFIXES = {".css", ".j2", ".js", ".json", ".parquet", ".py", ".toml"}


@lru_cache(maxsize=1)
def code_digest() -> str:
    """Return the sha256 of the package itself: code, catalogues and templates."""
    root = Path(str(files("ctgeval")))
    total = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        if path.suffix in _PACKAGE_SUFFIXES:
            total.update(f"{path.relative_to(root).as_posix()}\0{digest(path)}\n".encode())
    return total.hexdigest()


@lru_cache(maxsize=1)
def _versions() -> tuple[tuple[str, str], ...]:
    try:
        own = metadata.version("ctgeval")
    except metadata.PackageNotFoundError:
        own = ""
    libraries = ((name, metadata.version(name)) for name in _LIBRARIES)
    return (("ctgeval", own), ("python", platform.python_version()), *libraries)


def versions() -> dict[str, str]:
    """Return the versions on which the look or the figures of a bilan depend."""
    return dict(_versions())
