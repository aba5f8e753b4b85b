"""Windows of a text drawn in native code: the same draws as `text.windows`, one word at a time.

Whether a word is kept, how wide its window is and which negative words it has are hashes of its
place, so any stretch of the text can be drawn by anyone, without what came before. `draw_windows`
is plain Python; `native` compiles it with the hash of `text.hashing`, whose source it takes.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from tinygrad_w2v._base import hashing
from tinygrad_w2v._base.hashing import LOW_32, SHIFT_32, bounded, draw, uniform
from tinygrad_w2v.compiler.codegen import kernel_cache
from tinygrad_w2v.sources.windows import REDRAWS, WindowSource

NO_COUNTER = np.uint64(0)
_TAKEN_OVER = (hashing.mix, hashing.draw, hashing.uniform, hashing.bounded)


def is_kept(ids: Any, place: Any, sentence: Any, begin: Any, keep: Any, key: Any) -> Any:
    """Whether subsampling keeps the word at a place of the text."""
    chance = uniform(draw(key, sentence, np.uint64(place - begin), NO_COUNTER))
    return chance < keep[ids[place]]


def draw_negative(
    true: Any, k: Any, side: Any, number: Any, sentence: Any, position: Any, key: Any, table: Any
) -> Any:
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


def draw_windows(
    ids: Any,
    offsets: Any,
    sentence: Any,
    first: Any,
    last: Any,
    window: Any,
    shrink: Any,
    shared: Any,
    negative: Any,
    keep: Any,
    keys: Any,
    negatives: Any,
    way_starts: Any,
    way_nodes: Any,
    way_code: Any,
    kept_ids: Any,
    kept_positions: Any,
    center: Any,
    contexts: Any,
    distances: Any,
    targets: Any,
    labels: Any,
    context_counts: Any,
    target_counts: Any,
) -> tuple[Any, Any]:
    """Draw the windows around the words ``ids[first:last]`` into arrays, one row a window.

    Parameters
    ----------
    ids, offsets
        The text, and where its sentences begin.
    sentence
        The number of the sentence that holds `first`.
    window, shrink, shared, negative
        As in `WindowSettings`.
    keep, keys, negatives
        Chances to be kept; the keys of subsampling, widths and negatives; the packed alias table.
    way_starts, way_nodes, way_code
        The ways through a Huffman tree; `way_starts` is empty without one.
    kept_ids, kept_positions
        Room for the kept words of a sentence around this stretch.
    center, contexts, distances, targets, labels, context_counts, target_counts
        Are given the windows.

    Returns
    -------
    windows, kept : int
        How many windows there are, and how many of the words were kept.
    """
    count = 0
    kept = 0
    while sentence < len(offsets) - 1 and offsets[sentence] < last:
        begin, end = offsets[sentence], offsets[sentence + 1]
        start, stop = max(first, begin), min(last, end)
        number = np.uint64(sentence)
        place = start
        before = 0
        while place > begin and before < window:
            place -= 1
            if is_kept(ids, place, number, begin, keep, keys[0]):
                before += 1
        n = 0
        after = 0
        first_center = 0
        last_center = 0
        while place < end and after < window:
            if place == start:
                first_center = n
            if place == stop:
                last_center = n
            if is_kept(ids, place, number, begin, keep, keys[0]):
                kept_ids[n] = ids[place]
                kept_positions[n] = place - begin
                n += 1
                if place >= stop:
                    after += 1
            place += 1
        if place == stop:
            last_center = n
        kept += last_center - first_center
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
                t = 0
                if negative > 0:
                    targets[count, 0] = true
                    for k in range(negative):
                        targets[count, 1 + k] = draw_negative(
                            true, k, side, negative, number, position, keys[2], negatives
                        )
                    t = 1 + negative
                if len(way_starts) > 0:
                    for way in range(way_starts[true], way_starts[true + 1]):
                        if negative > 0:
                            targets[count, t] = len(negatives) + way_nodes[way]
                            labels[count, t] = 1 - way_code[way]
                        else:
                            targets[count, t] = way_nodes[way]
                            labels[count, t] = way_code[way]
                        t += 1
                target_counts[count] = t
                count += 1
                m = 0
        sentence += 1
    return count, kept


def ranges_of(source: WindowSource) -> dict[str, tuple[int, int]]:
    """Return between which numbers the ids of a drawn window are, whatever the window.

    Examples
    --------
    >>> from tinygrad_w2v.text.corpus import build_corpus
    >>> vocabulary, corpus = build_corpus([["you", "say", "hello"]] * 50)
    >>> ranges_of(WindowSource(corpus, vocabulary.counts))
    {'center': (0, 2), 'contexts': (0, 2), 'offsets': (-5, 5), 'targets': (0, 2)}
    """
    last, settings, tree = len(source.keep) - 1, source.settings, source.tree
    nodes = 0 if tree is None else int(tree.nodes.max(initial=-1)) + 1
    rows = nodes + (last + 1 if settings.negative else 0)
    return {
        "center": (0, last),
        "contexts": (0, last),
        "offsets": (-settings.window, settings.window),
        "targets": (0, max(rows - 1, 0)),
    }


def source() -> str:
    """Return `draw_windows` and all that it calls as one file for Numba."""
    constants = [
        f"{name} = np.uint64({int(value)})"
        for name, value in vars(hashing).items()
        if isinstance(value, np.uint64)
    ]
    constants += [f"TO_UNIT = {hashing.TO_UNIT!r}", f"REDRAWS = {REDRAWS}"]
    constants += ["NO_COUNTER = np.uint64(0)"]
    functions: list[Any] = [*_TAKEN_OVER, is_kept, draw_negative, draw_windows]
    return kernel_cache.source_of("Windows of a text, drawn natively", functions, constants)


@cache
def native() -> kernel_cache.Loaded:
    """Return `draw_windows` compiled, by its name."""
    return kernel_cache.load(source())
