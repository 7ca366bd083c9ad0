"""What a notebook sent, put in its cells: plain data of known kinds, bounded, whatever was sent."""

from __future__ import annotations

import json
from collections import deque
from typing import TYPE_CHECKING, Any

from ctgeval.report.endings import BEGUN, MOST, REPLIED

if TYPE_CHECKING:
    from nbformat import NotebookNode

KEPT = 10**6
"""Characters of text that are kept of one cell, and of the rest once the notebook has written too much."""
CUT = "\n[… Sortie coupée : cette cellule a écrit plus d’un million de caractères.]\n"
MARK = b"\x00ctgeval-cellule\x00"
"""Ends what each cell wrote without passing by Python: both ways are read at their own pace."""
_STREAMS = ("stdout", "stderr")
# An output takes more memory than its text: many small ones must not fill that of who gathers them.
_WEIGHT = 1000
_LONGEST_ERROR = 2000

__all__ = ["CUT", "KEPT", "MARK", "Gathered"]


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
    left : bool
        Whether a cell asked to end the notebook.
    unwell : str
        Why the process could not run any cell, in its words.
    begun : int
        How many cells have begun.
    running : bool
        Whether one of them has not ended.
    """

    def __init__(self, notebook: NotebookNode) -> None:
        self.born = self.reached = self.failed = self.left = self.running = False
        self.unwell = ""
        self.begun = 0
        self._size = 0
        self._cells = notebook.cells
        self._now: int | None = None
        self._rest: list[bytes] = []
        self._raw = bytearray()
        self._segments: deque[bytes] = deque()
        # The cells that ended and wait for what they wrote without passing by Python; first, what came before them.
        self._ended: deque[tuple[int | None, bool]] = deque([(None, False)])
        self._clear = False
        self._named: dict[str, list[NotebookNode]] = {}
        self._texts: dict[int, int] = {}
        self._open: tuple[int, str, list[str]] | None = None

    @property
    def too_much(self) -> bool:
        """Whether more was received than a notebook may write."""
        return self._size > MOST

    def events(self, chunk: bytes) -> None:
        """Receive some bytes of the lines of JSON by which cells tell their outputs.

        Parameters
        ----------
        chunk : bytes
            They may end in the middle of a line.
        """
        self._size += len(chunk)
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
                self._take(event)

    def raw(self, chunk: bytes) -> None:
        """Receive what was written without passing by Python."""
        self._size += len(chunk)
        self._raw += chunk
        # A mark may be cut between two chunks; only what is new is looked at.
        if MARK[-1:] in chunk and MARK in self._raw[-len(chunk) - len(MARK) :]:
            *whole, rest = bytes(self._raw).split(MARK)
            self._segments += whole
            self._raw = bytearray(rest)
            self._settle()

    def close(self) -> None:
        """Put what was written last in the cell that was running, and cut what is too long to be read."""
        self._settle()
        if self._now is not None:
            self._print(self._now, "stdout", b"".join([*self._segments, bytes(self._raw)]))
        self._segments.clear()
        self._raw.clear()
        self._rest.clear()
        self._join()
        if self.too_much and self._now is not None:
            self._cut(self._now)

    def _take(self, event: dict[str, Any]) -> None:
        if event.get("ne") is True:
            self.born = True
        elif event.get("fin") is True:
            self.reached = True
        elif event.get("quitte") is True:
            self.left = True
        elif "malade" in event:
            self.unwell = self.unwell or _short(event["malade"])
        elif "cellule" in event:
            self._begin(event["cellule"])
        elif "faite" in event and self._now is not None:
            self._cells[self._now].metadata["execution"][REPLIED] = "oui"
            self._ended.append((self._now, self._clear))
            self._clear = self.running = False
            self._settle()
        elif event.get("efface") is True:
            self._wish_clear(wait=event.get("attend") is True)
        elif "sortie" in event:
            self._put(event)

    def _begin(self, rank: object) -> None:
        """Note that a cell begins: only ever one that comes later, whatever is told."""
        before = -1 if self._now is None else self._now
        if not isinstance(rank, int) or isinstance(rank, bool) or not before < rank < len(self._cells):
            return
        if self._cells[rank].cell_type == "code":
            self._join()
            self._now, self._clear, self.running = rank, False, True
            self._cells[rank].metadata["execution"] = {BEGUN: "oui"}
            self.begun += 1

    def _settle(self) -> None:
        """Give what was written without passing by Python to the cells that ended, in their order."""
        while self._segments and self._ended:
            (rank, clear), text = self._ended.popleft(), self._segments.popleft()
            if rank is not None and text:
                if clear:
                    self._empty(rank)
                self._print(rank, "stdout", text)

    def _print(self, rank: int, name: str, text: bytes | str) -> None:
        """Add some text to a cell, as long as a page can show it."""
        told = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        if not told:
            return
        if rank == self._now:
            self._cleared()
        had = self._texts.get(rank, 0)
        if had > KEPT:
            return
        self._texts[rank] = had + len(told)
        if had + len(told) > KEPT:
            told = told[: KEPT - had] + CUT
        if self._open is None or self._open[:2] != (rank, name):
            self._join()
            self._open = (rank, name, [])
        self._open[2].append(told)

    def _join(self) -> None:
        """Write what was printed in a row as one output."""
        if self._open is not None:
            rank, name, parts = self._open
            self._open = None
            self._cells[rank].outputs.append(
                _node({"output_type": "stream", "name": name, "text": "".join(parts)})
            )  # fmt: skip

    def _wish_clear(self, *, wait: bool) -> None:
        self._clear = True
        if not wait:
            self._cleared()

    def _cleared(self) -> None:
        if self._clear and self._now is not None:
            self._empty(self._now)
        self._clear = False

    def _empty(self, rank: int) -> None:
        self._join()
        self._cells[rank].outputs = []
        self._texts.pop(rank, None)

    def _put(self, event: dict[str, Any]) -> None:
        kind = event["sortie"]
        if kind == "stream":
            if self._now is not None:
                name = event.get("name")
                self._print(self._now, name if name in _STREAMS else "stdout", _text(event.get("text")))
        elif kind == "error":
            self.failed = True
            told = {"ename": _short(event.get("ename")), "evalue": _short(event.get("evalue"))}
            self._add({"output_type": "error", "traceback": [], **told})
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
        self._size += _WEIGHT
        if self._now is not None:
            self._cleared()
            self._join()
            self._cells[self._now].outputs.append(made)
        return made

    def _cut(self, rank: int) -> None:
        """Leave of a cell that wrote too much what a page can show, and say that the rest is missing."""
        kept, size = [], 0
        for output in self._cells[rank].outputs:
            size += sum(map(len, output.get("data", {}).values())) + len(output.get("text", "")) + _WEIGHT
            if size > KEPT + len(CUT) + _WEIGHT:
                kept.append(_node({"output_type": "stream", "name": "stdout", "text": CUT}))
                break
            kept.append(output)
        self._cells[rank].outputs = kept


def _node(value: dict[str, Any]) -> NotebookNode:
    import nbformat

    made: NotebookNode = nbformat.from_dict(value)  # type: ignore[no-untyped-call]
    return made


def _text(value: object) -> str:
    # Half of a pair of surrogates can't be written in UTF-8.
    return value.encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else ""


def _short(value: object) -> str:
    told = _text(value)
    return told if len(told) <= _LONGEST_ERROR else f"{told[:_LONGEST_ERROR]}…"


def _bundle(value: object) -> dict[str, Any]:
    """Keep the representations that are texts: no page shows another."""
    if not isinstance(value, dict):
        return {}
    return {_text(name): _text(one) for name, one in value.items() if isinstance(name, str) and isinstance(one, str)}
