"""Lines of numbers: cut from a file some megabytes at a time, parsed in one call where possible.

The one call is `numpy.loadtxt`, and trusted only where nothing about the lines is unusual. All else
goes line by line through strict code, which defines what a number is and knows which one it
refuses.
"""

import re
from collections.abc import Iterator, Sequence
from typing import IO, Any

import numpy as np

from tinygrad_w2v._base.types import FloatArray
from tinygrad_w2v.vectors.source import BOM

NUMBER = re.compile(rb"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_NOT_FINITE = re.compile(rb"[+-]?(?:nan|inf|infinity)", re.IGNORECASE)
# Blanks other than those between fields: they separate numbers, too, or loadtxt drops them.
_ODD_BLANKS = b"\t\v\f\r\x1c\x1d\x1e\x1f"
_CHUNK = 1 << 22
LONGEST_FIRST = 1 << 25  # bytes of a line that tells how many numbers there are


class LineTooLongError(Exception):
    """A line goes on for more bytes than any line of vectors does."""


class Lines:
    r"""The lines of a stream, without their newlines, in lists of some megabytes.

    Parameters
    ----------
    stream : file
        Open for reading bytes.
    chunk : int
        Bytes to read at a time.

    Attributes
    ----------
    carry : bytes
        What was read and not yet handed on.
    skipped : int
        Bytes of a byte order mark that `first` left out.

    Examples
    --------
    >>> import io
    >>> lines = Lines(io.BytesIO(b"1 2\n3 4\n5"))
    >>> lines.first(), list(lines.chunks(100))
    (b'1 2', [[b'1 2', b'3 4', b'5']])
    """

    def __init__(self, stream: IO[bytes], chunk: int = _CHUNK) -> None:
        self._stream = stream
        self._chunk = chunk
        self.carry = b""
        self.skipped = 0

    def first(self) -> bytes:
        """Return the first line, which is handed on again with the others.

        Raise LineTooLongError where it has no end within what a line of numbers can have.
        """
        self.carry = read_some(self._stream, self._chunk)
        while b"\n" not in self.carry:
            if len(self.carry) > LONGEST_FIRST:
                raise LineTooLongError
            more = read_some(self._stream, self._chunk)
            if not more:
                break
            self.carry += more
        if self.carry.startswith(BOM):
            self.carry, self.skipped = self.carry[len(BOM) :], len(BOM)
        return self.carry.split(b"\n", 1)[0]

    def chunks(self, longest: int) -> Iterator[list[bytes]]:
        """Yield lists of lines; raise LineTooLongError where one exceeds `longest` bytes."""
        while True:
            chunk = read_some(self._stream, self._chunk)
            data = self.carry + chunk
            if len(chunk) < self._chunk:
                self.carry = b""
                lines = data.split(b"\n")
                if lines[-1] == b"":
                    lines.pop()
                if lines:
                    yield lines
                return
            cut = data.rfind(b"\n")
            self.carry = data[cut + 1 :]
            if cut >= 0:
                yield data[:cut].split(b"\n")
            elif len(data) > longest:
                raise LineTooLongError


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
    found: list[str] = table["word"].tolist() if words else []
    rows: FloatArray = table["row"]
    if len(rows) != len(lines) or not all(found) or not np.isfinite(rows).all():
        return None
    return found, rows


class NumberError(Exception):
    """Field `place` (from 0) of a line is no number that can be kept."""

    def __init__(self, place: int, problem: str) -> None:
        super().__init__(problem)
        self.place = place


def parse_fields(fields: Sequence[bytes], dtype: np.dtype[Any]) -> FloatArray:
    """Parse the numbers of one line.

    Raises
    ------
    NumberError
        At the first that is not a finite number of this dtype.

    Examples
    --------
    >>> parse_fields([b"1", b"-.5e1"], np.dtype(np.float32)).tolist()
    [1.0, -5.0]
    """
    for place, field in enumerate(fields):
        if NUMBER.fullmatch(field) is None:
            problem = "is not finite" if _NOT_FINITE.fullmatch(field) else "is not a number"
            raise NumberError(place, f"number {place + 1}, {_shown(field)}, {problem}")
    with np.errstate(over="ignore"):
        row: FloatArray = np.array([float(field) for field in fields]).astype(dtype)
    if not np.isfinite(row).all():
        place = int(np.argmin(np.isfinite(row)))
        raise NumberError(
            place, f"number {place + 1}, {_shown(fields[place])}, is too large for {dtype}"
        )
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


def read_some(stream: IO[bytes], size: int) -> bytes:
    """Read up to `size` bytes; fewer only at the end of the stream.

    Examples
    --------
    >>> import io
    >>> read_some(io.BytesIO(b"abc"), 2)
    b'ab'
    """
    parts = []
    while size > 0 and (part := stream.read(size)):
        parts.append(part)
        size -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _shown(field: bytes) -> str:
    return repr(field[:40].decode("utf-8", "backslashreplace"))
