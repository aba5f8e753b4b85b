"""Decimal numbers parsed many at a time, each to the nearest float64.

Eight digits are looked at as one 64-bit word. With ``M`` the digits as one integer and ``f`` how
many follow the point, the value is ``M / 10^f``: the quotient is computed in twice the precision
of float64 and rounded once. What does not have this plain form (an exponent, more than eighteen
digits but for zeros before them), or lies so near the middle of two floats that this is not
enough, is left to Python's ``float``.
"""

import numpy as np
import numpy.typing as npt

from tinygrad_w2v._base.types import FloatArray, IntArray

_PART = 1 << 15  # numbers at a time: what is computed of them stays in the cache
_PAD = 24  # bytes before the first number, so that three words can be read before its end
_DIGITS = 18  # of an integer that surely fits into 64 bits
_AFTER = 22  # digits that may follow the point, if they begin with zeros
_SPLIT = 134217729.0  # 2^27 + 1
_POWERS = 10.0 ** np.arange(23)  # all exact
_INTEGERS = 10 ** np.arange(19, dtype=np.int64)
_ZEROS = np.uint64(0x3030303030303030)
_HIGH = np.uint64(0xF0F0F0F0F0F0F0F0)
_SIX = np.uint64(0x0606060606060606)
# Keeps the last k bytes of a word, which are the digits that belong to it.
_KEEP = np.array([(1 << 64) - (1 << 8 * (8 - k)) for k in range(9)], dtype=np.uint64)

Words = npt.NDArray[np.uint64]


def parse_numbers(text: bytes, separator: bytes = b" ") -> FloatArray | None:
    """Return the numbers of a text as float64; None if one of them is no number.

    Parameters
    ----------
    text : bytes
        Numbers with one separator between any two, and none before the first or after the last.
    separator : bytes
        One byte.

    Examples
    --------
    >>> parse_numbers(b"0.5 -12.25 3e2 .1").tolist()
    [0.5, -12.25, 300.0, 0.1]
    >>> parse_numbers(b"0.5 1.x") is None
    True
    """
    padded = bytes(_PAD) + text + separator
    codes = np.frombuffer(padded, np.uint8)
    ends = np.flatnonzero(codes == separator[0])
    starts = np.empty_like(ends)
    starts[0] = _PAD
    starts[1:] = ends[:-1] + 1
    points = _points(codes, starts, ends)
    words = np.ndarray((len(padded) - 7,), np.dtype("<u8"), padded, strides=(1,))
    values = np.empty(len(ends))
    for first in range(0, len(ends), _PART):
        part = slice(first, first + _PART)
        found, plain = _plain_numbers(codes, words, starts[part], points[part], ends[part])
        for i in np.flatnonzero(~plain).tolist():
            at = first + i
            try:
                found[i] = _number(padded[starts[at] : ends[at]])
            except ValueError:
                return None
        values[part] = found
    return values


def _plain_numbers(
    codes: npt.NDArray[np.uint8], words: Words, starts: IntArray, points: IntArray, ends: IntArray
) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
    """Return the values, and which of them are right."""
    negative = codes[starts] == ord("-")
    before = points - starts - negative
    after = ends - points - 1
    plain = (before >= 0) & (before <= 8) & (after >= 0) & (after <= _AFTER)
    plain &= (before + after > 0) & (codes[points] == ord("."))
    whole, good = _eight_digits(words, points - 8, before)
    plain &= good & ((whole == 0) | (before + after <= _DIGITS))
    digits = np.zeros(len(ends), np.int64)
    longest = min(int(after.max()), _AFTER)
    for place in (2, 1, 0):
        if place * 8 < longest:
            eight, good = _eight_digits(words, ends - 8 * (place + 1), after - 8 * place)
            digits = digits * 100_000_000 + eight
            plain &= good
            if place == 2:
                plain &= eight < 100  # so that all digits fit into an int64
    digits += whole * _INTEGERS[np.clip(after, 0, _DIGITS)]
    digits *= plain  # what is no plain number may stand for any integer, 2^63 - 1 among them
    values, sure = _quotients(digits, _POWERS[np.clip(after, 0, _AFTER)])
    plain &= sure
    return np.where(negative, -values, values), plain


def _eight_digits(
    words: Words, at: IntArray, belong: IntArray
) -> tuple[IntArray, npt.NDArray[np.bool_]]:
    """Return the number that the last `belong` of eight bytes are, and where all are digits."""
    keep = _KEEP[np.clip(belong, 0, 8)]
    word = words[at] ^ _ZEROS
    word &= keep
    good = ((word | (word + _SIX)) & _HIGH) == 0
    # Pairs of digits, then of pairs, then of fours, side by side in one word.
    word = (word * np.uint64(10)) + (word >> np.uint64(8))
    word &= np.uint64(0x00FF00FF00FF00FF)
    word = (word * np.uint64(100)) + (word >> np.uint64(16))
    word &= np.uint64(0x0000FFFF0000FFFF)
    word = (word * np.uint64(10000)) + (word >> np.uint64(32))
    word &= np.uint64(0x00000000FFFFFFFF)
    return word.view(np.int64), good


def _quotients(m: IntArray, scale: FloatArray) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
    """Return ``m / scale`` rounded to nearest, and where that is sure; scale is exact."""
    high = m.astype(np.float64)
    low = (m - high.astype(np.int64)).astype(np.float64)
    q = high / scale
    product, error = exact_product(q, scale)
    rest = ((high - product) - error + low) / scale
    value = q + rest
    # What was lost in that sum, against half the distance to the next float.
    lost = np.abs(rest - (value - q))
    half = np.spacing(np.maximum(value, 1e-250)) * 0.5
    return value, np.abs(half - lost) > half * 1e-12


def exact_product(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return ``x * y`` as a float and what is missing to the exact product (Dekker 1971).

    Examples
    --------
    >>> high, low = exact_product(np.array([1e8 + 1]), np.array([1e9 + 1]))
    >>> int(high[0]) + int(low[0]) == (10**8 + 1) * (10**9 + 1)
    True
    """
    product = x * y
    c = x * _SPLIT
    x1 = c - (c - x)
    x2 = x - x1
    c = y * _SPLIT
    y1 = c - (c - y)
    y2 = y - y1
    return product, ((x1 * y1 - product) + x1 * y2 + x2 * y1) + x2 * y2


def _points(codes: npt.NDArray[np.uint8], starts: IntArray, ends: IntArray) -> IntArray:
    """Return where the decimal point of each number is; anywhere where it has none."""
    points = starts + (codes[starts] == ord("-")) + 1
    there = codes[np.minimum(points, len(codes) - 1)] == ord(".")
    if there.sum() > 0.9 * len(starts):  # one digit before it, as most have; the others are few
        return np.minimum(points, ends - 1)
    every = np.flatnonzero(codes == ord("."))
    return (
        every[np.minimum(np.searchsorted(every, starts), len(every) - 1)] if len(every) else starts
    )


def _number(field: bytes) -> float:
    if b"_" in field:  # which Python allows between digits
        raise ValueError
    return float(field)
