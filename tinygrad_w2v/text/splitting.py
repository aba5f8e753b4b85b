"""A corpus in two parts: one to train on, and one that is held out to look at the loss on.

The parts are written a piece at a time, and into files where the corpus is one of files, so that
what did not fit into memory before does not have to now.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tinygrad_w2v._base import hashing
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import PathLike
from tinygrad_w2v._base.types import AnyArray
from tinygrad_w2v.text.corpus import Corpus, corpus_of, new_rows
from tinygrad_w2v.text.numbering import CorpusRows
from tinygrad_w2v.text.resources import check_free_space

# The stream of draws that no window uses.
_STREAM = np.uint64(16)
# So many sentences, and about so many words, are looked at together.
_SENTENCES, _WORDS = 1 << 18, 1 << 22


def split_sentences(
    corpus: Corpus, share: float, seed: int, folder: PathLike | None = None
) -> tuple[Corpus, Corpus]:
    """Divide the sentences of a corpus by chance, always the same for a seed.

    Parameters
    ----------
    corpus
        What to divide.
    share
        The share of the sentences in the second part, between 0 and 1.
    seed
        Of the draw.
    folder
        Hold both parts in temporary files in this folder and not in memory; they go away with
        the parts.

    Returns
    -------
    larger, smaller : Corpus
        Both with the sentences in their order.

    Raises
    ------
    InputError
        When a part has no sentence of two words, in which there is nothing to predict, or when
        the folder has too little space or cannot be written.

    Examples
    --------
    >>> from tinygrad_w2v.text.corpus import build_corpus
    >>> _, corpus = build_corpus([["you", "say"], ["i", "say"]] * 50, min_count=1)
    >>> training, heldout = split_sentences(corpus, 0.1, seed=1)
    >>> training.sentences, heldout.sentences
    (92, 8)
    """
    if not 0 < share < 1:
        raise InputError(f"must be a share between 0 and 1, not {share}", setting="heldout")
    if folder is not None:
        check_free_space(corpus.ids.nbytes + corpus.offsets.nbytes, folder)
    with new_rows(folder) as larger_rows, new_rows(folder) as smaller_rows:
        for first, last in _groups(corpus):
            chosen = _chosen(first, last, share, seed)
            _append(smaller_rows, corpus, first, chosen)
            _append(larger_rows, corpus, first, ~chosen)
        smaller_rows.raw_words = round(corpus.raw_words * share)
        larger_rows.raw_words = corpus.raw_words - smaller_rows.raw_words
        larger, smaller = corpus_of(larger_rows), corpus_of(smaller_rows)
    for part, name in ((smaller, "held-out part"), (larger, "part to train on")):
        if part.longest_sentence() < 2:
            raise InputError(
                f"{share} leaves no sentence of two words in the {name} of "
                f"{corpus.sentences} sentences; use another share, or a longer text",
                setting="heldout",
            )
    return larger, smaller


def _chosen(first: int, last: int, share: float, seed: int) -> AnyArray:
    """Which of the sentences are held out."""
    numbers = np.arange(first, last, dtype=np.uint64)
    key = hashing.stream_key(seed, 0, _STREAM)
    nothing = np.zeros(1, dtype=np.uint64)
    return hashing.uniform(hashing.draw(key, numbers, nothing, nothing)) < share


def _groups(corpus: Corpus) -> Iterator[tuple[int, int]]:
    """Yield runs of sentences with few words together, or of one sentence."""
    first = 0
    while first < corpus.sentences:
        few = corpus.offsets[first : first + _SENTENCES + 1]
        fitting = int(np.searchsorted(few, few[0] + _WORDS, side="right")) - 1
        last = first + max(fitting, 1)
        yield first, last
        first = last


def _append(rows: CorpusRows, corpus: Corpus, first: int, chosen: AnyArray) -> None:
    """Add those of the sentences from `first` on that are chosen."""
    offsets = corpus.offsets[first : first + len(chosen) + 1]
    lengths = np.diff(offsets)
    rows.offsets.append(len(rows.ids) + np.cumsum(lengths[chosen]))
    if len(chosen) > 1:
        ids = corpus.ids[offsets[0] : offsets[-1]]
        rows.ids.append(ids[np.repeat(chosen, lengths)])
    elif chosen[0]:  # it may be the whole text
        for start in range(int(offsets[0]), int(offsets[1]), _WORDS):
            rows.ids.append(corpus.ids[start : min(start + _WORDS, int(offsets[1]))])
