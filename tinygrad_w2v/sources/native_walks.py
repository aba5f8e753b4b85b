"""Walks over a graph, drawn a stretch at a time, as native code draws them; none is ever stored.

A step is a hash of (seed, epoch, walk, position), so that any walk can be walked again by anyone. A
stretch may begin within a walk, which is then walked from its start. The walks of a stretch take
each step together, one after the other: most of a step is waiting for memory, and what one walk
waits for does not hold up the next. Windows and negatives are those of `native_windows`.

A step of node2vec depends on the node before (Grover, Leskovec 2016, "node2vec: Scalable feature
learning for networks"). It is drawn by rejection, without a table for each pair of nodes: a
neighbour is drawn by its weight, and taken with the probability of its bias over the greatest
(Yang et al. 2019, "KnightKing: a fast distributed graph random walk engine"). After `ATTEMPTS` the
neighbours are weighed one by one, so that any p and q end, and both ways are exact.
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
    TO_UNIT,
    WEYL_DRAW,
    WEYL_POSITION,
    bounded,
    mix,
    place_of,
)
from tinygrad_w2v._base.types import AnyArray, FloatArray, IntArray
from tinygrad_w2v.sources.graph import Graph
from tinygrad_w2v.sources.native_windows import (
    draw_negatives,
    index,
    negative_word,
    place_windows,
    thresholds,
)
from tinygrad_w2v.sources.permutation import permuted

ATTEMPTS = 32
BACK, NEAR, FAR = 0, 1, 2
DRAWS = np.uint64(3)  # of an attempt
ONE, TWO, SHIFT_58 = np.uint64(1), np.uint64(2), np.uint64(58)


class Roads(NamedTuple):
    """A graph as native code walks it.

    Attributes
    ----------
    starts, neighbours, weights, symmetric
        As in `Graph`.
    chances : AnyArray
        A packed alias table for each node, see `AliasTable.packed`; empty where all edges are
        alike.
    signs : AnyArray
        64 bits for each node, of which each neighbour sets one: most edges that are not there are
        known from the two nodes alone.
    bias : FloatArray
        The bias of going back, near and far, over the greatest of them, or over that of the latter
        two where `fold` is not 0.
    accept : AnyArray
        The same, 1 at most, as thresholds of 53 random bits; empty where the node before does not
        matter.
    fold : float
        By how much the bias of going back is over 1, where that is drawn first and apart: else a
        small p would refuse nearly all others. Where edges go both ways the weight of the edge back
        is that of the edge that was taken.
    totals : FloatArray
        The weights of the edges of each node together; empty where nothing is drawn apart.
    """

    starts: IntArray
    neighbours: IntArray
    weights: FloatArray
    symmetric: bool
    chances: AnyArray
    signs: AnyArray
    bias: FloatArray
    accept: AnyArray
    fold: float
    totals: FloatArray

    @classmethod
    def of(cls, graph: Graph, p: float, q: float) -> Roads:
        """Return the roads of a graph for node2vec's p and q.

        Examples
        --------
        >>> roads = Roads.of(Graph.of(([0, 0], [1, 2])), p=2, q=0.5)
        >>> roads.bias.tolist(), len(roads.chances)
        ([0.25, 0.5, 1.0], 0)
        """
        biases = np.array([1 / p, 1, 1 / q])
        bias = biases / (biases[NEAR:] if graph.symmetric else biases).max()
        alike = len(set(bias.tolist())) == 1
        accept = np.zeros(0, np.uint64) if alike else thresholds(np.minimum(bias, 1))
        chances = np.zeros(len(graph.weights), np.uint64)
        if len(chances):
            longest = int(np.diff(graph.starts).max())
            work = np.zeros(longest), np.zeros(longest, np.int64)
            functions()["fill_chances"](graph.starts, graph.weights, *work, chances)
        fold = max(bias[BACK] - 1, 0.0)
        totals = graph.totals() if fold else np.zeros(0)
        return cls(*graph, chances, signs_of(graph), bias, accept, fold, totals)


def signs_of(graph: Graph) -> AnyArray:
    """Return the `signs` of `Roads`.

    Examples
    --------
    >>> signs = signs_of(Graph.of(([0, 0], [1, 2])))
    >>> bool(signs[1] == signs[2] == np.uint64(1) << sign(np.uint64(0)))
    True
    """
    signs = np.zeros(graph.nodes, np.uint64)
    there = np.flatnonzero(np.diff(graph.starts))
    bits = ONE << sign(graph.neighbours.astype(np.uint64))
    signs[there] = np.bitwise_or.reduceat(bits, graph.starts[there])
    return signs


# What follows is not typed, as Numba types it by what it is given.
def fill_chances(starts, weights, shares, waiting, chances):
    """Make each node's neighbours an alias table (Vose 1991).

    Parameters
    ----------
    starts, weights
        Of a `Graph`.
    shares, waiting
        Room for as many numbers as the most neighbours.
    chances
        Is written: a threshold of 32 bits above the number of the other neighbour in the row.
    """
    for node in range(len(starts) - 1):
        begin, count = starts[node], starts[node + 1] - starts[node]
        total = 0.0
        for i in range(count):
            total += weights[begin + i]
        # From the left those below their share, from the right those above.
        small, large = 0, count
        for i in range(count):
            shares[i] = weights[begin + i] / total * count
            chances[begin + i] = (LOW_32 << SHIFT_32) | np.uint64(i)
            if shares[i] < 1.0:
                waiting[small] = i
                small += 1
            else:
                large -= 1
                waiting[large] = i
        while small > 0 and large < count:
            small -= 1
            low, high = waiting[small], waiting[large]
            threshold = min(np.uint64(shares[low] * 4294967296.0), LOW_32)
            chances[begin + low] = (threshold << SHIFT_32) | np.uint64(high)
            shares[high] -= 1.0 - shares[low]
            if shares[high] < 1.0:
                large += 1
                waiting[small] = high
                small += 1


def any_edge(begin, degree, bits, chances):
    """Return an edge of a node by its weight."""
    column = bounded(bits, degree)
    if len(chances) > 0:
        packed = chances[begin + column]
        column = column if (bits & LOW_32) < (packed >> SHIFT_32) else packed & LOW_32
    return begin + column


def sign(node):
    """Return which of 64 bits is a node's."""
    return (node * WEYL_DRAW) >> SHIFT_58


def is_edge(source, target, starts, neighbours, symmetric):
    """Whether an edge goes from a node to another, by halving the neighbours of one of them."""
    begin, end = starts[index(source)], starts[index(source) + ONE]
    if symmetric:
        begin_2, end_2 = starts[index(target)], starts[index(target) + ONE]
        if end_2 - begin_2 < end - begin:
            begin, end, target = begin_2, end_2, source
    # Without a jump that depends on what is found.
    at, count = begin, end - begin
    while count > 1:
        half = count >> 1
        at += half if neighbours[index(at + half)] <= target else 0
        count -= half
    return count == 1 and neighbours[index(at)] == target


def weighed_edge(node, before, chance, roads):
    """Return an edge of a node by its weight and its bias, by looking at all of them."""
    starts, neighbours, weights, symmetric, _, _, bias, _, _, _ = roads
    begin, end = starts[index(node)], starts[index(node) + ONE]
    total, place = 0.0, np.inf
    # The first round adds them up, the second one goes to the place that is drawn.
    for _ in range(2):
        for at in range(begin, end):
            found = neighbours[index(at)]
            kind = FAR
            if found == before:
                kind = BACK
            elif is_edge(before, found, starts, neighbours, symmetric):
                kind = NEAR
            total += bias[kind] * (weights[index(at)] if len(weights) > 0 else 1.0)
            if total > place:
                return index(at)
        place = total * chance
        total = 0.0
    return index(end) - ONE


def biased_steps(roads, key, first, position, walks, passed, waiting, count):
    """Take a step of the walks that wait for one, given the nodes before.

    In each round all of them draw a neighbour; those whose edges decide are asked for together, and
    those that are refused draw again. What is random decides few jumps, and memory is waited for
    together.
    """
    starts, neighbours, weights, symmetric, chances, signs, _, accept, fold, totals = roads
    least, most = min(accept[NEAR], accept[FAR]), max(accept[NEAR], accept[FAR])
    back, near, far = accept[BACK], accept[NEAR], accept[FAR]
    one_way = np.uint64(0) if symmetric else ONE
    now, ago = position & 1, (position - 1) & 1
    spread = np.uint64(0)
    for _ in range(ATTEMPTS):
        asked, again = 0, 0
        ask = len(waiting) >> 1  # Those that ask wait in the other half.
        for i in range(count):
            w = index(waiting[i])
            node, before = walks[position - 1, w], walks[position - 2, w]
            begin = index(starts[index(node)])
            degree = index(starts[index(node) + ONE]) - begin
            state = key + place_of(np.uint64(first) + w, np.uint64(position)) + spread
            edge = any_edge(begin, degree, mix(state), chances)
            found = neighbours[edge]
            walks[position, w] = found
            passed[now, w] = edge
            roll = mix(state + WEYL_DRAW) >> SHIFT_11
            there = signs[index(before)] >> sign(index(found))
            there &= (signs[index(found)] >> sign(index(before))) | one_way
            is_far = (there & ONE) == np.uint64(0)
            low = back if found == before else (far if is_far else least)
            high = back if found == before else (far if is_far else most)
            if fold > 0.0:
                apart = fold * (weights[index(passed[ago, w])] if len(weights) > 0 else 1.0)
                chance = (mix(state + TWO * WEYL_DRAW) >> SHIFT_11) * TO_UNIT
                if chance * (totals[index(node)] + apart) < apart:
                    walks[position, w] = before
                    passed[now, w] = passed[ago, w]
                    continue
            waiting[ask + asked] = waiting[i]
            waiting[again] = waiting[i]
            asked += 1 if (roll >= low) & (roll < high) else 0
            again += 1 if roll >= high else 0
        for i in range(asked):
            w = index(waiting[ask + i])
            before, found = walks[position - 2, w], walks[position, w]
            state = key + place_of(np.uint64(first) + w, np.uint64(position)) + spread
            roll = mix(state + WEYL_DRAW) >> SHIFT_11
            by_edge = is_edge(before, found, starts, neighbours, symmetric)
            waiting[again] = waiting[ask + i]
            again += 0 if roll < (near if by_edge else far) else 1
        count = again
        spread += DRAWS * WEYL_DRAW
        if count == 0:
            break
    for i in range(count):  # Nearly all of their neighbours are unlikely.
        w = index(waiting[i])
        state = key + place_of(np.uint64(first) + w, np.uint64(position)) + spread
        chance = (mix(state) >> SHIFT_11) * TO_UNIT
        before = walks[position - 2, w]
        edge = weighed_edge(walks[position - 1, w], before, chance, roads)
        walks[position, w] = neighbours[edge]
        passed[now, w] = edge


def walk_on(roads, order, key, first, count, walks, lengths, passed, waiting):
    """Walk `count` walks from their starts to their ends.

    Parameters
    ----------
    roads, order
        `Roads` and a `Permutation` of all walks, as plain tuples.
    key
        Of the draws.
    first
        The number of the first walk in the epoch.
    walks, lengths, passed, waiting
        Are written: a node at each position ``(length, walks)``, how many there are, the last
        two edges of each, ``(2, walks)``, and room for two numbers a walk.
    """
    starts, neighbours, _, _, chances, _, _, accept, _, _ = roads
    n, mask, fold, keys = order
    nodes = np.uint64(len(starts) - 1)
    for w in range(count):
        walks[0, w] = permuted(np.uint64(first + w), n, mask, fold, keys) % nodes
        lengths[w] = 1
    for position in range(1, len(walks)):
        biased = 0
        for w in range(count):
            node = walks[position - 1, w]
            begin = index(starts[index(node)])
            degree = index(starts[index(node) + ONE]) - begin
            # An edge may go here and none go on.
            if lengths[w] < position or degree == np.uint64(0):
                continue
            lengths[w] = position + 1
            if len(accept) > 0 and position > 1 and degree > ONE:
                waiting[biased] = w
                biased += 1
                continue
            bits = mix(key + place_of(np.uint64(first + w), np.uint64(position)))
            edge = any_edge(begin, degree, bits, chances)
            walks[position, w] = neighbours[edge]
            passed[position & 1, w] = edge
        if biased > 0:
            biased_steps(roads, key, first, position, walks, passed, waiting, biased)


def note_walks(walks, lengths, count, first_walk, first, last, window, scratch):
    """Note the nodes of a stretch, and `window` more on both sides, as `keep_words` does words.

    Returns
    -------
    low, n, sentences : int
        The place of the first node that is noted, the place after the stretch's last, and how many
        walks have nodes in it.
    """
    kept, places, ends, numbers, _ = scratch
    length = len(walks)
    low, n, sentences = window, window, 0
    for w in range(count):
        begin = (first_walk + w) * length
        start, stop = max(first - begin, 0), min(last - begin, lengths[w])
        if start >= stop:
            continue
        ahead = min(start, window)
        if w == 0:
            low = window - ahead
        to = n - ahead
        place = place_of(np.uint64(first_walk + w), np.uint64(start - ahead))
        for position in range(start - ahead, min(stop + window, lengths[w])):
            kept[to] = walks[position, w]
            places[to] = place
            place += WEYL_POSITION
            to += 1
        n += stop - start
        ends[sentences] = to  # Beyond the stretch in its last walk only.
        numbers[sentences] = first_walk + w
        sentences += 1
    return low, n, sentences


def draw_walks(roads, order, rules, keys, table, paths, scratch, windows, first, last):
    """Draw the windows around the nodes at some positions into arrays, one row a window.

    Parameters
    ----------
    roads, order, rules
        `Roads`, a `Permutation` of all walks, and `native_windows.Rules`, as plain tuples.
    keys
        Of steps, widths and negatives.
    table
        A packed alias table of the nodes.
    paths, scratch, windows
        Are written: the last of `walk_on`, and `Scratch` and `Windows`.
    first, last
        Positions: the length of a walk times its number, and the position in it.

    Returns
    -------
    count, used : int
        How many windows there are, and how many of the positions have a node.
    """
    if first >= last:
        return 0, 0
    window, _, _, negative, _ = rules
    walks, lengths, passed, waiting = paths
    length = len(walks)
    first_walk = first // length
    count = (last - 1) // length + 1 - first_walk
    walk_on(roads, order, keys[0], first_walk, count, walks, lengths, passed, waiting)
    low, n, sentences = note_walks(walks, lengths, count, first_walk, first, last, window, scratch)
    rows = place_windows(sentences, low, n, rules, keys[1], scratch, windows)
    center, _, targets, _, _, _, _, _ = windows
    draw_negatives(rows, negative, keys[2], table, scratch[4], center, targets)
    return rows, n - window


@cache
def functions() -> dict[str, Any]:
    """Return `draw_walks` and `fill_chances` by name, compiled, or as they are without numba."""
    # Here, as who walks nowhere needs no compiler.
    from tinygrad_w2v.compiler.codegen import kernel_cache

    hashes = (hashing.mix, hashing.place_of, hashing.bounded, permuted)
    steps = (sign, any_edge, is_edge, weighed_edge, biased_steps, walk_on, note_walks)
    windows = (place_windows, negative_word, draw_negatives)
    try:
        return kernel_cache.jitted([draw_walks, fill_chances], (*hashes, *steps, *windows))
    except MissingDependencyError:
        return plain()


def plain() -> dict[str, Any]:
    """Return the same functions as they are."""
    quiet = np.errstate(over="ignore")
    return {each.__name__: quiet(each) for each in (draw_walks, fill_chances)}
