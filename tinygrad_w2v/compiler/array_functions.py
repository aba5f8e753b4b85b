"""NumPy's functions on symbols: each becomes one or a few instructions.

What is not here has no instruction, and the error says so with the user's line.
"""

from __future__ import annotations

import string
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import CompileError
from tinygrad_w2v.autograd.diagnosis import user_line
from tinygrad_w2v.autograd.shaping import normalized_axes
from tinygrad_w2v.compiler import indexing
from tinygrad_w2v.compiler.extents import Extent, Length, Shape, bound_of, product
from tinygrad_w2v.compiler.functions import FUNCTIONS, INTEGERS
from tinygrad_w2v.compiler.symbols import (
    Symbol,
    Trace,
    apply,
    as_kind,
    broadcast_shapes,
    unsupported,
)
from tinygrad_w2v.functions.products import explicit_labels

HANDLERS: dict[Any, Callable[..., Any]] = {}
_UFUNC_NAMES = {np.fabs: "absolute", np.mod: "remainder", np.true_divide: "divide"}
_OF_BOOLS = {
    np.invert: "logical_not",
    np.bitwise_and: "logical_and",
    np.bitwise_or: "logical_or",
    np.bitwise_xor: "not_equal",
    np.logical_xor: "not_equal",
}


def handles(*functions: Any) -> Callable[[Any], Any]:
    """Declare what answers NumPy functions."""

    def register(handler: Any) -> Any:
        for function in functions:
            HANDLERS[function] = handler
        return handler

    return register


def call_ufunc(trace: Trace, ufunc: np.ufunc, inputs: Any) -> Any:
    """Answer a ufunc: a scalar function, or the matrix product."""
    if ufunc is np.matmul:
        return matmul(*[trace.symbol(x) for x in inputs])
    if ufunc is np.positive:
        return inputs[0]
    if ufunc is np.reciprocal and trace.symbol(inputs[0]).kind == "float":
        return apply("divide", 1.0, inputs[0])
    if ufunc in (np.isnan, np.isinf):
        finite = apply("isfinite", inputs[0])
        same = apply("equal", inputs[0], inputs[0])
        if ufunc is np.isnan:
            return apply("logical_not", same)
        return apply("logical_and", apply("logical_not", finite), same)
    name = _UFUNC_NAMES.get(ufunc, ufunc.__name__)
    if ufunc in _OF_BOOLS and all(trace.symbol(x).kind == "bool" for x in inputs):
        name = _OF_BOOLS[ufunc]
    if name not in FUNCTIONS:
        raise unsupported(f"np.{ufunc.__name__}")
    if name == "power":
        return _power(trace, *inputs)
    return apply(name, *inputs, ufunc=ufunc)


def _power(trace: Trace, x: Any, exponent: Any) -> Any:
    """A power; of whole numbers a product, as NumPy's is a whole number then."""
    number = type(exponent) in (int, float)
    base = trace.symbol(x)
    if base.kind == "float" or type(exponent) is float or trace.symbol(exponent).kind == "float":
        if number and exponent in (1, 2):
            base = as_kind(base, "float")
            return base if exponent == 1 else apply("square", base)
        return apply("power", x, exponent)
    if not (number and 1 <= exponent <= 8) or base.kind == "bool":
        raise unsupported("a power of whole numbers (write `.astype(np.float64) ** ...`)")
    product: Any = base
    for _ in range(exponent - 1):
        product = apply("multiply", product, base)
    return product


def call(trace: Trace, function: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """Answer another NumPy function."""
    handler = HANDLERS.get(function)
    if handler is None:
        raise unsupported(f"np.{function.__name__}")
    kwargs = {k: v for k, v in kwargs.items() if v is not np._NoValue}
    if kwargs.pop("out", None) is not None:
        raise unsupported(f"np.{function.__name__} with `out`")
    if function in (np.concatenate, np.stack):
        return handler([trace.symbol(x) for x in args[0]], *args[1:], **kwargs)
    return handler(*args, **kwargs)


def call_primitive(x: Symbol, name: str, args: Any) -> Any:
    """Answer an op that NumPy has no function for."""
    if name in ("sigmoid", "softplus"):
        return apply(name, x)
    if name == "log_sigmoid":
        return apply("negative", apply("softplus", apply("negative", x)))
    if name == "relu":
        return apply("maximum", x, 0.0)
    if name == "cast":
        return x.astype(args[0])
    if name == "rows":
        return np.take(x, args[0], axis=0)
    if name == "take_from":
        return take(args[0], x, axis=args[1])
    if name == "product_over_all":
        axes = tuple(range(x.ndim - 1))
        return tensordot(x, args[0], (axes, axes))
    if name == "scatter_rows":
        return indexing.scatter(x, args[0], 0, args[1])
    if name == "scatter_index":
        return indexing.put_at(x, *args)
    if name == "scatter_along_axis":
        ids, axis, shape = args
        ids = x.trace.symbol(indexing.from_start("take_along_axis", ids, shape[axis]))
        return x.trace.record("scatter_along", (x, ids), shape, x.kind, axis=axis)
    if name == "segment_sum":
        starts = x.trace.symbol(args[0])
        shape = (starts.shape[0], *x.shape[1:])
        return x.trace.record("segment_sum", (x, starts), shape, x.kind)
    if name == "segment_repeat":
        starts, count = x.trace.symbol(args[0]), args[1]
        return x.trace.record("segment_repeat", (x, starts), (count, *x.shape[1:]), x.kind)
    return NotImplemented


# ---------------------------------------------------------------------- about the array
handles(np.shape)(lambda a: a.shape)
handles(np.ndim)(lambda a: len(a.shape))
handles(np.size)(lambda a, axis=None: a.size if axis is None else a.shape[axis])
handles(np.result_type)(
    lambda *xs: np.result_type(*[x.dtype if isinstance(x, Symbol) else x for x in xs])
)


def _filled(a: Symbol, value: Any, dtype: Any = None) -> Any:
    dtype = a.dtype if dtype is None else np.dtype(dtype)
    filled = value if isinstance(value, Symbol) else a.trace.symbol(np.asarray(value, dtype))
    return np.broadcast_to(filled.astype(dtype), a.shape)


handles(np.zeros_like)(lambda a, dtype=None: _filled(a, 0, dtype))
handles(np.ones_like)(lambda a, dtype=None: _filled(a, 1, dtype))
handles(np.full_like)(lambda a, fill_value, dtype=None: _filled(a, fill_value, dtype))


# ---------------------------------------------------------------------- reductions
def _reduced(x: Symbol, function: str, axis: Any, keepdims: bool, dtype: Any = None) -> Any:
    axes = normalized_axes(axis, x.ndim)
    if x.kind != "float" or dtype is not None:
        made = np.dtype(x.dtype if dtype is None else dtype)
        if dtype is None and function in ("sum", "prod"):
            made = np.sum(np.zeros(0, made)).dtype
        x, truth = as_kind(x.astype(made), "float" if made.kind == "f" else "int"), made.kind == "b"
    else:
        made, truth = None, False
    shape = tuple(n for i, n in enumerate(x.shape) if i not in axes)
    y: Any = x
    if axes:
        y = x.trace.record(
            "reduce", (x,), shape, x.kind, function, made, function=function, axes=axes
        )
        if made is not None and made.name in INTEGERS and function in ("sum", "prod"):
            y = y.trace.record("map", (y,), shape, "int", exact=made, function=made.name)
    if truth:
        y = as_kind(y, "bool")
    if keepdims and axes:
        y = np.reshape(y, tuple(1 if i in axes else n for i, n in enumerate(x.shape)))
    return y


@handles(np.sum)
def sum(a: Any, axis: Any = None, keepdims: bool = False, dtype: Any = None) -> Any:
    """Sum over axes."""
    return _reduced(a, "sum", axis, keepdims, dtype)


@handles(np.max, np.amax)
def max(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Maximum over axes."""
    return _reduced(a, "max", axis, keepdims)


@handles(np.min, np.amin)
def min(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Minimum over axes."""
    return _reduced(a, "min", axis, keepdims)


@handles(np.prod)
def prod(a: Any, axis: Any = None, keepdims: bool = False, dtype: Any = None) -> Any:
    """Product over axes."""
    return _reduced(a, "prod", axis, keepdims, dtype)


@handles(np.mean)
def mean(a: Any, axis: Any = None, keepdims: bool = False, dtype: Any = None) -> Any:
    """Mean: a sum over the size of what is summed."""
    count: Any = 1
    for i in normalized_axes(axis, a.ndim):
        count = count * a.shape[i]
    if dtype is not None and np.dtype(dtype).kind != "f":
        raise unsupported(f"a mean in {np.dtype(dtype)}")
    return _reduced(as_kind(a, "float"), "sum", axis, keepdims) / count


@handles(np.var)
def var(a: Any, axis: Any = None, ddof: Any = 0, keepdims: bool = False) -> Any:
    """Mean squared distance from the mean."""
    count: Any = 1
    for i in normalized_axes(axis, a.ndim):
        count = count * a.shape[i]
    away = a - mean(a, axis, keepdims=True)
    return _reduced(np.square(away), "sum", axis, keepdims) / (count - ddof)


@handles(np.std)
def std(a: Any, axis: Any = None, ddof: Any = 0, keepdims: bool = False) -> Any:
    """Square root of the variance."""
    return np.sqrt(var(a, axis, ddof, keepdims))


# ---------------------------------------------------------------------- products
def matmul(x: Symbol, y: Symbol) -> Symbol:
    """Matrix product over the last two axes."""
    if not x.shape or not y.shape:
        raise ValueError("matmul: a scalar has no axes; use `*`")
    row, column = x.ndim == 1, y.ndim == 1
    left = x.shape[:-1] if row else x.shape[:-2]
    right = y.shape[:-1] if column else y.shape[:-2]
    batch = broadcast_shapes("matmul", [() if row else left, () if column else right])
    names = string.ascii_lowercase[: len(batch)]
    of_x = ("" if row else names[len(batch) - len(left) :] + "X") + "Z"
    of_y = (names[len(batch) - len(right) :] if not column else "") + "Z" + ("" if column else "Y")
    out = names + ("" if row else "X") + ("" if column else "Y")
    return _product([of_x, of_y], out, [x, y], "matmul")


def _product(terms: list[str], out: str, xs: list[Any], name: str) -> Symbol:
    """Note an einsum whose labels are explicit."""
    trace = next(x.trace for x in xs if isinstance(x, Symbol))
    symbols = [trace.symbol(x) for x in xs]
    if all(x.kind != "float" for x in symbols):
        raise unsupported(f"np.{name} of whole numbers alone (write `.astype(np.float64)`)")
    given = [as_kind(x, "float") for x in symbols]
    lengths: dict[str, Length] = {}
    for term, x in zip(terms, given, strict=True):
        for label, n in zip(term, x.shape, strict=True):
            known = lengths.get(label, 1)
            if known != 1 and n not in (1, known):
                raise ValueError(f"{name}: axes of lengths {known} and {n} do not fit")
            lengths[label] = known if n == 1 else n
    shape = tuple(lengths[label] for label in out)
    return trace.record(
        "einsum", given, shape, "float", name=name, terms=tuple(terms), out=out, lengths=lengths
    )


@handles(np.einsum)
def einsum(subscripts: str, *operands: Any, optimize: Any = False) -> Any:
    """Sums of products of labelled axes."""
    terms, out = explicit_labels(subscripts, [np.ndim(x) for x in operands])
    return _product(terms, out, list(operands), "einsum")


@handles(np.tensordot)
def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """Sum of products over pairs of axes."""
    n, m = np.ndim(a), np.ndim(b)
    if isinstance(axes, int):
        axes = tuple(range(n - axes, n)), tuple(range(axes))
    of_a = list(string.ascii_lowercase[:n])
    of_b = list(string.ascii_uppercase[:m])
    for i, j in zip(normalized_axes(axes[0], n), normalized_axes(axes[1], m), strict=True):
        of_b[j] = of_a[i]
    out = [c for c in of_a if c not in of_b] + [c for c in of_b if c not in of_a]
    return _product(["".join(of_a), "".join(of_b)], "".join(out), [a, b], "tensordot")


# ---------------------------------------------------------------------- shapes
@handles(np.transpose, np.permute_dims)
def transpose(a: Any, axes: Any = None) -> Any:
    """The axes in another order."""
    order = tuple(range(a.ndim))[::-1] if axes is None else normalized_axes(tuple(axes), a.ndim)
    if order == tuple(range(a.ndim)):
        return a
    shape = tuple(a.shape[i] for i in order)
    return a.trace.record("transpose", (a,), shape, a.kind, axes=order)


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
            f"before a window comes{user_line()}"
        )
    return a.trace.record("reshape", (a,), wanted, a.kind)


def _completed(old: Shape, new: Shape) -> Shape:
    """`new` with its -1 replaced."""
    unknown = [i for i, n in enumerate(new) if isinstance(n, int | np.integer) and n == -1]
    plain = tuple(n if isinstance(n, Extent) else int(n) for n in new)
    if not unknown:
        return plain
    missing, known = list(old), [n for n in plain if not (isinstance(n, int) and n == -1)]
    for n in list(known):
        if isinstance(n, Extent) and n in missing:
            missing.remove(n)
            known.remove(n)
    total, divisor = product(missing), product(known)
    if not isinstance(divisor, int):
        raise CompileError(f"reshape of {old} to {new}: the -1 has no length{user_line()}")
    if isinstance(total, Extent):
        found: Length = total.divided(divisor)
    elif divisor == 0 or total % divisor:
        raise ValueError(f"cannot reshape {old} into {new}")
    else:
        found = total // divisor
    return (*plain[: unknown[0]], found, *plain[unknown[0] + 1 :])


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
    if broadcast_shapes("broadcast_to", [array.shape, shape]) != shape:
        raise ValueError(f"broadcast_to: {array.shape} does not broadcast to {shape}")
    if array.shape == shape:
        return array
    return array.trace.record("broadcast", (array,), shape, array.kind)


@handles(np.concatenate)
def concatenate(arrays: list[Any], axis: int = 0) -> Any:
    """One behind the other."""
    (axis,) = normalized_axes(axis, arrays[0].ndim)
    made = np.result_type(*[x.dtype for x in arrays])
    arrays = [x.astype(made) for x in arrays]
    total: Any = 0
    for x in arrays:
        total = total + x.shape[axis]
    first = arrays[0].shape
    shape = (*first[:axis], total, *first[axis + 1 :])
    for x in arrays:
        if (*x.shape[:axis], total, *x.shape[axis + 1 :]) != shape:
            raise ValueError(f"concatenate: shapes {[y.shape for y in arrays]} do not fit")
    return arrays[0].trace.record("concatenate", arrays, shape, arrays[0].kind, axis=axis)


@handles(np.stack)
def stack(arrays: list[Any], axis: int = 0) -> Any:
    """Along a new axis."""
    (axis,) = normalized_axes(axis, arrays[0].ndim + 1)
    return concatenate([expand_dims(x, axis) for x in arrays], axis)


@handles(np.split)
def split(ary: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    """Consecutive parts of an axis whose length is known."""
    (axis,) = normalized_axes(axis, ary.ndim)
    n = ary.shape[axis]
    if np.ndim(indices_or_sections) == 0:
        if isinstance(n, Extent) or n % int(indices_or_sections):
            raise unsupported(f"np.split of an axis of length {n} into {indices_or_sections}")
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
    """Turned round along axes."""
    axes = normalized_axes(axis, m.ndim)
    index = tuple(slice(None, None, -1) if i in axes else slice(None) for i in range(m.ndim))
    return indexing.part_of(m, index)


# ---------------------------------------------------------------------- choices and look-ups
@handles(np.where)
def where(condition: Any, x: Any, y: Any) -> Any:
    """One value or the other, element by element."""
    return apply("where", condition, x, y)


@handles(np.clip)
def clip(a: Any, a_min: Any = None, a_max: Any = None) -> Any:
    """Between two bounds."""
    if a_min is not None:
        a = apply("maximum", a, a_min)
    return a if a_max is None else apply("minimum", a, a_max)


@handles(np.take)
def take(a: Any, indices: Any, axis: int | None = None, mode: str = "raise") -> Any:
    """Places along an axis."""
    if axis is None or not (isinstance(a, Symbol) or isinstance(indices, Symbol)):
        raise unsupported("np.take without an axis")
    if mode != "raise":
        raise unsupported(f"np.take with mode={mode!r} (write `np.clip(ids, 0, n - 1)`)")
    trace = a.trace if isinstance(a, Symbol) else indices.trace
    a = trace.symbol(a)
    (axis,) = normalized_axes(axis, a.ndim)
    ids = trace.symbol(indexing.from_start("np.take", indices, a.shape[axis]))
    shape = (*a.shape[:axis], *ids.shape, *a.shape[axis + 1 :])
    return trace.record(
        "take", (a, ids), shape, a.kind, name="rows" if axis == 0 else "take", axis=axis
    )


@handles(np.take_along_axis)
def take_along_axis(arr: Any, indices: Any, axis: int = -1) -> Any:
    """Other places along an axis in every row."""
    trace = arr.trace if isinstance(arr, Symbol) else indices.trace
    arr = trace.symbol(arr)
    (axis,) = normalized_axes(axis, arr.ndim)
    ids = trace.symbol(indexing.from_start("np.take_along_axis", indices, arr.shape[axis]))
    rest = [tuple(1 if i == axis else n for i, n in enumerate(x.shape)) for x in (arr, ids)]
    others = broadcast_shapes("take_along_axis", rest)
    shape = (*others[:axis], ids.shape[axis], *others[axis + 1 :])
    return trace.record("take_along", (arr, ids), shape, arr.kind, axis=axis)
