"""Walks over a graph as sentences of nodes: DeepWalk and node2vec, with nothing stored of them."""

from __future__ import annotations

import copy
import hashlib
from typing import Any, Self

import numpy as np

from tinygrad_w2v._base import hashing
from tinygrad_w2v._base.batch import Batch
from tinygrad_w2v._base.checks import real_number, require_number, require_range, shown, switch
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.types import AnyArray, FloatArray
from tinygrad_w2v.sources import native_walks, native_windows
from tinygrad_w2v.sources.graph import Graph
from tinygrad_w2v.sources.negatives import AliasTable
from tinygrad_w2v.sources.permutation import row_order
from tinygrad_w2v.sources.source import Drawn, Source
from tinygrad_w2v.sources.windows import WindowFields

# Of the draws of steps: no other source has it.
STEPS = np.uint64(32)
# A stretch of thousands of positions walks from the start what it begins within.
LONGEST = 2**14


class Walks(Source):
    """Windows of walks over a graph; a unit is a position of a walk.

    `per_node` walks begin at each node in an epoch, in an order of their own, and each takes
    ``length - 1`` steps to a neighbour, by the weights of the edges. Windows of them are what
    windows of a text are to `CBOW` and `SkipGram` (Perozzi, Al-Rfou, Skiena 2014, "DeepWalk").

    With `p` or `q` a step from v depends on the node t before it: the weight of an edge v -> x is
    multiplied by 1 / p where x is t, by 1 where there is an edge t -> x, and else by 1 / q (Grover,
    Leskovec 2016, "node2vec"). A small p stays near, a small q goes far.

    Parameters
    ----------
    edges : pair of arrays, or SciPy sparse matrix
        ``(sources, targets)``: ids from 0 on; an edge that is given twice counts twice. Or a matrix
        whose entry (i, j) is the weight of the edge i -> j, and is symmetric unless `directed`.
    window : int
        The largest distance between two nodes of a walk that are told of each other.
    length : int
        Nodes of a walk, at most 16,384. Along directed edges it may end early, where no edge goes
        on.
    per_node : int
        Walks that begin at each node in an epoch.
    p, q : float
        Both 1: uniform walks.
    negative : int
        Nodes that each window is told apart from; never its centre.
    ns_exponent : float
        They are drawn in proportion to how often walks are expected at them, to this power.
    weights : array, optional
        Of the edges; 0 is no edge.
    nodes : int, optional
        How many nodes there are; the greatest id and one more by default.
    directed : bool
        Edges go from source to target only.
    seed : int
        Of all draws.
    shrink_windows, shared_negatives, batch_size
        As in `WindowSettings`.

    Attributes
    ----------
    graph : Graph
        The neighbours of each node.
    counts : FloatArray
        How often walks of an epoch are expected at each node.

    Raises
    ------
    InputError
        Before anything is drawn: for nodes without an edge, weights below 0 or NaN, ids that are no
        whole numbers or negative, arrays of unequal length, no edges; the first one is named.

    Examples
    --------
    Two triangles that one edge joins:

    >>> import tinygrad_w2v as tw
    >>> from tinygrad_w2v.training.engines.compiled import CompiledRun
    >>> edges = [0, 1, 2, 3, 4, 5, 0], [1, 2, 0, 4, 5, 3, 3]
    >>> walks = Walks(edges, window=2, length=20, per_node=20, negative=2, ns_exponent=0)
    >>> walks.units, walks.counts.round().astype(int).tolist()
    (2400, [509, 345, 345, 509, 345, 345])
    >>> model = tw.SkipGram(6, 8, rng=np.random.default_rng(0))
    >>> run = CompiledRun(model, walks)
    >>> for epoch in range(5):
    ...     losses = [run.step(part, lr=0.05) for part, positions in run.batches(epoch)]
    >>> v = model.w_in.data / np.linalg.norm(model.w_in.data, axis=1, keepdims=True)
    >>> bool(v[1] @ v[2] > v[1] @ v[4])
    True
    """

    def __init__(
        self,
        edges: Any,
        window: int = 5,
        length: int = 80,
        per_node: int = 10,
        p: float = 1.0,
        q: float = 1.0,
        negative: int = 5,
        ns_exponent: float = 0.75,
        weights: Any = None,
        nodes: int | None = None,
        directed: bool = False,
        seed: int = 1,
        *,
        shrink_windows: bool = True,
        shared_negatives: bool = True,
        batch_size: int = 256,
    ) -> None:
        whole = {
            "window": (window, 1, 2**16),
            "length": (length, 2, LONGEST),
            "per_node": (per_node, 1, 2**20),
            "negative": (negative, 0, 2**16),
            "batch_size": (batch_size, 1, 2**31),
        }
        for name, (value, least, most) in whole.items():
            require_number(name, value, whole=True)
            require_range(name, value, least, most)
        for name, number in (("p", p), ("q", q)):
            if not 0 < real_number(name, number) < np.inf:
                raise InputError(f"must be a number above 0, not {shown(number)}", setting=name)
        require_number("seed", seed, whole=True)
        self.graph = Graph.of(edges, weights, nodes, switch("directed", directed))
        self.window, self.length, self.per_node = int(window), int(length), int(per_node)
        self.p, self.q, self.seed = float(p), float(q), int(seed)
        self.negative, self.batch_size = int(negative), int(batch_size)
        self.shrink_windows = switch("shrink_windows", shrink_windows)
        self.shared_negatives = switch("shared_negatives", shared_negatives)
        self.per_unit = 1 if self.shared_negatives else 2 * self.window
        self._contexts_in_row = 2 * self.window if self.shared_negatives else 1
        self.counts: FloatArray = self.graph.visits(self.length) * self.per_node
        # Nearly all walks pass some nodes only, and none is never drawn: a rare one counts once.
        table = AliasTable.from_counts(self.counts, real_number("ns_exponent", ns_exponent))
        self._table = table.packed()
        self._roads = native_walks.Roads.of(self.graph, self.p, self.q)
        self._digest: str | None = None

    def __repr__(self) -> str:
        graph = self.graph
        return (
            f"Walks({graph.nodes:,} nodes, {len(graph.neighbours):,} steps between them, "
            f"length={self.length}, per_node={self.per_node}, p={self.p:g}, q={self.q:g})"
        )

    @property
    def walks(self) -> int:
        """The number of walks in an epoch."""
        return self.graph.nodes * self.per_node

    @property
    def units(self) -> int:
        """The number of positions of all walks, as if none ended early."""
        return self.walks * self.length

    def seeded(self, seed: int) -> Self:
        """Return walks over the same graph, drawn by another seed."""
        other = copy.copy(self)
        other.seed, other._digest = int(seed), None
        return other

    def example(self) -> Batch:
        """Return a window with as many contexts as one may have."""
        nodes, width = self.graph.nodes, self._contexts_in_row
        steps = np.arange(-self.window, self.window + 1)
        offsets = steps[steps != 0][-width:]
        ids = np.arange(1 + self.negative)
        labels = (ids == 0).astype(np.float32)
        return Batch(np.array(0), np.arange(width) % nodes, offsets, ids % nodes, labels)

    def axes(self) -> dict[str, tuple[Any, ...]]:
        """Return that windows differ in their contexts C, unless each is a pair."""
        if not self.shared_negatives:
            return {}
        return dict.fromkeys(("contexts", "offsets"), (("C", self._contexts_in_row),))

    def ranges(self) -> dict[str, tuple[int, int]]:
        """Return that ids are those of nodes."""
        ids = dict.fromkeys(("center", "contexts", "targets"), (0, self.graph.nodes - 1))
        return ids | {"offsets": (-self.window, self.window)}

    def digest(self) -> str:
        """Return the SHA-256 of the graph and of all that is drawn by."""
        if self._digest is None:
            settings = (
                *(self.window, self.length, self.per_node, self.p, self.q, self.negative),
                *(self.seed, self.shrink_windows, self.shared_negatives, self.graph.symmetric),
            )
            digest = hashlib.sha256(repr(settings).encode())
            for array in (*self.graph[:3], self._table):
                digest.update(np.ascontiguousarray(array).data)
            self._digest = digest.hexdigest()
        return self._digest

    def new_room(
        self, units: int
    ) -> tuple[tuple[AnyArray, ...], native_windows.Scratch, native_windows.Windows]:
        """Return arrays for the windows around so many positions."""
        rows, walks = units * self.per_unit, units // self.length + 2
        labels = np.zeros((rows, 1 + self.negative), np.float32)
        labels[:, 0] = 1
        windows = native_windows.Windows(
            center=np.zeros(rows, np.int32),
            contexts=np.zeros((rows, self._contexts_in_row), np.int32),
            targets=np.zeros(labels.shape, np.int32),
            labels=labels,
            before=np.zeros(rows, np.int32),
            C=np.zeros(rows, np.int64),
            T=np.full(rows, 1 + self.negative, np.int64),
            sentence=np.zeros(rows, np.int64),
        )
        scratch = native_windows.Scratch.of(units, rows, self.window)
        nodes = np.zeros((self.length, walks), np.int32)
        lengths, passed = np.zeros(walks, np.int64), np.zeros((2, walks), np.int64)
        return (nodes, lengths, passed, np.zeros(2 * walks, np.int64)), scratch, windows

    def draw(self, epoch: int, first: int, last: int, room: Any = None) -> Drawn:
        """Return the windows around the nodes at these positions, walk after walk."""
        paths, scratch, windows = self.new_room(last - first) if room is None else room
        streams = (STEPS, hashing.WINDOW_WIDTH, hashing.NEGATIVES)
        keys = np.concatenate([hashing.stream_key(self.seed, epoch, s) for s in streams])
        order = row_order(self.walks, self.seed, epoch)
        rules = native_windows.Rules(
            self.window, self.shrink_windows, self.shared_negatives, self.negative
        )
        count, used = native_walks.functions()["draw_walks"](
            *map(tuple, (self._roads, order, rules)),
            *(keys, self._table, paths),
            *map(tuple, (scratch, windows)),
            *(first, last),
        )
        sizes = {"C": windows.C} if self.shared_negatives else {}
        places = (scratch.row_places, windows.before)
        return Drawn(WindowFields(windows), sizes, int(count), int(used), places)

    def nodes_of(self, walk: int, epoch: int = 0) -> AnyArray:
        """Return the nodes of one walk of an epoch.

        Examples
        --------
        >>> walks = Walks(([0, 1, 2], [1, 2, 3]), length=6)
        >>> nodes = walks.nodes_of(3)
        >>> len(nodes), set(np.abs(np.diff(nodes)).tolist())
        (6, {1})
        """
        require_number("walk", walk, whole=True)
        require_range("walk", walk, 0, self.walks - 1)
        room = self.new_room(self.length)
        self.draw(epoch, walk * self.length, (walk + 1) * self.length, room)
        nodes, lengths = room[0][:2]
        return nodes[: lengths[0], 0].copy()
