"""Windows of a text drawn a stretch at a time, as native code draws them.

Whether a word is kept, how wide its window is and which negative words it has are hashes of its
position, so any stretch of the text can be drawn by anyone, without what came before. The draws are
those of `window_batches`. Each kind of draw is one straight loop over the whole stretch: what is
random decides no jump, since a processor guesses such a jump wrong as often as right, and loops of
hashes run in vectors. `draw_windows` is plain Python; with numba it is compiled, together with the
functions that it calls.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from tinygrad_w2v._base import hashing
from tinygrad_w2v._base.errors import MissingDependencyError
from tinygrad_w2v._base.hashing import (
    LOW_32,
    SHIFT_11,
    SHIFT_32,
    WEYL_DRAW,
    WEYL_POSITION,
    bounded,
    mix,
    place_of,
)
from tinygrad_w2v._base.types import AnyArray, FloatArray, IntArray
from tinygrad_w2v.sources.huffman import HuffmanTree
from tinygrad_w2v.sources.negatives import REDRAWS

LANES = 16  # of a path are copied together; most paths are shorter
# Numba looks whether a signed index counts from the end, for each element, and then no loop runs in
# vectors; an unsigned one it takes as it is.
index = np.uint64


# Numba takes the records as plain tuples: to look up the type of a NamedTuple takes longer than to
# draw some windows.
class Text(NamedTuple):
    """What windows are drawn of.

    Attributes
    ----------
    ids, offsets : IntArray
        Ids of words, and where their sentences begin, with the end of the last.
    numbers : AnyArray
        What each sentence is drawn by, uint64, in place of its number; none by default.
    """

    ids: IntArray
    offsets: IntArray
    numbers: AnyArray = np.zeros(0, np.uint64)


class Rules(NamedTuple):
    """As in `WindowSettings`; with `alone`, a word alone in its sentence is a window, too."""

    window: int
    shrink: bool
    shared: bool
    negative: int
    alone: bool = False


class Chances(NamedTuple):
    """What is drawn by.

    Attributes
    ----------
    keep : AnyArray
        Below which number of 53 random bits each word is kept, see `thresholds`.
    keys : AnyArray
        The keys of subsampling, widths and negatives.
    negatives : AnyArray
        The packed alias table.
    """

    keep: AnyArray
    keys: AnyArray
    negatives: AnyArray


class Paths(NamedTuple):
    """The paths of all words one after the other; both are empty without a tree.

    Attributes
    ----------
    starts : IntArray
        Where the path of each word begins in `steps`, with the end of the last.
    steps : IntArray
        ``2 * target + label`` for each inner node, and `LANES` more at the end.
    """

    starts: IntArray = np.zeros(0, np.int64)
    steps: IntArray = np.zeros(0, np.int32)

    @classmethod
    def of(cls, tree: HuffmanTree, words: int) -> Paths:
        """Return a tree's paths, whose nodes are targets behind `words` others if there are some.

        Examples
        --------
        >>> tree = HuffmanTree.from_counts(np.array([2, 1, 1]))
        >>> Paths.of(tree, words=3).steps[:5].tolist()  # node 1, code 0; nodes 1 and 0, codes 1
        [9, 8, 6, 8, 7]
        """
        labels = 1 - tree.code if words else tree.code
        steps = np.zeros(len(tree.nodes) + LANES, np.int32)
        steps[: len(tree.nodes)] = 2 * (words + tree.nodes) + labels.astype(np.int32)
        return cls(tree.starts, steps)


class Scratch(NamedTuple):
    """Room for what is known of a stretch before there are windows.

    A *place* is what the place of a word adds to the state of its draws, see `hashing.place_of`.

    Attributes
    ----------
    kept, places : AnyArray
        Ids and places of the kept words of the stretch, and of `window` more on both sides.
    ends, numbers : AnyArray
        Where among them each sentence of the stretch ends, and its number.
    row_places : AnyArray
        What each window's negative words are drawn by: its place, and that of its pair.
    """

    kept: AnyArray
    places: AnyArray
    ends: AnyArray
    numbers: AnyArray
    row_places: AnyArray

    @classmethod
    def of(cls, units: int, rows: int, window: int) -> Scratch:
        """Make room for a stretch of so many words, that gives so many windows at most."""
        words = units + 2 * window + 1
        return cls(
            # A window's contexts are copied as if it were as wide as can be.
            kept=np.zeros(words + 2 * window, np.int32),
            places=np.zeros(words, np.uint64),
            ends=np.zeros(units + 1, np.int64),
            numbers=np.zeros(units + 1, np.int64),
            row_places=np.zeros(rows, np.uint64),
        )


class Windows(NamedTuple):
    """Windows, one a row.

    Attributes
    ----------
    center, contexts, targets, labels : AnyArray
        As in `Batch`. Labels of negative sampling are the same in every row, and not written.
    before : AnyArray
        How many of the contexts stand before the centre; see `distances`.
    C, T : IntArray
        How many contexts and targets each has. Without paths T is not written.
    sentence : IntArray
        The number of the sentence that each is of.
    """

    center: IntArray
    contexts: IntArray
    targets: IntArray
    labels: AnyArray
    before: IntArray
    C: IntArray
    T: IntArray
    sentence: IntArray


def thresholds(keep: FloatArray) -> AnyArray:
    """Return for each probability the number of 53 random bits below which it is met.

    ``uniform(bits) < keep`` is ``bits >> 11 < thresholds(keep)``, exactly: both sides times 2^53.

    Examples
    --------
    >>> thresholds(np.array([0.0, 0.5, 1.0])) == np.array([0, 2**52, 2**53], np.uint64)
    array([ True,  True,  True])
    """
    return np.ceil(np.asarray(keep, np.float64) * 2.0**53).astype(np.uint64)


def distances(before: IntArray, contexts: int) -> IntArray:
    """Return how far contexts are from their centre, for each number of contexts before it.

    Examples
    --------
    >>> distances(np.array([2, 0]), 3).tolist()
    [[-2, -1, 1], [1, 2, 3]]
    """
    steps = np.arange(contexts, dtype=np.int32) - before[:, None]
    steps += steps >= 0
    return steps


# What follows is not typed, as Numba types it by what it is given.
def drawn_by(sentence, numbers):
    """The number that the draws of a sentence depend on."""
    return numbers[sentence] if len(numbers) > 0 else np.uint64(sentence)


def is_kept(word, place, keep, key):
    """Whether subsampling keeps a word at a place of the text."""
    return (mix(key + place) >> SHIFT_11) < keep[index(word)]


def keep_words(text, sentence, first, last, n, keep, key, scratch):
    """Note the kept words of a stretch, from place `n` of the room on.

    Returns
    -------
    n, sentences, tail : int
        The place after the last of them, in how many sentences they are, and the number of the
        last of these.
    """
    ids, offsets, own_numbers = text
    kept, places, ends, numbers, _ = scratch
    sentences, tail = 0, sentence
    while sentence < len(offsets) - 1 and offsets[sentence] < last:
        begin = offsets[sentence]
        start, stop = max(first, begin), min(last, offsets[sentence + 1])
        place = place_of(drawn_by(sentence, own_numbers), np.uint64(start - begin))
        for at in range(start, stop):
            word = ids[index(at)]
            # Written in any case, and over a word before it that was not kept.
            kept[index(n)] = word
            places[index(n)] = place
            n += 1 if is_kept(word, place, keep, key) else 0
            place += WEYL_POSITION
        if start < stop:
            ends[sentences] = n
            numbers[sentences] = sentence
            sentences += 1
            tail = sentence
        sentence += 1
    return n, sentences, tail


def keep_edges(text, head, first, tail, last, high, window, keep, key, scratch):
    """Note the next `window` kept words of the first and the last sentence, before and behind.

    Returns
    -------
    low, high : int
        The place of the first of all words that are noted, and the place after the last.
    """
    ids, offsets, own_numbers = text
    kept, places, _, _, _ = scratch
    low = window
    for step in range(-1, 2, 2):
        at, sentence = (first - 1, head) if step < 0 else (last, tail)
        begin, end = offsets[sentence], offsets[sentence + 1]
        number = drawn_by(sentence, own_numbers)
        missing = window
        while missing > 0 and begin <= at and at < end:
            place = place_of(number, np.uint64(at - begin))
            if is_kept(ids[at], place, keep, key):
                low -= 1 if step < 0 else 0
                to = low if step < 0 else high
                high += 1 if step > 0 else 0
                kept[to] = ids[at]
                places[to] = place
                missing -= 1
            at += step
    return low, high


def place_windows(sentences, low, last, rules, key, scratch, windows):
    """Give each window its words and its place; return how many windows there are."""
    window, shrink, shared, negative, alone = rules
    kept, places, ends, numbers, row_places = scratch
    center, contexts, _, _, before, context_counts, _, of_sentence = windows
    row, width, fewest = index(0), window, 0 if alone else 1
    for sentence in range(sentences):
        high, number = ends[sentence], numbers[sentence]
        # A word alone has no contexts.
        for c in range(max(low, window), min(high, last) if high - low > fewest else 0):
            word, place = kept[index(c)], places[index(c)]
            if shrink:
                width = 1 + np.int64(bounded(mix(key + place), np.uint64(window)))
            left, right = max(c - width, low), min(c + width + 1, high)
            if shared:
                ahead = c - left
                # Always as many as can be, since a wrong guess of their number costs more. Where
                # the centre is written the next word is written over it.
                for i in range(2 * window + 1):
                    contexts[row, index(i - (1 if i > ahead else 0))] = kept[index(left + i)]
                center[row] = word
                before[row] = ahead
                context_counts[row] = right - left - 1
                row_places[row] = place
                of_sentence[row] = number
                row += index(1)
                continue
            for j in range(left, right):
                if j == c:
                    continue
                side = 2 * abs(j - c) - (1 if j < c else 0)
                counter = np.uint64(side * (REDRAWS + 1) * negative)
                contexts[row, 0] = kept[index(j)]
                center[row] = word
                row_places[row] = place + counter * WEYL_DRAW
                before[row] = c - j + (1 if j > c else 0)
                context_counts[row] = 1
                of_sentence[row] = number
                row += index(1)
        low = high
    return np.int64(row)


def negative_word(bits, words, table):
    """Return the word for 64 random bits, as `AliasTable.words`."""
    column = bounded(bits, words)
    packed = table[column]
    return np.int64(column if (bits & LOW_32) < (packed >> SHIFT_32) else packed & LOW_32)


def draw_negatives(count, negative, key, table, row_places, center, targets):
    """Give each window its true word and `negative` others as targets."""
    words, step = np.uint64(len(table)), np.uint64(negative) * WEYL_DRAW
    for at in range(count):
        row = index(at)
        true = center[row]
        targets[row, 0] = true
        state = key + row_places[row]
        for k in range(negative):
            word = negative_word(mix(state), words, table)
            if word == true:  # It is drawn again.
                again = state
                for _ in range(REDRAWS):
                    again += step
                    word = negative_word(mix(again), words, table)
                    if word != true:
                        break
                if word == true:
                    word = np.int64((true + 1) % len(table))
            targets[row, index(1 + k)] = word
            state += WEYL_DRAW


def put_paths(count, own, paths, center, targets, labels, target_counts):
    """Give each window the path and the code of its true word, behind `own` other targets.

    Lanes beyond a path's end are copied, too, so that most paths are copied in one round.
    """
    starts, steps = paths
    for at in range(count):
        row = index(at)
        word = index(center[row])
        start, stop = starts[word], starts[word + index(1)]
        target_counts[row] = own + stop - start
        to = own
        while start < stop:
            for lane in range(LANES):
                step = steps[index(start + lane)]
                targets[row, index(to + lane)] = step >> 1
                labels[row, index(to + lane)] = step & 1
            start += LANES
            to += LANES


def draw_windows(text, rules, chances, paths, scratch, windows, sentence, first, last):
    """Draw the windows around the words ``ids[first:last]`` into arrays, one row a window.

    Parameters
    ----------
    text, rules, chances, paths
        `Text`, `Rules`, `Chances` and `Paths`, as plain tuples.
    scratch, windows
        `Scratch` and `Windows`, which are written.
    sentence
        The number of the sentence that holds `first`.
    first, last
        Places in the text.

    Returns
    -------
    count, used : int
        How many windows there are, and how many of the words were kept.
    """
    window, _, _, negative, _ = rules
    keep, keys, table = chances
    _, _, ends, _, row_places = scratch
    center, _, targets, labels, _, _, target_counts, _ = windows
    # Before place `window` there is room for what stands before the stretch.
    n, sentences, tail = keep_words(text, sentence, first, last, window, keep, keys[0], scratch)
    if sentences == 0:
        return 0, 0
    low, ends[sentences - 1] = keep_edges(
        text, sentence, first, tail, last, n, window, keep, keys[0], scratch
    )
    count = place_windows(sentences, low, n, rules, keys[1], scratch, windows)
    own = 0
    if negative > 0:
        own = 1 + negative
        draw_negatives(count, negative, keys[2], table, row_places, center, targets)
    if len(paths[0]) > 0:
        put_paths(count, own, paths, center, targets, labels, target_counts)
    return count, n - window


@cache
def native() -> Any:
    """Return `draw_windows` compiled."""
    # Here, as most who draw nothing natively need no compiler.
    from tinygrad_w2v.compiler.codegen import kernel_cache

    hashes = (hashing.mix, hashing.place_of, hashing.bounded)
    helpers = (drawn_by, is_kept, keep_words, keep_edges, place_windows)
    targets = (negative_word, draw_negatives, put_paths)
    return kernel_cache.jitted([draw_windows], (*hashes, *helpers, *targets))["draw_windows"]


def sampler() -> Any:
    """Return `draw_windows` compiled, or as it is where numba is missing."""
    try:
        return native()
    except MissingDependencyError:
        return np.errstate(over="ignore")(draw_windows)
