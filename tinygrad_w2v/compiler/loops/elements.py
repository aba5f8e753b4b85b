"""The element of a value at an index, as an expression: what is not stored is seen through.

An element of ``x.T`` is one of ``x`` with the places exchanged, one of a slice stands further on,
and one of ``exp(x)`` is that function of one of ``x``, down to what an array holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tinygrad_w2v.compiler.ir.instructions import GIVEN, Instruction
from tinygrad_w2v.compiler.ir.sizes import Length, SymbolicSize
from tinygrad_w2v.compiler.loops.nest import Call, Expression, Load, Number, SizeOf
from tinygrad_w2v.compiler.trace.indexing import Part
from tinygrad_w2v.compiler.trace.shapes import regrouped


class Elements:
    """The elements of all values of a program.

    Parameters
    ----------
    by_name : dict
        Its instructions.
    kept : set of str
        What has an array of its own.
    """

    def __init__(self, by_name: Mapping[str, Instruction], kept: set[str]) -> None:
        self.by_name, self.kept = by_name, kept

    def of(self, name: str, indices: tuple[Expression, ...]) -> Expression:
        """Return the element of a value at an index for each of its axes."""
        step = self.by_name[name]
        if name in self.kept:
            return Load(name, tuple(i for i, n in zip(indices, step.shape, strict=True) if n != 1))
        op = step.op
        if op in GIVEN:
            return self._given(step, indices)
        if op == "map":
            return Call(step["function"], tuple(self.fitted(x, indices) for x in step.inputs))
        if op == "transpose":
            places: list[Expression] = [Number(0)] * len(indices)
            for index, axis in zip(indices, step["axes"], strict=True):
                places[axis] = index
            return self.of(step.inputs[0], tuple(places))
        if op == "arange":
            return indices[0]
        if op == "broadcast":
            return self.fitted(step.inputs[0], indices)
        if op == "reshape":
            return self._reshaped(step, indices)
        if op == "slice":
            return self.of(step.inputs[0], places_in_whole(step["spec"], indices))
        if op in ("take", "take_along"):
            return self._taken(step, indices)
        if op == "einsum":
            by_label = dict(zip(step["out"], indices, strict=True))
            return self.product(step, by_label)
        assert op == "reduce", op
        rest = iter(indices)
        shape = self.by_name[step.inputs[0]].shape
        whole = tuple(Number(0) if i in step["axes"] else next(rest) for i in range(len(shape)))
        return self.of(step.inputs[0], whole)

    def _given(self, step: Instruction, indices: tuple[Expression, ...]) -> Expression:
        if step.op == "constant" and step["value"] is not None:
            return Number(step["value"])
        if step.op == "size":
            size = SizeOf(step["length"])
            return size if step.dtype == "int" else Call("float", (size,))
        load: Expression = Load(step.name, indices)
        if step.op == "parameter" and step["wide"]:
            load = Call("float", (load,))
        return load

    def fitted(self, name: str, indices: tuple[Expression, ...]) -> Expression:
        """Return the element of a value that is broadcast to more or longer axes."""
        shape = self.by_name[name].shape
        own = indices[len(indices) - len(shape) :] if shape else ()
        pinned = tuple(Number(0) if n == 1 else i for i, n in zip(own, shape, strict=True))
        return self.of(name, pinned)

    def _reshaped(self, step: Instruction, indices: tuple[Expression, ...]) -> Expression:
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

    def _taken(self, step: Instruction, indices: tuple[Expression, ...]) -> Expression:
        x, ids = step.inputs
        axis = step["axis"]
        if step.op == "take_along":
            at = list(indices)
            at[axis] = self.fitted(ids, indices)
            shape = self.by_name[x].shape
            pinned = [
                i if n != 1 or k == axis else Number(0)
                for k, (i, n) in enumerate(zip(at, shape, strict=True))
            ]
            return self.of(x, tuple(pinned))
        rank = len(self.by_name[ids].shape)
        row = self.of(ids, indices[axis : axis + rank])
        return self.of(x, (*indices[:axis], row, *indices[axis + rank :]))

    def product(self, step: Instruction, by_label: Mapping[str, Expression]) -> Expression:
        """Return the product of an einsum's factors, with the place of each label."""
        factors = []
        for name, term in zip(step.inputs, step["terms"], strict=True):
            shape = self.by_name[name].shape
            at = tuple(
                Number(0) if n == 1 else by_label[label]
                for label, n in zip(term, shape, strict=True)
            )
            factors.append(self.of(name, at))
        product = factors[0]
        for factor in factors[1:]:
            product = Call("multiply", (product, factor))
        return product


def places_in_whole(spec: Sequence[Part], indices: Sequence[Expression]) -> tuple[Expression, ...]:
    """Return where an element of a slice stands in what it was taken of."""
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
