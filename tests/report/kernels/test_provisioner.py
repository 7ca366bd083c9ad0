"""Kernels of Jupyter forked from a warm process: the same as any other, and none left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hatchling.build import build_editable
from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager
from nbconvert.preprocessors import ExecutePreprocessor
from nbformat.v4 import new_code_cell, new_notebook

from ctgeval.report.kernels import best, nursery, provisioner, warm
from tests.examples import sample

needs_fork = pytest.mark.skipif(best() != "fork", reason="no process may fork safely on this system")
FIGURE = "import matplotlib.pyplot as plt\nplt.plot([1, 2]);"
ABOUT = """\
import os, sys, threading, json
import pandas as pd, matplotlib as mpl
print(json.dumps([
    sys.path, sys.argv[1:2], os.getcwd(), __name__, os.environ.get("CANARI"), sys.flags.safe_path,
    pd.get_option("display.max_columns"), mpl.get_backend(), mpl.rcParams["figure.dpi"],
    [name for name in sys.modules if name.startswith("ctgeval.report")],
    sorted(name for name in globals() if not name.startswith("_")),
]))"""


class Kernel:
    """A kernel and its client."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.manager = KernelManager(kernel_name="ctgeval")
        self.manager.start_kernel(cwd=str(folder), env=os.environ | environment)
        self.client: BlockingKernelClient = self.manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    @property
    def pid(self) -> int:
        return int(self.manager.provisioner.pid)  # type: ignore[union-attr]

    def outputs(self, code: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []

        def hear(message: dict[str, Any]) -> None:
            if message["msg_type"] not in {"status", "execute_input"}:
                found.append(message["content"])

        self.client.execute_interactive(code, output_hook=hear, timeout=60)
        return found

    def printed(self, code: str) -> str:
        return "".join(output.get("text", str(output)) for output in self.outputs(code))

    def end(self) -> None:
        self.client.stop_channels()
        if self.manager.has_kernel:
            self.manager.shutdown_kernel(now=True)


Start = Callable[..., Kernel]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start kernels, which end with the test."""
    made: list[Kernel] = []

    def started(**environment: str) -> Kernel:
        made.append(Kernel(tmp_path, **environment))
        return made[-1]

    yield started
    for one in made:
        one.end()


def alive(pid: int) -> bool:
    """Whether a process runs, a zombie included."""
    return Path(f"/proc/{pid}").exists()


def gone(*pids: int, seconds: float = 20.0) -> bool:
    end = time.monotonic() + seconds
    while any(alive(pid) for pid in pids):
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def forks_from() -> int:
    """Number of the warm process of this process."""
    return warm.nursery().process.pid


def test_the_kernel_is_installed_with_a_french_name() -> None:
    spec = KernelSpecManager().get_kernel_spec("ctgeval")
    assert spec.display_name == "Python (ctgeval, démarrage rapide)"
    assert spec.metadata["kernel_provisioner"]["provisioner_name"] == "ctgeval-provisioner"
    ours = Path(provisioner.__file__).parent / "spec" / "kernel.json"
    assert json.loads(ours.read_text(encoding="utf-8"))["argv"] == spec.argv


def test_an_installation_holds_the_kernel_and_the_plug_ins(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(checkout)
    with zipfile.ZipFile(tmp_path / build_editable(str(tmp_path))) as wheel:
        (kernel,) = [name for name in wheel.namelist() if name.endswith("share/jupyter/kernels/ctgeval/kernel.json")]
        (told,) = [name for name in wheel.namelist() if name.endswith("entry_points.txt")]
        assert json.loads(wheel.read(kernel))["argv"][0] == "python"
        points = wheel.read(told).decode("utf-8")
    for group in ("papermill.engine", "jupyter_client.kernel_provisioners"):
        assert f"[{group}]" in points


@needs_fork
def test_a_forked_kernel_is_that_of_an_ordinary_launch(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    forked = start(CANARI="été")
    assert os.getsid(forked.pid) == forked.pid
    assert isinstance(forked.manager.provisioner.process, warm.Kernel)  # type: ignore[union-attr]
    monkeypatch.setenv(provisioner.CHOICE, provisioner.ORDINARY)
    plain = start(CANARI="été")
    assert isinstance(plain.manager.provisioner.process, subprocess.Popen)  # type: ignore[union-attr]
    one, other = (json.loads(kernel.printed(ABOUT)) for kernel in (forked, plain))
    assert one == other
    shown = [kernel.outputs(FIGURE) for kernel in (forked, plain)]
    assert shown[0][0]["data"]["image/png"] == shown[1][0]["data"]["image/png"]
    # History is a file that all kernels of a person would write.
    assert forked.printed("print(get_ipython().history_manager.enabled)") == "False\n"


@needs_fork
def test_kernels_share_nothing_that_they_draw_or_change(start: Start) -> None:
    one, other = start(), start()
    draw = "import random, numpy as np\nprint(random.random(), np.random.rand())"
    assert one.printed(draw) != other.printed(draw)
    one.printed("import pandas as pd\npd.set_option('display.max_rows', 7)\nresultat = 1")
    assert other.printed("import pandas as pd\nprint(pd.get_option('display.max_rows'), 'resultat' in globals())") == (
        "60 False\n"
    )


@needs_fork
def test_it_is_interrupted_restarted_and_shut_down(start: Start, tmp_path: Path) -> None:
    kernel = start()
    before, asked = kernel.pid, kernel.client.execute("print('là')\nimport time\ntime.sleep(60)")
    while kernel.client.get_iopub_msg(timeout=30)["msg_type"] != "stream":
        pass
    kernel.manager.interrupt_kernel()
    reply = kernel.client.get_shell_msg(timeout=30)
    assert (reply["parent_header"]["msg_id"], reply["content"]["ename"]) == (asked, "KeyboardInterrupt")
    kernel.printed("a = 1")
    kernel.manager.restart_kernel(now=True)
    kernel.client.wait_for_ready(timeout=60)
    assert gone(before)
    assert kernel.printed("print('a' in globals())") == "False\n"
    after = kernel.pid
    kernel.printed("import atexit, pathlib\natexit.register(lambda: pathlib.Path('fini').touch())")
    kernel.manager.shutdown_kernel()
    assert gone(after)
    assert (tmp_path / "fini").exists()


@needs_fork
def test_a_killed_kernel_is_told_and_leaves_nothing(start: Start) -> None:
    kernel = start()
    started = int(kernel.printed("import subprocess\nprint(subprocess.Popen(['sleep', '60']).pid)"))
    kernel.manager.provisioner.process.kill()  # type: ignore[union-attr]
    assert gone(kernel.pid)
    assert not Path(f"/proc/{started}/exe").exists()
    assert kernel.manager.provisioner.process.wait(10) == -signal.SIGKILL  # type: ignore[union-attr]
    assert not kernel.manager.is_alive()


@needs_fork
def test_when_the_warm_process_is_killed_its_kernels_end_and_another_takes_its_place(start: Start) -> None:
    kernel, parent = start(), forks_from()
    os.kill(parent, signal.SIGKILL)
    assert gone(parent, kernel.pid)
    assert kernel.manager.provisioner.process.wait(10) == -signal.SIGKILL  # type: ignore[union-attr]
    kernel.manager.restart_kernel(now=True)
    kernel.client.wait_for_ready(timeout=60)
    assert forks_from() != parent
    assert kernel.printed("print(1)") == "1\n"


CLIENT = """\
import sys, time
from jupyter_client.manager import KernelManager
from ctgeval.report.kernels import warm
manager = KernelManager(kernel_name="ctgeval")
manager.start_kernel()
print(manager.provisioner.pid, warm.nursery().process.pid, flush=True)
time.sleep(60)
"""


@needs_fork
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM][: sample(1, 2)])
def test_nothing_outlives_a_killed_client(tmp_path: Path, number: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", CLIENT], stdout=subprocess.PIPE, text=True, cwd=tmp_path) as client:
        assert client.stdout is not None
        kernel, parent = (int(pid) for pid in client.stdout.readline().split())
        assert alive(kernel)
        client.send_signal(number)
    assert gone(kernel, parent)


@needs_fork
def test_nbconvert_runs_a_notebook_in_it(tmp_path: Path) -> None:
    notebook = new_notebook(
        cells=[new_code_cell(FIGURE), new_code_cell("1 + 1")],
        metadata={"kernelspec": {"name": "ctgeval", "display_name": "Python", "language": "python"}},
    )
    done, _ = ExecutePreprocessor().preprocess(notebook, {"metadata": {"path": str(tmp_path)}})
    assert "image/png" in done.cells[0].outputs[0].data
    assert done.cells[1].outputs == [
        nbformat.from_dict(  # type: ignore[no-untyped-call]
            {"output_type": "execute_result", "execution_count": 2, "data": {"text/plain": "2"}, "metadata": {}}
        )
    ]


@needs_fork
def test_what_can_not_be_forked_is_started_in_the_ordinary_way(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    class Refuses:
        def start(self, *_: object, **__: object) -> warm.Kernel:
            raise warm.CannotFork("3 fils d’exécution")

    monkeypatch.setattr(provisioner, "nursery", Refuses)
    kernel = start()
    assert isinstance(kernel.manager.provisioner.process, subprocess.Popen)  # type: ignore[union-attr]
    assert kernel.printed("print(1)") == "1\n"


def test_another_system_starts_it_in_the_ordinary_way(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = [sys.executable, "-m", "ipykernel_launcher", "-f", "x.json"]
    assert provisioner._is_ours(ours) is (best() == "fork")
    assert not provisioner._is_ours(["/ailleurs/bin/python", *ours[1:]])
    assert not provisioner._is_ours([sys.executable, "-m", "autre", "-f", "x.json"])
    monkeypatch.setattr(provisioner, "best", lambda: "process")
    assert not provisioner._is_ours(ours)


@needs_fork
@pytest.mark.parametrize(("threads", "known", "said"), [(2, {}, "2 fils"), (1, {"/absent.py": 1}, "absent.py a chang")])
def test_the_warm_process_refuses_what_would_not_be_safe_or_true(
    monkeypatch: pytest.MonkeyPatch, threads: int, known: dict[str, int], said: str
) -> None:
    monkeypatch.setattr(nursery, "threads", lambda: threads)
    monkeypatch.setattr(os, "fork", lambda: pytest.fail("it forked"))
    read, write = os.pipe()
    made = nursery.Nursery(write, os.getpid(), known)
    made._start({"rang": 3})
    told = json.loads(os.read(read, 1000))
    assert told["rang"] == 3
    assert said in told["refus"]
    for one in (read, write, made._client):
        os.close(one)


def test_a_file_that_changed_since_it_was_loaded_is_seen(tmp_path: Path) -> None:
    known = nursery.stamps()
    assert nursery.__file__ in known
    assert nursery.changed(known) == ""
    other = tmp_path / "autre.py"
    other.touch()
    known[str(other)] = other.stat().st_mtime_ns
    assert nursery.changed(known) == ""
    os.utime(other, (1, 1))
    assert nursery.changed(known) == str(other)
