"""Where the nodes and edges of a page's views stand.

The engine is asked with boxes of known sizes and gives places, nothing else: what is written in a
box, and how it looks in the light and in the dark, is the page's own. All views go through one
process.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from tinygrad_w2v._base.listing import display_width
from tinygrad_w2v.drawing.layout.diagram import Diagram, DiagramNode
from tinygrad_w2v.drawing.layout.dot import Direction
from tinygrad_w2v.drawing.layout.render import RenderError, render
from tinygrad_w2v.drawing.reading.program import Scope

TITLE, DETAIL = 7.3, 5.8  # points that a column of text takes, at 12.5 and 10 points
TITLE_HEIGHT, DETAIL_HEIGHT = 17, 13
WIDEST = 190.0  # longer texts are cut by the page
_POINTS = 72.0


class Size(NamedTuple):
    """Of a box, in points."""

    width: float
    height: float


@dataclass(frozen=True)
class View:
    """A diagram, and what its nodes and edges need beside their titles.

    Attributes
    ----------
    diagram : Diagram
    details : mapping of str to sequence of str
        By key of the node: the lines below its title, at their longest.
    notes : mapping of int to str
        By place of the edge: what will be written beside it, at its longest.
    """

    diagram: Diagram
    details: Mapping[str, tuple[str, ...]]
    notes: Mapping[int, str]


def laid_out(views: Iterable[View], direction: Direction, timeout: float) -> list[dict[str, Any]]:
    """Return the places of the nodes, edges and frames of each view, as JSON.

    Parameters
    ----------
    views : iterable of View
    direction : {"TB", "LR"}
    timeout : float
        Seconds for all of them.

    Raises
    ------
    MissingDependencyError, RenderError
        As `render`.
    """
    wanted = list(views)
    sizes = [
        [_size(node, view.details.get(node.key, ())) for node in view.diagram.nodes]
        for view in wanted
    ]
    dot = "\n".join(
        _dot(view, of_nodes, direction) for view, of_nodes in zip(wanted, sizes, strict=True)
    )
    answer = render(dot, "json0", timeout).decode("utf-8")
    decoder, at, places = json.JSONDecoder(), 0, []
    while at < len(answer):
        found, end = decoder.raw_decode(answer, at)
        places.append(found)
        at = end + len(answer[end:]) - len(answer[end:].lstrip())
    if len(places) != len(wanted):
        raise RenderError(f"the engine laid out {len(places)} of {len(wanted)} views")
    return [_geometry(*each) for each in zip(wanted, sizes, places, strict=True)]


def _size(node: DiagramNode, details: tuple[str, ...]) -> Size:
    small = node.kind in ("reference", "number")
    title = display_width(node.title) * (DETAIL if small else TITLE)
    widest = max([title, *(display_width(text) * DETAIL for text in details)])
    height = (DETAIL_HEIGHT if small else TITLE_HEIGHT) + DETAIL_HEIGHT * len(details)
    opens = 16 if node.kind in ("module", "run") else 0  # room for the arrow that says so
    return Size(min(widest, WIDEST) + (14 if small else 22) + opens, height + (6 if small else 9))


# ---------------------------------------------------------------------- asking
def _dot(view: View, sizes: list[Size], direction: Direction) -> str:
    lines = [
        "digraph {",
        f"graph [rankdir={direction}, nodesep=0.24, ranksep=0.2, nslimit=2, mclimit=0.5]",
        'node [shape=box, fixedsize=true, label=""]',
        "edge [arrowhead=none]",
    ]
    tree: dict[Any, Any] = {}
    for node, size in zip(view.diagram.nodes, sizes, strict=True):
        inner = tree
        for scope in node.scope:
            inner = inner.setdefault(scope, {})
        inner[node.key] = f"{node.key} [{_inches(size)}]"
    lines += _nested(tree, ())
    for place, edge in enumerate(view.diagram.edges):
        note = view.notes.get(place)
        label = f" [label={_reserved(display_width(note) * DETAIL + 12)}]" if note else ""
        lines.append(f"{edge.tail} -> {edge.head}{label}")
    return "\n".join([*lines, "}"])


def _nested(tree: dict[Any, Any], path: tuple[Scope, ...]) -> Iterable[str]:
    for key, inner in tree.items():
        if isinstance(inner, str):
            yield inner
            continue
        width = min(display_width(key.name) * DETAIL * 1.1, WIDEST)
        yield f"subgraph cluster_{len(path)}_{key.number} {{"
        yield f"graph [label={_reserved(width)}, labeljust=l, labelloc=t, margin=9]"
        yield from _nested(inner, (*path, key))
        yield "}"


def _inches(size: Size) -> str:
    return f"width={size.width / _POINTS:.3f}, height={size.height / _POINTS:.3f}"


def _reserved(width: float) -> str:
    """An empty label of a known size."""
    size = f'WIDTH="{width:.0f}" HEIGHT="10"'
    return f'<<TABLE BORDER="0" FIXEDSIZE="TRUE" {size}><TR><TD></TD></TR></TABLE>>'


# ---------------------------------------------------------------------- reading the answer
def _geometry(view: View, sizes: list[Size], answer: dict[str, Any]) -> dict[str, Any]:
    _, _, width, height = _numbers(answer["bb"])
    scopes = {
        f"cluster_{depth}_{scope.number}": scope
        for node in view.diagram.nodes
        for depth, scope in enumerate(node.scope)
    }
    place = {node.key: i for i, node in enumerate(view.diagram.nodes)}
    nodes: list[Any] = [None] * len(sizes)
    frames = []
    for item in answer.get("objects", ()):
        if item["name"] in place:
            at = place[item["name"]]
            x, y = _numbers(item["pos"])
            nodes[at] = [_round(x), _round(height - y), *map(_round, sizes[at])]
        elif item["name"] in scopes:
            left, bottom, right, top = _numbers(item["bb"])
            frame = [left, height - top, right - left, top - bottom]
            frames.append([scopes[item["name"]].name, *map(_round, frame)])
    edges: list[Any] = [None] * len(view.diagram.edges)
    waiting: dict[tuple[int, int], list[int]] = {}
    for at, edge in enumerate(view.diagram.edges):
        waiting.setdefault((place[edge.tail], place[edge.head]), []).append(at)
    names = {item["_gvid"]: item["name"] for item in answer.get("objects", ())}
    for item in answer.get("edges", ()):
        ends = place[names[item["tail"]]], place[names[item["head"]]]
        label = _numbers(item["lp"]) if "lp" in item else ()
        flipped = [n if i % 2 == 0 else height - n for i, n in enumerate(label)]
        edges[waiting[ends].pop(0)] = [*ends, _path(item["pos"], height), *map(_round, flipped)]
    return {
        "width": _round(width),
        "height": _round(height),
        "nodes": nodes,
        "edges": edges,
        "frames": frames,
    }


def _path(spline: str, height: float) -> str:
    """The ``d`` of an SVG path; the engine's y points up."""
    points = [
        f"{_round(x)} {_round(height - y)}"
        for x, y in (_numbers(point) for point in spline.split() if point[0] not in "es")
    ]
    return f"M{points[0]}C{' '.join(points[1:])}"


def _numbers(text: str) -> list[float]:
    return [float(number) for number in text.split(",")]


def _round(number: float) -> float | int:
    rounded = round(number, 1)
    return int(rounded) if rounded == int(rounded) else rounded
