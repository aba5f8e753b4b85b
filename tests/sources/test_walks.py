"""Walks are drawn by position, step by the chances that p, q and the weights give."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.stats import chi2
from stretches import rows_of

import tinygrad_w2v as tw
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.sources import native_walks
from tinygrad_w2v.sources.walks import Walks
from tinygrad_w2v.training.engines.compiled import CompiledRun
from tinygrad_w2v.training.engines.numpy import NumpyRun

# A hub, a tail, a triangle, a loop; 3 and 4 have most of their neighbours in common.
EDGES = [0, 0, 0, 0, 1, 1, 2, 3, 5, 5], [1, 2, 3, 4, 2, 3, 4, 4, 0, 5]
WEIGHTS = np.array([1, 5, 2, 1, 1, 3, 0.5, 2, 1, 2])


def random_graph(nodes, edges, seed):
    """Each node has an edge at least."""
    rng = np.random.default_rng(seed)
    sources = np.concatenate([np.arange(nodes), rng.integers(0, nodes, edges)])
    targets = np.concatenate([(np.arange(nodes) + 1) % nodes, rng.integers(0, nodes, edges)])
    return (sources, targets), rng.random(len(sources)) + 0.01


@settings(max_examples=25, deadline=None)
@given(
    nodes=st.integers(1, 9),
    edges=st.integers(0, 20),
    length=st.integers(2, 9),
    window=st.integers(1, 5),
    negative=st.integers(0, 4),
    p=st.sampled_from([1.0, 0.1, 8.0, 1e9]),
    q=st.sampled_from([1.0, 0.2, 5.0, 1e-9]),
    weighted=st.booleans(),
    directed=st.booleans(),
    shrink=st.booleans(),
    shared=st.booleans(),
    cuts=st.lists(st.integers(0, 150), max_size=6),
)
@example(1, 0, 2, 1, 2, 1.0, 1.0, False, False, True, True, [1])  # a loop
@example(9, 0, 9, 5, 2, 8.0, 0.2, False, True, True, True, [1, 2, 3, 4, 80])
def test_stretches_are_those_of_the_whole_with_and_without_numba(
    nodes, edges, length, window, negative, p, q, weighted, directed, shrink, shared, cuts
):
    drawn, weights = random_graph(nodes, edges, edges)
    walks = Walks(
        *(drawn, window, length, 2, p, q, negative),
        weights=weights if weighted else None,
        directed=directed,
        shrink_windows=shrink,
        shared_negatives=shared,
    )
    whole = rows_of(walks)
    assert rows_of(walks, cuts) == whole
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(native_walks, "functions", native_walks.plain)
        assert rows_of(walks, cuts) == whole
        again = Walks(
            *(drawn, window, length, 2, p, q, negative),
            weights=weights if weighted else None,
            directed=directed,
        )
        np.testing.assert_array_equal(again._roads.chances, walks._roads.chances)
    for window in whole[0]:
        assert window["targets"][0] == window["center"]
        assert window["center"] not in window["targets"][1:] or nodes == 1
        assert window["labels"] == (1, *[0] * negative)


@pytest.mark.parametrize("directed", [False, True])
def test_windows_are_those_of_the_walks(directed):
    walks = Walks(
        EDGES, window=2, length=7, per_node=3, q=2, directed=directed, shrink_windows=False
    )
    starts, expected, used = [], [], 0
    for number in range(walks.walks):
        nodes = walks.nodes_of(number, epoch=1).tolist()
        starts.append(nodes[0])
        used += len(nodes)
        for at, center in enumerate(nodes):
            around = [i for i in range(max(at - 2, 0), min(at + 3, len(nodes))) if i != at]
            if around:
                contexts = tuple(nodes[i] for i in around)
                expected.append((center, contexts, tuple(i - at for i in around)))
    found, positions = rows_of(walks, [5, 40])
    assert [(row["center"], row["contexts"], row["offsets"]) for row in found] == expected
    assert positions == used <= walks.units
    assert used == walks.units or directed
    assert np.bincount(starts).tolist() == [3] * 6


def fits(observed, expected):
    """Whether counts are a likely draw of what is expected; both are 0 in the same places."""
    there = expected > 0
    assert not observed[~there].any()
    off = ((observed - expected)[there] ** 2 / expected[there]).sum()
    return chi2.sf(off, max(np.count_nonzero(there) - 1, 1)) > 1e-4


def matrix_of(edges, weights, directed, nodes):
    matrix = np.zeros((nodes, nodes))
    for i, j, weight in zip(*edges, weights, strict=True):
        matrix[i, j] += weight
        if not directed and i != j:
            matrix[j, i] += weight
    return matrix


@pytest.mark.parametrize(
    ("p", "q"), [(1, 1), (0.25, 4), (4, 0.25), (1, 3), (0.5, 0.5), (1e6, 1e6), (1e6, 1), (1e-4, 9)]
)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("directed", [False, True])
def test_steps_follow_the_chances_of_node2vec(p, q, weighted, directed):
    """After each pair of nodes, against the definition."""
    nodes, edges = 6, np.array(EDGES)
    if directed:  # Walks can go on from every node.
        edges = np.concatenate([edges, [[4, 4, 4, 2, 3], [0, 1, 5, 0, 1]]], axis=1)
    weights = np.resize(WEIGHTS, len(edges[0])) if weighted else None
    matrix = matrix_of(edges, np.ones(len(edges[0])) if weights is None else weights, directed, 6)
    walks = Walks(edges, 2, 40, 400, p, q, weights=weights, directed=directed)
    steps = np.zeros((nodes, nodes, nodes))
    firsts = np.zeros((nodes, nodes))
    for number in range(walks.walks):
        walk = walks.nodes_of(number)
        if len(walk) > 1:
            firsts[walk[0], walk[1]] += 1
        np.add.at(steps, (walk[:-2], walk[1:-1], walk[2:]), 1)
    tried = 0
    for v in range(nodes):
        total = matrix[v].sum()
        if total:
            assert fits(firsts[v], matrix[v] / total * firsts[v].sum())
        for t in range(nodes):
            if steps[t, v].sum() < 200:
                continue
            near = np.where(matrix[t] > 0, 1.0, 1 / q)
            near[t] = 1 / p
            chance = matrix[v] * near
            expected = chance / chance.sum() * steps[t, v].sum()
            likely = expected >= 5  # or what is rare is left out of both
            assert fits(steps[t, v][likely], expected[likely]), (t, v)
            assert steps[t, v][~likely].sum() < 40
            tried += 1
    assert tried >= 4


def test_a_node_is_drawn_as_a_negative_as_often_as_walks_pass():
    walks = Walks(EDGES, window=3, length=20, per_node=300, negative=3, weights=WEIGHTS)
    drawn = walks.draw(0, 0, walks.units)
    passed = np.bincount(np.concatenate([walks.nodes_of(n) for n in range(walks.walks)]))
    np.testing.assert_allclose(passed, walks.counts, rtol=0.05)
    centers, negatives = drawn.arrays["center"], drawn.arrays["targets"][:, 1:]
    for center in range(6):
        share = walks.counts**0.75
        share[center] = 0
        found = np.bincount(negatives[centers == center].ravel(), minlength=6)
        assert fits(found, share / share.sum() * found.sum())


def test_a_matrix_is_the_graph_of_its_entries():
    both = np.concatenate(EDGES), np.concatenate(EDGES[::-1])
    there = np.unique(np.array(both), axis=1)
    matrix = scipy.sparse.coo_matrix((np.ones(len(there[0])), tuple(there)), (6, 6))
    one, other = Walks(EDGES, q=2), Walks(matrix, q=2)
    assert one.digest() == other.digest()
    assert Walks(matrix.tocsr(), directed=True).graph.neighbours.tolist() == (
        one.graph.neighbours.tolist()
    )
    weighted = scipy.sparse.csr_array(matrix_of(EDGES, WEIGHTS, False, 6))
    np.testing.assert_allclose(
        Walks(weighted).graph.weights, Walks(EDGES, weights=WEIGHTS).graph.weights
    )


def test_edges_that_are_given_again_add_up():
    twice = Walks(([0, 0, 0], [1, 2, 1])).graph
    assert twice.weights.tolist() == Walks(([0, 0], [1, 2]), weights=[2, 1]).graph.weights.tolist()
    all_twice = Walks(([0, 0, 1, 2], [1, 2, 0, 0])).graph
    assert not len(all_twice.weights)


def test_another_setting_has_another_digest_and_a_seed_other_walks():
    sources = [
        Walks(EDGES),
        Walks(EDGES, q=2),
        Walks(EDGES, length=9),
        Walks(EDGES, weights=WEIGHTS),
        Walks(EDGES, directed=True),
        Walks(EDGES, ns_exponent=1),
        Walks(EDGES, shared_negatives=False),
        Walks(EDGES).seeded(2),
    ]
    assert len({source.digest() for source in sources}) == len(sources)
    assert Walks(EDGES, seed=2).digest() == sources[-1].digest()
    assert sources[-1].nodes_of(3).tolist() == Walks(EDGES, seed=2).nodes_of(3).tolist()
    assert sources[-1].nodes_of(3).tolist() != sources[0].nodes_of(3).tolist()
    assert sources[0].nodes_of(3, epoch=1).tolist() != sources[0].nodes_of(3).tolist()
    assert sources[0].seed == 1


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("model", [tw.CBOW, tw.SkipGram])
def test_models_of_words_learn_nodes_in_both_engines(model, shared):
    """Two cliques with one edge between them are told apart."""
    i, j = np.triu_indices(5, 1)
    edges = np.concatenate([i, i + 5, [0]]), np.concatenate([j, j + 5, [5]])
    walks = Walks(
        *(edges, 3, 20, 10), negative=3, ns_exponent=0, shared_negatives=shared, batch_size=16
    )
    for engine in (CompiledRun, NumpyRun):
        net = model(10, 8, rng=np.random.default_rng(0))
        run = engine(net, walks)
        for epoch in range(3):
            positions = 0
            for part, units in run.batches(epoch):
                assert np.isfinite(run.step(part, lr=0.05))
                positions += units
            assert positions == walks.units
        unit = net.w_in.data / np.linalg.norm(net.w_in.data, axis=1, keepdims=True)
        alike = unit @ unit.T
        assert alike[1:5, 1:5].mean() > alike[1:5, 6:].mean() + 0.2


def test_threads_make_the_same_bytes():
    tables = []
    for workers in (1, 3):
        net = tw.SkipGram(6, 4, rng=np.random.default_rng(0))
        run = CompiledRun(net, Walks(EDGES, q=2, per_node=40), workers=workers, deterministic=True)
        for part, _ in run.batches(0):
            run.step(part, lr=0.05)
        run.close()
        tables.append(net.w_in.data.tobytes())
    assert tables[0] == tables[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"edges": ([], [])}, "the graph has no edges, so there is nothing to walk along"),
        ({"edges": ([0, 1], [1])}, "edges: there are 2 sources, but 1 targets"),
        ({"edges": ([0, 4], [1, 1])}, "nodes 2, 3 have no edge.*np.unique"),
        ({"edges": ([0], [9])}, "nodes 1, 2, 3, 4, 5 and 3 more have no edge"),
        ({"edges": ([0], [1]), "nodes": 3}, "node 2 has no edge"),
        ({"edges": ([0, 3], [1, 2]), "nodes": 3}, "nodes is 3, but edge 1 goes from 3 to 2"),
        ({"edges": ([0, -3], [1, 2])}, "edge 1 goes from -3 to 2; nodes are numbered from 0"),
        ({"edges": ([0.5], [1])}, "sources holds float64, not whole numbers.*np.unique"),
        ({"edges": (["a"], ["b"])}, "sources holds <U1, not whole numbers"),
        ({"edges": ([[0]], [[1]])}, r"sources has shape \(1, 1\)"),
        ({"edges": np.zeros((7, 2), int)}, r"an array of shape \(7, 2\).*edges.T"),
        ({"edges": 3}, "edges is 3; give two arrays"),
        (
            {"weights": [1, -1]},
            "weights must be finite and 0 or more, but edge 1, from 1 to 2, has",
        ),
        ({"weights": [np.nan, 1]}, "edge 0, from 0 to 1, has nan"),
        ({"weights": [np.inf, 1]}, "edge 0, from 0 to 1, has inf"),
        ({"weights": [1]}, r"weights has the shape \(1,\), but there are 2 edges"),
        ({"weights": ["a", "b"]}, "weights holds <U1, not numbers"),
        ({"weights": [0, 0]}, "the graph has no edges"),
        ({"weights": [1, 0]}, "node 2 has no edge"),
        ({"weights": [1e308, 1e308], "edges": ([0, 0], [1, 1])}, "weights add up to more than"),
        ({"p": 0}, "p must be a number above 0, not 0"),
        ({"q": np.nan}, "q must be a number above 0, not nan"),
        ({"q": "1"}, "q must be a number, not '1'"),
        ({"length": 1}, "length must be 2 or more"),
        ({"length": 10**6}, "length must be 2 or more and 16,384 or less, not 1000000"),
        ({"window": 1.5}, "window must be a whole number"),
        ({"per_node": 0}, "per_node must be 1 or more"),
        ({"directed": "no"}, "directed must be 0 or 1"),
        ({"edges": scipy.sparse.eye(3).tocsr()[:2]}, r"a matrix of shape \(2, 3\)"),
        ({"edges": scipy.sparse.eye(3), "weights": [1, 1, 1]}, "leave out weights"),
        ({"edges": scipy.sparse.eye(3), "nodes": 4}, "a matrix of 3 nodes, but nodes is 4"),
        (
            {"edges": scipy.sparse.csr_array(np.triu(np.ones((3, 3))))},
            r"not symmetric: \(0, 1\) and \(1, 0\) differ; give edges \+ edges.T, or directed=True",
        ),
        (
            {"edges": scipy.sparse.csr_array(np.diag([1.0, 0, 1]))},
            "node 1 has no edge.*leave out their rows and columns",
        ),
        ({"edges": -scipy.sparse.eye(3)}, "edge 0, from 0 to 0, has -1.0"),
    ],
)
def test_what_cannot_be_walked_is_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        Walks(**{"edges": ([0, 1], [1, 2])} | arguments)


def test_a_walk_ends_early_where_no_edge_goes_on():
    walks = Walks(([0, 1, 2], [1, 2, 3]), length=5, per_node=2, directed=True)
    found = sorted(walks.nodes_of(n).tolist() for n in range(8))
    assert found[::2] == [[0, 1, 2, 3], [1, 2, 3], [2, 3], [3]]
    assert sum(drawn for _, drawn in walks.batches(0)) == walks.units
