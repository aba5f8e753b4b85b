"""Instructions run one by one on plain arrays: what a compiled kernel must agree with.

It is slow and simple, and shares no code with what generates kernels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tinygrad_w2v.compiler.ir.instructions import WRITES, Instruction, Program
from tinygrad_w2v.compiler.ir.scalar_functions import FUNCTIONS
from tinygrad_w2v.compiler.ir.sizes import Shape, value_of

_REDUCE: dict[str, Callable[..., Any]] = {
    "sum": np.sum,
    "max": np.max,
    "min": np.min,
    "prod": np.prod,
}


def interpret(
    program: Program,
    window: Mapping[str, Any],
    tables: Mapping[str, Any],
    sizes: Mapping[str, int],
    dtype: Any = np.float64,
) -> float:
    """Run a program on one window; the tables that it writes are changed in place.

    Parameters
    ----------
    program : Program
    window : dict of arrays
        By input name, the learning rate among them.
    tables : dict of arrays
        By parameter name.
    sizes : dict
        The dynamic sizes of this window.
    dtype
        What is computed in.

    Returns
    -------
    float
        The loss of the window.
    """
    values: dict[str, Any] = {}
    writes: list[Callable[[], None]] = []
    for step in program:
        given = [values[name] for name in step.inputs]
        if step.op in WRITES:
            writes.append(_write(step, given))
        elif step.op == "input":
            kind = {"float": dtype, "int": np.int64, "bool": np.bool_}[step.dtype]
            values[step.name] = np.asarray(window[step.name], kind)
        elif step.op == "parameter":
            values[step.name] = tables[step.name]
        else:
            shape = tuple(value_of(n, sizes) for n in step.shape)
            value = _compute(step, given, shape, sizes, program)
            if step.dtype == "float":
                value = np.asarray(value, dtype)
            assert np.shape(value) == shape, (step, np.shape(value))
            values[step.name] = value
    loss = float(values[program.loss])
    for write in writes:
        write()
    return loss


def value_of_instruction(
    step: Instruction,
    values: Mapping[str, Any],
    window: Mapping[str, Any],
    sizes: Mapping[str, int],
    program: Program,
) -> Any:
    """Return one value of a program that depends on no parameter, such as ids.

    Parameters
    ----------
    step : Instruction
    values : dict of arrays
        What its inputs are.
    window, sizes
        As for `interpret`.
    program : Program
    """
    if step.op == "input":
        return np.asarray(window[step.name])
    shape = tuple(value_of(n, sizes) for n in step.shape)
    with np.errstate(all="ignore"):  # whole numbers wrap around, as they do in a kernel
        given = [values[name] for name in step.inputs]
        return np.asarray(_compute(step, given, shape, sizes, program))


def _compute(
    step: Instruction, given: list[Any], shape: Shape, sizes: Mapping[str, int], program: Program
) -> Any:
    op = step.op
    lengths: Any = shape
    if op == "constant":
        return program.constants[step.name] if step["value"] is None else np.asarray(step["value"])
    if op == "size":
        return np.asarray(
            value_of(step["length"], sizes), np.int64 if step.dtype == "int" else float
        )
    if op == "arange":
        return np.arange(lengths[0])
    if op == "running":
        return (np.cumsum if step["function"] == "sum" else np.cumprod)(given[0], step["axis"])
    if op == "argument":
        return (np.argmax if step["function"] == "max" else np.argmin)(given[0], step["axis"])
    if op == "map":
        return FUNCTIONS[step["function"]].numpy(*given)
    if op == "reduce":
        return _REDUCE[step["function"]](given[0], axis=step["axes"])
    if op == "einsum":
        terms, out = step["terms"], step["out"]
        return np.einsum(f"{','.join(terms)}->{out}", *given)
    if op == "transpose":
        return np.transpose(given[0], step["axes"])
    if op == "reshape":
        return np.reshape(given[0], shape)
    if op == "broadcast":
        return np.broadcast_to(given[0], lengths)
    if op == "slice":
        return given[0][_index(step["spec"], sizes)]
    if op == "concatenate":
        return np.concatenate(given, axis=step["axis"])
    if op == "take":
        return np.take(given[0], given[1], axis=step["axis"])
    if op == "take_along":
        return np.take_along_axis(given[0], given[1], axis=step["axis"])
    if op == "first_place":
        (ids,) = given
        return np.array([int(np.flatnonzero(ids == i)[0]) for i in ids], np.int64)
    return _put_back(step, given, shape, sizes)


def _put_back(step: Instruction, given: list[Any], shape: Shape, sizes: Mapping[str, int]) -> Any:
    out = np.zeros(shape, given[0].dtype)
    if step.op == "scatter":
        g, ids = given
        np.add.at(out, (slice(None),) * step["axis"] + (ids,), g)
    elif step.op == "scatter_along":
        g, ids = given
        places = [
            ids
            if i == step["axis"]
            else np.arange(n).reshape([n if j == i else 1 for j in range(len(shape))])
            for i, n in enumerate(g.shape)
        ]
        np.add.at(out, tuple(places), g)
    elif step.op == "scatter_slice":
        out[_index(step["spec"], sizes)] += given[0]
    else:
        x, starts = given
        ends = [*starts, len(x) if step.op == "segment_sum" else shape[0]][1:]
        for s, (start, end) in enumerate(zip(starts, ends, strict=True)):
            if step.op == "segment_sum":
                out[s] = x[start:end].sum(axis=0)
            else:
                out[start:end] = x[s]
    return out


def _index(spec: Any, sizes: Mapping[str, int]) -> tuple[Any, ...]:
    parts: list[Any] = []
    for part in spec:
        numbers = [value_of(n, sizes) for n in part[1:]]
        if part[0] == "at":
            parts.append(numbers[0])
        else:
            first, step, length = numbers
            parts.append(first + step * np.arange(length))
    arrays = [p for p in parts if not isinstance(p, int)]
    mesh = iter(np.ix_(*arrays)) if arrays else iter(())
    return tuple(p if isinstance(p, int) else next(mesh) for p in parts)


def _write(step: Instruction, given: list[Any]) -> Callable[[], None]:
    """Return what changes the table, for after all reads."""
    sign = -1 if step.parameters.get("subtract") else 1
    if step.op == "add_to":
        table, value = given
        return lambda: table.__iadd__((sign * value).astype(table.dtype))
    if step.op == "put":
        table, value = given
        return lambda: table.__setitem__(..., value)
    if step.op == "add_rows":
        table, ids, values = given
        shape = (*ids.shape, *table.shape[1:])
        spread = np.broadcast_to(values, shape).astype(table.dtype)
        return lambda: np.add.at(table, ids, sign * spread)
    table, ids, first, values = given
    keep = first == np.arange(len(first))
    return lambda: table.__setitem__(ids[keep], values[keep])
