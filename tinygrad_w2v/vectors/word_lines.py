r"""Words in a text file beside a table of vectors: one line a word, perhaps with columns.

Our own word file (beside ``.npy``) writes backslash, tab, line ends and half a surrogate pair with
JSON's escapes, ``\\ \t \n \r \ud800``, so that it holds any word. The Embedding Projector's
metadata has no escapes: a word with a tab or a line end cannot stand in it.
"""

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, NoReturn

import numpy as np

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import PathLike
from tinygrad_w2v._base.types import IntArray
from tinygrad_w2v.vectors.blocks import Block, Place, shown
from tinygrad_w2v.vectors.pairs import found_pair
from tinygrad_w2v.vectors.source import BOM, Source, malformed, marked, open_source

_MAX_LINE = 1 << 20
_TO_ESCAPE = re.compile(r"[\\\t\n\r\ud800-\udfff]")
_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{4}|.|$)")
_WORD_COLUMNS = ("word", "label", "token", "name", "key")


class Entries(NamedTuple):
    """Some consecutive words, their counts where known, and where each stands."""

    words: list[str]
    counts: IntArray | None
    places: list[Place]


class WordLines:
    r"""Reads words, and counts where there is such a column, from lines.

    Parameters
    ----------
    source : Source
        The open file.
    escaped : bool
        Backslash escapes, and a second column of counts without a name (our word file); else
        the Projector's metadata, whose first line names the columns if there are several.
    unicode_errors : str
        What to do with words that are not UTF-8: ``"strict"``, ``"replace"``, ``"ignore"``.

    Examples
    --------
    >>> import io
    >>> lines = WordLines(Source(io.BytesIO(b"new\\nyork\t3\nyou\t2\n"), Path("w"), None), True)
    >>> lines.take(2).words, lines.counted
    (['new\nyork', 'you'], True)
    """

    def __init__(self, source: Source, escaped: bool, unicode_errors: str = "strict") -> None:
        self._source = source
        self._escaped = escaped
        self._errors = unicode_errors
        self._line, self._byte = 0, 0  # of the line that was read last
        self._next = 0  # the byte at which the next line begins
        self._done = 0
        self._word, self._columns = 0, 1
        self._count: int | None = None
        self._held = self._read()  # a line that was looked at and not yet taken
        if self._held is not None:
            self._understand_columns(self._held)

    @property
    def counted(self) -> bool:
        """Whether there is a column of counts."""
        return self._count is not None

    def take(self, n: int) -> Entries:
        """Return the next `n` words.

        Raises
        ------
        InputError
            If there are fewer, or a line cannot be understood.
        """
        words: list[str] = []
        counts: list[int] = []
        places: list[Place] = []
        for _ in range(n):
            line = self._held if self._held is not None else self._read()
            self._held = None
            if line is None:
                self._fail(f"the words end after {self._done}; the vectors go on", byte=self._next)
            fields = line.split("\t") if self._columns > 1 else [line]
            if len(fields) != self._columns:
                self._fail(f"the line has {len(fields)} columns, not {self._columns}")
            words.append(self._unescape(fields[self._word]))
            if self._count is not None:
                counts.append(self._whole_number(fields[self._count]))
            places.append((self._line, self._byte))
            self._done += 1
        return Entries(words, np.array(counts, np.int64) if self.counted else None, places)

    def finish(self) -> None:
        """Raise if lines follow that are not blank."""
        line = self._held if self._held is not None else self._read()
        while line is not None:
            if line.strip():
                self._fail(
                    f"there are {self._done} vectors, but the words go on with {shown(line)}"
                    + ("" if self._escaped else " (a single column has no line of names)")
                )
            line = self._read()

    def _read(self) -> str | None:
        self._line += 1
        self._byte = self._next
        raw = self._source.stream.readline(_MAX_LINE)
        if not raw:
            return None
        if len(raw) == _MAX_LINE:
            self._fail(f"a line of more than {_MAX_LINE} bytes")
        self._next += len(raw)
        if self._byte == 0:
            raw = raw.removeprefix(BOM)
        raw = raw.removesuffix(b"\n").removesuffix(b"\r")
        try:
            return raw.decode("utf-8", self._errors)
        except UnicodeDecodeError as error:
            self._fail(
                "the line is not UTF-8 (unicode_errors='replace' reads it none the less)",
                byte=self._byte + error.start,
            )

    def _understand_columns(self, first: str) -> None:
        names = first.split("\t")
        self._columns = len(names)
        if self._columns == 1:
            return
        if self._escaped:
            self._count = 1
            if self._columns != 2:
                self._fail(f"the line has {self._columns} columns; word and count are known")
            return
        folded = [name.strip().casefold() for name in names]
        self._word = next((folded.index(name) for name in _WORD_COLUMNS if name in folded), 0)
        self._count = folded.index("count") if "count" in folded else None
        self._held = None

    def _unescape(self, field: str) -> str:
        try:
            return unescape(field) if self._escaped else field
        except json.JSONDecodeError as error:
            self._fail(
                f"the escape {error.doc[1:-1]!r} is not known; a backslash in a word is written "
                "twice"
            )

    def _whole_number(self, field: str) -> int:
        if not (field.isascii() and field.isdigit() and len(field) <= 18):
            self._fail(f"the count {shown(field)} is not a whole number")
        return int(field)

    def _fail(self, problem: str, byte: int | None = None) -> NoReturn:
        byte = self._byte if byte is None else byte
        malformed(self._source.path, problem, line=self._line, byte=byte)


@contextmanager
def open_with_words(
    path: PathLike, beside: Path, escaped: bool, unicode_errors: str
) -> Iterator[tuple[Source, WordLines]]:
    """Open a table and the file of its words.

    Parameters
    ----------
    path, beside : path
        The two files, which `pairs` wrote.
    escaped, unicode_errors
        As in `WordLines`.

    Raises
    ------
    InputError
        If there are no words, or they cannot be understood.

    Examples
    --------
    >>> with open_with_words("v.npy", Path("v.words.tsv"), True, "strict"):
    ...     pass
    Traceback (most recent call last):
    tinygrad_w2v._base.errors.InputError: v.npy: its words are looked for in v.words.tsv, which is \
not there; write one word a line into it, in the order of the rows
    """
    table, words = found_pair(path, beside)
    if not words.exists():
        raise InputError(
            f"{path}: its words are looked for in {words}, which is not there; write one word a "
            "line into it, in the order of the rows"
        )
    with open_source(table) as source, open_source(words) as file:
        yield source, WordLines(file, escaped, unicode_errors)


def word_lines(blocks: Iterable[Block], counted: bool) -> Iterator[tuple[Block, bytes]]:
    r"""Yield each block with its lines of our word file.

    Examples
    --------
    >>> [lines for _, lines in word_lines([Block(["a\tb", "c"], np.eye(2))], False)]
    [b'a\\tb\nc\n']
    """
    first = True
    for block in blocks:
        words = [escape(word) for word in block.words]
        lines = _lines(words, block.counts if counted else None)
        yield block, marked(lines) if first else lines
        first = False


def metadata_lines(blocks: Iterable[Block], counted: bool) -> Iterator[tuple[Block, bytes]]:
    r"""Yield each block with its lines of the Projector's metadata, the names of columns first.

    Raises
    ------
    InputError
        If a word is blank, or has a tab or an end of line in it.

    Examples
    --------
    >>> block = Block(["new york"], np.eye(1), counts=np.array([3]))
    >>> [lines for _, lines in metadata_lines([block], True)]
    [b'word\tcount\nnew york\t3\n']
    """
    row, names = 0, b"word\tcount\n" if counted else b""
    for block in blocks:
        for i, word in enumerate(block.words):
            if not word.strip() or re.search(r"[\t\n\r\ud800-\udfff]", word):
                raise InputError(
                    f"the word {shown(word)} (row {row + i}) is blank or has a tab, an end of "
                    "line or half a surrogate pair in it, which the Projector's metadata cannot "
                    "hold; rename it, or use npz, which holds any word"
                )
        row += len(block.words)
        lines = names + _lines(block.words, block.counts if counted else None)
        yield block, marked(lines) if row == len(block.words) else lines
        names = b""


def escape(word: str) -> str:
    r"""Return a word as one field of our word file.

    Examples
    --------
    >>> print(escape("a\tb\\"))
    a\tb\\
    """
    return _TO_ESCAPE.sub(lambda found: json.dumps(found[0])[1:-1], word)


def unescape(field: str) -> str:
    r"""Return the word that a field of our word file stands for.

    Each escape is read on its own, as two halves of a surrogate pair in a row are two characters.

    Examples
    --------
    >>> unescape(escape("a\tb\\")) == "a\tb\\"
    True
    """
    return _ESCAPE.sub(lambda found: str(json.loads(f'"{found[0]}"')), field)


def _lines(words: Iterable[str], counts: IntArray | None) -> bytes:
    if counts is not None:
        words = [f"{word}\t{n}" for word, n in zip(words, counts.tolist(), strict=True)]
    return "".join([word + "\n" for word in words]).encode("utf-8")
