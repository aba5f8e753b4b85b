"""Indices of symbols: which part of an axis is taken, and zeros with values put back there.

A basic index becomes a list with one entry for each axis: ``("at", place)`` for a number and
``("range", first, step, length)`` for a slice. Places may be symbolic: the last of a dynamic axis
is ``C - 1``. A slice is clipped to its axis, as NumPy clips it; whether an example is long enough
for the place of a number is checked when it comes (`codegen.index_checks`).
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import CompileError
from tinygrad_w2v.autograd.debugging.sites import user_line
from tinygrad_w2v.compiler.ir.sizes import Length, Shape, SymbolicSize, at_most, floor_of
from tinygrad_w2v.compiler.trace.registry import handles, unsupported
from tinygrad_w2v.compiler.trace.symbol import Symbol
from tinygrad_w2v.functions.axes import normalized_axes

Part = tuple[Any, ...]


@handles("get_item")
def get_item(x: Symbol, index: Any) -> Any:
    """Return ``x[index]``: a basic index, or one integer array among full slices."""
    parts = index if isinstance(index, tuple) else (index,)
    for part in parts:
        if _kind(part) == "b" and isinstance(part, Symbol | bool):
            raise unsupported(f"an index of {x.name} by a mask", "write `np.where(mask, x, 0)`")
        if _kind(part) == "f":
            raise unsupported(
                f"an index of {x.name} by numbers that are no integers",
                "make the field of whole numbers, or write `.astype(np.int64)` behind it",
            )
    _check_trailing(x, index, parts)
    parts = _without_masks(parts)
    if any(map(is_ids, parts)):
        axis, ids, merged = _places(x.shape, parts)
        return np.take(x if merged == x.shape else x.reshape(merged), ids, axis=axis)
    return part_of(x, parts)


def part_of(x: Symbol, parts: tuple[Any, ...], stretches: bool = True) -> Any:
    """Return ``x[parts]`` for a basic index that starts at the first axis.

    A slice of one element `stretches`, unless it is one of several parts of an axis.
    """
    spec, _, final = _basic(x.shape, parts, stretches)
    taken = x.trace.record("slice", (x,), spec=spec)
    return taken if final == taken.shape else np.reshape(taken, final)


@handles("scatter_index")
def put_at(g: Symbol, index: Any, shape: Shape) -> Symbol:
    """Return zeros of `shape` with `g` added at `index`: the transpose of ``x[index]``."""
    parts = _without_masks(index if isinstance(index, tuple) else (index,))
    if any(map(is_ids, parts)):
        axis, ids, merged = _places(shape, parts)
        back = scatter(g, ids, axis, merged)
        return back if merged == shape else back.reshape(shape)
    spec, taken, final = _basic(shape, parts)
    if final != g.shape:  # it was one of several parts
        spec, taken, _ = _basic(shape, parts, stretches=False)
    values: Any = np.reshape(g, taken)
    return g.trace.record("scatter_slice", (values,), shape=shape, spec=spec)


def scatter(g: Symbol, ids: Any, axis: int, shape: Shape) -> Symbol:
    """Return zeros of `shape` with the slices of `g` added at places along an axis."""
    ids = g.trace.symbol(from_start("take", ids, shape[axis]))
    return g.trace.record("scatter", (g, ids), shape=shape, axis=axis)


@handles("scatter_rows")
def scatter_rows(g: Symbol, ids: Any, shape: Shape) -> Symbol:
    """Return zeros of `shape` with `g` added at rows."""
    from_end = _from_end(ids, shape[0])
    return scatter(g, ids, 0, shape) if from_end is None else put_at(g, from_end, shape)


@handles("scatter_along_axis")
def scatter_along_axis(g: Symbol, ids: Any, axis: int, shape: Shape) -> Symbol:
    """Return zeros of `shape` with the elements of `g` added at other places in every row."""
    ids = g.trace.symbol(from_start("take_along_axis", ids, shape[axis]))
    return g.trace.record("scatter_along", (g, ids), shape=shape, axis=axis)


def from_start(op: str, ids: Any, n: Length) -> Any:
    """Places that are known already, counted from the start of an axis."""
    if isinstance(ids, Symbol):
        return ids
    ids = np.asarray(ids)
    if isinstance(n, SymbolicSize):
        if ids.size and ids.min() < 0:
            raise unsupported(f"{op} of {ids.min()} along a dynamic axis (write `x[..., -1, :]`)")
        return ids
    if ids.size and (ids.min() < -n or ids.max() >= n):
        raise IndexError(f"{op}: ids from {ids.min()} to {ids.max()} on an axis of length {n}")
    return np.where(ids < 0, ids + n, ids)


def is_ids(part: Any) -> bool:
    """Whether a part of an index is an integer array."""
    kind = _kind(part)
    return bool(kind) and kind in "iu" and not isinstance(part, np.generic | SymbolicSize)


def _kind(part: Any) -> str:
    return "b" if isinstance(part, bool) else getattr(getattr(part, "dtype", None), "kind", "")


def _without_masks(parts: tuple[Any, ...]) -> tuple[Any, ...]:
    """The parts of an index, with the places that are true instead of masks that are known."""
    places: list[Any] = []
    for part in parts:
        array = np.asarray(part) if isinstance(part, list) else part
        masked = isinstance(array, np.ndarray) and array.dtype.kind == "b"
        places += np.nonzero(array) if masked else [array]
    return tuple(places)


def _places(shape: Shape, parts: tuple[Any, ...]) -> tuple[int, Any, Shape]:
    """The axis that integer arrays index, the ids, and the shape with that axis.

    Several arrays, whose numbers are known, index neighbouring axes as if they were one.
    """
    parts = _for_each_axis(shape, parts)
    axes = [axis for axis, part in enumerate(parts) if is_ids(part)]
    axis, count = axes[0], len(axes)
    others = [part for part in parts if not is_ids(part)]
    if not all(map(_is_whole, others)):
        raise unsupported(
            f"an index [{', '.join(_shown(part) for part in parts)}] of an integer array beside "
            "other parts",
            "take the places first, and a part of them then, such as `w[ids][..., :2]`",
        )
    if count == 1:
        return axis, parts[axis], shape
    arrays, lengths = parts[axis : axis + count], shape[axis : axis + count]
    known = all(isinstance(n, int) for n in lengths)
    if not known or any(isinstance(p, Symbol) or not is_ids(p) for p in arrays):
        raise unsupported(
            "an index of several integer arrays",
            "reshape the two axes to one, and write `x[i * n + j]`",
        )
    placed = [from_start("an index", p, n) for p, n in zip(arrays, lengths, strict=True)]
    whole: Any = lengths
    ids = np.ravel_multi_index(tuple(np.broadcast_arrays(*placed)), whole)
    return axis, ids, (*shape[:axis], int(np.prod(whole)), *shape[axis + count :])


def _check_trailing(x: Symbol, index: Any, parts: tuple[Any, ...]) -> None:
    """An example has no batch axis: what is written for one must not name the first axis."""
    if not (x.trace.forward and x.batched) or parts[:1] == (...,) or x.ndim == 0:
        return
    if is_ids(parts[0]) and len(parts) == 1:
        return
    kept = [part for part in parts if not _is_whole(part)]
    shown = ", ".join(["...", *[_shown(p) for p in kept]])
    raise CompileError(
        f"{x.name}[{', '.join(_shown(p) for p in parts)}]: {x.name} of one example has the shape "
        f"{_shape_shown(x.shape)}; a batch would have more axes in front, so an index starts from "
        f"the last axis: write {x.name}[{shown}]{user_line()}"
    )


def _is_whole(part: Any) -> bool:
    """Whether a part of an index is ``:``; a size or a value at its end has no equality to ask."""
    return isinstance(part, slice) and part.start is part.stop is part.step is None


def _shown(part: Any) -> str:
    if isinstance(part, slice):
        ends = (part.start, part.stop)
        bounds = ["" if b is None else b.name if isinstance(b, Symbol) else str(b) for b in ends]
        return ":".join(bounds) + ("" if part.step is None else f":{part.step}")
    if isinstance(part, Symbol):
        return part.name
    return "..." if part is ... else str(part).replace("\n", "")


def _shape_shown(shape: Shape) -> str:
    return f"({', '.join(str(n) for n in shape)}{',' if len(shape) == 1 else ''})"


def _for_each_axis(shape: Shape, parts: tuple[Any, ...]) -> tuple[Any, ...]:
    """The parts of an index, with full slices for the axes that none of them names."""
    named = sum(p is not None and p is not ... for p in parts)
    if named > len(shape):
        raise IndexError(f"too many indices: {named} for shape {_shape_shown(shape)}")
    at = next((i for i, p in enumerate(parts) if p is ...), None)
    before, after = (parts, ()) if at is None else (parts[:at], parts[at + 1 :])
    return (*before, *(slice(None),) * (len(shape) - named), *after)


def _basic(
    shape: Shape, parts: tuple[Any, ...], stretches: bool = True
) -> tuple[tuple[Part, ...], Shape, Shape]:
    """The entries of a basic index, the shape they leave, and that with new axes of 1."""
    parts = _for_each_axis(shape, parts)
    spec: list[Part] = []
    left: list[Length] = []
    final: list[Length] = []
    for part in parts:
        if part is None:
            final.append(1)
            continue
        n = shape[len(spec)]
        if isinstance(part, slice):
            first, step, length = _slice(part, n, stretches)
            spec.append(("range", first, step, length))
            left.append(length)
            final.append(length)
        elif isinstance(part, int | np.integer | SymbolicSize) and not isinstance(part, bool):
            spec.append(("at", _place(part, n)))
        else:
            raise unsupported(
                f"an index of type {type(part).__name__}",
                "write whole numbers, slices, `...`, None, or one array of ids",
            )
    return tuple(spec), tuple(left), tuple(final)


def _place(place: Any, n: Length) -> Length:
    if isinstance(place, SymbolicSize):
        return place
    place = int(place)
    if isinstance(n, int) and not -n <= place < n:
        raise IndexError(f"index {place} is out of range for an axis of length {n}")
    return place if place >= 0 else n + place


def _slice(part: slice, n: Length, stretches: bool) -> tuple[Length, int, Length]:
    """First place, step and length of a slice, which never reaches beyond its axis."""
    if any(isinstance(bound, Symbol) for bound in (part.start, part.stop, part.step)):
        raise unsupported(
            "a slice whose ends are values of an example",
            "a length is a number or a size; write `np.where(np.arange(n, like=x) < end, x, 0)`",
        )
    step = 1 if part.step is None else int(part.step)
    if isinstance(n, int) and not any(isinstance(b, SymbolicSize) for b in (part.start, part.stop)):
        places = range(*part.indices(n))
        return places.start, places.step, len(places)
    if step == -1 and part.start is None and part.stop is None:
        return n - 1, -1, n
    if step != 1:
        raise unsupported(
            "a slice with a step along a dynamic axis", "make two fields of every other element"
        )
    first: Length = 0 if part.start is None else _clipped(part.start, n)
    if _is_place(part.start) and _is_place(part.stop) and part.start >= 0 > part.stop:
        return first, 1, n - at_most(n, int(part.start) - int(part.stop))
    stop = n if part.stop is None else _clipped(part.stop, n)
    length = stop - at_most(first, stop)
    if stretches and n != length == at_most(n, 1) and first in (0, n - length):
        # One element is one, so that it can be stretched; an example without it is refused.
        return (0 if first == 0 else n - 1), 1, 1
    return first, 1, length


def _is_place(bound: Any) -> bool:
    return isinstance(bound, int | np.integer)


def _clipped(bound: Any, n: Length) -> Length:
    """An end of a slice as a place on an axis of length `n`, counted from its start."""
    if not isinstance(bound, SymbolicSize):
        bound = operator.index(bound)
        cut = at_most(n, abs(bound))
        return cut if bound >= 0 else n - cut
    if floor_of(bound) < 0:
        raise CompileError(
            f"the end {bound} of a slice is below 0 in a short example, where NumPy counts from "
            f"the other end: write a number, such as `x[..., :-1]`{user_line()}"
        )
    return at_most(n, bound)


# ---------------------------------------------------------------------- look-ups
@handles(np.take, ".take")
def take(a: Any, indices: Any, axis: int | None = None, mode: str = "raise") -> Symbol:
    """Places along an axis."""
    if axis is None or not (isinstance(a, Symbol) or isinstance(indices, Symbol)):
        raise unsupported(
            "np.take without an axis", "flatten the array first, `np.reshape(x, (-1,))`"
        )
    if mode != "raise":
        raise unsupported(f"np.take with mode={mode!r}", "write `np.clip(ids, 0, n - 1)`")
    return _looked_up("take", a, indices, axis)


@handles(np.take_along_axis)
def take_along_axis(arr: Any, indices: Any, axis: int = -1) -> Symbol:
    """Other places along an axis in every row."""
    return _looked_up("take_along", arr, indices, axis)


@handles("rows")
def rows(table: Any, ids: Any) -> Symbol:
    """Rows of a table by their ids."""
    from_end = _from_end(ids, table.shape[0])
    return take(table, ids, axis=0) if from_end is None else part_of(table, (from_end,))


def _from_end(ids: Any, n: Length) -> int | None:
    """A number that counts from the end of a dynamic axis, such as that of the last state."""
    one = isinstance(n, SymbolicSize) and not isinstance(ids, Symbol) and np.ndim(ids) == 0
    return int(ids) if one and ids < 0 else None


handles("take_from")(lambda ids, array, axis: take(array, ids, axis=axis))


def _looked_up(op: str, a: Any, indices: Any, axis: int) -> Symbol:
    trace = a.trace if isinstance(a, Symbol) else indices.trace
    a = trace.symbol(a)
    (axis,) = normalized_axes(axis, a.ndim)
    function = "np.take" if op == "take" else "np.take_along_axis"
    ids = trace.symbol(from_start(function, indices, a.shape[axis]))
    name = "rows" if op == "take" and axis == 0 else op
    return trace.record(op, (a, ids), name=name, axis=axis)


@handles("segment_sum")
def segment_sum(x: Symbol, starts: Any) -> Symbol:
    """Sums of the rows of each segment."""
    return x.trace.record("segment_sum", (x, x.trace.symbol(starts)))


@handles("segment_repeat")
def segment_repeat(x: Symbol, starts: Any, count: Length) -> Symbol:
    """Each row as often as its segment is long."""
    shape = (count, *x.shape[1:])
    return x.trace.record("segment_repeat", (x, x.trace.symbol(starts)), shape=shape)
