"""Sentences for training: files that are read line by line in every epoch, and checks of a text.

Training reads a text more than once. What can be read only once, or would be split into letters,
is refused before training.
"""

import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import PathLike
from tinygrad_w2v._base.limits import LONGEST_WORD
from tinygrad_w2v._base.user_code import noting
from tinygrad_w2v.text.numbering import Chunk, gathered
from tinygrad_w2v.text.reading import read_chunks, read_lines, refuse_long_words

# How many sentences are checked before a text is read.
CHECKED = 100


class _Lines:
    def __init__(
        self, source: Any, max_sentence_length: int | None = None, limit: int | None = None
    ) -> None:
        _check_number("max_sentence_length", max_sentence_length, 1)
        _check_number("limit", limit, 0)
        self.source = source
        self.max_sentence_length = max_sentence_length
        self.limit = limit

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.source)!r})"


class LineSentence(_Lines):
    r"""The lines of a file, each split on whitespace into the words of a sentence.

    Each iteration starts from the beginning, as training needs it. Empty lines are left out.

    Parameters
    ----------
    source : path, list of paths, or open file
        UTF-8 text: a file (plain, or compressed by gzip, bzip2 or xz), a folder, or a list of
        them; or an open file that can seek to its beginning.
    max_sentence_length : int, optional
        Split longer sentences into parts of so many words. By default none is split: sentences of
        any length can be trained on.
    limit : int, optional
        Read only this many lines.

    Raises
    ------
    InputError
        When read: if the text is missing, empty, damaged or not UTF-8.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "say.txt")
    ...     _ = path.write_text("you say goodbye\nand i say hello\n", encoding="utf-8")
    ...     list(LineSentence(path, max_sentence_length=3))
    [['you', 'say', 'goodbye'], ['and', 'i', 'say'], ['hello']]
    """

    def __iter__(self) -> Iterator[list[str]]:
        for line in itertools.islice(self._lines(), self.limit):
            words = line.split()
            if len(line) > LONGEST_WORD // 4:
                refuse_long_words(words, str(self.source))
            length = self.max_sentence_length or len(words)
            for start in range(0, len(words), max(length, 1)):
                yield words[start : start + length]

    def chunks(self) -> Iterator[Chunk]:
        """Yield the same sentences many at a time, as unsplit text where that is equivalent.

        Yields
        ------
        Words or str
            As :func:`~tinygrad_w2v.text.numbering.sentence_chunks` does.

        Examples
        --------
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "say.txt")
        ...     _ = path.write_text("you say goodbye", encoding="utf-8")
        ...     "".join(LineSentence(path).chunks()).split()
        ['you', 'say', 'goodbye']
        """
        return read_chunks(self.source) if self.is_whole() else gathered(self)

    def is_whole(self) -> bool:
        """Whether its sentences are all lines of files that have a name.

        Examples
        --------
        >>> LineSentence("say.txt").is_whole(), LineSentence("say.txt", limit=9).is_whole()
        (True, False)
        """
        whole = self.max_sentence_length is None and self.limit is None
        # A subclass may yield other sentences.
        inherited = type(self).__iter__ is LineSentence.__iter__
        return whole and inherited and not hasattr(self.source, "readline")

    def _lines(self) -> Iterator[str]:
        if hasattr(self.source, "readline"):
            self.source.seek(0)
            lines = (_text(line) for line in self.source)
            first = (line.removeprefix("\ufeff") for line in itertools.islice(lines, 1))
            return itertools.chain(first, lines)
        return read_lines(self.source)


class PathLineSentences(_Lines):
    r"""The sentences of all files of a folder by name, each as `LineSentence` has them.

    Hidden files and sub-folders are left out; `limit` applies to each file.

    Parameters
    ----------
    source : path
        A folder, or a single file.
    max_sentence_length, limit
        As in `LineSentence`.

    Attributes
    ----------
    input_files : list of str
        The files.

    Raises
    ------
    InputError
        If the folder is missing or holds no files.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("b.txt", "a.txt"):
    ...         _ = Path(folder, name).write_text(f"this is {name}\n", encoding="utf-8")
    ...     list(PathLineSentences(folder))
    [['this', 'is', 'a.txt'], ['this', 'is', 'b.txt']]
    """

    def __init__(
        self, source: PathLike, max_sentence_length: int | None = None, limit: int | None = None
    ) -> None:
        super().__init__(source, max_sentence_length, limit)
        if not os.fspath(source):
            raise InputError("the name of the folder is empty; name one, or . for the current one")
        path = Path(source)
        if path.is_file():
            self.input_files = [os.fspath(source)]
            return
        if not path.is_dir():
            raise InputError(f"{source} does not exist; check the path")
        inside = sorted(path.iterdir(), key=lambda entry: entry.name)
        files = [entry for entry in inside if entry.is_file() and not entry.name.startswith(".")]
        if not files:
            raise InputError(f"the folder {source} holds no files (hidden ones are left out)")
        self.input_files = [str(file) for file in files]

    def __iter__(self) -> Iterator[list[str]]:
        for path in self.input_files:
            yield from LineSentence(path, self.max_sentence_length, self.limit)


def check_sentences(sentences: Any) -> None:
    """Refuse anything but a re-iterable of lists of words.

    Parameters
    ----------
    sentences
        What a user gave; its first sentences are checked.

    Raises
    ------
    InputError
        For a string, a path, a list of strings, a one-shot iterator, or words that are no str.

    Examples
    --------
    >>> check_sentences([["you", "say", "goodbye"]])
    >>> check_sentences(["you say goodbye"])
    Traceback (most recent call last):
    tinygrad_w2v._base.errors.InputError: sentence 1 is the string 'you say goodbye': its letters \
would be taken as words; split each sentence into a list of words
    """
    if isinstance(sentences, (str, bytes, os.PathLike)):
        raise InputError(
            f"sentences is {_short(sentences)}, whose letters would be taken as words: give a list "
            "of lists of words, or the path of a file as corpus_file"
        )
    if not isinstance(sentences, Iterable):
        raise InputError(
            f"sentences is {_short(sentences)}; give an iterable of lists of words, or corpus_file"
        )
    first, second = iter(sentences), iter(sentences)
    if first is second or first is sentences:
        raise InputError(
            f"sentences is a {type(sentences).__name__}, which can be read only once, while "
            "training reads a text in every epoch: give a list, or an object whose __iter__ "
            "begins anew, such as LineSentence"
        )
    with noting("sentences of class", sentences):
        beginning = list(itertools.islice(sentences, CHECKED))
    for number, sentence in enumerate(beginning, start=1):
        if isinstance(sentence, (str, bytes)):
            raise InputError(
                f"sentence {number} is the string {sentence[:30]!r}: its letters would be taken as "
                "words; split each sentence into a list of words"
            )
        if not isinstance(sentence, Iterable):
            raise InputError(f"sentence {number} is {_short(sentence)}; give lists of words")
        if isinstance(sentence, Sequence):
            for word in sentence:
                if not isinstance(word, str):
                    raise InputError(
                        f"sentence {number} holds {_short(word)}, which is no word; give each word "
                        "as a str"
                    )


def _check_number(name: str, number: Any, least: int) -> None:
    if number is not None and not (isinstance(number, (int, np.integer)) and number >= least):
        raise InputError(f"{name} must be {least} or more, not {number!r:.60}")


def _text(line: Any) -> str:
    return line.decode("utf-8") if isinstance(line, bytes) else str(line)


def _short(value: Any) -> str:
    shown = repr(value)
    shown = shown if len(shown) <= 40 else f"{shown[:37]}..."
    return f"the {type(value).__name__} {shown}"
