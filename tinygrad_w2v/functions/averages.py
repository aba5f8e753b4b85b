"""Two other middles of many numbers: the weighted mean and the median."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import ShapeError
from tinygrad_w2v.autograd.debugging.sites import user_line
from tinygrad_w2v.autograd.dispatch import implements, refuse_out, unwrapped
from tinygrad_w2v.functions.arithmetic import multiply
from tinygrad_w2v.functions.axes import Axis, axes_of
from tinygrad_w2v.functions.casting import as_array, dtype_of, real
from tinygrad_w2v.functions.lookup import get_item
from tinygrad_w2v.functions.ordering import sort
from tinygrad_w2v.functions.reductions import mean, sum
from tinygrad_w2v.functions.selection import where
from tinygrad_w2v.functions.shape import expand_dims, reshape, transpose


@implements(np.average)
def average(
    a: Any,
    axis: Axis = None,
    weights: Any = None,
    returned: bool = False,
    *,
    keepdims: bool = False,
) -> Any:
    """Weighted mean over `axis` (all axes by default): ``sum(a * weights) / sum(weights)``.

    Parameters
    ----------
    a : Variable or array
    axis : int or tuple of int, optional
    weights : Variable or array, optional
        Of the shape of `a`, or of its `axis`; equal by default.
    returned : bool
        Whether to give the sum of the weights, too.
    keepdims : bool

    Raises
    ------
    ZeroDivisionError
        If weights add up to 0.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> float(F.average(tw.Variable([1.0, 2.0]), weights=[3.0, 1.0]))
    1.25
    """
    shape, axes = np.shape(a), axes_of("average", a, axis)
    if weights is None:
        y = mean(a, axis, keepdims=keepdims)
        count = np.size(a) / np.size(y) if np.size(y) else 0.0
        return (y, np.full(np.shape(y), count, dtype_of(y))) if returned else y
    if np.shape(weights) != shape:
        if axis is None or np.shape(weights) != tuple([shape[i] for i in axes]):
            raise ShapeError(
                f"average: weights of shape {np.shape(weights)} are neither of the shape {shape} "
                f"of the input nor of that of its axis {axis}{user_line()}"
            )
        weights = transpose(weights, tuple(np.argsort(axes).tolist()))
        weights = reshape(weights, [n if i in axes else 1 for i, n in enumerate(shape)])
    a = real(as_array(a))
    total = real(as_array(sum(weights, axes, keepdims=keepdims)))
    if np.any(np.equal(total, 0)):
        raise ZeroDivisionError(f"average: the weights add up to 0{user_line()}")
    y = sum(multiply(a, weights), axes, keepdims=keepdims) / total
    return (y, np.broadcast_to(total, np.shape(y))) if returned else y


@implements(np.median)
def median(
    a: Any,
    axis: Axis = None,
    out: None = None,
    overwrite_input: bool = False,
    keepdims: bool = False,
) -> Any:
    """The middle element in sorted order, the mean of the two middle ones of an even number.

    The gradient goes to these; among equal elements, to those that a stable sort puts there.

    Parameters
    ----------
    a : Variable or array
    axis : int or tuple of int, optional
    out : None
        Is refused: a graph is made of new values.
    overwrite_input : bool
        NumPy's; nothing is written to.
    keepdims : bool

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> x = tw.Variable([4.0, 1.0, 3.0, 2.0])
    >>> y = F.median(x)
    >>> y.backward()
    >>> float(y), x.grad.data
    (2.5, array([0. , 0. , 0.5, 0.5]))
    """
    refuse_out("median", out)
    axes = axes_of("median", a, axis)
    shape = np.shape(a)
    kept = [i for i in range(len(shape)) if i not in axes]
    # The axes that go become one, the last.
    count = int(np.prod([shape[i] for i in axes], dtype=int))
    rising = sort(reshape(transpose(a, (*kept, *axes)), (*[shape[i] for i in kept], count)))
    middle = mean(get_item(rising, (..., slice((count - 1) // 2, count // 2 + 1))), -1)
    if count:  # NaN, which is sorted to the end, is the median wherever there is one
        last = get_item(rising, (..., -1))
        middle = where(np.isnan(unwrapped(last)), last, middle)
    return expand_dims(middle, axes) if keepdims else middle
