r"""Words in a text file beside a table of vectors: one line a word, perhaps with columns.

Our own word file (beside ``.npy``) writes backslash, tab, line ends and half a surrogate pair with
JSON's escapes, ``\\ \t \n \r \ud800``, so that it holds any word. The Embedding Projector's
metadata has no escapes: a word with a tab or a line end cannot stand in it.
"""

import itertools
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, NoReturn

import numpy as np

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import PathLike
from tinygrad_w2v._base.types import IntArray
from tinygrad_w2v.vectors.blocks import Block, Place, shown
from tinygrad_w2v.vectors.pairs import found_pair
from tinygrad_w2v.vectors.source import Line, Source, malformed, marked, open_source, text_lines

_TO_ESCAPE = re.compile(r"[\\\t\n\r\ud800-\udfff]")
_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{4}|.|$)")
_WORD_COLUMNS = ("word", "label", "token", "name", "key")


def _unescaped(escape: re.Match[str]) -> str:
    return str(json.loads(f'"{escape[0]}"'))


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
        self._path = source.path
        self._escaped = escaped
        self._lines = text_lines(source, unicode_errors=unicode_errors)
        self._last = Line(0, 0, 0, "")  # that was read
        self._done = 0
        self._word, self._columns = 0, 1
        self._count: int | None = None
        for first in self._lines:
            self._last = first
            if not self._names_columns(first.text.split("\t")):
                self._lines = itertools.chain([first], self._lines)
            break

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
        for line in itertools.islice(self._lines, n):
            self._last = line
            fields = line.text.split("\t") if self._columns > 1 else [line.text]
            if len(fields) != self._columns:
                self._fail(f"the line has {len(fields)} columns, not {self._columns}")
            words.append(self._unescape(fields[self._word]))
            if self._count is not None:
                counts.append(self._whole_number(fields[self._count]))
            places.append((line.number, line.byte))
        self._done += len(words)
        if len(words) < n:
            problem = f"the words end after {self._done}; the vectors go on"
            malformed(self._path, problem, line=self._last.number + 1, byte=self._last.end)
        return Entries(words, np.array(counts, np.int64) if self.counted else None, places)

    def finish(self) -> None:
        """Raise if lines follow that are not blank."""
        for line in self._lines:
            if line.text.strip():
                self._last = line
                self._fail(
                    f"there are {self._done} vectors, but the words go on with {shown(line.text)}"
                    + ("" if self._escaped else " (a single column has no line of names)")
                )

    def _names_columns(self, first: list[str]) -> bool:
        """Look at the first line; say whether it only names the columns."""
        self._columns = len(first)
        if self._columns == 1:
            return False
        if self._escaped:
            self._count = 1
            if self._columns != 2:
                self._fail(f"the line has {self._columns} columns; word and count are known")
            return False
        folded = [name.strip().casefold() for name in first]
        self._word = next((folded.index(name) for name in _WORD_COLUMNS if name in folded), 0)
        self._count = folded.index("count") if "count" in folded else None
        return True

    def _unescape(self, field: str) -> str:
        try:
            # One by one, as JSON would join two halves of a surrogate pair.
            return _ESCAPE.sub(_unescaped, field) if self._escaped else field
        except json.JSONDecodeError as error:
            self._fail(
                f"the escape {error.doc[1:-1]!r} is not known; a backslash in a word is written "
                "twice"
            )

    def _whole_number(self, field: str) -> int:
        if not (field.isascii() and field.isdigit() and len(field) <= 18):
            self._fail(f"the count {shown(field)} is not a whole number")
        return int(field)

    def _fail(self, problem: str) -> NoReturn:
        malformed(self._path, problem, line=self._last.number, byte=self._last.byte)


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


def word_lines(block: Block, counted: bool, row: int) -> bytes:
    r"""Return a block's lines of our word file; `row` is that of its first word.

    Examples
    --------
    >>> word_lines(Block(["a\tb", "c"], np.eye(2)), False, 0)
    b'a\\tb\nc\n'
    """
    words = [_TO_ESCAPE.sub(lambda odd: json.dumps(odd[0])[1:-1], word) for word in block.words]
    return _lines(words, block, counted, row)


def metadata_lines(block: Block, counted: bool, row: int) -> bytes:
    r"""Return a block's lines of the Projector's metadata, the names of columns first.

    Raises
    ------
    InputError
        If a word is blank, or has a tab or an end of line in it.

    Examples
    --------
    >>> metadata_lines(Block(["new york"], np.eye(1), counts=np.array([3])), True, 0)
    b'word\tcount\nnew york\t3\n'
    """
    for i, word in enumerate(block.words):
        if not word.strip() or re.search(r"[\t\n\r\ud800-\udfff]", word):
            raise InputError(
                f"the word {shown(word)} (row {row + i}) is blank or has a tab, an end of line or "
                "half a surrogate pair in it, which the Projector's metadata cannot hold; rename "
                "it, or use npz, which holds any word"
            )
    lines = _lines(block.words, block, counted, row or counted)
    return b"word\tcount\n" + lines if counted and row == 0 else lines


def _lines(words: Sequence[str], block: Block, counted: bool, row: int) -> bytes:
    if counted and block.counts is not None:
        words = [f"{word}\t{n}" for word, n in zip(words, block.counts.tolist(), strict=True)]
    lines = "".join([word + "\n" for word in words]).encode("utf-8")
    return marked(lines) if row == 0 else lines
