"""Ops that read or write where ids say, and that write tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tinygrad_w2v.compiler.ir.instructions import Instruction
from tinygrad_w2v.compiler.ir.ops.base import (
    Frame,
    Instructions,
    Op,
    Shapes,
    Values,
    numbers,
    of_first,
    of_first_or_zero,
    with_axis,
)
from tinygrad_w2v.compiler.ir.ops.moved import index_of, index_text, slice_shape
from tinygrad_w2v.compiler.ir.sizes import Shape, broadcast_shapes


# ---------------------------------------------------------------------- looked up
class Take(Op, op="take", by_rows="rows", ids=1, indexes="input"):
    """Places along an axis."""

    interval = of_first

    def shape(self, step: Instruction, shapes: Shapes) -> Shape:
        return with_axis(shapes[0], step["axis"], shapes[1])

    def compute(self, step: Instruction, inputs: Values, frame: Frame) -> Any:
        return np.take(inputs[0], inputs[1], axis=step["axis"])

    def result_name(self, step: Instruction) -> str:
        return f"{step.inputs[0]}_rows" if step["axis"] == 0 else step.op


class TakeAlong(Op, op="take_along", title="take_along_axis", ids=1, indexes="input"):
    """Other places along an axis in every row."""

    interval = of_first

    def shape(self, step: Instruction, shapes: Shapes) -> Shape:
        (x, ids), axis = shapes, step["axis"]
        if len(x) != len(ids):
            raise ValueError(f"ids {ids} have another number of axes than {x}")
        others = broadcast_shapes([with_axis(x, axis, (1,)), with_axis(ids, axis, (1,))])
        return with_axis(others, axis, (ids[axis],))

    def compute(self, step: Instruction, inputs: Values, frame: Frame) -> Any:
        return np.take_along_axis(inputs[0], inputs[1], axis=step["axis"])


class SegmentSum(Op, op="segment_sum", ids=1, starts=True, indexes="input"):
    """Sums of the rows of each segment; ids say where the segments start."""

    def shape(self, step: Instruction, shapes: Shapes) -> Shape:
        return (*shapes[1], *shapes[0][1:])

    def compute(self, step: Instruction, inputs: Values, frame: Frame) -> Any:
        x, starts = inputs
        rows = [x[start:end].sum(axis=0) for start, end in _segments(starts, len(x))]
        return np.reshape(rows, (len(starts), *x.shape[1:])).astype(x.dtype)


class SegmentRepeat(Op, op="segment_repeat", ids=1, starts=True, indexes="result"):
    """Each row as often as its segment is long."""

    interval = of_first_or_zero

    def shape(self, step: Instruction, shapes: Shapes) -> Shape:
        if shapes[0] != (*shapes[1], *step.shape[1:]):
            raise ValueError(f"values {shapes[0]} do not fit segments {shapes[1]}")
        return step.shape

    def compute(self, step: Instruction, inputs: Values, frame: Frame) -> Any:
        x, starts = inputs
        out = np.zeros(numbers(step.shape, frame), x.dtype)
        for row, (start, end) in zip(x, _segments(starts, len(out)), strict=True):
            out[start:end] = row
        return out


# ---------------------------------------------------------------------- put back
class PutBack(Op, indexes="result"):
    """Zeros with values added at places; the values have the shape that a look-up would have."""

    def looked_up(self, step: Instruction, shapes: Shapes) -> Shape:
        """Return the shape that the values must have."""
        raise NotImplementedError

    def places(self, step: Instruction, inputs: Values, frame: Frame) -> Any:
        """Return the index at which they are added."""
        raise NotImplementedError

    def shape(self, step: Instruction, shapes: Shapes) -> Shape:
        wanted = self.looked_up(step, shapes)
        if shapes[0] != wanted:
            raise ValueError(f"values {shapes[0]} do not fit places of the shape {wanted}")
        return step.shape

    def compute(self, step: Instruction, inputs: Values, frame: Frame) -> Any:
        out = np.zeros(numbers(step.shape, frame), inputs[0].dtype)
        np.add.at(out, self.places(step, inputs, frame), inputs[0])
        return out


class Scatter(PutBack, op="scatter", by_rows="scatter_rows", ids=1):
    """Slices added at places along an axis."""

    def looked_up(self, step: Instruction, shapes: Shapes) -> Shape:
        return with_axis(step.shape, step["axis"], shapes[1])

    def places(self, step: Instruction, inputs: Values, frame: Frame) -> Any:
        return (slice(None),) * step["axis"] + (inputs[1],)


class ScatterAlong(PutBack, op="scatter_along", title="scatter_along_axis", ids=1):
    """Elements added at other places along an axis in every row."""

    def looked_up(self, step: Instruction, shapes: Shapes) -> Shape:
        axis = step["axis"]
        wanted = with_axis(step.shape, axis, (shapes[1][axis],))
        broadcast_shapes([shapes[1], wanted])
        return wanted

    def places(self, step: Instruction, inputs: Values, frame: Frame) -> Any:
        g, ids = inputs
        grid: list[Any] = list(np.indices(g.shape, sparse=True))
        grid[step["axis"]] = ids
        return tuple(grid)


class ScatterSlice(PutBack, op="scatter_slice", title="scatter_index", indexes=""):
    """Values put where a basic index takes them."""

    interval = of_first_or_zero

    def looked_up(self, step: Instruction, shapes: Shapes) -> Shape:
        return slice_shape(step["spec"], step.shape)

    def places(self, step: Instruction, inputs: Values, frame: Frame) -> Any:
        return index_of(step["spec"], frame.sizes)

    def parameters_of(self, step: Instruction, shapes: Shapes) -> tuple[str, ...]:
        return (index_text(step["spec"], step.shape),)


# ---------------------------------------------------------------------- written
class Write(Op, family="written", alike=slice(0)):
    """A change of a parameter, the first input, after everything has been read."""

    def dtype_fault(self, step: Instruction, inputs: Instructions) -> str | None:
        if inputs[0].op != "parameter":
            return f"it writes {inputs[0].name}, which is no parameter"
        return super().dtype_fault(step, inputs)

    def shape(self, step: Instruction, shapes: Shapes) -> Shape:
        if broadcast_shapes([shapes[1], shapes[0]]) != shapes[0]:
            raise ValueError(f"the value {shapes[1]} does not fit the parameter {shapes[0]}")
        return ()

    def result_name(self, step: Instruction) -> str:
        return f"write_{step.inputs[0]}"


class AddTo(Write, op="add_to", negated="subtract_from"):
    """A value added to a whole parameter, or subtracted."""

    def compute(self, step: Instruction, inputs: Values, frame: Frame) -> Any:
        table, value = inputs
        table += _signed(step, value).astype(table.dtype)


class Put(Write, op="put"):
    """A value in place of a whole parameter; before it, where given, which elements stay."""

    def shape(self, step: Instruction, shapes: Shapes) -> Shape:
        for given in shapes[1:]:
            super().shape(step, (shapes[0], given))
        return ()

    def compute(self, step: Instruction, inputs: Values, frame: Frame) -> Any:
        table, *stays, value = inputs
        np.copyto(table, value, where=~stays[0] if stays else True)


class AddRows(Write, op="add_rows", negated="subtract_rows", ids=1, indexes="input"):
    """Values added to rows, or subtracted; rows may repeat."""

    def shape(self, step: Instruction, shapes: Shapes) -> Shape:
        table, ids, values = shapes
        if broadcast_shapes([values, (*ids, *table[1:])]) != (*ids, *table[1:]):
            raise ValueError(f"values {values} do not fit ids {ids}")
        return ()

    def compute(self, step: Instruction, inputs: Values, frame: Frame) -> Any:
        table, ids, values = inputs
        np.add.at(table, ids, _signed(step, values).astype(table.dtype))


class PutRows(Write, op="put_rows", ids=1, indexes="input"):
    """Values in place of rows; of a row that repeats the first place counts.

    Before the values, where given, which elements of these rows stay.
    """

    def shape(self, step: Instruction, shapes: Shapes) -> Shape:
        table, ids, first, *given = shapes
        if first != ids or any(shape != (*ids, *table[1:]) for shape in given):
            raise ValueError(f"values {given[-1]} do not fit ids {ids}")
        return ()

    def compute(self, step: Instruction, inputs: Values, frame: Frame) -> Any:
        table, ids, first, *stays, values = inputs
        keep = first == np.arange(len(first))
        rows = ids[keep]
        changed = values[keep]
        table[rows] = np.where(stays[0][keep], table[rows], changed) if stays else changed


# ---------------------------------------------------------------------- shared
def _signed(step: Instruction, values: Any) -> Any:
    return -values if step.parameters.get("subtract") else values


def _segments(starts: Any, count: int) -> Iterator[tuple[int, int]]:
    return zip(starts, [*starts, count][1:], strict=True)
