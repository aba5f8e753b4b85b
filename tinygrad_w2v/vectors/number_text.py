"""Rows of numbers as text that brings back the same numbers when it is read.

Python's formatting takes long for twenty million numbers, so they are made many at a time. For
``a`` with ``10^e <= a < 10^(e+1)`` the first p digits are those of the integer
``a * 10^(p - 1 - e)``: the power is exact, and for float64, where it matters, so is the product,
as the sum of two floats. Numbers that are written with an exponent are left to Python.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tinygrad_w2v._base.types import FloatArray, IntArray
from tinygrad_w2v.vectors.number_parsing import exact_product

_PART = 1 << 14  # numbers at a time: what is computed of them stays in the cache
_POWERS = 10.0 ** np.arange(23)  # all exact
_LEADING = 1 + 6  # sign, "0.", up to four zeros
_FOUR_DIGITS = np.array([b"%04d" % i for i in range(10_000)]).view(np.uint32)
_ZERO, _POINT, _MINUS = b"0.-"

Bytes = npt.NDArray[np.uint8]


class _Precision(NamedTuple):
    """How a float is written: with `few` digits where these bring it back, else `all`.

    Below `smallest` and from `largest` on, it is written with an exponent, by Python's `format`.
    """

    few: int
    all: int
    smallest: float
    largest: float
    format: str


_SINGLE = _Precision(6, 9, 1e-5, 1e5, "%.9g")
_DOUBLE = _Precision(15, 17, 1e-5, 1e15, "%r")


def number_lines(vectors: FloatArray, separator: bytes = b" ") -> Iterator[bytes]:
    """Yield each row as text, without an end of line.

    float32 is written with six digits where these bring back the same number, else with nine;
    float64 with fifteen, else seventeen; zeros at the end are left away.

    Parameters
    ----------
    vectors : array ``(n, dim)``
        Finite, float32 or float64.
    separator : bytes
        One byte, between two numbers.

    Examples
    --------
    >>> list(number_lines(np.array([[0.5, -2.0], [0.1, 1 / 3]], dtype=np.float32)))
    [b'0.5 -2', b'0.1 0.333333343']
    >>> list(number_lines(np.array([[0.5, -2.0], [0.1, 1 / 3]])))
    [b'0.5 -2', b'0.1 0.33333333333333331']
    """
    precision = _DOUBLE if vectors.dtype == np.float64 else _SINGLE
    step = max(1, _PART // max(1, vectors.shape[1]))
    for start in range(0, len(vectors), step):
        x = np.ascontiguousarray(vectors[start : start + step])
        a = np.abs(x).astype(np.float64).ravel()
        plain = (a >= precision.smallest) & (a < precision.largest)
        yield from _lines(x, a, plain, precision, separator)


def _lines(
    vectors: FloatArray,
    a: FloatArray,
    plain: npt.NDArray[np.bool_],
    precision: _Precision,
    separator: bytes,
) -> Iterator[bytes]:
    """Yield the rows of a small table: each number into its own row of bytes, then packed."""
    x = vectors.ravel()
    zero = a == 0
    a[~plain] = 1.0
    digits, exponent, many = _digits(a, precision, vectors.dtype == np.float64)
    p = precision.all
    # The widest is a float64 with an exponent: 24 bytes, as wide as seventeen digits without.
    text = np.zeros((len(x), _LEADING + p + 2), np.uint8)
    text[:, 0] = np.where(np.signbit(x), _MINUS, 0)
    text[:, 1], text[:, 2] = _ZERO, _POINT
    for place in range(4):
        text[:, 3 + place] = np.where(exponent < -1 - place, _ZERO, 0)
    text[:, _LEADING : _LEADING + p] = digits
    for e in np.unique(exponent[exponent >= 0]).tolist():
        rows = np.flatnonzero(exponent == e)
        whole = e + 1  # digits before the point
        text[rows, 1:] = 0
        text[rows, 1 : 1 + whole] = digits[rows, :whole]
        text[rows, 1 + whole] = np.where(many[rows] > whole, _POINT, 0)
        text[rows, 2 + whole : 2 + p] = digits[rows, whole:]
    text[zero, 1:] = 0
    text[zero, 1] = _ZERO
    for i in np.flatnonzero(~plain & ~zero).tolist():
        number = (precision.format % float(x[i])).encode("ascii")
        text[i] = 0
        text[i, : len(number)] = np.frombuffer(number, np.uint8)
    text[:, -1] = separator[0]
    used = text != 0
    ends = np.cumsum(used.reshape(len(vectors), -1).sum(axis=1)).tolist()
    packed = text[used].tobytes()
    start = 0
    for end in ends:
        yield packed[start : end - 1]
        start = end


def _digits(a: FloatArray, precision: _Precision, double: bool) -> tuple[Bytes, IntArray, IntArray]:
    """Return the digits of each number, zeros at the end as 0 bytes; its exponent; how many."""
    few, p = precision.few, precision.all
    exponent = np.floor(np.log10(a)).astype(np.int64)
    scaled = a * _POWERS[p - 1 - exponent]
    exponent += scaled >= 10.0**p  # where the logarithm was rounded across a power of ten
    exponent -= scaled < 10.0 ** (p - 1)
    power = _POWERS[p - 1 - exponent]
    if double:
        high, low = exact_product(a, power)
        m = high.astype(np.int64) + np.rint(low).astype(np.int64)
    else:
        m = np.rint(a * power).astype(np.int64)
    left_away = 10 ** (p - few)
    short = (m + left_away // 2) // left_away
    value = short / _POWERS[few - 1 - exponent]
    same = value == a if double else value.astype(np.float32) == a.astype(np.float32)
    rest = np.where(same, short * left_away, m)
    carried = rest >= 10**p  # 9.999... became 10
    rest[carried] = 10 ** (p - 1)
    exponent += carried
    fours = np.empty((len(a), 1 + (p - 1) // 4), np.uint32)
    for place in range(fours.shape[1] - 2, 0, -2):
        rest, eight = np.divmod(rest, 100_000_000)
        left, right = np.divmod(eight.astype(np.uint32), np.uint32(10_000))
        fours[:, place], fours[:, place + 1] = _FOUR_DIGITS[left], _FOUR_DIGITS[right]
    fours[:, 0] = _FOUR_DIGITS[rest]
    digits = fours.view(np.uint8)[:, 3:]
    many = np.full(len(a), p)
    ending = np.flatnonzero(digits[:, -1] == _ZERO)
    if len(ending):
        nonzero = digits[ending, ::-1] != _ZERO
        keep = np.maximum(p - np.argmax(nonzero, axis=1), exponent[ending] + 1)
        many[ending] = keep
        digits[ending] *= np.arange(p) < keep[:, None]
    return digits, exponent, many
