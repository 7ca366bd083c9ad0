from __future__ import annotations

import re
from importlib.resources import files

import numpy as np
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


DEFICIENCIES = {
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}
"""Machado, Oliveira and Fernandes (2009), at full severity, on linear RGB."""
SIDE_BY_SIDE = ((0, 1), (0, 4), (0, 5))
"""Series that fill surfaces of a same figure; lines have their dashes and their markers besides."""


def seen(colour: str, deficiency: str) -> np.ndarray:
    """Return a colour in CIELAB as it is seen."""
    channels = np.array([int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    linear = np.clip(np.array(DEFICIENCIES[deficiency]) @ linear, 0, 1)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    ratio = to_xyz @ linear / np.array([0.9505, 1.0, 1.089])
    f = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("palette", [theme.SERIES, theme.DARK], ids=["light", "dark"])
@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_surfaces_differ_to_those_who_see_colours_otherwise(palette: tuple[str, ...], deficiency: str) -> None:
    for one, other in SIDE_BY_SIDE:
        distance = float(np.linalg.norm(seen(palette[one], deficiency) - seen(palette[other], deficiency)))
        assert distance >= 10, (one, other, distance)


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_classes_of_a_map_stay_in_their_order_for_everybody(deficiency: str) -> None:
    for palette in (theme.SEQUENTIAL, theme.SEQUENTIAL_DARK):
        lightness = [float(seen(colour, deficiency)[0]) for colour in palette]
        steps = np.diff(lightness)
        assert (steps < -7).all() or (steps > 7).all(), lightness
