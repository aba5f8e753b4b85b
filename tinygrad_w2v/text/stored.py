"""A text's ids in files: made once, mapped into memory, gone when the run ends.

The files stand in a folder of their own, named by a digest of the text and of all that decides
the ids. A run that was stopped leaves them, and its resume, which has the same digest, finds them
and need not cut the text into words again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
import zlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import PathLike, check_writable_folder, file_state, safe_write
from tinygrad_w2v._base.types import AnyArray
from tinygrad_w2v.text.corpus import Corpus
from tinygrad_w2v.text.cutting import VERSION, TextSettings
from tinygrad_w2v.text.numbering import (
    BLOCK,
    CorpusRows,
    number_words,
)
from tinygrad_w2v.text.plan import plan_corpus
from tinygrad_w2v.text.reading import files_of
from tinygrad_w2v.text.rows import GrowingRow, map_row, unwritable
from tinygrad_w2v.text.vocabulary import Vocabulary

_ROWS = {"ids": "<i4", "offsets": "<i8"}
_LEFT_OVER = 24 * 3600.0


class StoredCorpus:
    """A vocabulary and a corpus whose rows are mapped from files; see :func:`open_corpus`.

    Attributes
    ----------
    vocabulary : Vocabulary
    corpus : Corpus
    digest : str or None
        SHA-256 of the text's files; None for standard input.
    folder : Path
        Where the rows stand.
    reused : bool
        The rows were there already.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        corpus: Corpus,
        digest: str | None,
        folder: Path,
        reused: bool,
        keep: bool,
    ) -> None:
        self.vocabulary = vocabulary
        self.corpus = corpus
        self.digest = digest
        self.folder = folder
        self.reused = reused
        self._keep = keep

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is None or not self._keep:
            self.remove()

    def remove(self) -> None:
        """Remove the files; arrays that are still in use stay readable where the system allows."""
        shutil.rmtree(self.folder, ignore_errors=True)


def open_corpus(
    sources: PathLike | Sequence[PathLike],
    settings: TextSettings | None = None,
    folder: PathLike | None = None,
    *,
    keep: bool = False,
) -> StoredCorpus:
    r"""Make the vocabulary and ids of text files, or find those of a run that was stopped.

    Parameters
    ----------
    sources
        As in :func:`~tinygrad_w2v.text.reading.read_lines`.
    settings
        How text becomes ids.
    folder
        Where the ids' files are made, when it has the space; the system's folder for temporary
        files by default.
    keep
        Leave the files for a resume when the ``with`` block ends by an exception. They always
        stay when the process is killed, and always go when the block ends as it should.

    Returns
    -------
    StoredCorpus
        A context manager that removes the files at its end.

    Raises
    ------
    InputError
        When the text or the folder cannot be used, or the disk has too little space.

    Examples
    --------
    >>> from tinygrad_w2v.text import numbering
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "say.txt")
    ...     _ = path.write_text("you say\nso you say\n", encoding="utf-8")
    ...     rules = numbering.VocabularyRules(min_count=2)
    ...     with open_corpus(path, TextSettings(rules=rules), folder) as text:
    ...         print(text.vocabulary.words, text.corpus.ids)
    ['you', 'say'] [0 1 0 1]
    """
    settings = settings or TextSettings()
    place = check_writable_folder(folder or tempfile.gettempdir())
    _remove_leftovers(place)
    before = _states(sources)
    digest = text_digest(sources)
    name = settings.name()
    target = None
    if digest is not None and name is not None:
        key = hashlib.sha256(f"{digest} {name}".encode()).hexdigest()
        target = place / f"w2v-corpus-{key[:32]}"
        found = _load(target)
        if found is not None:
            return StoredCorpus(*found, digest, target, True, keep)
    plan = plan_corpus(sources, settings, place)
    if plan is not None:
        plan.check_disk()
    try:
        made = Path(tempfile.mkdtemp(prefix="w2v-corpus-", suffix=".part", dir=place))
    except OSError as error:
        raise unwritable(str(place), error) from error
    try:
        _make(made, sources, settings)
        if _states(sources) != before:  # the ids would stand under the digest of another text
            raise InputError(
                "the text was changed while it was read; start again when nobody writes to it"
            )
        if target is not None:
            shutil.rmtree(target, ignore_errors=True)
            # Another run may just have made the same: then both have their own.
            with suppress(OSError):
                made = made.rename(target)
        found = _load(made)
        if found is None:
            raise InputError(f"{made} was changed while it was made; start again")
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
    return StoredCorpus(*found, digest, made, False, keep)


def text_digest(sources: PathLike | Sequence[PathLike]) -> str | None:
    """Return the SHA-256 of text files, as they are on the disk and in their order.

    Parameters
    ----------
    sources
        As in :func:`~tinygrad_w2v.text.reading.read_lines`.

    Returns
    -------
    str or None
        None when standard input is among them, which can be read only once.

    Raises
    ------
    InputError
        When a file cannot be read.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "say.txt")
    ...     _ = path.write_bytes(b"you say")
    ...     text_digest(path)[:8], text_digest([path, path])[:8]
    ('61541506', 'b310be45')
    """
    total = hashlib.sha256()
    for path in files_of(sources):
        if path == "-":
            return None
        try:
            with Path(path).open("rb") as file:
                total.update(hashlib.file_digest(file, "sha256").digest())
        except FileNotFoundError as error:
            raise InputError(f"{path} does not exist; check the path") from error
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
    return total.hexdigest()


def _states(sources: PathLike | Sequence[PathLike]) -> list[object]:
    """The files of a text with their sizes and dates."""
    return [(path, None if path == "-" else file_state(path)) for path in files_of(sources)]


def _remove_leftovers(place: Path) -> None:
    """Remove what a process left that was killed while it read, a day ago or more."""
    for folder in place.glob("w2v-corpus-*.part"):
        with suppress(OSError):
            if _is_ours(folder) and time.time() - folder.stat().st_mtime > _LEFT_OVER:
                shutil.rmtree(folder, ignore_errors=True)


def _is_ours(folder: Path) -> bool:
    """Whether this user made it: in a folder for all, others could put files of any name."""
    return not hasattr(os, "getuid") or folder.stat().st_uid == os.getuid()


def _make(folder: Path, sources: PathLike | Sequence[PathLike], settings: TextSettings) -> None:
    """Read a text and write its files into a folder."""
    try:
        with (folder / "ids").open("w+b") as ids, (folder / "offsets").open("w+b") as offsets:
            rows = CorpusRows(GrowingRow(_ROWS["ids"], ids), GrowingRow(_ROWS["offsets"], offsets))
            once = "-" in files_of(sources)
            vocabulary = number_words(
                lambda: settings.chunks(sources), rows, settings.rules, once=once
            )
            facts = {
                "version": VERSION,
                "raw_words": rows.raw_words,
                "ids": len(rows.ids),
                "offsets": len(rows.offsets),
                "crc32": [_checksum(rows.ids.array()), _checksum(rows.offsets.array())],
            }
    except OSError as error:
        raise unwritable(str(folder), error) from error
    vocabulary.save(folder / "vocabulary.json")
    # Written last: with this file, the others are whole.
    with safe_write(folder / "corpus.json") as file:
        json.dump(facts, file)


def _load(folder: Path) -> tuple[Vocabulary, Corpus] | None:
    """Return what stands in a folder, or None when it is not there, not whole, or not ours."""
    try:
        if not _is_ours(folder):
            return None
        facts: dict[str, Any] = json.loads((folder / "corpus.json").read_text("utf-8"))
        rows = [_load_row(folder, name, int(facts[name])) for name in _ROWS]
        if facts["version"] != VERSION or [_checksum(row) for row in rows] != facts["crc32"]:
            return None
        vocabulary = Vocabulary.load(folder / "vocabulary.json")
        corpus = Corpus(rows[0], rows[1], int(facts["raw_words"]))
    except (OSError, ValueError, KeyError, TypeError, ArithmeticError, RecursionError):
        return None
    return (vocabulary, corpus) if _fit(vocabulary, corpus) else None


def _fit(vocabulary: Vocabulary, corpus: Corpus) -> bool:
    """Whether ids are those of words and sentences follow each other, on which kernels rely."""
    ids, offsets = corpus.ids, corpus.offsets
    if not len(offsets) or offsets[0] != 0 or offsets[-1] != len(ids):
        return False
    for start in range(0, len(ids), BLOCK):
        part = ids[start : start + BLOCK]
        if part.min() < 0 or part.max() >= len(vocabulary):
            return False
    return all(
        (np.diff(offsets[start : start + BLOCK + 1]) >= 0).all()
        for start in range(0, len(offsets), BLOCK)
    )


def _load_row(folder: Path, name: str, length: int) -> AnyArray:
    dtype = np.dtype(_ROWS[name])
    if (folder / name).stat().st_size != length * dtype.itemsize:
        raise ValueError(f"{name} has another size")
    return map_row(folder / name, dtype, length)


def _checksum(row: AnyArray) -> int:
    total = 0
    for start in range(0, len(row), BLOCK):
        total = zlib.crc32(np.ascontiguousarray(row[start : start + BLOCK]).data, total)
    return total
