from __future__ import annotations

import ast
import json

import pytest
from hypothesis import given, strategies as st
from papermill.translators import PythonTranslator

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
        own = {"dispositif"} if path.stem == "impact" else set()
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


@given(st.dictionaries(st.sampled_from([*DECLARED, "autre"]), st.text(max_size=250) | st.integers() | st.floats()))
def test_what_is_accepted_is_written_as_literals_only(values: dict[str, object]) -> None:
    try:
        accepted = check(values, DECLARED)
    except ParameterError:
        return
    tree = ast.parse(PythonTranslator.codify(accepted))
    assert {node.targets[0].id: ast.literal_eval(node.value) for node in tree.body} == accepted
