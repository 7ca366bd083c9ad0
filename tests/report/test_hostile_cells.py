"""Cells that never end, fill the memory, crash, run away or lie: the truth is told, and the next notebook is right.

Each is run in both kinds of process, on this system as it is; `test_bare_system` does it where nothing confines.
"""

from __future__ import annotations

import os
import re
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ctgeval import confinement
from ctgeval.confinement import seccomp
from ctgeval.report.endings import MOST
from ctgeval.report.kernels import best, kin
from ctgeval.report.kernels.outputs import CUT, KEPT
from tests.examples import sample
from tests.report.running import Bench, alive, wait_for

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are looked at in /proc")

KINDS = ("fork", "process")
PROBE = """\
import hashlib, locale, os, random, signal, sys, warnings
import matplotlib as mpl, matplotlib.pyplot as plt, numpy as np, pandas as pd
plt.close(plt.figure())
parts = {
    "dossier": (os.path.basename(os.getcwd()), sorted(os.listdir("."))),
    "langue": (locale.getlocale(), locale.setlocale(locale.LC_ALL), locale.localeconv()["decimal_point"]),
    "styles": sorted((name, repr(value)) for name, value in mpl.rcParams.items()),
    "hasard": (random.random(), np.random.rand(), hash("a")),
    "pandas": [pd.get_option(name) for name in ("display.max_rows", "display.precision", "display.max_columns")],
    "avertissements": [repr(one) for one in warnings.filters],
    "variables": sorted(name for name in os.environ),
    "masque": os.umask(0o22),
    "chemins": (sys.argv, sys.path[0], sys.getrecursionlimit()),
    "signaux": [str(signal.getsignal(one)) for one in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)],
    "flux": (sys.stdout.name, sys.stderr.name, sys.stdout.closed),
    "modules": sorted(name for name in sys.modules if name.startswith("ctgeval.report") or name == "intrus"),
    "jours": pd.Timestamp("2025-07-01").strftime("%A %B"),
}
for nom_, valeur in parts.items():
    print(nom_, hashlib.sha256(repr(valeur).encode()).hexdigest()[:12], repr(valeur)[:160])
"""
CHANGES = """\
import builtins, locale, os, random, signal, sys, warnings
import matplotlib as mpl, numpy as np, pandas as pd
locale.setlocale(locale.LC_ALL, "C")
mpl.rcParams.update({"font.size": 99, "savefig.dpi": 12})
random.seed(0); np.random.seed(0)
pd.set_option("display.max_rows", 1); pd.set_option("display.precision", 1)
warnings.simplefilter("error"); os.umask(0); os.environ["INTRUS"] = "x"
signal.signal(signal.SIGTERM, signal.SIG_IGN); sys.setrecursionlimit(100_000)
sys.modules["intrus"] = sys; sys.path.insert(0, "intrus"); builtins.intrus = 1
os.mkdir("ailleurs"); os.chdir("ailleurs")
"""
# What is run after the parameters, which are cell 1; what is told; in which cell; what bounds it.
HOSTILE: dict[str, tuple[tuple[str, ...], str, int, dict[str, Any]]] = {
    "sans fin": (
        ("print('début')\nimport time\nwhile True: time.sleep(0.01)",),
        "durée accordée au carnet \\(5.secondes\\)", 2, {"limit": 5.0},
    ),
    "cellule lente": (
        ("1", "print('début')\nimport time\ntime.sleep(60)"),
        "durée accordée à chaque cellule \\(3.secondes\\)", 3, {"cell_limit": 3.0},
    ),
    "ignore tout": (
        (
            "import signal, time\nfor n in {2, 10, 12, 14, 15}: signal.signal(n, signal.SIG_IGN)",
            "while True:\n    try: time.sleep(60)\n    except BaseException: pass",
        ),
        "durée accordée au carnet", 3, {"limit": 5.0},
    ),
    "se suspend": (
        ("import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",),
        "durée accordée à chaque cellule", 2, {"cell_limit": 3.0},
    ),
    "un gigaoctet": (
        ("print('début')\nfor _ in range(10_000): print('x' * 100_000)",),
        f"plus de {MOST >> 20}.Mo", 2, {},
    ),
    "une ligne sans fin": (("print('x' * 100_000_000)",), f"plus de {MOST >> 20}.Mo", 2, {}),
    "sort": (("import os\nos._exit(3)",), "a mis fin au processus \\(code 3\\)", 2, {}),
    "demande la fin": (("exit()",), "a demandé la fin du carnet", 2, {}),
    "ferme tout": (("import os\nos.closerange(0, 256)",), "a mis fin au processus", 2, {}),
    "se tait": (("import os, time\nos.close(3)\ntime.sleep(60)",), "l’a coupé de ce qui recueille", 2, {}),
    "ferme sys.stdout": (
        ("import sys\nsys.stdout.close()", "print('x')"),
        "ValueError.: I/O operation on closed", 3, {},
    ),
    "mémoire sans fin": (
        ("gros = []\nwhile True: gros.append(b'x' * 20_000_000)",),
        "mémoire accordée \\(600.Mo\\)", 2, {"memory": 600 * 10**6},
    ),
    "récursion": (
        ("import sys\nsys.setrecursionlimit(10**9)\ndef f(): f()\nf()",),
        "mémoire accordée|effondrée", 2, {"memory": 600 * 10**6},
    ),
    "adresse nulle": (("import ctypes\nctypes.string_at(0)",), "effondrée \\(SIGSEGV\\)", 2, {}),
    "abandon": (("import os\nos.abort()",), "effondrée \\(SIGABRT\\)", 2, {}),
    "se tue": (("import os, signal\nos.kill(os.getpid(), 9)",), "tué \\(SIGKILL\\)", 2, {}),
    "tue son parent": (("import os\nos.kill(os.getppid(), 9)",), "PermissionError", 2, {}),
    "annonce la fin": (
        ("import os\nos.write(3, b'{\"fin\": true}\\n')\nos._exit(0)", "1"),
        "a mis fin au processus", 2, {},
    ),
    "ment sur son rang": (
        ("import os\nos.write(3, b'{\"cellule\": 0}\\n{\"cellule\": 1}\\n')\nraise KeyError('vrai')",),
        "KeyError", 2, {},
    ),
    "remplace les sorties": (
        ("import json, os\nos._exit = os.write = json.dumps = lambda *a, **k: ''", "raise KeyError('vrai')"),
        "KeyError", 3, {},
    ),
    "noie l’erreur": (("raise ValueError('x' * 10_000_000)",), "^ValueError.: x{2000}…$", 2, {}),
}  # fmt: skip
if "signaux" not in confinement.guarantees():
    # Told by test_bare_system.
    del HOSTILE["tue son parent"]
# Nothing of these stops a notebook.
HARMLESS = {
    "ferme la sortie": ("import os\nos.close(1)", "print('suite')"),
    "fils laissés": (
        "import threading, time\nfor _ in range(20): threading.Thread(target=time.sleep, args=(600,)).start()",
        "print('suite')",
    ),
    "efface son dossier": ("import os, shutil\nshutil.rmtree(os.getcwd(), ignore_errors=True)", "print('suite')"),
    "montre une erreur": ("try: 1 / 0\nexcept ZeroDivisionError as erreur: print(erreur)", "print('suite')"),
}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    made = Bench(tmp_path_factory.mktemp("hostile").resolve())
    for kernels in KINDS:
        made.run("1", kernels=kernels)
    yield made
    made.close()


@pytest.fixture(params=[pytest.param("fork", marks=pytest.mark.skipif(best() != "fork", reason="no fork")), "process"])
def kernels(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def still_there(bench: Bench, kernels: str) -> list[int]:
    return [one for follower in bench.followers(kernels) for one in kin.descendants(follower)]


# Both kinds share what follows a notebook: the second is tried where it starts, waits or is watched in its own way.
OF_BOTH = {"cellule lente", "se suspend", "sort", "demande la fin", "mémoire sans fin", "se tue"}
LONGER = {"récursion", "une ligne sans fin", "abandon", "ferme tout", "ignore tout"}
TORTURE = bool(sample(0, 1))
CASES = [
    (kind, name)
    for name in HOSTILE
    for kind in KINDS
    if TORTURE or (name not in LONGER and (kind == "fork" or name in OF_BOTH))
]
PEACE = [(kind, name) for name in HARMLESS for kind in KINDS if TORTURE or kind == "fork" or "efface" in name]


@pytest.mark.torture
@pytest.mark.parametrize(("kernels", "name"), CASES)
def test_what_stops_a_notebook_is_told_with_its_cell(bench: Bench, kernels: str, name: str) -> None:
    cells, said, cell, bounds = HOSTILE[name]
    reply = bench.run(*cells, kernels=kernels, **bounds)
    assert re.search(said, reply["message"]), reply["message"]
    assert (reply["cellule"], reply["source"]) == (cell, cells[cell - 2])
    assert reply.get("reprise", False) == (name == "se tue")
    assert ("début" in "".join(cells)) == ("début" in reply["html"])
    assert len(reply["html"]) < 3 * KEPT
    assert still_there(bench, kernels) == []
    if kernels == "fork" or TORTURE:
        after = bench.run("print('la suite')", kernels=kernels)
        assert "message" not in after
        assert "la suite" in after["html"]


@pytest.mark.torture
@pytest.mark.parametrize(("kernels", "name"), PEACE)
def test_what_harms_nobody_stops_nothing(bench: Bench, kernels: str, name: str) -> None:
    reply = bench.run(*HARMLESS[name], kernels=kernels)
    assert "message" not in reply
    assert "suite" in reply["html"]
    assert still_there(bench, kernels) == []


def test_a_notebook_finds_the_same_world_whatever_another_changed_and_in_both_kinds_of_process(bench: Bench) -> None:
    before, _, after, other = (
        bench.run(cell, kernels=kernels)["html"].splitlines()
        for cell, kernels in ((PROBE, best()), (CHANGES, best()), (PROBE, best()), (PROBE, "process"))
    )
    assert len(before) > 12
    assert after == before
    # Libraries that are loaded before they are used have said which warnings they want; no page shows one.
    assert [line for line in other if "avertissements" not in line] == [
        line for line in before if "avertissements" not in line
    ]


def test_a_long_text_is_cut_and_says_so(bench: Bench, kernels: str) -> None:
    reply = bench.run("print('a' * 700_000)\nprint('b' * 700_000)\nprint('c')", "print('suite')", kernels=kernels)
    assert "message" not in reply
    assert CUT.strip() in reply["html"]
    assert "suite" in reply["html"]
    assert reply["html"].count("b") < 320_000
    assert len(reply["html"]) < KEPT + 5000


def test_what_a_notebook_starts_is_refused_or_ended(bench: Bench, kernels: str) -> None:
    if not seccomp.available():
        pytest.skip("this system lets a notebook start processes: see test_bare_system")
    reply = bench.run("import subprocess\nsubprocess.Popen(['sleep', '600'])", kernels=kernels)
    assert "PermissionError" in reply["message"]


def test_no_descriptor_is_left_open(bench: Bench, kernels: str) -> None:
    def opened(process: int | str) -> list[str]:
        # Those of the watching thread and of the listing itself come and go.
        return sorted(one for one in map(_target, Path(f"/proc/{process}/fd").iterdir()) if "/proc/" not in one)

    bench.run("1", kernels=kernels)
    places = ["self", *bench.followers(kernels)]
    before, threads = [len(opened(one)) for one in places], threading.active_count()
    for _ in range(2):
        bench.run("import os\nos._exit(1)", kernels=kernels)
        bench.run("print(1)", kernels=kernels)
    assert [len(opened(one)) for one in places] == before
    wait_for(lambda: threading.active_count() <= threads)


def _target(link: Path) -> str:
    try:
        return os.readlink(link)  # noqa: PTH115 what it is called, not where it leads
    except OSError:
        return "/proc/"


def test_the_process_of_a_cell_may_be_killed_from_outside(bench: Bench, kernels: str) -> None:
    task = bench.task("open('pret', 'w').close()\nimport time\ntime.sleep(60)", kernels=kernels)
    replies: list[dict[str, Any]] = []
    running = threading.Thread(target=lambda: replies.append(bench.pool(kernels).run(task)))
    running.start()
    wait_for((task.scratch / "travail" / "pret").exists)
    (cell,) = (one for one in still_there(bench, kernels) if not kin.children(one))
    kin.end(cell)
    running.join(timeout=20)
    assert "tué (SIGKILL)" in replies[0]["message"]
    assert (replies[0]["cellule"], replies[0]["reprise"]) == (2, True)
    assert not alive(cell)


def test_a_notebook_that_is_slow_to_end_does_not_hold_the_next(bench: Bench) -> None:
    begun = time.monotonic()
    assert "suite" in bench.run("import atexit, time\natexit.register(time.sleep, 60)\nprint('suite')")["html"]
    assert time.monotonic() - begun < 30
