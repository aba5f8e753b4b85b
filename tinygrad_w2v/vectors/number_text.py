"""Rows of numbers as text that brings back the same numbers when it is read.

Python's formatting takes long for twenty million float32, so they are made many at a time: for
``a`` with ``10^e <= a < 10^(e+1)`` the first nine digits are those of the integer
``a * 10^(8 - e)``. Numbers that are written with an exponent are left to Python, and so is float64,
whose `repr` is the shortest text that brings it back.
"""

import re
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from tinygrad_w2v._base.types import BoolArray, FloatArray, IntArray

_PART = 1 << 14  # numbers at a time: what is computed of them stays in the cache
_POWERS = 10.0 ** np.arange(14)
_FEW, _ALL = 6, 9  # digits that may bring a float32 back, and that always do
_SMALLEST, _LARGEST = 1e-5, 1e5  # outside of these an exponent is written
_LEADING = 1 + 6  # sign, "0.", up to four zeros
_FOUR_DIGITS = np.array([b"%04d" % i for i in range(10_000)]).view(np.uint32)
_ZERO, _POINT, _MINUS = b"0.-"

Bytes = npt.NDArray[np.uint8]


def number_lines(vectors: FloatArray, separator: str = " ") -> Iterator[bytes]:
    """Yield each row as text, without an end of line.

    float32 is written with six digits where these bring back the same number, else with nine;
    float64 with as few digits as bring it back. Zeros at the end are left away.

    Parameters
    ----------
    vectors : array ``(n, dim)``
        Finite, float32 or float64.
    separator : str
        One character, between two numbers.

    Examples
    --------
    >>> list(number_lines(np.array([[0.5, -2.0], [0.1, 1 / 3]], dtype=np.float32)))
    [b'0.5 -2', b'0.1 0.333333343']
    >>> list(number_lines(np.array([[0.5, -2.0], [0.1, 1 / 3]])))
    [b'0.5 -2', b'0.1 0.3333333333333333']
    """
    if vectors.dtype == np.float64:
        for row in vectors:
            yield _tidied(separator.join(map(repr, row.tolist())), separator).encode("ascii")
        return
    step = max(1, _PART // max(1, vectors.shape[1]))
    for start in range(0, len(vectors), step):
        x = np.ascontiguousarray(vectors[start : start + step])
        a = np.abs(x).astype(np.float64).ravel()
        plain = (a >= _SMALLEST) & (a < _LARGEST)
        yield from _lines(x, a, plain, separator)


def _tidied(numbers: str, separator: str) -> str:
    """Write 2.0 as 2, and numbers from 1e-5 on without an exponent."""
    if "e-05" in numbers:
        numbers = re.sub(r"(\d)(?:\.(\d+))?e-05", r"0.0000\1\2", numbers)
    return (numbers + separator).replace(".0" + separator, separator).removesuffix(separator)


def _lines(vectors: FloatArray, a: FloatArray, plain: BoolArray, separator: str) -> Iterator[bytes]:
    """Yield the rows of a small table: each number into its own row of bytes, then packed."""
    x = vectors.ravel()
    zero = a == 0
    a[~plain] = 1.0
    digits, exponent, many = _digits(a)
    text = np.zeros((len(x), _LEADING + _ALL + 2), np.uint8)
    text[:, 0] = np.where(np.signbit(x), _MINUS, 0)
    text[:, 1], text[:, 2] = _ZERO, _POINT
    for place in range(4):
        text[:, 3 + place] = np.where(exponent < -1 - place, _ZERO, 0)
    text[:, _LEADING : _LEADING + _ALL] = digits
    for e in np.unique(exponent[exponent >= 0]).tolist():
        rows = np.flatnonzero(exponent == e)
        whole = e + 1  # digits before the point
        text[rows, 1:] = 0
        text[rows, 1 : 1 + whole] = digits[rows, :whole]
        text[rows, 1 + whole] = np.where(many[rows] > whole, _POINT, 0)
        text[rows, 2 + whole : 2 + _ALL] = digits[rows, whole:]
    text[zero, 1:] = 0
    text[zero, 1] = _ZERO
    for i in np.flatnonzero(~plain & ~zero).tolist():
        number = (f"%.{_ALL}g" % float(x[i])).encode("ascii")
        text[i] = 0
        text[i, : len(number)] = np.frombuffer(number, np.uint8)
    text[:, -1] = ord(separator)
    used = text != 0
    ends = np.cumsum(used.reshape(len(vectors), -1).sum(axis=1)).tolist()
    packed = text[used].tobytes()
    for start, end in zip([0, *ends], ends, strict=False):
        yield packed[start : end - 1]


def _digits(a: FloatArray) -> tuple[Bytes, IntArray, IntArray]:
    """Return the digits of each number, zeros at the end as 0 bytes; its exponent; how many."""
    exponent = np.floor(np.log10(a)).astype(np.int64)
    # Where the logarithm was rounded across a power of ten.
    scaled = a * _POWERS[_ALL - 1 - exponent]
    exponent += (scaled >= 10.0**_ALL).astype(np.int64) - (scaled < 10.0 ** (_ALL - 1))
    rest = np.rint(a * _POWERS[_ALL - 1 - exponent]).astype(np.int64)
    left_away = 10 ** (_ALL - _FEW)
    short = (rest + left_away // 2) // left_away
    value = short / _POWERS[_FEW - 1 - exponent]
    same = value.astype(np.float32) == a.astype(np.float32)
    rest = np.where(same, short * left_away, rest)
    carried = rest >= 10**_ALL  # 9.999... became 10
    rest[carried] = 10 ** (_ALL - 1)
    exponent += carried
    first, eight = np.divmod(rest, 100_000_000)
    left, right = np.divmod(eight.astype(np.uint32), np.uint32(10_000))
    fours = np.stack([_FOUR_DIGITS[first], _FOUR_DIGITS[left], _FOUR_DIGITS[right]], axis=1)
    digits = fours.view(np.uint8)[:, 3:]
    many = np.full(len(a), _ALL)
    ending = np.flatnonzero(digits[:, -1] == _ZERO)
    if len(ending):
        nonzero = digits[ending, ::-1] != _ZERO
        many[ending] = np.maximum(_ALL - np.argmax(nonzero, axis=1), exponent[ending] + 1)
        digits[ending] *= np.arange(_ALL) < many[ending, None]
    return digits, exponent, many
