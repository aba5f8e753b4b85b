"""Rows of numbers as text that brings back the same numbers when it is read."""

from collections.abc import Iterator

import numpy as np

from tinygrad_w2v._base.types import FloatArray


def number_lines(vectors: FloatArray, separator: bytes = b" ") -> Iterator[bytes]:
    """Yield each row as text, without an end of line.

    float32 is written with the nine digits that bring back the same number, float64 with the
    fewest that do.

    Examples
    --------
    >>> list(number_lines(np.array([[0.5, -2.0], [0.1, 0.0]], dtype=np.float32)))
    [b'0.5 -2', b'0.100000001 0']
    """
    number = "%.9g" if vectors.dtype == np.float32 else "%r"
    line = separator.decode("ascii").join([number] * vectors.shape[1])
    for numbers in vectors.tolist():
        yield (line % tuple(numbers)).encode("ascii")
