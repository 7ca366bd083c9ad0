from __future__ import annotations

import re
from dataclasses import replace
from types import SimpleNamespace

import pytest
from defusedxml.ElementTree import fromstring

from ctgeval.render import figures, theme, wording
from ctgeval.render.canvas import Drawing
from ctgeval.render.figures import Bar
from ctgeval.render.lines import Line
from ctgeval.render.view import View

ALLOWED = {
    "svg": {"class", "role", "focusable", "font-size", "viewBox", "aria-label"},
    "g": {"class", "fill", "font-size", "font-weight", "text-anchor"},
    "path": {"d", "transform", "class", "fill", "stroke", "stroke-width", "stroke-dasharray"},
    "text": {"x", "y", "transform", "class", "fill", "font-size", "font-weight", "text-anchor"},
}  # fmt: skip


@pytest.fixture(scope="module")
def view(full: SimpleNamespace) -> View:
    return View(full, "", "", "bilan_annuel")


def lines(view: View, indicator: str = "PE01") -> list[Line]:
    own = view.line(indicator)
    assert own is not None
    return [own, *view.compared(indicator)]


@pytest.fixture(scope="module")
def drawing(view: View) -> Drawing:
    return figures.trajectory(lines(view), view.indicator("PE01"), fictional=True)


def test_svg_holds_only_what_the_page_allows(drawing: Drawing) -> None:
    for element in fromstring(str(drawing.svg)).iter():
        assert set(element.attrib) <= ALLOWED[element.tag]


def test_svg_keeps_text_as_text_in_french(drawing: Drawing) -> None:
    texts = [element.text for element in fromstring(str(drawing.svg)).iter("text")]
    assert "CC des Trois Vallées d’Aubrelle\u202f: 54,7" in texts
    assert {"2019", "2024", "Données fictives – territoire fictif"} <= set(texts)


def test_texts_stay_readable_at_320_pixels(drawing: Drawing) -> None:
    root = fromstring(str(drawing.svg))
    width = float(root.get("viewBox", "").split()[2])
    sizes = [float(element.get("font-size", root.get("font-size", "0"))) for element in root.iter("text")]
    assert min(sizes) * 288 / width >= 11


def test_nothing_is_drawn_out_of_the_figure(drawing: Drawing) -> None:
    root = fromstring(str(drawing.svg))
    _, _, width, height = (float(part) for part in root.get("viewBox", "").split())
    for element in root.iter("text"):
        assert 0 <= float(element.get("x", "nan")) <= width
        assert 0 <= float(element.get("y", "nan")) <= height


def test_every_line_has_its_own_dash_and_marker(drawing: Drawing, view: View) -> None:
    for rank in range(len(lines(view))):
        assert f"s-serie-{rank + 1}" in drawing.svg
    dashes = set(re.findall(r'stroke-dasharray="([^"]+)"', str(drawing.svg)))
    assert len(dashes) == len(lines(view)) - 1


def test_alternative_tells_range_extremes_and_trend(drawing: Drawing) -> None:
    first = "CC des Trois Vallées d’Aubrelle\u202f: de 48,2 en 2019 à 54,7 en 2024, en hausse, au plus bas 48,2 en 2019"
    assert first in drawing.alternative
    assert "CC du Plateau\u202f: de 52,0 en 2019 à 49,4 en 2024, en baisse" in drawing.alternative
    assert drawing.alternative.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") in drawing.svg


def test_same_figure_gives_the_same_bytes(view: View, drawing: Drawing) -> None:
    assert figures.trajectory(lines(view), view.indicator("PE01"), fictional=True) == drawing


def test_masked_period_leaves_a_gap_with_its_mark(view: View) -> None:
    drawing = figures.trajectory(lines(view, "PE07"), view.indicator("PE07"), fictional=False)
    assert "⊘" in drawing.svg
    assert "non diffusable" in drawing.note
    assert "Valeur non diffusable au 1er semestre 2024." in drawing.alternative


def test_scale_that_does_not_start_at_zero_says_so(view: View, drawing: Drawing) -> None:
    assert "ne part pas de zéro" in drawing.note
    own = lines(view)[0]
    near_zero = replace(own, points=tuple(replace(p, value=p.value - 47, low=p.low, high=p.low) for p in own.points))
    assert "zéro" not in figures.trajectory([near_zero], view.indicator("PE01"), fictional=False).note


def test_bounds_are_drawn_and_said(view: View) -> None:
    drawing = figures.trajectory(lines(view, "AV02"), view.indicator("AV02"), fictional=False)
    assert "bornes" in drawing.note


def test_dollars_and_markup_in_names_stay_what_they_are(view: View) -> None:
    own = replace(lines(view)[0], name="Prix $x^2$ <script> & co")
    drawing = figures.trajectory([own], view.indicator("PE01"), fictional=False)
    assert "Prix $x^2$ &lt;script&gt; &amp; co" in drawing.svg
    assert "<script" not in drawing.svg


def test_more_lines_than_can_be_told_apart_are_refused(view: View) -> None:
    own = lines(view)[0]
    many = [replace(own, geo=f"COM-{rank}") for rank in range(len(theme.SERIES) + 1)]
    with pytest.raises(IndexError):
        figures.trajectory(many, view.indicator("PE01"), fictional=False)


def test_path_beyond_the_target_is_told_in_full_and_stays_inside(view: View) -> None:
    drawing = figures.paths([Bar("A", 3.2, wording.path(3.2))], alternative="x", fictional=False)
    assert "320\u202f%" in drawing.svg
    xs = [float(x) for x in re.findall(r"[ML](-?[\d.]+) ", str(drawing.svg))]
    assert max(xs) <= theme.WIDTH


def test_position_of_equal_values_does_not_divide_by_zero(view: View) -> None:
    drawing = figures.position("A", 5.0, [5.0] * 9, indicator=view.indicator("PE01"), fictional=False)
    assert "médiane 5,0" in drawing.svg
    assert "nan" not in drawing.svg
