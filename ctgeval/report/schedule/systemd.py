"""A systemd service and its timer, for a user's own manager."""

from __future__ import annotations

from ctgeval.report.schedule.task import Task, refuse, refuse_controls

__all__ = ["quoted", "write"]

_SHORT = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r", "%": "%%"}


def write(task: Task) -> dict[str, str]:
    """Return the two units, by the name of their file.

    Parameters
    ----------
    task : Task
        What to start.

    Raises
    ------
    ParameterError
        When the path of the interpreter itself holds a quote, a backslash or a control character, which systemd refuses
        in the name of a program; the dossier's path may hold anything.

    References
    ----------
    systemd.service(5), *Command lines*: a colon before the command turns the substitution of variables off;
    systemd.unit(5), *Specifiers*: ``%%`` is a percent sign.
    """
    program = Task(name=task.name, title=task.title, words=task.words[:1], folder=task.folder, when=task.when)
    refuse_controls(program, "systemd")
    refuse(program, ("\\", '"', "'"), "systemd")
    command = " ".join(quoted(word) for word in task.words)
    service = f"""\
[Unit]
Description={task.title}

[Service]
Type=oneshot
ExecStart=:{command}
Nice=10
"""
    timer = f"""\
[Unit]
Description={task.title}

[Timer]
OnCalendar={task.when.systemd}
Persistent=true
RandomizedDelaySec=300

[Install]
WantedBy=timers.target
"""
    return {f"{task.name}.service": service, f"{task.name}.timer": timer}


def quoted(word: str) -> str:
    """Return a word between double quotes, as the parser of command lines gives it back."""
    return '"' + "".join(_escaped(sign) for sign in word) + '"'


def _escaped(sign: str) -> str:
    if sign in _SHORT:
        return _SHORT[sign]
    if sign.isprintable():
        return sign
    # Bytes, not code points: a name of Linux is bytes, and may not be text.
    return "".join(f"\\x{byte:02x}" for byte in sign.encode("utf-8", "surrogateescape"))
