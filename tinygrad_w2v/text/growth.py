"""A vocabulary that learns more words: old ones keep their ids, new ones follow."""

from typing import NamedTuple

import numpy as np

from tinygrad_w2v.text.vocabulary import Vocabulary


class Grown(NamedTuple):
    """A vocabulary with the words of a second text, and what came of these.

    Attributes
    ----------
    vocabulary : Vocabulary
        The old words with their old ids, then the new ones by falling count.
    added : int
        How many words are new.
    rare : int
        How many different words of the second text are too rare to be added.
    """

    vocabulary: Vocabulary
    added: int
    rare: int


def grow_vocabulary(
    old: Vocabulary, more: Vocabulary, min_count: int = 5, max_size: int | None = None
) -> Grown:
    """Add the words of a second text, and its counts.

    Parameters
    ----------
    old
        The words that are known; none is dropped, however rare.
    more
        All words of the second text, by falling count.
    min_count
        A new word is added when it occurs so often in the second text.
    max_size
        No more new words are added when there are so many words in all.

    Returns
    -------
    Grown

    Examples
    --------
    >>> old = Vocabulary(["say", "you"], [5, 2])
    >>> grown = grow_vocabulary(old, Vocabulary(["you", "he", "she"], [7, 3, 1]), min_count=2)
    >>> grown.vocabulary.words, grown.vocabulary.counts.tolist(), grown.added, grown.rare
    (['say', 'you', 'he'], [5, 9, 3], 1, 1)
    """
    counts = old.counts.copy()
    new: list[int] = []
    rare = 0
    room = len(more) if max_size is None else max(max_size - len(old), 0)
    for place, word in enumerate(more.words):
        known = old.word_to_id.get(word)
        if known is not None:
            counts[known] += more.counts[place]
        elif more.counts[place] >= min_count and len(new) < room:
            new.append(place)
        else:
            rare += 1
    words = old.words + [more.words[place] for place in new]
    return Grown(Vocabulary(words, np.concatenate([counts, more.counts[new]])), len(new), rare)
