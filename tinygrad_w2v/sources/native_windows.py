"""Windows of a text drawn one word at a time, as native code draws them.

Whether a word is kept, how wide its window is and which negative words it has are hashes of its
position, so any stretch of the text can be drawn by anyone, without what came before. The draws are
those of `windows`. `draw_windows` is plain Python; with numba it is compiled, together with the
hashes that it calls.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from tinygrad_w2v._base import hashing
from tinygrad_w2v._base.errors import MissingDependencyError
from tinygrad_w2v._base.hashing import LOW_32, SHIFT_32, bounded, draw, uniform
from tinygrad_w2v._base.types import AnyArray, IntArray
from tinygrad_w2v.sources.negatives import REDRAWS

NO_COUNTER = np.uint64(0)


# Numba takes the records as plain tuples: to look up the type of a NamedTuple takes longer than to
# draw some windows.
class Text(NamedTuple):
    """Ids of words, and where their sentences begin, with the end of the last."""

    ids: IntArray
    offsets: IntArray


class Rules(NamedTuple):
    """As in `WindowSettings`."""

    window: int
    shrink: bool
    shared: bool
    negative: int


class Chances(NamedTuple):
    """What is drawn by.

    Attributes
    ----------
    keep : AnyArray
        With which probability each word is kept.
    keys : AnyArray
        The keys of subsampling, widths and negatives.
    negatives : AnyArray
        The packed alias table.
    """

    keep: AnyArray
    keys: AnyArray
    negatives: AnyArray


class Paths(NamedTuple):
    """The fields of a `HuffmanTree`; all are empty without one."""

    starts: IntArray = np.zeros(0, np.int64)
    nodes: IntArray = np.zeros(0, np.int32)
    code: AnyArray = np.zeros(0, np.float32)


class Kept(NamedTuple):
    """Room for the ids and positions of a sentence's kept words around a stretch."""

    ids: IntArray
    positions: IntArray


class Windows(NamedTuple):
    """Windows, one a row, and how many contexts C and targets T each has."""

    center: IntArray
    contexts: IntArray
    offsets: IntArray
    targets: IntArray
    labels: AnyArray
    C: IntArray
    T: IntArray


# What follows is not typed, as Numba types it by what it is given.
def is_kept(ids, place, sentence, begin, keep, key):
    """Whether subsampling keeps the word at a place of the text."""
    chance = uniform(draw(key, sentence, np.uint64(place - begin), NO_COUNTER))
    return chance < keep[ids[place]]


def draw_negative(true, k, side, number, sentence, position, key, table):
    """Return the k-th negative word of a window or a pair; never the true one."""
    words = np.uint64(len(table))
    counter = np.uint64(side * (REDRAWS + 1) * number + k)
    for _ in range(REDRAWS + 1):
        bits = draw(key, sentence, position, counter)
        column = bounded(bits, words)
        packed = table[column]
        own = (bits & LOW_32) < (packed >> SHIFT_32)
        word = np.int64(column) if own else np.int64(packed & LOW_32)
        if word != true:
            return word
        counter += np.uint64(number)
    return (true + 1) % len(table)


def keep_words(text, begin, end, sentence, start, stop, window, chances, kept):
    """Note a sentence's kept words from `start` to `stop`, and `window` more on both sides.

    Returns
    -------
    n, first, last : int
        How many there are, and which of them are those of ``start <= place < stop``.
    """
    ids, _ = text
    keep, keys, _ = chances
    kept_ids, kept_positions = kept
    place = start
    before = 0
    while place > begin and before < window:
        place -= 1
        if is_kept(ids, place, sentence, begin, keep, keys[0]):
            before += 1
    n = 0
    after = 0
    first = 0
    last = 0
    while place < end and after < window:
        if place == start:
            first = n
        if place == stop:
            last = n
        if is_kept(ids, place, sentence, begin, keep, keys[0]):
            kept_ids[n] = ids[place]
            kept_positions[n] = place - begin
            n += 1
            if place >= stop:
                after += 1
        place += 1
    if place == stop:
        last = n
    return n, first, last


def put_targets(row, true, side, sentence, position, rules, chances, paths, windows):
    """Give a window its true and its negative words, and the path and code of its true word."""
    _, _, _, negative = rules
    _, keys, negatives = chances
    starts, nodes, code = paths
    _, _, _, targets, labels, _, target_counts = windows
    t = 0
    if negative > 0:
        targets[row, 0] = true
        for k in range(negative):
            targets[row, 1 + k] = draw_negative(
                true, k, side, negative, sentence, position, keys[2], negatives
            )
        t = 1 + negative
    if len(starts) > 0:
        for step in range(starts[true], starts[true + 1]):
            if negative > 0:
                targets[row, t] = len(negatives) + nodes[step]
                labels[row, t] = 1 - code[step]
            else:
                targets[row, t] = nodes[step]
                labels[row, t] = code[step]
            t += 1
    target_counts[row] = t


def draw_windows(text, rules, chances, paths, kept, windows, sentence, first, last):
    """Draw the windows around the words ``ids[first:last]`` into arrays, one row a window.

    Parameters
    ----------
    text, rules, chances, paths
        `Text`, `Rules`, `Chances` and `Paths`, as plain tuples.
    kept, windows
        `Kept` and `Windows`, which are written.
    sentence
        The number of the sentence that holds `first`.
    first, last
        Places in the text.

    Returns
    -------
    count, used : int
        How many windows there are, and how many of the words were kept.
    """
    _, offsets = text
    window, shrink, shared, _ = rules
    _, keys, _ = chances
    kept_ids, kept_positions = kept
    center, contexts, distances, _, _, context_counts, _ = windows
    count = 0
    used = 0
    while sentence < len(offsets) - 1 and offsets[sentence] < last:
        begin, end = offsets[sentence], offsets[sentence + 1]
        start, stop = max(first, begin), min(last, end)
        number = np.uint64(sentence)
        n, first_center, last_center = keep_words(
            text, begin, end, number, start, stop, window, chances, kept
        )
        used += last_center - first_center
        for c in range(first_center, last_center):
            true = kept_ids[c]
            position = np.uint64(kept_positions[c])
            width = window
            if shrink:
                bits = draw(keys[1], number, position, NO_COUNTER)
                width = 1 + np.int64(bounded(bits, np.uint64(window)))
            left, right = max(c - width, 0), min(c + width + 1, n)
            if right - left < 2:
                continue
            m = 0
            for j in range(left, right):
                if j == c:
                    continue
                contexts[count, m] = kept_ids[j]
                distances[count, m] = j - c
                m += 1
                if shared and j != right - 1 and not (j == right - 2 and c == right - 1):
                    continue
                side = 0
                if not shared:
                    side = 2 * abs(j - c) - (1 if j < c else 0)
                center[count] = true
                context_counts[count] = m
                put_targets(count, true, side, number, position, rules, chances, paths, windows)
                count += 1
                m = 0
        sentence += 1
    return count, used


@cache
def native() -> Any:
    """Return `draw_windows` compiled."""
    # Here, as most who draw nothing natively need no compiler.
    from tinygrad_w2v.compiler.codegen import kernel_cache

    hashes = (hashing.mix, hashing.draw, hashing.uniform, hashing.bounded)
    helpers = (*hashes, is_kept, draw_negative, keep_words, put_targets)
    return kernel_cache.jitted([draw_windows], helpers)["draw_windows"]


def sampler() -> Any:
    """Return `draw_windows` compiled, or as it is where numba is missing."""
    try:
        return native()
    except MissingDependencyError:
        return np.errstate(over="ignore")(draw_windows)
