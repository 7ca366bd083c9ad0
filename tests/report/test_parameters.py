from __future__ import annotations

import ast
import json

import pytest
from hypothesis import example, given, strategies as st
from nbformat.v4 import new_code_cell, new_notebook
from papermill.parameterize import parameterize_notebook

from ctgeval import checks
from ctgeval.errors import ParameterError
from ctgeval.report.parameters import check, schema

DECLARED = schema(
    {
        "ctgeval": {
            "parametres": {
                "periode": {"type": "texte", "description": "Période."},
                "nombre": {"type": "entier"},
                "part": {"type": "nombre"},
                "detail": {"type": "booleen"},
            }
        }
    }
)


def test_the_shipped_notebooks_declare_what_the_bilans_give_them() -> None:
    for path in checks.notebooks().values():
        declared = schema(json.loads(path.read_text(encoding="utf-8"))["metadata"], notebook=path.name)
        own = {"impact": {"dispositif"}, "observation": {"depuis"}}.get(path.stem, set())
        assert set(declared) == {"release", "territoire", "periode"} | own
        assert all(parameter.description for parameter in declared.values())


def test_an_unknown_name_is_refused_with_the_near_one() -> None:
    with pytest.raises(ParameterError, match="« periode »"):
        check({"perode": "2024"}, DECLARED)


@pytest.mark.parametrize("name", ['b=1;__import__("os").getcwd()#', "class", "", "a b", "1a", "é"])
def test_a_name_that_is_not_a_plain_identifier_is_refused(name: str) -> None:
    with pytest.raises(ParameterError):
        check({name: "x"}, DECLARED)
    with pytest.raises(ParameterError, match="nom inutilisable"):
        schema({"ctgeval": {"parametres": {name: {"type": "texte"}}}})


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("periode", 2025, "n’est pas du type « texte »"),
        ("periode", None, "n’est pas du type"),
        ("periode", ["2025"], "n’est pas du type"),
        ("nombre", True, "n’est pas du type « entier »"),
        ("nombre", 1.5, "n’est pas du type « entier »"),
        ("part", float("nan"), "nombre fini"),
        ("part", float("-inf"), "nombre fini"),
        ("detail", 1, "n’est pas du type « booleen »"),
        ("periode", "x" * 201, "201 caractères : 200 au plus"),
        ("periode", "2025\n2026", "caractères de contrôle"),
        ("periode", "\u202e2025", "caractères de contrôle"),
        ("periode", "\ud800", "caractères de contrôle"),
    ],
)
def test_a_value_that_is_not_plain_is_refused(name: str, value: object, said: str) -> None:
    with pytest.raises(ParameterError, match=said) as caught:
        check({name: value}, DECLARED)
    str(caught.value).encode("utf-8")


def test_a_declaration_that_can_not_be_used_is_refused() -> None:
    with pytest.raises(ParameterError, match="ne déclare aucun paramètre"):
        schema({})
    with pytest.raises(ParameterError, match="« texte »"):
        schema({"ctgeval": {"parametres": {"periode": {"type": "text"}}}})


KINDS = {"texte": st.text(max_size=250), "entier": st.integers(), "nombre": st.floats(), "booleen": st.booleans()}
NAMES = st.one_of(
    st.text(max_size=30),
    st.from_regex(r"[a-z_]\w{0,8}([=;#(\n ]\w{0,4})?", fullmatch=True),
    st.sampled_from(
        ['b=1;__import__("os").getcwd()#', "class", "match", "a\nb", "x: int", "*a", "ﬁn", "a.b", "a[0]", "__x__"]
    ),
)


@st.composite
def asked(draw: st.DrawFn) -> dict[str, tuple[str, object]]:
    """Names of any spelling, each with a kind and a value, most often of that kind."""
    found = {}
    for name in draw(st.lists(NAMES, max_size=4, unique=True)):
        kind = draw(st.sampled_from(sorted(KINDS)))
        found[name] = (kind, draw(st.one_of(KINDS[kind], *KINDS.values(), st.none(), st.lists(st.text(), max_size=2))))
    return found


def injected(values: dict[str, object]) -> str:
    """The cell that Papermill adds to a notebook."""
    cell = new_code_cell("", metadata={"tags": ["parameters"]})
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = new_notebook(cells=[cell], metadata={"kernelspec": kernel, "papermill": {}})
    made = parameterize_notebook(notebook, values, kernel_name="python3", language="python")
    (found,) = [one for one in made.cells if "injected-parameters" in one.metadata.tags]
    return str(found.source)


@given(asked())
@example({'b=1;__import__("os").getcwd()#': ("entier", 1)})
@example({"periode": ("texte", '"; import os #'), "__x__": ("nombre", -0.0)})
@example({"periode": ("texte", "\\"), "n": ("entier", -(10**40)), "part": ("nombre", 1e308)})
@example({"periode": ("texte", r"{x.__class__} %s \N{BULLET} \x00 é 🙂"), "detail": ("booleen", True)})
@example({"periode": ("texte", "'''"), "autre": ("texte", '"""\\')})
def test_the_cell_that_is_injected_holds_literal_assignments_only(given_values: dict[str, tuple[str, object]]) -> None:
    accepted: dict[str, object] = {}
    for name, (kind, value) in given_values.items():
        try:
            declared = schema({"ctgeval": {"parametres": {name: {"type": kind}}}})
            accepted |= check({name: value}, declared)
        except ParameterError as refused:
            str(refused).encode("utf-8", "backslashreplace")
    if not accepted:
        return
    tree = ast.parse(injected(accepted))
    assert all(isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) for node in tree.body)
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Call | ast.Attribute | ast.Import)]
    read = {node.targets[0].id: ast.literal_eval(node.value) for node in tree.body}
    assert read == accepted
    assert {name: type(value) for name, value in read.items()} == {
        name: type(value) for name, value in accepted.items()
    }


@given(NAMES)
def test_a_name_that_no_notebook_declares_is_never_handed_over(name: str) -> None:
    if name in DECLARED:
        return
    with pytest.raises(ParameterError):
        check({name: "x", "periode": "2025"}, DECLARED)
