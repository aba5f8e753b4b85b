"""The element of a value at an index, as an expression: what is not stored is inlined.

An element of ``x.T`` is one of ``x`` with the indices exchanged, one of a slice has another index,
and one of ``exp(x)`` is that function of one of ``x``, down to what an array holds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce

from tinygrad_w2v.compiler.ir.instructions import Instruction
from tinygrad_w2v.compiler.ir.ops import GIVEN
from tinygrad_w2v.compiler.ir.sizes import Length, Shape, SymbolicSize
from tinygrad_w2v.compiler.loops.nest import Call, Expression, Indices, Load, Number, SizeOf
from tinygrad_w2v.compiler.trace.indexing import Part
from tinygrad_w2v.compiler.trace.shapes import regrouped


class Elements:
    """The elements of all values of a program.

    Parameters
    ----------
    by_name : dict
        Its instructions.
    stored : set of str
        What has an array of its own.
    outer : callable, optional
        In the body of a loop over time: what stands there for an element of the program around.
    """

    def __init__(
        self,
        by_name: Mapping[str, Instruction],
        stored: set[str],
        outer: Callable[[Instruction, Indices], Expression] | None = None,
    ) -> None:
        self.by_name, self.stored, self.outer = by_name, stored, outer

    def of(self, name: str, indices: Indices) -> Expression:
        """Return the element of a value at an index for each of its axes."""
        step = self.by_name[name]
        if name in self.stored:
            return Load(name, without_ones(indices, step.shape))
        return self.computed(step, indices)

    def computed(self, step: Instruction, indices: Indices) -> Expression:
        """Return what an element is computed by, whether it is stored or not."""
        op = step.op
        if op in GIVEN:
            return self._given(step, indices)
        if op == "map":
            return Call(step["function"], tuple(self.fitted(x, indices) for x in step.inputs))
        if op == "transpose":
            exchanged = sorted(zip(step["axes"], indices, strict=True), key=lambda pair: pair[0])
            return self.of(step.inputs[0], tuple(index for _, index in exchanged))
        if op == "arange":
            return indices[0]
        if op == "broadcast":
            return self.fitted(step.inputs[0], indices)
        if op == "reshape":
            return self._reshaped(step, indices)
        if op == "slice":
            return self.of(step.inputs[0], indices_in_whole(step["spec"], indices))
        if op in ("take", "take_along"):
            return self._taken(step, indices)
        if op == "einsum":
            return self.product(step, dict(zip(step["out"], indices, strict=True)))
        assert op == "reduce", op
        rest = iter(indices)
        shape = self.by_name[step.inputs[0]].shape
        whole = tuple(Number(0) if i in step["axes"] else next(rest) for i in range(len(shape)))
        return self.of(step.inputs[0], whole)

    def _given(self, step: Instruction, indices: Indices) -> Expression:
        if step.op == "outer":
            assert self.outer is not None
            return self.outer(step, indices)
        if step.op == "constant" and step["value"] is not None:
            return Number(step["value"])
        if step.op == "size":
            size = SizeOf(step["length"])
            return size if step.dtype == "int" else Call("float", (size,))
        load: Expression = Load(step.name, indices)
        if step.op == "parameter" and step["wide"]:
            load = Call("float", (load,))
        return load

    def fitted(self, name: str, indices: Indices) -> Expression:
        """Return the element of a value that is broadcast to more or longer axes."""
        shape = self.by_name[name].shape
        own = indices[len(indices) - len(shape) :]
        return self.of(name, _pinned(own, shape))

    def _reshaped(self, step: Instruction, indices: Indices) -> Expression:
        old = self.by_name[step.inputs[0]].shape
        groups = regrouped(old, step.shape)
        assert groups is not None
        at: list[Expression] = [Number(0)] * len(old)
        for left, right in groups:
            if len(left) == len(right) == 1:
                at[left[0]] = indices[right[0]]
                continue
            place = indices[right[0]]
            for axis in right[1:]:
                place = plus(_times(place, step.shape[axis]), indices[axis])
            for axis in reversed(left[1:]):
                at[axis] = Call("remainder", (place, length_of(old[axis])))
                place = Call("floor_divide", (place, length_of(old[axis])))
            at[left[0]] = place
        return self.of(step.inputs[0], tuple(at))

    def _taken(self, step: Instruction, indices: Indices) -> Expression:
        x, ids = step.inputs
        axis = step["axis"]
        if step.op == "take_along":
            at = list(_pinned(indices, self.by_name[x].shape))
            at[axis] = self.fitted(ids, indices)
            return self.of(x, tuple(at))
        rank = len(self.by_name[ids].shape)
        row = self.of(ids, indices[axis : axis + rank])
        return self.of(x, (*indices[:axis], row, *indices[axis + rank :]))

    def product(self, step: Instruction, at: Mapping[str, Expression]) -> Expression:
        """Return the product of an einsum's factors, at an index for each longer subscript."""
        factors = [
            self.fitted(name, tuple(at.get(subscript, Number(0)) for subscript in term))
            for name, term in zip(step.inputs, step["terms"], strict=True)
        ]
        return reduce(lambda product, factor: Call("multiply", (product, factor)), factors)


def without_ones(indices: Indices, shape: Shape) -> Indices:
    """Return the indices of the axes that are longer than 1."""
    return tuple(i for i, n in zip(indices, shape, strict=True) if n != 1)


def _pinned(indices: Indices, shape: Shape) -> Indices:
    """Indices with 0 along axes of length 1."""
    return tuple(Number(0) if n == 1 else i for i, n in zip(indices, shape, strict=True))


def indices_in_whole(spec: Sequence[Part], indices: Indices) -> Indices:
    """Return the indices of an element of a slice in what the slice was taken of."""
    rest = iter(indices)
    return tuple(
        length_of(part[1]) if part[0] == "at" else _affine(part[1], part[2], next(rest))
        for part in spec
    )


def length_of(length: Length) -> Expression:
    """Return a length as an expression."""
    return SizeOf(length) if isinstance(length, SymbolicSize) else Number(int(length))


def plus(x: Expression, y: Expression) -> Expression:
    """Return a sum; of numbers a number."""
    if isinstance(x, Number) and isinstance(y, Number):
        return Number(x.value + y.value)
    if isinstance(y, Number) and y.value == 0:
        return x
    return y if isinstance(x, Number) and x.value == 0 else Call("add", (x, y))


def _times(x: Expression, length: Length) -> Expression:
    if isinstance(x, Number) and isinstance(length, int):
        return Number(x.value * length)
    return Call("multiply", (x, length_of(length)))


def _affine(first: Length, step: int, index: Expression) -> Expression:
    """``first + step * index``"""
    if step == 1:
        return plus(index, length_of(first))
    if step == -1:
        return Call("subtract", (length_of(first), index))
    return plus(_times(index, step), length_of(first))
