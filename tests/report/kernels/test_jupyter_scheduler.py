"""jupyter-scheduler runs the notebooks of the project as they are."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

from ctgeval.confidentiality import Release

# What this version of jupyter-scheduler tells about its own libraries is not ours to mend.
pytestmark = pytest.mark.filterwarnings("ignore")
FORMATS = ["ipynb", "html"]


def job(folder: Path, notebook: Path, parameters: dict[str, str]) -> tuple[Any, dict[str, str]]:
    """Write a job in the base of the scheduler, and return what runs it, and the files that it makes."""
    from jupyter_scheduler.executors import DefaultExecutionManager
    from jupyter_scheduler.orm import Job, create_session, create_tables

    address = f"sqlite:///{folder / 'taches.sqlite'}"
    create_tables(address)
    given = folder / "en-cours" / notebook.name
    given.parent.mkdir()
    given.write_bytes(notebook.read_bytes())
    assert DefaultExecutionManager.validate(DefaultExecutionManager, str(given))
    asked = Job(
        name="bilan",
        input_filename=notebook.name,
        runtime_environment_name="ctgeval",
        output_formats=FORMATS,
        parameters=parameters,
    )
    with create_session(address)() as session:
        session.add(asked)
        session.commit()
        number = asked.job_id
    paths = {"input": str(given)} | {name: str(folder / f"bilan.{name}") for name in FORMATS}
    manager = DefaultExecutionManager(job_id=number, root_dir=str(folder), db_url=address, staging_paths=paths)
    return manager, paths


def status(manager: Any) -> tuple[str, str]:
    from jupyter_scheduler.orm import Job

    with manager.db_session() as session:
        found = session.query(Job).one()
        return str(found.status), str(found.status_message or "")


def test_a_notebook_of_the_project_is_run_with_its_parameters(
    tmp_path: Path, checkout: Path, demo_release: Callable[[str], Release], capfd: pytest.CaptureFixture[str]
) -> None:
    # The values are Python, as they are typed in the form of the extension.
    parameters = {"release": json.dumps(str(demo_release("copil").path)), "periode": '"2024"'}
    manager, paths = job(tmp_path, checkout / "notebooks" / "diagnostic.ipynb", parameters)
    manager.process()
    assert status(manager) == ("COMPLETED", ""), capfd.readouterr().err
    done = nbformat.read(paths["ipynb"], as_version=4)
    assert any("injected-parameters" in cell.metadata.get("tags", []) for cell in done.cells)
    assert not [output for cell in done.cells for output in cell.get("outputs", []) if output.output_type == "error"]
    page = Path(paths["html"]).read_text(encoding="utf-8")
    assert re.search(r"<h2[^>]*>", page)
    assert "2024" in page


def test_a_failing_notebook_is_a_failed_job(tmp_path: Path, checkout: Path, capfd: pytest.CaptureFixture[str]) -> None:
    manager, _ = job(tmp_path, checkout / "notebooks" / "diagnostic.ipynb", {"release": '"absente"'})
    manager.process()
    state, message = status(manager)
    assert state == "FAILED"
    assert "ReportError" in message
    capfd.readouterr()
