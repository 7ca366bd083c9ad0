from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from ctgeval.cli import main

Run = Callable[..., Result]


@pytest.fixture
def run() -> Run:
    """Run ``ctgeval`` with arguments, and return what it wrote and its exit code."""

    def call(*args: object) -> Result:
        result = CliRunner().invoke(main, [str(arg) for arg in args], prog_name="ctgeval")
        assert result.exception is None or isinstance(result.exception, SystemExit)
        assert "Traceback" not in result.output
        return result

    return call
