"""Figures and tables of an author's own notebook: what they say, what they refuse, and that a page takes them."""

from __future__ import annotations

import re

import matplotlib.pyplot as plt
import pandas as pd
import pytest
import seaborn as sns
from hypothesis import given, strategies as st

from ctgeval import render
from ctgeval.errors import ReportError
from ctgeval.render import described

VALUES = pd.DataFrame({"Année": [2019, 2020, 2021], "Eaje": [40.0, 46.5, 43.25], "Alsh": [12.0, None, 12.0]})


def draw(values: pd.DataFrame = VALUES, **options: str) -> str:
    with render.drawing() as axes:
        sns.lineplot(values.set_index(values.columns[0]), markers=True, ax=axes)
    return str(render.figure(axes, caption="Les places", values=values, **options))


def alternative(html: str) -> str:
    (found,) = re.findall('aria-label="([^"]*)"', html)
    return found.replace("\u202f", " ").replace("\u00a0", " ")


def test_an_alternative_tells_ends_trend_extremes_and_what_is_missing() -> None:
    assert alternative(draw(unit="places", about="L’accueil collectif a gagné des places")) == (
        "L’accueil collectif a gagné des places. Les places, en places. "
        "Eaje : de 40,0 (2019) à 43,3 (2021), en hausse, au plus bas 40,0 (2019), au plus haut 46,5 (2020). "
        "Alsh : 12 partout. 1 valeur non disponible."
    )


def test_rows_that_are_no_moments_have_no_trend() -> None:
    places = pd.DataFrame({"Commune": ["Civray", "Gençay", "Ayron"], "Places": [12, 40, 7]})
    told = described.values(described.framed(places, caption="x"), "Les places, par commune", "")
    assert told.replace("\u202f", " ") == (
        "Les places, par commune. Places : au plus bas 7 (Ayron), au plus haut 40 (Gençay)."
    )


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ([None, None], "x. A : aucune valeur disponible."),
        ([None, 3.0], "x. A : 3 (2020). 1 valeur non disponible."),
        ([3.0, 3.0], "x. A : 3 partout."),
    ],
)
def test_few_values_are_told_as_they_are(numbers: list[float | None], expected: str) -> None:
    frame = described.framed(pd.DataFrame({"Année": [2019, 2020], "A": pd.Series(numbers, dtype=float)}), caption="x")
    assert described.values(frame, "x", "").replace("\u202f", " ").replace("\u00a0", " ") == expected


def test_beyond_eight_columns_the_rest_is_counted() -> None:
    frame = pd.DataFrame({"Année": [2019, 2020], **{f"C{rank}": [rank, rank + 1] for rank in range(11)}})
    assert "3\u00a0autres colonnes dans le tableau" in described.values(frame, "x", "")


def test_the_table_of_the_values_follows_the_figure() -> None:
    html = draw(unit="places")
    assert html.index("</figure>") < html.index("<details") < html.index("<table")
    assert 'aria-labelledby="figure-les-places"' in html
    assert '<th scope="row">2019</th>' in html
    assert "non disponible" in html
    assert "Unité\u202f: places." in html


def test_lines_bear_the_colours_dashes_and_numbers_of_a_bilan() -> None:
    html = draw()
    assert "s-serie-1" in html
    assert len(set(re.findall(r'stroke-dasharray="([^"]+)"', html))) >= 1
    assert "fig-claire" not in html
    assert not re.search(r">\d+\.\d+<", html)


def test_other_colours_are_shown_on_white_and_a_cloud_keeps_its_own() -> None:
    cloud = pd.DataFrame({"x": [1, 2, 3, 4], "y": [4, 5, 6, 7], "g": list("aabb")})
    with render.drawing() as axes:
        sns.scatterplot(cloud, x="x", y="y", hue="g", palette=["#112233", "#445566"], ax=axes)
    html = str(render.figure(axes, caption="Un nuage", values=cloud[["g", "y"]]))
    assert 'class="fig fig-claire"' in html
    assert {"#112233", "#445566"} <= set(re.findall('fill="(#[0-9a-f]{6})"', html))


def test_a_figure_a_grid_and_a_figure_of_pyplot_are_taken_and_nothing_else() -> None:
    grid = sns.FacetGrid(VALUES.melt("Année"), col="variable")
    for drawn in (grid, grid.figure, grid.axes[0, 0]):
        assert "<svg" in str(render.figure(drawn, caption="Une grille", values=VALUES))
    plt.close(grid.figure)
    with pytest.raises(ReportError, match=r"n’est pas une figure"):
        render.figure("courbe.png", caption="Une image", values=VALUES)


@pytest.mark.parametrize(
    ("frame", "caption", "told"),
    [
        (VALUES, " ", "pas de titre"),
        (VALUES.head(0), "Vide", "manquent"),
        (VALUES[["Année"]], "Sans nombre", "manquent"),
        (pd.DataFrame({"Année": range(500), "A": range(500)}), "Tout", "500 lignes"),
        (pd.DataFrame([[1, 2]], columns=["A", "A"]), "Doubles", "le même nom"),
        (pd.DataFrame([[1, 2]], columns=["A", " "]), "Sans nom", "le même nom"),
    ],
)
def test_what_nobody_could_read_is_refused_with_its_remedy(frame: pd.DataFrame, caption: str, told: str) -> None:
    with pytest.raises(ReportError, match=told) as refused:
        described.framed(frame, caption=caption)
    assert refused.value.problem.remedy


def test_a_height_that_no_page_holds_is_refused() -> None:
    with pytest.raises(ReportError, match="hauteur"), render.drawing(5000):
        pass


def test_tables_name_their_rows_and_write_french() -> None:
    frame = pd.DataFrame(
        {"Places": [12345.0, None], "Ouvert": [True, False], "Le": pd.to_datetime(["2024-01-01", "2024-02-02"])},
        index=pd.Index(["Civray", "Gençay"], name="Commune"),
    )
    html = str(render.table(frame, caption="L'accueil", unit="EUR", sources=["Insee, 2024"], notes=["À lire ?"]))
    assert '<th scope="col" role="columnheader">Commune</th>' in html
    assert "12\u202f345" in html
    assert ">oui<" in html
    assert ">1er janvier 2024<" in html
    assert "non disponible" in html
    assert "Unité\u202f: euros." in html
    assert "<caption>L’accueil" in html
    assert "Insee, 2024" in html


def test_columns_of_several_levels_have_one_name() -> None:
    frame = pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("Nom", ""), ("A", "B")]))
    assert list(described.framed(frame, caption="x").columns) == ["Nom", "A – B"]


@given(st.lists(st.floats(-1e6, 1e6) | st.none(), min_size=1, max_size=6), st.text(min_size=1, max_size=8))
def test_no_values_and_no_name_make_the_description_fail(numbers: list[float | None], name: str) -> None:
    frame = pd.DataFrame({"Rang": [f"r{rank}" for rank in range(len(numbers))], "A": pd.Series(numbers, dtype=float)})
    told = described.values(frame, name, "")
    assert told.count("r") >= 1
    assert "nan" not in told
