"""A line of a crontab."""

from __future__ import annotations

import shlex

from ctgeval.report.schedule.task import Task, refuse, refuse_controls

__all__ = ["END", "MARK", "line", "without", "write"]

MARK = "# ctgeval, tâche {name} : « ctgeval planifier » écrit et remplace la ligne qui suit."
END = "# fin de la tâche {name}"


def write(task: Task) -> dict[str, str]:
    """Return the file to add to a crontab, by its name.

    Raises
    ------
    ParameterError
        See `line`.
    """
    text = f"{MARK.format(name=task.name)}\n{line(task)}\n{END.format(name=task.name)}\n"
    return {f"{task.name}.cron": text}


def line(task: Task) -> str:
    """Return the line: what succeeds is silent, and what fails is mailed by cron, since errors go to standard error.

    Parameters
    ----------
    task : Task
        What to start.

    Raises
    ------
    ParameterError
        When the command holds a control character, or a backslash, which some versions of cron take away.

    References
    ----------
    POSIX.1-2017, *crontab*: a percent sign is a line break unless a backslash stands before it, whatever the quotes.
    """
    refuse_controls(task, "cron")
    refuse(task, ("\\",), "cron")
    command = " ".join(shlex.quote(word) for word in task.words) + " >/dev/null"
    return f"{task.when.cron} {command}".replace("%", "\\%")


def without(crontab: str, name: str) -> str:
    """Return a crontab without the lines of a task; every other line stays as it is."""
    begin, end = MARK.format(name=name), END.format(name=name)
    kept: list[str] = []
    rows = iter(crontab.split("\n"))
    for row in rows:
        if row == begin and end in crontab.split("\n"):
            next((other for other in rows if other == end), None)
        else:
            kept.append(row)
    return "\n".join(kept)
