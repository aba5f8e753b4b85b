"""What holds a rule back, whichever it is: weight decay, clipped gradients, rows in a ball.

Each is a few operations on arrays, which the compiler's symbols answer as well, so a kernel does
what `step` does. A *row* is an entry along the first axis, of a vector a number.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import InputError


class Limit:
    """A number that every optimizer has: looked at whenever it is assigned.

    Parameters
    ----------
    off : float or None
        The value that changes nothing.
    """

    def __init__(self, off: float | None) -> None:
        self.off = off

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, rule: Any, owner: type | None = None) -> Any:
        return self if rule is None else vars(rule).get(f"_{self.name}", self.off)

    def __set__(self, rule: Any, value: Any) -> None:
        vars(rule)[f"_{self.name}"] = self.checked(type(rule).__name__, value)

    def checked(self, owner: str, value: Any) -> float | None:
        """Return a value of it as a float, or as None.

        Raises
        ------
        InputError
            That says what is allowed.
        """
        if value is None and self.off is None:
            return None
        plain = np.ndim(value) == 0 and not isinstance(value, bool | str | bytes | type(None))
        number = float(value) if plain else math.nan
        if not (0 < number < math.inf or number == self.off):
            allowed = "a positive number" + (" or None" if self.off is None else ", or 0")
            raise InputError(f"{owner}: {self.name} is {value!r}; give {allowed}")
        return number


def clipped(g: Any, most: float, by_rows: bool) -> Any:
    """Return a gradient whose norm is at most `most`: that of each row, or of the whole.

    Examples
    --------
    >>> clipped(np.array([[3.0, 4.0], [0.0, 0.5]]), 1.0, by_rows=True)
    array([[0.6, 0.8],
           [0. , 0.5]])
    """
    square = g * g
    if by_rows:
        norm = _norms_of_rows(square)
    else:
        norm = np.sqrt(np.sum(square) if len(g.shape) else square)
    return g * (most / np.maximum(norm, most))


def into_ball(x: Any, radius: float) -> Any:
    """Bring each row whose norm is more than `radius` to that norm, in place.

    Examples
    --------
    >>> x = np.array([[3.0, 4.0], [0.0, 0.5]])
    >>> into_ball(x, 1.0)
    array([[0.6, 0.8],
           [0. , 0.5]])
    """
    x *= radius / np.maximum(_norms_of_rows(x * x), radius)
    return x


def _norms_of_rows(square: Any) -> Any:
    """The root of the sum over all axes but the first, which keep a length of 1."""
    axes = tuple(range(1, len(square.shape)))
    return np.sqrt(np.sum(square, axis=axes, keepdims=True) if axes else square)
