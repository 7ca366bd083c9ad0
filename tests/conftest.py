"""What every test may need: the real files, the browser, the same Hypothesis settings everywhere."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests.longest import LONGEST
from tests.once import once, shared_root

if TYPE_CHECKING:
    from ctgeval import Dossier
    from ctgeval.confidentiality import Release

# Two workers that each start a thread by core wait for one another: set before numpy is imported.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")

# A shared machine is slow at times: a deadline would make the laws fail for a reason that is not theirs.
settings.register_profile("ordinaire", deadline=None, derandomize=True)
settings.register_profile(
    "torture",
    deadline=None,
    max_examples=int(os.environ.get("CTGEVAL_EXAMPLES", "5000")),
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
settings.load_profile(os.environ.get("CTGEVAL_HYPOTHESIS", "ordinaire"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave to `make torture` what only it runs, and run the longest files first; the others keep their order."""
    if not os.environ.get("CTGEVAL_TORTURE"):
        left = [item for item in items if item.get_closest_marker("campaign")]
        items[:] = [item for item in items if not item.get_closest_marker("campaign")]
        config.hook.pytest_deselected(items=left)
    items.sort(key=lambda item: -LONGEST.get(item.nodeid.partition("::")[0].removeprefix("tests/"), 0))


@pytest.fixture(scope="session")
def soffice() -> str:
    """Path of LibreOffice, without which nobody knows that the files of an office open."""
    found = shutil.which("soffice") or shutil.which("libreoffice")
    if found:
        return found
    reason = "no LibreOffice on the PATH (install libreoffice-calc-nogui and libreoffice-writer-nogui)"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of the real Insee and Caf files (``CTGEVAL_REAL_DATA``), which are never copied in the project."""
    folder = os.environ.get("CTGEVAL_REAL_DATA", "")
    if folder and Path(folder).is_dir():
        return Path(folder)
    reason = f"CTGEVAL_REAL_DATA must be the folder of the real files (read: {folder!r})"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium or Chrome: ``CTGEVAL_CHROMIUM``, else the first one found on the PATH."""
    candidates = (os.environ.get("CTGEVAL_CHROMIUM", ""), *CHROMIUM_NAMES)
    found = next((path for name in candidates if name and (path := shutil.which(name))), None)
    if found:
        return found
    reason = "no Chromium on the PATH (install the package chromium, or set CTGEVAL_CHROMIUM)"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def checkout() -> Path:
    """Root of the checkout: the folder that holds ``pyproject.toml``."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def demo(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Dossier:
    """The demo, copied aside and opened once for all the tests that only ask it something.

    A test that changes what it holds takes ``copy.copy(demo)``, or a dossier of its own.
    """
    import ctgeval

    folder = tmp_path_factory.mktemp("dossier") / "démo à l’essai"
    shutil.copytree(checkout / "data" / "demo", folder, ignore=shutil.ignore_patterns(".ctgeval", "reports"))
    return ctgeval.open(folder)


@pytest.fixture(scope="session")
def demo_release(demo: Dossier, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Release]:
    """What an audience may know of the demo: written once in a run, whoever reads it."""
    from ctgeval.confidentiality import Release

    @cache
    def released(audience: str) -> Release:
        def write(folder: Path) -> None:
            shutil.copytree(demo.release(audience).path, folder / "release")

        return Release.load(once(shared_root(tmp_path_factory), f"demo-{audience}", write) / "release")

    return released
