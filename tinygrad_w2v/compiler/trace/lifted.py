"""Ids of one step of a loop as the ids of all steps, around the loop.

Ids are checked before a kernel runs, and a gradient by rows goes to the rows of all steps at once.
So what a step computes of whole numbers is noted once more, with the axis of time in front.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import CompileError
from tinygrad_w2v.compiler.ir.instructions import Instruction
from tinygrad_w2v.compiler.ir.sizes import Length
from tinygrad_w2v.compiler.trace.symbol import Symbol, Trace


class Lifting:
    """Values of a step as values of all steps.

    Parameters
    ----------
    trace : Trace
    known : dict
        The instructions of a step by name; all others stand around the loop.
    length : int or SymbolicSize
        How many steps there are.
    """

    def __init__(self, trace: Trace, known: Mapping[str, Instruction], length: Length) -> None:
        self.trace, self.known, self.length = trace, known, length
        self._done: dict[str, tuple[Symbol, bool]] = {}

    def of(self, name: str, starts: bool = False) -> tuple[Symbol, bool]:
        """Return the value, and whether it has the axis of time in front.

        Raises
        ------
        CompileError
            Where it depends on the state, or is no simple function of what there is beforehand.
        """
        if name not in self._done:
            value, moves = self._lifted(name)
            if starts and moves:
                raise self._refused(self.known[name], "where segments start changes with the step")
            self._done[name] = value, moves
        return self._done[name]

    def _lifted(self, name: str) -> tuple[Symbol, bool]:
        step = self.known.get(name)
        if step is None:
            return self.trace.symbols[name], False
        if step.op == "outer" and step["of"][0] == "input":
            return self.trace.symbols[step["of"][1]], step["at"] is not None
        record, parameters = self.trace.record, dict(step.parameters)
        if step.op in ("constant", "arange", "size"):
            made = record(
                step.op, (), step.dtype, step.shape, exact=self._exact(name), **parameters
            )
            return made, False
        if step.op not in ("map", "reshape", "transpose", "slice", "broadcast"):
            raise self._refused(step, f"ids are made by {step.op}")
        inputs = [self.of(read) for read in step.inputs]
        if not any(moves for _, moves in inputs):
            return self._noted(step, [value for value, _ in inputs], step.shape, parameters), False
        whole = (self.length, *step.shape)
        if step.op == "map":
            values = [
                self._aligned(value, len(step.shape)) if moves else value for value, moves in inputs
            ]
            return self._noted(step, values, whole, parameters), True
        ((value, _),) = inputs
        if step.op == "transpose":
            parameters["axes"] = (0, *(axis + 1 for axis in step["axes"]))
        elif step.op == "slice":
            parameters["spec"] = (("range", 0, 1, self.length), *step["spec"])
        elif step.op == "broadcast":
            value = self._aligned(value, len(step.shape))
        return self._noted(step, [value], whole, parameters), True

    def _aligned(self, value: Symbol, ndim: int) -> Symbol:
        """A value of all steps, with axes of length 1 behind that of time."""
        missing = ndim + 1 - value.ndim
        shape = (value.shape[0], *(1,) * missing, *value.shape[1:])
        aligned: Any = np.reshape(value, shape) if missing else value
        return aligned

    def _noted(self, step: Instruction, values: Any, shape: Any, parameters: Any) -> Symbol:
        exact = self._exact(step.name)
        return self.trace.record(step.op, values, step.dtype, shape, exact=exact, **parameters)

    def _exact(self, name: str) -> Any:
        symbol = self.trace.symbols[name]
        return symbol.dtype if symbol.kind == "int" else None

    def _refused(self, step: Instruction, why: str) -> CompileError:
        return CompileError(
            f"an index in a step of F.scan cannot be compiled, as {why}: compute the ids before "
            "the scan and give them as a part of xs"
            + (f"\n  applied at {step.site}" if step.site else "")
        )
