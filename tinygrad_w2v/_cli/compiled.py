"""``check --compiled``: the models in every form on the way to a kernel, beside the graph.

Windows with repeated words, one of a single context, and one whose negatives hold the true word
are run in double precision; an error is relative to the largest change of a table.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from tinygrad_w2v._base.batch import Batch
from tinygrad_w2v._base.errors import CompileError, GradientError
from tinygrad_w2v._base.terminal import aligned
from tinygrad_w2v._cli.console import note, say_json, say_lines
from tinygrad_w2v.compiler.inspect.compare import compare
from tinygrad_w2v.models import CBOW, SkipGram

STAGES = {
    "traced": "as traced",
    "instructions": "after passes",
    "source": "source as Python",
    "native": "native kernel",
}
_WORDS, _DIM = 30, 16


class Row(NamedTuple):
    """A model, and by how much each form of it differs from the graph."""

    model: str
    errors: dict[str, float]
    failure: str = ""


def table(json: bool) -> bool:
    """Print the table; return whether all agrees."""
    native = importlib.util.find_spec("numba") is not None
    rows = []
    for name, model, windows, axes in models():
        note(f"{name} ...")
        rows.append(_compared(name, model, windows, axes, native))
    if json:
        say_json([row._asdict() for row in rows])
    else:
        say_lines(_as_text(rows, native))
    return not any(row.failure for row in rows)


def models() -> Iterator[tuple[str, Any, list[Batch], dict[str, Any]]]:
    """Yield both models with each objective, windows for them, and which axes are dynamic."""
    rng = np.random.default_rng(0)
    for kind in (CBOW, SkipGram):
        for objective in ("negative_sampling", "softmax", "hierarchical_softmax"):
            model = kind(_WORDS, _DIM, objective)
            for parameter in model.parameters():
                parameter.data = rng.normal(size=parameter.shape)
            contexts = (("C", 10),)
            axes: dict[str, Any] = {"contexts": contexts, "offsets": contexts}
            tree = objective == "hierarchical_softmax"
            if tree:
                axes |= {"targets": (("L", 8),), "labels": (("L", 8),)}
            name = f"{kind.__name__}, {objective.replace('_', ' ')}"
            yield name, model, [_window(*w, tree) for w in _WINDOWS], axes


# Contexts, and the true word with its negatives.
_WINDOWS = (
    ([4, 7, 9, 2], [3, 0, 5, 8]),
    ([1, 2, 2, 1, 2], [3, 5, 5, 3]),
    ([6], [6, 6, 1, 6]),
)


def _window(contexts: list[int], targets: list[int], tree: bool) -> Batch:
    labels = np.array([1, 0, 0, 0], np.float32)
    if tree:  # a path of inner nodes, of other lengths, with one turn to the right
        targets, labels = targets[: len(contexts)], np.array([0, 1, 0, 0], np.float32)
        labels = labels[: len(targets)]
    offsets = np.arange(len(contexts)) + 1
    return Batch(np.array(targets[0]), np.array(contexts), offsets, np.array(targets), labels)


def _compared(
    name: str, model: Any, windows: list[Batch], axes: dict[str, Any], native: bool
) -> Row:
    try:
        return Row(name, compare(model, windows, axes, native=native))
    except (GradientError, CompileError) as error:
        return Row(name, {}, f"{name}: {error}")


def _as_text(rows: list[Row], native: bool) -> str:
    stages = [stage for stage in STAGES if native or stage != "native"]
    heading = ("model", *(STAGES[stage] for stage in stages), "status")
    lines = aligned([heading, *(_cells(row, stages) for row in rows)], (0, len(heading) - 1))
    lines += ["", *(row.failure for row in rows if row.failure)]
    wrong = sum(bool(row.failure) for row in rows)
    lines.append(
        f"{wrong} of {len(rows)} models differ from the graph"
        if wrong
        else f"all {len(rows)} models agree with the graph"
    )
    if not native:
        lines.append("no native kernel: it needs numba, pip install 'tinygrad_w2v[fast]'")
    return "\n".join(lines)


def _cells(row: Row, stages: list[str]) -> tuple[str, ...]:
    errors = [f"{row.errors[stage]:.1e}" if stage in row.errors else "-" for stage in stages]
    return (row.model, *errors, "WRONG" if row.failure else "ok")
