"""Numbers of one kind stored as another: looked at after that, and not only before."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.types import AnyArray, BoolArray, IntArray

_MOST = 2**63 - 1


def cast(array: AnyArray, dtype: Any, name: str) -> AnyArray:
    """Return numbers as another dtype; one that it cannot hold is refused, and never made another.

    Parameters
    ----------
    array
        Numbers; those that are NaN or infinite already stay what they are.
    dtype
        Of the result; an array of this dtype is returned as it is.
    name
        What the numbers are, for the message.

    Raises
    ------
    InputError
        When they are no real numbers, or one is too large.

    Examples
    --------
    >>> cast(np.array([1e300]), np.float32, "w_in")
    Traceback (most recent call last):
    tinygrad_w2v._base.errors.InputError: w_in holds 1e+300, which float32 cannot hold
    """
    wanted = np.dtype(dtype)
    if array.dtype == wanted:
        return array
    if array.dtype.kind not in "fiub":
        raise InputError(f"{name} holds {array.dtype}, not numbers")
    with np.errstate(over="ignore", invalid="ignore"):
        result: AnyArray = array.astype(wanted)
    if wanted.kind == "f":
        lost = ~np.isfinite(result) & np.isfinite(array)
    else:
        lost = result != array
    if lost.any():
        raise InputError(f"{name} holds {array[lost][0]}, which {wanted} cannot hold")
    return result


def whole_counts(counts: Any, name: str = "counts") -> IntArray:
    """Return how often words occur as int64, of any shape.

    Parameters
    ----------
    counts
        Whole numbers, also as floats.
    name
        What they are, for the message.

    Raises
    ------
    InputError
        When one is no whole number, negative, or too large.

    Examples
    --------
    >>> whole_counts([2, 1]), whole_counts(np.array([3.0]))
    (array([2, 1]), array([3]))
    >>> whole_counts(np.array([2**64 - 1], np.uint64))
    Traceback (most recent call last):
    tinygrad_w2v._base.errors.InputError: counts holds 18446744073709551615: counts are whole \
numbers from 0 to 9223372036854775807
    """
    array = hasattr(counts, "dtype") or not isinstance(counts, Iterable)
    given: AnyArray = np.asarray(counts if array else list(counts))
    if given.dtype.kind not in "iufO":
        raise InputError(f"{name} holds {given.dtype}, not whole numbers")
    wrong = given[~_are_counts(given)]
    if wrong.size:
        raise InputError(
            f"{name} holds {wrong.flat[0]!s:.60}: counts are whole numbers from 0 to {_MOST}"
        )
    return given.astype(np.int64)


def _are_counts(given: AnyArray) -> BoolArray:
    if given.dtype.kind == "O":
        right = [isinstance(n, (int, np.integer)) and 0 <= n <= _MOST for n in given.flat]
        return np.array(right, bool).reshape(given.shape)
    if given.dtype.kind == "f":  # NaN compares with nothing
        return (given >= 0) & (given < float(_MOST)) & (given == np.floor(given))
    return (given >= 0) & (given <= _MOST)
