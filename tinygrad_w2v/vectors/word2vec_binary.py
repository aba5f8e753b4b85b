"""word2vec's binary format: a header line, then for each word its bytes, a space, dim float32.

Numbers are little-endian. word2vec.c ends each entry with a newline and gensim does not, so a
newline before a word is skipped.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any, NoReturn

import numpy as np

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.limits import LARGEST_DIM
from tinygrad_w2v._base.types import FloatArray
from tinygrad_w2v.vectors.blocks import DEFAULTS, Block, Options, Place
from tinygrad_w2v.vectors.source import Source, malformed
from tinygrad_w2v.vectors.table import first_non_finite_row
from tinygrad_w2v.vectors.word2vec_header import (
    MAX_WORD,
    encode_word,
    nothing_follows,
    read_header,
)

_CHUNK = 1 << 22
_FLOAT32 = np.dtype("<f4")
_NEWLINES = re.compile(rb"\n*")


class BinaryReader:
    r"""Reads the binary format, a block of entries at a time.

    Parameters
    ----------
    source : Source
        The open file.
    options : Options
        Limit, and what is done with words that are not UTF-8.

    Attributes
    ----------
    count, dim : int
        Number of words to come and their dimension.
    plausible : bool
        The file is known to be large enough for `count` words.

    Examples
    --------
    >>> import io
    >>> from pathlib import Path
    >>> entry = b"you " + np.array([0.5, -2], dtype="<f4").tobytes()
    >>> reader = BinaryReader(Source(io.BytesIO(b"1 2\n" + entry), Path("v.bin"), None))
    >>> [(block.words, block.vectors.tolist()) for block in reader]
    [(['you'], [[0.5, -2.0]])]
    """

    dtype: np.dtype[Any] = np.dtype(np.float32)
    counted = False

    def __init__(self, source: Source, options: Options = DEFAULTS) -> None:
        limit = options.limit
        self._source = source
        self._unicode_errors = options.unicode_errors
        self._header = read_header(source, lambda dim: 4 * dim + 2, limit)
        self.dim = self._header.dim
        self.plausible = source.size is not None
        self._wanted = self._header.count if limit is None else min(limit, self._header.count)
        self.count: int | None = self._wanted
        self._byte = self._header.end  # of the first byte that is not yet parsed

    def __iter__(self) -> Iterator[Block]:
        done, data = 0, b""
        while done < self._wanted:
            # An entry that is larger than a chunk is read in one go.
            missing = 4 * self.dim + 2 - len(data) if self._source.size is not None else 0
            wanted = max(_CHUNK, missing)
            chunk = self._source.stream.read(wanted)
            data += chunk
            block, used = self._block(data, self._wanted - done)
            if block.words:
                yield block
            elif self._source.size is None and len(data) > 4 * LARGEST_DIM + MAX_WORD:
                self._fail(
                    f"the header says dimension {self.dim}; of a compressed file no more than "
                    f"{LARGEST_DIM:,} are believed: unpack it first"
                )
            done += len(block.words)
            data = data[used:]
            self._byte += used
            if len(chunk) < wanted and done < self._wanted:
                inside = " inside a word's entry" if data.strip() else ""
                self._fail(
                    f"the header promises {self._header.count} words; the file ends{inside} "
                    f"after {done} whole ones (cut off, or is this the text format?)"
                )
        if self._wanted == self._header.count:
            nothing_follows(self._source, data, self._header, None, self._byte)

    def _block(self, data: bytes, wanted: int) -> tuple[Block, int]:
        """Return the whole entries at the start of `data`, and the bytes that they take."""
        size = 4 * self.dim
        packed = bytearray(min(wanted, len(data) // (size + 1)) * size)
        view, rows = memoryview(data), memoryview(packed)
        starts: list[int] = []
        words: list[str] = []
        at = 0
        while len(words) < wanted:
            newlines = _NEWLINES.match(data, at)
            start = at = newlines.end() if newlines else at
            space = data.find(b" ", start, start + MAX_WORD + 1)
            if space < 0 and len(data) - start > MAX_WORD:
                self._fail(f"no word ends within {MAX_WORD} bytes; is this the text format?", start)
            end = space + 1 + size
            if space < 0 or end > len(data):
                break
            words.append(self._word(data[start:space], start))
            starts.append(start)
            rows[(len(words) - 1) * size : len(words) * size] = view[space + 1 : end]
            at = end
        rows.release()
        vectors = np.frombuffer(packed, dtype=_FLOAT32, count=len(words) * self.dim)
        vectors = vectors.reshape(len(words), self.dim).astype(np.float32, copy=False)
        byte = self._byte

        def place(i: int) -> Place:
            return None, byte + starts[i]

        return Block(words, vectors, place), at

    def _word(self, raw: bytes, at: int) -> str:
        if not raw:
            self._fail("an empty word", at)
        try:
            return raw.decode("utf-8", self._unicode_errors)
        except UnicodeDecodeError as error:
            self._fail(
                f"the word {raw[:40]!r} is not UTF-8 (unicode_errors='replace' reads it none the "
                "less; or is this the text format?)",
                at + error.start,
            )

    def _fail(self, problem: str, offset: int = 0) -> NoReturn:
        malformed(self._source.path, problem, byte=self._byte + offset)


def write_binary(
    stream: IO[bytes], blocks: Iterable[tuple[Sequence[str], FloatArray]], header: bytes
) -> None:
    r"""Write the header and an entry for each word; float64 is rounded to float32.

    Raises
    ------
    InputError
        If the format cannot hold a word, or a number is too large for float32.

    Examples
    --------
    >>> import io
    >>> stream = io.BytesIO()
    >>> write_binary(stream, [(["you"], np.array([[0.5]], dtype=np.float32))], b"1 1\n")
    >>> stream.getvalue()
    b'1 1\nyou \x00\x00\x00?'
    """
    stream.write(header)
    row = 0
    for words, vectors in blocks:
        with np.errstate(over="ignore"):
            rows = vectors.astype(_FLOAT32)
        bad = first_non_finite_row(rows)
        if bad is not None:
            raise InputError(f"the vector of {words[bad]!r} holds a number too large for float32")
        packed, size = rows.tobytes(), 4 * rows.shape[1]
        parts = []
        for at, word in enumerate(words):
            parts += [encode_word(word, row + at), b" ", packed[at * size : (at + 1) * size]]
        row += len(words)
        stream.write(b"".join(parts))
