r"""fastText's ``.bin``: a whole model, read and written byte for byte.

All numbers are little-endian, one part after the other, as `FastText::saveModel` of fastText 0.9.3
writes them::

    magic, version                        int32
    settings                              12 x int32, float64
    words and labels, words, labels       int32
    tokens, pruned n-grams (-1: not)      int64
    for each word, then each label:       its bytes, a zero, its count (int64), 0 or 1 (int8)
    quantised or not                      int8
    input:  rows, dim, numbers            int64, int64, float32   a row a word, then a row a bucket
    quantised or not                      int8
    output: rows, dim, numbers            int64, int64, float32

Nothing of a size that a file promises is allocated before it is held against the file's own size.
"""

from __future__ import annotations

import struct
from typing import Any, NoReturn

import numpy as np

from tinygrad_w2v._base.compressed import open_write
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import PathLike
from tinygrad_w2v._base.limits import LONGEST_WORD
from tinygrad_w2v._base.memory import require_memory
from tinygrad_w2v._base.types import FloatArray, IntArray
from tinygrad_w2v.vectors.blocks import rows_in_block, shown
from tinygrad_w2v.vectors.fasttext_file import (
    LOSSES,
    MODELS,
    VERSIONS,
    FastTextFile,
    FastTextSettingsOfFile,
    encode,
    wrong_parts,
    wrong_setting,
)
from tinygrad_w2v.vectors.source import FASTTEXT, Source, malformed, open_source
from tinygrad_w2v.vectors.table import first_non_finite_row

__all__ = [
    "FastTextFile",
    "FastTextSettingsOfFile",
    "read_fasttext_binary",
    "write_fasttext_binary",
]

_HEAD = struct.Struct("<12id3i2q")
_ENTRY = struct.Struct("<qb")
_SIZES = struct.Struct("<b2q")
_FLOAT32 = np.dtype("<f4")
_CHUNK = 1 << 20
_QUANTISED = (
    "is a quantised model (.ftz), which fastText makes of classifiers; only whole ones are read: "
    "use the .bin that it was made of"
)


def read_fasttext_binary(path: PathLike, mmap: bool = False) -> FastTextFile:
    """Read a model that fastText, gensim or `write_fasttext_binary` wrote.

    Parameters
    ----------
    path : path
        The file, plain or compressed.
    mmap : bool
        Map the two tables, read-only, instead of reading them; they are not looked through for
        NaN then, and are not aligned. Not of a compressed file.

    Raises
    ------
    InputError
        With the place, if the file is cut off, damaged, quantised, or of another version; if a
        word occurs twice or a table holds NaN or infinity.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> settings = FastTextSettingsOfFile(2, 5, 5, 1, 5, 1, "ns", "cbow", 3, 3, 6, 100, 1e-4)
    >>> zeros = np.zeros((4, 2), np.float32)
    >>> file = FastTextFile(settings, ["you"], np.array([7]), 9, zeros, zeros[:1])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_fasttext_binary(Path(folder, "model.bin"), file)
    ...     again = read_fasttext_binary(Path(folder, "model.bin"))
    >>> again.settings == settings, again.words, again.counts, again.input.shape
    (True, ['you'], array([7]), (4, 2))
    """
    with open_source(path) as source:
        return _Parser(source, mmap and source.size is not None).file()


class _Parser:
    """Takes a file's parts one after the other, and knows at which byte it is."""

    def __init__(self, source: Source, mmap: bool) -> None:
        self._source = source
        self._mmap = mmap
        self._at = 0  # the first byte that is not yet parsed
        self._ahead = b""  # bytes from there on that are read already

    def file(self) -> FastTextFile:
        magic, version = struct.unpack("<4si", self._take(8, "the first numbers"))
        if magic != FASTTEXT:
            self._fail("is no model of fastText: it begins otherwise", -8)
        if version not in VERSIONS:
            both = " and ".join(map(str, VERSIONS))
            self._fail(f"is of version {version} of fastText's format; {both} are read", -4)
        *numbers, size, words, labels, tokens, pruned = _HEAD.unpack(
            self._take(_HEAD.size, "the settings")
        )
        settings = self._settings(numbers)
        for what, number in {"entries": size, "labels": labels, "tokens": tokens}.items():
            if number < 0:
                self._fail(f"the number of {what} is {number}")
        if words < 1 or words + labels != size:
            self._fail(f"{size} entries are not {words} words and {labels} labels, a word at least")
        if pruned != -1:
            self._fail(_QUANTISED)
        classifier = settings.model == "supervised"
        if classifier and not labels:
            self._fail("is a classifier without labels")
        known, counts = self._entries(words, 0, "word")
        told, label_counts = self._entries(labels, 1, "label")
        dim, buckets = settings.dim, settings.buckets
        table = self._table(words + buckets, dim, "input", f"{words} words, {buckets} buckets")
        outputs, kind = (labels, "labels") if classifier else (words, "words")
        output = self._table(outputs, dim, "output", f"{outputs} {kind}")
        if self._ahead or self._source.stream.read(1):
            self._fail("the file goes on after the model's end")
        return FastTextFile(
            settings, known, counts, tokens, table, output, told, label_counts, version
        )

    def _settings(self, numbers: list[float]) -> FastTextSettingsOfFile:
        loss, model = (int(number) for number in numbers[6:8])
        for what, number, names in (("loss", loss, LOSSES), ("model", model, MODELS)):
            if not 1 <= number <= len(names):
                self._fail(f"the {what} is number {number} of {len(names)}: {', '.join(names)}")
        named = [*numbers[:6], LOSSES[loss - 1], MODELS[model - 1], *numbers[8:]]
        settings = FastTextSettingsOfFile(*named)  # type: ignore[arg-type]
        problem = wrong_setting(settings)
        if problem is not None:
            self._fail(problem)
        return settings

    def _entries(self, number: int, kind: int, what: str) -> tuple[list[str], IntArray]:
        """Return the words or the labels, and their counts."""
        least = number * (1 + _ENTRY.size)
        if self._source.size is not None and least > self._source.size - self._at:
            self._fail(
                f"{number} {what}s take {least} bytes or more; the file goes on for "
                f"{self._source.size - self._at}"
            )
        index: dict[str, int] = {}
        counts: list[int] = []
        data, at = self._ahead, 0
        while len(index) < number:
            end = data.find(b"\0", at, at + LONGEST_WORD + 1)
            if end < 0 or end + 1 + _ENTRY.size > len(data):
                data, at, self._at = data[at:], 0, self._at + at
                if end < 0 and len(data) > LONGEST_WORD:
                    self._fail(f"no zero ends a {what} within {LONGEST_WORD} bytes")
                more = self._source.stream.read(_CHUNK)
                if not more:
                    self._fail(f"the file ends in {what} {len(index) + 1} of {number}")
                data += more
                continue
            word = data[at:end].decode("utf-8", "surrogateescape")
            count, found = _ENTRY.unpack_from(data, end + 1)
            row = len(index)
            problem = ""
            if count < 0:
                problem = f"has count {count}"
            elif found != kind:
                problem = f"is of kind {found}, not {kind}"
            elif index.setdefault(word, row) != row:
                problem = f"occurs again, first as {what} {index[word] + 1}"
            if problem:
                self._at += at
                self._fail(f"{what} {row + 1}, {shown(word)}, {problem}")
            counts.append(count)
            at = end + 1 + _ENTRY.size
        self._at += at
        self._ahead = data[at:]
        return list(index), np.array(counts, np.int64)

    def _table(self, rows: int, dim: int, what: str, meant: str) -> FloatArray:
        """Return a table that is to have that shape; `meant` says why."""
        quantised, *shape = _SIZES.unpack(self._take(_SIZES.size, f"the sizes of the {what} table"))
        if quantised:
            self._fail(_QUANTISED if quantised == 1 else f"byte {quantised} where 0 or 1 stands")
        if shape != [rows, dim]:
            self._fail(
                f"the {what} table has {shape[0]} rows of {shape[1]} numbers; there are {meant} "
                f"and dimension {dim}, which are {rows} of {dim}",
                -16,
            )
        needed = rows * dim * _FLOAT32.itemsize
        begin, size = self._at, self._source.size
        if size is not None and needed > size - begin:
            self._fail(
                f"the {what} table takes {needed} bytes; the file goes on for {size - begin}"
            )
        if self._mmap:
            stream: Any = self._source.stream
            mapped: FloatArray = np.memmap(stream, _FLOAT32, "r", begin, (rows, dim))
            self._at += needed
            self._ahead = b""
            stream.seek(self._at)
            return mapped
        require_memory(
            needed,
            f"{self._source.path}: {rows:,} rows of {dim:,} numbers of the {what} table",
            "free some, or take a model with fewer buckets or dimensions",
        )
        # A compressed file may promise anything: there, room grows with what is read.
        table = np.empty(
            (rows if size is not None else min(rows, rows_in_block(dim)), dim), _FLOAT32
        )
        done = 0
        while done < rows:
            if done == len(table):
                table.resize((min(2 * done, rows), dim), refcheck=False)
            part = table[done : done + rows_in_block(dim)]
            self._fill(part.view(np.uint8).data.cast("B"), what)
            bad = first_non_finite_row(part)
            if bad is not None:
                self._at -= (len(part) - bad) * dim * _FLOAT32.itemsize
                self._fail(f"row {done + bad} of the {what} table holds NaN or infinity")
            done += len(part)
        return table.astype(np.float32, copy=False)

    def _take(self, number: int, what: str) -> bytes:
        taken = bytearray(number)
        self._fill(memoryview(taken), what)
        return bytes(taken)

    def _fill(self, room: memoryview, what: str) -> None:
        ready = min(len(self._ahead), len(room))
        room[:ready] = self._ahead[:ready]
        self._ahead = self._ahead[ready:]
        done = ready
        while done < len(room):
            number = self._source.stream.readinto(room[done:])  # type: ignore[attr-defined]
            if not number:
                self._at += done
                self._fail(f"the file ends in {what}: {len(room) - done} bytes are missing")
            done += number
        self._at += done

    def _fail(self, problem: str, offset: int = 0) -> NoReturn:
        malformed(self._source.path, problem, byte=self._at + offset)


def write_fasttext_binary(path: PathLike, file: FastTextFile) -> None:
    """Write a model for fastText and gensim; what was read is written with the same bytes.

    Parameters
    ----------
    path : path
        The target; compressed if its name says so, which gensim reads and fastText does not.
    file : FastTextFile
        The model.

    Raises
    ------
    InputError
        If the parts do not fit each other, or the format cannot hold a word or a number.
    """
    settings = file.settings
    problem = wrong_setting(settings) or wrong_parts(file)
    if problem is not None:
        raise InputError(f"cannot write {path}: {problem}")
    numbers = list(settings)
    numbers[6:8] = 1 + LOSSES.index(settings.loss), 1 + MODELS.index(settings.model)
    words, labels = len(file.words), len(file.labels)
    with open_write(path) as stream:
        stream.write(FASTTEXT + struct.pack("<i", file.version))
        stream.write(_HEAD.pack(*numbers, words + labels, words, labels, file.tokens, -1))
        for kind, (names, counts) in enumerate(
            ((file.words, file.counts), (file.labels, file.label_counts))
        ):
            for start in range(0, len(names), _CHUNK >> 4):
                part = slice(start, start + (_CHUNK >> 4))
                stream.write(
                    b"".join(
                        encode(name) + b"\0" + _ENTRY.pack(count, kind)
                        for name, count in zip(names[part], counts[part].tolist(), strict=True)
                    )
                )
        for table in (file.input, file.output):
            stream.write(_SIZES.pack(0, *table.shape))
            step = rows_in_block(settings.dim)
            for start in range(0, len(table), step):
                stream.write(table[start : start + step].astype(_FLOAT32).tobytes())
