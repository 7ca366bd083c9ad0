"""The process in which notebooks are run: it knows a notebook, a release and parameters, never a dossier.

`ctgeval.confinement.worker` runs it, kept to the temporary folder of all bilans; each kernel is then given less.
The coordinator (`pool`) speaks with it by lines of JSON: one request, one reply, until the input is closed.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from ctgeval.errors import ParameterError
from ctgeval.report import execute, export, html
from ctgeval.report.kernels import kin


def reply(request: dict[str, Any]) -> dict[str, Any]:
    """Run one notebook and return what the coordinator needs of it.

    Parameters
    ----------
    request : dict
        ``carnet`` (path), ``dossier`` (scratch folder), ``parametres``, ``limite`` and ``limite_cellule`` (seconds).

    Returns
    -------
    dict
        ``html`` (clean), ``titre``, ``sous_titre``, ``sommaire``, ``cpu``; ``message``, ``cellule``, ``source`` when it
        failed, and ``reprise`` when another try may end otherwise.
    """
    before = _processor_seconds()
    try:
        outcome = execute.run(
            Path(request["carnet"]),
            request["parametres"],
            scratch=Path(request["dossier"]),
            limit=float(request["limite"]),
            cell_limit=float(request["limite_cellule"]),
        )
    except ParameterError as error:
        return {"message": str(error), "cellule": 0, "source": "", "cpu": _processor_seconds() - before}
    return rendered(outcome) | {"cpu": _processor_seconds() - before}


def rendered(outcome: execute.Outcome) -> dict[str, Any]:
    """Return the page of a notebook that was run, clean, and why it did not reach its end if it did not.

    Parameters
    ----------
    outcome : Outcome
        The executed notebook.
    """
    body = html.body(export.raw(outcome.notebook))
    told: dict[str, Any] = {
        "html": str(body.content),
        "titre": body.title,
        "sous_titre": body.subtitle,
        "sommaire": body.contents,
        "style": body.style,
    }
    if outcome.failure is not None:
        failure = outcome.failure
        told |= {"message": failure.message, "cellule": failure.cell, "source": failure.source}
        told |= {"reprise": True} if failure.again else {}
    return told


def _processor_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _listen(asked: queue.SimpleQueue[str]) -> None:
    """Hand the requests over, and end everything when nobody can ask any more, even in the middle of a notebook."""
    for line in sys.stdin:
        asked.put(line)
    kin.end_the_rest(wait=False)
    os._exit(0)


def main() -> None:
    """Answer requests from the standard input until it closes."""
    # An interruption reaches the whole group of processes: the coordinator alone decides what ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    kin.adopt()
    asked: queue.SimpleQueue[str] = queue.SimpleQueue()
    # What the libraries print must not be taken for a reply: descriptor 1 is sent to the log, a copy is kept.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as replies:
        os.dup2(2, 1)
        threading.Thread(target=_listen, args=(asked,), daemon=True).start()
        while True:
            replies.write(json.dumps(reply(json.loads(asked.get())), ensure_ascii=True) + "\n")
            replies.flush()


if __name__ == "__main__":
    main()
