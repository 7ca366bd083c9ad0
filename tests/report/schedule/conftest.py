"""The task that the writers are given."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ctgeval.report.schedule.task import Task, task
from ctgeval.report.schedule.when import When

Make = Callable[..., Task]


@pytest.fixture(scope="session")
def make() -> Make:
    """Make the task of a folder, every Monday at 5.30."""

    def made(folder: str = "/srv/ctg", *, python: str = "/usr/bin/python3", options: tuple[str, ...] = ()) -> Task:
        return task(Path(folder), When("semaine", 5, 30), python=python, options=options)

    return made
