"""`Doc2Vec`: documents with tags in, vectors of tags out, with gensim's names."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from tinygrad_w2v._base.checks import require_number, require_range, switch
from tinygrad_w2v._base.errors import InputError, NonFiniteError
from tinygrad_w2v._base.files import PathLike
from tinygrad_w2v._base.types import FloatArray
from tinygrad_w2v.text.corpus import Corpus
from tinygrad_w2v.text.documents import checked_words
from tinygrad_w2v.text.vocabulary import Vocabulary
from tinygrad_w2v.training.keeping import RunOptions, held_folder
from tinygrad_w2v.vectors.table import unit
from tinygrad_w2v.word2vec.inference import Inference, source_for
from tinygrad_w2v.word2vec.kept_model import pickled
from tinygrad_w2v.word2vec.learned_documents import LearnedDocuments
from tinygrad_w2v.word2vec.options import warn_of_ignored
from tinygrad_w2v.word2vec.text import folder_of_ids

logger = logging.getLogger("tinygrad_w2v.word2vec")


class Doc2Vec(LearnedDocuments):
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
deterministic, shards, ray_address
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
    >>> near = model.dv.most_similar(0, topn=9)
    >>> {tag % 2 for tag, _ in near}, model.dbow, model.docvecs is model.dv
    ({0}, 1, True)
    >>> vector = model.infer_vector(["dog", "cow", "dog"])
    >>> model.dv.similar_by_vector(vector, topn=1)[0][0] % 2
    0
    """

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
        shards: int | None = None,
        ray_address: str | None = None,
        checkpoint: PathLike | None = None,
        checkpoint_minutes: float = 5.0,
        resume: bool = False,
        corpus_iterable: Iterable[Any] | None = None,
    ) -> None:
        self.dm_concat, self.dm_tag_count, self.dbow_words = dm_concat, dm_tag_count, dbow_words
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
            shards=shards,
            ray_address=ray_address,
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

    def _take(self, vocabulary: Vocabulary, update: bool) -> None:
        super()._take(vocabulary, update)
        self._inference = None

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
        self._check_tables()
        self._adopt_vectors()
        key = settings, self.engine_options()
        if self._inference is None or self._inference[0] != key:
            contexts = None if self.dbow else settings.contexts
            source = source_for(vocabulary, settings.window_settings(vocabulary), contexts)
            made = Inference(self.model, vocabulary, source, key[1], settings.seed)
            self._inference = key, made
        vectors = self._inference[1].vectors(documents, first, last, times)
        if not np.isfinite(vectors).all():
            raise NonFiniteError(
                f"a vector holds NaN or infinity: use a smaller alpha than {first}"
            )
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
        """Return the cosine of the vectors of two documents, as `infer_vector` has them.

        Examples
        --------
        >>> from tinygrad_w2v import TaggedDocument
        >>> text = [TaggedDocument(["you", "say", "hello"], [n]) for n in range(9)]
        >>> model = Doc2Vec(text, vector_size=4, min_count=1, engine="numpy")
        >>> round(model.similarity_unseen_docs(["you", "say"], ["you", "say"]), 3)
        1.0
        """
        one, other = self.infer_vectors([doc_words1, doc_words2], alpha, min_alpha, epochs)
        return float(unit(one) @ unit(other))

    def __reduce__(self) -> tuple[Any, ...]:
        return pickled(self, Doc2Vec)
