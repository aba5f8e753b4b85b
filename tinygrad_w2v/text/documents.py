"""Documents with tags as a text: a document is a sentence, and its tags are noted while it is read.

A tag is a row of a table. Whole numbers are rows as they are, 0 and on; names are given rows in the
order that they are met in.
"""

from __future__ import annotations

import itertools
import numbers
import os
from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, NoReturn

import numpy as np

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import PathLike
from tinygrad_w2v._base.types import IntArray
from tinygrad_w2v._base.user_code import noting
from tinygrad_w2v.text.reading import read_chunks

# Rows that no document has are refused when they are more than these, and than all the others.
MOST_UNUSED = 1000
LARGEST = 2**62


class TaggedDocument(NamedTuple):
    """A document: its words, and what it is called; gensim's class.

    Attributes
    ----------
    words : list of str
        The words.
    tags : list of str or int
        One name or several. Whole numbers count from 0, since each is a row of a table.

    Examples
    --------
    >>> TaggedDocument(["you", "say", "goodbye"], ["beatles"]).tags
    ['beatles']
    """

    words: Sequence[str]
    tags: Sequence[str | int]

    def __str__(self) -> str:
        return f"{type(self).__name__}<{self.words}, {self.tags}>"


class TaggedLineDocument:
    r"""The lines of a file as documents, each with its number, counted from 0, as its only tag.

    Each iteration starts from the beginning. An empty line is a document without words.

    Parameters
    ----------
    source : path, list of paths, or open file
        As in `LineSentence`.

    Raises
    ------
    InputError
        When read: if the text is missing, empty, damaged or not UTF-8.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "say.txt")
    ...     _ = path.write_text("you say goodbye\nand i say hello\n", encoding="utf-8")
    ...     [(document.words[-1], document.tags) for document in TaggedLineDocument(path)]
    [('goodbye', [0]), ('hello', [1])]
    """

    def __init__(self, source: Any) -> None:
        self.source = source

    def __iter__(self) -> Iterator[TaggedDocument]:
        for number, line in enumerate(self._lines()):
            yield TaggedDocument(line.split(), [number])

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.source)!r})"

    def _lines(self) -> Iterator[str]:
        if not hasattr(self.source, "readline"):
            return _whole_lines(self.source)
        self.source.seek(0)
        return (
            line.decode("utf-8") if isinstance(line, bytes) else str(line) for line in self.source
        )


def _whole_lines(source: PathLike | Sequence[PathLike]) -> Iterator[str]:
    """Yield lines of any length, as a document may be long."""
    parts: list[str] = []
    for piece in read_chunks(source):  # which end between words
        *ended, rest = piece.split("\n")
        for line in ended:
            yield "".join([*parts, line])
            parts = []
        parts.append(rest)


class TagRows:
    """Which row each tag has.

    Attributes
    ----------
    names : dict of str to int
        The row of each tag that is a str, in the order of the rows.
    rows : int
        How many rows there are.
    kind : type or None
        ``int`` or ``str``, as soon as there is a tag.
    documents : int
        How many documents were seen.

    Examples
    --------
    >>> tags = TagRows()
    >>> tags.add(["b", "a"]), tags.add(["a"]), list(tags.index_to_key())
    ([0, 1], [1], ['b', 'a'])
    """

    def __init__(self, keys: Sequence[str] | range = ()) -> None:
        self.names: dict[str, int] = {}
        self.rows, self.documents = len(keys), 0
        self.kind: type | None = None if not len(keys) else int if isinstance(keys, range) else str
        if self.kind is str:
            self.names = {str(name): row for row, name in enumerate(keys)}

    def index_to_key(self) -> Sequence[str] | range:
        """Return the tag of each row."""
        return list(self.names) if self.kind is str else range(self.rows)

    def add(self, tags: Any, *, grow: bool = True) -> list[int]:
        """Return the rows of a document's tags.

        Parameters
        ----------
        tags
            As in `TaggedDocument`.
        grow
            Give new tags rows; else they are refused.

        Raises
        ------
        InputError
            For no tag, the same one twice, one that is no str and no whole number, both kinds, or
            a new one; the document is told by its number.
        """
        if isinstance(tags, str | bytes) or not isinstance(tags, Iterable):
            self._refuse_loose(tags)
        rows = [self._row(tag, grow) for tag in tags]
        if not rows:
            raise InputError(f"document {self.documents} has no tag; give it one or more")
        if len(set(rows)) < len(rows):
            twice = next(tag for at, tag in enumerate(tags) if rows[at] in rows[:at])
            raise InputError(f"document {self.documents} has the tag {twice!r} twice")
        self.documents += 1
        return rows

    def _row(self, tag: Any, grow: bool) -> int:
        whole = isinstance(tag, numbers.Integral) and not isinstance(tag, bool | np.bool_)
        if not (whole or isinstance(tag, str)) or tag == "" or (whole and not 0 <= tag < LARGEST):
            raise InputError(
                f"document {self.documents} has the tag {tag!r:.60}; a tag is a str that is not "
                "empty, or a whole number from 0 on"
            )
        kind = int if whole else str
        if self.kind is not None and kind is not self.kind:
            raise InputError(
                f"document {self.documents} has the tag {tag!r:.60}, and others before it are "
                f"{'str' if whole else 'whole numbers'}: whole numbers are rows and names are not; "
                "give one kind, as by str(number)"
            )
        known = tag < self.rows if whole else tag in self.names
        if not known and not grow:
            raise InputError(
                f"document {self.documents} has the tag {tag!r:.60}, which this model does not "
                "know; build_vocab(documents, update=True) adds it"
            )
        self.kind = kind
        if whole:
            self.rows = max(self.rows, int(tag) + 1)
            return int(tag)
        row = self.names.setdefault(str(tag), self.rows)
        self.rows = len(self.names)
        return row

    def _refuse_loose(self, tags: Any) -> NoReturn:
        if isinstance(tags, str):
            told = f"tags is the string {tags[:30]!r}, whose letters would be {len(tags)} tags"
        else:
            told = f"tags is {tags!r:.60}"
        one = repr(tags) if isinstance(tags, str | numbers.Integral) else "tag"
        raise InputError(f"document {self.documents}: {told}; give a list, tags=[{one:.40}]")


class TaggedText:
    """The words of documents as sentences; each reading notes their tags anew.

    Parameters
    ----------
    documents : iterable of TaggedDocument
        Anything with `words` and `tags`.
    known : TagRows, optional
        Tags that have rows already.
    grow : bool
        Whether there may be others.

    Attributes
    ----------
    tags : TagRows
        As far as it has been read.

    Raises
    ------
    InputError
        When read, for a document that would be misread; it is told by its number.

    Examples
    --------
    >>> text = TaggedText([TaggedDocument(["you", "say"], ["beatles"])])
    >>> list(text), text.rows_of_documents()
    ([['you', 'say']], (array([0]), array([0, 1])))
    """

    def __init__(
        self, documents: Iterable[Any], known: TagRows | None = None, *, grow: bool = True
    ) -> None:
        self.documents, self.grow = documents, grow
        self._known: Sequence[str] | range = () if known is None else known.index_to_key()
        self._begin()

    def _begin(self) -> None:
        self.tags = TagRows(self._known)
        self._flat, self._offsets = array("q"), array("q", [0])

    def __iter__(self) -> Iterator[Sequence[str]]:
        self._begin()
        by_line = isinstance(self.documents, TaggedLineDocument)
        with noting("documents of class", self.documents):
            for number, document in enumerate(self.documents):
                words = _words_of(document, number, by_line)
                self._flat.extend(self.tags.add(document.tags, grow=self.grow))
                self._offsets.append(len(self._flat))
                yield words

    def rows_of_documents(self) -> tuple[IntArray, IntArray]:
        """Return the rows of all documents one after the other, and where each begins."""
        return np.array(self._flat, np.int64), np.array(self._offsets, np.int64)

    def counts(self) -> IntArray:
        """Return how many documents have each tag."""
        counts: IntArray = np.bincount(np.array(self._flat, np.int64), minlength=self.tags.rows)
        return counts

    def check_holes(self) -> str | None:
        """Look at rows that no document has, which numbers with holes between them leave.

        Returns
        -------
        str or None
            What to say of them.

        Raises
        ------
        InputError
            When they are most of the table.
        """
        rows, known = self.tags.rows, len(self._known)
        used = int(np.count_nonzero(np.unique(np.array(self._flat, np.int64)) >= known))
        unused = rows - known - used
        if not unused:
            return None
        told = f"whole numbers as tags are rows, 0 to {rows - 1:,}, and {unused:,} of these rows"
        if unused > max(MOST_UNUSED, used):
            raise InputError(
                f"{told} are of no document: number the documents from 0 on, or give names, as by "
                "str(number)"
            )
        return f"{told} are of no document, whose vectors stay as they begin"


def check_documents(documents: Any) -> None:
    """Refuse anything but a re-iterable of documents; their first ones are looked at.

    Raises
    ------
    InputError
        For a string, a path, lists without tags, a one-shot iterator.

    Examples
    --------
    >>> check_documents([TaggedDocument(["you", "say"], [0])])
    >>> check_documents([["you", "say"]])
    Traceback (most recent call last):
    tinygrad_w2v._base.errors.InputError: document 0 is a list, and has no words and tags: give \
TaggedDocument(words, tags), as [TaggedDocument(d, [i]) for i, d in enumerate(documents)]
    """
    if isinstance(documents, str | bytes | os.PathLike):
        raise InputError(
            f"documents is {documents!r:.60}; give TaggedDocuments, or the path of a file with a "
            "document a line as corpus_file"
        )
    if not isinstance(documents, Iterable):
        raise InputError(f"documents is {documents!r:.60}; give an iterable of TaggedDocuments")
    first, second = iter(documents), iter(documents)
    if first is second or first is documents:
        raise InputError(
            f"documents is a {type(documents).__name__}, which can be read only once, while "
            "training reads documents in every epoch: give a list, or an object whose __iter__ "
            "begins anew, such as TaggedLineDocument"
        )
    by_line = isinstance(documents, TaggedLineDocument)
    with noting("documents of class", documents):
        for number, document in enumerate(itertools.islice(first, 1)):
            _words_of(document, number, by_line)


def _words_of(document: Any, number: int, by_line: bool) -> Sequence[str]:
    """The words of a document, looked at; a line may be empty."""
    if not (hasattr(document, "words") and hasattr(document, "tags")):
        kind = type(document).__name__
        raise InputError(
            f"document {number} is a {kind}, and has no words and tags: give "
            "TaggedDocument(words, tags), as [TaggedDocument(d, [i]) for i, d in "
            "enumerate(documents)]"
        )
    return checked_words(document.words, f"document {number}", may_be_empty=by_line)


def checked_words(words: Any, what: str, *, may_be_empty: bool = False) -> Sequence[str]:
    """Return the words of a document as a list.

    Raises
    ------
    InputError
        For a string, whose letters would be words, for something that is no word, or for none.

    Examples
    --------
    >>> checked_words("you say", "document 3")
    Traceback (most recent call last):
    tinygrad_w2v._base.errors.InputError: the words of document 3 are the string 'you say', whose \
letters would be taken as words; split it into a list of words
    """
    if isinstance(words, str | bytes):
        raise InputError(
            f"the words of {what} are the string {words[:30]!r}, whose letters would be taken as "
            "words; split it into a list of words"
        )
    if not isinstance(words, Iterable):
        raise InputError(f"the words of {what} are {words!r:.60}; give a list of words")
    listed = words if isinstance(words, list) else list(words)
    if not listed and not may_be_empty:
        raise InputError(f"{what} has no words; leave it out")
    if not {str}.issuperset(map(type, listed)):  # quick for most
        for word in listed:
            if not isinstance(word, str):
                raise InputError(f"{what} holds {word!r:.60}, which is no word; give each as a str")
    return listed
