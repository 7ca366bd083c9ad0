"""The command line: ``ctgeval init``, ``verifier`` (``check``), ``construire`` (``build``), ``auditer`` (``audit``)...

A command parses, calls the package, and writes; nothing is computed here. What is heavy is imported by the command that
needs it, so that ``--help`` stays immediate.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click

from ctgeval.cli import failures
from ctgeval.cli.click_french import Argument, Command, Group, Option, Subgroup, shared_options
from ctgeval.cli.messages import say
from ctgeval.cli.stopping import Stop
from ctgeval.errors import near

HANDOVER_FORMATS = ("html", "md")
AUDIENCES = ("interne", "cotech", "copil", "partenaire", "habitants")
_A_WEEK = 7 * 24 * 3600

__all__ = ["main"]


def _show_version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's signature
    if value:
        from importlib.metadata import version

        click.echo(f"ctgeval {version('ctgeval')}")
        ctx.exit()


def _folder(ctx: click.Context, _param: click.Parameter, value: str) -> Path:
    folder = Path(value)
    folder = folder.parent if folder.name == "ctg.toml" else folder
    ctx.meta[failures.DOSSIER] = folder
    return folder


def _day(ctx: click.Context, _param: click.Parameter, value: str | None) -> dt.date | None:
    if value is None:
        return None
    try:
        return dt.date.fromisoformat(value)
    except ValueError:
        raise click.UsageError(say("misuse.day", value=value), ctx) from None


def _jobs(ctx: click.Context, _param: click.Parameter, value: str | None) -> int | None:
    if value is None:
        return None
    if not value.isascii() or not value.isdigit() or int(value) < 1:
        raise click.UsageError(say("misuse.jobs", value=value), ctx)
    return int(value)


def _audience(ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    if value is not None and value not in AUDIENCES:
        close = near(value, AUDIENCES)
        hint = " " + say("misuse.did_you_mean", names=", ".join(close)) if close else ""
        raise click.UsageError(say("misuse.word", value=value, words=", ".join(AUDIENCES)) + hint, ctx)
    return value


def _formats(_ctx: click.Context, _param: click.Parameter, value: str | None) -> tuple[str, ...] | None:
    return None if value is None else tuple(part.strip().lower() for part in value.split(",") if part.strip())


def _seconds(ctx: click.Context, _param: click.Parameter, value: str) -> float:
    if not value.isascii() or not value.isdigit():
        raise click.UsageError(say("misuse.seconds", value=value), ctx)
    return float(value)


def _limit(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    found = None if value is None else _seconds(ctx, param, value)
    if found is not None and not 0 < found <= _A_WEEK:
        raise click.UsageError(say("misuse.limit", value=value), ctx)
    return found


def _memory(ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    if value is not None:
        from ctgeval.errors import ParameterError
        from ctgeval.report.limits import memory

        try:
            memory(value)
        except ParameterError as error:
            raise click.UsageError(say("misuse.memory", value=value), ctx) from error
    return value


def _handover_format(ctx: click.Context, _param: click.Parameter, value: str) -> str:
    if value not in HANDOVER_FORMATS:
        raise click.UsageError(say("misuse.word", value=value, words=", ".join(HANDOVER_FORMATS)), ctx)
    return value


def _option(*names: str, metavar: str | None = None, **settings: Any) -> Callable[[Any], Any]:
    return click.option(*names, cls=Option, metavar=metavar, **settings)


_dossier = click.argument("folder", cls=Argument, metavar="DIR", callback=_folder)


@click.group(cls=Group)
@_option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version)
@shared_options
def main() -> None:
    """Evaluate a convention territoriale globale."""


@main.command("init", cls=Command)
@_dossier
@_option("--territoire", "code", metavar="CODE")
@_option("--nom", metavar="NOM")
@_option("--debut", metavar="AAAA-MM-JJ", callback=_day)
@_option("--fin", metavar="AAAA-MM-JJ", callback=_day)
@_option("--carnet", "notebook", metavar="NOM")
@shared_options
def init(
    *,
    folder: Path,
    code: str | None,
    nom: str | None,
    debut: dt.date | None,
    fin: dt.date | None,
    notebook: str | None,
) -> None:
    """Make a new dossier, or a notebook in one that is there."""
    from ctgeval.cli import starter, tell

    if notebook is not None:
        tell.notebook_made(folder, starter.make_notebook(folder, notebook))
        return
    made = starter.make(folder, code=code, name=nom, start=debut, end=fin)
    tell.made(folder, made)


@main.command("verifier", cls=Command)
@_dossier
@shared_options
@click.pass_context
def verifier(ctx: click.Context, folder: Path) -> None:
    """Tell every problem of a dossier; exit 1 when one blocks."""
    from ctgeval.cli import tell
    from ctgeval.cli.inspection import problems

    found = problems(folder)
    tell.problems(folder, found)
    ctx.exit(1 if any(problem.severity == "bloquant" for problem in found) else 0)


@main.command("construire", cls=Command)
@_dossier
@_option("--bilan", metavar="NOM")
@_option("--audience", metavar="AUDIENCE", callback=_audience)
@_option("--territoire", metavar="CODE")
@_option("--periode", metavar="PERIODE")
@_option("--format", "formats", metavar="FORMAT,...", callback=_formats)
@_option("--jobs", metavar="N", callback=_jobs)
@_option("--cluster", metavar="ADRESSE")
@_option("--relais", "relay", metavar="URL")
@_option("--duree-max", "time_limit", metavar="SECONDES", callback=_limit)
@_option("--duree-cellule", "cell_limit", metavar="SECONDES", callback=_limit)
@_option("--memoire", "memory", metavar="TAILLE", callback=_memory)
@_option("--force", is_flag=True)
@_option("--nouvelle-version", "new_version", is_flag=True)
@_option("--out", metavar="DIR", default="reports")
@_option("--date", "day", metavar="AAAA-MM-JJ", callback=_day)
@shared_options
@click.pass_context
def construire(
    ctx: click.Context, /, *, folder: Path, jobs: int | None, force: bool, out: str, day: dt.date | None, **chosen: Any
) -> None:
    """Build the bilans; exit 1 when one failed."""
    from ctgeval.cli import progress, tell
    from ctgeval.report.build import build

    with progress.shown() as told:
        report = build(folder, out=out, jobs=jobs, force=force, date=day, progress=told, **chosen)
    tell.built(report)
    ctx.exit(1 if report.failed else 0)


@main.command("etat", cls=Command)
@_dossier
@_option("--out", metavar="DIR", default="reports")
@shared_options
def etat(folder: Path, out: str) -> None:
    """Tell where each bilan stands."""
    from ctgeval.cli import tell
    from ctgeval.report.build import status

    tell.states(folder, status(folder, out=out))


@main.command("comparer", cls=Command)
@click.argument("before", cls=Argument, metavar="A")
@click.argument("after", cls=Argument, metavar="B")
@_option("--dossier", "home", metavar="DIR", default=".", callback=_folder)
@_option("--audience", "whose", metavar="AUDIENCE", callback=_audience)
@_option("--out", metavar="DIR", default="reports")
@_option("--partout", "everywhere", is_flag=True)
@_option("--entre-publics", "across", is_flag=True)
@shared_options
@click.pass_context
def comparer(ctx: click.Context, /, *, before: str, after: str, home: Path, whose: str | None, **chosen: Any) -> None:
    """Tell what differs between two bilans; exit 1 when something does, 2 when they can't be compared."""
    from ctgeval.cli import comparing

    found = comparing.run(ctx, before, after, dossier=home, audience=whose, **chosen)
    comparing.tell(found)
    ctx.exit(0 if found.result.same else 1)


@main.command("retirer", cls=Command)
@click.argument("withdrawn", cls=Argument, metavar="BILAN")
@_option("--motif", "reason", metavar="TEXTE", required=True)
@_option("--dossier", "home", metavar="DIR", default=".", callback=_folder)
@_option("--audience", metavar="AUDIENCE")
@_option("--territoire", metavar="CODE")
@_option("--periode", metavar="PERIODE")
@_option("--out", metavar="DIR", default="reports")
@_option("--date", "withdrawal_day", metavar="AAAA-MM-JJ", callback=_day)
@shared_options
def retirer(
    *, withdrawn: str, reason: str, home: Path, out: str, withdrawal_day: dt.date | None, **chosen: str | None
) -> None:
    """Withdraw a published bilan: its file goes, its index says so, the ledger remembers."""
    from ctgeval.cli import publications
    from ctgeval.report.withdraw import withdraw

    publications.tell_withdrawn(withdraw(home, withdrawn, reason, out=out, date=withdrawal_day, **chosen))


@main.command("publier", cls=Command)
@_dossier
@_option("--out", metavar="DIR", default="reports")
@_option("--vers", "to", metavar="DIR", default="publication")
@_option("--date", "published_day", metavar="AAAA-MM-JJ", callback=_day)
@shared_options
def publier(folder: Path, out: str, to: str, published_day: dt.date | None) -> None:
    """Write the public site: what was validated and published, its data, and an archive of it."""
    from ctgeval.cli import publications
    from ctgeval.report.publication import publish

    publications.tell_published(publish(folder, out=out, to=to, date=published_day))


@main.command("auditer", cls=Command)
@_dossier
@_option("--out", metavar="DIR", default="reports")
@shared_options
@click.pass_context
def auditer(ctx: click.Context, folder: Path, out: str) -> None:
    """Look again at all that was published; exit 1 when something is found."""
    from ctgeval.cli import publications
    from ctgeval.report.audit import audit

    found = audit(folder, out=out)
    publications.tell_audit(folder, found)
    ctx.exit(1 if found.findings else 0)


@main.command("planifier", cls=Command)
@_dossier
@_option("--cible", "targets", metavar="CIBLE,...", callback=_formats)
@_option("--chaque", "every", metavar="FREQUENCE", default="semaine")
@_option("--heure", "hour", metavar="HH:MM", default="05:30")
@_option("--out", metavar="DIR", default="reports")
@_option("--jobs", metavar="N", default="1", callback=_jobs)
@_option("--attente", "wait", metavar="SECONDES", default="600", callback=_seconds)
@_option("--malgre-retard", "despite_delay", is_flag=True)
@_option("--image", metavar="IMAGE")
@_option("--volume", "claim", metavar="NOM", default="ctgeval")
@_option("--afficher", "show", is_flag=True)
@_option("--installer", "hand_over", is_flag=True)
@_option("--executer", "execute", is_flag=True)
@_option("--territoire", metavar="CODE")
@_option("--lister-territoires", "list_only", is_flag=True)
@_option("--date", "scheduled_day", metavar="AAAA-MM-JJ", callback=_day)
@shared_options
@click.pass_context
def planifier(ctx: click.Context, /, *, folder: Path, execute: bool, list_only: bool, **chosen: Any) -> None:
    """Schedule the drafts of a dossier, or make them as a scheduler asks; see the exit codes."""
    asked = [
        name
        for name, given in (
            ("--afficher", chosen["show"]),
            ("--installer", chosen["hand_over"]),
            ("--executer", execute),
            ("--lister-territoires", list_only),
        )
        if given
    ]
    if len(asked) > 1:
        raise click.UsageError(say("misuse.together", names=", ".join(asked)), ctx)
    from ctgeval.cli import progress, scheduling
    from ctgeval.report.schedule import run as runs

    if list_only:
        scheduling.list_territories(folder)
        return
    if execute:
        names = ("out", "jobs", "territoire", "wait", "despite_delay")
        stop = ctx.find_object(Stop)
        # Lines of progress on standard error would be mailed by cron at each run.
        with progress.shown() if sys.stderr.isatty() else nullcontext() as told:
            done = runs.run(
                folder,
                **{name: chosen[name] for name in names},
                date=chosen["scheduled_day"],
                progress=told,
                stopped=lambda: stop.code if stop is not None else None,
            )
        scheduling.tell_run(done)
        ctx.exit(done.code)
    options = scheduling.passed_on(jobs=chosen["jobs"], wait=chosen["wait"], despite_delay=chosen["despite_delay"])
    kept = ("every", "hour", "out", "image", "claim", "show", "hand_over")
    scheduling.tell(
        scheduling.prepare(
            folder,
            names=chosen["targets"],
            options=options,
            day=chosen["scheduled_day"],
            **{name: chosen[name] for name in kept},
        )
    )


@main.command("gabarit", cls=Command)
@_dossier
@_option("--partenaire", "partner", metavar="NOM", required=True)
@_option("--periode", "period", metavar="PERIODE")
@_option("--out", "file", metavar="FICHIER")
@shared_options
def gabarit(folder: Path, partner: str, period: str | None, file: str | None) -> None:
    """Make the workbook that a partner fills in."""
    from ctgeval.cli import partners, tell

    made = partners.make(folder, partner, period=period, out=file)
    tell.form_made(folder, made)


@main.command("indicateurs", cls=Command)
@click.argument("words", cls=Argument, metavar="[CODE | MOT...]", nargs=-1)
@_option("--dossier", "own", metavar="DIR")
@_option("--theme", metavar="THEME")
@shared_options
def indicateurs(words: tuple[str, ...], own: str | None, theme: str | None) -> None:
    """List the indicators, or print the sheet of some."""
    from ctgeval.cli import indicators

    indicators.tell(words, folder=None if own is None else Path(own), theme=theme)


@main.command("chercher", cls=Command)
@_dossier
@click.argument("sought", cls=Argument, metavar="MOTS", nargs=-1, required=True)
@shared_options
def chercher(folder: Path, sought: tuple[str, ...]) -> None:
    """Find words in what a dossier keeps in prose."""
    from ctgeval.cli import finding

    asked = " ".join(sought)
    finding.tell(asked, finding.run(folder, asked))


@main.command("passation", cls=Command)
@_dossier
@_option("--format", "form", metavar="FORMAT", default="html", callback=_handover_format)
@_option("--out", "handover_file", metavar="FICHIER")
@_option("--date", "handover_day", metavar="AAAA-MM-JJ", callback=_day)
@_option("--force", "replace", is_flag=True)
@shared_options
def passation(
    *, folder: Path, form: str, handover_file: str | None, handover_day: dt.date | None, replace: bool
) -> None:
    """Write what the next person in post must know."""
    from ctgeval.cli import handing

    handing.tell(handing.make(folder, form=form, out=handover_file, day=handover_day, force=replace))


@main.group("sources", cls=Subgroup, invoke_without_command=True)
@shared_options
@click.pass_context
def sources(ctx: click.Context) -> None:
    """Tell the formats that can be read, and what each accepts."""
    if ctx.invoked_subcommand is None:
        from ctgeval.cli import trying

        trying.tell_formats()


@sources.command("essayer", cls=Command)
@click.argument("tried", cls=Argument, metavar="FICHIER")
@shared_options
def essayer(tried: str) -> None:
    """Propose the format of a file, and its ``[[source]]``."""
    from ctgeval.cli import trying

    trying.tell_file(Path(tried))


@sources.command("telecharger", cls=Command)
@_dossier
@_option("--cle", "cle", metavar="CLE")
@shared_options
@click.pass_context
def telecharger(ctx: click.Context, folder: Path, cle: str | None) -> None:
    """Download the files that a dossier declares by their address; exit 1 when one failed."""
    from ctgeval.cli import downloads

    found = downloads.run(folder, key=cle, begin=downloads.tell_begun)
    downloads.tell(found)
    ctx.exit(1 if any(one.error is not None for one in found) else 0)


def _alias(name: str, command: click.Command, group: click.Group = main) -> None:
    other = Command(name, params=command.params, callback=command.callback, context_settings=command.context_settings)
    other.alias_of = command.name or ""
    group.add_command(other)


_alias("check", verifier)
_alias("build", construire)
_alias("status", etat)
_alias("compare", comparer)
_alias("withdraw", retirer)
_alias("publish", publier)
_alias("audit", auditer)
_alias("schedule", planifier)
_alias("template", gabarit)
_alias("search", chercher)
_alias("handover", passation)
_alias("indicators", indicateurs)
_alias("try", essayer, sources)
_alias("fetch", telecharger, sources)
