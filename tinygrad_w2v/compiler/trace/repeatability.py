"""Repeatability: a loss that changes from run to run is refused, as a kernel would hold one run.

A trace runs Python once. Whatever that run drew, counted or read off a clock would stand in the
kernel as a number for ever. So the loss is traced several times: what it computes, and each array
that it brings along, has to be the same, no generator in its reach may have moved on, and no number
among the attributes may go on changing. What the traces left in the model is taken back.
"""

from __future__ import annotations

import itertools
import zlib
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import CompileError, InputError
from tinygrad_w2v.compiler.ir.instructions import Instruction
from tinygrad_w2v.compiler.trace.arguments import defined_at
from tinygrad_w2v.compiler.trace.registry import DRAW_BY_KEY
from tinygrad_w2v.compiler.trace.trace import Field, Traced, trace
from tinygrad_w2v.nn import Module
from tinygrad_w2v.nn.reads import Held
from tinygrad_w2v.nn.trial import Trial
from tinygrad_w2v.optim.optimizer import Optimizer

TIMES = 8  # a coin that nobody holds is thrown the same way so often once in 128 times
HELD = "a kernel would hold the first run for all examples"
REMEDY = f"{HELD}: make such numbers outside, and give them as an array of the example"


def trace_repeatable(
    model: Module,
    example: Any,
    fields: tuple[Field, ...],
    optimizer: Optimizer | None = None,
    dtype: Any = np.float32,
) -> tuple[Traced, Traced]:
    """Return the traces of a step and of the gradients alone, if the loss is the same each time.

    Parameters
    ----------
    model, example, fields, optimizer, dtype
        As in `trace`.

    Raises
    ------
    CompileError
        It names what changes from run to run, and the line.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> from tinygrad_w2v.compiler.trace.trace import fields_of
    >>> class Dropped(tw.Module):
    ...     def __init__(self):
    ...         self.w, self.rng = tw.Parameter(np.ones(8)), np.random.default_rng(0)
    ...     def loss(self, batch):
    ...         return (F.dropout(self.w, 0.5, self.rng) * batch["x"]).sum()
    >>> example = {"x": np.ones(8)}
    >>> trace_repeatable(Dropped(), example, fields_of(example, None))
    Traceback (most recent call last):
    tinygrad_w2v._base.errors.CompileError: Dropped.loss draws random numbers from self.rng: ...
    """
    what, where = f"{type(model).__name__}.loss", defined_at(type(model).loss)  # type: ignore[attr-defined]
    with Trial(model) as held:
        traced = trace(model, example, fields, optimizer, dtype)
        constants = Held(model, traced.reads or {})
        gradients = trace(model, example, fields, None, dtype, only_gradients=True)
        first, counted = _Print(trace(model, example, fields, None, dtype)), held.numbers()
        for _ in range(TIMES - 3):
            again = _Print(trace(model, example, fields, None, dtype))
            drawn = held.moved_on()
            step = first.difference(again) or first.written()
            if drawn or step is not None:
                fault = f"draws random numbers from {drawn}" if drawn else _difference(step)
                remedy = f"{HELD}: {DRAW_BY_KEY}" if drawn else REMEDY
                line = f"\n  applied at {step.site}" if step is not None and step.site else ""
                raise CompileError(f"{what} {fault}: {remedy}{line or where}")
            changed = [name for name, n in held.numbers().items() if n != counted.get(name, n)]
            if changed:
                raise CompileError(
                    f"{what} changes {changed[0]} each time that it is run: {REMEDY}{where}"
                )
    constants.also()  # as the trial has put it back
    return traced._replace(held=constants), gradients._replace(held=constants)


def check_constants(held: Held | None) -> None:
    """Check what a loss read of its model beside Parameters: a kernel holds it as it was.

    Raises
    ------
    InputError
        When it is another one by now.
    """
    change = None if held is None else held.change()
    if change is None:
        return
    name, before, now = change
    said, remedy = f"{name} is another one than", "compile the model again"
    if not isinstance(before, np.ndarray | list | tuple | dict):
        said = f"{name} is now {now!r:.60}, not {before!r:.60} as"
    if isinstance(before, float) or getattr(before, "dtype", np.dtype(int)).kind == "f":
        remedy += (
            ", or keep it as `tw.Parameter(..., frozen=True)`, whose `.data` are read each time"
        )
    raise InputError(f"{said} when the kernel was made, which holds it: {remedy}")


def _difference(step: Instruction | None) -> str:
    assert step is not None
    if step.op == "constant":
        shape = "a number" if step.shape == () else f"an array of the shape {step.shape}"
        return f"brings along {shape} that is another one each time"
    return f"computes something else each time, first at {step.op}"


class _Print:
    """What is compared of two traces: instructions, and the arrays that they bring along."""

    def __init__(self, traced: Traced) -> None:
        program = traced.program
        self.steps = tuple(program)
        self.arrays = {name: np.asarray(array) for name, array in program.constants.items()}
        self._sums = self._checksums()

    def _checksums(self) -> dict[str, int]:
        arrays = self.arrays.items()
        return {name: zlib.crc32(np.ascontiguousarray(array).data) for name, array in arrays}

    def difference(self, other: _Print) -> Instruction | None:
        """The first instruction that differs."""
        for one, two in itertools.zip_longest(self.steps, other.steps):
            if one is None or two is None or one.key != two.key:
                return one or two
            if not _same_bytes(self.arrays.get(one.name), other.arrays.get(two.name)):
                return one
        return None

    def written(self) -> Instruction | None:
        """An array that somebody wrote into since."""
        now = self._checksums()
        return next((s for s in self.steps if now.get(s.name) != self._sums.get(s.name)), None)


def _same_bytes(one: Any, other: Any) -> bool:
    if one is other:
        return True
    return one.dtype == other.dtype and np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
