"""A task of the Windows task scheduler."""

from __future__ import annotations

import subprocess
import xml.etree.ElementTree as ET

from ctgeval.errors import ParameterError
from ctgeval.report.schedule.task import Task, refuse, refuse_controls

__all__ = ["NAMESPACE", "write"]

NAMESPACE = "http://schemas.microsoft.com/windows/2004/02/mit/task"
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def write(task: Task) -> dict[str, str]:
    """Return the XML of the task, by the name of its file; it is to be written in UTF-16.

    Parameters
    ----------
    task : Task
        What to start.

    Raises
    ------
    ParameterError
        When the command holds a control character, which XML can't hold, or ``$(`` or two percent signs, which the
        scheduler replaces and knows no way to write.

    References
    ----------
    Microsoft, *Task Scheduler Schema* (MS-TSCH, 2.5).
    """
    refuse_controls(task, "le planificateur de tâches de Windows")
    refuse(task, ("$(",), "le planificateur de tâches de Windows")
    if " ".join(task.words).count("%") > 1:
        raise ParameterError(
            "Ce chemin contient plusieurs « % », que le planificateur de tâches de Windows prend pour une variable.",
            value=" ".join(task.words),
            remedy="Renommez le dossier.",
        )
    root = ET.Element("Task", {"version": "1.2", "xmlns": NAMESPACE})
    _put(root, "RegistrationInfo", {"Description": task.title, "URI": f"\\{task.name}"})
    _triggers(root, task)
    principal = ET.SubElement(ET.SubElement(root, "Principals"), "Principal", {"id": "Author"})
    ET.SubElement(principal, "LogonType").text = "InteractiveToken"
    ET.SubElement(principal, "RunLevel").text = "LeastPrivilege"
    _put(
        root,
        "Settings",
        {
            "MultipleInstancesPolicy": "IgnoreNew",
            "DisallowStartIfOnBatteries": "false",
            "StopIfGoingOnBatteries": "false",
            "StartWhenAvailable": "true",
            "Enabled": "true",
            "ExecutionTimeLimit": "PT12H",
            "Priority": "7",
        },
    )
    actions = ET.SubElement(root, "Actions", {"Context": "Author"})
    _put(actions, "Exec", {"Command": task.words[0], "Arguments": subprocess.list2cmdline(task.words[1:])})
    ET.indent(root)
    return {
        f"{task.name}.xml": '<?xml version="1.0" encoding="UTF-16"?>\n' + ET.tostring(root, encoding="unicode") + "\n"
    }


def _triggers(root: ET.Element, task: Task) -> None:
    trigger = ET.SubElement(ET.SubElement(root, "Triggers"), "CalendarTrigger")
    # A date in the past: the hour alone matters.
    _put(trigger, None, {"StartBoundary": f"2026-01-01T{task.when.clock}:00", "Enabled": "true"})
    if task.when.every == "jour":
        _put(trigger, "ScheduleByDay", {"DaysInterval": "1"})
    elif task.when.every == "semaine":
        weekly = _put(trigger, "ScheduleByWeek", {"WeeksInterval": "1"})
        ET.SubElement(ET.SubElement(weekly, "DaysOfWeek"), "Monday")
    else:
        monthly = ET.SubElement(trigger, "ScheduleByMonth")
        _put(monthly, "DaysOfMonth", {"Day": "1"})
        months = ET.SubElement(monthly, "Months")
        for name in _MONTHS:
            ET.SubElement(months, name)


def _put(parent: ET.Element, name: str | None, texts: dict[str, str]) -> ET.Element:
    holder = parent if name is None else ET.SubElement(parent, name)
    for key, text in texts.items():
        ET.SubElement(holder, key).text = text
    return holder
