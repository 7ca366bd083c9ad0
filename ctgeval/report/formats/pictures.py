"""The figures of a bilan as pictures, for the software that does not draw SVG."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import dataclass
from xml.etree.ElementTree import Element, tostring

from ctgeval.errors import ParameterError
from ctgeval.report.formats import content, shell

__all__ = ["Picture", "drawn", "given"]

_ZOOM = 2
_COLOURS = 64
_MOST_DOTS = 2400
_USUAL = (380.0, 240.0)
_WIDTH = 9.6
"""In centimetres, of a figure: 200 dots an inch at that zoom."""
_DOTS = 96 / 2.54
_WIDEST, _TALLEST = 17.0, 21.0


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture to put in a text document.

    Parameters
    ----------
    data : bytes
        The file.
    extension : str
        ``png``, ``jpeg``, ``gif`` or ``webp``.
    width, height : float
        In centimetres, as it must be shown.
    alternative : str
        What it shows.
    """

    data: bytes
    extension: str
    width: float
    height: float
    alternative: str


def drawn(drawing: Element) -> Picture | None:
    """Return a figure drawn as SVG as a PNG picture, twice as fine as on a screen; nothing when it can't be drawn.

    Parameters
    ----------
    drawing : Element
        An ``svg``.

    Raises
    ------
    ParameterError
        When the library that draws it is not there.
    """
    from PIL import Image

    try:
        import resvg_py
    except ImportError as error:
        raise ParameterError(
            "Les formats « odt » et « docx » demandent resvg-py, qui n’est pas installé.",
            remedy="Lancez : pip install 'ctgeval[office]'",
        ) from error
    across, down = _size(drawing)
    alone = Element("svg", {**drawing.attrib, "xmlns": "http://www.w3.org/2000/svg", "font-family": "DejaVu Sans"})
    alone.set("width", f"{across:g}")
    alone.set("height", f"{down:g}")
    alone.extend(one for one in drawing if one.tag != "title")
    try:
        fine = resvg_py.svg_to_bytes(
            svg_string=tostring(alone, encoding="unicode"),
            zoom=min(_ZOOM, _MOST_DOTS / across, _MOST_DOTS / down),
            background="#ffffff",
            skip_system_fonts=True,
            font_files=[str(path) for path in shell.fonts().values()],
            font_family="DejaVu Sans",
            languages=["fr"],
        )
    except ValueError:
        return None
    # A figure has a dozen colours: a palette takes half of the bytes.
    light = io.BytesIO()
    palette = Image.open(io.BytesIO(fine)).convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
    palette.save(light, "PNG")
    width = min(_WIDTH, _TALLEST * across / down)
    return Picture(light.getvalue(), "png", width, width * down / across, content.alternative(drawing))


def _size(drawing: Element) -> tuple[float, float]:
    """Return how wide and how high a drawing is, in its own units."""
    told = drawing.get("viewBox", "").replace(",", " ").split()[2:4]
    told = told if len(told) == 2 else [drawing.get("width", ""), drawing.get("height", "")]
    found = [float(one) if re.fullmatch(r"\d{1,6}(\.\d+)?", one) else 0.0 for one in told]
    return (found[0], found[1]) if min(found) >= 1 else _USUAL


def given(image: Element) -> Picture | None:
    """Return the picture that an ``img`` holds; nothing when it can't be read.

    Parameters
    ----------
    image : Element
        Its address is a ``data:`` one, as in every published page.
    """
    from PIL import Image, UnidentifiedImageError

    kind, _, encoded = image.get("src", "").partition(";base64,")
    extension = kind.removeprefix("data:image/")
    try:
        data = base64.b64decode(encoded, validate=False)
        with Image.open(io.BytesIO(data)) as opened:
            width, height = opened.size
    except (ValueError, UnidentifiedImageError, OSError):
        return None
    share = min(1.0, _WIDEST * _DOTS / width, _TALLEST * _DOTS / height)
    return Picture(data, extension, width / _DOTS * share, height / _DOTS * share, content.alternative(image))
