"""A small table in French for a notebook: caption, headers with their scope, every text escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ctgeval import french

__all__ = ["html_table"]


def html_table(caption: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table as HTML, the first cell of each row naming it.

    Parameters
    ----------
    caption : str
    columns : sequence of str
        Title of each column.
    rows : sequence of sequence of str
        Cells already written in French.
    """
    head = "".join(f'<th scope="col">{_text(column)}</th>' for column in columns)
    body = "".join(
        f'<tr><th scope="row">{_text(first)}</th>{"".join(f"<td>{_text(cell)}</td>" for cell in rest)}</tr>'
        for first, *rest in rows
    )
    return f"<table><caption>{_text(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _text(content: str) -> str:
    return escape(french.typography(content))
