"""Ragged rows: all segments in one array, end to end.

Words of unequal numbers of parts are summed without padding: the parts of all of them are the rows
of one array, and `starts` says where those of each word begin. The derivative of the sum of a
segment gives the segment's gradient to each of its rows, and the derivative of that is the sum
again.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import InputError, ShapeError
from tinygrad_w2v._base.types import AnyArray, IntArray
from tinygrad_w2v.autograd.debugging.sites import user_line
from tinygrad_w2v.autograd.dispatch import unwrapped
from tinygrad_w2v.autograd.function import Function
from tinygrad_w2v.autograd.node import offer_whole
from tinygrad_w2v.functions.lookup import as_ids

__all__ = ["segment_sum"]


class SegmentSum(Function):
    """y = segment_sum(x, starts);  gx = repeat(g, lengths, 0)"""

    def __init__(self, starts: Any) -> None:
        self.starts = self.keep_copy("starts", starts)

    def forward(self, x: Any) -> Any:
        self._count = x.shape[0]
        y = offer_whole("segment_sum", x, self.starts)
        return segment_sums(x, self.starts) if y is NotImplemented else y

    @property
    def lengths(self) -> Any:
        """How many rows each segment has."""
        return np.diff(self.starts, append=self._count)

    def backward(self, g: Any) -> Any:
        return SegmentRepeat(self.starts, self._count)(g)


def segment_sum(x: Any, starts: Any) -> Any:
    """Sums of consecutive rows: ``y[s]`` is that of ``x[starts[s]:starts[s + 1]]``.

    The last segment goes to the end of `x`, and an empty one sums to 0. Segments may be of any
    lengths, and nothing is padded. A batch of windows has segments of other lengths in each, which
    no array holds; so there are no leading axes: give one window at a time, or the windows end to
    end.

    Parameters
    ----------
    x : Variable or array ``(n, ...)``
    starts : int array, int Variable or list ``(S,)``
        Where each segment begins: 0 first, then never falling, at most n.

    Returns
    -------
    Variable or array ``(S, ...)``

    Raises
    ------
    InputError
        If `starts` does not begin with 0, falls, or goes beyond the rows of `x`.
    ShapeError
        If `x` has no rows, or `starts` is not of one axis.

    Examples
    --------
    Each word's vector is the sum of those of its parts, of which the first has two:

    >>> import numpy as np
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> table = tw.Variable(np.array([[1.0], [10.0], [100.0]]))
    >>> F.segment_sum(table[[0, 1, 2, 0, 2]], [0, 2, 2]).data
    array([[ 11.],
           [  0.],
           [201.]])
    """
    starts = as_ids(starts)
    x = x if hasattr(x, "shape") else np.asarray(x)
    places = unwrapped(starts)
    if len(x.shape) == 0 or len(places.shape) != 1:
        raise ShapeError(
            f"segment_sum: x of shape {tuple(x.shape)} and starts of shape {tuple(places.shape)}: "
            "x has rows, (n, ...), and starts is one place for each segment, (S,); ragged windows "
            f"are summed one at a time{user_line()}"
        )
    if isinstance(places, np.ndarray):
        _check_starts(places, x.shape[0])
    return SegmentSum(starts)(x)


def _check_starts(starts: IntArray, count: Any) -> None:
    if not len(starts):
        wrong = "there are rows but no segment" if not isinstance(count, int) or count else ""
    elif starts[0] != 0:
        wrong = f"the first is {starts[0]}, so rows before it belong to no segment"
    elif (starts[1:] < starts[:-1]).any():
        at = int(np.flatnonzero(starts[1:] < starts[:-1])[0])
        wrong = f"starts[{at + 1}] = {starts[at + 1]} comes after {starts[at]}"
    elif isinstance(count, int) and starts[-1] > count:
        wrong = f"the last is {starts[-1]}, but x has {count} rows"
    else:
        wrong = ""
    if wrong:
        raise InputError(
            f"segment_sum: starts must begin with 0 and never fall, up to the number of rows: "
            f"{wrong}; make them of lengths with `np.cumsum([0, *lengths[:-1]])`{user_line()}"
        )


def segment_sums(x: AnyArray, starts: IntArray) -> AnyArray:
    """The sums of consecutive rows; those of empty segments are 0."""
    filled = np.diff(starts, append=len(x)) > 0
    dtype = np.sum(x[:0], axis=0).dtype
    y = np.zeros((len(starts), *x.shape[1:]), dtype)
    if filled.any():
        # `reduceat` returns a row for an empty segment, so it is given none.
        y[filled] = np.add.reduceat(x, starts[filled], axis=0, dtype=dtype)
    return y


class SegmentRepeat(Function):
    """y = repeat(x, lengths, 0);  gx = segment_sum(g, starts)"""

    def __init__(self, starts: Any, count: Any) -> None:
        self.starts, self.count = starts, count

    def forward(self, x: Any) -> Any:
        y = offer_whole("segment_repeat", x, self.starts, self.count)
        if y is not NotImplemented:
            return y
        return np.repeat(x, self.lengths, axis=0)

    @property
    def lengths(self) -> Any:
        """How many rows each segment becomes."""
        return np.diff(self.starts, append=self.count)

    def backward(self, g: Any) -> Any:
        return SegmentSum(self.starts)(g)
