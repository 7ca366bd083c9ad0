"""The task of Windows is what its scheduler reads, and the command is given back word by word."""

from __future__ import annotations

import re

import pytest
from defusedxml import ElementTree
from hypothesis import given

from ctgeval.errors import ParameterError
from ctgeval.report.schedule import windows
from ctgeval.report.schedule.when import When
from tests.report.schedule.conftest import Make
from tests.report.schedule.hostile import NAMES, WORDS

SPACE = "{" + windows.NAMESPACE + "}"
SHAPE = {
    "Task": ["RegistrationInfo", "Triggers", "Principals", "Settings", "Actions"],
    "Triggers": ["CalendarTrigger"],
    "Principals": ["Principal"],
    "Principal": ["LogonType", "RunLevel"],
    "Actions": ["Exec"],
    "Exec": ["Command", "Arguments"],
    "ScheduleByWeek": ["WeeksInterval", "DaysOfWeek"],
    "DaysOfWeek": ["Monday"],
    "ScheduleByDay": ["DaysInterval"],
    "ScheduleByMonth": ["DaysOfMonth", "Months"],
    "DaysOfMonth": ["Day"],
}


def split(line: str) -> list[str]:
    """Cut a command line as ``CommandLineToArgvW`` does."""
    words, word, quoted, i, begun = [], "", False, 0, False
    while i < len(line):
        slashes = len(line) - i - len(line[i:].lstrip("\\"))
        i += slashes
        if slashes and line[i : i + 1] == '"':
            word += "\\" * (slashes // 2)
            if slashes % 2:
                word, i = word + '"', i + 1
            begun = True
        elif slashes:
            word, begun = word + "\\" * slashes, True
        elif line[i] == '"':
            quoted, begun, i = not quoted, True, i + 1
        elif line[i] in " \t" and not quoted:
            words, word, begun, i = [*words, word] if begun else words, "", False, i + 1
        else:
            word, begun, i = word + line[i], True, i + 1
    return [*words, word] if begun else words


def read(text: str) -> ElementTree:
    declaration, _, rest = text.partition("\n")
    assert declaration == '<?xml version="1.0" encoding="UTF-16"?>'
    root = ElementTree.fromstring(text.encode("utf-16"))
    assert ElementTree.fromstring(rest) is not None
    for element in root.iter():
        name = element.tag.removeprefix(SPACE)
        assert element.tag.startswith(SPACE)
        assert name not in SHAPE or [child.tag.removeprefix(SPACE) for child in element] == SHAPE[name]
    return root


def check(make: Make, name: str) -> None:
    task = make(name, options=("--out", name + "/reports"))
    try:
        ((file, text),) = windows.write(task).items()
    except ParameterError:
        assert re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]|\$\(|%", name)
        return
    assert file == f"{task.name}.xml"
    root = read(text)
    assert root.findtext(f".//{SPACE}Command") == task.words[0]
    told = root.findtext(f".//{SPACE}Arguments")
    assert told is not None
    assert split(told) == list(task.words[1:])


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_name_is_one_word_or_is_refused(make: Make, name: str) -> None:
    check(make, name)


@given(WORDS)
def test_any_name_is_one_word_or_is_refused(make: Make, name: str) -> None:
    check(make, "/srv/" + name)


@pytest.mark.parametrize(
    ("when", "element"),
    [
        (When("jour", 1, 2), "ScheduleByDay"),
        (When("semaine", 23, 59), "ScheduleByWeek"),
        (When("mois", 0, 0), "ScheduleByMonth"),
    ],
)
def test_each_frequency_has_its_trigger(make: Make, when: When, element: str) -> None:
    from dataclasses import replace

    ((_, text),) = windows.write(replace(make(), when=when)).items()
    root = read(text)
    (trigger,) = root.iter(f"{SPACE}CalendarTrigger")
    assert [child.tag.removeprefix(SPACE) for child in trigger] == ["StartBoundary", "Enabled", element]
    assert root.findtext(f".//{SPACE}StartBoundary") == f"2026-01-01T{when.clock}:00"
    assert root.findtext(f".//{SPACE}MultipleInstancesPolicy") == "IgnoreNew"
