"""Ops that put the same elements in other places."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tinygrad_w2v.compiler.ir.instructions import Instruction
from tinygrad_w2v.compiler.ir.ops.base import Frame, Op, Shapes, Values, numbers, of_first
from tinygrad_w2v.compiler.ir.sizes import Shape, broadcast_shapes, product, value_of


# ---------------------------------------------------------------------- moved
class Moved(Op, family="moved"):
    """The same elements in other places."""

    interval = of_first


class Transpose(Moved, op="transpose"):
    """The axes in another order."""

    def shape(self, step: Instruction, shapes: Shapes) -> Shape:
        return tuple(shapes[0][axis] for axis in step["axes"])

    def compute(self, step: Instruction, inputs: Values, frame: Frame) -> Any:
        return np.transpose(inputs[0], step["axes"])

    def parameters_of(self, step: Instruction, shapes: Shapes) -> tuple[str, ...]:
        return (str(step["axes"]),)


class Reshape(Moved, op="reshape"):
    """The elements in order in another shape."""

    def shape(self, step: Instruction, shapes: Shapes) -> Shape:
        if product(shapes[0]) != product(step.shape):
            raise ValueError(f"{shapes[0]} has another size than {step.shape}")
        return step.shape

    def compute(self, step: Instruction, inputs: Values, frame: Frame) -> Any:
        return np.reshape(inputs[0], numbers(step.shape, frame))


class Broadcast(Moved, op="broadcast", title="broadcast_to"):
    """Stretched to a shape."""

    def shape(self, step: Instruction, shapes: Shapes) -> Shape:
        if broadcast_shapes([shapes[0], step.shape]) != step.shape:
            raise ValueError(f"{shapes[0]} does not broadcast to {step.shape}")
        return step.shape

    def compute(self, step: Instruction, inputs: Values, frame: Frame) -> Any:
        return np.broadcast_to(inputs[0], numbers(step.shape, frame))


class Slice(Moved, op="slice", title="get_item"):
    """A basic index: for each axis a place or a range."""

    def shape(self, step: Instruction, shapes: Shapes) -> Shape:
        return slice_shape(step["spec"], shapes[0])

    def compute(self, step: Instruction, inputs: Values, frame: Frame) -> Any:
        return inputs[0][index_of(step["spec"], frame.sizes)]

    def parameters_of(self, step: Instruction, shapes: Shapes) -> tuple[str, ...]:
        return (index_text(step["spec"], shapes[0]),)


# ---------------------------------------------------------------------- basic indices
def slice_shape(spec: Any, shape: Shape) -> Shape:
    """The shape of what a basic index takes."""
    if len(spec) != len(shape):
        raise ValueError(f"places of {len(spec)} axes do not fit the shape {shape}")
    return tuple(part[3] for part in spec if part[0] == "range")


def index_of(spec: Any, sizes: Mapping[str, int]) -> tuple[Any, ...]:
    """A basic index as arrays of places."""
    numbers = [[value_of(n, sizes) for n in lengths] for _, *lengths in spec]
    ranges = [first + by * np.arange(n) for first, by, n in (n for n in numbers if len(n) == 3)]
    mesh = iter(np.ix_(*ranges))
    return tuple(n[0] if len(n) == 1 else next(mesh) for n in numbers)


def index_text(spec: Any, shape: Shape) -> str:
    """``[0, 1:]``: places and ranges as one writes them."""
    parts = []
    for part, n in zip(spec, shape, strict=True):
        if part[0] == "at":
            parts.append(str(part[1]))
            continue
        first, step, length = part[1:]
        if step < 0:
            parts.append(f"{first}::{step}" if first + step * length == -1 else f"{first}:…:{step}")
            continue
        end = first + length * step
        start = "" if first == 0 else str(first)
        stop = "" if end == n else str(end)
        parts.append(f"{start}:{stop}" + ("" if step == 1 else f":{step}"))
    return f"[{', '.join(parts)}]"
