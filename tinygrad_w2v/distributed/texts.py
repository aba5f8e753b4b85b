"""A text that the machines of a cluster read: counted and numbered in parts, which come together.

A task reads the lines that begin in some bytes of a file and numbers its words as it meets them.
The words of all parts, one part after the other, are then in the order in which one reader would
have met them: so vocabulary and ids are those of one machine, whoever read what. A second task a
part turns its numbers, which stay on the machine that made them, into ids; a part that is lost is
read again.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import PathLike
from tinygrad_w2v._base.types import AnyArray, IntArray
from tinygrad_w2v.distributed import cluster
from tinygrad_w2v.text.corpus import Corpus, corpus_of
from tinygrad_w2v.text.numbering import Chunk, LookUp, Numbering, number_words
from tinygrad_w2v.text.reading import CHUNK_BYTES, files_of, read_chunks
from tinygrad_w2v.text.rows import CorpusRows
from tinygrad_w2v.text.rules import VocabularyRules
from tinygrad_w2v.text.settings import TextSettings
from tinygrad_w2v.text.stored import Reader
from tinygrad_w2v.text.stores import Part, cut, is_there, is_url, opened, size_of
from tinygrad_w2v.text.vocabulary import Vocabulary

PART = 16 << 20  # bytes of text that a task reads
RETRIES = 16  # of a task, whose process or machine is lost

# Calls a function with each of some arguments, wherever; each call gives a key for its result.
Call = Callable[..., Any]


class Words(NamedTuple):
    """The words of a part.

    Attributes
    ----------
    words : list of str
        The different ones, in the order in which they come.
    counts : IntArray
        How often each occurs.
    raw_words : int
        How many words there are in all.
    """

    words: list[str]
    counts: IntArray
    raw_words: int


def number_part(part: Part, settings: TextSettings, begins: bool) -> tuple[Words, Corpus]:
    """Return the words of a part of a text, and the part by their numbers.

    Parameters
    ----------
    part
        Which lines.
    settings
        How they are split into words.
    begins
        Whether the text begins here.

    Raises
    ------
    InputError
        When the file is not on this machine, is another one, or cannot be read.
    """
    numbering, rows = Numbering(), CorpusRows()
    look_up = LookUp(partial(map, numbering.__getitem__))
    try:
        for chunk in settings.chunks([part], begins=begins):
            rows.add(*look_up(chunk), drop_empty=isinstance(chunk, str))
    except InputError as error:
        if not is_there(part.path):
            raise InputError(
                f"{part.path} is not on the machine {_here()}, which is to read a part of the "
                "text: put it into a folder that all machines share, or give the URL of a store"
            ) from error
        if part.start:  # which says the line of the file
            for _ in settings.chunks([part.path]):
                pass
        raise
    rows.end()
    words = list(numbering)
    return Words(words, rows.counts(len(words)), rows.raw_words), corpus_of(rows)


def encode_part(numbered: Corpus, new: AnyArray) -> tuple[IntArray, IntArray]:
    """Return the rows of a part by ids, without the words whose id is below 0."""
    corpus = numbered.renumbered(new)
    return corpus.ids, corpus.offsets


def has_long_line(part: Part) -> bool:
    """Whether a line of a part is so long that a reader may break it.

    Where it does depends on where the reader has begun, so such a file has one reader.
    """
    with opened(part) as file:
        text = np.frombuffer(file.read(), np.uint8)
    ends = np.flatnonzero(text == ord("\n"))
    lengths = np.diff(ends, prepend=-1, append=len(text))
    return bool(lengths.max() >= CHUNK_BYTES)


def digest_of(path: PathLike) -> bytes:
    """Return the SHA-256 of a file, as it is stored."""
    with opened(path) as file:
        digest = hashlib.sha256()
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.digest()


def _here() -> str:
    return str(cluster.import_ray().util.get_node_ip_address())


class Tasks:
    """Calls functions in tasks of Ray."""

    def __init__(self) -> None:
        self._ray = cluster.import_ray()
        self._remote: dict[Any, Any] = {}

    def call(self, function: Call, *given: Any, results: int = 1) -> Any:
        """Begin a call and return a reference to its result, or to each of several ones."""
        if function not in self._remote:
            self._remote[function] = self._ray.remote(max_retries=RETRIES)(function)
        options = {"num_returns": results, "scheduling_strategy": "SPREAD"}
        return self._remote[function].options(**options).remote(*given)

    def result(self, reference: Any) -> Any:
        """Return the result that a reference stands for.

        Raises
        ------
        InputError
            As the function raised it, or when Ray cannot bring the result.
        """
        from ray import exceptions

        try:
            return self._ray.get(reference)
        except exceptions.RayError as error:
            cause = getattr(error, "cause", None)
            if isinstance(cause, Exception) and not isinstance(cause, exceptions.RayError):
                raise cause from None
            told = str(error).strip().splitlines()[0]
            raise InputError(f"Ray could not read a part of the text: {told}") from error


class Here:
    """Calls functions in this process, as `Tasks` does in others.

    Examples
    --------
    >>> here = Here()
    >>> here.result(here.call(max, 3, 5))
    5
    """

    def call(self, function: Call, *given: Any, results: int = 1) -> Any:
        """Call a function now."""
        return function(*given)

    def result(self, reference: Any) -> Any:
        """Return what `call` has returned."""
        return reference


def read_parts(
    sources: PathLike | Sequence[PathLike],
    settings: TextSettings,
    rows: CorpusRows,
    digests: list[bytes] | None = None,
    tasks: Tasks | Here | None = None,
    size: int = PART,
) -> Vocabulary:
    r"""Write the ids of a text into rows, part by part, and return the vocabulary they are of.

    Parameters
    ----------
    sources, digests
        As in :func:`~tinygrad_w2v.text.reading.read_lines`.
    settings
        How text becomes ids.
    rows
        Empty rows.
    tasks
        Who reads: the machines of the cluster by default.
    size
        Bytes of a part.

    Raises
    ------
    InputError
        When the text cannot be read or learned from.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> rows = CorpusRows()
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "say.txt")
    ...     _ = path.write_text("you say\nso you say\n", encoding="utf-8")
    ...     settings = TextSettings(rules=VocabularyRules(min_count=2))
    ...     read_parts(path, settings, rows, tasks=Here(), size=8).words
    ['you', 'say']
    >>> rows.ids.array(), rows.offsets.array(), rows.raw_words
    (array([0, 1, 0, 1], dtype=int32), array([0, 2, 4]), 5)
    """
    tasks = tasks or Tasks()
    given = [sources] if isinstance(sources, str | os.PathLike) else list(sources)
    files = [[_everywhere(path) for path in files_of(source)] for source in given]
    parts = [cut(of_source, size) for of_source in files]
    if settings.tokenizer != "whitespace" or settings.phrases is not None:
        parts = [_with_long_lines_whole(each, tasks) for each in parts]
    plain = replace(settings, rules=VocabularyRules())  # a rule of a user's stays here
    hashed = []
    if digests is not None:
        hashed = [tasks.call(digest_of, path) for each in files for path in each]
    every = [part for of_source in parts for part in of_source]
    begun = [
        tasks.call(number_part, part, plain, number == 0, results=2)
        for number, part in enumerate(every)
    ]
    found: list[Words] = [tasks.result(words) for words, _ in begun]
    _refuse_blank(given, [len(each) for each in parts], found)
    numbering = Numbering()
    places = [np.fromiter(map(numbering.__getitem__, each.words), np.int64) for each in found]
    limit = settings.rules.max_vocab_size
    if limit is not None and len(numbering) > limit:
        # Which words are forgotten depends on all sentences before, so there is one reader.
        return number_words(partial(_begin, given, settings, digests), rows, settings.rules)
    vocabulary, new = _vocabulary(list(numbering), places, found, settings.rules)
    encoded = [
        tasks.call(encode_part, corpus, ids, results=2)
        for (_, corpus), ids in zip(begun, new, strict=True)
    ]
    for (ids, offsets), words in zip(encoded, found, strict=True):
        rows.extend(tasks.result(ids), tasks.result(offsets), words.raw_words)
    if digests is not None:
        digests += [tasks.result(digest) for digest in hashed]
    return vocabulary


def _with_long_lines_whole(parts: list[Part], tasks: Tasks | Here) -> list[Part]:
    """These parts, but a file with a long line as one."""
    asked = {
        part: tasks.call(has_long_line, part)
        for part in parts
        if part.stop - part.start < part.size  # else it has one reader anyway
    }
    long = {part.path for part, answer in asked.items() if tasks.result(answer)}
    kept = [part for part in parts if part.path not in long or part.start == 0]
    return [replace(part, stop=part.size) if part.path in long else part for part in kept]


def _everywhere(path: PathLike) -> str:
    """A path that means the same in every process."""
    return os.fspath(path) if is_url(path) else os.path.abspath(path)  # noqa: PTH100  # keeps links


def _refuse_blank(given: Sequence[PathLike], lengths: Sequence[int], found: list[Words]) -> None:
    """Refuse a source without text, as one reader does."""
    first = 0
    for source, length in zip(given, lengths, strict=True):
        if not any(words.raw_words for words in found[first : first + length]):
            for _ in read_chunks(source):
                pass
        first += length


def _begin(
    given: Sequence[PathLike], settings: TextSettings, digests: list[bytes] | None
) -> Iterator[Chunk]:
    """Begin to read a text here."""
    if digests is not None:
        digests.clear()
    return settings.chunks(given, digests)


def _vocabulary(
    words: list[str], places: Sequence[IntArray], found: list[Words], rules: VocabularyRules
) -> tuple[Vocabulary, Iterator[AnyArray]]:
    """The vocabulary of all parts, and for each the ids of its numbers."""
    counts = np.zeros(len(words), np.int64)
    for place, each in zip(places, found, strict=True):
        counts[place] += each.counts
    kept = rules.kept(words, counts)
    ids = np.full(len(words), -1, np.int32)
    ids[kept] = np.arange(len(kept), dtype=np.int32)
    vocabulary = Vocabulary([words[place] for place in kept], counts[kept])
    return vocabulary, (ids.take(place) for place in places)


@contextmanager
def reading(
    sources: PathLike | Sequence[PathLike], settings: TextSettings, address: str | None
) -> Iterator[tuple[Reader | None, str]]:
    """Be connected to a cluster meanwhile; give what reads a text there, and what is to be said.

    None reads it where this process has to: standard input; with a tokenizer that is a function of
    yours; where a machine lacks a file, or has another one; and where there is no cluster yet.

    Parameters
    ----------
    sources, settings
        As of `read_parts`.
    address
        As of a training; without one no cluster is begun to read a text.
    """
    ray = cluster.import_ray()
    functions = callable(settings.tokenizer) or ":" in settings.tokenizer
    known = address or os.environ.get("RAY_ADDRESS") or ray.is_initialized()
    files = [] if functions or not known else files_of(sources)
    if not files or "-" in files:
        yield None, ""
        return
    leave = cluster.connect(address, 1)
    try:
        there = [machine.node for machine in cluster.machines()]
        sizes = {_everywhere(path): size_of(path) for path in files}
        told = next(filter(None, cluster.on_each(there, _what_is_missing, sizes)), "")
        if told:
            yield None, f"this machine alone reads the text, as {told}"
        else:
            several = f"{len(there)} machines read" if len(there) > 1 else "the cluster reads"
            yield read_parts, f"{several} the text, {len(cut(files, PART)):,} parts"
    finally:
        if leave:
            ray.shutdown()


def _what_is_missing(sizes: dict[str, int]) -> str:
    """What of some files is not on this machine, or is of another size."""
    for path, size in sizes.items():
        if not is_there(path):
            return f"{path} is not on the machine {_here()}"
        if size_of(path) != size:
            return f"{path} is another file on the machine {_here()}"
    return ""
