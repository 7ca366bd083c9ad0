"""What an executed notebook shows, as raw HTML."""

from __future__ import annotations

import re
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from ctgeval.report import export, html


def shown(*outputs: Any) -> str:
    notebook = new_notebook(cells=[new_code_cell("secret = 1", outputs=list(outputs))])
    nbformat.validate(notebook)
    return export.raw(notebook)


def printed(text: str, name: str = "stdout") -> Any:
    return new_output("stream", name=name, text=text)


def test_the_export_shows_prose_and_outputs_without_code_nor_warning() -> None:
    notebook = new_notebook(
        cells=[
            new_markdown_cell("## Titre\n\nUn *mot*."),
            new_code_cell(
                "secret = 1",
                outputs=[
                    new_output("stream", name="stderr", text="FutureWarning"),
                    new_output("stream", name="stdout", text="<b>texte</b>"),
                    new_output("display_data", data={"text/html": "<p>page</p>", "text/plain": "objet"}),
                    new_output("display_data", data={"application/javascript": "alert(1)", "text/plain": "js"}),
                    new_output("display_data", data={"image/png": "iVBORw0KGgo=", "text/plain": "<Figure>"}),
                    new_output("error", ename="KeyError", evalue="x", traceback=["Traceback"]),
                ],
            ),
        ]
    )
    nbformat.validate(notebook)
    text = html.sanitise(export.raw(notebook))
    assert "<h2>Titre</h2>" in text
    assert "<em>mot</em>" in text
    assert "<p>page</p>" in text
    assert "&lt;b&gt;texte&lt;/b&gt;" in text
    assert "pas d’équivalent textuel" in text
    for hidden in ("secret", "FutureWarning", "alert", "Traceback", "<img", "¶"):
        assert hidden not in text


@pytest.mark.parametrize("kind", ["display_data", "execute_result"])
def test_of_several_representations_the_best_is_shown(kind: str) -> None:
    given = {
        "text/plain": "<simple>",
        "image/png": "iVBORw0KGgo=",
        "text/markdown": "*prose*",
        "text/html": "<p>page</p>",
        "text/latex": "$x$",
    }
    for best in (r"<p>page</p>", r"<em>prose</em>", r"pas d’équivalent textuel", r"&lt;simple&gt;"):
        assert re.search(best, shown(new_output(kind, data=given)))
        given.pop(next(name for name in ("text/html", "text/markdown", "image/png", "text/plain") if name in given))
    assert shown(new_output(kind, data=given)) == ""


def test_what_a_cell_printed_in_a_row_is_one_text() -> None:
    cut = shown(printed("un\nde"), printed("gronde", "stderr"), printed("ux\n"))
    assert cut == shown(printed("un\ndeux\n"))
    apart = shown(printed("un"), new_output("display_data", data={"text/html": "<hr>"}), printed("deux"))
    assert apart.count("<pre") == 2


def test_a_line_written_over_is_shown_once() -> None:
    assert shown(printed("10 %\r"), printed("99 %\r100 %\n")) == shown(printed("100 %\n"))
    assert "fin" in shown(printed("fin\r\n"))


def test_an_image_attached_to_prose_is_given_with_it() -> None:
    attached = {"carte.png": {"image/png": "iVBORw0KGgo="}}
    cell = new_markdown_cell("![La carte](attachment:carte.png)", attachments=attached)
    text = html.sanitise(export.raw(new_notebook(cells=[cell, new_markdown_cell("## Suite")])))
    assert 'src="data:image/png;base64,iVBORw0KGgo="' in text
    assert "<h2>Suite</h2>" in text


def test_prose_reads_as_nbconvert_reads_it() -> None:
    from nbconvert import HTMLExporter

    source = "# Un\n\nUne *liste* :\n\n- $a_1 < b_2$\n- `code`\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n\n[lien](https://exemple.fr)"
    notebook = new_notebook(cells=[new_markdown_cell(source)])
    theirs, _ = HTMLExporter(template_name="basic", exclude_anchor_links=True).from_notebook_node(notebook)
    ours = html.sanitise(export.raw(notebook))
    assert re.sub(r"\s", "", _inside(ours)) == re.sub(r"\s", "", _inside(html.sanitise(theirs)))


def _inside(page: str) -> str:
    found = re.search(r"<h1.*</p>", page, re.DOTALL)
    assert found
    return found.group()


def test_the_words_of_a_notebook_get_their_french_marks_and_its_code_none() -> None:
    source = (
        '## L\'accueil : "quoi" ?\n\nLe 1 janvier 2024, 3.5 % à 10:30, voir [elle](https://exemple.fr/a?b=1 "a : b").'
        '\n\n`a ; b ? 3.5 %`\n\n    if a : b ; c\n\n<abbr title="dit &quot;EAJE&quot; : l\'accueil">EAJE</abbr> ; fin'
    )
    text = html.sanitise(export.raw(new_notebook(cells=[new_markdown_cell(source)])))
    assert "L’accueil\u202f: «\u202fquoi\u202f»\u202f?" in text
    assert "Le 1er janvier 2024, 3,5\u202f% à 10:30" in text
    assert 'href="https://exemple.fr/a?b=1"' in text
    assert "<code>a ; b ? 3.5 %</code>" in text
    assert "if a : b ; c" in text
    assert "EAJE</abbr>\u202f; fin" in text
    marked = new_notebook(
        cells=[new_code_cell("x", outputs=[new_output("display_data", data={"text/markdown": "a ; b"})])]
    )
    assert "a\u202f; b" in export.raw(marked)


@pytest.mark.parametrize("attack", ['<a title="&quot; onclick=x() a=&quot;">y</a>', "&quot;><img src=x onerror=x()>"])
def test_no_quote_of_an_attribute_is_opened_by_typography(attack: str) -> None:
    text = html.sanitise(export.raw(new_notebook(cells=[new_markdown_cell(f"Texte : {attack}")])))
    assert not re.search(r"<[^>]*\son\w+=", re.sub(r'"[^"]*"', '""', text))
