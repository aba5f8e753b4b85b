"""What a corpus will take, estimated before it is read: words, memory, disk, time.

A few pieces of the text are read, and the rest is assumed to be alike. The number of types is
extrapolated by Heaps' law, types = K * words ** beta, and is the least certain: expect it within a
factor of two, more for a text far larger than the pieces.
"""

from __future__ import annotations

import io
import math
import tempfile
import time
from collections.abc import Sequence
from typing import Any, NamedTuple, cast

from tinygrad_w2v._base.compressed import damage, decompressed
from tinygrad_w2v._base.errors import Message, Setting
from tinygrad_w2v._base.files import PathLike
from tinygrad_w2v._base.memory import in_bytes, memory_limit
from tinygrad_w2v.text.numbering import BYTES_A_TYPE
from tinygrad_w2v.text.reading import files_of, unreadable
from tinygrad_w2v.text.resources import check_free_space, free_space
from tinygrad_w2v.text.settings import TextSettings
from tinygrad_w2v.text.stores import opened, size_of

# A learned word, its count and its entries in the tables from word to id and back.
BYTES_A_WORD = 250
# Python, NumPy, this package, and the blocks that are worked on.
BYTES_ANYWAY = 200_000_000

_PIECE = 1 << 18
_PIECES = 16


class CorpusPlan(NamedTuple):
    r"""About what a corpus takes; see :func:`plan_corpus`.

    Attributes
    ----------
    text_bytes : int
        Of the text, decompressed.
    words, types, sentences : int
        In the text.
    vocabulary : int
        Words that are learned, at most.
    memory : int
        The largest need in bytes, while counting or while training, without what is mapped from
        files.
    memory_limit : int or None
        What the process may use.
    disk : int
        Bytes of the files of ids.
    disk_free : int
        Bytes that are free where they are made.
    folder : str
        Where that is.
    seconds : float
        To read the text and write the ids.
    training_seconds : float
        To train on it; 0 where that is not known.

    Examples
    --------
    >>> import pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "say.txt")
    ...     _ = path.write_bytes(b"you say goodbye and i say hello\n" * 1000)
    ...     plan = plan_corpus(path, folder=folder)
    >>> plan.words, plan.vocabulary, plan.text_bytes
    (7000, 6, 32000)
    """

    text_bytes: int
    words: int
    types: int
    sentences: int
    vocabulary: int
    memory: int
    memory_limit: int | None
    disk: int
    disk_free: int
    folder: str
    seconds: float
    training_seconds: float = 0.0

    def __str__(self) -> str:
        training = ""
        if self.training_seconds:
            training = f", training about {_duration(self.training_seconds)}"
        limit = "" if self.memory_limit is None else f" of {in_bytes(self.memory_limit)}"
        return (
            f"about {self.words:,} words in {in_bytes(self.text_bytes)} of text; memory about "
            f"{in_bytes(self.memory)}{limit}, disk {in_bytes(self.disk)} of "
            f"{in_bytes(self.disk_free)} in {self.folder}, reading takes about "
            f"{_duration(self.seconds)}{training}"
        )

    def warning(self) -> Message | None:
        """Return what to do when memory will most likely not suffice, else None.

        Examples
        --------
        >>> plan = CorpusPlan(9, 9, 9, 1, 9, 3 * 10**9, 2 * 10**9, 9, 99, "/tmp", 1.0)
        >>> from tinygrad_w2v._base.errors import written
        >>> print(written(plan.warning()))
        about 3.0 GB of memory are needed and 2.0 GB allowed; use max_vocab_size, max_final_vocab
        """
        if self.memory_limit is None or self.memory <= self.memory_limit:
            return None
        return (
            f"about {in_bytes(self.memory)} of memory are needed and {in_bytes(self.memory_limit)} "
            "allowed; use ",
            Setting("max_vocab_size"),
            ", ",
            Setting("max_final_vocab"),
        )

    def check_disk(self) -> None:
        """Raise an InputError when the files of ids will not fit on the disk.

        Examples
        --------
        >>> CorpusPlan(9, 9, 9, 1, 9, 9, 9, 9_000_000, 99, "/tmp", 1.0).check_disk()
        Traceback (most recent call last):
        tinygrad_w2v._base.errors.InputError: the ids need 9.0 MB of disk and /tmp has 99 bytes \
free; free some space or name another folder
        """
        check_free_space(self.disk, self.folder, self.disk_free)


def plan_corpus(
    sources: PathLike | Sequence[PathLike],
    settings: TextSettings | None = None,
    folder: PathLike | None = None,
    vector_size: int = 100,
    copies: int = 1,
    seconds_a_word: float = 0.0,
) -> CorpusPlan | None:
    r"""Estimate from a few pieces of a text what reading it and training on it take.

    Parameters
    ----------
    sources, settings, folder
        As in :func:`~tinygrad_w2v.text.stored.open_corpus`.
    vector_size
        Numbers in a vector; training holds two float32 tables of vectors.
    copies
        How many copies of the ids are on the disk: two where a part of them is held out.
    seconds_a_word
        How long a word will be trained on, in all epochs together, if that is known.

    Returns
    -------
    CorpusPlan or None
        None when standard input is among the sources: nothing is known of it.

    Raises
    ------
    InputError
        When a file cannot be read.

    Examples
    --------
    >>> import pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "say.txt")
    ...     _ = path.write_bytes(b"you say goodbye and i say hello\n" * 1000)
    ...     plan = plan_corpus(path, folder=folder)
    >>> plan.words, plan.types, plan.memory > plan.disk
    (7000, 6, True)
    """
    settings = settings or TextSettings()
    files = files_of(sources)
    if "-" in files:
        return None
    place = str(folder or tempfile.gettempdir())
    start = time.perf_counter()
    pieces, total = _sample(files)
    read = max(sum(map(len, pieces)), 1)
    words = [word for piece in pieces for word in piece.split()]
    seconds = (time.perf_counter() - start) * total / read
    scale = total / read
    all_words = round(len(words) * scale)
    all_types = min(_types_of_all(words, scale), all_words)
    sentences = round(sum(piece.count(b"\n") for piece in pieces) * scale) + len(files)
    rules = settings.rules
    counted = all_types
    if rules.max_vocab_size is not None:
        counted = min(all_types, rules.max_vocab_size)
    vocabulary = min(counted, all_words // max(rules.min_count, 1))
    if rules.max_final_vocab is not None:
        vocabulary = min(vocabulary, rules.max_final_vocab)
    training = vocabulary * (BYTES_A_WORD + 2 * 4 * vector_size)
    return CorpusPlan(
        text_bytes=total,
        words=all_words,
        types=all_types,
        sentences=sentences,
        vocabulary=vocabulary,
        memory=BYTES_ANYWAY + max(counted * BYTES_A_TYPE, training),
        memory_limit=memory_limit(),
        disk=copies * (4 * all_words + 8 * (sentences + 1)),
        disk_free=free_space(place),
        folder=place,
        seconds=seconds,
        training_seconds=all_words * seconds_a_word,
    )


def _sample(files: Sequence[PathLike]) -> tuple[list[bytes], int]:
    """Return pieces from all over the files, and the size of all text, decompressed."""
    pieces: list[bytes] = []
    total = consumed = 0
    every = max(1, len(files) // _PIECES)
    for number, path in enumerate(files):
        try:
            stored = size_of(path)
            total += stored
            if number % every:
                continue
            with opened(path) as raw, damage(path):
                plain = io.BufferedReader(cast(Any, raw))
                file = decompressed(plain)
                if file is plain:
                    steps = 1 if stored <= _PIECE else max(1, _PIECES // len(files))
                    for step in range(steps):
                        plain.seek((stored - _PIECE) * step // (steps - 1) if step else 0)
                        pieces.append(plain.read(_PIECE))
                        consumed += len(pieces[-1])
                else:
                    pieces.append(file.read(4 * _PIECE))
                    whole = len(pieces[-1]) < 4 * _PIECE
                    consumed += stored if whole else plain.tell()
        except OSError as error:
            raise unreadable(path, error) from error
    return pieces, round(total * sum(map(len, pieces)) / max(consumed, 1))


def _types_of_all(words: list[bytes], scale: float) -> int:
    """Return how many types a text has that is `scale` times as long as a sample of it.

    Doubling a text multiplies its types by 2 ** beta, as it does from half of the sample to all of
    it; beta falls by a tenth from one doubling to the next.
    """
    half, types = len(set(words[: len(words) // 2])), len(set(words))
    if len(words) < 1000:
        return round(types * scale) if types > half else types
    doublings = math.log2(max(scale, 1.0))
    return round(types * (types / half) ** (9 * (1 - 0.9**doublings)))


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
