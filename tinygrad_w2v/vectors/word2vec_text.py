"""word2vec's text format: a header, then a line ``word x1 ... xdim`` for each word.

fastText's ``.vec`` is the same, and GloVe's text is the same without the header. A few megabytes
of lines are read at a time and all their numbers parsed in one call where nothing about them is
unusual; else they go one by one through strict code, which knows the line and byte of a fault.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import IO, NoReturn

import numpy as np

from tinygrad_w2v._base.limits import LARGEST_DIM
from tinygrad_w2v._base.types import FloatArray
from tinygrad_w2v.vectors.blocks import DEFAULTS, Block, Options, Place
from tinygrad_w2v.vectors.number_lines import (
    looks_like_number,
    offset_of_field,
    parse_fields,
    parse_together,
)
from tinygrad_w2v.vectors.number_text import number_lines
from tinygrad_w2v.vectors.source import BOM, Source, malformed, marked
from tinygrad_w2v.vectors.word2vec_header import (
    MAX_WORD,
    Header,
    encode_word,
    nothing_follows,
    read_header,
)

_CHUNK = 1 << 22
_LONGEST_FIRST = 1 << 25  # bytes of a line that tells how many numbers there are


class TextReader:
    r"""Reads the text format, a block of entries at a time.

    Parameters
    ----------
    source : Source
        The open file.
    options : Options
        Limit, dtype and what is done with words that are not UTF-8.
    no_header : bool
        The file begins with its first word (GloVe). Words may then hold single blanks, as some
        of GloVe's do: the last ``dim`` fields of a line are its numbers.

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

    counted = False

    def __init__(
        self, source: Source, options: Options = DEFAULTS, no_header: bool = False
    ) -> None:
        limit = options.limit
        self._source = source
        self._unicode_errors = options.unicode_errors
        self.dtype = options.dtype
        self._carry = b""  # what was read and not yet parsed
        self._line, self._byte = 1, 0  # of the next line that is not yet parsed
        self._header: Header | None = None
        self.count: int | None = None
        self._stop = limit  # how many words are read at most
        self.plausible = source.size is not None and not no_header
        if no_header:
            self.dim = self._dimension(self._first_line().split())
        else:
            self._header = read_header(source, lambda dim: 2 * dim + 2, limit)
            self.dim = self._header.dim
            self.count = self._header.count if limit is None else min(limit, self._header.count)
            self._stop = None if self.count == self._header.count else self.count
            self._line, self._byte = 2, self._header.end

    def __iter__(self) -> Iterator[Block]:
        done, rest = 0, b""
        wanted = self._stop if self.count is None else self.count
        for lines in self._chunks():
            block = self._block(lines if wanted is None else lines[: wanted - done])
            parsed = len(block.words)
            done += parsed
            self._line += parsed
            self._byte += sum(map(len, lines[:parsed])) + parsed
            if parsed:
                yield block
            if parsed < len(lines) or done == wanted:  # a blank line, or enough
                rest = b"\n".join([*lines[parsed:], self._carry])
                break
        if self._header is not None and self.count is not None and done < self.count:
            if rest.strip():
                self._fail("a blank line where a word should be")
            self._fail(
                f"the header promises {self._header.count} words; the file ends after {done}"
            )
        if done != self._stop:
            self._finish(rest)

    def _chunks(self) -> Iterator[list[bytes]]:
        dim = self.dim if self._source.size is not None else min(self.dim, LARGEST_DIM)
        longest = max(_CHUNK, MAX_WORD + 64 * dim)
        ended = False
        while not ended:
            chunk = self._source.stream.read(_CHUNK)
            data = self._carry + chunk
            ended = len(chunk) < _CHUNK
            cut = len(data) if ended else data.rfind(b"\n") + 1
            self._carry = data[cut:]
            if cut:
                yield data[:cut].removesuffix(b"\n").split(b"\n")
            elif len(data) > longest:
                self._fail(f"a line of more than {longest} bytes; is this the binary format?")

    def _first_line(self) -> bytes:
        """Return the first line, which is parsed again with the others."""
        data = part = self._source.stream.read(_CHUNK)
        while part and b"\n" not in data:
            if len(data) > _LONGEST_FIRST:
                self._fail(f"a first line of more than {_LONGEST_FIRST:,} bytes")
            part = self._source.stream.read(_CHUNK)
            data += part
        self._carry = data.removeprefix(BOM)
        self._byte = len(data) - len(self._carry)
        return self._carry.split(b"\n", 1)[0]

    def _finish(self, rest: bytes) -> None:
        """Raise if more than blanks follow."""
        if self._header is not None:
            nothing_follows(self._source, rest, self._header, self._line, self._byte)
            return
        while not rest.strip():
            rest = self._source.stream.read(1 << 16)
            if not rest:
                return
        self._fail("a blank line where a word should be")

    def _block(self, lines: list[bytes]) -> Block:
        """Return what stands in the lines before the first blank one."""
        words, vectors = self._parse_together(lines) or self._parse_strictly(lines)
        line, byte = self._line, self._byte

        def place(i: int) -> Place:
            return line + i, byte + sum(map(len, lines[:i])) + i

        return Block(words, vectors, place)

    def _parse_together(self, lines: list[bytes]) -> tuple[list[str], FloatArray] | None:
        parsed = parse_together(lines, self.dim, self.dtype)
        # In bytes a character may be four.
        long = parsed is not None and max(map(len, parsed[0])) > MAX_WORD // 4
        return None if long else parsed

    def _parse_strictly(self, lines: list[bytes]) -> tuple[list[str], FloatArray]:
        """Parse line by line; raise at the first fault."""
        words: list[str] = []
        rows: list[FloatArray] = []
        first_line, first_byte = self._line, self._byte
        for line in lines:
            fields = line.split()
            if not fields:
                break
            first = self._first_number(line, fields)
            words.append(self._word(line, fields, first))

            def fail(place: int, problem: str, line: bytes = line, first: int = first) -> NoReturn:
                self._fail(problem, offset_of_field(line, first + place))

            rows.append(parse_fields(fields[first:], self.dtype, fail))
            self._line += 1
            self._byte += len(line) + 1
        self._line, self._byte = first_line, first_byte
        return words, np.array(rows, dtype=self.dtype).reshape(len(rows), self.dim)

    def _first_number(self, line: bytes, fields: list[bytes]) -> int:
        """Return the first field of the numbers; GloVe's words may have blanks.

        A line whose word would have a number in it is one of too many numbers instead.
        """
        if line[:1].isspace():
            self._fail("the line begins with a blank where its word should be")
        first = len(fields) - self.dim
        several = first > 1 and self._header is None and not _any_number(fields[1:first])
        if first != 1 and not several:
            self._fail(
                f"the line has {len(fields) - 1} numbers after its word, not {self.dim}: a word "
                "with spaces, or a line cut off or too long (or is this the binary format?)"
            )
        return first

    def _word(self, line: bytes, fields: list[bytes], first: int) -> str:
        raw = fields[0]
        if first > 1:  # as it stands in the line, single blanks or not
            raw = line[: offset_of_field(line, first)].rstrip(b" \t\v\f\r")
        if len(raw) > MAX_WORD:
            self._fail(f"a word of {len(raw)} bytes; is this the binary format?")
        try:
            return raw.decode("utf-8", self._unicode_errors)
        except UnicodeDecodeError as error:
            self._fail(
                "the word is not UTF-8 (unicode_errors='replace' reads it none the less; "
                "or is this the binary format?)",
                error.start,
            )

    def _dimension(self, fields: list[bytes]) -> int:
        """Return how many numbers the fields of the first line are."""
        # A word of several fields ends at the last that is no number, and has none before that.
        last = max((i for i, f in enumerate(fields) if i and not looks_like_number(f)), default=0)
        if _any_number(fields[1:last]):
            last = 0
        dim = len(fields) - 1 - last
        if dim < 1:
            self._fail("the first line is not a word and its numbers")
        return dim

    def _fail(self, problem: str, offset: int = 0) -> NoReturn:
        malformed(self._source.path, problem, line=self._line, byte=self._byte + offset)


def _any_number(fields: Sequence[bytes]) -> bool:
    return any(looks_like_number(field) for field in fields)


def write_text(
    stream: IO[bytes], blocks: Iterable[tuple[Sequence[str], FloatArray]], header: bytes
) -> None:
    r"""Write the header and a line for each word.

    Numbers are written so that they are read as the same ones, see `number_lines`.

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
        lines = []
        for word, numbers in zip(words, number_lines(vectors), strict=True):
            lines.append(encode_word(word, row) + b" " + numbers)
            row += 1
        if row == len(words) and lines and not header:
            lines[0] = marked(lines[0])
        stream.write(b"\n".join([*lines, b""]))
