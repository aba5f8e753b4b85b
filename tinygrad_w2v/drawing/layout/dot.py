"""A diagram in Graphviz's language DOT."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Any, Literal

from tinygrad_w2v._base.errors import MissingDependencyError
from tinygrad_w2v._base.listing import display_width
from tinygrad_w2v.drawing.layout.diagram import Diagram, DiagramNode

Direction = Literal["TB", "LR"]
FONT = "Helvetica"
TITLE_SIZE, DETAIL_SIZE = 12, 9


@dataclass(frozen=True, slots=True)
class Look:
    """Colours and outline of a kind of node."""

    fill: str
    line: str
    text: str = "#1d2433"
    width: float = 1.0
    dashed: bool = False
    double: bool = False


FORWARD: dict[str, Look] = {
    "parameter": Look("#cfe8d5", "#2f7d4a", width=1.8),
    "variable": Look("#dcebfb", "#3d78b4"),
    "constant": Look("#eceef1", "#8a919e", dashed=True),
    "number": Look("#eceef1", "#8a919e", dashed=True),
    "intermediate": Look("#ffffff", "#7d879a"),
    "reference": Look("#ffffff", "#9aa3b2", "#5a6475", dashed=True),
    "bundle": Look("#ffffff", "#7d879a", dashed=True),
    "result": Look("#fff0c2", "#b98300", width=1.6, double=True),
    "op": Look("#44546f", "#44546f", "#ffffff"),
    "module": Look("#2c5282", "#1d3a60", "#ffffff", width=1.6),
    "run": Look("#6b7890", "#44546f", "#ffffff", dashed=True),
    "input": Look("#dcebfb", "#3d78b4"),
    "rule": Look("#a4552f", "#a4552f", "#ffffff"),
    "derived": Look("#fffaf5", "#c98a60"),
    "written": Look("#fbd5bd", "#b4491a", width=1.8),
}
BACKWARD = FORWARD | {
    "intermediate": Look("#fffaf5", "#c98a60"),
    "result": Look("#fff0c2", "#b98300", width=1.6),
    "gradient": Look("#fbd5bd", "#b4491a", width=1.8),
    "bundle": Look("#fffaf5", "#c98a60", dashed=True),
    "op": Look("#a4552f", "#a4552f", "#ffffff"),
    "module": Look("#8a3d1b", "#652a10", "#ffffff", width=1.6),
    "run": Look("#bd7d5f", "#8a3d1b", "#ffffff", dashed=True),
}
_BOLD = ("parameter", "result", "gradient", "written")
_PARTS = {
    False: ("forward", "#f4f7fb", "#c3cedf", "#3c4a63"),
    True: ("backward", "#fdf5ef", "#e3c6b3", "#8a3d1b"),
}
_MODULES = {False: ("#e6edf6", "#b4c3d9"), True: ("#f9e8dc", "#dcb69c")}


def dot_of(diagram: Diagram, direction: Direction) -> str:
    """The DOT text of `diagram`.

    Raises
    ------
    MissingDependencyError
        Without the Python package ``graphviz``, which writes DOT.
    """
    try:
        import graphviz
    except ImportError as error:
        raise MissingDependencyError(
            "drawing needs the Python package graphviz: `pip install graphviz graphviz-pure`"
        ) from error
    # Few iterations are enough for graphs without long edges; they bound the time for all others.
    dot = graphviz.Digraph(
        graphviz.escape(diagram.title),
        graph_attr={
            "rankdir": direction,
            "fontname": FONT,
            "fontsize": "12",
            "fontcolor": "#5a6475",
            "nodesep": "0.18",
            "ranksep": "0.28",
            "nslimit": "2",
            "mclimit": "0.5",
            "pad": "0.15",
            "bgcolor": "white",
            "tooltip": " ",
        },
        node_attr={
            "fontname": FONT,
            "fontsize": str(TITLE_SIZE),
            "margin": "0.1,0.045",
            "height": "0.3",
            "width": "0.4",
        },
        edge_attr={"color": "#808999", "arrowsize": "0.6", "penwidth": "0.9", "tooltip": " "},
    )
    if diagram.message:
        label = _frame_label(diagram.message, 12, graphviz.escape)
        dot.attr(label=label, labelloc="b")
    # An engine places the parts from left to right, but with "LR" from the bottom up.
    for backward in (False, True) if direction == "TB" else (True, False):
        nodes = [node for node in diagram.nodes if node.backward is backward]
        if not nodes:
            continue
        name, fill, line, text = _PARTS[backward]
        with dot.subgraph(name=f"cluster_{name}") as part:
            part.attr(
                label=name if diagram.has_backward else "",
                labeljust="l",
                labelloc="t",  # else those of a summary inherit its message's place
                style="rounded,filled" if diagram.has_backward else "invis",
                fillcolor=fill,
                color=line,
                fontcolor=text,
                fontsize="13",
                margin="14" if diagram.has_backward else "0",
            )
            _scoped(part, nodes, 0, backward, graphviz.escape)
    color = {node.key: "#c08a6c" for node in diagram.nodes if node.backward}
    for edge in diagram.edges:
        extra = {"color": color[edge.tail]} if edge.tail in color else {}
        dot.edge(edge.tail, edge.head, **extra)
    return str(dot.source)


def _scoped(part: Any, nodes: list[DiagramNode], depth: int, backward: bool, escape: Any) -> None:
    """The nodes of one part, those of a module call in a cluster of its own."""
    inner: dict[Any, list[DiagramNode]] = {}
    for node in nodes:
        if len(node.scope) > depth:
            inner.setdefault(node.scope[depth], []).append(node)
        else:
            part.node(node.key, **_attributes(node, escape))
    fill, line = _MODULES[backward]
    for scope, members in inner.items():
        side = "backward" if backward else "forward"
        with part.subgraph(name=f"cluster_{side}_{scope.number}_{depth}") as cluster:
            cluster.attr(
                label=_frame_label(scope.name, 11, escape),
                labeljust="l",
                labelloc="t",  # else those of a summary inherit its message's place
                style="rounded,filled",
                fillcolor=fill,
                color=line,
                fontsize="11",
                margin="10",
                tooltip=escape(scope.name),
            )
            _scoped(cluster, members, depth + 1, backward, escape)


def _attributes(node: DiagramNode, escape: Any) -> dict[str, str]:
    look = (BACKWARD if node.backward else FORWARD)[node.kind]
    small = node.kind in ("reference", "number")
    styles = ["filled", "dashed" if look.dashed else "solid"]
    if node.shape == "op":
        styles.append("rounded")
    attributes = {
        "shape": "box" if node.shape == "op" else "ellipse",
        "style": ",".join(styles),
        "fillcolor": look.fill,
        "color": look.line,
        "fontcolor": look.text,
        "penwidth": str(look.width),
        "label": _label(node, small),
        "tooltip": escape(node.tooltip or node.title),
    }
    if look.double:
        attributes["peripheries"] = "2"
    width = _needed_width(node)
    if width:
        attributes["width"] = f"{width:.2f}"
    if node.shape == "value":
        attributes["margin"] = "0.04,0.02"
    if small:
        attributes |= {
            "height": "0.22",
            "width": attributes.get("width", "0.3"),
            "margin": "0.02,0.0",
        }
    return attributes


def _label(node: DiagramNode, small: bool) -> str:
    size = DETAIL_SIZE + 1 if small else TITLE_SIZE
    title = _escaped(node.title)
    bold = node.shape == "op" or node.kind in _BOLD
    lines = [f'<FONT POINT-SIZE="{size}">{f"<B>{title}</B>" if bold else title}</FONT>']
    color = "#e7ebf3" if node.shape == "op" else "#5a6475"
    lines += [
        f'<FONT POINT-SIZE="{DETAIL_SIZE}" COLOR="{color}">{_escaped(text)}</FONT>'
        for text in node.details
        if text
    ]
    # A thin line separates the name from what is below it.
    lines[1:1] = ['<FONT POINT-SIZE="3"> </FONT>'] if len(lines) > 1 else []
    return "<" + "<BR/>".join(lines) + ">"


def _frame_label(text: str, size: int, escape: Any) -> str:
    """The label of a frame; where its characters are wide, with the room that they need."""
    width = _wide(text, size)
    if not width:
        return str(escape(text))
    cell = f'<TD ALIGN="LEFT" WIDTH="{72 * width:.0f}">{_escaped(text)}</TD>'
    sides = " ".join(f'{side}="0"' for side in ("BORDER", "CELLBORDER", "CELLSPACING"))
    return f'<<TABLE {sides} CELLPADDING="1"><TR>{cell}</TR></TABLE>>'


def _escaped(text: str) -> str:
    r"""`text` for an HTML-like label, where ``\N`` would stand for the node's key."""
    return html.escape(text).replace("\\", "\\\\")


def _needed_width(node: DiagramNode) -> float:
    """Inches that a label needs whose characters the engine's font may not measure; else 0."""
    sizes = [(node.title, TITLE_SIZE), *((text, DETAIL_SIZE) for text in node.details)]
    if not any(_wide(text, size) for text, size in sizes):
        return 0.0
    inches = max(_width(text, size) for text, size in sizes)
    return inches * (1.25 if node.shape == "value" else 1.0) + 0.25


def _wide(text: str, size: int) -> float:
    """Inches of a text with wide characters; 0 for others, which the engine measures."""
    return 0.0 if text.isascii() or display_width(text) == len(text) else _width(text, size)


def _width(text: str, size: int) -> float:
    # A wide character is as wide as it is high; the others take about half of that.
    return display_width(text) * 0.52 * size / 72
