"""Instructions run one by one on plain arrays: what a compiled kernel must agree with.

It is slow and simple, and shares no code with what generates kernels.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tinygrad_w2v.compiler.ir.instructions import Instruction
from tinygrad_w2v.compiler.ir.ops import OPS, WRITES
from tinygrad_w2v.compiler.ir.ops.base import Frame
from tinygrad_w2v.compiler.ir.program import Program
from tinygrad_w2v.compiler.ir.sizes import value_of


def interpret(
    program: Program,
    example: Mapping[str, Any],
    tables: Mapping[str, Any],
    sizes: Mapping[str, int],
    dtype: Any = np.float64,
) -> float:
    """Run a program on one example; the tables that it writes are changed in place.

    Parameters
    ----------
    program : Program
    example : dict of arrays
        By input name, the learning rate among them.
    tables : dict of arrays
        By parameter name.
    sizes : dict
        The numbers that the symbolic sizes are.
    dtype
        What is computed in.

    Returns
    -------
    float
        The loss of the example.
    """
    frame = Frame(example, tables, program.constants, sizes, dtype)
    values: dict[str, Any] = {}
    writes: list[tuple[Instruction, list[Any]]] = []
    for step in program:
        inputs = [values[name] for name in step.inputs]
        if step.op in WRITES:  # an input may be a view of a table that another write changes
            writes.append((step, [inputs[0], *[np.array(x) for x in inputs[1:]]]))
            continue
        value = OPS[step.op].compute(step, inputs, frame)
        if step.dtype == "float" and step.op != "parameter":
            value = np.asarray(value, dtype)
        assert np.shape(value) == tuple(value_of(n, sizes) for n in step.shape), step
        values[step.name] = value
    loss = float(values[program.loss])
    for step, inputs in writes:
        OPS[step.op].compute(step, inputs, frame)
    return loss


def whole_numbers(
    program: Program, names: set[str], example: Mapping[str, Any], sizes: Mapping[str, int]
) -> dict[str, Any]:
    """Return values of a program that depend on no parameter, such as ids.

    Parameters
    ----------
    program : Program
    names : set of str
        What is computed, with all that it depends on.
    example, sizes
        As for `interpret`.
    """
    frame = Frame(example, {}, program.constants, sizes)
    values: dict[str, Any] = {}
    with np.errstate(all="ignore"):  # whole numbers wrap around, as they do in a kernel
        for step in program:
            if step.name in names:
                inputs = [values[name] for name in step.inputs]
                values[step.name] = np.asarray(OPS[step.op].compute(step, inputs, frame))
    return values
