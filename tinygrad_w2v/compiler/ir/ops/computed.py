"""Ops that are given, that compute, and that count."""

from __future__ import annotations

import functools
import operator
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from tinygrad_w2v.compiler.ir.instructions import Instruction
from tinygrad_w2v.compiler.ir.intervals import ANY, Interval, hull, within_int64
from tinygrad_w2v.compiler.ir.ops.base import (
    Frame,
    Instructions,
    Intervals,
    Op,
    Shapes,
    Values,
    with_axis,
)
from tinygrad_w2v.compiler.ir.scalar_functions import FUNCTIONS
from tinygrad_w2v.compiler.ir.sizes import (
    Length,
    Shape,
    bound_of,
    broadcast_shapes,
    product,
    value_of,
)


def _of_places(_: Any, step: Instruction, given: Intervals, shapes: Shapes) -> Interval:
    """Of the places of the axis, of the result where no axis is named."""
    length = shapes[0][step["axis"]] if "axis" in step.parameters else step.shape[0]
    return 0, max(bound_of(length) - 1, 0)


# ---------------------------------------------------------------------- given
class Given(Op, family="given", alike=slice(0)):
    """It computes nothing."""


class Input(Given, op="input"):
    """An array of the example."""

    def compute(self, step: Instruction, inputs: Values, frame: Frame) -> Any:
        kind = {"float": frame.dtype, "int": np.int64, "bool": np.bool_}[step.dtype]
        return np.asarray(frame.example[step.name], kind)


class Table(Given, op="parameter"):
    """An array that the program may write."""

    def compute(self, step: Instruction, inputs: Values, frame: Frame) -> Any:
        return frame.tables[step.name]


class Constant(Given, op="constant", result="number"):
    """A number, or an array of the program's constants (where the value is None)."""

    def compute(self, step: Instruction, inputs: Values, frame: Frame) -> Any:
        value = step["value"]
        return frame.constants[step.name] if value is None else np.asarray(value)


class SizeAsNumber(Given, op="size"):
    """A symbolic size as a number."""

    def compute(self, step: Instruction, inputs: Values, frame: Frame) -> Any:
        kind = np.int64 if step.dtype == "int" else float
        return np.asarray(value_of(step["length"], frame.sizes), kind)


# ---------------------------------------------------------------------- computed
class Map(Op, op="map"):
    """A scalar function of values that are broadcast."""

    def shape(self, step: Instruction, shapes: Shapes) -> Shape:
        arity = FUNCTIONS[step["function"]].arity
        if len(shapes) != arity:
            raise ValueError(f"{step['function']} takes {arity} inputs, not {len(shapes)}")
        return broadcast_shapes(shapes)

    def dtype_fault(self, step: Instruction, inputs: Instructions) -> str | None:
        wanted, values = FUNCTIONS[step["function"]].dtype, inputs
        if step["function"] == "where" and inputs:
            values = inputs[1:]
            if inputs[0].dtype != "bool":
                return f"its condition {inputs[0].name} is {inputs[0].dtype}"
        if wanted != "same":
            return None if step.dtype == wanted else f"it is {step.dtype}, not {wanted}"
        mixed = [x for x in values if x.dtype != step.dtype]
        if mixed:
            return f"it is {step.dtype}, but its input {mixed[0].name} is {mixed[0].dtype}"
        return None

    def compute(self, step: Instruction, inputs: Values, frame: Frame) -> Any:
        return FUNCTIONS[step["function"]].numpy(*inputs)

    def interval(self, step: Instruction, given: Intervals, shapes: Shapes) -> Interval:
        rule = FUNCTIONS[step["function"]].interval
        return ANY if rule is None else within_int64(rule(*given))


class Along(Op):
    """A function along axes."""

    functions: ClassVar[Mapping[str, Any]] = {}

    def shape(self, step: Instruction, shapes: Shapes) -> Shape:
        if step["function"] not in self.functions:
            raise ValueError(f"there is no {step.op} {step['function']}")
        axes = step.parameters.get("axes", (step.parameters.get("axis"),))
        return tuple(n for i, n in enumerate(shapes[0]) if i not in axes)

    def compute(self, step: Instruction, inputs: Values, frame: Frame) -> Any:
        parameters = step.parameters
        axis = parameters["axes"] if "axes" in parameters else parameters["axis"]
        return self.functions[step["function"]](inputs[0], axis=axis)


class Reduce(Along, op="reduce"):
    """A sum, product or extreme over axes."""

    functions: ClassVar = {"sum": np.sum, "max": np.max, "min": np.min, "prod": np.prod}

    def interval(self, step: Instruction, given: Intervals, shapes: Shapes) -> Interval:
        if step["function"] != "sum":
            return ANY if step["function"] == "prod" else given[0]
        most = bound_of(product(shapes[0][axis] for axis in step["axes"]))
        low, high = given[0]
        return within_int64((min(most * low, 0), max(most * high, 0)))

    def parameters_of(self, step: Instruction, shapes: Shapes) -> tuple[str, ...]:
        axes = step["axes"]
        if len(axes) == len(shapes[0]):
            return ()
        return (f"axis={axes[0] if len(axes) == 1 else axes}",)

    def result_name(self, step: Instruction) -> str:
        names = {"sum": "total", "max": "largest", "min": "smallest", "prod": "product"}
        return names[step["function"]]


class Running(Along, op="running", title="cum"):
    """Sums or products of all elements up to each one, along an axis."""

    functions: ClassVar = {"sum": np.cumsum, "prod": np.cumprod}

    def shape(self, step: Instruction, shapes: Shapes) -> Shape:
        super().shape(step, shapes)
        return shapes[0]

    def interval(self, step: Instruction, given: Intervals, shapes: Shapes) -> Interval:
        if step["function"] != "sum":
            return ANY
        low, high = given[0]
        most = max(bound_of(shapes[0][step["axis"]]), 1)
        return within_int64((min(low, most * low), max(high, most * high)))


class Einsum(Op, op="einsum", result="dot", alike=slice(None)):
    """Sums of products of axes that have letters; ``lengths`` holds the length of each letter."""

    def shape(self, step: Instruction, shapes: Shapes) -> Shape:
        lengths = letter_lengths(step["terms"], shapes)
        if len(set(step["out"])) != len(step["out"]):
            raise ValueError("a letter of the result comes twice")
        return tuple(lengths[letter] for letter in step["out"])

    def compute(self, step: Instruction, inputs: Values, frame: Frame) -> Any:
        return np.einsum(f"{','.join(step['terms'])}->{step['out']}", *inputs)

    def parameters_of(self, step: Instruction, shapes: Shapes) -> tuple[str, ...]:
        used = dict.fromkeys((*step["out"], *"".join(step["terms"])))
        names = str.maketrans(dict(zip(used, "ijklmnopqrstuvwxyzabcdefgh", strict=False)))
        return (repr(f"{','.join(step['terms'])}->{step['out']}".translate(names)),)


class Concatenate(Op, op="concatenate", alike=slice(None)):
    """Arrays end to end along an axis."""

    def shape(self, step: Instruction, shapes: Shapes) -> Shape:
        axis = step["axis"]
        if len({with_axis(shape, axis, ()) for shape in shapes}) != 1:
            raise ValueError(f"the shapes {[*shapes]} do not fit")
        total = functools.reduce(operator.add, (shape[axis] for shape in shapes))
        return with_axis(shapes[0], axis, (total,))

    def compute(self, step: Instruction, inputs: Values, frame: Frame) -> Any:
        return np.concatenate(inputs, axis=step["axis"])

    def interval(self, step: Instruction, given: Intervals, shapes: Shapes) -> Interval:
        return hull(*given)


# ---------------------------------------------------------------------- counted
class Counted(Op, alike=slice(0)):
    """Places of an axis, which are whole numbers."""

    interval = _of_places

    def dtype_fault(self, step: Instruction, inputs: Instructions) -> str | None:
        if step.dtype != "int":
            return f"places are whole numbers, not {step.dtype}"
        return super().dtype_fault(step, inputs)


class Arange(Counted, op="arange", result="place"):
    """The places of an axis, in order."""

    def shape(self, step: Instruction, shapes: Shapes) -> Shape:
        return step.shape[:1]

    def compute(self, step: Instruction, inputs: Values, frame: Frame) -> Any:
        return np.arange(value_of(step.shape[0], frame.sizes))


class Argument(Counted, Along, op="argument", title="arg"):
    """Where the largest or the smallest element of an axis stands, the first of equal ones."""

    functions: ClassVar = {"max": np.argmax, "min": np.argmin}


class FirstPlace(Counted, op="first_place", ids=0):
    """For each id the place at which it stood first."""

    def shape(self, step: Instruction, shapes: Shapes) -> Shape:
        return shapes[0]

    def compute(self, step: Instruction, inputs: Values, frame: Frame) -> Any:
        _, first, inverse = np.unique(inputs[0], return_index=True, return_inverse=True)
        return first[inverse]


# ---------------------------------------------------------------------- shared
def letter_lengths(terms: Sequence[str], shapes: Shapes) -> dict[str, Length]:
    """Return the length of each letter of a product; an axis of length 1 is stretched.

    Examples
    --------
    >>> letter_lengths(("ij", "jk"), [(3, 1), (4, 2)])
    {'i': 3, 'j': 4, 'k': 2}
    """
    lengths: dict[str, Length] = {}
    for term, shape in zip(terms, shapes, strict=True):
        if len(term) != len(shape):
            raise ValueError(f"the letters {term} do not fit the shape {shape}")
        for letter, n in zip(term, shape, strict=True):
            known = lengths.get(letter, 1)
            if known != 1 and n not in (1, known):
                raise ValueError(f"axes of lengths {known} and {n} do not fit")
            lengths[letter] = known if n == 1 else n
    return lengths
