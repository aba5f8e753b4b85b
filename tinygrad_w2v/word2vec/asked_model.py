"""What a trained model is asked beside its vectors: which word fits, how likely a sentence is."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from itertools import islice
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.types import FloatArray, IntArray
from tinygrad_w2v.text.numbering import refuse_other_than_sentence
from tinygrad_w2v.text.vocabulary import Vocabulary
from tinygrad_w2v.word2vec.keywords import Keywords
from tinygrad_w2v.word2vec.output_words import ids_of, log_probability, output_probabilities

logger = logging.getLogger("tinygrad_w2v.word2vec")


class AskedModel(Keywords):
    """Base of `LearnedWords`, which has the words and the model."""

    model: Any

    def _vocabulary(self) -> Vocabulary:
        raise NotImplementedError

    def _adopt_vectors(self) -> None:
        raise NotImplementedError

    def _parts(self, ids: IntArray) -> tuple[FloatArray, IntArray]:
        """The rows that words are the means of, one word's after the other; how many each has."""
        rows: FloatArray = self.model.w_in.data[ids]
        return rows, np.ones(len(ids), np.int64)

    def score(
        self,
        sentences: Iterable[Iterable[str]],
        total_sentences: int = 1_000_000,
        chunksize: int = 100,
        queue_factor: int = 2,
        report_delay: float = 1.0,
    ) -> FloatArray:
        """Return the log-probability of each sentence, for a model of hierarchical softmax.

        It is the sum over the words of what the words around them, up to `window`, say of them:
        one a pair with skip-gram, one a word with CBOW. Words that are not known are left out, and
        windows are as wide as they can be.

        Parameters
        ----------
        sentences : iterable of lists of str
            Sentences.
        total_sentences : int
            At most so many are looked at.
        chunksize, queue_factor, report_delay
            Of gensim's; without effect.

        Returns
        -------
        FloatArray
            float32, one a sentence; 0 for one without known words.

        Raises
        ------
        InputError
            When the model has no tree, or a sentence is a string.

        Examples
        --------
        >>> from tinygrad_w2v import Word2Vec
        >>> text = [["cat", "dog", "cow"], ["red", "blue", "pink"]] * 99
        >>> model = Word2Vec(text, sg=1, hs=1, negative=0, vector_size=8, sample=0, engine="numpy")
        >>> likely, unlikely = model.score([["cat", "dog"], ["cat", "pink"]])
        >>> bool(likely > unlikely)
        True
        """
        vocabulary = self._vocabulary()
        if not self.hs:
            raise InputError("a sentence has a probability under hierarchical softmax alone: hs=1")
        self._adopt_vectors()
        scores = []
        for sentence in islice(sentences, total_sentences):
            refuse_other_than_sentence(sentence)
            ids = ids_of(vocabulary, [word for word in sentence if isinstance(word, str)])
            rows, sizes = self._parts(ids)
            told = log_probability(rows, sizes, ids, self.syn1, vocabulary.counts, self.settings())
            scores.append(told)
        return np.array(scores, np.float32)

    def predict_output_word(
        self, context_words_list: Iterable[str | int], topn: int = 10
    ) -> list[tuple[str, float]] | None:
        """Return the words that are most probable between given words.

        Parameters
        ----------
        context_words_list : list of str or int
            The words around, or their ids; unknown words are left out.
        topn : int
            How many words to return.

        Returns
        -------
        list of (str, float), or None
            Words and probabilities, see `output_probabilities`; None when no word is known.

        Raises
        ------
        InputError
            When something is neither a word nor the id of one.
        """
        vocabulary = self._vocabulary()
        contexts = ids_of(vocabulary, context_words_list)
        if not len(contexts):
            logger.warning("none of the context words is in the vocabulary")
            return None
        if not hasattr(self.model, "w_out"):
            raise InputError(f"{type(self.model).__name__} has no w_out to predict words with")
        self._adopt_vectors()
        p = output_probabilities(
            self._parts(contexts)[0],
            self.model.w_out.data,
            vocabulary.counts,
            self.settings(),
        )
        best = np.argsort(-p, kind="stable")[: max(topn, 0)]
        return [(vocabulary.words[place], float(p[place])) for place in best]

    @property
    def syn1neg(self) -> FloatArray:
        """The rows that words are predicted with under negative sampling, ``(V, dim)``."""
        words = len(self._vocabulary())
        if not self.negative:
            raise AttributeError("without negative words there is no syn1neg; see syn1")
        rows: FloatArray = self.model.w_out.data[:words]
        return rows

    @property
    def syn1(self) -> FloatArray:
        """The inner nodes of the Huffman tree, ``(V - 1, dim)``."""
        words = len(self._vocabulary())
        if not self.hs:
            raise AttributeError("without hs there is no syn1; see syn1neg")
        first = words if self.negative else 0
        nodes: FloatArray = self.model.w_out.data[first : first + words - 1]
        return nodes
