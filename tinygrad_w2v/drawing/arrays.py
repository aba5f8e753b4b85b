"""Arrays as plain data of few characters: sampled where they are large, which is said.

A page is read, not computed with: a number has four digits, and of a long axis some places are
taken, its ends among them. The statistics are those of the whole array.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_w2v.autograd.rowgrad import RowGrad
from tinygrad_w2v.drawing.labels import number

LONGEST_AXIS = 24  # places that are shown of one axis
FEWEST_NUMBERS = 16  # of an array, however many arrays there are


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
        ``places`` has for each axis the places that were kept, or None for all of them.

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
    array = np.asarray(data)
    places = _places(array.shape, most)
    taken = array[np.ix_(*places)] if places else array
    kept: list[list[int] | None] = [
        None if len(chosen) == n else [int(place) for place in chosen]
        for chosen, n in zip(places, array.shape, strict=True)
    ]
    if rows is not None:
        kept[0] = [rows[place] for place in places[0]]
    return {
        "shape": shape,
        "dtype": str(array.dtype),
        "numbers": [_short(value) for value in taken.reshape(-1).tolist()],
        "places": kept,
        "rows": rows is not None,
        "statistics": statistics(array, shape),
    }


def _places(shape: tuple[int, ...], most: int) -> list[Any]:
    """Which places of each axis are kept: the ends, and some between them."""
    counts = [min(n, LONGEST_AXIS) for n in shape]
    while counts and int(np.prod(counts)) > most:
        longest = max(range(len(counts)), key=lambda axis: (counts[axis], -axis))
        counts[longest] -= 1
    return [
        np.unique(np.linspace(0, n - 1, count).round().astype(int)) if n else np.arange(0)
        for n, count in zip(shape, counts, strict=True)
    ]


def _short(value: Any) -> Any:
    """A number of four digits that JSON can hold; what is not finite is written as a word."""
    if not isinstance(value, float):
        return value
    if value != value or value in (float("inf"), float("-inf")):
        return str(value)
    short = float(f"{value:.4g}")
    return int(short) if short.is_integer() and abs(short) < 1e6 else short


def statistics(array: Any, shape: list[int]) -> dict[str, Any]:
    """Least, greatest, mean, deviation and norm of what is finite; how many are not, or are zero.

    Rows that a row gradient leaves out are zeros of the whole, of `shape`.
    """
    left_out = int(np.prod(shape, dtype=np.int64)) - array.size
    finite = array
    if array.dtype.kind == "f":
        finite = array[np.isfinite(array)]
    found: dict[str, Any] = {"zeros": int(np.count_nonzero(array == 0)) + left_out}
    if array.dtype.kind == "f":
        found["not_finite"] = array.size - finite.size
    if array.dtype.kind == "b" or not finite.size:
        return found
    numbers = finite.astype(np.float64)
    with np.errstate(all="ignore"):
        total, squares = numbers.sum(), np.square(numbers).sum()
        count = numbers.size + left_out
        mean = total / count
        spread = np.sqrt(max(squares / count - mean**2, 0.0)) if left_out else numbers.std()
    least, greatest = float(numbers.min()), float(numbers.max())
    if left_out:
        least, greatest = min(least, 0.0), max(greatest, 0.0)
    found |= {
        "min": number(least),
        "max": number(greatest),
        "mean": number(mean),
        "std": number(spread),
        "norm": number(np.sqrt(squares)),
    }
    return found
