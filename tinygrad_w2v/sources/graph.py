"""A graph as rows of neighbours: checked once, so that a walk over it has nothing to ask.

Row v is ``neighbours[starts[v]:starts[v + 1]]``, in order, each neighbour once (compressed sparse
rows). Where edges have weights each row is an alias table of its own, so that a step costs the same
for two neighbours and for a million.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from tinygrad_w2v._base.checks import require_number, require_range, shown
from tinygrad_w2v._base.errors import InputError, Setting
from tinygrad_w2v._base.types import AnyArray, FloatArray, IntArray

MOST_NODES = 2**31 - 1
NAMED = 5  # nodes in a message


class Graph(NamedTuple):
    """The neighbours of each node, and how likely each is.

    Attributes
    ----------
    starts : IntArray
        Where the neighbours of each node begin, with the end of the last, int64, shape (n + 1,).
    neighbours : IntArray
        int32, shape (edges,).
    weights : FloatArray
        Of each edge; of shape (0,) where all are alike.
    symmetric : bool
        Each edge goes both ways.
    """

    starts: IntArray
    neighbours: IntArray
    weights: FloatArray
    symmetric: bool

    @property
    def nodes(self) -> int:
        """How many there are."""
        return len(self.starts) - 1

    @classmethod
    def of(
        cls, edges: Any, weights: Any = None, nodes: int | None = None, directed: bool = False
    ) -> Graph:
        """Return the graph of edges; see `Walks` for what they may be.

        Raises
        ------
        InputError
            That names the edge or the node.

        Examples
        --------
        >>> graph = Graph.of(([0, 0], [1, 2]))
        >>> graph.starts.tolist(), graph.neighbours.tolist()
        ([0, 2, 3, 4], [1, 2, 0, 0])
        """
        of_matrix = hasattr(edges, "tocoo")
        if of_matrix:
            sources, targets, weights, nodes = _of_matrix(edges, weights, nodes, directed)
        else:
            sources, targets = _of_arrays(edges)
        weights = _checked_weights(weights, sources, targets)
        nodes = _checked_nodes(nodes, sources, targets)
        if weights is not None and not weights.all():
            there = np.flatnonzero(weights)  # an edge without weight is none
            sources, targets, weights = sources[there], targets[there], weights[there]
        if not len(sources):
            raise InputError("the graph has no edges, so there is nothing to walk along")
        _check_isolated(nodes, sources, targets, of_matrix)
        if not directed and not of_matrix:  # which holds each edge both ways
            back = np.flatnonzero(sources != targets)
            sources, targets = (
                np.concatenate([sources, targets[back]]),
                np.concatenate([targets, sources[back]]),
            )
            weights = None if weights is None else np.concatenate([weights, weights[back]])
        return cls(*_in_rows(nodes, sources, targets, weights), symmetric=not directed)

    def totals(self) -> FloatArray:
        """Return the weights of the edges of each node together, shape (nodes,).

        Examples
        --------
        >>> Graph.of(([0, 0], [1, 2]), weights=[3, 1]).totals().tolist()
        [4.0, 3.0, 1.0]
        """
        degrees = np.diff(self.starts)
        if not len(self.weights):
            return degrees.astype(np.float64)
        sources = np.repeat(np.arange(self.nodes), degrees)
        totals: Any = np.bincount(sources, self.weights, self.nodes)
        return totals

    def shares(self) -> FloatArray:
        """Return how likely each edge is among those of its node, shape (edges,).

        Examples
        --------
        >>> Graph.of(([0, 0], [1, 2]), weights=[3, 1]).shares().tolist()
        [0.75, 0.25, 1.0, 1.0]
        """
        totals = np.repeat(self.totals(), np.diff(self.starts))
        weights: AnyArray = self.weights if len(self.weights) else np.ones(len(totals))
        shares: Any = weights / totals
        return shares

    def visits(self, length: int) -> FloatArray:
        """Return how often walks of so many nodes, one from each node, are expected at each.

        For walks that do not look back (p = q = 1) it is exact; others differ little.

        Examples
        --------
        >>> Graph.of(([0, 0], [1, 2])).visits(length=2).tolist()
        [3.0, 1.5, 1.5]
        """
        shares, degrees = self.shares(), np.diff(self.starts)
        here: AnyArray = np.ones(self.nodes)
        total = here.copy()
        for left in range(length - 1, 0, -1):
            there = np.bincount(
                self.neighbours, np.repeat(here, degrees) * shares, minlength=self.nodes
            )
            if np.abs(there - here).max() < 1e-9:  # It stays so.
                return total + left * there
            here = there
            total += here
        return total


def _of_matrix(
    matrix: Any, weights: Any, nodes: Any, directed: bool
) -> tuple[IntArray, IntArray, AnyArray, int]:
    """The entries of a SciPy matrix."""
    coo = matrix.tocoo()
    if coo.ndim != 2 or coo.shape[0] != coo.shape[1]:
        raise InputError(f"edges is a matrix of shape {coo.shape}; give a square one, node by node")
    if weights is not None:
        raise InputError("edges is a matrix, which holds the weights; leave out weights")
    if nodes is not None and nodes != coo.shape[0]:
        raise InputError(f"edges is a matrix of {coo.shape[0]} nodes, but nodes is {shown(nodes)}")
    if not directed:
        apart = abs(matrix - matrix.T).tocoo()
        where = np.flatnonzero(apart.data)  # NaN is among these
        if len(where):
            i, j = int(apart.row[where[0]]), int(apart.col[where[0]])
            raise InputError(
                f"edges is a matrix that is not symmetric: ({i}, {j}) and ({j}, {i}) differ",
                remedy=("give edges + edges.T, or ", Setting("directed", True)),
            )
    return coo.row.astype(np.int64), coo.col.astype(np.int64), coo.data, coo.shape[0]


def _of_arrays(edges: Any) -> tuple[IntArray, IntArray]:
    """Two arrays of ids."""
    try:
        sources, targets = edges
        both = [np.asarray(sources), np.asarray(targets)]
    except (TypeError, ValueError):
        shape = getattr(edges, "shape", None)
        pairs = "edges.T" if shape and shape[-1] == 2 else "edges=(sources, targets)"
        raise InputError(
            f"edges is {shown(edges) if shape is None else f'an array of shape {shape}'}; give two "
            f"arrays, {pairs}, or a SciPy sparse matrix"
        ) from None
    for name, array in zip(("sources", "targets"), both, strict=True):
        if array.ndim != 1:
            raise InputError(f"edges: {name} has shape {array.shape}; give one id for each edge")
    if len(both[0]) != len(both[1]):
        raise InputError(
            f"edges: there are {len(both[0]):,} sources, but {len(both[1]):,} targets; an edge has "
            "one of each"
        )
    ids = []
    for name, array in zip(("sources", "targets"), both, strict=True):
        if array.dtype.kind not in "iu" and len(array):
            raise InputError(
                f"edges: {name} holds {array.dtype}, not whole numbers; number the nodes, as by "
                "np.unique(names, return_inverse=True)"
            )
        wrong = np.flatnonzero((array < 0) | (array >= MOST_NODES))
        if len(wrong):
            edge = int(wrong[0])
            raise InputError(
                f"edges: edge {edge} goes from {sources[edge]} to {targets[edge]}; nodes are "
                f"numbered from 0, and below {MOST_NODES:,}"
            )
        ids.append(array.astype(np.int64))
    return ids[0], ids[1]


def _checked_weights(weights: Any, sources: IntArray, targets: IntArray) -> FloatArray | None:
    if weights is None:
        return None
    given = np.asarray(weights)
    if given.dtype.kind not in "biuf":
        raise InputError(f"holds {given.dtype}, not numbers", setting="weights")
    if given.shape != sources.shape:
        raise InputError(
            f"has the shape {given.shape}, but there are {len(sources):,} edges; give one for each",
            setting="weights",
        )
    array: FloatArray = given.astype(np.float64)
    wrong = np.flatnonzero(~(np.isfinite(array) & (array >= 0)))
    if len(wrong):
        edge = int(wrong[0])
        raise InputError(
            f"must be finite and 0 or more, but edge {edge}, from {sources[edge]} to "
            f"{targets[edge]}, has {array[edge]}",
            setting="weights",
        )
    return array


def _checked_nodes(nodes: Any, sources: IntArray, targets: IntArray) -> int:
    """How many nodes there are."""
    greatest = int(max(sources.max(initial=-1), targets.max(initial=-1)))
    if nodes is None:
        return greatest + 1
    require_number("nodes", nodes, whole=True)
    require_range("nodes", nodes, 1, MOST_NODES)
    if nodes <= greatest:
        edge = int(np.argmax(np.maximum(sources, targets) >= nodes))
        raise InputError(
            f"is {nodes}, but edge {edge} goes from {sources[edge]} to {targets[edge]}; ids are "
            f"below it, so give {greatest + 1} or more",
            setting="nodes",
        )
    return int(nodes)


def _check_isolated(nodes: int, sources: IntArray, targets: IntArray, of_matrix: bool) -> None:
    alone = np.ones(nodes, bool)
    alone[sources] = alone[targets] = False
    found = np.flatnonzero(alone)
    if len(found):
        named = ", ".join(map(str, found[:NAMED].tolist()))
        more = f" and {len(found) - NAMED:,} more" if len(found) > NAMED else ""
        who, has = ("node", "has") if len(found) == 1 else ("nodes", "have")
        raise InputError(
            f"{who} {named}{more} {has} no edge, so that no walk teaches anything of them",
            remedy="leave out their rows and columns"
            if of_matrix
            else "number the nodes that have one, by np.unique(edges, return_inverse=True)",
        )


def _in_rows(
    nodes: int, sources: IntArray, targets: IntArray, weights: FloatArray | None
) -> tuple[IntArray, IntArray, FloatArray]:
    """Sort edges by source and target; those that are given again add up."""
    keys = sources * nodes + targets
    if weights is None:
        keys.sort()
    else:
        order = np.argsort(keys, kind="stable")
        keys, weights = keys[order], weights[order]
    firsts = np.flatnonzero(np.diff(keys, prepend=-1))
    if weights is None:
        added = np.diff(firsts, append=len(keys))
    else:
        with np.errstate(over="ignore"):
            added = np.add.reduceat(weights, firsts)
            if not np.isfinite(added.sum()):
                raise InputError("add up to more than float64 holds; scale them", setting="weights")
    rows, neighbours = np.divmod(keys[firsts], nodes)
    starts = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=nodes))])
    kept = np.zeros(0) if (added == added[0]).all() else added.astype(np.float64)
    return starts.astype(np.int64), neighbours.astype(np.int32), kept
