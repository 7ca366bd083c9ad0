"""The prose and the outputs of an executed notebook, as raw HTML: no code, no prompt, no error.

Markdown is read as nbconvert reads it. Its exporter is not used: it copies the notebook, compiles a template for each
kind of output and reads the whole page again, images included, for what a bilan does not show.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from markupsafe import escape

from ctgeval import prose

if TYPE_CHECKING:
    from nbconvert.filters.markdown_mistune import MarkdownWithMath
    from nbformat import NotebookNode

_PRIORITY = ("text/html", "text/markdown", "image/svg+xml", "image/png", "image/jpeg", "text/plain")
_NO_WORDS = '\n<p class="note">Figure non reproduite : elle n’a pas d’équivalent textuel.</p>\n'
# What was written before a carriage return is written over, as on a terminal.
_WRITTEN_OVER = re.compile(r".*\r(?=[^\n])")

_QUOTED = re.compile(r"(<[^<>]*>)|&quot;")

__all__ = ["raw"]


def raw(notebook: NotebookNode) -> str:
    """Return what a notebook shows.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        Executed; standard error and error outputs are left out.
    """
    parts: list[str] = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            parts.append(_prose(cell.source, cell.get("attachments", {})))
        elif cell.cell_type == "code":
            parts.extend(_shown(cell.get("outputs", [])))
    return "".join(parts)


def _shown(outputs: list[NotebookNode]) -> Iterator[str]:
    printed = ""
    for output in outputs:
        if output.output_type == "stream":
            # What a cell printed in a row is one text, however it was cut on the way.
            printed += output.text if output.name == "stdout" else ""
            continue
        if printed:
            yield _printed(printed)
            printed = ""
        if output.output_type in {"display_data", "execute_result"}:
            yield _best(output.data)
    if printed:
        yield _printed(printed)


def _best(data: NotebookNode) -> str:
    kind = next((kind for kind in _PRIORITY if kind in data), "")
    if kind == "text/html":
        return f"\n{data[kind]}\n"
    if kind == "text/markdown":
        return _prose(data[kind], {})
    if kind == "text/plain":
        return _verbatim(data[kind])
    return _NO_WORDS if kind else ""


def _printed(text: str) -> str:
    return _verbatim(_WRITTEN_OVER.sub("", text) if "\r" in text else text)


def _verbatim(text: str) -> str:
    return f'\n<pre class="sortie">{escape(text)}</pre>\n'


def _prose(text: str, attachments: Any) -> str:
    markdown = _markdown(attachments) if attachments else _plain_markdown()
    return f'\n<div class="texte">\n{_typeset(markdown.render(text))}\n</div>\n'


def _typeset(html: str) -> str:
    """Give the words of some HTML their French typography: quotes are told from those of attributes first."""
    return prose.typography(_QUOTED.sub(lambda found: found.group(1) or '"', html))


@lru_cache(maxsize=1)
def _plain_markdown() -> MarkdownWithMath:
    return _markdown({})


def _markdown(attachments: Any) -> MarkdownWithMath:
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    renderer = IPythonRenderer(
        escape=False,
        attachments=attachments,
        embed_images=False,
        path="",
        anchor_link_text="",
        exclude_anchor_links=True,
    )
    return MarkdownWithMath(renderer=renderer)
