from __future__ import annotations

import re
from importlib.resources import files

import pytest

from ctgeval.render import theme


@pytest.mark.parametrize("colour", [*theme.SERIES, theme.INK, theme.MUTED])
def test_what_is_drawn_on_white_can_be_seen(colour: str) -> None:
    assert theme.contrast(colour, theme.PAPER) >= 4.5


@pytest.mark.parametrize("colour", theme.DARK)
def test_what_is_drawn_on_the_dark_page_can_be_seen(colour: str) -> None:
    assert theme.contrast(colour, "#16181d") >= 4.5


def test_contrast_of_black_on_white_is_that_of_wcag() -> None:
    assert theme.contrast("#000000", "#ffffff") == pytest.approx(21)


def test_no_two_series_share_colour_dash_or_marker() -> None:
    styles = [theme.style(rank) for rank in range(len(theme.SERIES))]
    for name in ("colour", "dash", "marker"):
        assert len({getattr(style, name) for style in styles}) == len(styles)


def test_style_sheet_has_the_colours_of_the_theme_in_light_and_dark() -> None:
    css = files("ctgeval.render").joinpath("templates/render.css").read_text(encoding="utf-8")
    light, dark = (
        dict(re.findall(r"--(serie-\d+): (#\w+)", part)) for part in css.split("(prefers-color-scheme: dark)")
    )
    assert light == {f"serie-{rank}": colour for rank, colour in enumerate(theme.SERIES, start=1)}
    assert dark == {f"serie-{rank}": colour for rank, colour in enumerate(theme.DARK, start=1)}
    for name in theme.NAMES.values():
        assert f".f-{name}" in css
        assert f".s-{name}" in css


def test_style_sheet_loads_nothing() -> None:
    css = files("ctgeval.render").joinpath("templates/render.css").read_text(encoding="utf-8")
    assert not re.search(r"url\(|@import|@font-face", css)
