"""What a notebook sent, put in its cells: plain data of known kinds, whatever was sent."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbformat import NotebookNode

_REPLIED = "shell.execute_reply"
_STREAMS = ("stdout", "stderr")
MARK = b"\x00ctgeval-cellule\x00"
"""Ends what each cell wrote without passing by Python: both ways are read at their own pace."""

__all__ = ["MARK", "Gathered"]


class Gathered:
    """The outputs of a notebook, as they come.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        Its cells receive them.

    Attributes
    ----------
    born : bool
        Whether the process got as far as running cells.
    reached : bool
        Whether it got to the end of the last.
    failed : bool
        Whether a cell told an error.
    size : int
        Bytes received.
    """

    def __init__(self, notebook: NotebookNode) -> None:
        self.born = self.reached = self.failed = False
        self.size = 0
        self._cells = notebook.cells
        self._now: int | None = None
        self._rest: list[bytes] = []
        self._raw: list[bytes] = []
        self._clear = False
        self._named: dict[str, list[NotebookNode]] = {}

    def events(self, chunk: bytes, *, raw: Callable[[], bytes]) -> None:
        """Receive some bytes of the lines of JSON by which cells tell their outputs.

        Parameters
        ----------
        chunk : bytes
            They may end in the middle of a line.
        raw : callable
            Returns what was written without passing by Python: asked at the end of each cell, where it is put.
        """
        self.size += len(chunk)
        # Joined once a line, not once a chunk: a line may be long.
        self._rest.append(chunk)
        if b"\n" not in chunk:
            return
        *lines, rest = b"".join(self._rest).split(b"\n")
        self._rest = [rest]
        for line in lines:
            try:
                event = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(event, dict):
                self._take(event, raw)

    def raw(self, chunk: bytes) -> None:
        """Receive what was written without passing by Python."""
        self.size += len(chunk)
        self._raw.append(chunk)

    def close(self, chunk: bytes) -> None:
        """Put what was written last in the cell that was running."""
        self.raw(chunk)
        self._settle_raw()

    def _take(self, event: dict[str, Any], raw: Callable[[], bytes]) -> None:
        if event.get("ne") is True:
            self.born = True
        elif event.get("fin") is True:
            self.reached = True
        elif "cellule" in event:
            rank = event["cellule"]
            known = isinstance(rank, int) and 0 <= rank < len(self._cells)
            self._now = rank if known and self._cells[rank].cell_type == "code" else None
            self._clear = False
        elif "faite" in event:
            self.raw(raw())
            before, found, after = b"".join(self._raw).partition(MARK)
            self._raw = [before if found else before + after]
            self._settle_raw()
            self._raw = [after] if found else []
            if self._now is not None:
                self._cells[self._now].metadata["execution"] = {_REPLIED: "oui"}
        elif event.get("efface") is True:
            self._wish_clear(wait=event.get("attend") is True)
        elif "sortie" in event:
            self._put(event)

    def _settle_raw(self) -> None:
        text, self._raw = b"".join(self._raw).replace(MARK, b"").decode("utf-8", "replace"), []
        if text:
            self._add({"output_type": "stream", "name": "stdout", "text": text})

    def _wish_clear(self, *, wait: bool) -> None:
        self._clear = wait
        if not wait and self._now is not None:
            self._cells[self._now].outputs = []

    def _put(self, event: dict[str, Any]) -> None:
        kind = event["sortie"]
        if kind == "stream":
            name = event.get("name")
            self._add(
                {
                    "output_type": "stream",
                    "name": name if name in _STREAMS else "stdout",
                    "text": _text(event.get("text")),
                }
            )
        elif kind == "error":
            self.failed = True
            told = {"ename": _text(event.get("ename")), "evalue": _text(event.get("evalue")), "traceback": []}
            self._add({"output_type": "error", **told})
        elif kind in ("display_data", "execute_result"):
            self._display(event, kind)

    def _display(self, event: dict[str, Any], kind: str) -> None:
        data, metadata = _bundle(event.get("data")), _bundle(event.get("metadata"))
        name = event.get("nom")
        known = self._named.setdefault(name, []) if isinstance(name, str) else []
        for output in known:
            output["data"], output["metadata"] = _node(data), _node(metadata)
        if event.get("remplace") is True:
            return
        count = {"execution_count": None} if kind == "execute_result" else {}
        known.append(self._add({"output_type": kind, "data": data, "metadata": metadata, **count}))

    def _add(self, output: dict[str, Any]) -> NotebookNode:
        made = _node(output)
        if self._now is not None:
            cell = self._cells[self._now]
            if self._clear:
                cell.outputs, self._clear = [], False
            cell.outputs.append(made)
        return made


def _node(value: dict[str, Any]) -> NotebookNode:
    import nbformat

    made: NotebookNode = nbformat.from_dict(value)  # type: ignore[no-untyped-call]
    return made


def _text(value: object) -> str:
    # Half of a pair of surrogates can't be written in UTF-8.
    return value.encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else ""


def _bundle(value: object) -> dict[str, Any]:
    """Keep the representations that are texts: no page shows another."""
    if not isinstance(value, dict):
        return {}
    return {_text(name): _text(one) for name, one in value.items() if isinstance(name, str) and isinstance(one, str)}
