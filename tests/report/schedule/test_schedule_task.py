"""The hour, the name and the command of a task."""

from __future__ import annotations

import re

import pytest
from hypothesis import given

from ctgeval.errors import ParameterError
from ctgeval.report.schedule.when import FREQUENCIES, when
from tests.report.schedule.conftest import Make
from tests.report.schedule.hostile import NAMES, WORDS


@pytest.mark.parametrize(
    ("every", "hour", "cron", "systemd"),
    [
        ("jour", "0:05", "5 0 * * *", "*-*-* 00:05:00"),
        ("semaine", "05h30", "30 5 * * 1", "Mon *-*-* 05:30:00"),
        ("mois", "23:59", "59 23 1 * *", "*-*-01 23:59:00"),
    ],
)
def test_an_hour_as_each_scheduler_writes_it(every: str, hour: str, cron: str, systemd: str) -> None:
    read = when(every, hour)
    assert (read.cron, read.systemd) == (cron, systemd)


@pytest.mark.parametrize("hour", ["24:00", "5", "5:60", "05:30\n* * * * * id", "٥:٣٠", ""])
def test_an_hour_that_is_none_is_refused(hour: str) -> None:
    with pytest.raises(ParameterError, match="heure"):
        when("jour", hour)


@pytest.mark.parametrize("every", ["daily", "* *", ""])
def test_a_frequency_that_is_none_is_refused_with_those_that_are(every: str) -> None:
    with pytest.raises(ParameterError, match=", ".join(FREQUENCIES)):
        when(every, "05:30")


@pytest.mark.parametrize("name", NAMES)
def test_a_task_has_a_name_that_every_scheduler_takes(make: Make, name: str) -> None:
    check(make, name)


@given(WORDS)
def test_any_folder_gives_such_a_name(make: Make, name: str) -> None:
    check(make, "/srv/" + name)


def check(make: Make, name: str) -> None:
    task = make(name)
    assert re.fullmatch(r"ctgeval(-[a-z0-9]+)+", task.name)
    assert len(task.name) <= 41
    assert task.words[:4] == ("/usr/bin/python3", "-m", "ctgeval", "planifier")
    assert task.words[4].startswith("/")
    assert task.title.isprintable()


def test_two_folders_of_one_name_are_two_tasks_and_one_folder_is_one(make: Make) -> None:
    assert make("/srv/a/ctg").name != make("/srv/b/ctg").name
    assert make("/srv/a/ctg").name == make("/srv/a/ctg").name
