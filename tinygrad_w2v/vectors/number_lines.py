"""Lines of numbers, parsed many at a time where possible.

`numpy.loadtxt` does that, and is trusted only where nothing about the lines is unusual. All else
goes line by line through strict code, which defines what a number is and knows which one it
refuses.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np

from tinygrad_w2v._base.types import FloatArray

NUMBER = re.compile(rb"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_NOT_FINITE = re.compile(rb"[+-]?(?:nan|inf|infinity)", re.IGNORECASE)
# Blanks other than those between fields: they separate numbers, too, or loadtxt drops them.
_ODD_BLANKS = b"\t\v\f\r\x1c\x1d\x1e\x1f"


def parse_together(
    lines: Sequence[bytes], dim: int, dtype: np.dtype[Any], separator: str = " ", words: bool = True
) -> tuple[list[str], FloatArray] | None:
    """Parse lines of a word and `dim` numbers, or of numbers alone; None if any is unusual.

    Parameters
    ----------
    lines : sequence of bytes
        Fields with single separators between them.
    dim : int
        How many numbers each must have.
    dtype : numpy dtype
        Of the result.
    separator : str
        A blank or a tab.
    words : bool
        Whether a word comes first in each line.

    Examples
    --------
    >>> words, rows = parse_together([b"a 1 2", b"b 3 4e1"], 2, np.dtype(np.float32))
    >>> words, rows.tolist()
    (['a', 'b'], [[1.0, 2.0], [3.0, 40.0]])
    >>> parse_together([b"a 1 2", b"b 3 4x"], 2, np.dtype(np.float32)) is None
    True
    """
    if not lines or len(lines[0]) < 2 * dim - 1:  # no room is made for numbers that are not there
        return None
    joined = b"\n".join([line.rstrip(b" \r") for line in lines])
    if any(blank in joined for blank in _ODD_BLANKS if blank != ord(separator)):
        return None
    columns: list[Any] = [("row", dtype, (dim,))]
    try:
        text = joined.decode().split("\n")
        # Of other letters, which words may have, some are blanks that loadtxt drops.
        if not joined.isascii() and not all(
            line.isascii() or (words and line.partition(separator)[2].isascii()) for line in text
        ):
            return None
        table = np.loadtxt(
            text,
            np.dtype([("word", object)] * words + columns),
            comments=None,
            delimiter=separator,
            quotechar=None,
            ndmin=1,
        )
    except ValueError:  # also of words that are not UTF-8
        return None
    first: list[str] = table["word"].tolist() if words else []
    rows: FloatArray = table["row"]
    if len(rows) != len(lines) or not all(first) or not np.isfinite(rows).all():
        return None
    return first, rows


def parse_fields(
    fields: Sequence[bytes], dtype: np.dtype[Any], fail: Callable[[int, str], NoReturn]
) -> FloatArray:
    """Parse the numbers of one line; the first that is no finite number is given to `fail`.

    Examples
    --------
    >>> parse_fields([b"1", b"-.5e1"], np.dtype(np.float32), fail=print).tolist()
    [1.0, -5.0]
    """
    for place, field in enumerate(fields):
        if NUMBER.fullmatch(field) is None:
            problem = "is not finite" if _NOT_FINITE.fullmatch(field) else "is not a number"
            fail(place, f"number {place + 1}, {_shown(field)}, {problem}")
    with np.errstate(over="ignore"):
        row: FloatArray = np.array([float(field) for field in fields]).astype(dtype)
    for place in np.flatnonzero(~np.isfinite(row)).tolist():
        fail(place, f"number {place + 1}, {_shown(fields[place])}, is too large for {dtype}")
    return row


def looks_like_number(field: bytes) -> bool:
    """Say whether a field is a number, NaN or infinity.

    Examples
    --------
    >>> looks_like_number(b"-1e3"), looks_like_number(b"NaN"), looks_like_number(b"1st")
    (True, True, False)
    """
    return bool(NUMBER.fullmatch(field) or _NOT_FINITE.fullmatch(field))


def offset_of_field(line: bytes, field: int) -> int:
    """Return the byte at which a field of a line begins, counted from 0.

    Examples
    --------
    >>> offset_of_field(b"you 1  2", 2)
    7
    """
    return [match.start() for match in re.finditer(rb"[^ \t\v\f\r\n]+", line)][field]


def _shown(field: bytes) -> str:
    return repr(field[:40].decode("utf-8", "backslashreplace"))
