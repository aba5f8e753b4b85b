"""The views of a page: what is drawn at first, and for each box what is inside it.

A view is a program of its own, drawn forward only: both passes are shown on the same nodes. One
that has too many steps is summarised, and its boxes are views again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tinygrad_w2v.drawing.layout.diagram import Diagram, diagram_of
from tinygrad_w2v.drawing.layout.dot import Direction
from tinygrad_w2v.drawing.layout.placing import View, laid_out
from tinygrad_w2v.drawing.page.passes import Passes
from tinygrad_w2v.drawing.reading.program import Program, Step, Value, ops_in
from tinygrad_w2v.drawing.reading.summary import summarised

MOST_STEPS = 1000  # of one view; more are summarised
MOST_NOTES = 200  # edges of a view beside which there is room for a gradient

MOST_TERMS = 3  # of a sum that is written into its node

Data = dict[str, Any]


def views_of(
    program: Program, passes: Passes, direction: Direction, timeout: float, most: int = MOST_STEPS
) -> tuple[list[Data], Mapping[int, Value]]:
    """Return the views as JSON, the first one first, and the values that are drawn in them.

    Parameters
    ----------
    program : Program
        The forward part is drawn.
    passes : Passes
        What the nodes will say, so that there is room for it.
    direction : {"TB", "LR"}
    timeout : float
        Seconds for the layout of all views.
    most : int
        Steps of a view; one with more is summarised.
    """
    tree = _Tree(program.values, most)
    tree.add("", program.forward, program.result, None)
    drawn = [_view(tree.values, steps, result, passes) for _, steps, result, _ in tree.views]
    places = laid_out(drawn, direction, timeout)
    made = []
    for (title, steps, _, parent), view, geometry in zip(tree.views, drawn, places, strict=True):
        geometry["nodes"] = [
            _node(node, view.details.get(node.key, ()), place)
            for node, place in zip(view.diagram.nodes, geometry["nodes"], strict=True)
        ]
        data = {"title": title, "parent": parent, **geometry}
        made.append(data | {"steps": [tree.step(step) for step in steps]})
    return made, tree.values


class _Tree:
    """The programs of the views, each with the place of the view that its box is in."""

    def __init__(self, values: Mapping[int, Value], most: int) -> None:
        self.values: Mapping[int, Value] = values
        self.most = most
        self.views: list[tuple[str, tuple[Step, ...], int, int | None]] = []
        self.places: dict[int, int] = {}  # of the view of a box, by the box's identity
        self.held: list[Step] = []

    def add(self, title: str, steps: tuple[Step, ...], result: int, parent: int | None) -> None:
        waiting: list[tuple[str, tuple[Step, ...], int, int | None, Step | None]]
        waiting = [(title, steps, result, parent, None)]
        if len(steps) == 1 and steps[0].inside:  # one box is nothing to look at
            waiting = [(title, steps[0].inside, result, parent, None)]
        while waiting:
            title, steps, result, parent, box = waiting.pop(0)
            if len(steps) > self.most:
                smaller = summarised(Program(self.values, steps, result))
                self.values, steps = smaller.values, smaller.forward
            place = len(self.views)
            if box is not None:
                self.places[id(box)] = place
            self.views.append((title, steps, result, parent))
            for step in steps:
                if step.inside:
                    self.held.append(step)
                    made = [key for key in step.inside[-1].outputs if key is not None]
                    last = made[-1] if made else result
                    waiting.append((step.label, step.inside, last, place, step))

    def step(self, step: Step) -> Data:
        if not step.inside:
            return {"op": step.number}
        return {
            "box": step.label,
            "kind": step.whole,
            "view": self.places[id(step)],
            "ops": [inner.number for inner in ops_in(step.inside)],
            "inputs": list(dict.fromkeys(step.inputs)),
            "outputs": [key for key in step.outputs if key is not None],
        }


# ---------------------------------------------------------------------- what the nodes will say
def _view(
    values: Mapping[int, Value], steps: tuple[Step, ...], result: int, passes: Passes
) -> View:
    diagram = diagram_of(Program(values, steps, result), shared=True)
    details = {
        node.key: _details(values[node.value], passes.values.get(node.value, {}))
        for node in diagram.nodes
        if node.value is not None and node.kind not in ("reference", "number")
    }
    details |= {node.key: node.details for node in diagram.nodes if node.value is None}
    return View(diagram, details, _notes(diagram, steps, passes))


def _details(value: Value, shown: Data) -> tuple[str, ...]:
    """The type and the numbers in short; below them those of the gradient, when it is there."""
    scalar = value.type == "()"
    content = shown.get("content") or value.content
    texts = ["" if scalar else value.type, content]
    lines = ["  ".join(text for text in texts if text)]
    if "gradient" in shown:
        gradient = shown["gradient"]
        lines.append(f"{gradient['name']}  {sum_text(shown)}")
    return tuple(line for line in lines if line)


def sum_text(shown: Data) -> str:
    """The gradient, or where it is a sum of numbers the sum: ``5 + 2 = 7``."""
    content = str(shown["gradient"]["content"])
    terms = [str(part["content"]) for part in shown["parts"] if "content" in part]
    array = shown["gradient"]["array"]
    if not 2 <= len(terms) <= MOST_TERMS or array is None or len(array["numbers"]) != 1:
        return content
    return f"{' + '.join(terms)} = {content}"


def _notes(diagram: Diagram, steps: tuple[Step, ...], passes: Passes) -> dict[int, str]:
    """What will be written beside the edges from values to ops."""
    if len(diagram.edges) > MOST_NOTES:
        return {}
    nodes = {node.key: node for node in diagram.nodes}
    notes = {}
    for place, edge in enumerate(diagram.edges):
        tail, head = nodes[edge.tail], nodes[edge.head]
        if tail.value is None or head.step is None:
            continue
        shown = passes.values.get(tail.value, {})
        sent = [part for part in shown.get("parts", ()) if part["op"] == steps[head.step].number]
        if sent:
            texts = [part_text(part, shown["gradient"]) for part in sent]
            notes[place] = max(texts, key=len)
    return notes


def part_text(part: Data, whole: Data) -> str:
    """``2.2`` or ``gx_1  2.2`` for a number, ``gx`` or ``gx_1`` for an array."""
    array = whole["array"]
    single = array is not None and len(array["numbers"]) == 1
    named = part.get("name")
    if not single:
        return named or str(whole["name"])
    content = str(part["content"] if named else whole["content"])
    return f"{named} {content}" if named else content


def _node(node: Any, details: tuple[str, ...], place: list[float]) -> Data:
    data: Data = {"at": place, "kind": node.kind, "title": node.title}
    if node.value is not None:
        data["value"] = node.value
    if node.step is not None:
        data |= {"step": node.step, "details": list(details)}
    elif node.value is None:
        data["details"] = list(details)
    return data
