"""A label is said once a column, whatever it holds, and a table that is not regular keeps its own."""

from __future__ import annotations

import re

import pytest

from ctgeval.report import html, labels


def table(*rows: str, name: str = "progres-tableau") -> str:
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f'<table class="table table-fiche" id="{name}" role="table"><tbody>{body}</tbody></table>'


def cell(label: str) -> str:
    return f'<td data-label="{label}" role="cell">1</td>'


ROW = f'<th scope="row">A</th>{cell("Avant")}{cell("Après")}'


def test_labels_go_to_the_style_once_a_column() -> None:
    kept, rules = labels.by_column(table(ROW, ROW))
    assert "data-label" not in kept
    assert rules == (
        '#progres-tableau{--c2:"Avant"}#progres-tableau{--c3:"Après"}@container (max-width: 36rem){'
        ".table-fiche td:nth-child(2)::before{content:var(--c2,attr(data-label))}"
        ".table-fiche td:nth-child(3)::before{content:var(--c3,attr(data-label))}}"
    )


def test_the_same_label_in_two_tables_is_one_rule() -> None:
    _, rules = labels.by_column(table(ROW) + table(ROW, name="autre"))
    assert rules.count("Avant") == 1
    assert '#progres-tableau,#autre{--c2:"Avant"}' in rules


@pytest.mark.parametrize(
    "page",
    [
        table(ROW, f'<th scope="row">B</th>{cell("Après")}{cell("Avant")}'),
        table(ROW, f'<th scope="row" colspan="2">B</th>{cell("Avant")}{cell("Après")}'),
        table(ROW) + table(ROW),
        table(ROW, name="1x"),
    ],
    ids=["other order", "spanned", "one name twice", "no identifier for a rule"],
)
def test_what_no_rule_would_say_rightly_stays_in_the_cells(page: str) -> None:
    assert labels.by_column(page) == (page, "")


@pytest.mark.parametrize("label", ["a&quot;b", "a\\b", "&lt;/style&gt;", "a&amp;b", "a\nb", "12\u202f%"])
def test_a_label_stays_inside_its_string(label: str) -> None:
    _, rules = labels.by_column(table(f'<th scope="row">A</th>{cell(label)}'))
    assert len(re.findall(r'--c2:"(?:[^"\\\n]|\\[0-9a-f]+ )*"', rules)) == 1
    assert "<" not in rules
    assert rules.count('"') == 2


def test_the_rules_of_a_page_are_in_its_style_and_its_policy_allows_them() -> None:
    body = html.body(f"<h1>T</h1>{table(ROW)}")
    assert "data-label" not in body.content
    assert body.style
    assert html.policy(html.stylesheet() + body.style) != html.policy(html.stylesheet())
