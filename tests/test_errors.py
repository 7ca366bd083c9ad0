"""The tree of errors: what each one says, how it travels, how an unknown name is helped."""

from __future__ import annotations

import pickle
import re

import pytest
from hypothesis import given, strategies as st

from ctgeval import errors
from ctgeval.errors import CtgevalError, NotAdditive, Problem, SourceError, near, suggestion

CLASSES = sorted(
    (value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, CtgevalError)),
    key=lambda kind: kind.__name__,
)
FULL = {
    "remedy": "Corrigez la cellule.",
    "file": "budget.csv",
    "sheet": "budget",
    "row": 12,
    "column": "montant",
    "key": "source.cle",
    "value": "1,2,3",
}


def test_the_tree_of_the_docstring_is_that_of_the_classes() -> None:
    drawn = re.findall(r"^( *)- (\w+)", errors.__doc__ or "", re.MULTILINE)
    parents: list[str] = []
    tree = {}
    for indent, name in drawn:
        depth = len(indent) // 4
        parents[depth:] = [name]
        tree[name] = parents[depth - 1] if depth else "Exception"
    assert tree == {kind.__name__: kind.__mro__[1].__name__ for kind in CLASSES}
    assert {kind.__name__ for kind in CLASSES} <= set(errors.__all__)


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_an_error_says_what_where_which_value_and_what_to_do(kind: type[CtgevalError]) -> None:
    error = kind("Le montant n’est pas un nombre.", **FULL)  # type: ignore[arg-type]
    assert str(error) == (
        "Le montant n’est pas un nombre. (fichier budget.csv, feuille « budget », ligne 12, colonne « montant », "
        "clé « source.cle », valeur lue « 1,2,3 ») → Corrigez la cellule."
    )
    assert kind.__doc__


def test_what_is_not_known_is_not_told() -> None:
    assert str(CtgevalError("Rien ne va.")) == "Rien ne va."
    assert str(Problem(message="Vide.", row=0)) == "Vide. (ligne 0)"


def test_several_problems_are_told_one_per_line() -> None:
    problems = [Problem(message="Un.", file="a.csv"), Problem(message="Deux.", severity="avertissement")]
    error = SourceError("Deux problèmes.", problems=problems)
    assert error.problems == tuple(problems)
    assert str(error).splitlines() == ["Deux problèmes.", "  - Un. (fichier a.csv)", "  - Deux."]


def test_an_error_comes_back_whole_from_another_process() -> None:
    error = NotAdditive("Une médiane ne s’additionne pas.", problems=[Problem(message="Un.")], **FULL)  # type: ignore[arg-type]
    back = pickle.loads(pickle.dumps(error))  # noqa: S301  (our own bytes)
    assert type(back) is NotAdditive
    assert (str(back), back.problem, back.problems) == (str(error), error.problem, error.problems)


def test_a_problem_is_a_plain_dictionary_on_demand() -> None:
    problem = Problem(message="Un.", **FULL)  # type: ignore[arg-type]
    assert problem.as_dict() == {"message": "Un.", **FULL, "severity": "bloquant"}


def test_an_unknown_name_lists_the_near_ones() -> None:
    known = ["insee.filosofi", "insee.population", "caf.taux_couverture"]
    assert near("Insee.Filosophi", known) == ["insee.filosofi"]
    assert suggestion("insee.populations", known) == "Vouliez-vous dire « insee.population » ?"
    assert suggestion("zzz", known) == ""


@given(st.text(max_size=20), st.lists(st.text(max_size=20), max_size=10))
def test_near_names_are_candidates_the_word_itself_first(word: str, others: list[str]) -> None:
    found = near(word, [*others, word])
    assert set(found) <= {*others, word}
    assert len(found) == len(set(found)) <= 3
    assert not word or found[0].casefold() == word.casefold()


def test_a_code_typed_without_its_zeros_is_found_first() -> None:
    assert near("PE1", ["PE14", "PE13", "PE12", "PE01"])[0] == "PE01"
    assert near("CO02", ["CO20", "CO2"])[0] == "CO2"
