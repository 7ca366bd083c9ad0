"""Notebooks run by the children of a warm process: the same pages, the same failures, and nothing shared."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from ctgeval.report import execute, worker
from ctgeval.report.endings import MOST
from ctgeval.report.kernels import best
from ctgeval.report.kernels.fork import ForkPool
from ctgeval.report.kernels.hearth import Hearth
from ctgeval.report.kernels.outputs import Gathered
from ctgeval.report.parameters import seed
from ctgeval.report.pool import environment
from tests.report.running import Bench, alive, children, wait_for

pytestmark = pytest.mark.skipif(best() != "fork", reason="no process may fork safely on this system")


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    made = Bench(tmp_path_factory.mktemp("foyer").resolve())
    yield made
    made.close()


ALIKE = (
    "import sys, random, warnings, numpy as np, pandas as pd\nfrom IPython.display import HTML, Markdown, display",
    ("print('un'); print('erreur', file=sys.stderr); print('deux', end=' ')\n"
    "display(HTML('<h2>Trois</h2>')); print('quatre')"),
    "pd.DataFrame({'a': range(3), 'b': [0.1, np.nan, 3]})",
    "print(pd.DataFrame({f'colonne{n}': ['x' * 20] * 3 for n in range(9)}))",
    "import matplotlib.pyplot as plt\nplt.plot([1, 2]);",
    ("import matplotlib as mpl\nprint(sorted((k, repr(v)) for k, v in mpl.rcParams.items()))\n"
    "print(plt.get_fignums())"),
    "print(random.random(), np.random.rand())",
    "import locale, os, time\nprint(locale.getlocale(), os.path.basename(os.getcwd()), os.umask(0o22), time.tzname)",
    "handle = display(HTML('<p>avant</p>'), display_id=True)",
    "handle.update(HTML('<p>après</p>'))",
    "from IPython.display import clear_output\nprint('effacé'); clear_output(); print('gardé')",
    "print('effacé'); clear_output(wait=True); print('attendu')",
    "Markdown('*fort* et ' + release)",
    "os.mkdir('ici'); os.chdir('ici')",
    "print(os.path.basename(os.getcwd())); 7;",
    "warnings.warn('attention')\n_",
    "async def f(): return 'attente'\nprint(await f())",
    "print('\\ud800'.encode('utf-8', 'replace'), __name__, 'pandas' in dir())",
    "class A:\n    def _repr_html_(self): return '<p>objet</p>'\nA()",
)  # fmt: skip


def test_what_a_notebook_shows_is_the_same_in_both_kinds_of_process_and_in_jupyter(bench: Bench) -> None:
    fork, process = (bench.run(*ALIKE, nom="canton", kernels=kernels) for kernels in ("fork", "process"))
    assert "message" not in fork, fork
    assert "message" not in process, process
    # In pieces first: the difference of two long lines takes minutes to tell.
    for other in (process["html"], by_jupyter(bench)):
        pieces = [told.split("), (") for told in (fork["html"], other)]
        assert [pair for pair in zip(*pieces, strict=False) if pair[0] != pair[1]] == []
        assert fork["html"] == other
    assert {**fork, "cpu": 0, "carnet": ""} == {**process, "cpu": 0, "carnet": ""}
    for said in ("deux", "Trois", "colonne8", "Figure non reproduite", "après", "gardé", "attendu", "attente", "objet"):
        assert said in fork["html"]
    for hidden in ("avant", "effacé", "erreur"):
        assert hidden not in fork["html"]


def by_jupyter(bench: Bench) -> str:
    """The page of the same cells when a kernel of Jupyter runs them, as nbclient and papermill do."""
    task = bench.task(*ALIKE, nom="canton", kernels="jupyter")
    notebook = execute.template(task.notebook)
    execute.inject(notebook, task.parameters)
    start = seed(task.parameters)
    notebook.cells.insert(0, new_code_cell(f"import random, numpy\nrandom.seed({start}); numpy.random.seed({start})"))
    place = task.scratch / execute.WORK
    variables = environment(bench.root / "dossier", task.scratch / "prive", variables=os.environ)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(place)}}).execute(env=variables)
    del notebook.cells[0]
    return str(worker.rendered(execute.Outcome(notebook, None))["html"])


FAILURES = {
    "erreur": ("raise KeyError('PE01')", "KeyError"),
    "illisible": ("def f(:", "SyntaxError"),
    "sort": ("print('début'); import os; os._exit(0)", "s’est arrêté brutalement"),
    "quitte": ("raise SystemExit(3)", "SystemExit"),
    "exit": ("exit()", "a demandé la fin du carnet"),
    "tue": ("print('début'); import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "s’est arrêté brutalement"),
    "segv": ("import ctypes; ctypes.string_at(0)", "s’est arrêté brutalement"),
    "nôtre": ("from ctgeval.errors import SourceError\nraise SourceError('Fichier vide.')", "Fichier vide."),
    "groupe": ("raise ExceptionGroup('x', [ValueError('y')])", "ExceptionGroup"),
    "ferme": ("import os; os.closerange(0, 256)", "s’est arrêté brutalement"),
    "magie": ("%inconnue", "inconnue"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_every_failure_is_told_with_its_cell_and_keeps_what_came_before(bench: Bench, name: str) -> None:
    source, said = FAILURES[name]
    reply = bench.run("print('avant')", source, "print('jamais')")
    assert said in reply["message"]
    assert (reply["cellule"], reply["source"]) == (3, source)
    assert "avant" in reply["html"]
    assert "jamais" not in reply["html"]
    assert ("début" in source) == ("début" in reply["html"])


def test_a_notebook_that_lasts_too_long_is_stopped_and_keeps_what_it_wrote(bench: Bench) -> None:
    begun = time.monotonic()
    reply = bench.run("import time\nprint('attente')\ntime.sleep(90)", limit=5.0)
    assert "durée accordée au carnet (5\u00a0secondes) est dépassée" in reply["message"]
    assert reply["cellule"] == 2
    assert "attente" in reply["html"]
    assert time.monotonic() - begun < 30


@pytest.mark.parametrize(
    "source", ["print('x' * 100_000)", "os.write(1, b'x' * 100_000)", "display(HTML('x' * 100_000))"]
)
def test_what_a_notebook_may_write_is_bounded(bench: Bench, source: str) -> None:
    reply = bench.run(f"import os\nfrom IPython.display import HTML, display\nwhile True:\n    {source}")
    assert f"plus de {MOST >> 20}\u00a0Mo" in reply["message"]
    assert reply["cellule"] == 2


def test_what_does_not_pass_by_python_goes_at_the_end_of_its_cell(bench: Bench) -> None:
    reply = bench.run("import os\nos.write(1, b'dehors\\n')\nprint('dedans')", "print('ensuite')")
    assert [reply["html"].find(word) for word in ("dedans", "dehors", "ensuite")] == sorted(
        reply["html"].find(word) for word in ("dedans", "dehors", "ensuite")
    )
    assert "dehors" in reply["html"]


def test_a_closed_output_and_threads_left_running_stop_nothing(bench: Bench) -> None:
    reply = bench.run(
        "import os, threading, time\nos.close(1)",
        "threading.Thread(target=time.sleep, args=(600,)).start()\nprint('suite')",
    )
    assert "message" not in reply
    assert "suite" in reply["html"]


def test_random_numbers_depend_on_the_parameters_alone(bench: Bench) -> None:
    cells = ("import random, numpy as np\nprint(random.random(), np.random.rand())",)
    first, again, other = (bench.run(*cells, nom=nom)["html"] for nom in ("a", "a", "b"))
    assert first == again
    assert first != other


def test_a_notebook_leaves_nothing_to_the_next(bench: Bench) -> None:
    bench.run(
        "import os, sys, pandas as pd, matplotlib as mpl, builtins",
        "mpl.rcParams['font.size'] = 99; pd.set_option('display.max_rows', 1); os.environ['TRACE'] = 'x'"
        "\nbuiltins.trace = 1; sys.path.append('trace'); sys.modules['trace'] = sys; trace2 = 1; random = 2",
    )
    reply = bench.run(
        "import os, sys, pandas as pd, matplotlib as mpl, builtins",
        "print([mpl.rcParams['font.size'] == 99, pd.get_option('display.max_rows') == 1, 'TRACE' in os.environ,"
        " hasattr(builtins, 'trace'), 'trace' in sys.path, 'trace' in sys.modules, 'trace2' in globals()])",
    )
    assert str([False] * 7) in reply["html"]


def test_the_warm_process_never_holds_what_a_notebook_reads(bench: Bench) -> None:
    bench.run(
        "from pathlib import Path\nkept = Path(release, 'canari.txt').read_text()\nprint(kept)", nom="jamais-au-foyer"
    )
    pid = bench.hearth()
    words, seen = (b"ctgeval.report.kernels.hearth", b"jamais-au-foyer"), set()
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            span, rights, *_ = line.split()
            start, end = (int(part, 16) for part in span.split("-"))
            for place in range(start, end, 2**24) if rights.startswith("rw") else ():
                memory.seek(place)
                held = memory.read(min(2**24 + 100, end - place))
                seen |= {word for word in words if word in held}
    assert seen == {words[0]}, "its memory was read, and what a notebook read is not in it"


def test_one_more_notebook_costs_less_than_150_megabytes(bench: Bench) -> None:
    pool = bench.pool("fork")
    bench.run("1")
    before = megabytes(bench.hearth())
    started = bench.task(
        "import ctgeval, pandas, matplotlib.pyplot as plt\nplt.plot([1, 2])", "import time\ntime.sleep(60)", limit=8.0
    )
    running = threading.Thread(target=pool.run, args=(started,))
    running.start()
    (keeper,) = wait_for(lambda: children(bench.hearth()))
    (notebook,) = wait_for(lambda: children(keeper))
    time.sleep(3)
    after = megabytes(bench.hearth(), keeper, notebook)
    running.join()
    # What they share is counted once: all of them together, less the warm process when it was alone.
    assert 0 < after - before < 150


def megabytes(*processes: int) -> float:
    rollups = [Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines() for pid in processes]
    return sum(int(line.split()[1]) for lines in rollups for line in lines if line.startswith("Pss:")) / 1024


def test_only_a_process_of_one_thread_forks(tmp_path: Path) -> None:
    read, write = os.pipe()
    over = threading.Event()
    other = threading.Thread(target=over.wait)
    other.start()
    try:
        Hearth(write, None)._start(7, tmp_path)
    finally:
        over.set()
        other.join()
    told = json.loads(os.read(read, 1000))
    os.close(read)
    os.close(write)
    assert told["rang"] == 7
    assert "fils d’exécution" in told["refus"]


def test_the_warm_process_has_one_thread(bench: Bench) -> None:
    bench.run("1")
    assert len(list(Path(f"/proc/{bench.hearth()}/task").iterdir())) == 1


@pytest.mark.parametrize("broken", ["refus", "absent"])
def test_what_can_not_be_forked_is_run_as_elsewhere(bench: Bench, monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    place = bench.root / broken
    place.mkdir()
    with closing(ForkPool(place, hidden=bench.root / "dossier")) as pool:
        if broken == "refus":
            monkeypatch.setattr(pool, "_ended", lambda *_: {"refus": "2 fils d’exécution"})
        else:
            (place / "IPython.py").write_text("raise ImportError", encoding="utf-8")
            pool._environment["PYTHONPATH"] = str(place)
        asked = []
        monkeypatch.setattr(pool._plain, "run", lambda task: asked.append(task) or {"html": "fait"})
        task = bench.task("1")
        assert pool.run(task) == {"html": "fait"}
        assert asked == [task]


@pytest.mark.parametrize("victim", ["foyer", "gardien", "carnet"])
def test_a_death_is_told_and_the_next_notebook_runs(bench: Bench, victim: str) -> None:
    pool = bench.pool("fork")
    bench.run("1")
    replies: list[dict[str, Any]] = []
    task = bench.task("open('pret', 'w').close()\nimport time\ntime.sleep(60)")
    running = threading.Thread(target=lambda: replies.append(pool.run(task)))
    running.start()
    hearth = bench.hearth()
    (keeper,) = wait_for(lambda: children(hearth))
    (notebook,) = wait_for(lambda: children(keeper))
    wait_for((task.scratch / "travail" / "pret").exists)
    os.kill({"foyer": hearth, "gardien": keeper, "carnet": notebook}[victim], signal.SIGKILL)
    running.join(timeout=20)
    assert not running.is_alive()
    assert "arrêté brutalement" in replies[0]["message"]
    wait_for(lambda: not any(alive(pid) for pid in (keeper, notebook)))
    assert "suite" in bench.run("print('suite')")["html"]


_BUILDER = """\
import sys
from pathlib import Path
from ctgeval.report.kernels.fork import ForkPool
from ctgeval.report.pool import Task
root, notebook, scratch = (Path(one) for one in sys.argv[1:])
pool = ForkPool(root, hidden=root.parent / "dossier")
pool.run(Task(notebook, scratch, {"release": "release", "nom": ""}, 120.0))
"""


def test_nothing_outlives_a_builder_that_is_killed(bench: Bench) -> None:
    task = bench.task("import time\ntime.sleep(100)", kernels="tue")
    builder = subprocess.Popen(
        [sys.executable, "-c", _BUILDER, str(bench.root / "tue"), str(task.notebook), str(task.scratch)]
    )
    try:
        (hearth,) = wait_for(lambda: children(builder.pid), seconds=60)
        (keeper,) = wait_for(lambda: children(hearth), seconds=60)
        (notebook,) = wait_for(lambda: children(keeper))
    finally:
        builder.kill()
        builder.wait()
    wait_for(lambda: not any(alive(pid) for pid in (hearth, keeper, notebook)))


HOSTILE = (
    b"pas du json", b"[1]", b"null", b'{"cellule": "x"}', b'{"cellule": 99}', b'{"cellule": true}', b'{"faite": 1}',
    b'{"sortie": "stream", "text": 3}', b'{"sortie": "display_data", "data": [1], "nom": {"a": 1}}',
    b'{"sortie": "display_data", "data": {"text/html": {"a": 1}, "text/plain": "\\ud800"}}',
    b'{"sortie": "error"}', b'{"sortie": {"a": 1}}', b'{"efface": true}', b"[" * 100_000, b"\xff\xfe",
)  # fmt: skip


@pytest.mark.parametrize("line", HOSTILE)
def test_whatever_a_notebook_sends_its_cells_stay_a_notebook(line: bytes) -> None:
    notebook = new_notebook(cells=[new_code_cell("1"), new_markdown_cell("a")])
    gathered = Gathered(notebook)
    begun = b'{"ne": true}\n{"cellule": 0}\n'
    for chunk in (begun[:7], begun[7:] + line, b"\n"):
        gathered.events(chunk)
    gathered.close()
    assert gathered.born
    assert not gathered.reached
    nbformat.validate(notebook)
    json.dumps(notebook).encode("utf-8")
