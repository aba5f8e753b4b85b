"""Draws the rooms of the package and who imports whom: python docs/images/rooms.py"""

from __future__ import annotations

import ast
from pathlib import Path

import graphviz

import tinygrad_w2v
from tinygrad_w2v.drawing.layout.render import render

PACKAGE = Path(tinygrad_w2v.__file__).parent
# What a room is for, in the few words that fit into its box.
ROOMS = {
    "autograd": "node, function, backward, variable",
    "functions": "every op, a family a file",
    "nn": "Parameter, Module",
    "optim": "the book's six optimizers",
    "checking": "check_grads; the cases of all ops",
    "drawing": "graph to text, SVG, page",
    "compiler": "trace, ir, passes, loops, codegen",
    "sources": "examples, drawn by position",
    "training": "the one run; engines, checkpoints",
    "models": "CBOW and skip-gram",
    "text": "lines to ids",
    "vectors": "queries and files",
    "counting": "co-occurrence, PPMI, SVD",
    "reports": "pages about runs",
    "distributed": "rounds on a Ray cluster",
    "word2vec": "gensim's names, thin",
    "sklearn": "steps of pipelines",
    "_cli": "the command",
}
# `_base` (errors, safe files) is imported by all, so it is not drawn. What a package offers though
# it stands above it is imported when it is asked for, and no edge.
OFFERED = {
    "autograd/__init__.py": "tinygrad_w2v.checking",
    "training/engines/choice.py": "tinygrad_w2v.distributed",
}


def imported_rooms(room: str) -> set[str]:
    """The rooms whose modules a room's modules import."""
    names = set()
    for path in (PACKAGE / room).rglob("*.py"):
        offered = OFFERED.get(path.relative_to(PACKAGE).as_posix(), "none")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and not str(node.module).startswith(offered):
                names.add(node.module)
    rooms = {name.split(".")[1] for name in names if name.startswith("tinygrad_w2v.")}
    return rooms & set(ROOMS) - {room}


def edges() -> set[tuple[str, str]]:
    """Who imports whom, without what follows from the others: the transitive reduction."""
    direct = {room: imported_rooms(room) for room in ROOMS}
    below: dict[str, set[str]] = {}

    def reach(room: str) -> set[str]:
        if room not in below:
            below[room] = set().union(*[{other} | reach(other) for other in direct[room]])
        return below[room]

    return {
        (room, other)
        for room, others in direct.items()
        for other in others
        if not any(other in reach(between) for between in others - {other})
    }


def dot() -> str:
    """The rooms as DOT: importers above, the imported below."""
    graph = graphviz.Digraph(
        graph_attr={"nodesep": "0.25", "ranksep": "0.4", "bgcolor": "white"},
        node_attr={
            "shape": "box",
            "style": "rounded,filled",
            "fillcolor": "#dcebfb",
            "color": "#3d78b4",
            "fontname": "Helvetica",
            "fontsize": "12",
        },
        edge_attr={"color": "#808999", "arrowsize": "0.6"},
    )
    for room, purpose in ROOMS.items():
        graph.node(room, f"{room}/\\n{purpose}")
    for room, other in sorted(edges()):
        graph.edge(room, other)
    return str(graph.source)


def main(folder: Path) -> None:
    """Write the picture into `folder`."""
    (folder / "rooms.svg").write_bytes(render(dot(), "svg", timeout=60))


if __name__ == "__main__":
    main(Path(__file__).parent)
