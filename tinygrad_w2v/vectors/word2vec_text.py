"""word2vec's text format: a header, then a line ``word x1 ... xdim`` for each word.

A few megabytes of lines are read at a time and all their numbers parsed in one call. That call
is trusted only where nothing about the lines is unusual; all else goes line by line through
strict code, which is the format's definition and knows the line and byte of what it refuses.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, NoReturn

import numpy as np
import numpy.typing as npt

from tinygrad_w2v._base.types import FloatArray
from tinygrad_w2v.vectors.source import Source, malformed
from tinygrad_w2v.vectors.table import first_non_finite_row
from tinygrad_w2v.vectors.word2vec_header import (
    MAX_WORD,
    Block,
    Header,
    encode_word,
    nothing_follows,
    read_header,
    read_some,
)

_CHUNK = 1 << 22
_NUMBER = re.compile(rb"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_NOT_FINITE = re.compile(rb"[+-]?(?:nan|inf|infinity)", re.IGNORECASE)
_UNUSUAL = (b"  ", b"\t", b"\v", b"\f")  # blanks that the quick way does not count


class TextReader:
    r"""Reads the text format, a block of entries at a time.

    Parameters
    ----------
    source : Source
        The open file.
    limit : int or None
        Read the first so many words only.
    no_header : bool
        The file begins with its first word (GloVe).
    unicode_errors : str
        What to do with words that are not UTF-8: ``"strict"``, ``"replace"``, ``"ignore"``.
    dtype : numpy dtype
        Of the rows.

    Attributes
    ----------
    count : int or None
        Number of words to come; None without a header.
    dim : int
        Their dimension.
    plausible : bool
        The file is known to be large enough for `count` words.

    Examples
    --------
    >>> import io
    >>> from pathlib import Path
    >>> source = Source(io.BytesIO(b"2 2\nyou 1 2\nsay 3 4\n"), Path("v.txt"), None)
    >>> [(block.words, block.vectors.tolist()) for block in TextReader(source)]
    [(['you', 'say'], [[1.0, 2.0], [3.0, 4.0]])]
    """

    def __init__(
        self,
        source: Source,
        limit: int | None = None,
        no_header: bool = False,
        unicode_errors: str = "strict",
        dtype: npt.DTypeLike = np.float32,
    ) -> None:
        self._source = source
        self._unicode_errors = unicode_errors
        self._dtype = np.dtype(dtype)
        self._carry = b""
        self._line, self._byte = 1, 0  # of the next line that is not yet parsed
        self._header: Header | None = None
        self.count: int | None
        self.plausible = source.size is not None and not no_header
        if no_header:
            self.dim = self._dimension_of_first_line()
            self.count = limit
            self._limited = limit is not None
        else:
            self._header = read_header(source, lambda dim: 2 * dim + 2, limit)
            self.dim = self._header.dim
            self.count = self._header.count if limit is None else min(limit, self._header.count)
            self._limited = self.count < self._header.count
            self._line, self._byte = 2, self._header.end

    def __iter__(self) -> Iterator[Block]:
        done, rest = 0, b""
        for lines in self._chunks():
            wanted = lines if self.count is None else lines[: self.count - done]
            block = self._block(wanted)
            parsed = len(block.words)
            done += parsed
            self._line += parsed
            self._byte += sum(map(len, lines[:parsed])) + parsed
            if parsed:
                yield block
            if parsed < len(lines) or done == self.count:  # a blank line, or enough
                rest = b"\n".join([*lines[parsed:], self._carry])
                break
        if self._header is not None and self.count is not None and done < self.count:
            if rest.strip():
                self._fail("a blank line where a word should be")
            self._fail(
                f"the header promises {self._header.count} words; the file ends after {done}"
            )
        if self._limited:
            return
        if self._header is not None:
            nothing_follows(self._source, rest, self._header, self._line, self._byte)
        elif rest.strip():
            self._fail("a blank line where a word should be")

    def _chunks(self) -> Iterator[list[bytes]]:
        """Yield the file's lines, without their newlines, some megabytes at a time."""
        longest = max(_CHUNK, MAX_WORD + 64 * self.dim)
        while True:
            chunk = read_some(self._source.stream, _CHUNK)
            data = self._carry + chunk
            if len(chunk) < _CHUNK:
                self._carry = b""
                lines = data.split(b"\n")
                if lines[-1] == b"":
                    lines.pop()
                if lines:
                    yield lines
                return
            cut = data.rfind(b"\n")
            self._carry = data[cut + 1 :]
            if cut >= 0:
                yield data[:cut].split(b"\n")
            elif len(data) > longest:
                self._fail(f"a line of more than {longest} bytes; is this the binary format?")

    def _block(self, lines: list[bytes]) -> Block:
        words, vectors = self._parse_quickly(lines) or self._parse_strictly(lines)
        line, byte = self._line, self._byte

        def place(i: int) -> tuple[int | None, int]:
            return line + i, byte + sum(map(len, lines[:i])) + i

        return Block(words, vectors, place)

    def _parse_quickly(self, lines: list[bytes]) -> tuple[list[str], FloatArray] | None:
        """Parse lines of which nothing is unusual in one call; None if anything is."""
        blanks = self.dim - 1
        raw, numbers = [], []
        for line in lines:
            word, _, rest = line.rstrip(b" \r").partition(b" ")
            if not word or len(word) > MAX_WORD or rest.count(b" ") != blanks:
                return None
            raw.append(word)
            numbers.append(rest)
        numbers.append(b"0")  # a last number: junk at the very end would else go unseen
        joined = b" ".join(numbers)
        if any(blank in joined for blank in _UNUSUAL) or any(b"\t" in word for word in raw):
            return None
        try:
            parsed = np.fromstring(joined, dtype=self._dtype, sep=" ")
            words = [word.decode("utf-8", self._unicode_errors) for word in raw]
        except (ValueError, DeprecationWarning):  # NumPy before 2.3 only warns
            return None
        if len(parsed) != len(lines) * self.dim + 1:
            return None
        vectors = parsed[:-1].reshape(len(lines), self.dim)
        return None if first_non_finite_row(vectors) is not None else (words, vectors)

    def _parse_strictly(self, lines: list[bytes]) -> tuple[list[str], FloatArray]:
        """Parse line by line up to the first blank line; raise at the first fault."""
        words: list[str] = []
        rows: list[FloatArray] = []
        first_line, first_byte = self._line, self._byte
        for line in lines:
            if not line.strip():
                break
            words.append(self._word(line))
            rows.append(self._row(line))
            self._line += 1
            self._byte += len(line) + 1
        self._line, self._byte = first_line, first_byte
        return words, np.array(rows, dtype=self._dtype).reshape(len(rows), self.dim)

    def _word(self, line: bytes) -> str:
        if line[:1].isspace():
            self._fail("the line begins with a blank where its word should be")
        word = line.split(maxsplit=1)[0]
        if len(word) > MAX_WORD:
            self._fail(f"a word of {len(word)} bytes; is this the binary format?")
        try:
            return word.decode("utf-8", self._unicode_errors)
        except UnicodeDecodeError as error:
            self._fail(
                "the word is not UTF-8 (unicode_errors='replace' reads it none the less; "
                "or is this the binary format?)",
                error.start,
            )

    def _row(self, line: bytes) -> FloatArray:
        fields = line.split()[1:]
        if len(fields) != self.dim:
            self._fail(
                f"the line has {len(fields)} numbers after its word, not {self.dim}: a word with "
                "spaces, or a line cut off or too long (or is this the binary format?)"
            )
        for place, field in enumerate(fields, start=1):
            if _NUMBER.fullmatch(field) is None:
                problem = "is not finite" if _NOT_FINITE.fullmatch(field) else "is not a number"
                shown = field[:40].decode("utf-8", "backslashreplace")
                self._fail(f"number {place}, {shown!r}, {problem}", _offset(line, place))
        with np.errstate(over="ignore"):
            row: FloatArray = np.array([float(field) for field in fields]).astype(self._dtype)
        if not np.isfinite(row).all():
            place = int(np.argmin(np.isfinite(row))) + 1
            shown = fields[place - 1][:40].decode()
            self._fail(
                f"number {place}, {shown!r}, is too large for {self._dtype}", _offset(line, place)
            )
        return row

    def _dimension_of_first_line(self) -> int:
        self._carry = read_some(self._source.stream, _CHUNK)
        line = self._carry.split(b"\n", 1)[0]
        fields = len(line.split())
        if fields < 2:
            self._fail("the first line is not a word and its numbers")
        return fields - 1

    def _fail(self, problem: str, offset: int = 0) -> NoReturn:
        malformed(self._source.path, problem, line=self._line, byte=self._byte + offset)


def write_text(
    stream: IO[bytes], blocks: Iterable[tuple[Sequence[str], FloatArray]], header: bytes
) -> None:
    r"""Write the header and a line for each word.

    float32 is written with the nine digits that bring back the same number, float64 with the
    fewest that do.

    Raises
    ------
    InputError
        If the format cannot hold a word.

    Examples
    --------
    >>> import io
    >>> stream = io.BytesIO()
    >>> write_text(stream, [(["you"], np.array([[0.5, -2.0]], dtype=np.float32))], b"1 2\n")
    >>> stream.getvalue()
    b'1 2\nyou 0.5 -2\n'
    """
    stream.write(header)
    row = 0
    for words, vectors in blocks:
        line = " ".join(["%.9g" if vectors.dtype == np.float32 else "%r"] * vectors.shape[1])
        lines = []
        for word, numbers in zip(words, vectors.tolist(), strict=True):
            lines.append(encode_word(word, row) + b" " + (line % tuple(numbers)).encode("ascii"))
            row += 1
        stream.write(b"\n".join([*lines, b""]))


def _offset(line: bytes, field: int) -> int:
    """Return the byte at which a field of a line begins, counted from 0."""
    return [match.start() for match in re.finditer(rb"\S+", line)][field]
