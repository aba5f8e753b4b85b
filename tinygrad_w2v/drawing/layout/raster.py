"""An SVG as a PNG, drawn with the fonts of the system.

The engine of the wheel `graphviz-pure` has one font of its own, without Japanese. `resvg` is given
the SVG instead, and for each text the family that has most of its characters.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from xml.etree import ElementTree

from tinygrad_w2v._base.errors import MissingDependencyError
from tinygrad_w2v.drawing.layout.fonts import advice, coverage, visible
from tinygrad_w2v.drawing.layout.render import (
    DOTS_PER_INCH,
    LARGEST_PNG,
    RenderError,
    boxes_in_png,
    user_stacklevel,
)

NO_RESVG = "with resvg a PNG has the fonts of the system: `pip install 'tinygrad_w2v[png]'`"
_NAMESPACE = "http://www.w3.org/2000/svg"
_POINTS_PER_INCH = 72


def png_of(words: str, svg: Callable[[], str], engine: Callable[[], bytes]) -> bytes:
    """A PNG by the layout engine, or where its font lacks a character by way of the SVG.

    Parameters
    ----------
    words : str
        All that is written in the picture.
    svg : callable
        Makes the SVG.
    engine : callable
        Makes the PNG of the layout engine.

    Warns
    -----
    UserWarning
        If characters become boxes: which, and what to install.
    """
    boxes = boxes_in_png(words)
    if boxes:
        try:
            return rasterised(svg())
        except MissingDependencyError as error:
            shown = boxes if len(boxes) <= 12 else f"{boxes[:12]}…"
            warnings.warn(
                f"the font of the PNG lacks {len(boxes)} character(s), drawn as boxes: {shown}; "
                f"{error}; SVG and HTML show them (`.save('graph.svg')`)",
                UserWarning,
                stacklevel=user_stacklevel(),
            )
    return engine()


def rasterised(svg: str) -> bytes:
    """The bytes of a PNG.

    Parameters
    ----------
    svg : str
        As `svg.finished` makes it, in points.

    Raises
    ------
    MissingDependencyError
        Without the extra ``png``.
    RenderError
        If the picture cannot be drawn.

    Warns
    -----
    UserWarning
        For characters that no installed font has: which, and what to install.
    """
    try:
        import resvg_py
    except ImportError as error:
        raise MissingDependencyError(NO_RESVG) from error
    root = ElementTree.fromstring(svg)
    texts = list(root.iter(f"{{{_NAMESPACE}}}text"))
    fonts = coverage(visible("".join("".join(text.itertext()) for text in texts)))
    if fonts.missing:
        warnings.warn(
            f"the PNG has boxes: {advice(fonts.missing)}; SVG and HTML take the reader's fonts",
            UserWarning,
            stacklevel=user_stacklevel(),
        )
    for text in texts:
        family = fonts.family_of("".join(text.itertext()))
        if family is not None:
            text.set("font-family", f"'{family.name}'")
    _, _, width, height = (float(number) for number in root.get("viewBox", "").split())
    scale = min(DOTS_PER_INCH / _POINTS_PER_INCH, LARGEST_PNG * DOTS_PER_INCH / max(width, height))
    # Without units a length is a pixel.
    root.set("width", str(width))
    root.set("height", str(height))
    try:
        return bytes(
            resvg_py.svg_to_bytes(
                svg_string=ElementTree.tostring(root, "unicode"),
                zoom=scale,
                skip_system_fonts=True,
                font_files=[file for family in fonts.families for file in family.files],
            )
        )
    except ValueError as error:
        raise RenderError(f"resvg cannot draw the picture: {error}") from error
