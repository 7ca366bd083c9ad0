"""On a Linux that offers neither Landlock nor seccomp, cells start processes and signal others: nothing stays of them.

Such a system is what `running.Bench` makes of this one: nothing is refused, and all that ends what is left must work.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ctgeval.report import pool as pools
from ctgeval.report.kernels import best, fork, kin
from tests.examples import sample
from tests.report.running import Bench, alive, processes, wait_for

pytestmark = pytest.mark.skipif(best() != "fork", reason="processes are looked at in /proc")

KINDS = ("fork", "process")
# A process started by a cell, in a session of its own, whose parent is dead; it tells its number in a file.
RUNAWAY = """\
import os, time
if not os.fork():
    os.setsid()
    if os.fork(): os._exit(0)
    open("fuyard", "w").write(f"{os.getpid()} ")
    time.sleep(600)
while not (os.path.exists("fuyard") and open("fuyard").read().endswith(" ")): time.sleep(0.01)
"""
LEFT = {
    "programme": "import subprocess\nlaisse = subprocess.Popen(['sleep', '600'], start_new_session=True)",
    "fuyard": RUNAWAY,
    "copie de soi": "import os, time\nif not os.fork(): time.sleep(600)",
    "famille": "import os, time\nfor _ in range(4): os.fork()\nif os.getpid() != moi: time.sleep(600)",
}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    made = Bench(tmp_path_factory.mktemp("nu").resolve(), bare=True)
    yield made
    made.close()


@pytest.fixture(params=KINDS)
def kernels(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def nothing_is_left(bench: Bench) -> bool:
    """Whether no process stands in a folder of a notebook: its own, or what it started."""
    return not [one for one in processes(str(bench.root)) if "bilan-" in _place(one)]


def _place(process: int) -> str:
    try:
        return os.readlink(f"/proc/{process}/cwd")  # noqa: PTH115 a text
    except OSError:
        return ""


CASES = [(kind, name) for name in LEFT for kind in KINDS if kind == "fork" or name == "fuyard" or sample(0, 1)]


@pytest.mark.torture
@pytest.mark.parametrize(("kernels", "name"), CASES)
def test_what_a_cell_leaves_behind_is_ended(bench: Bench, kernels: str, name: str) -> None:
    reply = bench.run("import os\nmoi = os.getpid()", LEFT[name], "print('suite')", kernels=kernels)
    assert "message" not in reply, reply["message"]
    assert reply["html"].count("suite") == 1
    assert nothing_is_left(bench)
    assert "autre" in bench.run("print('autre')", kernels=kernels)["html"]


def test_the_memory_of_what_a_cell_starts_is_counted(bench: Bench, kernels: str) -> None:
    # Each takes less than what is allowed.
    source = (
        "import os, time\nfor _ in range(3):\n"
        "    if not os.fork():\n        gros = b'x' * 350_000_000\n        time.sleep(60)"
    )
    reply = bench.run(source, "import time\ntime.sleep(60)", kernels=kernels, memory=10**9)
    assert "mémoire accordée (1\u00a0Go)" in reply["message"]
    assert reply["cellule"] == 3
    assert nothing_is_left(bench)


def test_a_cell_that_kills_its_parent_kills_its_notebook_alone(bench: Bench, kernels: str) -> None:
    reply = bench.run("import os, time\nos.kill(os.getppid(), 9)\ntime.sleep(60)", kernels=kernels)
    assert "Le processus qui suivait le carnet s’est arrêté brutalement." in reply["message"]
    assert reply["reprise"] is True
    wait_for(lambda: nothing_is_left(bench))
    assert "suite" in bench.run("print('suite')", kernels=kernels)["html"]


@pytest.mark.parametrize(("kernels", "steps"), [("fork", 1), ("fork", 2), ("process", 1)])
def test_a_cell_that_suspends_who_follows_it_holds_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, kernels: str, steps: int
) -> None:
    monkeypatch.setattr(pools, "GRACE", 0.5)
    monkeypatch.setattr(fork, "_FAREWELL", 0.5)
    source = (
        "import os, time\nancetre = os.getpid()\n"
        f"for _ in range({steps}):\n"
        "    ancetre = int(open(f'/proc/{ancetre}/stat').read().rpartition(')')[2].split()[1])\n"
        f"os.kill(ancetre, {int(signal.SIGSTOP)})\ntime.sleep(60)"
    )
    reply = bench.run(source, kernels=kernels, limit=5.0)
    # A keeper goes on when the warm process alone is suspended, and tells of the limit itself.
    assert (reply["message"] == pools.TOO_SLOW) if steps == 1 else ("durée accordée" in reply["message"])
    wait_for(lambda: nothing_is_left(bench))
    assert "suite" in bench.run("print('suite')", kernels=kernels)["html"]


def test_a_cell_that_deletes_the_folder_of_its_notebook_ends_alone(bench: Bench, kernels: str) -> None:
    reply = bench.run(
        "import os, shutil\nshutil.rmtree(os.path.dirname(os.getcwd()), ignore_errors=True)", kernels=kernels
    )
    # A worker has read all that it needs; a keeper has no place left for its reply.
    assert ("message" in reply) == (kernels == "fork")
    assert "suite" in bench.run("print('suite')", kernels=kernels)["html"]


_BUILDER = """\
import sys
from pathlib import Path
from tests.report.running import Bench
bench = Bench(Path(sys.argv[1]), bare=True)
task = bench.task(sys.argv[3], "import time\\ntime.sleep(120)", kernels=sys.argv[2])
bench.pool(sys.argv[2]).run(task)
"""


VICTIMS = [("fork", "foyer")]
MORE = [("process", "constructeur"), ("fork", "constructeur"), ("fork", "gardien"), ("process", "gardien")]


@pytest.mark.torture
@pytest.mark.parametrize(("kernels", "victim"), VICTIMS + MORE * sample(0, 1))
def test_nothing_outlives_whoever_is_killed(tmp_path: Path, kernels: str, victim: str) -> None:
    checkout = str(Path(__file__).parents[2])
    root = tmp_path.resolve()
    builder = subprocess.Popen(
        [sys.executable, "-c", _BUILDER, str(root), kernels, RUNAWAY],
        env=os.environ | {"PYTHONPATH": checkout}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        killed(builder, root, kernels=kernels, victim=victim)
    finally:
        builder.kill()
        builder.wait()
    wait_for(lambda: processes(str(root)) == [])


def killed(builder: subprocess.Popen[bytes], root: Path, *, kernels: str, victim: str) -> None:
    told = wait_for(lambda: [one for one in root.rglob("fuyard") if one.read_text().endswith(" ")], seconds=90)
    runaway = int(told[0].read_text())
    # From the builder down to the process of the cells, whatever their number.
    line = [builder.pid]
    for _ in range({"fork": 3, "process": 2}[kernels]):
        line.append(next(one for one in kin.children(line[-1]) if one != runaway and alive(one)))
    assert alive(runaway)
    # The builder looks at what runs ten times a second: what it has seen, it ends.
    time.sleep(1)
    os.kill({"constructeur": builder.pid, "foyer": line[1], "gardien": line[-2]}[victim], signal.SIGKILL)
    wait_for(lambda: not any(alive(one) for one in (*line[1:], runaway) if victim == "constructeur" or one != line[1]))
    wait_for(lambda: builder.poll() is not None)
