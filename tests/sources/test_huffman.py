"""The tree is Huffman's: prefix-free, of least mean length, the same for the same counts."""

import heapq
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.sources.huffman import HuffmanTree
from tinygrad_w2v.sources.windows import WindowSettings, WindowSource
from tinygrad_w2v.text.corpus import build_corpus

COUNTS = st.lists(st.integers(0, 30), min_size=2, max_size=40)


def least_total(counts: list[int]) -> int:
    """The sum of count times length in any Huffman tree, by the textbook's heap."""
    heap, total = list(counts), 0
    heapq.heapify(heap)
    while len(heap) > 1:
        joined = heapq.heappop(heap) + heapq.heappop(heap)
        total += joined
        heapq.heappush(heap, joined)
    return total


@given(COUNTS, st.booleans())
def test_codes_are_prefix_free_and_shortest(counts, nodes_first) -> None:
    tree = HuffmanTree.from_counts(np.array(counts), nodes_first)
    codes = sorted(tree.code_of(word) for word in range(len(counts)))
    assert all(not b.startswith(a) for a, b in itertools.pairwise(codes))
    assert sum(2.0 ** -len(code) for code in codes) == 1  # Kraft: no leaf is missing
    assert int(np.dot(tree.lengths, counts)) == least_total(counts)


@given(COUNTS, st.booleans())
def test_ways_lead_from_the_root_along_one_tree(counts, nodes_first) -> None:
    tree = HuffmanTree.from_counts(np.array(counts), nodes_first)
    children: dict[tuple[int, float], int] = {}
    for word in range(len(counts)):
        part = slice(tree.starts[word], tree.starts[word + 1])
        nodes, code = tree.nodes[part].tolist(), tree.code[part].tolist()
        assert nodes[0] == len(counts) - 2
        below = [*nodes[1:], -1 - word]
        for node, turn, child in zip(nodes, code, below, strict=True):
            assert children.setdefault((node, turn), child) == child
    assert len(children) == 2 * (len(counts) - 1)


def test_equal_counts_always_make_the_same_tree() -> None:
    tree = HuffmanTree.from_counts(np.full(5, 7))
    assert [tree.code_of(word) for word in range(5)] == ["10", "01", "00", "111", "110"]


def fasttext_paths(counts: list[int]) -> list[tuple[list[int], list[int]]]:
    """Nodes and codes of each word from the root, as fastText's `buildTree` makes them."""
    words = len(counts)
    count = [*counts, *[10**15] * (words - 1)]
    parent, binary = [-1] * len(count), [0] * len(count)
    leaf, node = words - 1, words
    for made in range(words, len(count)):
        pair = []
        for _ in range(2):
            if leaf >= 0 and count[leaf] < count[node]:
                pair.append(leaf)
                leaf -= 1
            else:
                pair.append(node)
                node += 1
        count[made] = sum(count[one] for one in pair)
        parent[pair[0]] = parent[pair[1]] = made
        binary[pair[1]] = 1
    paths = []
    for word in range(words):
        nodes, code, at = [], [], word
        while parent[at] >= 0:
            nodes.insert(0, parent[at] - words)
            code.insert(0, binary[at])
            at = parent[at]
        paths.append((nodes, code))
    return paths


@given(COUNTS)
def test_with_nodes_first_it_is_fasttexts_tree(counts) -> None:
    counts.sort(reverse=True)
    tree = HuffmanTree.from_counts(np.array(counts), nodes_first=True)
    parts = [slice(*tree.starts[word : word + 2]) for word in range(len(counts))]
    found = [(tree.nodes[part].tolist(), tree.code[part].tolist()) for part in parts]
    assert found == fasttext_paths(counts)


def test_trees_of_both_kinds_are_kept_apart() -> None:
    counts = np.array([2, 1, 1])
    assert HuffmanTree.of(counts).code_of(0) == "0"
    assert HuffmanTree.of(counts, nodes_first=True).code_of(0) == "1"


def test_one_word_has_no_tree() -> None:
    with pytest.raises(InputError, match="two words or more, not 1"):
        HuffmanTree.from_counts(np.array([3]))


@pytest.mark.parametrize("negative", [0, 3])
def test_windows_carry_their_words_path(negative, rng) -> None:
    words = [f"w{number}" for number in range(40)]
    share = 1 / np.arange(1, 41)
    text = [list(rng.choice(words, 12, p=share / share.sum())) for _ in range(80)]
    vocabulary, corpus = build_corpus(text, min_count=1)
    plain = WindowSettings(sample=0, negative=3, batch_size=20)
    settings = WindowSettings(sample=0, negative=negative, batch_size=20, hs=True)
    source = WindowSource(corpus, vocabulary.counts, settings, block_words=300)
    tree = source.tree
    assert tree is not None
    seen = 0
    for batch, _ in source.batches(0):
        size = len(batch.center)
        assert size <= 20
        assert batch.labels.shape == batch.targets.shape
        assert batch.labels.dtype == np.float32
        columns = 1 + negative if negative else 0
        for row in range(size):
            word = int(batch.center[row])
            way = slice(tree.starts[word], tree.starts[word + 1])
            nodes, code = batch.targets[row, columns:], batch.labels[row, columns:]
            if negative:
                nodes, code = nodes - len(vocabulary), 1 - code
                assert batch.targets[row, 0] == word
                assert batch.labels[row, :columns].tolist() == [1, 0, 0, 0]
            assert (nodes == tree.nodes[way]).all()
            assert (code == tree.code[way]).all()
            seen += 1
    same = WindowSource(corpus, vocabulary.counts, plain).batches(0)
    assert seen == sum(len(batch.center) for batch, _ in same)
