"""A Huffman tree over the words: frequent words have short codes.

With hierarchical softmax a word is reached by ``L`` binary decisions from the root, where ``L`` is
about ``log2 V``, and fewer for frequent words (Mikolov, Sutskever, Chen, Corrado, Dean 2013,
"Distributed representations of words and phrases and their compositionality", section 2.1).
"""

from __future__ import annotations

import weakref
from typing import Literal, NamedTuple

import numpy as np

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.types import AnyArray, IntArray

_known: dict[tuple[bytes, bool], HuffmanTree] = {}


class HuffmanTree(NamedTuple):
    """The path from the root to every word, all paths end to end.

    The path of word ``i`` is ``nodes[starts[i]:starts[i + 1]]`` with the code
    ``code[starts[i]:starts[i + 1]]``. The V - 1 inner nodes are numbered in the order in which
    they were joined, so that the root is V - 2.

    Attributes
    ----------
    starts : IntArray
        int64, shape (V + 1,).
    nodes : IntArray
        int32, the inner nodes of all paths, each from the root down.
    code : AnyArray
        float32, which child each of these nodes is left by: 0 or 1.

    Examples
    --------
    >>> tree = HuffmanTree.from_counts(np.array([5, 2, 1, 1]))
    >>> [tree.code_of(word) for word in range(4)]
    ['1', '00', '011', '010']
    >>> tree.nodes[tree.starts[2] : tree.starts[3]].tolist()  # from the root, 2, to the leaf
    [2, 1, 0]
    """

    starts: IntArray
    nodes: IntArray
    code: AnyArray

    @classmethod
    def of(cls, counts: IntArray, nodes_first: bool = False) -> HuffmanTree:
        """Return the tree of an array of counts; it is built once and kept as long as the array.

        Parameters
        ----------
        counts, nodes_first
            As in `from_counts`.

        Examples
        --------
        >>> counts = np.array([5, 2, 1, 1])
        >>> HuffmanTree.of(counts) is HuffmanTree.of(counts.copy())
        True
        """
        key = counts.tobytes(), nodes_first
        if key not in _known:
            _known[key] = cls.from_counts(counts, nodes_first)
            weakref.finalize(counts, _known.pop, key, None)
        return _known[key]

    @classmethod
    def from_counts(cls, counts: IntArray, nodes_first: bool = False) -> HuffmanTree:
        """Build the tree with the shortest mean code for these counts.

        The two rarest nodes are joined again and again; the rarer of both has code 0. Among equal
        ones a word comes before an inner node, a later word before an earlier one, and an older
        inner node before a newer one: so equal counts always make the same tree.

        Parameters
        ----------
        counts
            Occurrences of each word, shape (V,); any order.
        nodes_first
            Among equal ones an inner node comes before a word, as in fastText: its output rows
            are those of this tree.

        Returns
        -------
        HuffmanTree

        Raises
        ------
        InputError
            When there are fewer than two words.
        """
        words = len(counts)
        if words < 2:
            raise InputError(f"a Huffman tree needs two words or more, not {words}")
        parent, bit, rounds = _join(np.asarray(counts), nodes_first)
        depth = np.zeros(2 * words - 1, np.int64)
        for made in reversed(rounds[:-1]):
            depth[made] = depth[parent[made]] + 1
        lengths = depth[parent[:words]] + 1
        starts = np.concatenate([[0], np.cumsum(lengths)])
        nodes = np.empty(starts[-1], dtype=np.int32)
        code = np.empty(starts[-1], dtype=np.float32)
        # All words climb to the root together and write their paths from the end.
        climbing: IntArray = np.arange(words)
        place, left = starts[1:] - 1, lengths
        while len(climbing):
            nodes[place] = parent[climbing] - words
            code[place] = bit[climbing]
            left = left - 1
            below_root = left > 0
            climbing, place = parent[climbing][below_root], place[below_root] - 1
            left = left[below_root]
        return cls(starts, nodes, code)

    @property
    def lengths(self) -> IntArray:
        """The length of each word's code, shape (V,)."""
        return np.diff(self.starts)

    def code_of(self, word: int) -> str:
        """Return a word's code as text of 0 and 1."""
        bits = self.code[self.starts[word] : self.starts[word + 1]]
        return "".join("1" if bit else "0" for bit in bits)

    def paths(self, words: IntArray, length: int) -> tuple[IntArray, AnyArray]:
        """Return nodes and codes of words whose codes are equally long, each ``(n, length)``.

        Examples
        --------
        >>> tree = HuffmanTree.from_counts(np.array([5, 2, 1, 1]))
        >>> nodes, code = tree.paths(np.array([2, 3]), 3)
        >>> nodes.tolist(), code.tolist()
        ([[2, 1, 0], [2, 1, 0]], [[0.0, 1.0, 1.0], [0.0, 1.0, 0.0]])
        """
        places = self.starts.take(words)[:, None] + np.arange(length)
        return self.nodes.take(places).astype(np.intp), self.code.take(places)

    def passing(self, weights: AnyArray) -> AnyArray:
        """Return for each inner node the weight of all words below it, shape (V - 1,).

        Examples
        --------
        >>> HuffmanTree.from_counts(np.array([5, 2, 1, 1])).passing(np.array([5, 2, 1, 1]))
        array([2., 4., 9.])
        """
        spread = np.repeat(np.asarray(weights, float), self.lengths)
        return np.bincount(self.nodes, weights=spread, minlength=len(self.starts) - 2)


def _join(counts: IntArray, nodes_first: bool) -> tuple[IntArray, AnyArray, list[slice]]:
    """Return the parent of every node, its bit there, and the inner nodes in rounds.

    Nodes are the V words, then V - 1 inner nodes. Words by rising count and inner nodes in the
    order of their making are two sorted queues. All nodes that weigh no more than the two rarest
    together come before any node that is made of them, so they are paired at once: each round
    about doubles the least weight, and there are few. Words that weigh as much come before that
    node, too, unless inner nodes come first.
    """
    words = len(counts)
    node = np.arange(2 * words - 1)
    node[:words] = words - 1 - np.argsort(counts[::-1], kind="stable")
    exact = np.int64 if counts.sum(dtype=float) < 2**62 else object
    weight = np.zeros(2 * words - 1, exact)
    weight[:words] = counts[node[:words]]
    parent, bit = np.zeros(2 * words - 1, np.int64), np.zeros(2 * words - 1, np.float32)
    leaf, inner, made = 0, words, words
    rounds = []
    while made < 2 * words - 1:
        first, second, *_ = sorted([*weight[leaf:words][:2], *weight[inner:made][:2]])
        limit = first + second
        side: Literal["left", "right"] = "left" if nodes_first else "right"
        until = leaf + int(np.searchsorted(weight[leaf:words], limit, side))
        until = max(until, leaf + 2 - (made - inner))  # a word that weighs nothing has its pair
        places = np.concatenate([np.arange(leaf, until), np.arange(inner, made)])
        if nodes_first:
            places = np.roll(places, made - inner)
        places = places[np.argsort(weight[places], kind="stable")]
        pairs = places[: len(places) // 2 * 2].reshape(-1, 2)
        new = np.arange(made, made + len(pairs))
        weight[new] = weight[pairs].sum(axis=1)
        parent[node[pairs]] = new[:, None]
        bit[node[pairs[:, 1]]] = 1
        leaves = int((pairs < words).sum())
        leaf, inner, made = leaf + leaves, inner + pairs.size - leaves, made + len(pairs)
        rounds.append(slice(new[0], made))
    return parent, bit, rounds
