"""A text's ids in files: made once, mapped into memory, removed when the run ends.

The files are in a folder of their own, named after the text's files (their paths, sizes, dates)
and all settings that decide the ids. A run that was stopped leaves the folder. Its resume finds it
and need not read the text again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import PathLike, check_writable_folder, safe_write
from tinygrad_w2v._base.json_object import json_object
from tinygrad_w2v._base.types import AnyArray
from tinygrad_w2v.text.corpus import Corpus
from tinygrad_w2v.text.numbering import Chunk, number_words
from tinygrad_w2v.text.plan import CorpusPlan, plan_corpus
from tinygrad_w2v.text.reading import files_of, unreadable
from tinygrad_w2v.text.rows import CorpusRows, GrowingRow, map_row, unwritable
from tinygrad_w2v.text.settings import VERSION, TextSettings
from tinygrad_w2v.text.stores import state_of
from tinygrad_w2v.text.vocabulary import Vocabulary

# Writes the ids of a text, and the digests of its files, and returns its vocabulary.
Reader = Callable[
    [PathLike | Sequence[PathLike], TextSettings, CorpusRows, list[bytes] | None], Vocabulary
]

_ROWS = {"ids": "<i4", "offsets": "<i8"}
_LEFT_OVER = 24 * 3600.0


@dataclass
class StoredCorpus:
    """A vocabulary and a corpus whose rows are mapped from files; see :func:`open_corpus`.

    Attributes
    ----------
    vocabulary, corpus : Vocabulary, Corpus
        What was read.
    digest : str or None
        SHA-256 of the digests of the text's files; None for standard input.
    corpus_digest : str
        That of :meth:`Corpus.digest`.
    folder : Path
        Where the rows are.
    reused, keep : bool
        Whether the rows were there already, and stay when the ``with`` block ends by an exception.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "say.txt")
    ...     _ = path.write_text("you say " * 5, encoding="utf-8")
    ...     text = open_corpus(path, folder=folder)
    ...     print(text.reused, text.vocabulary.words[0], text.corpus.words)
    ...     text.remove()
    False you 10
    """

    vocabulary: Vocabulary
    corpus: Corpus
    digest: str | None
    corpus_digest: str
    folder: Path
    reused: bool = False
    keep: bool = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is None or not self.keep:
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
    plan: CorpusPlan | None = None,
    read: Reader | None = None,
) -> StoredCorpus:
    r"""Make the vocabulary and ids of text files, or find those of a run that was stopped.

    Parameters
    ----------
    sources
        As in :func:`~tinygrad_w2v.text.reading.read_lines`.
    settings
        How text becomes ids.
    folder
        Where the ids' files are made, if the disk has the space; the system's folder for
        temporary files by default.
    keep
        Leave the files for a resume when the ``with`` block ends by an exception. They always
        stay when the process is killed, and are always removed when the block ends normally.
    plan
        The plan of this text, if it was made already.
    read
        Who reads it; this process by default.

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
    >>> from tinygrad_w2v.text.rules import VocabularyRules
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "say.txt")
    ...     _ = path.write_text("you say\nso you say\n", encoding="utf-8")
    ...     rules = VocabularyRules(min_count=2)
    ...     with open_corpus(path, TextSettings(rules=rules), folder) as text:
    ...         print(text.vocabulary.words, text.corpus.ids)
    ['you', 'say'] [0 1 0 1]
    """
    settings = settings or TextSettings()
    place = check_writable_folder(folder or tempfile.gettempdir())
    _remove_leftovers(place)
    states, name = _states(sources), settings.name()
    target = None
    if states is not None and name is not None:
        key = hashlib.sha256(f"{states} {name}".encode("utf-8", "surrogatepass")).hexdigest()
        target = place / f"w2v-corpus-{key[:32]}"
        stored = _load(target)
        if stored is not None:
            return replace(stored, reused=True, keep=keep)
    plan = plan or plan_corpus(sources, settings, place)
    if plan is not None:
        plan.check_disk()
    try:
        made = Path(tempfile.mkdtemp(prefix="w2v-corpus-", suffix=".part", dir=place))
    except OSError as error:
        raise unwritable(str(place), error) from error
    try:
        vocabulary, facts = _make(made, sources, settings, read)
        if _states(sources) != states:  # the ids would be kept under the name of another text
            raise InputError(
                "the text was changed while it was read; start again when nobody writes to it"
            )
        if target is not None:
            shutil.rmtree(target, ignore_errors=True)
            # Another run may just have made the same: then each keeps its own.
            with suppress(OSError):
                made = made.rename(target)
        # Mapped only here: not every system renames a folder of files that are mapped.
        return replace(_stored(made, vocabulary, facts), keep=keep)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise


def _states(sources: PathLike | Sequence[PathLike]) -> list[tuple[Any, ...]] | None:
    """What tells the files of a text from others; None for standard input, which is no file."""
    states = []
    for path in files_of(sources):
        if path == "-":
            return None
        try:
            states.append(state_of(path))
        except OSError as error:
            raise unreadable(path, error) from error
    return states


def _remove_leftovers(place: Path) -> None:
    """Remove what a process left that was killed while it read, a day ago or more."""
    for folder in place.glob("w2v-corpus-*.part"):
        with suppress(OSError):
            if _is_ours(folder) and time.time() - folder.stat().st_mtime > _LEFT_OVER:
                shutil.rmtree(folder, ignore_errors=True)


def _is_ours(folder: Path) -> bool:
    """Whether this user made it: in a folder for all, others could put files of any name."""
    return not hasattr(os, "getuid") or folder.stat().st_uid == os.getuid()


def _make(
    folder: Path,
    sources: PathLike | Sequence[PathLike],
    settings: TextSettings,
    read: Reader | None,
) -> tuple[Vocabulary, dict[str, Any]]:
    """Read a text and write its files into a folder; return what they say."""
    digests: list[bytes] = []

    def begin() -> Iterator[Chunk]:
        digests.clear()
        return settings.chunks(sources, digests)

    once = "-" in files_of(sources)
    try:
        with (folder / "ids").open("w+b") as ids, (folder / "offsets").open("w+b") as offsets:
            rows = CorpusRows(GrowingRow(_ROWS["ids"], ids), GrowingRow(_ROWS["offsets"], offsets))
            if read is None:
                vocabulary = number_words(begin, rows, settings.rules, once)
            else:
                vocabulary = read(sources, settings, rows, digests)
            lengths = {"ids": len(rows.ids), "offsets": len(rows.offsets)}
    except OSError as error:
        raise unwritable(str(folder), error) from error
    corpus = Corpus(*_rows(folder, lengths), raw_words=rows.raw_words)
    facts = {
        "version": VERSION,
        **lengths,
        "raw_words": corpus.raw_words,
        "digest": None if once else hashlib.sha256(b"".join(digests)).hexdigest(),
        "corpus_digest": corpus.digest(vocabulary),
    }
    vocabulary.save(folder / "vocabulary.json")
    # Written last: when this file exists, the others are complete.
    with safe_write(folder / "corpus.json") as file:
        json.dump(facts, file)
    return vocabulary, facts


def _load(folder: Path) -> StoredCorpus | None:
    """Return what is in a folder, or None when it is not there, incomplete, damaged or not ours."""
    try:
        if not _is_ours(folder):
            return None
        facts = json_object((folder / "corpus.json").read_bytes())
        if facts["version"] != VERSION:
            return None
        text = _stored(folder, Vocabulary.load(folder / "vocabulary.json"), facts)
        # Of all ids and words: kernels rely on what the ids are.
        return text if text.corpus.digest(text.vocabulary) == text.corpus_digest else None
    except (OSError, ValueError, KeyError, TypeError, ArithmeticError):
        return None


def _stored(folder: Path, vocabulary: Vocabulary, facts: dict[str, Any]) -> StoredCorpus:
    corpus = Corpus(*_rows(folder, facts), raw_words=int(facts["raw_words"]))
    return StoredCorpus(vocabulary, corpus, facts["digest"], facts["corpus_digest"], folder)


def _rows(folder: Path, lengths: dict[str, Any]) -> tuple[AnyArray, AnyArray]:
    """Map the rows of a folder; ValueError when one is not as long as it should be."""
    rows = []
    for name, kind in _ROWS.items():
        dtype, length = np.dtype(kind), int(lengths[name])
        if (folder / name).stat().st_size != length * dtype.itemsize:
            raise ValueError(f"{name} has another size")
        rows.append(map_row(folder / name, dtype, length))
    return rows[0], rows[1]
