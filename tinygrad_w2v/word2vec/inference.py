"""Vectors of new documents: their own rows are trained, and the tables of the model stay.

What a document is drawn by is a hash of its words. So its vector depends on nothing but the model
and these words: not on the documents that are asked about with it, nor on their order, nor on how
many threads compute. The engine is made once, with a table for `AT_ONCE` documents.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise, repeat
from typing import Any

import numpy as np

from tinygrad_w2v._base import hashing
from tinygrad_w2v._base.types import AnyArray, FloatArray, IntArray
from tinygrad_w2v.models.paragraph_vectors import DistributedBagOfWords, ParagraphVectors
from tinygrad_w2v.nn import Parameter
from tinygrad_w2v.sources.columns import Ragged
from tinygrad_w2v.sources.documents import Documents, Tags
from tinygrad_w2v.text.corpus import Corpus
from tinygrad_w2v.text.vocabulary import Vocabulary
from tinygrad_w2v.training.engines import Engine, EngineOptions, choose_engine

AT_ONCE = 1024
STRETCH = 4096  # words that are drawn together
BATCH = 32  # windows in a batch of the NumPy engine
FOR_THREADS = 20_000  # words, over all epochs, that are worth a thread of their own


class Inference:
    """A model whose tables are frozen, with rows for new documents.

    Parameters
    ----------
    model : ParagraphVectors
        The trained one; its tables are shared.
    vocabulary : Vocabulary
        The words.
    source : Documents
        How windows are drawn; its documents do not matter.
    options : EngineOptions
        What computes.
    seed : int
        Of the first vectors.

    Raises
    ------
    CompileError, MissingDependencyError
        When the compiled engine is asked for, and cannot be.
    """

    def __init__(
        self,
        model: ParagraphVectors,
        vocabulary: Vocabulary,
        source: Documents,
        options: EngineOptions,
        seed: int,
    ) -> None:
        self.vocabulary, self.seed, self.workers = vocabulary, seed, options.workers
        self.model = copy.copy(model)
        self.model.w_in = Parameter(model.w_in.data, frozen=True)
        self.model.w_out = Parameter(model.w_out.data, frozen=True)
        self.model.w_doc = Parameter(np.zeros((AT_ONCE, model.w_doc.shape[1]), np.float32))
        if isinstance(self.model, DistributedBagOfWords):
            self.model.words = False  # they would learn from each other only
        source.batch_size = min(source.batch_size, BATCH)
        self.source = source
        asked = EngineOptions(options.engine, workers=1)
        self.engine: Engine = choose_engine(asked, self.model, source)
        self.compiled = self.engine.name == "compiled"
        if self.compiled:
            run: Any = self.engine
            run.stretch = STRETCH
            run.compiled.kernel.pad_tables()

    def vectors(
        self, documents: Sequence[Iterable[str]], alpha: float, min_alpha: float, epochs: int
    ) -> FloatArray:
        """Return the vectors of documents, ``(n, dim)``.

        Parameters
        ----------
        documents : list of lists of words
            Unknown words are left out; of a document without a known one the vector is zero.
        alpha, min_alpha
            The rates of the first and of the last epoch; it falls evenly.
        epochs
            How often each is read.
        """
        rates = np.linspace(alpha, min_alpha, epochs).tolist()
        corpus = _encoded(documents, self.vocabulary)
        rows = [np.zeros((0, self.model.w_doc.shape[1]), np.float32)]
        for first in range(0, corpus.sentences, AT_ONCE):
            begins = corpus.offsets[first : first + AT_ONCE + 1]
            ids = corpus.ids[begins[0] : begins[-1]]
            rows.append(self._part(Corpus(ids, begins - begins[0], len(ids)), rates))
        return np.concatenate(rows)

    def _part(self, corpus: Corpus, rates: list[float]) -> FloatArray:
        """Documents as many as there are rows."""
        n, table = corpus.sentences, self.model.w_doc.data
        numbers = _numbers(corpus)
        table[:n] = _first_rows(numbers, table.shape[1], self.seed)
        if self.compiled:
            self._run(self._over(corpus, np.arange(n), numbers), rates)
        else:
            for row in range(n):
                ids = corpus.sentence(row)
                one = Corpus(ids, np.array([0, len(ids)]), len(ids))
                self._run(self._over(one, np.array([row]), numbers[row : row + 1]), rates)
        table[:n][np.diff(corpus.offsets) == 0] = 0
        found: FloatArray = table[:n].copy()
        return found

    def _over(self, corpus: Corpus, rows: IntArray, numbers: AnyArray) -> Documents:
        return self.source.over(corpus, Ragged(rows, np.arange(len(rows) + 1), 1), numbers)

    def _run(self, source: Documents, rates: list[float]) -> None:
        """Train the rows of some documents, which no two threads share."""
        engine: Any = self.engine
        engine.source = source
        if not source.units:
            return
        if not self.compiled:
            for epoch, rate in enumerate(rates):
                for batch, _ in engine.batches(epoch):
                    engine.step(batch, rate)
            return
        from tinygrad_w2v.training.engines.compiled import Round

        def train(part: tuple[int, int]) -> None:
            starts = range(part[0], part[1], STRETCH)
            stretches = tuple((start, min(start + STRETCH, part[1])) for start in starts)
            for epoch, rate in enumerate(rates):
                engine.step(Round(epoch, 0, stretches), rate)

        offsets = source.windows.corpus.offsets
        threads = min(self.workers, source.units * len(rates) // FOR_THREADS)
        if threads < 2:
            train((0, source.units))
            return
        wanted = [source.units * thread // threads for thread in range(threads + 1)]
        ends = offsets[np.searchsorted(offsets, wanted)].tolist()
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(train, pairwise(ends)))


def source_for(
    vocabulary: Vocabulary, settings: Any, contexts: str | None, numbers: int = 1
) -> Documents:
    """Return a source for new documents, to be drawn `over` them.

    Parameters
    ----------
    vocabulary
        The words.
    settings : WindowSettings
        How windows are drawn.
    contexts
        As in `Documents`.
    numbers
        How many tags each is to have.
    """
    ids = np.arange(2, dtype=np.int32) % len(vocabulary)
    corpus = Corpus(ids, np.array([0, 2]), 2)
    tags = Tags(range(AT_ONCE), Ragged(np.arange(numbers), np.array([0, numbers]), numbers))
    number = np.zeros(1, np.uint64)
    return Documents(
        (vocabulary, corpus), tags, settings, contexts=contexts, alone=True, numbers=number
    )


def _encoded(documents: Sequence[Iterable[str]], vocabulary: Vocabulary) -> Corpus:
    known = vocabulary.word_to_id
    each = [[id_ for id_ in map(known.get, words, repeat(-1)) if id_ >= 0] for words in documents]
    offsets = np.concatenate([[0], np.cumsum([len(ids) for ids in each])]).astype(np.int64)
    flat = np.fromiter((id_ for ids in each for id_ in ids), np.int32, int(offsets[-1]))
    return Corpus(flat, offsets, len(flat))


def _numbers(corpus: Corpus) -> AnyArray:
    """What each document is drawn by: a hash of its words."""
    digests = (
        hashlib.blake2b(np.ascontiguousarray(corpus.sentence(row)).data, digest_size=8).digest()
        for row in range(corpus.sentences)
    )
    return np.frombuffer(b"".join(digests), np.uint64)


def _first_rows(numbers: AnyArray, dim: int, seed: int) -> FloatArray:
    """Rows evenly in (-0.5, 0.5) / dim, as new documents begin in gensim."""
    key = hashing.stream_key(seed, 0, hashing.FIRST_NUMBERS)
    place, none = np.arange(dim, dtype=np.uint64), np.zeros(1, np.uint64)
    uniform = hashing.uniform(hashing.draw(key, numbers[:, None], place, none))
    rows: FloatArray = ((uniform - 0.5) / dim).astype(np.float32)
    return rows
