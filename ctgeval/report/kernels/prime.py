"""Load, once, all that a notebook will use: libraries, compiled templates, fonts; and leave no other trace of it."""

from __future__ import annotations

import gc
import sys
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ctgeval.report.kernels.shell import ZmqlessShell

_MODULES = (
    "pandas", "pyarrow.parquet", "pyarrow.dataset", "pandas.io.parquet", "scipy.stats", "seaborn",
    "matplotlib.pyplot", "matplotlib.backends.backend_svg", "matplotlib_inline.backend_inline",
    "ctgeval.render.page", "ctgeval.render.authored", "ctgeval.confidentiality.release",
)  # fmt: skip
# Builds some 35 grammars when it is imported, for addresses that no notebook holds; nbformat loads it where it is.
_NEEDLESS = "rfc3987_syntax"
BACKEND = "module://matplotlib_inline.backend_inline"

__all__ = ["BACKEND", "everything", "forget", "libraries"]


def everything() -> ZmqlessShell:
    """Load what notebooks use, draw one figure, render one table and one page.

    Returns
    -------
    ZmqlessShell
        In which the cells will be run, after a fork.
    """
    gc.disable()
    _load_nbformat()
    from ctgeval.report.kernels.shell import made

    # Before matplotlib, which settles where figures go by the shell that it finds.
    shell = made()
    for name in _MODULES:
        import_module(name)
    _settle(shell)
    _draw()
    _render()
    gc.collect()
    gc.freeze()
    return shell


def libraries(*more: str) -> None:
    """Load what notebooks use and draw one figure, for processes whose shell is made after the fork.

    Parameters
    ----------
    *more : str
        Names of other modules to load.
    """
    gc.disable()
    _load_nbformat()
    for name in (*more, *_MODULES):
        import_module(name)
    _as_in_a_page()
    _draw()
    gc.collect()
    gc.freeze()


def forget() -> None:
    """Leave to a notebook the modules of a process of its own: those that run notebooks are not among them."""
    for name in [name for name in sys.modules if f"{name}.".startswith("ctgeval.report.")]:
        del sys.modules[name]


def _load_nbformat() -> None:
    missing = _NEEDLESS not in sys.modules
    if missing:
        sys.modules[_NEEDLESS] = None  # type: ignore[assignment]
    try:
        import_module("nbformat")
        import_module("nbconvert")
    finally:
        if missing:
            del sys.modules[_NEEDLESS]


def _settle(shell: ZmqlessShell) -> None:
    """Set what libraries set for themselves when a notebook loads them: here they may be older than the shell."""
    from IPython.core.pylabtools import activate_matplotlib
    from matplotlib_inline.backend_inline import configure_inline_support

    # Else figures are lost without a word.
    activate_matplotlib(BACKEND)  # type: ignore[no-untyped-call]
    configure_inline_support(shell, BACKEND)  # type: ignore[no-untyped-call]
    _as_in_a_page()


def _as_in_a_page() -> None:
    import pandas as pd

    # Loaded where there is no kernel, pandas writes for a terminal, which is narrow.
    pd.set_option("display.max_columns", 20)


def _draw() -> None:
    """Draw a figure and render a table: fonts, patterns and macros are then ready."""
    import matplotlib as mpl
    import matplotlib.pyplot as plt
    from matplotlib.figure import Figure

    from ctgeval.render import blocks, svg, theme

    before = dict(mpl.rcParams)
    with mpl.rc_context(dict(theme.RC)):
        figure = Figure(figsize=(4, 3))
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1], marker="o", label="Été")
        axes.bar([0, 1], [1, 2])
        axes.set_title("Été")
        axes.legend()
        svg.inline(figure, alternative="Été")
    blocks.paragraph("Été")
    plt.close("all")
    mpl.rcParams.update(before)


def _render() -> None:
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

    from ctgeval.report import export, html

    outputs = [
        new_output("stream", name="stdout", text="a"),  # type: ignore[no-untyped-call]
        new_output("display_data", data={"text/html": "<h2>A</h2>", "text/plain": "a"}),  # type: ignore[no-untyped-call]
    ]
    cells = [new_markdown_cell("# A\n\n*a*"), new_code_cell("1", outputs=outputs)]  # type: ignore[no-untyped-call]
    html.body(export.raw(new_notebook(cells=cells)))  # type: ignore[no-untyped-call]
