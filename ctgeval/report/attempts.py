"""Run a notebook again when what stopped it may not happen twice: it could not start, or was killed from outside.

The error of a cell, a limit that is passed, an end that a cell asked for come again: they are told at once. Who runs a
notebook knows which it is, and says so by ``reprise`` in its reply (see `endings`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from ctgeval import french
from ctgeval.report.pool import Task

__all__ = ["TRIES", "Runs", "run", "told"]

TRIES = 2
"""A second one is enough to tell chance from the rest, and a notebook that is killed each time costs no more."""


class Runs(Protocol):
    """What runs notebooks: see `pool.Pool`."""

    def run(self, task: Task) -> dict[str, Any]:
        """Run one, and return its reply."""


def run(pool: Runs, task: Task, prepare: Callable[[], None]) -> dict[str, Any]:
    """Run a notebook, twice if it is worth it.

    Parameters
    ----------
    pool : Runs
        What runs it.
    task : Task
        What to run.
    prepare : callable
        Makes the folder of the task as it must be at the beginning, whatever a former try left in it.

    Returns
    -------
    dict
        The reply of the last try, with ``essais`` (how many there were) and ``reprises`` (why there was another one,
        after those that the pool may tell of its own).
    """
    why: list[str] = []
    for tried in range(1, TRIES + 1):
        prepare()
        reply = pool.run(task)
        again = reply.pop("reprise", False)
        why += reply.pop("reprises", [])
        if not again or tried == TRIES:
            break
        why.append(reply["message"])
    ended = reply | {"essais": len(why) + 1} | ({"reprises": why} if why else {})
    if why and "message" in ended:
        ended["message"] += f" {french.plural(len(why) + 1, 'essai')} ont été faits."
    return ended


def told(reply: dict[str, Any]) -> str:
    """Return in French why a bilan that is made took more than one try; nothing when it did not.

    Parameters
    ----------
    reply : dict
        See `run`.
    """
    why = reply.get("reprises", [])
    return (
        f"Fait au {french.ordinal(reply['essais'])} essai ({' ; '.join(one.rstrip('.') for one in why)})."
        if why
        else ""
    )
