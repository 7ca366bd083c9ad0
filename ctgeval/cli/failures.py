"""Tell what went wrong: an expected error in French, an unexpected one in a sentence and a log."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

from ctgeval.cli import output
from ctgeval.cli.messages import as_json, say
from ctgeval.cli.problems import by_file
from ctgeval.errors import CtgevalError

DOSSIER = "ctgeval.dossier"
"""Where a command keeps the path of its dossier, in click's context."""
_LOG = "erreurs.log"


def tell(error: CtgevalError) -> None:
    """Tell an expected error: what, where, with which value, and what to do."""
    if as_json():
        output.write_json({"ok": False, "message": str(error), "problems": [one.as_dict() for one in error.problems]})
        return
    if error.problems == (error.problem,):
        output.error(str(error))
        return
    output.error(output.wrapped(error.problem.message))
    output.error()
    for line in by_file([problem for problem in error.problems if problem.severity == "bloquant"]):
        output.error(line)


def tell_unexpected(error: Exception, dossier: Path | None) -> None:
    """Tell an unexpected error in one sentence, and write its trace where it can be found."""
    told = say("error.unexpected", name=type(error).__name__, path=_logged(error, dossier))
    if as_json():
        output.write_json({"ok": False, "message": told, "problems": []})
    else:
        output.error(told)


def _logged(error: Exception, dossier: Path | None) -> Path:
    # Loaded when they serve: every command would wait for them.
    import platform
    import tempfile
    import traceback

    trace = "".join(traceback.format_exception(error))
    stamp = dt.datetime.now(tz=dt.UTC).isoformat(timespec="seconds")
    text = f"{stamp} | Python {platform.python_version()} | {platform.platform()}\n{trace}\n"
    if dossier is not None and dossier.is_dir():
        path = dossier / ".ctgeval" / _LOG
        try:
            path.parent.mkdir(exist_ok=True)
            with path.open("a", encoding="utf-8") as log:
                log.write(text)
        except OSError:
            # The dossier is read-only: the trace goes to the temporary folder, as without a dossier.
            pass
        else:
            return path
    handle, name = tempfile.mkstemp(prefix="ctgeval-", suffix=".log")
    os.close(handle)
    Path(name).write_text(text, encoding="utf-8")
    return Path(name)
