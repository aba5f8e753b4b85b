"""Learning on: a vocabulary with the words of a new text added, and tables for it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import PathLike
from tinygrad_w2v._base.npz import read_arrays
from tinygrad_w2v._base.types import FloatArray, IntArray
from tinygrad_w2v.models import EmbeddingModel
from tinygrad_w2v.text.corpus import Corpus
from tinygrad_w2v.text.vocabulary import Vocabulary
from tinygrad_w2v.vectors.archive import read_archive
from tinygrad_w2v.word2vec.settings import TrainingSettings


class Base(NamedTuple):
    """What a finished run knows: its words with their counts, and both tables."""

    words: list[str]
    counts: IntArray
    w_in: FloatArray
    w_out: FloatArray


class Extended(NamedTuple):
    """A vocabulary of old and new words, the new text in its ids, and what came of the words.

    Attributes
    ----------
    vocabulary : Vocabulary
        By falling count, of both texts together.
    corpus : Corpus
        The new text.
    old_ids : IntArray
        The ids of the base's words, in the base's order.
    new_words, rare_words : int
        How many words were added, and how many of the new text were left out as too rare.
    """

    vocabulary: Vocabulary
    corpus: Corpus
    old_ids: IntArray
    new_words: int
    rare_words: int


def read_base(path: Path) -> Base:
    """Return what a run's ``model.npz`` holds.

    Raises
    ------
    InputError
        When it is missing, or is not one that `train` wrote.
    """
    if not path.exists():
        raise InputError(f"{path} is missing; --update takes the folder of a finished run")
    contents = read_archive(path)
    w_out = read_arrays(path).get("w_out")
    if contents.counts is None or w_out is None:
        raise InputError(f"{path} holds no counts or no w_out; --update takes what `train` wrote")
    return Base(contents.words, np.asarray(contents.counts), contents.vectors, w_out)


def extend(
    base: Base,
    fresh: Vocabulary,
    corpus: Corpus,
    min_count: int,
    max_vocab: int | None,
    folder: PathLike | None = None,
) -> Extended:
    """Add the words of a new text to a vocabulary, and number the text by both.

    Old words stay, however rare; new ones are added when they occur `min_count` times in the new
    text, the most frequent first, as long as there are no more than `max_vocab` in all. Counts
    are those of both texts.

    Parameters
    ----------
    base
        What is known.
    fresh, corpus
        All words of the new text, and its ids.
    min_count, max_vocab
        Which new words are added.
    folder
        As in `build_corpus`: where the renumbered text is held, if not in memory.

    Returns
    -------
    Extended

    Examples
    --------
    >>> from tinygrad_w2v.text.corpus import build_corpus
    >>> base = Base(["say", "you"], np.array([6, 5]), np.eye(2), np.eye(2))
    >>> text = [["goodbye", "you", "hello"]] * 2 + [["goodbye", "say"]]
    >>> extended = extend(base, *build_corpus(text, min_count=1), min_count=3, max_vocab=None)
    >>> extended.vocabulary.words, extended.vocabulary.counts.tolist(), extended.rare_words
    (['say', 'you', 'goodbye'], [7, 7, 3], 1)
    """
    grown = Vocabulary(base.words, base.counts).grown(fresh, min_count, max_vocab)
    words, counts = grown.vocabulary.words, grown.vocabulary.counts
    order = np.argsort(-counts, kind="stable")
    vocabulary = Vocabulary([words[number] for number in order], counts[order])
    id_of = np.empty(len(order), np.int32)
    id_of[order] = np.arange(len(order), dtype=np.int32)
    known = vocabulary.word_to_id
    ids = np.fromiter((known.get(word, -1) for word in fresh.words), np.int32, len(fresh))
    old_ids = id_of[: len(base.words)]
    return Extended(vocabulary, corpus.renumbered(ids, folder), old_ids, grown.added, grown.rare)


def put_old_words(
    model: EmbeddingModel, base: Base, old_ids: IntArray, settings: TrainingSettings
) -> None:
    """Give the old words their learned vectors; the inner nodes of a tree stay as new.

    Raises
    ------
    InputError
        When the tables have other shapes than the settings say.
    """
    old = len(base.words)
    if base.w_in.shape != (old, settings.size) or base.w_out.shape[1:] != (settings.size,):
        raise InputError(
            f"the tables to learn on from have shapes {base.w_in.shape} and {base.w_out.shape}, "
            f"not ({old}, {settings.size}); give the folder that `train` wrote"
        )
    model.w_in.data[old_ids] = base.w_in
    if settings.negative:
        model.w_out.data[old_ids] = base.w_out[:old]
