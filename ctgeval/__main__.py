"""The command line: ``ctgeval``, or ``python -m ctgeval`` where executables are blocked."""

from __future__ import annotations

import gc

__all__ = ["run"]


def run() -> None:
    """Run the command that was typed, and exit.

    What is loaded at the start lives to the end: looking in it for what could be freed, then and at the exit, would
    take a fifth of the time of ``ctgeval --help``.
    """
    gc.disable()
    from ctgeval.cli import main

    gc.freeze()
    gc.enable()
    main(prog_name="ctgeval")


if __name__ == "__main__":
    run()
