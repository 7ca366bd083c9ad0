"""What a build hands over to other machines, and what it keeps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from ctgeval.errors import ParameterError
from ctgeval.report.build import build
from ctgeval.report.pool import Task
from tests.report.conftest import build_module


class Machines:
    """Machines that reply at once, and remember what they were given."""

    width = 3

    def __init__(self) -> None:
        self.given: list[Task] = []

    def run(self, task: Task) -> dict[str, Any]:
        self.given.append(task)
        return {"html": "<h2 id='a'>A</h2>", "titre": "Bilan", "sommaire": [["a", "A"]], "cpu": 0.1}


@pytest.fixture
def machines(monkeypatch: pytest.MonkeyPatch) -> Machines:
    made = Machines()

    @contextmanager
    def opened(*_: Any) -> Iterator[Machines]:
        yield made

    monkeypatch.setattr(build_module, "_machines", opened)
    return made


@pytest.mark.usefixtures("instant")
def test_what_nothing_protects_stays_on_this_machine(workshop: Any, machines: Machines, rewrite: Any) -> None:
    rewrite(workshop.folder / "ctg.toml", 'audience = "habitants"', 'audience = "interne"')
    report = build(workshop.folder, out=workshop.out, cluster="tcp://10.0.0.5:8786")
    assert [one.status for one in report.entries] == ["fait"] * 3
    assert len(machines.given) == 2
    assert {one.audience for one in report.entries} == {"copil", "interne"}


@pytest.mark.usefixtures("instant")
def test_a_relay_without_a_cluster_is_a_misuse(workshop: Any) -> None:
    with pytest.raises(ParameterError, match="ne sert qu’à un cluster"):
        build(workshop.folder, out=workshop.out, relay="memory://a")
