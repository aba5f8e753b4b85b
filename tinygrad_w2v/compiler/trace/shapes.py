"""The elements of a symbol in other places and shapes."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import CompileError
from tinygrad_w2v.autograd.debugging.sites import user_line
from tinygrad_w2v.compiler.ir.sizes import Length, Shape, SymbolicSize, bound_of, product
from tinygrad_w2v.compiler.trace import indexing
from tinygrad_w2v.compiler.trace.registry import handles, unsupported
from tinygrad_w2v.compiler.trace.symbol import Symbol, as_symbols
from tinygrad_w2v.functions.axes import normalized_axes


@handles(np.transpose, np.permute_dims)
def transpose(a: Any, axes: Any = None) -> Any:
    """The axes in another order."""
    order = tuple(range(a.ndim))[::-1] if axes is None else normalized_axes(tuple(axes), a.ndim)
    if order == tuple(range(a.ndim)):
        return a
    return a.trace.record("transpose", (a,), axes=order)


@handles(np.swapaxes)
def swapaxes(a: Any, axis1: int, axis2: int) -> Any:
    """Two axes exchanged."""
    order = list(range(a.ndim))
    order[axis1], order[axis2] = order[axis2], order[axis1]
    return transpose(a, order)


@handles(np.moveaxis)
def moveaxis(a: Any, source: Any, destination: Any) -> Any:
    """Axes moved to other places."""
    sources = normalized_axes(source, a.ndim)
    destinations = normalized_axes(destination, a.ndim)
    order = [i for i in range(a.ndim) if i not in sources]
    for place, axis in sorted(zip(destinations, sources, strict=True)):
        order.insert(place, axis)
    return transpose(a, order)


@handles(np.reshape)
def reshape(a: Any, shape: Any, order: str = "C") -> Any:
    """The same elements in another shape; dynamic axes stay what they are."""
    if order != "C":
        raise unsupported(f"np.reshape with order={order!r}")
    shape = tuple(shape) if isinstance(shape, tuple | list) else (shape,)
    wanted = _completed(a.shape, shape)
    if wanted == a.shape:
        return a
    if regrouped(a.shape, wanted) is None:
        raise CompileError(
            f"reshape from {a.shape} to {wanted}: the lengths do not fit, or cannot be known to "
            f"before an example comes{user_line()}"
        )
    return a.trace.record("reshape", (a,), shape=wanted)


def _completed(old: Shape, new: Shape) -> Shape:
    """`new` with its -1 replaced."""
    unknown = [i for i, n in enumerate(new) if isinstance(n, int | np.integer) and n == -1]
    plain = tuple(n if isinstance(n, SymbolicSize) else int(n) for n in new)
    if not unknown:
        return plain
    missing, known = list(old), [n for n in plain if not (isinstance(n, int) and n == -1)]
    for n in list(known):
        if isinstance(n, SymbolicSize) and n in missing:
            missing.remove(n)
            known.remove(n)
    total, divisor = product(missing), product(known)
    if not isinstance(divisor, int):
        raise CompileError(f"reshape of {old} to {new}: the -1 has no length{user_line()}")
    if isinstance(total, SymbolicSize):
        length: Length = total.divided(divisor)
    elif divisor == 0 or total % divisor:
        raise ValueError(f"cannot reshape {old} into {new}")
    else:
        length = total // divisor
    return (*plain[: unknown[0]], length, *plain[unknown[0] + 1 :])


def regrouped(old: Shape, new: Shape) -> list[tuple[list[int], list[int]]] | None:
    """Which old axes become which new ones, group by group, axes of length 1 left out.

    None where the lengths do not fit.

    Examples
    --------
    >>> regrouped((2, 1, 6), (12,)), regrouped((6,), (2, 3, 1))
    ([([0, 2], [0])], [([0], [0, 1])])
    """
    left = [i for i, n in enumerate(old) if n != 1]
    right = [i for i, n in enumerate(new) if n != 1]
    groups: list[tuple[list[int], list[int]]] = []
    while left and right:
        a, b = [left.pop(0)], [right.pop(0)]
        while True:
            m, n = product(old[i] for i in a), product(new[i] for i in b)
            if m == n:
                break
            m_bound, n_bound = bound_of(m), bound_of(n)
            side, group = (left, a) if m_bound < n_bound else (right, b)
            if not side:
                return None
            group.append(side.pop(0))
        groups.append((a, b))
    return None if left or right else groups


@handles(np.expand_dims)
def expand_dims(a: Any, axis: Any) -> Any:
    """New axes of length 1."""
    axes = axis if isinstance(axis, tuple) else (axis,)
    ndim = a.ndim + len(axes)
    places = normalized_axes(tuple(axes), ndim) if axes else ()
    rest = iter(a.shape)
    return reshape(a, tuple(1 if i in places else next(rest) for i in range(ndim)))


@handles(np.squeeze)
def squeeze(a: Any, axis: Any = None) -> Any:
    """Without axes of length 1."""
    if axis is None:
        axes = tuple(i for i, n in enumerate(a.shape) if n == 1)
    else:
        axes = normalized_axes(axis, a.ndim)
    if any(a.shape[i] != 1 for i in axes):
        raise ValueError("squeeze: an axis has another length than 1")
    return reshape(a, tuple(n for i, n in enumerate(a.shape) if i not in axes))


@handles(np.broadcast_to)
def broadcast_to(array: Any, shape: Any, subok: bool = False) -> Any:
    """Stretched to a shape."""
    shape = tuple(shape) if isinstance(shape, tuple | list) else (shape,)
    if array.shape == shape:
        return array
    return array.trace.record("broadcast", (array,), shape=shape)


@handles(np.concatenate)
def concatenate(arrays: list[Any], axis: int = 0) -> Any:
    """End to end along an axis."""
    symbols = as_symbols(arrays)
    (axis,) = normalized_axes(axis, symbols[0].ndim)
    made = np.result_type(*[x.dtype for x in symbols])
    symbols = [x.astype(made) for x in symbols]
    return symbols[0].trace.record("concatenate", symbols, axis=axis)


@handles(np.stack)
def stack(arrays: list[Any], axis: int = 0) -> Any:
    """Along a new axis."""
    symbols = as_symbols(arrays)
    (axis,) = normalized_axes(axis, symbols[0].ndim + 1)
    return concatenate([expand_dims(x, axis) for x in symbols], axis)


@handles(np.split)
def split(ary: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    """Consecutive parts of an axis whose length is known."""
    (axis,) = normalized_axes(axis, ary.ndim)
    n = ary.shape[axis]
    if np.ndim(indices_or_sections) == 0:
        if isinstance(n, SymbolicSize) or n % int(indices_or_sections):
            raise unsupported(
                f"np.split of an axis of length {n} into {indices_or_sections}",
                "name the places where parts end, `np.split(x, [2, 5])`",
            )
        step = n // int(indices_or_sections)
        ends = list(range(step, n, step))
    else:
        ends = list(indices_or_sections)
    before = (slice(None),) * axis
    return [
        indexing.part_of(ary, (*before, slice(start, stop)), stretches=False)
        for start, stop in zip([0, *ends], [*ends, None], strict=True)
    ]


@handles(np.flip)
def flip(m: Any, axis: Any = None) -> Any:
    """Reversed along axes."""
    axes = normalized_axes(axis, m.ndim)
    index = tuple(slice(None, None, -1) if i in axes else slice(None) for i in range(m.ndim))
    return indexing.part_of(m, index)


# ---------------------------------------------------------------------- about the array, methods
handles(np.shape)(lambda a: a.shape)
handles(np.ndim)(lambda a: len(a.shape))
handles(np.size)(lambda a, axis=None: a.size if axis is None else a.shape[axis])
handles(np.result_type)(
    lambda *xs: np.result_type(*[x.dtype if isinstance(x, Symbol) else x for x in xs])
)
handles(np.zeros_like)(lambda a, dtype=None: _filled_like(a, 0, dtype))
handles(np.ones_like)(lambda a, dtype=None: _filled_like(a, 1, dtype))
handles(np.full_like)(lambda a, fill_value, dtype=None: _filled_like(a, fill_value, dtype))
# An example's fields are arrays where the loss is run eagerly.
for _name in ("argmax argmin cumprod cumsum diagonal dot repeat squeeze swapaxes trace").split():
    handles(f".{_name}")(getattr(np, _name))
handles(".copy")(lambda a, order="C": a)
handles(".ravel", ".flatten")(lambda a, order="C": reshape(a, (-1,), order))
handles(".transpose")(lambda a, *axes: transpose(a, axes[0] if len(axes) == 1 else axes or None))


def _filled_like(a: Symbol, value: Any, dtype: Any) -> Any:
    dtype = a.dtype if dtype is None else np.dtype(dtype)
    filled = value if isinstance(value, Symbol) else a.trace.symbol(np.asarray(value, dtype))
    return np.broadcast_to(filled.astype(dtype), a.shape)
