"""`Doc2Vec`: documents with tags in, vectors of tags out, with gensim's names."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, NoReturn

import numpy as np

from tinygrad_w2v._base.checks import require_number, require_range, switch
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import PathLike
from tinygrad_w2v._base.numbers import cast
from tinygrad_w2v._base.types import AnyArray, FloatArray, IntArray
from tinygrad_w2v.sources.columns import Ragged
from tinygrad_w2v.sources.documents import Tags
from tinygrad_w2v.sources.source import Source
from tinygrad_w2v.text.corpus import Corpus, encode_corpus
from tinygrad_w2v.text.documents import (
    TaggedLineDocument,
    TaggedText,
    TagRows,
    check_documents,
    checked_words,
)
from tinygrad_w2v.text.vocabulary import Vocabulary
from tinygrad_w2v.training.keeping import RunOptions, held_folder
from tinygrad_w2v.vectors import WordVectors
from tinygrad_w2v.vectors.columns import ColumnReader, Rows, packed_words
from tinygrad_w2v.vectors.table import unit
from tinygrad_w2v.vectors.tag_vectors import TagVectors
from tinygrad_w2v.word2vec.document_settings import DocumentSettings
from tinygrad_w2v.word2vec.inference import Inference, source_for
from tinygrad_w2v.word2vec.kept_model import pickled
from tinygrad_w2v.word2vec.keywords import Keywords
from tinygrad_w2v.word2vec.options import warn_of_ignored
from tinygrad_w2v.word2vec.text import folder_of_ids
from tinygrad_w2v.word2vec.word2vec import Word2Vec

logger = logging.getLogger("tinygrad_w2v.word2vec")


class Doc2Vec(Word2Vec):
    """Learn vectors of documents; gensim's class, names and defaults.

    A document's tags are rows of a table beside that of the words. In PV-DM they help the words
    around to predict the word between (`DistributedMemory`, `ConcatenatedMemory`), in PV-DBOW they
    predict each word alone (`DistributedBagOfWords`).

    Parameters
    ----------
    documents : iterable of TaggedDocument, optional
        The documents, read anew in every ``for``. Given here, the model is trained at once.
        (``corpus_iterable`` means the same.)
    corpus_file : path or list of paths, optional
        The documents in files instead, one a line, words split on whitespace; the tag of each is
        the number of its line, from 0.
    vector_size, window, shrink_windows, alpha, min_alpha, epochs
        As in `Word2Vec`; gensim's defaults here, too: `alpha` 0.025, and 10 `epochs`.
    dm : {1, 0}
        1: PV-DM, else PV-DBOW.
    dm_mean : {1, 0}, optional
        PV-DM with the mean of all vectors, as by default, or with their sum. (``cbow_mean`` means
        the same.)
    dm_concat : {0, 1}
        PV-DM with all vectors one after the other, each at its place: a far larger model. Windows
        have their full width; places beyond a document's ends have a vector of their own.
    dm_tag_count : int
        With `dm_concat`: how many tags each document has.
    dbow_words : {0, 1}
        PV-DBOW that trains the vectors of words as skip-gram does, too. Without, they stay as they
        begin.
    min_count, max_vocab_size, max_final_vocab, trim_rule, sample, seed, workers, hs, negative, \
ns_exponent, compute_loss, callbacks, checkpoint, checkpoint_minutes, resume, engine, compat, \
deterministic
        As in `Word2Vec`; `compat` is of PV-DM's mean.
    dv, dv_mapfile, hashfxn, sorted_vocab, batch_words, comment
        Of gensim's; without effect here, and a warning says so.

    Notes
    -----
    `heldout` and `early_stopping` are not here: a document that is held out has no vector.

    Attributes
    ----------
    dv : TagVectors
        Tags and vectors; where tags are whole numbers, so are the keys.
    wv : WordVectors
        Words and vectors.
    model : Module
        With its tables `w_doc`, `w_in`, `w_out`.
    corpus_count, corpus_total_words, losses, interrupted
        As in `Word2Vec`.

    Raises
    ------
    InputError
        Before training: for documents that would be misread, or keywords out of their range.
    NonFiniteError
        When the loss is no longer a number.

    References
    ----------
    Le, Mikolov 2014, "Distributed representations of sentences and documents".

    Examples
    --------
    >>> from tinygrad_w2v import TaggedDocument
    >>> texts = [["cat", "dog", "cow"] * 9, ["red", "blue", "pink"] * 9] * 20
    >>> documents = [TaggedDocument(words, [number]) for number, words in enumerate(texts)]
    >>> model = Doc2Vec(documents, vector_size=8, min_count=1, dm=0, sample=0)
    >>> {tag % 2 for tag, _ in model.dv.most_similar(0, topn=9)}
    {0}
    >>> vector = model.infer_vector(["dog", "cow", "dog"])
    >>> model.dv.similar_by_vector(vector, topn=1)[0][0] % 2
    0
    """

    SETTINGS: ClassVar[type[DocumentSettings]] = DocumentSettings
    KEPT: ClassVar[tuple[str, ...]] = (
        *(name for name in Keywords.KEPT if name not in ("sg", "shared_negatives")),
        *("dm", "dm_concat", "dm_tag_count", "dbow_words"),
    )
    IN_FILE: ClassVar[tuple[str, ...]] = (
        *("_tags", "_tag_counts"),
        *("_reading", "_of", "_dv", "_inference"),  # what is not kept
    )

    def __init__(
        self,
        documents: Iterable[Any] | None = None,
        corpus_file: PathLike | Sequence[PathLike] | None = None,
        vector_size: int = 100,
        dm_mean: int | None = None,
        dm: int = 1,
        dbow_words: int = 0,
        dm_concat: int = 0,
        dm_tag_count: int = 1,
        dv: Any = None,
        dv_mapfile: Any = None,
        comment: str | None = None,
        trim_rule: Any = None,
        callbacks: Iterable[Any] = (),
        window: int = 5,
        epochs: int = 10,
        shrink_windows: bool = True,
        *,
        alpha: float = 0.025,
        min_count: int = 5,
        max_vocab_size: int | None = None,
        sample: float = 1e-3,
        seed: int = 1,
        workers: int = 3,
        min_alpha: float = 1e-4,
        hs: int = 0,
        negative: int = 5,
        ns_exponent: float = 0.75,
        cbow_mean: int = 1,
        hashfxn: Any = hash,
        sorted_vocab: int = 1,
        batch_words: int = 10_000,
        compute_loss: bool = True,
        max_final_vocab: int | None = None,
        engine: str = "auto",
        compat: str | None = None,
        deterministic: bool = False,
        checkpoint: PathLike | None = None,
        checkpoint_minutes: float = 5.0,
        resume: bool = False,
        corpus_iterable: Iterable[Any] | None = None,
    ) -> None:
        self.dm_concat, self.dm_tag_count, self.dbow_words = dm_concat, dm_tag_count, dbow_words
        self._tags, self._tag_counts = TagRows(), np.zeros(0, np.int64)
        self._reading: TaggedText | None = None
        self._of: Ragged | None = None
        self._dv: TagVectors | None = None
        self._inference: tuple[Any, Inference] | None = None
        super().__init__(
            vector_size=vector_size,
            alpha=alpha,
            window=window,
            min_count=min_count,
            max_vocab_size=max_vocab_size,
            sample=sample,
            seed=seed,
            workers=workers,
            min_alpha=min_alpha,
            sg=1 - switch("dm", dm),
            hs=hs,
            negative=negative,
            ns_exponent=ns_exponent,
            cbow_mean=cbow_mean if dm_mean is None else dm_mean,
            epochs=epochs,
            trim_rule=trim_rule,
            compute_loss=compute_loss,
            callbacks=callbacks,
            max_final_vocab=max_final_vocab,
            shrink_windows=shrink_windows,
            engine=engine,
            compat=compat,
            deterministic=deterministic,
        )
        warn_of_ignored(
            {
                "dv": (dv, None),
                "dv_mapfile": (dv_mapfile, None),
                "hashfxn": (hashfxn, hash),
                "sorted_vocab": (sorted_vocab, 1),
                "batch_words": (batch_words, 10_000),
                "comment": (comment, None),
            }
        )
        options = RunOptions(None, None, checkpoint, checkpoint_minutes, resume)
        options.check()
        text = self._text(documents, corpus_file, corpus_iterable)
        if text is not None:
            corpus = self._count(text, trim_rule)
            with held_folder(checkpoint, logger.warning):
                self._train(corpus, epochs, self.callbacks, options, folder_of_ids(text))

    # What it holds

    @property
    def dm(self) -> int:
        """1 for PV-DM, 0 for PV-DBOW."""
        return 1 - self.sg

    @property
    def dbow(self) -> int:
        """1 for PV-DBOW, 0 for PV-DM."""
        return self.sg

    @property
    def dv(self) -> TagVectors:
        """The tags and their vectors; they share the model's memory."""
        if self.vocabulary is None:
            return TagVectors(range(0), np.zeros((0, self.vector_size), np.float32))
        if self._dv is None:
            keys, rows = self._tags.index_to_key(), self.model.w_doc.data
            self._dv = TagVectors.sharing(keys, rows, self._tag_counts)
            self._follow_model()
        return self._dv

    @property
    def docvecs(self) -> TagVectors:
        """The same as `dv`, by gensim's older name."""
        return self.dv

    def settings(self) -> DocumentSettings:
        """Return the settings that the keywords make up, checked."""
        settings: Any = super().settings()
        found: DocumentSettings = settings
        return found

    def __getitem__(self, key: Any) -> NoReturn:
        raise TypeError(
            f"vectors of documents are in `dv`, those of words in `wv`: write `model.dv[{key!r}]` "
            f"or `model.wv[{key!r}]`"
        )

    def __str__(self) -> str:
        words = self.dbow_words or self.dm
        told = [
            self.settings().label,
            f"d{self.vector_size}",
            *([f"n{self.negative}"] if self.negative else []),
            *(["hs"] if self.hs else []),
            *([f"w{self.window}"] if words else []),
            *([f"mc{self.min_count}"] if self.min_count > 1 else []),
            *([f"s{self.sample:g}"] if self.sample else []),
            f"t{self.workers}",
        ]
        return f"{type(self).__name__}<{', '.join(told)}>"

    def _word_rows(self) -> FloatArray:
        rows: FloatArray = self.model.w_in.data[: len(self._vocabulary())]
        return rows

    def _follow_model(self) -> None:
        super()._follow_model()
        if self._dv is not None:
            self._dv.share(self.model.w_doc.data, self._moving)

    @contextmanager
    def _vectors_let_go(self) -> Iterator[None]:
        if self._dv is not None:
            self._dv.share(self.model.w_doc.data.copy())
        with super()._vectors_let_go():
            yield

    def _adopt_vectors(self) -> None:
        super()._adopt_vectors()
        if self._dv is not None and not self._dv.shares(self.model.w_doc.data):
            table = self.model.w_doc
            table.data[...] = cast(self._dv.vectors, table.dtype, "dv.vectors")
            self._follow_model()

    # Texts

    def _text(self, sentences: Any, corpus_file: Any, other: Any = None) -> TaggedText | None:
        given = [each for each in (sentences, corpus_file, other) if each is not None]
        if len(given) > 1:
            raise InputError("give the documents once: as documents or as corpus_file, not both")
        if not given:
            return None
        if corpus_file is None:
            check_documents(given[0])
        return TaggedText(given[0] if corpus_file is None else TaggedLineDocument(corpus_file))

    def _count(self, source: Any, trim_rule: Any, update: bool = False) -> Corpus:
        text = TaggedText(source.documents, self._tags if update else None)
        before = self._tags, self._tag_counts
        self._tags = text.tags
        self._reading = text  # its tags are known once the words are
        try:
            return super()._count(text, trim_rule, update)
        except BaseException:
            self._tags, self._tag_counts = before
            raise
        finally:
            self._reading = None

    def _take(self, vocabulary: Vocabulary, update: bool) -> None:
        text = self._reading
        counts: Any = self._tag_counts if update else np.zeros(0, np.int64)
        if text is None:
            self._tags = self._tags if update else TagRows()
        else:
            self._of = self.settings().rows_of(*text.rows_of_documents())
            if told := text.check_holes():
                logger.warning("%s", told)
            self._tags, counts = text.tags, text.counts()
            if update:
                counts[: len(self._tag_counts)] += self._tag_counts
        super()._take(vocabulary, update)
        self._tag_counts, self._dv, self._inference = counts, None, None
        logger.info("tags: %s, of %s documents", f"{self._tags.rows:,}", f"{self.corpus_count:,}")

    def _encode(self, text: Any) -> Corpus:
        text = TaggedText(text.documents, self._tags, grow=False)
        corpus = encode_corpus(text, self._vocabulary(), folder=folder_of_ids(text))
        self._of = self.settings().rows_of(*text.rows_of_documents())
        return corpus

    def _check_corpus(self, corpus: Corpus) -> None:
        if not corpus.words:
            raise InputError(
                "no document has a word of the vocabulary: use a smaller min_count or more text"
            )
        if empty := corpus.sentences_of(0):
            logger.warning(
                "%d of %d documents have no word of the vocabulary: they teach nothing, and a tag "
                "of none but such keeps the vector that it begins with",
                empty,
                corpus.sentences,
            )

    # Training

    def _new_model(self, words: int) -> Any:
        return self.settings().new_model(words, self._tags.rows)

    def _enlarged_model(
        self, tables: Mapping[str, FloatArray], old_ids: IntArray, words: int
    ) -> Any:
        return self.settings().enlarged_model(tables, old_ids, words, self._tags.rows)

    def _more_rows(self, words: int) -> int:
        return self.settings().more_rows(words, self._tags.rows)

    def _source(self, corpus: Corpus) -> Source:
        assert self._of is not None
        tags = Tags(range(self._tags.rows), self._of)
        return self.settings().documents(corpus, self._vocabulary(), tags)

    def _about(self) -> dict[str, Any]:
        assert self._of is not None
        names = "\0".join(map(str, self._tags.index_to_key()))
        digest = hashlib.sha256(names.encode("utf-8", "surrogatepass"))
        for numbers in self._of[:2]:
            digest.update(np.ascontiguousarray(numbers).data)
        return {"tags_sha256": digest.hexdigest()}

    def _train(
        self, corpus: Corpus, epochs: int, callbacks: Sequence[Any], options: RunOptions, *args: Any
    ) -> tuple[int, int]:
        if options.heldout is not None:
            raise InputError(
                "a document that is held out has no vector to predict its words with: leave out "
                "heldout, and look at vectors inferred for other documents"
            )
        self._inference = None  # its tables are those of before
        try:
            return super()._train(corpus, epochs, callbacks, options, *args)
        except BaseException:
            self._dv = None  # it may hold numbers that are not finite
            raise

    # Documents that were not trained on

    def infer_vector(
        self,
        doc_words: Iterable[str],
        alpha: float | None = None,
        min_alpha: float | None = None,
        epochs: int | None = None,
    ) -> FloatArray:
        """Return the vector of a document that was not trained on, ``(vector_size,)``.

        A row of its own is trained as those of documents are, and all else stays as it is. The same
        model and words give the same vector, whatever else was inferred. For many documents
        `infer_vectors` is faster.

        Parameters
        ----------
        doc_words : list of str
            The words; unknown ones are left out. Without a known one the vector is zero, and a
            warning is logged.
        alpha, min_alpha : float, optional
            The first and the last learning rate; the model's by default.
        epochs : int, optional
            How often the document is read; the model's by default.

        Raises
        ------
        InputError
            For a string in place of a list, numbers out of their range, or a model whose
            documents have several tags that are concatenated.
        """
        words = checked_words(doc_words, "the document", may_be_empty=True)
        row: FloatArray = self._inferred([words], alpha, min_alpha, epochs)[0]
        return row

    def infer_vectors(
        self,
        documents: Iterable[Iterable[str]],
        alpha: float | None = None,
        min_alpha: float | None = None,
        epochs: int | None = None,
    ) -> FloatArray:
        """Return the vectors of many documents, ``(n, vector_size)``, in `workers` threads.

        Each is that of `infer_vector`, byte for byte.

        Parameters
        ----------
        documents : list of lists of str
            The words of each.
        alpha, min_alpha, epochs
            As in `infer_vector`.

        Examples
        --------
        >>> from tinygrad_w2v import TaggedDocument
        >>> documents = [TaggedDocument(["you", "say", "hello"], [n]) for n in range(9)]
        >>> model = Doc2Vec(documents, vector_size=4, sample=0)
        >>> vectors = model.infer_vectors([["say", "hello"], ["you"]])
        >>> vectors.shape, bool((vectors[1] == model.infer_vector(["you"])).all())
        ((2, 4), True)
        """
        if isinstance(documents, str | bytes) or not isinstance(documents, Iterable):
            raise InputError(f"documents is {documents!r:.60}; give a list of lists of words")
        listed = [
            checked_words(words, f"document {number}", may_be_empty=True)
            for number, words in enumerate(documents)
        ]
        return self._inferred(listed, alpha, min_alpha, epochs)

    def _inferred(
        self,
        documents: Sequence[Sequence[str]],
        alpha: float | None,
        min_alpha: float | None,
        epochs: int | None,
    ) -> FloatArray:
        vocabulary, settings = self._vocabulary(), self.settings()
        if settings.concatenated and settings.dm_tag_count != 1:
            raise InputError(
                f"this model concatenates {settings.dm_tag_count} tags a document, and a new "
                "document has one row: train with dm_tag_count=1, or without dm_concat"
            )
        first = settings.first_alpha if alpha is None else alpha
        last = min(settings.min_alpha, first) if min_alpha is None else min_alpha
        times = self.epochs if epochs is None else epochs
        for name, number in (("alpha", first), ("min_alpha", last)):
            require_number(name, number)
            require_range(name, number, 0, 1e38)
        require_number("epochs", times, whole=True)
        require_range("epochs", times, 1, 10**9)
        self._adopt_vectors()
        key = settings, self.engine_options()
        if self._inference is None or self._inference[0] != key:
            contexts = None if self.dbow else settings.contexts
            source = source_for(vocabulary, settings.window_settings(vocabulary.counts), contexts)
            made = Inference(self.model, vocabulary, source, key[1], settings.seed)
            self._inference = key, made
        vectors = self._inference[1].vectors(documents, first, last, times)
        if empty := int(np.count_nonzero(~vectors.any(axis=1))):
            logger.warning(
                "%d of %d documents have no word of the vocabulary: their vectors are zero",
                empty,
                len(documents),
            )
        return vectors

    def similarity_unseen_docs(
        self,
        doc_words1: Iterable[str],
        doc_words2: Iterable[str],
        alpha: float | None = None,
        min_alpha: float | None = None,
        epochs: int | None = None,
    ) -> float:
        """Return the cosine of the vectors of two documents, as `infer_vector` has them."""
        one, other = self.infer_vectors([doc_words1, doc_words2], alpha, min_alpha, epochs)
        return float(unit(one) @ unit(other))

    def predict_output_word(
        self, context_words_list: Iterable[str | int], topn: int = 10
    ) -> list[tuple[str, float]] | None:
        """Return the words that are most probable between given words, without a document.

        Raises
        ------
        InputError
            Where words alone predict none: they are not trained, or are a part of a concatenation.
        """
        settings = self.settings()
        if settings.contexts != "window":
            raise InputError(f"in {settings.label} words alone do not predict a word")
        return super().predict_output_word(context_words_list, topn)

    # Files

    def save_word2vec_format(
        self,
        fname: PathLike,
        doctag_vec: bool = False,
        word_vec: bool = True,
        prefix: str = "*dt_",
        fvocab: PathLike | None = None,
        binary: bool = False,
    ) -> None:
        """Write the vectors of words, of tags (each after a prefix), or both, in word2vec's format.

        Parameters
        ----------
        fname, binary, fvocab
            As in `WordVectors.save_word2vec_format`.
        doctag_vec, word_vec : bool
            What to write.
        prefix : str
            Tells tags from words.
        """
        chosen = [self.wv] if word_vec else []
        chosen += [self.dv.as_words(prefix)] if doctag_vec else []
        if not chosen:
            raise InputError("neither words nor tags are to be written: give word_vec=True")
        words = [word for each in chosen for word in each.index_to_key]
        counts = np.concatenate([each.counts for each in chosen if each.counts is not None])
        both = WordVectors(words, np.concatenate([each.vectors for each in chosen]), counts)
        both.save_word2vec_format(fname, binary, fvocab=fvocab)

    def _own_vectors(self) -> FloatArray | None:
        return self._word_rows() if self.settings().concatenated else None

    def _beside(self) -> dict[str, AnyArray]:
        beside: dict[str, AnyArray] = {"tag_counts": self._tag_counts}
        keys = self._tags.index_to_key()
        if not isinstance(keys, range):
            words = packed_words(list(keys))
            beside |= {"tag_words": words["words"], "tag_offsets": words["offsets"]}
        return beside

    def _take_beside(self, arrays: Mapping[str, AnyArray]) -> None:
        counts = arrays["tag_counts"]
        keys: Sequence[str] | range = range(len(counts))
        if "tag_words" in arrays:
            rows = Rows(Path("tags"), (len(counts), 1), np.dtype(np.float32), np.zeros)
            words = {"words": arrays["tag_words"], "offsets": arrays["tag_offsets"]}
            keys = ColumnReader(rows, words).words(0, len(counts))
        self._tags, self._tag_counts = TagRows(keys), counts.astype(np.int64)
        if self._tags.rows != len(counts) or counts.ndim != 1:
            raise InputError("its tags are not each another")

    def __reduce__(self) -> tuple[Any, ...]:
        return pickled(self, Doc2Vec)
