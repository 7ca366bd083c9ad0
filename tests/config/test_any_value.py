"""Whatever stands in the place of a value, the file gives problems or a configuration, never a traceback."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from ctgeval import config
from ctgeval.config import toml
from tests.examples import examples

ANY = st.recursive(
    st.one_of(
        st.none().map(lambda _: {}),
        st.booleans(),
        st.integers(-3, 3000),
        st.floats(allow_nan=True),
        st.sampled_from(["", "GRP-x", "FRANCE", "COM-86082", "comparaison", "2025", "é\t", "convention", "\x00"]),
        st.text(max_size=5),
        st.dates(),
        st.datetimes(),
        st.times(),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["code", "cle", "COM-86082", "é"]), inner, max_size=2),
    ),
    max_leaves=4,
)


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from places(item, (*path, key))


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of its own: what a missing file may be mistaken for is looked for in the whole dossier."""
    return tmp_path_factory.mktemp("vide")


@examples(150)
@given(data=st.data())
def test_one_value_replaced_by_any_other(data: st.DataObject, dossier_text: str, empty: Path) -> None:
    values = tomllib.loads(dossier_text)
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(list(places(values))))
        inside: Any = values
        for part in path[:-1]:
            inside = inside[part]
        inside[path[-1]] = data.draw(ANY)
        if not list(places(values)):
            break
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(toml, "read", lambda _folder: (toml.Document(toml.tuples(values), {}), []))
        found, problems = config.check(empty)
    assert found is not None or any(problem.severity == "bloquant" for problem in problems)
    assert all(problem.message and problem.remedy for problem in problems)
