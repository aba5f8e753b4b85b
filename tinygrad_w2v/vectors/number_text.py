"""Rows of numbers as text that brings back the same numbers when it is read.

float32 is written with nine digits by Python's formatting, which is quick for so few. float64
needs up to seventeen, which it is slow for; these are made many numbers at a time. For ``a`` with
``10^e <= a < 10^(e+1)`` the digits are those of the integer ``a * 10^(16 - e)``: the power is
exact, and so is the product, as the sum of two floats.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from tinygrad_w2v._base.types import FloatArray, IntArray
from tinygrad_w2v.vectors.number_parsing import exact_product

_PART = 1 << 14  # numbers at a time: what is computed of them stays in the cache
_DIGITS = 17  # bring back any float64
_SMALLEST, _LARGEST = 1e-5, 1e15  # are written without an exponent, by exact powers of ten
_POWERS = 10.0 ** np.arange(23)
_LEADING = 1 + 6  # sign, "0.", up to four zeros
_WIDTH = _LEADING + _DIGITS + 2  # and a point, and the separator
_FOUR_DIGITS = np.array([b"%04d" % i for i in range(10_000)]).view(np.uint32)
_ZERO, _POINT, _MINUS = b"0.-"

Bytes = npt.NDArray[np.uint8]


def number_lines(vectors: FloatArray, separator: bytes = b" ") -> Iterator[bytes]:
    """Yield each row as text, without an end of line.

    float32 is written with the nine digits that bring back the same number, float64 with
    fifteen where these do, else seventeen; zeros at the end are left away.

    Parameters
    ----------
    vectors : array ``(n, dim)``
        Finite, float32 or float64.
    separator : bytes
        One byte, between two numbers.

    Examples
    --------
    >>> list(number_lines(np.array([[0.5, -2.0], [0.1, 0.0]], dtype=np.float32)))
    [b'0.5 -2', b'0.100000001 0']
    >>> list(number_lines(np.array([[0.5, -2.0], [0.1, 1 / 3]])))
    [b'0.5 -2', b'0.1 0.33333333333333331']
    """
    if vectors.dtype == np.float64:
        step = max(1, _PART // max(1, vectors.shape[1]))
        for start in range(0, len(vectors), step):
            yield from _lines_of_doubles(vectors[start : start + step], separator)
        return
    line = separator.decode("ascii").join(["%.9g"] * vectors.shape[1])
    for numbers in vectors.tolist():
        yield (line % tuple(numbers)).encode("ascii")


def _lines_of_doubles(vectors: FloatArray, separator: bytes) -> Iterator[bytes]:
    """Yield the rows of a small table: each number into its own row of bytes, then packed."""
    x = np.ascontiguousarray(vectors).ravel()
    a = np.abs(x)
    zero = a == 0
    plain = (a >= _SMALLEST) & (a < _LARGEST)
    a[~plain] = 1.0
    digits, exponent, many = _digits(a)
    text = np.zeros((len(x), _WIDTH), np.uint8)
    text[:, 0] = np.where(np.signbit(x), _MINUS, 0)
    text[:, 1], text[:, 2] = _ZERO, _POINT
    for place in range(4):
        text[:, 3 + place] = np.where(exponent < -1 - place, _ZERO, 0)
    text[:, _LEADING : _LEADING + _DIGITS] = digits
    for e in np.unique(exponent[exponent >= 0]).tolist():
        rows = np.flatnonzero(exponent == e)
        whole = e + 1  # digits before the point
        text[rows, 1:] = 0
        text[rows, 1 : 1 + whole] = digits[rows, :whole]
        text[rows, 1 + whole] = np.where(many[rows] > whole, _POINT, 0)
        text[rows, 2 + whole : 2 + _DIGITS] = digits[rows, whole:]
    text[zero, 1:] = 0
    text[zero, 1] = _ZERO
    for i in np.flatnonzero(~plain & ~zero).tolist():
        number = repr(float(x[i])).encode("ascii")
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


def _digits(a: FloatArray) -> tuple[Bytes, IntArray, IntArray]:
    """Return the digits of each number, zeros at the end as 0 bytes; its exponent; how many."""
    exponent = np.floor(np.log10(a)).astype(np.int64)
    scaled = a * _POWERS[16 - exponent]
    exponent += scaled >= 1e17  # where the logarithm was rounded across a power of ten
    exponent -= scaled < 1e16
    high, low = exact_product(a, _POWERS[16 - exponent])
    m = high.astype(np.int64) + np.rint(low).astype(np.int64)
    fifteen = (m + 50) // 100
    short = fifteen / _POWERS[14 - exponent] == a
    m = np.where(short, fifteen * 100, m)
    upper, lower = np.divmod(m, 100_000_000)
    first, upper = np.divmod(upper, 100_000_000)
    fours = np.empty((len(a), 5), np.uint32)
    fours[:, 0] = _FOUR_DIGITS[first]
    for place, eight in ((1, upper), (3, lower)):
        left, right = np.divmod(eight.astype(np.uint32), np.uint32(10_000))
        fours[:, place], fours[:, place + 1] = _FOUR_DIGITS[left], _FOUR_DIGITS[right]
    digits = fours.view(np.uint8)[:, 3:]
    many = np.full(len(a), _DIGITS)
    ending = np.flatnonzero(digits[:, -1] == _ZERO)
    if len(ending):
        nonzero = digits[ending, ::-1] != _ZERO
        keep = np.maximum(_DIGITS - np.argmax(nonzero, axis=1), exponent[ending] + 1)
        many[ending] = keep
        digits[ending] *= np.arange(_DIGITS) < keep[:, None]
    return digits, exponent, many
