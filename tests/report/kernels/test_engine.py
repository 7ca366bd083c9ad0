"""Papermill with warm kernels: the same notebook, the same outputs, and a true word on each cell."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest
from click.testing import CliRunner
from jupyter_client.kernelspec import NoSuchKernel
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from papermill.__main__ import papermill as command
from papermill.exceptions import PapermillExecutionError

from ctgeval.confidentiality import Release
from ctgeval.report.kernels import engine

KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
PARAMETERS = new_code_cell("n = 1\nnom = ''", metadata={"tags": ["parameters"]})
EVERYTHING = (
    "import sys\nimport pandas as pd\nprint(nom, n)\nprint('mot', file=sys.stderr)",
    "import matplotlib.pyplot as plt\nplt.plot([n, 2, 3])\nplt.title(nom);",
    "pd.DataFrame([range(30)])",
    "from IPython.display import HTML, clear_output, display\nshown = display(HTML('<p>a</p>'), display_id='un')",
    "shown.update(HTML('<p>b</p>'))\nn * 2",
    "",
)


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., str]:
    """Write a notebook, and return its path."""

    def write(*cells: str) -> str:
        made = [new_markdown_cell("# Titre"), PARAMETERS, *(new_code_cell(cell) for cell in cells)]
        path = tmp_path / "carnet.ipynb"
        nbformat.write(new_notebook(cells=made, metadata={"kernelspec": KERNEL}), path)
        return str(path)

    return write


def run(path: str, *, engine_name: str | None = "ctgeval", **options: Any) -> Any:
    out = str(Path(path).with_name("fait.ipynb"))
    return papermill.execute_notebook(path, out, engine_name=engine_name, progress_bar=False, **options)


def statuses(path: str) -> list[tuple[str, bool | None]]:
    done = nbformat.read(Path(path).with_name("fait.ipynb"), as_version=4)
    told = [cell.metadata.papermill for cell in done.cells if "papermill" in cell.metadata]
    return [(one.status, one.exception) for one in told]


def told(notebook: Any) -> list[Any]:
    """What a reader of the executed notebook sees."""
    return [(cell.source, cell.get("outputs"), cell.get("execution_count")) for cell in notebook.cells]


def test_the_outputs_are_those_of_papermill(written: Callable[..., str]) -> None:
    path = written(*EVERYTHING)
    given = {"n": 3, "nom": "Été à l’Île"}
    warm, plain = (run(path, parameters=given, engine_name=name) for name in ("ctgeval", None))
    assert told(warm) == told(plain)
    assert warm.metadata.language_info == plain.metadata.language_info
    assert warm.metadata.papermill.parameters == given
    assert any("image/png" in output.get("data", {}) for cell in warm.cells for output in cell.get("outputs", []))
    assert {status for status, _ in statuses(path)} == {"completed"}


def test_a_notebook_of_the_project_is_the_same_by_both(
    tmp_path: Path, checkout: Path, demo_release: Callable[[str], Release]
) -> None:
    given = {"release": str(demo_release("copil").path)}
    source = str(checkout / "notebooks" / "diagnostic.ipynb")
    warm, plain = (
        papermill.execute_notebook(source, None, given, engine_name=name, progress_bar=False)
        for name in ("ctgeval", None)
    )
    assert told(warm) == told(plain)
    assert sum(len(cell.get("outputs", [])) for cell in warm.cells) > 3


def test_numbers_are_drawn_from_the_parameters(written: Callable[..., str]) -> None:
    path = written("import random\nimport numpy as np\nprint(random.random(), np.random.rand())")
    one, again, other = (run(path, parameters={"n": n}).cells[-1].outputs[0].text for n in (1, 1, 2))
    assert one == again
    assert one != other


def test_a_cell_that_fails_ends_the_notebook(written: Callable[..., str]) -> None:
    path = written("1", "1 / 0", "2")
    with pytest.raises(PapermillExecutionError, match="ZeroDivisionError") as caught:
        run(path)
    assert caught.value.exec_count == 3
    # The parameters, then the cells.
    assert statuses(path)[1:] == [("completed", False), ("completed", False), ("failed", True), ("pending", None)]


def test_a_cell_that_the_dead_kernel_never_ran_is_not_completed(written: Callable[..., str]) -> None:
    path = written("1", f"import os\nos.kill(os.getpid(), {int(signal.SIGKILL)})", "2")
    with pytest.raises(DeadKernelError):
        run(path)
    assert statuses(path)[2:] == [("completed", False), ("failed", True), ("pending", None)]
    assert nbformat.read(Path(path).with_name("fait.ipynb"), as_version=4).metadata.papermill.exception is True


def test_a_cell_that_lasts_too_long_is_not_completed(written: Callable[..., str]) -> None:
    path = written("import time\ntime.sleep(60)", "2")
    with pytest.raises(CellTimeoutError):
        run(path, execution_timeout=1)
    assert statuses(path)[2:] == [("failed", True), ("pending", None)]


def test_the_command_of_papermill_knows_the_engine(written: Callable[..., str], tmp_path: Path) -> None:
    path = written("print(nom * n)")
    asked = ["--engine", "ctgeval", "--no-progress-bar", path, str(tmp_path / "fait.ipynb"), "-p", "n", "2"]
    done = CliRunner().invoke(command, [*asked, "-r", "nom", "Le "], catch_exceptions=False)
    assert done.exit_code == 0
    assert nbformat.read(tmp_path / "fait.ipynb", as_version=4).cells[-1].outputs[0].text == "Le Le \n"


def test_the_bar_tells_the_cells_that_ran(written: Callable[..., str], capsys: pytest.CaptureFixture[str]) -> None:
    path = written("1", "1 / 0", "2", "3")
    with pytest.raises(PapermillExecutionError):
        papermill.execute_notebook(path, None, engine_name="ctgeval", progress_bar=True)
    assert "4/6" in capsys.readouterr().err


def test_a_kernel_that_is_not_there_is_told_as_by_papermill(written: Callable[..., str]) -> None:
    with pytest.raises(NoSuchKernel):
        run(written("1"), kernel_name="absent")


def test_another_python_or_another_language_is_not_forked(monkeypatch: pytest.MonkeyPatch) -> None:
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager

    def known(argv: list[str], language: str) -> None:
        spec = KernelSpec(argv=argv, language=language)
        monkeypatch.setattr(KernelSpecManager, "get_kernel_spec", lambda *_: spec)

    known(["/ailleurs/bin/python", "-m", "ipykernel_launcher"], "python")
    assert engine._warm_manager("ailleurs") is None
    known(["python", "-m", "noyau"], "R")
    assert engine._warm_manager("ir") is None
    known(["python", "-m", "ipykernel_launcher"], "python")
    assert engine._warm_manager("python3") is not None
