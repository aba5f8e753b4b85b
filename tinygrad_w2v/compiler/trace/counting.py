"""Arrays that are made rather than computed, running sums, hashes, and where the largest stands.

What NumPy makes of a length alone, such as ``np.arange(n)``, it makes without asking anybody. With
``like=x`` it asks `x`, a symbol while a loss is traced: so ``np.arange(x.shape[-1], like=x)``
counts along an axis, in the graph and in a kernel.
"""

from __future__ import annotations

import operator
from functools import partial
from typing import Any

import numpy as np

from tinygrad_w2v.compiler.ir.sizes import SymbolicSize
from tinygrad_w2v.compiler.trace.elementwise import as_kind
from tinygrad_w2v.compiler.trace.registry import DRAW_BY_KEY, handles, makes, unsupported
from tinygrad_w2v.compiler.trace.symbol import Symbol, Trace
from tinygrad_w2v.functions.axes import normalized_axes


# ---------------------------------------------------------------------- made of lengths
@makes(np.arange)
def arange(trace: Trace, start: Any, stop: Any = None, step: Any = 1, dtype: Any = None) -> Any:
    """Numbers that rise evenly, as many as a length says."""
    if stop is None:
        start, stop = 0, start
    parts = [n if isinstance(n, SymbolicSize) else operator.index(n) for n in (start, stop, step)]
    first, end, by = parts
    length: Any = end - first
    if isinstance(length, SymbolicSize):
        if by != 1:
            raise unsupported(
                "np.arange in other steps than 1 up to a dynamic length",
                "multiply: `2 * np.arange(n, like=x)`",
            )
    else:
        length = len(range(first, end, by))
    made: Any = trace.record("arange", (), "int", (length,), name="place")
    if by != 1:
        made = made * by
    if not (isinstance(first, int) and first == 0):
        made = made + (trace.whole_number_of(first) if isinstance(first, SymbolicSize) else first)
    return made if dtype is None else made.astype(dtype)


@makes(np.full)
def filled(trace: Trace, shape: Any, value: Any, dtype: Any = None, **how: Any) -> Any:
    """An array of one number."""
    shape = tuple(shape) if isinstance(shape, tuple | list) else (shape,)
    number = value if isinstance(value, Symbol) else trace.symbol(np.asarray(value, dtype))
    number = number if dtype is None else number.astype(dtype)
    return np.broadcast_to(number, shape) if shape else number


@makes(np.zeros)
def zeros(trace: Trace, shape: Any, dtype: Any = float, **how: Any) -> Any:
    """An array of zeros."""
    return filled(trace, shape, 0, dtype)


@makes(np.ones)
def ones(trace: Trace, shape: Any, dtype: Any = float, **how: Any) -> Any:
    """An array of ones."""
    return filled(trace, shape, 1, dtype)


# ---------------------------------------------------------------------- running sums
def running(function: str, a: Any, axis: Any = None, dtype: Any = None) -> Any:
    """Sums, or products, of all elements up to each one."""
    if axis is None:
        a, axis = np.reshape(a, (-1,)), 0
    (axis,) = normalized_axes(operator.index(axis), a.ndim)
    if dtype is None and a.kind != "float":
        dtype = np.cumsum(np.zeros(0, a.dtype)).dtype  # NumPy's own wider type
    a = a if dtype is None else a.astype(dtype)
    if a.shape[axis] == 1:
        return a
    a = as_kind(a, "int") if a.kind == "bool" else a
    return a.trace.record("running", (a,), function=function, axis=axis)


handles(np.cumsum)(partial(running, "sum"))
handles(np.cumprod)(partial(running, "prod"))


# ---------------------------------------------------------------------- random numbers by a key
@handles("hashed")
def hashed(key: Symbol, k: Any) -> Symbol:
    """Random bits for draw `k` of a key, as `hashing.hashed`."""
    given = [as_kind(key, "int"), as_kind(key.trace.symbol(k), "int")]
    return key.trace.record("map", given, "int", exact=np.int64, function="hashed")


@handles("draw_of")
def draw_of(key: Symbol, number: int) -> Symbol:
    """The key of a generator's next draw."""
    if all(step.name != key.name for step in key.trace.instructions):
        raise unsupported(
            "a draw in a step of F.scan from a generator that was made around it",
            "a kernel has one step for all places; give xs a key for each, `keys = rng.keys(n)`, "
            "and make a KeyedGenerator of it in the step",
        )
    return hashed(key, number)


@handles("draw_by_state")
def draw_by_state(x: Symbol) -> Any:
    """What is drawn from a generator; where its shape is known, `repeatability` names that."""
    if any(isinstance(n, SymbolicSize) for n in x.shape):
        raise unsupported("drawing random numbers from a generator with a state", DRAW_BY_KEY)
    return NotImplemented


# ---------------------------------------------------------------------- places
def argument(function: str, a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Where the largest or smallest element stands, the first of equal ones; NaN is both."""
    whole = axis is None
    ndim = a.ndim
    if whole:
        a, axis = np.reshape(a, (-1,)), 0
    (axis,) = normalized_axes(operator.index(axis), a.ndim)
    a = as_kind(a, "int") if a.kind == "bool" else a
    rest = (*a.shape[:axis], *a.shape[axis + 1 :])
    if a.shape[axis] == 1:
        place: Any = filled(a.trace, rest, 0)
    else:
        name = f"arg{function}"
        place = a.trace.record(
            "argument", (a,), "int", name=name, exact=np.int64, function=function, axis=axis
        )
    if not keepdims:
        return place
    return np.reshape(place, (1,) * ndim if whole else (*rest[:axis], 1, *rest[axis:]))


handles(np.argmax)(partial(argument, "max"))
handles(np.argmin)(partial(argument, "min"))


@handles(np.repeat)
def repeat(a: Any, repeats: Any, axis: Any = None) -> Any:
    """Each element several times."""
    if axis is None:
        a, axis = np.reshape(a, (-1,)), 0
    (axis,) = normalized_axes(operator.index(axis), a.ndim)
    if isinstance(repeats, Symbol | SymbolicSize):
        raise unsupported(
            "np.repeat of as many times as is known only when an example comes",
            "give the ids as a field of the example, and write `np.take`",
        )
    counts = np.asarray(repeats)
    if counts.size == 1:
        times = int(counts.reshape(()))
        stretched = (*a.shape[: axis + 1], times, *a.shape[axis + 1 :])
        beside = np.broadcast_to(np.expand_dims(a, axis + 1), stretched)
        joined = a.shape[axis] * times
        return np.reshape(beside, (*a.shape[:axis], joined, *a.shape[axis + 1 :]))
    if isinstance(a.shape[axis], SymbolicSize):
        raise unsupported(
            f"np.repeat with {counts.size} counts along a dynamic axis",
            "give the ids as a field of the example, and write `np.take`",
        )
    return np.take(a, np.repeat(np.arange(a.shape[axis]), counts), axis=axis)
