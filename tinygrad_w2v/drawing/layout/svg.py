"""Prepare an engine's SVG for a page: a name, readable tooltips, fonts that every system has.

An engine measures text with the fonts that it knows. Here each line is centred on its node, so
that the picture is right with the reader's fonts too, Japanese ones included.
"""

from __future__ import annotations

import re
from html import escape
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from tinygrad_w2v.drawing.layout.diagram import Diagram

FONTS = (
    "Helvetica, Arial, 'Liberation Sans', 'Noto Sans', 'Hiragino Sans', 'Yu Gothic', Meiryo, "
    "'Noto Sans CJK JP', 'Noto Sans JP', 'IPAGothic', sans-serif"
)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def finished(svg: str, diagram: Diagram, description: str) -> str:
    """Return an engine's SVG of a diagram, ready for a browser.

    Parameters
    ----------
    svg : str
        What the engine made.
    diagram : Diagram
        What it was made of.
    description : str
        For readers who do not see the picture.
    """
    root = ElementTree.fromstring(svg)
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        for name in [name for name in element.attrib if name.startswith("{")]:
            del element.attrib[name]
    tooltips = {node.key: node.tooltip or node.title for node in diagram.nodes}
    _unwrap_links(root)
    for group in root.iter("g"):
        kind = group.get("class")
        title = group.find("title")
        if kind == "node":
            if title is not None:
                title.text = tooltips.get(title.text or "", title.text)
            _center(group)
        elif title is not None:
            group.remove(title)
    for text in root.iter("text"):
        text.attrib.pop("font-family", None)
    heading = f"Graph of {diagram.title}"
    root.attrib = {
        "xmlns": "http://www.w3.org/2000/svg",
        "width": root.get("width", ""),
        "height": root.get("height", ""),
        "viewBox": root.get("viewBox", ""),
        "role": "img",
        "aria-label": heading,
        "font-family": FONTS,
    }
    for position, (tag, words) in enumerate((("title", heading), ("desc", description))):
        element = Element(tag)
        element.text = words
        root.insert(position, element)
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def _unwrap_links(element: Element) -> None:
    """Replace ``<g><a>...</a></g>``, with which an engine marks a tooltip, by its contents."""
    for parent in list(element.iter("g")):
        for child in list(parent):
            link = child.find("a") if child.tag == "g" else None
            if link is not None:
                position = list(parent).index(child)
                parent.remove(child)
                for offset, inner in enumerate(link):
                    parent.insert(position + offset, inner)


def _center(group: Element) -> None:
    """Centre the lines of a node on it."""
    middle: float | None = None
    for outline in group:
        if outline.tag == "ellipse":
            middle = float(outline.get("cx", "0"))
        elif outline.tag in ("path", "polygon"):
            numbers = _NUMBER.findall(outline.get("d") or outline.get("points") or "")
            across = [float(number) for number in numbers[::2]]
            if across:
                middle = (min(across) + max(across)) / 2
    if middle is None:
        return
    for text in group.iter("text"):
        text.set("text-anchor", "middle")
        text.set("x", f"{middle:.2f}")


def plain_html(text: str, reason: str) -> str:
    """A listing, for a notebook where no picture can be drawn."""
    return f"<pre>{escape(text)}</pre>\n<p><small>No picture: {escape(reason)}</small></p>"
