"""Click in two languages: help, usage errors, and no traceback ever shown."""

from __future__ import annotations

# ruff: noqa: ARG002 - the signatures of the methods are click's
import contextlib
import os
import sys
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import click

from ctgeval.cli import failures, output
from ctgeval.cli.messages import LANGUAGES, as_json, say, set_json, set_lang
from ctgeval.cli.stopping import Stop, listened
from ctgeval.errors import CtgevalError, ParameterError, near

_INTERRUPTED = 130


class Option(click.Option):
    """An option whose help is in ``messages.toml``."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Return the option as it is typed, and its help."""
        record = super().get_help_record(ctx)
        return None if record is None else (record[0], say(f"option.{self.name}"))


class Argument(click.Argument):
    """The dossier, with its help in ``messages.toml``."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str]:
        """Return the argument as it is typed, and its help."""
        return self.make_metavar(ctx), say(f"option.{self.name}")


class Command(click.Command):
    """A command whose help is in ``messages.toml``, with ``--lang`` and ``--json``."""

    alias_of = ""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the command line; a misuse knows its command."""
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx
            raise

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Return ``--help``, told in the language asked for."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = say("help.option_help")
        return option

    def get_short_help_str(self, limit: int = 45) -> str:
        """Return the line of the list of commands."""
        return say("help.alias", name=self.alias_of) if self.alias_of else say(f"help.{self.name}")

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write how the command is typed."""
        formatter.write_usage(ctx.command_path, " ".join(self.collect_usage_pieces(ctx)), prefix=say("help.usage"))

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what the command does, and its exit codes."""
        name = self.alias_of or self.name
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(say(f"help.{name}"))
            if name in {"verifier", "construire", "comparer", "auditer", "planifier"}:
                formatter.write_paragraph()
                formatter.write_text(say("help.exits", codes=say(f"help.exits_{name}")))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options."""
        records = [record for param in self.get_params(ctx) if (record := param.get_help_record(ctx)) is not None]
        with formatter.section(say("help.options")):
            formatter.write_dl(records)


class Group(Command, click.Group):
    """The root of the commands: French errors, exit codes, and a log in place of a traceback."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, then the commands."""
        super().format_options(ctx, formatter)
        rows = [(name, self.commands[name].get_short_help_str()) for name in self.list_commands(ctx)]
        with formatter.section(say("help.commands")):
            formatter.write_dl(rows)

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what the program does."""
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(say("help.main"))

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Return what follows the name of the program."""
        return ["[OPTIONS]", "COMMANDE" if say("help.commands") == "Commandes" else "COMMAND", "..."]

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands in the order they are needed."""
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command, or name the near ones."""
        name = args[0]
        if name not in self.commands and not name.startswith("-"):
            close = near(name, self.commands)
            hint = " " + say("misuse.did_you_mean", names=", ".join(close)) if close else ""
            raise click.UsageError(say("misuse.no_command", name=name) + hint, ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what goes wrong is told in one French paragraph, with the place and the remedy."""
        try:
            return super().invoke(ctx)
        except CtgevalError as error:
            failures.tell(error)
            ctx.exit(2 if isinstance(error, ParameterError) else 1)
        except (click.ClickException, click.exceptions.Exit, click.Abort, KeyboardInterrupt):
            raise
        except BrokenPipeError:
            # The reader of a pipe went away (`ctgeval etat | head`): nothing more to say to anybody.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(1)
        except Exception as error:  # noqa: BLE001 - the last resort: a sentence and a log, never a traceback
            if (stop := ctx.find_object(Stop)) is not None and stop.code is not None:
                # A library made an error of its own of the interruption.
                stop.unwind()
            failures.tell_unexpected(error, ctx.meta.get(failures.DOSSIER))
            ctx.exit(1)

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,  # noqa: FBT001, FBT002 - the signature is click's
        **extra: Any,
    ) -> Any:
        """Run the program; misuse exits with 2 and is told in the language asked for, a signal with its own code."""
        with listened() as stop:
            code = self._ended(stop, args, prog_name, complete_var, extra)
            if not standalone_mode:
                return code
            sys.exit(code if isinstance(code, int) else 0)

    def _ended(
        self, stop: Stop, args: Sequence[str] | None, name: str | None, variable: str | None, extra: dict[str, Any]
    ) -> Any:
        try:
            code = super().main(args, name, variable, standalone_mode=False, **{"obj": stop, **extra})
        except click.UsageError as error:
            _tell_misuse(error, error.ctx or click.Context(self, info_name="ctgeval"), args or sys.argv[1:])
            code = 2
        except (click.Abort, KeyboardInterrupt):
            code = _INTERRUPTED
        except SystemExit as error:
            code = error.code
        if stop.code is None and code != _INTERRUPTED:
            return code
        # Whoever listened may be gone: the terminal, or the other end of the pipe.
        with contextlib.suppress(OSError):
            _tell_stopped(stop)
        return stop.code or _INTERRUPTED


class Subgroup(Group):
    """A command that has commands of its own, and does something without any of them."""

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Return what follows the name of the command."""
        return ["[OPTIONS]", f"[{' | '.join(self.commands)}]"]

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what the command does."""
        Command.format_help_text(self, ctx, formatter)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; the root tells what goes wrong."""
        return click.Group.invoke(self, ctx)


def shared_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options ``--lang`` and ``--json``, read before all the others."""
    language = click.option(
        "--lang", cls=Option, metavar="fr|en", is_eager=True, expose_value=False, callback=_keep_lang
    )
    machine = click.option(
        "--json", "as_json", cls=Option, is_flag=True, is_eager=True, expose_value=False, callback=_keep_json
    )
    return machine(language(command))


def _keep_lang(ctx: click.Context, _param: click.Parameter, value: str | None) -> None:
    if value is None:
        return
    if value not in LANGUAGES:
        raise click.UsageError(say("misuse.lang", value=value), ctx)
    set_lang(value)


def _keep_json(_ctx: click.Context, _param: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's signature
    if value:
        set_json()


def _tell_stopped(stop: Stop) -> None:
    told = say(f"error.{stop.word}")
    if as_json():
        output.write_json({"ok": False, "message": told, "problems": []})
    else:
        output.error(told)


def _tell_misuse(error: click.UsageError, context: click.Context, typed: Sequence[str]) -> None:
    """Tell a misuse in the language and the form asked for, even when it stopped the options from being read."""
    with context.scope(cleanup=False):
        if "--json" in typed:
            set_json()
        for language in LANGUAGES:
            if f"--lang={language}" in typed or ("--lang", language) in pairwise(typed):
                set_lang(language)
        message, hint = say("misuse.intro", what=_misuse(error)), say("misuse.hint", command=context.command_path)
        if as_json():
            output.write_json({"ok": False, "message": message, "problems": [{"message": message, "remedy": hint}]})
        else:
            output.error(message)
            output.error(hint)


def _missing(error: click.MissingParameter) -> str:
    if isinstance(error.param, click.Option):
        return say("misuse.missing_option", name=error.param.opts[0])
    name = error.param.make_metavar(error.ctx) if error.param and error.ctx else "DIR"
    return say("misuse.missing_argument" if name == "DIR" else "misuse.missing_word", name=name)


def _misuse(error: click.UsageError) -> str:
    option = getattr(error, "option_name", "")
    if isinstance(error, click.NoSuchOption):
        known = sorted({name for param in error.ctx.command.params for name in param.opts}) if error.ctx else []
        close = near(error.option_name, [*known, "--help"])
        hint = " " + say("misuse.did_you_mean", names=", ".join(close)) if close else ""
        return say("misuse.no_option", name=error.option_name) + hint
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return say("misuse.missing_command")
    if isinstance(error, click.MissingParameter):
        return _missing(error)
    if isinstance(error, click.BadOptionUsage):
        return say("misuse.no_value" if "take" in error.message else "misuse.needs_value", name=option)
    if isinstance(error, click.BadParameter):
        return say("misuse.other")
    if error.message.startswith("Got unexpected extra"):
        return say("misuse.extra", name=error.message.partition("(")[2].rstrip(")"))
    return error.message
