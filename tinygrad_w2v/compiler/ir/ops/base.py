"""What an op of an instruction means: the base of all.

A class says what follows from an instruction's inputs (its shape, its dtype), what NumPy would
compute, between which numbers whole numbers are, and how it is written in a listing. The verifier,
the interpreter, the listing and the tracer ask it; none of them knows an op by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np

from tinygrad_w2v.compiler.ir.instructions import Instruction
from tinygrad_w2v.compiler.ir.intervals import ANY, Interval, hull
from tinygrad_w2v.compiler.ir.sizes import Length, Shape, value_of

Instructions = Sequence[Instruction]
Shapes = Sequence[Shape]
Intervals = Sequence[Interval]
Values = Sequence[Any]


class Frame(NamedTuple):
    """What instructions are computed of, beside each other's values.

    Attributes
    ----------
    example, tables : dict of arrays
        What inputs and parameters are, by name.
    constants : dict of arrays
        The program's.
    sizes : dict
        The numbers that its sizes are.
    dtype
        What is computed in.
    """

    example: Mapping[str, Any]
    tables: Mapping[str, Any]
    constants: Mapping[str, Any]
    sizes: Mapping[str, int]
    dtype: Any = np.float64


REGISTRY: dict[str, Op] = {}


class Op:
    """What an op means; a subclass registers itself in `REGISTRY` by its name.

    Attributes
    ----------
    family : str
        ``"given"``, ``"computed"``, ``"moved"`` or ``"written"``.
    title : str
        What users call it; of an op that has a function what stands before the function's name.
    by_rows, negated : str
        What it is called along axis 0, and where it subtracts.
    result : str
        What its result is called.
    alike : slice
        Which inputs have the dtype of the result.
    ids : int or None
        Which input holds ids.
    starts : bool
        Whether its ids say where segments start.
    indexes : str
        What they are places of: the ``"input"``, the ``"result"``, or nothing (the default).
    """

    family: ClassVar[str] = "computed"
    title: ClassVar[str] = ""
    by_rows: ClassVar[str] = ""
    negated: ClassVar[str] = ""
    result: ClassVar[str] = ""
    alike: ClassVar[slice] = slice(1)
    ids: ClassVar[int | None] = None
    starts: ClassVar[bool] = False
    indexes: ClassVar[str] = ""

    def __init_subclass__(cls, op: str = "", **about: Any) -> None:
        for attribute, value in about.items():
            setattr(cls, attribute, value)
        if op:
            REGISTRY[op] = cls()

    def shape(self, step: Instruction, shapes: Shapes) -> Shape:
        """Return the shape that follows from the inputs'; by default the one that `step` names.

        Raises
        ------
        ValueError
            When the inputs do not fit.
        """
        return step.shape

    def dtype_fault(self, step: Instruction, inputs: Instructions) -> str | None:
        """Say what is wrong with the dtypes of an instruction and its inputs."""
        if self.ids is not None and inputs[self.ids].dtype != "int":
            return f"its ids {inputs[self.ids].name} are {inputs[self.ids].dtype}"
        mixed = [x.dtype for x in inputs[self.alike] if x.dtype != step.dtype]
        return f"it is {step.dtype}, but made of {mixed[0]}" if mixed else None

    def compute(self, step: Instruction, inputs: Values, frame: Frame) -> Any:
        """Return the value, by NumPy; of a write, do it."""
        raise NotImplementedError

    def interval(self, step: Instruction, given: Intervals, shapes: Shapes) -> Interval:
        """Return between which numbers its whole numbers are, by the intervals of the inputs."""
        return ANY

    def indexed(self, step: Instruction, shapes: Shapes) -> Length | None:
        """Return the length of the axis that its ids are places of."""
        if not self.indexes:
            return None
        return (shapes[0] if self.indexes == "input" else step.shape)[
            step.parameters.get("axis", 0)
        ]

    def name_of(self, step: Instruction) -> str:
        """Return what users call it."""
        parameters = step.parameters
        if "function" in parameters:
            return f"{self.title}{parameters['function']}"
        if parameters.get("subtract"):
            return self.negated
        return self.by_rows if self.by_rows and parameters["axis"] == 0 else self.title or step.op

    def parameters_of(self, step: Instruction, shapes: Shapes) -> tuple[str, ...]:
        """Return its parameters as one would write them."""
        axis = step.parameters.get("axis")
        return () if axis is None or (self.by_rows and axis == 0) else (f"axis={axis}",)

    def result_name(self, step: Instruction) -> str:
        """Return what its result is best called; ``step.inputs`` are named already."""
        return self.result or (self.name_of(step) if "function" in step.parameters else step.op)


# ---------------------------------------------------------------------- shared by ops
def of_first(_: Any, step: Instruction, given: Intervals, shapes: Shapes) -> Interval:
    """The rule of ops whose elements are those of the first input."""
    return given[0]


def of_first_or_zero(_: Any, step: Instruction, given: Intervals, shapes: Shapes) -> Interval:
    """The rule of ops that put the elements of the first input into zeros."""
    return hull((0, 0), given[0])


def with_axis(shape: Shape, axis: int, lengths: Shape) -> Shape:
    """The shape with other axes in place of one."""
    return (*shape[:axis], *lengths, *shape[axis + 1 :])


def numbers(shape: Shape, frame: Frame) -> tuple[int, ...]:
    """The numbers that the lengths of a shape are."""
    return tuple(value_of(n, frame.sizes) for n in shape)
