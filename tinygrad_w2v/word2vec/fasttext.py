"""`FastText`: word vectors that are made of n-grams, so that unseen words have one, too.

It is `Word2Vec` with another table: the run, the files and the methods are the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, Self

import numpy as np

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import PathLike
from tinygrad_w2v._base.types import AnyArray, FloatArray, IntArray
from tinygrad_w2v.text.ngrams import bucket_of
from tinygrad_w2v.text.vocabulary import Vocabulary
from tinygrad_w2v.vectors.fasttext_binary import (
    FastTextFile,
    FastTextSettingsOfFile,
    read_fasttext_binary,
    write_fasttext_binary,
)
from tinygrad_w2v.vectors.subword_vectors import SubwordVectors, require_utf8
from tinygrad_w2v.vectors.word_vectors import WordVectors
from tinygrad_w2v.word2vec.kept_model import pickled
from tinygrad_w2v.word2vec.keywords import Keywords
from tinygrad_w2v.word2vec.subword_settings import SubwordSettings
from tinygrad_w2v.word2vec.word2vec import Word2Vec


class FastText(Word2Vec):
    """Learn vectors of words and of their n-grams; gensim's class, names and defaults.

    A word is the mean of its own row and the rows of its n-grams of characters, which are hashed
    into buckets, as in fastText; a word that was never seen is the mean of its n-grams. All else
    is as in `Word2Vec`: methods, attributes, engines, what is logged and what is refused.

    Parameters
    ----------
    sentences, corpus_file, vector_size, window, min_count, max_vocab_size, sample, seed, workers
        As in `Word2Vec`.
    sg : {0, 1}
        1: skip-gram, else CBOW, which predicts a word by the mean over all parts of all contexts.
    hs, negative
        As in `Word2Vec`.
    alpha, min_alpha : float
        The first and the last learning rate; by default 0.025.
    word_ngrams : {1}
        fastText's classifiers alone have more.
    ns_exponent, epochs, trim_rule, callbacks, max_final_vocab, shrink_windows
        As in `Word2Vec`.
    cbow_mean : {0, 1}
        0: the sum of the parts predicts a word, not their mean.
    min_n, max_n : int
        The characters of an n-gram, the marks ``<`` and ``>`` at a word's ends included;
        ``max_n=0``: no n-grams.
    bucket : int
        How many rows n-grams share. They are most of the memory: 2,000,000 of 100 numbers take
        0.9 GB; what a training will take is logged first.
    hashfxn, null_word, sorted_vocab, batch_words
        Of gensim's; without effect here, and a warning says so.
    engine, deterministic, shards, ray_address
        As in `Word2Vec`.
    heldout, early_stopping, checkpoint, checkpoint_minutes, resume
        As in `Word2Vec`.
    shared_negatives : bool
        True: the pairs of a skip-gram window share its negative words, and the parts of its
        centre are read once for all, which takes half the time; analogies of forms, such as
        plurals, are worse then. By default all is drawn for each pair, as in fastText.

    Attributes
    ----------
    wv : SubwordVectors
        Words and vectors, those of unseen words, too. They are made of the model's rows whenever
        these have been trained: at the end of an epoch and of a training.

    Raises
    ------
    InputError
        Before training: for text that would be misread, or keywords out of their range.
    NonFiniteError
        When the loss is no longer a number: few buckets are read often, and want a smaller `alpha`.

    References
    ----------
    Bojanowski, Grave, Joulin, Mikolov 2017, "Enriching word vectors with subword information".

    Examples
    --------
    >>> text = [["walked", "talked", "walking"], ["red", "blue", "green"]] * 200
    >>> model = FastText(text, sg=1, vector_size=8, window=2, sample=0, bucket=500, workers=1)
    >>> sorted(word for word, _ in model.wv.most_similar("talking", topn=3))
    ['talked', 'walked', 'walking']
    >>> "talking" in model.wv.key_to_index
    False
    """

    SETTINGS = SubwordSettings
    KEPT: ClassVar[tuple[str, ...]] = (
        *(name for name in Keywords.KEPT if name != "compat"),
        *("min_n", "max_n", "bucket", "word_ngrams"),
    )

    IN_FILE: ClassVar[tuple[str, ...]] = ("_made",)  # which is not kept

    _made: Any = None  # the vectors that follow this model's rows

    def __init__(
        self,
        sentences: Iterable[Iterable[str]] | None = None,
        corpus_file: PathLike | Sequence[PathLike] | None = None,
        sg: int = 0,
        hs: int = 0,
        vector_size: int = 100,
        alpha: float | None = None,
        window: int = 5,
        min_count: int = 5,
        max_vocab_size: int | None = None,
        word_ngrams: int = 1,
        sample: float = 1e-3,
        seed: int = 1,
        workers: int = 3,
        min_alpha: float = 1e-4,
        negative: int = 5,
        ns_exponent: float = 0.75,
        cbow_mean: int = 1,
        hashfxn: Any = hash,
        epochs: int = 5,
        null_word: int = 0,
        min_n: int = 3,
        max_n: int = 6,
        sorted_vocab: int = 1,
        bucket: int = 2_000_000,
        trim_rule: Any = None,
        batch_words: int = 10_000,
        callbacks: Iterable[Any] = (),
        compute_loss: bool = True,
        max_final_vocab: int | None = None,
        shrink_windows: bool = True,
        *,
        engine: str = "auto",
        deterministic: bool = False,
        shards: int | None = None,
        ray_address: str | None = None,
        shared_negatives: bool = False,
        heldout: float | None = None,
        early_stopping: int | None = None,
        checkpoint: PathLike | None = None,
        checkpoint_minutes: float = 5.0,
        resume: bool = False,
        corpus_iterable: Iterable[Iterable[str]] | None = None,
    ) -> None:
        if word_ngrams != 1:
            raise InputError(
                f"must be 1, not {word_ngrams!r}: n-grams of words are of fastText's classifiers",
                setting="word_ngrams",
            )
        self.min_n, self.max_n, self.bucket, self.word_ngrams = min_n, max_n, bucket, word_ngrams
        super().__init__(
            sentences,
            corpus_file,
            vector_size,
            alpha,
            window,
            min_count,
            max_vocab_size,
            sample,
            seed,
            workers,
            min_alpha,
            sg,
            hs,
            negative,
            ns_exponent,
            cbow_mean,
            hashfxn,
            epochs,
            null_word,
            trim_rule,
            sorted_vocab,
            batch_words,
            compute_loss,
            callbacks,
            max_final_vocab=max_final_vocab,
            shrink_windows=shrink_windows,
            engine=engine,
            deterministic=deterministic,
            shards=shards,
            ray_address=ray_address,
            shared_negatives=shared_negatives,
            heldout=heldout,
            early_stopping=early_stopping,
            checkpoint=checkpoint,
            checkpoint_minutes=checkpoint_minutes,
            resume=resume,
            corpus_iterable=corpus_iterable,
        )

    # Vectors are made of rows

    @contextmanager
    def _vectors_let_go(self) -> Iterator[None]:
        if isinstance(self._wv, SubwordVectors):
            self._wv.let_go()
        try:
            yield
        finally:
            self._follow_model()

    def _new_vectors(self) -> WordVectors:
        self._made = super()._new_vectors()
        return self._made

    def _adopt_vectors(self) -> None:
        wv = self._wv
        if wv is not None and not (wv is self._made and wv.shares(self._word_rows())):
            raise InputError(
                "the vectors of wv are made of rows of words and n-grams, so that vectors that "
                "were given to it cannot be trained on; change model.model.w_in, which has the "
                "rows, and save the model or train it, so that wv follows"
            )

    def _own_vectors(self) -> FloatArray | None:
        wv = self.wv
        self._follow_model()  # somebody may have changed rows
        return wv.vectors

    def _beside(self) -> dict[str, AnyArray]:
        return self.settings().beside()

    def _parts(self, ids: IntArray) -> tuple[FloatArray, IntArray]:
        words = self._vocabulary().words
        parts = [np.array([word, *self._grams(words[word])], np.intp) for word in ids.tolist()]
        rows: FloatArray = self.model.w_in.data[np.concatenate([np.zeros(0, np.intp), *parts])]
        return rows, np.array([*map(len, parts)], np.int64)

    def _grams(self, word: str) -> AnyArray:
        buckets = len(self.model.w_in.data) - len(self._vocabulary())
        if not buckets:
            return np.zeros(0, np.int64)
        return len(self._vocabulary()) + bucket_of(word, self.min_n, self.max_n, buckets)

    # Files

    def __reduce__(self) -> tuple[Any, ...]:
        return pickled(self, FastText)

    @classmethod
    def load_facebook_model(cls, path: PathLike, encoding: str = "utf-8") -> Self:
        """Read a ``.bin`` of fastText as a model, to ask and to train on.

        Parameters
        ----------
        path
            The file; a plain one, or .gz, .bz2, .xz.
        encoding
            Of gensim's: of the words; n-grams are of UTF-8.

        Returns
        -------
        FastText
            With the file's words, counts and tables. Its number of sentences is not known.

        Raises
        ------
        InputError
            When the file is damaged, a classifier, or quantised.

        Examples
        --------
        >>> import pathlib, tempfile
        >>> model = FastText([["you", "say", "hello"]] * 9, vector_size=4, sample=0, bucket=50)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     model.save_facebook_model(pathlib.Path(folder, "model.bin"))
        ...     again = FastText.load_facebook_model(pathlib.Path(folder, "model.bin"))
        >>> bool((again.wv["unseen"] == model.wv["unseen"]).all())
        True
        """
        require_utf8(encoding)
        file = read_fasttext_binary(path)
        told = file.settings
        if told.model == "supervised" or told.loss not in ("ns", "hs"):
            raise InputError(
                f"{path} is a model of {told.model} with loss {told.loss}, which is not trained "
                "here; SubwordVectors.load_facebook_vectors reads its vectors"
            )
        try:
            model = cls(
                sg=int(told.model == "skipgram"),
                hs=int(told.loss == "hs"),
                vector_size=told.dim,
                window=told.window,
                min_count=told.min_count,
                sample=told.sample,
                negative=told.negative if told.loss == "ns" else 0,
                epochs=told.epochs,
                min_n=file.shortest_ngram,
                max_n=file.longest_ngram,
                bucket=max(told.buckets, 1),
            )
            model._check_memory(file.counts)
            model.vocabulary = Vocabulary(file.words, file.counts)
            model.corpus_total_words = file.tokens
            own: SubwordSettings = model.settings()  # type: ignore[assignment]
            # fastText's label of an inner node is the code's bit, word2vec.c's the other one.
            output = -file.output if model.hs else file.output
            model.model = own.model_of(file.input[: own.input_rows(len(file.words))], output)
            _ = model.wv  # made here, where what is wrong with it has the file's name
        except InputError as error:
            raise InputError(f"{path}: {error}") from error
        return model

    def save_facebook_model(self, path: PathLike) -> None:
        """Write the model as a ``.bin`` of fastText, which fastText and gensim read.

        Raises
        ------
        InputError
            When the format cannot hold it: a learned sum of both losses, a word with a zero byte.

        Examples
        --------
        `load_facebook_model` shows it.

        >>> model = FastText([["you", "say", "hello"]] * 9, vector_size=4, sample=0, bucket=50)
        >>> import pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     model.save_facebook_model(pathlib.Path(folder, "model.bin"))
        ...     pathlib.Path(folder, "model.bin").stat().st_size > 4 * 4 * 50
        True
        """
        known = self._vocabulary()
        own: SubwordSettings = self.settings()  # type: ignore[assignment]
        if self.hs and self.negative:
            raise InputError(
                f"cannot write {path}: fastText has hierarchical softmax or negative words, and "
                "this model both"
            )
        self._check_tables()
        self._adopt_vectors()
        told = FastTextSettingsOfFile(
            dim=own.size,
            window=own.window,
            epochs=own.epochs,
            min_count=own.min_count,
            negative=own.negative,
            word_ngrams=1,
            loss="hs" if own.hs else "ns",
            model=own.model,
            buckets=own.buckets,
            min_n=own.min_n,
            max_n=own.max_n,
            lr_update_rate=100,
            sample=own.sample,
        )
        tokens = self.corpus_total_words or int(known.counts.sum())
        w_in, w_out = self.model.w_in.data, self.model.w_out.data
        output = -w_out if own.hs else w_out
        contents = FastTextFile(told, known.words, known.counts, tokens, w_in, output)
        write_fasttext_binary(path, contents)


def load_facebook_model(path: PathLike, encoding: str = "utf-8") -> FastText:
    """Read a ``.bin`` of fastText as a model; gensim's name of `FastText.load_facebook_model`."""
    return FastText.load_facebook_model(path, encoding)


def load_facebook_vectors(path: PathLike, encoding: str = "utf-8") -> SubwordVectors:
    """Read the vectors of a ``.bin`` of fastText; gensim's name."""
    return SubwordVectors.load_facebook_vectors(path, encoding)


def save_facebook_model(model: FastText, path: PathLike) -> None:
    """Write a model as a ``.bin`` of fastText; gensim's name of `FastText.save_facebook_model`."""
    model.save_facebook_model(path)
