"""Reductions and products of symbols."""

from __future__ import annotations

import string
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from tinygrad_w2v.compiler.ir.ops.computed import letter_lengths
from tinygrad_w2v.compiler.ir.scalar_functions import INTEGERS
from tinygrad_w2v.compiler.ir.sizes import product
from tinygrad_w2v.compiler.trace.elementwise import apply, as_kind
from tinygrad_w2v.compiler.trace.registry import handles, unsupported
from tinygrad_w2v.compiler.trace.symbol import Symbol, as_symbols
from tinygrad_w2v.functions.axes import normalized_axes
from tinygrad_w2v.functions.contractions import explicit_subscripts


# ---------------------------------------------------------------------- reductions
def _reduced(
    function: str, a: Any, axis: Any = None, keepdims: bool = False, dtype: Any = None
) -> Any:
    """A sum, product or extreme over axes."""
    x = a
    axes = normalized_axes(axis, x.ndim)
    if x.kind != "float" or dtype is not None:
        made = np.dtype(x.dtype if dtype is None else dtype)
        if dtype is None and function in ("sum", "prod"):
            made = np.sum(np.zeros(0, made)).dtype
        x, truth = as_kind(x.astype(made), "float" if made.kind == "f" else "int"), made.kind == "b"
    else:
        made, truth = None, False
    y: Any = x
    if axes:
        y = x.trace.record("reduce", (x,), name=function, exact=made, function=function, axes=axes)
        if made is not None and made.name in INTEGERS and function in ("sum", "prod"):
            y = y.trace.record("map", (y,), "int", exact=made, function=made.name)
    if truth:
        y = as_kind(y, "bool")
    if keepdims and axes:
        y = np.reshape(y, tuple(1 if i in axes else n for i, n in enumerate(x.shape)))
    return y


handles(np.sum, ".sum")(partial(_reduced, "sum"))
handles(np.prod, ".prod")(partial(_reduced, "prod"))


def _extreme(
    function: str,
    a: Any,
    axis: Any = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    """The largest or the smallest; of nothing `initial`."""
    nothing = any(a.shape[i] == 0 for i in normalized_axes(axis, a.ndim))
    if initial is None:
        if where is not True:
            raise ValueError(f"np.{function} with `where` needs `initial`, for where none holds")
        if nothing:
            raise ValueError(f"of nothing there is no {function}")
        return _reduced(function, a, axis, keepdims)
    if nothing:
        return np.full_like(_reduced("sum", a, axis, keepdims), initial)
    a = a if where is True else np.where(where, a, initial)
    return apply(f"{function}imum", _reduced(function, a, axis, keepdims), initial)


handles(np.max, np.amax, ".max")(partial(_extreme, "max"))
handles(np.min, np.amin, ".min")(partial(_extreme, "min"))


@handles(np.mean, ".mean")
def mean(a: Any, axis: Any = None, keepdims: bool = False, dtype: Any = None) -> Any:
    """Mean: a sum over the size of what is summed."""
    count: Any = product(a.shape[i] for i in normalized_axes(axis, a.ndim))
    if dtype is not None and np.dtype(dtype).kind != "f":
        raise unsupported(f"a mean in {np.dtype(dtype)}")
    return _reduced("sum", as_kind(a, "float"), axis, keepdims) / count


@handles(np.var, ".var")
def var(a: Any, axis: Any = None, ddof: Any = 0, keepdims: bool = False) -> Any:
    """Mean squared distance from the mean."""
    count: Any = product(a.shape[i] for i in normalized_axes(axis, a.ndim))
    away = a - mean(a, axis, keepdims=True)
    return _reduced("sum", np.square(away), axis, keepdims) / (count - ddof)


@handles(np.std, ".std")
def std(a: Any, axis: Any = None, ddof: Any = 0, keepdims: bool = False) -> Any:
    """Square root of the variance."""
    return np.sqrt(var(a, axis, ddof, keepdims))


@handles(np.any, ".any")
def any_true(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Whether one element is not 0."""
    return _reduced("max", as_kind(a, "bool"), axis, keepdims)


@handles(np.all, ".all")
def all_true(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Whether no element is 0."""
    return _reduced("min", as_kind(a, "bool"), axis, keepdims)


@handles(np.count_nonzero)
def count_nonzero(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """How many elements are not 0."""
    return _reduced("sum", apply("not_equal", a, 0), axis, keepdims)


# ---------------------------------------------------------------------- products
@handles(np.matmul)
def matmul(x: Any, y: Any) -> Symbol:
    """Matrix product over the last two axes."""
    x, y = as_symbols([x, y])
    if not x.shape or not y.shape:
        raise ValueError("matmul: a scalar has no axes; use `*`")
    row, column = x.ndim == 1, y.ndim == 1
    left = x.shape[:-1] if row else x.shape[:-2]
    right = y.shape[:-1] if column else y.shape[:-2]
    names = string.ascii_lowercase[: max(len(left), len(right))]
    of_x = ("" if row else names[len(names) - len(left) :] + "X") + "Z"
    of_y = (names[len(names) - len(right) :] if not column else "") + "Z" + ("" if column else "Y")
    out = names + ("" if row else "X") + ("" if column else "Y")
    return _product([of_x, of_y], out, [x, y], "matmul")


def _product(terms: Sequence[str], out: str, xs: Sequence[Any], name: str) -> Symbol:
    """Note an einsum whose letters are explicit."""
    symbols = as_symbols(xs)
    trace = symbols[0].trace
    if all(x.kind != "float" for x in symbols):
        raise unsupported(f"np.{name} of whole numbers alone", "write `.astype(np.float64)`")
    given = [as_kind(x, "float") for x in symbols]
    terms, lengths = tuple(terms), letter_lengths(terms, [x.shape for x in given])
    return trace.record("einsum", given, name=name, terms=terms, out=out, lengths=lengths)


@handles(np.einsum)
def einsum(subscripts: str, *operands: Any, optimize: Any = False) -> Any:
    """Sums of products of lettered axes."""
    terms, out = explicit_subscripts(subscripts, [np.ndim(x) for x in operands])
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


@handles("product_over_all")
def product_over_all(x: Symbol, y: Any) -> Symbol:
    """The product of the last axes, summed over all others."""
    axes = tuple(range(x.ndim - 1))
    return tensordot(x, y, (axes, axes))
