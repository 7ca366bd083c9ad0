"""A line of a crontab gives back the command word by word, or is refused."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given

from ctgeval.errors import ParameterError
from ctgeval.report.schedule import cron
from tests.report.schedule.conftest import Make
from tests.report.schedule.hostile import NAMES, WORDS


def started(line: str) -> tuple[list[str], str]:
    """What cron gives the shell, as every known version reads a line: fields, then the command up to a bare ``%``."""
    fields = line.split(" ", 5)
    command, rest = re.match(r"((?:\\%|[^%])*)(.*)", fields[5], re.DOTALL).groups()  # type: ignore[union-attr]
    assert rest == "", "what follows a bare percent sign is given to the command as its input"
    return fields[:5], command.replace("\\%", "%")


def words(line: str) -> list[str]:
    fields, command = started(line)
    assert fields == ["30", "5", "*", "*", "1"]
    assert command.endswith(" >/dev/null")
    lexer = shlex.shlex(command.removesuffix(" >/dev/null"), posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    return list(lexer)


def check(make: Make, name: str) -> None:
    task = make(name, options=("--out", name + "/reports"))
    try:
        line = cron.line(task)
    except ParameterError:
        assert re.search(r"[\\\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]", name)
        return
    assert "\n" not in line
    assert words(line) == list(task.words)


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_name_is_one_word_or_is_refused(make: Make, name: str) -> None:
    check(make, name)


@given(WORDS)
@example("é'\"%$;|")
def test_any_name_is_one_word_or_is_refused(make: Make, name: str) -> None:
    check(make, "/srv/" + name)


def test_percent_quotes_and_spaces_are_ordinary(make: Make) -> None:
    assert "'/srv/l'\"'\"'été 100 \\%'" in cron.line(make("/srv/l'été 100 %"))


@pytest.mark.skipif(os.name == "nt", reason="needs a POSIX shell")
def test_the_shell_itself_gives_the_words_back(make: Make, tmp_path: Path) -> None:
    program = tmp_path / "l'interprète 100 %"
    told = tmp_path / "mots"
    program.write_text(
        f"#!{sys.executable}\nimport json, sys\njson.dump(sys.argv, open({str(told)!r}, 'w'))\n", encoding="utf-8"
    )
    program.chmod(0o755)
    seen = 0
    for name in NAMES:
        task = make(name, python=str(program))
        with contextlib.suppress(ParameterError):
            _, command = started(cron.line(task))
            assert (
                subprocess.run(["sh", "-c", command], cwd=tmp_path, check=False, stdin=subprocess.DEVNULL).returncode
                == 0
            )
            assert json.loads(told.read_text(encoding="utf-8")) == list(task.words)
            seen += 1
    assert seen >= 10


def test_the_block_of_a_task_is_taken_out_and_nothing_else(make: Make) -> None:
    task, other = make("/srv/un"), make("/srv/deux")
    ((_, block),) = cron.write(task).items()
    ((_, kept),) = cron.write(other).items()
    before, after = "MAILTO=a@b.fr\n0 1 * * * date\x0b \u2028 +\\%F\n", "# fin\n@daily true"
    assert cron.without(before + block + kept + after, task.name) == before + kept + after
    assert cron.without(before + after, task.name) == before + after
    half = block.partition("\n")[0] + "\n0 2 * * * autre\n"
    assert cron.without(half, task.name) == half, "a block without its end is not ours to cut"
