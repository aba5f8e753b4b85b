"""The parts of words: n-grams of characters, hashed into buckets, as fastText does it.

Bojanowski, Grave, Joulin, Mikolov 2017, "Enriching word vectors with subword information". The hash
is the 32-bit FNV-1a over the bytes of UTF-8, where a byte from 128 on is taken as a negative
number, as fastText's ``char`` is: with any other one its models could not be read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np

from tinygrad_w2v._base.hashing import UInt64Array
from tinygrad_w2v._base.types import AnyArray, IntArray

BASIS, PRIME = np.uint32(2166136261), np.uint32(16777619)
END_OF_SENTENCE = "</s>"  # has no parts in fastText
WORDS_AT_ONCE = 1 << 15


def ngrams_of(words: Sequence[str], min_n: int, max_n: int) -> Iterator[tuple[AnyArray, IntArray]]:
    """Yield the hashes of the n-grams of some words at a time.

    Parameters
    ----------
    words
        The words, without the ``<`` and ``>`` that are put around them.
    min_n, max_n
        The characters of an n-gram; the marks count, and are none alone.

    Yields
    ------
    hashes : array of uint32
        Those of one word after the other, each by where they begin and then by length.
    counts : IntArray
        How many each word has.

    Examples
    --------
    >>> [(hashes, counts)] = ngrams_of(["an", "a"], 2, 3)
    >>> counts.tolist()  # <a <an an an> n>; <a <a> a>
    [5, 3]
    >>> bool(hashes[0] == hashes[5])
    True
    """
    rest = iter(words)
    while part := list(islice(rest, WORDS_AT_ONCE)):
        yield _hashes(
            [f"<{word}>" if word != END_OF_SENTENCE else "" for word in part], min_n, max_n
        )


def _hashes(words: list[str], min_n: int, max_n: int) -> tuple[AnyArray, IntArray]:
    encoded = [_encoded(word) for word in words]
    data = b"".join(encoded)
    bytes_ = np.frombuffer(data, np.int8).astype(np.int32).astype(np.uint32)
    begins = np.flatnonzero((bytes_ & np.uint32(0xC0)) != 0x80)
    lengths = np.diff(begins, append=len(data))
    borders = np.cumsum([0, *map(len, encoded)])
    characters = np.diff(np.searchsorted(begins, borders))
    ends = np.repeat(np.cumsum(characters), characters)
    number = len(begins)
    places = np.arange(number)
    first = np.zeros(number + 1, bool)
    first[np.cumsum(characters) - characters] = characters > 0
    found = np.full(number, BASIS)
    hashes = np.zeros((number, max_n), np.uint32)
    there = np.zeros((number, max_n), bool)
    for n in range(1, max_n + 1):
        # The character that makes n of them; beyond a word's end what is made is not used.
        last = np.minimum(places + n - 1, number - 1)
        which, byte = places, 0
        while len(which := which[byte < lengths[last[which]]]):
            found[which] = (found[which] ^ bytes_[begins[last[which]] + byte]) * PRIME
            byte += 1
        hashes[:, n - 1] = found
        if n >= min_n:
            there[:, n - 1] = places + n <= ends
            if n == 1:
                there[:, 0] &= ~first[:-1] & (places + 1 < ends)
    of_word = np.repeat(np.arange(len(words)), characters)
    counts: IntArray = np.bincount(of_word, there.sum(axis=1), len(words)).astype(np.int64)
    return hashes[there], counts


def _encoded(word: str) -> bytes:
    """Return the bytes of a word; of one that was no UTF-8 those that it had."""
    try:
        return word.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half a surrogate pair of Python's own
        return word.encode("utf-8", "surrogatepass")


def bucket_of(word: str, min_n: int, max_n: int, buckets: int) -> UInt64Array | IntArray:
    """Return the buckets of the n-grams of one word, which may be any.

    Examples
    --------
    >>> bucket_of("you", 3, 3, buckets=100).tolist()
    [15, 8, 97]
    """
    [(hashes, _)] = ngrams_of([word], min_n, max_n)
    return (hashes % np.uint32(buckets)).astype(np.int64)
