"""A Huffman tree over the words: frequent words have short paths.

With hierarchical softmax a word is reached by ``L`` decisions from the root, where ``L`` is about
``log2 V``, and fewer for frequent words (Mikolov, Sutskever, Chen, Corrado, Dean 2013,
"Distributed representations of words and phrases and their compositionality", section 2.1).
"""

from collections.abc import Iterator
from typing import NamedTuple, Self

import numpy as np

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.types import AnyArray, IntArray


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
    def from_counts(cls, counts: IntArray) -> Self:
        """Make the tree that has the shortest mean path for these counts.

        The two rarest nodes are merged again and again; the rarer of both has code 0. Among equal
        ones a word comes before an inner node, a later word before an earlier one, and an older
        inner node before a younger one: so equal counts always make the same tree.

        Parameters
        ----------
        counts
            Occurrences of each word, shape (V,); any order.

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
        parent, bit = _join(np.asarray(counts))
        depth = [0] * (2 * words - 1)
        for node in range(2 * words - 3, -1, -1):
            depth[node] = depth[parent[node]] + 1
        lengths = np.array(depth[:words], dtype=np.int64)
        starts = np.concatenate([[0], np.cumsum(lengths)])
        nodes = np.empty(starts[-1], dtype=np.int32)
        code = np.empty(starts[-1], dtype=np.float32)
        # All words climb together, one node at a time, and write from the ends of their paths.
        climbing, place = np.arange(words), starts[1:] - 1
        up, bits = np.array(parent), np.array(bit, dtype=np.float32)
        left = lengths.copy()
        while len(climbing):
            nodes[place] = up[climbing] - words
            code[place] = bits[climbing]
            left -= 1
            goes_on = left > 0
            climbing, place, left = up[climbing][goes_on], place[goes_on] - 1, left[goes_on]
        return cls(starts, nodes, code)

    @property
    def lengths(self) -> IntArray:
        """The length of each word's path, shape (V,)."""
        return np.diff(self.starts)

    def code_of(self, word: int) -> str:
        """Return a word's code as text of 0 and 1."""
        bits = self.code[self.starts[word] : self.starts[word + 1]]
        return "".join("1" if bit else "0" for bit in bits)

    def paths(self, words: IntArray, length: int) -> tuple[IntArray, AnyArray]:
        """Return nodes and codes of words whose paths are equally long, each ``(n, length)``.

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


def _join(counts: IntArray) -> tuple[list[int], list[int]]:
    """Return the parent of every node and which child it is; V words, then V - 1 inner nodes.

    Words in rising order and inner nodes in the order of their making are two sorted rows, so
    that the rarest node is always at the front of one of them.
    """
    words = len(counts)
    rising = (words - 1 - np.argsort(counts[::-1], kind="stable")).tolist()
    weight = counts.tolist() + [0] * (words - 1)
    parent, bit = [0] * (2 * words - 1), [0] * (2 * words - 1)
    for made, (rarer, other) in enumerate(_rarest_pairs(weight, rising), start=words):
        weight[made] = weight[rarer] + weight[other]
        parent[rarer] = parent[other] = made
        bit[other] = 1
    return parent, bit


def _rarest_pairs(weight: list[int], rising: list[int]) -> Iterator[tuple[int, int]]:
    words = len(rising)
    leaf, inner = 0, words

    def rarest(made: int) -> int:
        nonlocal leaf, inner
        if leaf < words and (inner == made or weight[rising[leaf]] <= weight[inner]):
            leaf += 1
            return rising[leaf - 1]
        inner += 1
        return inner - 1

    for made in range(words, 2 * words - 1):
        yield rarest(made), rarest(made)
