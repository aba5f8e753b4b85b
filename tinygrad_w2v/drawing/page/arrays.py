"""Arrays as plain data of few characters: sampled where they are large, which is said.

A page is read, not computed with: a number has four digits, and of a long axis some places are
taken, its ends among them. The statistics are those of the whole array.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_w2v.autograd.rowgrad import RowGrad
from tinygrad_w2v.drawing.labels import content_of, number, written

LONGEST_AXIS = 24  # places that are shown of one axis
FEWEST_NUMBERS = 6  # of an array, however many arrays there are
LARGEST_EXACT = 2**53 - 1  # integer of a script


def array_data(data: Any, most: int = LONGEST_AXIS**2) -> dict[str, Any] | None:
    """Return shape, dtype, numbers and statistics of an array; None for a foreign one.

    Parameters
    ----------
    data : array or RowGrad
        What is shown. Of a row gradient these are its rows, each once.
    most : int
        Numbers that may be kept.

    Returns
    -------
    dict
        ``shape`` and ``numbers``; ``dtype`` where it is not float64, ``places`` where not all are
        there (of each axis those that are, or None), ``rows`` of a row gradient, and the
        ``statistics`` of several numbers.

    Examples
    --------
    >>> shown = array_data(np.arange(100.0).reshape(2, 50))
    >>> shown["shape"], len(shown["numbers"]), shown["places"][1][-1]
    ([2, 50], 48, 49)
    """
    rows = None
    shape = list(getattr(data, "shape", ()))
    if isinstance(data, RowGrad):
        summed = data.coalesced()
        rows, data = [int(row) for row in summed.rows], summed.values
    if not isinstance(data, np.ndarray | np.generic) or data.dtype.kind not in "fiub":
        return None
    if not shape:
        return {"shape": shape, "numbers": [_short(data.item())]} | _unusual(data.dtype)
    array = np.asarray(data)
    places = _places(array.shape, most)
    kept: list[list[int] | None] = [
        None if len(chosen) == n else [int(place) for place in chosen]
        for chosen, n in zip(places, array.shape, strict=True)
    ]
    sampled = any(places is not None for places in kept)
    taken = array[np.ix_(*places)] if sampled else array
    if rows is not None:
        kept[0] = [rows[place] for place in places[0]]
    numbers = [_short(value) for value in taken.reshape(-1).tolist()]
    found: dict[str, Any] = {"shape": shape, "numbers": numbers} | _unusual(array.dtype)
    if sampled or rows is not None:
        found["places"] = kept
    if rows is not None:
        found["rows"] = len(rows)
    if len(numbers) > 1:
        found["statistics"] = statistics(array, shape)
    return found


def brief(data: Any) -> str:
    """The numbers of a node: those of a short vector, else their range in three digits.

    Examples
    --------
    >>> brief(np.array([1.0, 2.5])), brief(np.array([[1.0, 2.0], [3.0, 41.28]]))
    ('[1, 2.5]', '1 … 41.3')
    """
    array = data.values if isinstance(data, RowGrad) else data
    if isinstance(array, np.ndarray) and array.ndim and array.size > (4 if array.ndim == 1 else 1):
        with np.errstate(invalid="ignore"):
            if array.dtype.kind in "iuf" and (array.dtype.kind != "f" or np.isfinite(array).all()):
                return f"{array.min() + 0:.3g} … {array.max() + 0:.3g}"
    return content_of(data)


def _unusual(dtype: Any) -> dict[str, Any]:
    return {} if dtype == np.float64 else {"dtype": str(dtype)}


def _places(shape: tuple[int, ...], most: int) -> list[Any]:
    """Which places of each axis are kept: the ends, and some between them."""
    counts = [min(n, LONGEST_AXIS) for n in shape]
    while counts and math.prod(counts) > most:
        longest = max(range(len(counts)), key=lambda axis: (counts[axis], -axis))
        counts[longest] -= 1
    return [
        np.arange(n) if count == n else np.linspace(0, n - 1, count).round().astype(int)
        for n, count in zip(shape, counts, strict=True)
    ]


def _short(value: Any) -> Any:
    """A number as `written`, so that JSON and a script can hold it; else its text."""
    if not isinstance(value, float):
        return value if abs(value) <= LARGEST_EXACT else str(value)
    if value != value or value in (float("inf"), float("-inf")):
        return str(value)
    short = float(written(value))
    return int(short) if short.is_integer() and abs(short) < 1e6 else short


def statistics(array: Any, shape: list[int]) -> list[Any]:
    """Zeros, numbers that are not finite; of all others min, max, mean, deviation and norm.

    Rows that a row gradient leaves out are zeros of the whole, of `shape`.
    """
    left_out = math.prod(shape) - array.size
    floats = array.dtype.kind == "f"
    finite = array[np.isfinite(array)] if floats else array
    found = [int(np.count_nonzero(array == 0)) + left_out, array.size - finite.size]
    if array.dtype.kind == "b" or not finite.size:
        return found
    numbers = finite.astype(np.float64, copy=False)
    with np.errstate(all="ignore"):
        squares = float(np.square(numbers).sum())
        count = numbers.size + left_out
        mean = numbers.sum() / count
        spread = np.sqrt(max(squares / count - mean**2, 0.0)) if left_out else numbers.std()
    least, greatest = float(numbers.min()), float(numbers.max())
    if left_out:
        least, greatest = min(least, 0.0), max(greatest, 0.0)
    return found + [number(n) for n in (least, greatest, mean, spread, math.sqrt(squares))]
