"""An IPython shell that tells what comes out of the cells, without a kernel of Jupyter around it."""

from __future__ import annotations

import base64
import io
import os
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

Tell = Callable[[dict[str, Any]], None]

__all__ = ["Tell", "ZmqlessShell", "ended_by", "listened", "made"]


class _Listener:
    """Where the outputs go: nowhere until the process of a notebook says."""

    tell: Tell | None = None


def _told(**event: Any) -> None:
    if _Listener.tell is not None:
        _Listener.tell(event)


class _Publisher(DisplayPublisher):
    def publish(
        self,
        data: Mapping[str, Any],
        metadata: Mapping[str, Any] | None = None,
        source: object = None,  # noqa: ARG002 the signature of IPython
        *,
        transient: Mapping[str, Any] | None = None,
        update: bool = False,
        **_: object,
    ) -> None:
        _flush()
        name = (transient or {}).get("display_id")
        _told(sortie="display_data", data=_plain(data), metadata=dict(metadata or {}), nom=name, remplace=update)

    def clear_output(self, wait: bool = False) -> None:  # noqa: FBT001, FBT002 the signature of IPython
        _flush()
        _told(efface=True, attend=bool(wait))


class _Hook(DisplayHook):
    def write_output_prompt(self) -> None:
        return

    def write_format_data(self, format_dict: Mapping[str, Any], md_dict: Mapping[str, Any] | None = None) -> None:
        _flush()
        _told(sortie="execute_result", data=_plain(format_dict), metadata=dict(md_dict or {}))


class ZmqlessShell(InteractiveShell):
    """The shell of a notebook.

    By its name, which holds “zmq”, and by its having a kernel, pandas knows that it writes for a page.
    """

    left: bool = False
    kernel: Any = None

    def showtraceback(self, exc_tuple: Any = None, *_: object, **__: object) -> None:
        """Tell the error itself: its traceback names files of this machine, and no page shows it."""
        kind, value, _trace = self._get_exc_info(exc_tuple)  # type: ignore[no-untyped-call]
        name = "UsageError" if kind is UsageError else kind.__name__
        _flush()
        _told(sortie="error", ename=name, evalue=_said(value))

    def showsyntaxerror(self, *_: object, **__: object) -> None:
        """Tell a cell that can't be read like any other error."""
        self.showtraceback()

    def showindentationerror(self) -> None:
        """Tell a cell that is not well indented like any other error."""
        self.showtraceback()

    def enable_gui(self, gui: str | None = None) -> None:
        """Open no window: figures are drawn in the page."""

    def ask_exit(self) -> None:
        """Note that a cell asked to end, as ``exit`` does: the rest of the notebook is not run."""
        self.left = True


class _Stream(io.TextIOBase):
    """A stream that tells whole lines as they come, from any thread."""

    encoding = "UTF-8"
    errors = "replace"

    def __init__(self, name: str, number: int) -> None:
        super().__init__()
        self.name = name
        self._number = number
        self._kept: list[str] = []
        self._lock = threading.RLock()

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._number

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if self.closed:
            raise ValueError("I/O operation on closed file")
        with self._lock:
            self._kept.append(text)
            if "\n" in text or len(self._kept) > 1000:
                self.flush()
        return len(text)

    def flush(self) -> None:
        with self._lock:
            kept, self._kept = "".join(self._kept), []
            if kept:
                _told(sortie="stream", name=self.name, text=kept)


def made() -> ZmqlessShell:
    """Make the shell, before any fork: it starts no thread and writes no history.

    Returns
    -------
    ZmqlessShell
        Its names are those of a new notebook.
    """
    # As a kernel of Jupyter does: figures left open at the end of a cell are shown under it.
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    options = Config()
    options.HistoryManager.enabled = False
    options.InteractiveShell.colors = "nocolor"
    shell: ZmqlessShell = ZmqlessShell.instance(config=options, display_pub_class=_Publisher, displayhook_class=_Hook)
    return shell


def listened(tell: Tell) -> None:
    """Send all that comes out of the cells to a function; called once, in the process of the notebook.

    Parameters
    ----------
    tell : callable
        Given a dictionary for each output, or for the wish to clear those of the cell.
    """
    _Listener.tell = tell
    sys.stdout, sys.stderr = _Stream("stdout", 1), _Stream("stderr", 2)


def ended_by(shell: ZmqlessShell, source: str) -> bool:
    """Run a cell, and say whether the notebook stops there.

    Parameters
    ----------
    shell : ZmqlessShell
        See `made`.
    source : str
        Code of the cell.

    Returns
    -------
    bool
        Whether it failed.
    """
    ended = shell.run_cell(source, store_history=True)  # type: ignore[no-untyped-call]
    _flush()
    return not ended.success


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, _Stream):
            stream.flush()


def _plain(data: Mapping[str, Any]) -> dict[str, Any]:
    """Write bytes as text, as a kernel does."""
    return {
        str(name): base64.b64encode(value).decode("ascii") if isinstance(value, bytes) else value
        for name, value in data.items()
    }


def _said(value: object) -> str:
    try:
        return str(value)
    except Exception:  # noqa: BLE001 an error that can't be written must still be told
        return "<unprintable error>"
