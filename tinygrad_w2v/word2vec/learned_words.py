"""A vocabulary with the model that belongs to it: counted, enlarged, seen as vectors."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Self

import numpy as np

from tinygrad_w2v._base.arguments import check_keywords
from tinygrad_w2v._base.errors import InputError, written
from tinygrad_w2v._base.files import PathLike
from tinygrad_w2v._base.numbers import cast
from tinygrad_w2v._base.types import AnyArray, BoolArray, FloatArray, IntArray
from tinygrad_w2v.nn import Module, Parameter
from tinygrad_w2v.sources.source import Source
from tinygrad_w2v.text.corpus import Corpus, build_corpus, encode_corpus
from tinygrad_w2v.text.rules import VocabularyRules
from tinygrad_w2v.text.vocabulary import Vocabulary
from tinygrad_w2v.vectors import WordVectors
from tinygrad_w2v.word2vec.asked_model import AskedModel
from tinygrad_w2v.word2vec.duration import seconds_a_word
from tinygrad_w2v.word2vec.memory import UNREAD, check_memory, told_of_tables
from tinygrad_w2v.word2vec.options import in_keywords, warn_of_ignored
from tinygrad_w2v.word2vec.text import (
    check_contexts,
    folder_of_ids,
    log_plan,
    read_corpus,
    refuse_letters,
    source_of,
)

# Keywords of gensim 3, and of models elsewhere.
_ELSEWHERE = {"size": "vector_size", "dim": "vector_size", "iter": "epochs"}
_ELSEWHERE |= {"learning_rate": "alpha", "lr": "alpha"}
logger = logging.getLogger("tinygrad_w2v.word2vec")


class LearnedWords(AskedModel):
    """Base of `Word2Vec`: what is learned, and nothing of how.

    Attributes
    ----------
    vocabulary : Vocabulary or None
        The words and counts.
    model : Module or None
        Its `w_in` has a row for each of them.
    losses, heldout_losses : list of float
        Mean loss of a prediction, one an epoch, on what is trained on and on what is held out.
    unigram_loss : float or None
        The held-out loss of the best model that does not look at contexts.
    corpus_count, corpus_total_words : int
        Sentences and words of the last text that was counted.

    Notes
    -----
    What a class of the family may have of its own: `SETTINGS` (which make the model, enlarge it,
    and make examples of a text) and `KEPT`, see `Keywords`; `_new_vectors` and
    `_follow_model`, where words' vectors are no rows of a table, `_word_rows`, where they are some
    of them; `_parts`, what predicts a word; `_text`, `_encode` and `_check_corpus`, where a
    text is more than sentences; `_source`, where examples need more than the text, and `_about`,
    what identifies these; `_more_rows`, for other tables; `_beside`, `_take_beside` and `IN_FILE`,
    where a file holds more than tables.
    """

    IN_FILE: ClassVar[tuple[str, ...]] = ()  # attributes that `_take_beside` sets

    def __init__(self, given_model: Any = None) -> None:
        self.vocabulary: Vocabulary | None = None
        self.model: Any = None
        self.losses: list[float] = []
        self.heldout_losses: list[float] = []
        self.unigram_loss: float | None = None
        self.raw_vocab: dict[str, int] = {}
        self.corpus_count = self.corpus_total_words = 0
        self._given_model = given_model
        self._wv: WordVectors | None = None
        self._locks: AnyArray | None = None  # of the vectors, beyond the life of `_wv`
        self._moving = False  # whether a training is under way
        self._epochs_drawn = 0  # each epoch, of all trainings, draws anew

    if not TYPE_CHECKING:  # a checker reports unknown keywords and attributes itself

        def __new__(cls, *args: Any, **keywords: Any) -> Self:
            check_keywords(cls.__init__, keywords, _ELSEWHERE)
            return super().__new__(cls)

        def __getattr__(self, name: str) -> Any:
            from tinygrad_w2v._base.unknown_names import attribute_of

            return attribute_of(self, name, "Word2Vec", wv=WordVectors)

    def __getitem__(self, key: Any) -> NoReturn:
        raise TypeError(f"the vectors of a model are in its `wv`: write `model.wv[{key!r}]`")

    @property
    def wv(self) -> WordVectors:
        """The words and their vectors; they share the model's memory."""
        if self._wv is None:
            if self.vocabulary is None:
                return WordVectors([], np.zeros((0, self.vector_size), np.float32))
            self._wv = self._new_vectors()
            if self._locks is not None:
                self._wv.vectors_lockf = self._locks
            self._follow_model()
        return self._wv

    @wv.setter
    def wv(self, wv: WordVectors) -> None:
        """Take other vectors: those of the model's own words are trained on, others are asked."""
        if not isinstance(wv, WordVectors):
            raise TypeError(f"wv is given a {type(wv).__name__}; give WordVectors")
        if self._moving:
            raise InputError("wv cannot be replaced while a training is under way")
        self._wv = wv

    def _new_vectors(self) -> WordVectors:
        """The words with the model's vectors."""
        return self.settings().vectors(self._vocabulary(), self.model)

    def _word_rows(self) -> FloatArray:
        """The rows of `w_in` that are words."""
        rows: FloatArray = self.model.w_in.data
        return rows

    def _own_vectors(self) -> FloatArray | None:
        """The vectors of the words, where they are not the rows of `w_in`."""
        return None

    def _text(self, sentences: Any, corpus_file: Any, other: Any = None) -> Iterable[Any] | None:
        """The text that was given in one of three ways, looked at, or None."""
        return source_of(sentences, corpus_file, other)

    def _encode(self, text: Iterable[Any]) -> Corpus:
        """The ids of a text that is trained on."""
        return encode_corpus(text, self._vocabulary(), folder=folder_of_ids(text))

    def _check_corpus(self, corpus: Corpus) -> None:
        """Refuse a text that teaches nothing."""
        check_contexts(corpus)

    def _about(self) -> dict[str, Any]:
        """What has to be the same for a training to go on, beside settings and text."""
        return {"vectors_lockf": digest_of(self._kept_words())}

    def _more_rows(self, words: int) -> int:
        """Rows of tables beside those of the words."""
        return 0

    def _source(self, corpus: Corpus) -> Source:
        """The examples that a text is to the model."""
        return self.settings().source(corpus, self._vocabulary())

    def _beside(self) -> dict[str, AnyArray]:
        """What a file holds beside words, tables and keywords."""
        return {}

    def _take_beside(self, arrays: Mapping[str, AnyArray]) -> None:
        """Take what `_beside` has given to a file, before tables are made."""

    def _follow_model(self) -> None:
        """Let the vectors be the model's: it moves them now, or has moved them."""
        if self._wv is not None:
            self._wv.share(self._word_rows(), self._moving)

    @contextmanager
    def _vectors_let_go(self) -> Iterator[None]:
        """Let the vectors be a copy for now: a table that they share could not be moved."""
        if self._wv is not None and self.model.w_in.data.flags.owndata:
            self._wv.share(self._word_rows().copy())
        try:
            yield
        finally:
            self._follow_model()

    def _adopt_vectors(self) -> None:
        """Take vectors that the user assigned to ``wv.vectors`` into the model."""
        if self._wv is not None and not self._wv.shares(self._word_rows()):
            words = self._vocabulary().words
            if self._wv.vectors.shape != self._word_rows().shape:
                raise InputError(
                    f"wv has {len(self._wv)} words and the model {len(words)}: words "
                    "that were added to wv have no place in the model; teach it new words with "
                    "build_vocab(more, update=True)"
                )
            if self._wv.index_to_key is not words and self._wv.index_to_key != words:
                raise InputError(
                    "wv has other words than the model, or in another order; give the model's "
                    "words their vectors: model.wv = wv.vectors_for_all(model.wv.index_to_key)"
                )
            self._word_rows()[...] = cast(self._wv.vectors, self.model.w_in.dtype, "wv.vectors")
            self._follow_model()

    def _check_tables(self) -> None:
        """Refuse to go on where keywords say another model than the tables were made for."""
        if self._given_model is None:
            shape = self.settings().input_rows(len(self._vocabulary())), self.vector_size
            if (found := self.model.w_in.shape) != shape:
                raise InputError(
                    f"w_in has shape {found}, and the keywords of this model say {shape} now: "
                    "those that tables are made by cannot change after build_vocab"
                )

    def _lock_rows(self) -> None:
        """Freeze what ``wv.vectors_lockf`` keeps as it is, for the next training."""
        before, kept, table = self._locks, self._kept_words(), self.model.w_in
        if kept is None and before is None:  # a model of one's own may freeze rows, too
            return
        table.frozen = False if kept is None else self._locked_rows(kept)

    def _kept_words(self) -> BoolArray | None:
        """Return which words ``wv.vectors_lockf`` keeps, and note it beyond the life of `wv`."""
        if self._wv is None and self._locks is None:
            return None
        kept = self.wv.locked()
        self._locks = None if kept is None else self.wv.vectors_lockf
        return kept

    def _locked_rows(self, kept: BoolArray) -> BoolArray:
        """Return which rows of `w_in` are to stay, where these words are."""
        if len(kept) != len(self.model.w_in.data):
            raise InputError(
                "vectors_lockf keeps rows of words, and the words of this model have none of "
                "their own"
            )
        return kept

    def build_vocab(
        self,
        corpus_iterable: Iterable[Iterable[str]] | None = None,
        corpus_file: PathLike | Sequence[PathLike] | None = None,
        update: bool = False,
        progress_per: int = 10_000,
        keep_raw_vocab: bool = False,
        trim_rule: Any = None,
        *,
        sentences: Iterable[Iterable[str]] | None = None,
    ) -> None:
        """Count the words of a text and make the model's tables for them.

        Parameters
        ----------
        corpus_iterable, corpus_file
            The text, as in `Word2Vec`.
        update : bool
            Add the words of this text to those that are there. Old words keep their vectors and
            ids, and their counts grow; new words are added when they occur `min_count` times in
            this text. With `hs` the tree changes, so its inner nodes start anew.
        keep_raw_vocab : bool
            Keep the counts of all words, before any are left out, as ``raw_vocab``.
        trim_rule : callable, optional
            In place of the model's own.
        progress_per
            Of gensim's; without effect.

        Raises
        ------
        InputError
            When the text would be misread, or leaves fewer than two words.
        """
        warn_of_ignored({"progress_per": (progress_per, 10_000)})
        source = self._text(corpus_iterable, corpus_file, sentences)
        if source is None:
            raise InputError("build_vocab needs a text: give corpus_iterable or corpus_file")
        if keep_raw_vocab:
            every = build_corpus(source, min_count=1)[0]
            self.raw_vocab = dict(zip(every.words, every.counts.tolist(), strict=True))
        self._count(source, trim_rule or self.trim_rule, update)

    def scan_vocab(
        self,
        corpus_iterable: Iterable[Iterable[str]] | None = None,
        corpus_file: PathLike | Sequence[PathLike] | None = None,
        progress_per: int = 10_000,
        workers: int | None = None,
        trim_rule: Any = None,
    ) -> tuple[int, int]:
        """Count the words of a text into ``raw_vocab``, and change nothing else.

        Parameters
        ----------
        corpus_iterable, corpus_file
            The text, as in `Word2Vec`.
        trim_rule : callable, optional
            Words that it discards are not in ``raw_vocab``.
        progress_per, workers
            Of gensim's; without effect.

        Returns
        -------
        words, sentences : int
            Of the text.

        Raises
        ------
        InputError
            When the text would be misread, or has fewer than two words.

        Examples
        --------
        >>> from tinygrad_w2v import Word2Vec
        >>> model = Word2Vec()
        >>> model.scan_vocab([["you", "say"], ["you"]]), model.raw_vocab
        ((3, 2), {'you': 2, 'say': 1})
        """
        warn_of_ignored({"progress_per": (progress_per, 10_000)})
        source = self._text(corpus_iterable, corpus_file)
        if source is None:
            raise InputError("scan_vocab needs a text: give corpus_iterable or corpus_file")
        every, corpus = build_corpus(
            source, 1, max_vocab_size=self.max_vocab_size, trim_rule=trim_rule
        )
        self.raw_vocab = dict(zip(every.words, every.counts.tolist(), strict=True))
        return corpus.raw_words, corpus.sentences

    def build_vocab_from_freq(
        self,
        word_freq: Mapping[str, int],
        keep_raw_vocab: bool = False,
        corpus_count: int | None = None,
        trim_rule: Any = None,
        update: bool = False,
    ) -> None:
        """Make the vocabulary and the tables from counts that are known.

        Parameters
        ----------
        word_freq : mapping of str to int
            How often each word occurs.
        corpus_count : int, optional
            The number of sentences.
        keep_raw_vocab, trim_rule, update
            As in `build_vocab`.

        Examples
        --------
        >>> from tinygrad_w2v import Word2Vec
        >>> model = Word2Vec(min_count=2, vector_size=4)
        >>> model.build_vocab_from_freq({"you": 1, "say": 3, "hello": 2})
        >>> model.wv.index_to_key, model.corpus_total_words
        (['say', 'hello'], 6)
        """
        if keep_raw_vocab:
            self.raw_vocab = dict(word_freq)
        rule = trim_rule or self.trim_rule
        least = 1 if update else self.min_count
        largest = None if update else self.max_final_vocab
        vocabulary = Vocabulary.from_counts(word_freq, least, largest, rule)
        self.corpus_count, self.corpus_total_words = corpus_count or 0, sum(word_freq.values())
        self._take(vocabulary, update)

    def _count(self, source: Iterable[Any], trim_rule: Any, update: bool = False) -> Corpus:
        """Read a text once: its vocabulary is taken, its ids are returned."""
        settings = self.settings()
        self._check_memory()
        least = 1 if update else settings.min_count
        largest = None if update else settings.max_vocab
        rules = VocabularyRules(least, largest, self.max_vocab_size, trim_rule)
        duration = seconds_a_word(settings, self.engine_options())
        log_plan(source, rules, self.vector_size, duration)
        vocabulary, corpus = read_corpus(source, rules, self.engine_options())
        refuse_letters(vocabulary.words)
        self.corpus_count, self.corpus_total_words = corpus.sentences, corpus.raw_words
        self._take(vocabulary, update)
        return corpus

    def _take(self, vocabulary: Vocabulary, update: bool) -> None:
        if update:
            self._grow(vocabulary)
        else:
            self._check_memory(vocabulary.counts)
            told = told_of_tables(self.settings(), self.engine_options(), len(vocabulary))
            if told is not None:
                logger.info("%s", written(told, in_keywords))
            self.vocabulary, self.model = vocabulary, self._new_model(len(vocabulary))
            self.losses, self.heldout_losses, self.unigram_loss = [], [], None
            self._epochs_drawn, self._wv, self._locks = 0, None, None
        known = self._vocabulary()
        logger.info(
            "vocabulary: %s words, %s occurrences, of a text of %s words in %s sentences",
            *map(
                "{:,}".format,
                (len(known), int(known.counts.sum()), self.corpus_total_words, self.corpus_count),
            ),
        )

    def _vocabulary(self) -> Vocabulary:
        if self.vocabulary is None:
            raise InputError(
                "there is no vocabulary yet: call build_vocab(sentences) before this, or give the "
                f"sentences to {type(self).__name__}"
            )
        return self.vocabulary

    def _new_model(self, words: int) -> Any:
        given = self._given_model
        if given is None:
            return self.settings().new_model(words)
        model = given if isinstance(given, Module) else given(words, self.vector_size)
        table = getattr(model, "w_in", None)
        if not callable(getattr(model, "loss", None)) or not isinstance(table, Parameter):
            raise InputError(
                f"model: {type(model).__name__} needs a method loss(batch) and a Parameter w_in, "
                "one row a word"
            )
        if len(table.data) != words:
            raise InputError(
                f"model: w_in has {len(table.data)} rows for {words} words; give a function of "
                "(vocab_size, vector_size) that makes the model"
            )
        return model

    def _enlarged_model(
        self, tables: Mapping[str, FloatArray], old_ids: IntArray, words: int
    ) -> Any:
        return self.settings().enlarged_model(tables, old_ids, words)

    def _check_memory(self, counts: IntArray | None = None) -> None:
        """Refuse what takes more memory than is left; without counts, before a text is read."""
        text_words = UNREAD if counts is None else self.corpus_total_words
        check_memory(
            self.settings(),
            self.engine_options(),
            counts,
            text_words,
            tables=self._given_model is None,
            more_rows=0 if counts is None else self._more_rows(len(counts)),
        )

    def _grow(self, more: Vocabulary) -> None:
        old = self._vocabulary()
        if self._given_model is not None:
            raise InputError("build_vocab(update=True) cannot enlarge a model of yours; begin anew")
        self._adopt_vectors()
        grown = old.grown(more, self.min_count, self.max_final_vocab)
        self._check_memory(grown.vocabulary.counts)
        kept = self._kept_words()
        tables, self.vocabulary = self.model.state_dict(), grown.vocabulary
        self.model = self._enlarged_model(tables, grown.old_ids, len(self.vocabulary))
        self._wv = self._locks = None
        if kept is not None:  # new words are trained
            self._locks = np.ones(len(self.vocabulary), np.float32)
            self._locks[grown.old_ids[kept]] = 0
        logger.info(
            "%d old words keep their vectors, %d new ones begin at random",
            len(old),
            grown.added,
        )
        if grown.rare:  # said in any case: who adds a text expects its words
            logger.warning(
                "%d new words are left out, as they occur fewer than %d times in the new text%s",
                grown.rare,
                self.min_count,
                "" if self.max_final_vocab is None else " or max_final_vocab is reached",
            )
        if self.hs:
            logger.warning("the Huffman tree is another one now: its inner nodes start anew")


def digest_of(kept: BoolArray | None) -> str | None:
    """Return what identifies the rows that a training keeps, None where it keeps none.

    Examples
    --------
    >>> digest_of(None), digest_of(np.array([True])) == digest_of(np.array([False]))
    (None, False)
    """
    return None if kept is None else hashlib.sha256(kept.tobytes()).hexdigest()
