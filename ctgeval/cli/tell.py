"""Write the results of the commands: for a person, or as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ctgeval.cli import output
from ctgeval.cli.messages import as_json, say
from ctgeval.cli.problems import by_file
from ctgeval.errors import Problem, Severity

if TYPE_CHECKING:
    from ctgeval.cli.starter import Made
    from ctgeval.report.build import BuildReport
    from ctgeval.report.cases import State

_SEVERITIES: tuple[tuple[Severity, str], ...] = (
    ("bloquant", "blocking"),
    ("partiel", "partial"),
    ("avertissement", "warning"),
)
# A reason that is a sentence of its own, or a date, does not follow « car ».
_HOW = {"en_echec": "said", "fige": "said", "retire": "since"}


def made(folder: Path, what: Made) -> None:
    """Tell that a dossier is made, and what comes next."""
    if as_json():
        files = [path.relative_to(folder).as_posix() for path in what.files]
        output.write_json({"ok": True, "folder": str(folder), "files": files, "territory": what.code})
        return
    output.write(say("init.done", folder=folder))
    quoted = f'"{folder}"' if " " in str(folder) else str(folder)
    output.write(say("init.next" if what.code else "init.next_territory", folder=folder, quoted=quoted))


def notebook_made(folder: Path, path: Path) -> None:
    """Tell where a new notebook is, and the block that has it built."""
    if as_json():
        output.write_json({"ok": True, "folder": str(folder), "path": str(path)})
        return
    output.write(say("init.notebook", path=path))
    output.write(say("init.notebook_next"))
    output.write()
    output.write(f'[[bilan]]\ncarnet = "{path.stem}"\naudience = "interne"\nperiode = "2025"')


def form_made(folder: Path, path: Path) -> None:
    """Tell where a partner's workbook is, and where to put it once it is filled in."""
    if as_json():
        output.write_json({"ok": True, "folder": str(folder), "path": str(path)})
        return
    output.write(say("gabarit.done", path=path))
    output.write(say("gabarit.next", folder=folder / "retours"))


def problems(folder: Path, found: Sequence[Problem]) -> None:
    """Write the problems of a dossier: the gravest first, grouped by file."""
    counts = Counter(problem.severity for problem in found)
    if as_json():
        told = [problem.as_dict() for problem in found]
        output.write_json({"ok": counts["bloquant"] == 0, "folder": str(folder), "problems": told})
        return
    output.write(say("verifier.title", folder=folder))
    output.write()
    for severity, heading in _SEVERITIES:
        chosen = [problem for problem in found if problem.severity == severity]
        if chosen:
            title = f"{say(f'verifier.{heading}')} ({len(chosen)})"
            output.write(title)
            output.write("=" * len(title))
            output.write()
            for line in by_file(chosen):
                output.write(line)
    if found:
        totals = {name: counts[severity] for severity, name in _SEVERITIES}
        output.write(say("verifier.total", **totals))
    else:
        output.write(say("verifier.none"))


def built(report: BuildReport) -> None:
    """Write what became of each bilan, and where the indexes are."""
    counts = Counter(entry.status for entry in report.entries)
    if as_json():
        entries = [
            {
                "bilan": entry.bilan,
                "audience": entry.audience,
                "territoire": entry.territoire,
                "periode": entry.periode,
                "path": str(entry.path),
                "status": entry.status,
                "message": entry.message,
                "seconds": round(entry.seconds, 3),
                "cpu": round(entry.cpu, 3),
                "size": entry.size,
                "tries": entry.tries,
            }
            for entry in report.entries
        ]
        indexes = {audience: str(path) for audience, path in report.indexes.items()}
        told = {"ok": not report.failed, "entries": entries, "indexes": indexes, "set_aside": dict(report.set_aside)}
        output.write_json(told | {"remarks": list(report.remarks)})
        return
    if not report.entries:
        output.write(say("construire.empty"))
        output.write(say("error.remedy", remedy=say("construire.empty_remedy")))
        return
    output.write(say("construire.total", done=counts["fait"], fresh=counts["a_jour"], failed=counts["echec"]))
    if counts["fige"]:
        output.write(output.wrapped(say("construire.frozen", count=counts["fige"])))
    if counts["retire"]:
        output.write(output.wrapped(say("construire.withdrawn", count=counts["retire"])))
    if report.set_aside:
        files = ", ".join(f"{file} ({count})" for file, count in report.set_aside.items())
        output.write(output.wrapped(say("construire.set_aside", files=files)))
    for audience in sorted(report.indexes):
        output.write(say("construire.index", audience=audience, path=report.indexes[audience]))
    for remark in report.remarks:
        output.write(output.wrapped(remark))


def states(folder: Path, found: Sequence[State]) -> None:
    """Write where each bilan stands: to date or not and why, and its state of validation."""
    if as_json():
        from ctgeval.report.plan import schemas

        output.write_json(
            {
                "ok": True,
                "folder": str(folder),
                "bilans": [_state(one) for one in found],
                "parametres": schemas((one.job.bilan for one in found), folder),
            }
        )
        return
    if not found:
        output.write(say("construire.empty"))
        output.write(say("error.remedy", remedy=say("construire.empty_remedy")))
        return
    output.write(say("etat.title", folder=folder))
    for audience in dict.fromkeys(one.job.folder for one in found):
        output.write()
        output.write(audience)
        for one in found:
            if one.job.folder == audience:
                _write_state(one)
    counts = Counter(one.status for one in found)
    parts = ", ".join(f"{count} {say(f'etat.{status}')}" for status, count in counts.items())
    output.write()
    output.write(say("etat.total", parts=parts))


def _write_state(one: State) -> None:
    status = say(f"etat.{one.status}")
    told = say(f"etat.{_HOW.get(one.status, 'because')}", status=status, reason=one.reason) if one.reason else status
    head = f"{one.job.bilan}, {one.job.territoire}, {one.job.periode} ({say(f'etat.{one.job.etat}')})"
    output.write(output.wrapped(f"{head} : {told}", first="  - ", indent="    "))


def _state(one: State) -> dict[str, Any]:
    return {
        "bilan": one.job.bilan,
        "audience": one.job.folder,
        "territoire": one.job.territoire,
        "periode": one.job.periode,
        "path": str(one.path),
        "status": one.status,
        "reason": one.reason,
        "validation": one.job.etat,
    }
