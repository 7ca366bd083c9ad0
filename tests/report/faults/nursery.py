"""A process that has loaded ctgeval once, and forks one that runs a command of it, whole, for each line that it reads.

Started as ``python nursery.py``. Each command is the real one, from its arguments to its exit code; only the notebooks
are not run: their page says which release they were given. What breaks it is in `breaking`, and comes from here, at the
step that was asked for: steps are what a command does to the files of the dossier and of the reports.

``{"args": [...], "log": "...", "fault": {...}, "roots": [...], ...}`` starts one and writes ``{"pid": 3}``;
``{"wait": 3}`` writes ``{"status": 1}`` when it has ended, the number of the signal being negative.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[3]))

from tests.report.faults import breaking


class Pages:
    """Answers as a pool of notebooks does, at once: a page that no other release would give."""

    def __init__(self, root: Path, *, hidden: Path) -> None:
        assert not root.is_relative_to(hidden)

    def run(self, task: Any) -> dict[str, Any]:
        from ctgeval.report.execute import WORK
        from ctgeval.report.files import digest
        from ctgeval.report.register import release_sha256

        given = release_sha256(task.scratch / WORK / "release")
        words = given.translate(str.maketrans("0123456789", "ghijklmnop"))
        return {
            "html": f"<h2 id='a'>Version</h2><p>{words}</p>" + "<p>Un paragraphe de plus.</p>" * 2000,
            "titre": "Essai", "sommaire": [["a", "Version"]], "cpu": 0.1, "carnet": digest(task.notebook),
        }  # fmt: skip

    def stop(self) -> None:
        return

    def close(self) -> None:
        return


def prepared() -> Any:
    """Load what a build needs, and return the command line."""
    importlib.import_module("ctgeval.dossier")
    importlib.import_module("ctgeval.report.schedule.run")
    for name in ("progress", "tell", "scheduling"):
        importlib.import_module(f"ctgeval.cli.{name}")
    build = importlib.import_module("ctgeval.report.build")
    build.ForkPool = build.Pool = Pages
    return importlib.import_module("ctgeval.cli").main


def become(main: Any, asked: dict[str, Any]) -> None:
    """Be the command that was asked for, and end as it does."""
    os.setsid()
    code = 99
    try:
        for descriptor, name in ((1, "out"), (2, "err")):
            os.dup2(os.open(f"{asked['log']}.{name}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), descriptor)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.environ.update(asked.get("env", {}))
        os.chdir(asked["folder"])
        with breaking.broken(asked):
            main(asked["args"], prog_name="ctgeval")
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 0
    except BaseException:  # noqa: BLE001 - told in the log, which the tests read
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def serve() -> None:
    """Answer until the input closes."""
    main = prepared()
    for line in sys.stdin:
        asked = json.loads(line)
        if "wait" in asked:
            _, status = os.waitpid(asked["wait"], 0)
            told = {"status": os.waitstatus_to_exitcode(status)}
        else:
            pid = os.fork()
            if not pid:
                become(main, asked)
            told = {"pid": pid}
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
