"""`Word2Vec`: sentences in, word vectors out, with gensim's names.

The class holds what a user set and what was learned; each thing that it does is a function of a
module beside it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence
from typing import Any, Self

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import PathLike
from tinygrad_w2v._base.language import Language
from tinygrad_w2v.text.corpus import Corpus
from tinygrad_w2v.training.checkpoints import remove_checkpoints
from tinygrad_w2v.training.history import RunState
from tinygrad_w2v.training.hooks import Callbacks, check_callbacks, naming_last_checkpoint
from tinygrad_w2v.training.keeping import RunOptions, held_folder
from tinygrad_w2v.training.model_checks import check_sum
from tinygrad_w2v.training.run import Run, Voice
from tinygrad_w2v.word2vec.kept_model import load_model, pickled, save_model
from tinygrad_w2v.word2vec.learned_words import LearnedWords
from tinygrad_w2v.word2vec.log import log_epoch, log_interrupt, log_training, progress_of
from tinygrad_w2v.word2vec.options import warn_of_ignored
from tinygrad_w2v.word2vec.reporting import report_of
from tinygrad_w2v.word2vec.text import folder_of_ids
from tinygrad_w2v.word2vec.training import keeping_of, prepare_text

logger = logging.getLogger(__name__)


class Word2Vec(LearnedWords):
    """Learn word vectors from sentences; gensim's class, names and defaults.

    The model is a forward expression (`CBOW`, `SkipGram`, or yours), its gradient is derived from
    the graph. It is compiled to native code where numba is installed, else NumPy computes; the
    log says which, and whether the same text, keywords and seed give the same vectors bit by bit.
    Progress and results are logged at INFO.

    Parameters
    ----------
    sentences : iterable of lists of str, optional
        The text, read anew in every ``for``: a list, or an object such as `LineSentence`. Given
        here, the model is trained at once. Sentences of any length are trained whole.
        (``corpus_iterable`` means the same.)
    corpus_file : path or list of paths, optional
        The text in files instead, one sentence a line, words split on whitespace. Its ids are
        mapped from a temporary file (in the folder that ``TMPDIR`` names), so that a text may be
        larger than memory; what it will take is logged first.
    vector_size : int
        Numbers in a vector.
    alpha, min_alpha : float
        The first and the last learning rate; it falls evenly. By default `alpha` fits the model:
        0.025 for skip-gram, 0.05 for CBOW (0.15 with the true gradient).
    window, shrink_windows
        The largest distance between a word and its context; each window's width is drawn from 1
        to `window`.
    min_count, max_final_vocab, trim_rule
        Rarer words are left out; at most so many words are kept; a function of word, count and
        `min_count` that answers 0 (by count), 1 (discard) or 2 (keep).
    max_vocab_size : int, optional
        Forget rare words whenever so many different ones are counted, to bound the memory.
    sample : float
        Words more frequent than this share are thinned out; 0 keeps all.
    seed : int
        Of all that is drawn.
    workers : int
        Threads of the compiled engine; NumPy computes on one core. With more than one, nobody
        waits for anybody, so that bytes may differ from run to run: see `deterministic`.
    sg : {0, 1}
        1: skip-gram, else CBOW.
    hs, negative
        1: hierarchical softmax; negative words a window. With both, the sum of both losses is
        learned, as in gensim, so set ``negative=0`` for a tree alone.
    ns_exponent : float
        Negative words are drawn in proportion to their counts to this power.
    cbow_mean : {0, 1}
        0: the sum of the contexts' vectors, not their mean.
    epochs : int
        How often the text is read.
    compute_loss : bool
        The loss is there in any case, as the forward expression is computed; accepted, ignored.
    callbacks : iterable of objects
        With any of ``on_train_begin, on_epoch_begin, on_epoch_end, on_train_end``, each called
        with this model.
    heldout : float, optional
        Keep this share of the sentences out of the training; after each epoch the mean loss of a
        prediction on them is added to `heldout_losses`.
    early_stopping : int, optional
        Stop when the held-out loss has not fallen for so many epochs.
    checkpoint : path, optional
        A folder: the place of the training is kept in it every `checkpoint_minutes` and at
        Ctrl-C, the last two of them; they are removed when the training has come to its end.
    resume : bool
        Go on from the newest checkpoint, or begin where there is none. The keywords and the text
        must be the same, the engine and its `workers`, too; the result is that of a training that
        never stopped, byte for byte where the same seed gives the same bytes.
    engine : {"auto", "numpy", "compiled", "ray"}
        What computes. ``"auto"`` takes the compiled engine where numba is installed and the model
        can be compiled, else NumPy's with an `EngineWarning` that says why (``"numpy"`` takes it
        without one); ``"compiled"`` raises otherwise. The log tells what was taken. ``"ray"``
        computes on the machines of a Ray cluster, with the bytes of `deterministic`.
    compat : {None, "word2vec", "gradient"}
        CBOW's update: the rule of word2vec.c and gensim, which gives every context the undivided
        gradient of the mean, or the true gradient. By default the former.
    deterministic : bool
        The same bytes from the same seed for any number of `workers`: the threads of the compiled
        engine work on copies that are merged in order, which is slower. Of NumPy this is true in
        any case.
    shards : int, optional
        Into how many parts a round of a deterministic training, or one on Ray, is divided: 4 by
        default. The bytes depend on it, and not on who computes.
    ray_address : str, optional
        ``HOST:PORT`` of a Ray cluster, or ``"auto"`` for the one that this machine is part of; by
        default one is begun here, with `workers` cores.
    shared_negatives : bool
        Skip-gram's pairs of a window share its negative words, as a few matrix products; False
        draws them for each pair, as gensim does, which takes longer. CBOW predicts once a window.
    model : Module, or function of (vocab_size, vector_size), optional
        A model of yours: ``loss(batch)`` is the sum over the windows of a `Batch`, which is checked
        before a training, ``w_in (V, dim)`` holds the vectors; ``predictions(batch)`` may tell what
        the loss is divided by for a mean.
    hashfxn, null_word, sorted_vocab, batch_words, comment
        Of gensim's; without effect here, and a warning says so.

    Notes
    -----
    A model can be copied and pickled, as for another process: it goes through the file that `save`
    writes, so that callbacks and `trim_rule` are left behind.

    Attributes
    ----------
    wv : WordVectors
        Words and vectors.
    corpus_count, corpus_total_words : int
        Sentences and words of the last text that was counted.
    losses, heldout_losses : list of float
        Mean loss of a prediction, one an epoch, on what is trained on and on what is held out.
    unigram_loss : float or None
        The held-out loss of the best model that does not look at contexts; None for a model of
        yours.
    model : Module
        With its tables; `vocabulary` has the words and counts.
    interrupted, stopped_early : bool
        Whether the last training was ended by Ctrl-C; what was learned until then is kept. Whether
        it was ended by `early_stopping`.

    Raises
    ------
    InputError
        Before training: for text that would be misread, or keywords out of their range.
    NonFiniteError
        When the loss is no longer a number.

    References
    ----------
    Mikolov, Sutskever, Chen, Corrado, Dean 2013, "Distributed representations of words and
    phrases and their compositionality".

    Examples
    --------
    >>> text = [["cat", "dog", "cow"], ["red", "blue", "pink"]] * 200
    >>> model = Word2Vec(text, sg=1, vector_size=8, window=2, sample=0)
    >>> sorted(word for word, _ in model.wv.most_similar("cat", topn=2))
    ['cow', 'dog']
    >>> model.train(text, total_examples=model.corpus_count, epochs=2)
    (2400, 2400)
    >>> len(model.losses), model.losses[-1] < model.losses[0]
    (7, True)
    >>> model.alpha, model.syn1neg.shape, model.get_latest_training_loss() > 0
    (0.025, (6, 8), True)
    >>> sorted(word for word, _ in model.predict_output_word(["cat", "dog"], topn=3))
    ['cat', 'cow', 'dog']

    Or in steps, here with a Huffman tree, and kept in a file:

    >>> tree = Word2Vec(sg=1, hs=1, negative=0, vector_size=8)
    >>> tree.build_vocab(text)
    >>> tree.syn1.shape
    (5, 8)
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     tree.save(f"{folder}/model.npz")
    ...     Word2Vec.load(f"{folder}/model.npz").corpus_count
    400
    """

    def __init__(
        self,
        sentences: Iterable[Iterable[str]] | None = None,
        corpus_file: PathLike | Sequence[PathLike] | None = None,
        vector_size: int = 100,
        alpha: float | None = None,
        window: int = 5,
        min_count: int = 5,
        max_vocab_size: int | None = None,
        sample: float = 1e-3,
        seed: int = 1,
        workers: int = 3,
        min_alpha: float = 1e-4,
        sg: int = 0,
        hs: int = 0,
        negative: int = 5,
        ns_exponent: float = 0.75,
        cbow_mean: int = 1,
        hashfxn: Any = hash,
        epochs: int = 5,
        null_word: int = 0,
        trim_rule: Any = None,
        sorted_vocab: int = 1,
        batch_words: int = 10_000,
        compute_loss: bool = True,
        callbacks: Iterable[Any] = (),
        comment: str | None = None,
        max_final_vocab: int | None = None,
        shrink_windows: bool = True,
        *,
        engine: str = "auto",
        compat: str | None = None,
        deterministic: bool = False,
        shared_negatives: bool = True,
        heldout: float | None = None,
        early_stopping: int | None = None,
        checkpoint: PathLike | None = None,
        checkpoint_minutes: float = 5.0,
        resume: bool = False,
        shards: int | None = None,
        ray_address: str | None = None,
        model: Any = None,
        corpus_iterable: Iterable[Iterable[str]] | None = None,
    ) -> None:
        super().__init__(model)
        self.vector_size, self.window, self.epochs = vector_size, window, epochs
        self.alpha, self.min_alpha = alpha, min_alpha
        self.min_count, self.max_vocab_size = min_count, max_vocab_size
        self.max_final_vocab, self.trim_rule = max_final_vocab, trim_rule
        self.sample, self.shrink_windows, self.seed = sample, shrink_windows, seed
        self.workers, self.engine, self.deterministic = workers, engine, deterministic
        self.sg, self.hs, self.cbow_mean, self.compat = sg, hs, cbow_mean, compat
        self.negative, self.ns_exponent = negative, ns_exponent
        self.shared_negatives = shared_negatives
        self.shards, self.ray_address = shards, ray_address
        self.compute_loss, self.callbacks = compute_loss, check_callbacks(callbacks)
        self.total_train_time = 0.0
        self.interrupted = self.stopped_early = False
        self._run: Run | None = None
        self._watched: dict[str, Any] = {}  # how the held-out loss of that was asked for
        self._latest_loss = 0.0
        options = RunOptions(heldout, early_stopping, checkpoint, checkpoint_minutes, resume)
        options.check()
        self.settings()
        warn_of_ignored(
            {
                "hashfxn": (hashfxn, hash),
                "null_word": (null_word, 0),
                "sorted_vocab": (sorted_vocab, 1),
                "batch_words": (batch_words, 10_000),
                "comment": (comment, None),
            }
        )
        if any(given is not None for given in (sentences, corpus_file, corpus_iterable)):
            self._check_memory()
        source = self._text(sentences, corpus_file, corpus_iterable)
        if source is not None:
            corpus = self._count(source, trim_rule)
            with held_folder(checkpoint, logger.warning):
                self._train(corpus, epochs, self.callbacks, options, folder_of_ids(source))

    # Training

    def train(
        self,
        corpus_iterable: Iterable[Iterable[str]] | None = None,
        corpus_file: PathLike | Sequence[PathLike] | None = None,
        total_examples: int | None = None,
        total_words: int | None = None,
        epochs: int | None = None,
        start_alpha: float | None = None,
        end_alpha: float | None = None,
        word_count: int = 0,
        queue_factor: int = 2,
        report_delay: float = 1.0,
        compute_loss: bool | None = None,
        callbacks: Iterable[Any] = (),
        *,
        sentences: Iterable[Iterable[str]] | None = None,
        heldout: float | None = None,
        early_stopping: int | None = None,
        checkpoint: PathLike | None = None,
        checkpoint_minutes: float = 5.0,
        resume: bool = False,
    ) -> tuple[int, int]:
        """Train on a text, from what was learned so far on.

        Parameters
        ----------
        corpus_iterable, corpus_file
            The text, as in `Word2Vec`; words that are not in the vocabulary are left out.
        total_examples, total_words : int, optional
            Sentences and words of the text. They are counted here, so need not be given; a number
            that does not fit is logged.
        epochs : int
            How often to read it; ``epochs=model.epochs`` is usual.
        start_alpha, end_alpha : float, optional
            New values of `alpha` and `min_alpha`.
        report_delay : float
            Seconds between lines of progress in the log.
        compute_loss, callbacks
            As in `Word2Vec`; new values, if given.
        word_count, queue_factor
            Of gensim's; without effect.
        heldout, early_stopping, checkpoint, checkpoint_minutes, resume
            As in `Word2Vec`, for this training.

        Returns
        -------
        trained_words, raw_words : int
            Words that were trained on, after subsampling, and words that were read; where a
            training goes on, those that are drawn and read from there.

        Raises
        ------
        InputError
            When there is no vocabulary, no text, no number of epochs, or no sentence with two
            known words; when `checkpoint` holds another training than this.
        NonFiniteError
            When the loss is no longer a number.
        """
        warn_of_ignored({"word_count": (word_count, 0), "queue_factor": (queue_factor, 2)})
        source = self._text(corpus_iterable, corpus_file, sentences)
        if source is None:
            raise InputError("train needs a text: give corpus_iterable or corpus_file")
        options = RunOptions(heldout, early_stopping, checkpoint, checkpoint_minutes, resume)
        options.check()
        self._vocabulary()
        if epochs is None:
            raise InputError("train needs a number of epochs; epochs=model.epochs is usual")
        self.take(
            epochs=epochs,
            _alpha=self._alpha if start_alpha is None else start_alpha,
            min_alpha=self.min_alpha if end_alpha is None else end_alpha,
            compute_loss=self.compute_loss if compute_loss is None else compute_loss,
            callbacks=check_callbacks(callbacks) or self.callbacks,
        )
        corpus = self._encode(source)
        for name, given, found in (
            ("total_examples", total_examples, corpus.sentences),
            ("total_words", total_words, corpus.raw_words),
        ):
            if given is not None and given != found:
                logger.warning("%s is %d, but the text has %d", name, given, found)
        with held_folder(checkpoint, logger.warning):
            folder = folder_of_ids(source)
            return self._train(corpus, epochs, self.callbacks, options, folder, report_delay)

    def _train(
        self,
        corpus: Corpus,
        epochs: int,
        callbacks: Sequence[Any],
        options: RunOptions,
        ids_folder: str | None,
        report_delay: float = 1.0,
    ) -> tuple[int, int]:
        vocabulary, settings = self._vocabulary(), self.settings()
        self._check_corpus(corpus)
        another = corpus.raw_words != self.corpus_total_words  # than was counted
        if another and 2 * corpus.words < corpus.raw_words:
            logger.warning(
                "%s of %s words of this text are not in the vocabulary and are left out; "
                "build_vocab(more, update=True) adds new words",
                f"{corpus.raw_words - corpus.words:,}",
                f"{corpus.raw_words:,}",
            )
        self._check_tables()
        self._adopt_vectors()
        self._lock_rows()
        if self._given_model is not None:
            check_sum(self.model, settings.small_batch(len(vocabulary)))
        first, raw_words, all_words = self._epochs_drawn, corpus.raw_words, corpus.words
        asked = self.engine_options()
        about = self._about()
        keeping = keeping_of(self.model, vocabulary, corpus, settings, options, first, asked, about)
        with self._vectors_let_go():
            run, corpus, _ = prepare_text(
                self.model,
                vocabulary,
                corpus,
                settings,
                asked,
                epochs=epochs,
                share=options.heldout,
                early_stopping=options.early_stopping,
                folder=ids_folder,
                keeping=keeping,
                first=first,
                voice=Voice(logger.info, logger.warning, logger.info),
                source=self._source,
            )
        self._run, state, done = run, run.state, run.state.history.words
        watched = {"heldout": options.heldout, "early_stopping": options.early_stopping}
        self._watched = {name: value for name, value in watched.items() if value is not None}
        own = None if self._given_model is None else type(self.model).__name__
        self.unigram_loss = None if own or run.heldout is None else run.heldout.unigram
        log_training(settings, epochs, self.compat, run.engine, own)
        started = time.perf_counter()
        losses, heldout_losses = self.losses, self.heldout_losses

        def tell(state: RunState) -> None:
            """Show what the run has seen as this model's."""
            self._epochs_drawn = first + state.epoch
            self.losses = losses + state.history.losses
            self.heldout_losses = heldout_losses + state.history.heldout_losses

        def end_epoch(state: RunState) -> None:
            tell(state)
            self._follow_model()
            log_epoch(state.epoch, self.losses[-1])

        tell(state)
        watching = Callbacks(callbacks, self, end_epoch)
        watching.call("on_train_begin")
        self._moving = True
        self._follow_model()
        folder = None if keeping is None else keeping.folder
        try:
            with (
                progress_of(epochs * corpus.words, report_delay, done) as progress,
                naming_last_checkpoint(folder, logger.warning),
            ):
                history = run.follow(progress, watching)
        except BaseException:
            self._wv = None  # it may hold numbers that are not finite
            raise
        finally:
            self._moving = False
        self._follow_model()
        self.interrupted, self.stopped_early = history.interrupted, history.stopped_early
        self.total_train_time += time.perf_counter() - started
        if self.interrupted:
            log_interrupt(history.words, folder)
        elif folder is not None:
            remove_checkpoints(folder)
        watching.call("on_train_end")
        raw = round((history.words - done) * raw_words / max(all_words, 1))
        return run.engine.units_used(), raw

    # Results

    def get_latest_training_loss(self) -> float:
        """Return the loss of the last training so far, added up over all predictions, in float64.

        It is gensim's number, whose rise from epoch to epoch is the loss of an epoch; `losses`
        holds the mean of a prediction.
        """
        return self._latest_loss if self._run is None else self._run.state.total

    # Files

    def report(self, path: PathLike, *, lang: Language = "en", layout: str = "pca") -> None:
        """Write a page on the model: one file, which a browser opens and which loads nothing.

        It shows the keywords, the text, the engine and why it was taken, the losses on the way
        (of a model that was loaded: of the epochs), a map of the words, their neighbours and
        analogies, scores on the test sets of an installed gensim, the model's graph step by step,
        and the kernel's listing.

        Parameters
        ----------
        path
            The file, such as ``report.html``.
        lang : {"en", "ja"}
            The language of the page.
        layout : {"pca", "umap", "pacmap"}
            How the map is made; the latter two need the extra ``maps``.

        Raises
        ------
        InputError
            Without a vocabulary, for an unknown language or layout, or a place that cannot be
            written.
        MissingDependencyError
            When the library of the layout is not installed.

        Examples
        --------
        >>> import pathlib, tempfile
        >>> model = Word2Vec([["you", "say", "hello"]] * 9, vector_size=4, sample=0)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "report.html")
        ...     model.report(path)
        ...     "hello" in path.read_text(encoding="utf-8")
        True
        """
        from tinygrad_w2v.reports.page import write_report

        self._vocabulary()
        write_report(report_of(self), path, lang, layout)

    def save(self, path: PathLike) -> None:
        """Write the whole model to one npz file without pickle, to be trained on later.

        Callbacks, `trim_rule` and the class of a model of yours are not in it.
        """
        self._vocabulary()
        self._check_tables()
        self._adopt_vectors()
        self._latest_loss = self.get_latest_training_loss()
        save_model(self, path)

    @classmethod
    def load(cls, path: PathLike, mmap: str | None = None, *, model: Any = None) -> Self:
        """Read what `save` wrote; training goes on from there.

        Parameters
        ----------
        path
            The file.
        mmap
            Of gensim's. The tables are read whole, as training writes into them;
            ``WordVectors.load(path, mmap=True)`` maps the vectors.
        model
            For a file of a model of yours: what was given to `Word2Vec`.

        Examples
        --------
        >>> import pathlib, tempfile
        >>> model = Word2Vec([["you", "say", "hello"]] * 9, vector_size=4, sample=0)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     model.save(pathlib.Path(folder, "model"))
        ...     again = Word2Vec.load(pathlib.Path(folder, "model"))
        >>> bool((again.wv["say"] == model.wv["say"]).all()), again.corpus_count
        (True, 9)
        """
        loaded: Self = load_model(cls, path, model)
        return loaded

    def __reduce__(self) -> tuple[Any, ...]:
        # Copies, and what other processes are sent, go through the file as well.
        return pickled(self, Word2Vec)

    def __repr__(self) -> str:
        words = 0 if self.vocabulary is None else len(self.vocabulary)
        return f"{type(self).__name__}<vocab={words}, vector_size={self.vector_size}>"
