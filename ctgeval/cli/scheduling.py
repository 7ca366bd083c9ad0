"""Make the drafts of a dossier at fixed hours: ``ctgeval planifier``."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ctgeval import config as configuration, dossier as dossier_, french
from ctgeval.cli import failures, output
from ctgeval.cli.messages import as_json, lang, say
from ctgeval.errors import CtgevalError, ParameterError
from ctgeval.report import plan
from ctgeval.report.schedule import calendar, freshness, install, notify, state, targets
from ctgeval.report.schedule.kubernetes import Cluster
from ctgeval.report.schedule.run import WAIT
from ctgeval.report.schedule.when import when

if TYPE_CHECKING:
    from ctgeval.report.schedule.run import Outcome
    from ctgeval.report.schedule.task import Task

__all__ = ["Scheduled", "list_territories", "passed_on", "prepare", "tell", "tell_run"]

_SESSIONS = frozenset({"systemd", "windows"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheduled:
    """What a dossier is scheduled by, and what is known of its calendar.

    Parameters
    ----------
    folder : Path
        The dossier.
    task : Task
        What is started, and when.
    texts : mapping
        Text of each file of each target.
    paths : mapping
        Where they are written; empty when they are only shown.
    installed : str
        The target that has the task now; empty when none was asked to.
    dates : tuple of Date
        The calendar of the convention.
    late : tuple of Late
        Sources that are older than their declared periodicity.
    last : State or None
        The last run.
    warning : str
        Why a summary could not be sent.
    """

    folder: Path
    task: Task
    texts: Mapping[str, Mapping[str, str]]
    paths: Mapping[str, tuple[Path, ...]]
    installed: str
    dates: tuple[calendar.Date, ...]
    late: tuple[freshness.Late, ...]
    last: state.State | None
    warning: str


def prepare(
    folder: Path,
    *,
    names: tuple[str, ...] | None,
    every: str,
    hour: str,
    out: str,
    options: tuple[str, ...],
    image: str | None,
    claim: str,
    show: bool,
    hand_over: bool,
    day: dt.date | None,
) -> Scheduled:
    """Write what each scheduler reads, hand it over when asked, and gather the calendar.

    Raises
    ------
    DossierError
        When the dossier can't be opened.
    ParameterError
        When a frequency, an hour, a target or a cluster is not possible, or when several targets are to be installed.
    ReportError
        When a file can't be written, or the scheduler refuses the task.
    """
    opened = dossier_.Dossier.open(folder)
    chosen = targets.checked(names if names is not None else targets.usual())
    if hand_over and (names is None or len(chosen) != 1 or chosen[0] not in install.INSTALLABLE):
        raise ParameterError(
            "Il faut dire quel ordonnanceur installer, un seul.",
            value=", ".join(names or ()),
            remedy=f"Ajoutez « --cible » avec {french.enumeration(install.INSTALLABLE, 'ou')}.",
        )
    local = targets.local_task(folder, when(every, hour), out=out, options=options)
    cluster = Cluster(image=image, claim=claim) if image is not None else None
    texts = targets.files(chosen, local, options=options, cluster=cluster)
    paths = {} if show else targets.save(folder, texts)
    if hand_over:
        install.install(chosen[0], local, texts[chosen[0]], paths.get(chosen[0], ()))
    today = day or dt.date.today()  # noqa: DTZ011 the day where the evaluator is
    return Scheduled(
        folder=folder,
        task=local,
        texts=texts,
        paths=paths,
        installed=chosen[0] if hand_over else "",
        dates=calendar.calendar(opened.config, opened.tables["instances"].frame, today),
        late=freshness.late(opened.config.sources, today),
        last=state.read(folder),
        warning=_unsendable(folder),
    )


def passed_on(*, jobs: int, wait: float, despite_delay: bool) -> tuple[str, ...]:
    """Return the options that the scheduled command is given, those that differ from the usual ones."""
    told = ["--jobs", str(jobs)] if jobs != 1 else []
    told += ["--attente", f"{wait:.0f}"] if wait != WAIT else []
    return (*told, *(["--malgre-retard"] if despite_delay else []))


def _unsendable(folder: Path) -> str:
    try:
        if notify.addresses(folder):
            notify.available()
    except CtgevalError as error:
        return str(error)
    return ""


def list_territories(folder: Path) -> None:
    """Write the territories that have a draft to make, as one line of JSON.

    Raises
    ------
    DossierError
        When ``ctg.toml`` can't be used.
    """
    jobs = plan.jobs(configuration.load(folder), folder)
    output.write(json.dumps(list(dict.fromkeys(job.territoire for job in jobs if job.etat == "brouillon"))))


def tell(done: Scheduled) -> None:
    """Tell what is written or installed, the last run, what is late, and the dates to come."""
    if as_json():
        output.write_json(_as_dict(done))
        return
    _tell_files(done)
    if done.installed:
        output.write(output.wrapped(say("planifier.installed", target=done.installed, name=done.task.name)))
        if done.installed in _SESSIONS:
            output.write(output.wrapped(say(f"planifier.session_{done.installed}")))
    elif done.paths:
        output.write(output.wrapped(say("planifier.next")))
    output.write(output.wrapped(say("planifier.drafts")))
    if done.warning:
        output.write(output.wrapped(done.warning))
    _tell_last(done.last)
    if done.late:
        output.write()
        output.write(say("planifier.late"))
        for one in done.late:
            output.write(output.wrapped(one.sentence, first="- ", indent="  "))
    output.write()
    output.write(say("planifier.calendar"))
    for date in done.dates:
        day = french.date(date.day) if lang() == "fr" else date.day.isoformat()
        output.write(output.wrapped(f"{day} : {date.text}", first="- ", indent="  "))


def _tell_files(done: Scheduled) -> None:
    for target, paths in done.paths.items():
        for path in paths:
            output.write(say("planifier.written", target=target, path=path))
    if not done.paths:
        for target, files in done.texts.items():
            for name, text in files.items():
                output.write(say("planifier.shown", target=target, name=name))
                output.write(text)


def _tell_last(last: state.State | None) -> None:
    if last is None:
        output.write(say("planifier.never"))
        return
    began = last.debut[:16].replace("T", " ")
    output.write(output.wrapped(say("planifier.last", began=began, state=say(f"planifier.{last.etat}"))))
    if last.message:
        output.write(output.wrapped(last.message, indent="  "))


def _as_dict(done: Scheduled) -> dict[str, Any]:
    return {
        "ok": True,
        "folder": str(done.folder),
        "task": {"name": done.task.name, "words": list(done.task.words), "cron": done.task.when.cron},
        "files": {target: [str(path) for path in paths] for target, paths in done.paths.items()},
        "contents": {} if done.paths else {target: dict(texts) for target, texts in done.texts.items()},
        "installed": done.installed,
        "calendar": [{"date": date.day.isoformat(), "kind": date.kind, "text": date.text} for date in done.dates],
        "late": [asdict(one) | {"sentence": one.sentence} for one in done.late],
        "last": None if done.last is None else asdict(done.last),
        "warning": done.warning,
    }


def tell_run(done: Outcome) -> None:
    """Tell what became of a run; what went wrong goes to standard error, which cron sends by mail."""
    if as_json():
        told = None if done.state is None else asdict(done.state)
        output.write_json({"ok": not done.code, "code": done.code, "message": done.message, "state": told})
        return
    if done.error is not None and done.code != state.BUSY:
        failures.tell(done.error)
    elif done.code:
        output.error(output.wrapped(done.message))
    else:
        output.write(output.wrapped(done.message))
    if done.warning:
        output.error(output.wrapped(done.warning))
