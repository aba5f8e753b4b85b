"""Counts of words that stand together, one entry of the matrix an example: GloVe."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.sources.arrays import Arrays


class Cooccurrences(Arrays):
    """The entries of a sparse matrix, in an order of their own each epoch; a unit is an entry.

    An example is ``row ()``, ``column ()`` and ``count ()`` (Pennington, Socher, Manning 2014,
    "GloVe: Global vectors for word representation").

    Parameters
    ----------
    counts : SciPy sparse matrix
        As of `tinygrad_w2v.counting.cooccurrence`; ``distance_weighting="harmonic"`` is GloVe's.
        Entries that are 0 are left out, and those of one place add up.
    batch_size, seed
        As in `Arrays`.

    Raises
    ------
    InputError
        When it is no sparse matrix, has no entries, or holds NaN, infinity or a negative count.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> from tinygrad_w2v.counting import cooccurrence
    >>> from tinygrad_w2v.training.engines.compiled import CompiledRun
    >>> class GloVe(tw.Module):
    ...     def __init__(self, words, dim):
    ...         rng = np.random.default_rng(0)
    ...         self.w, self.c = (
    ...             tw.Parameter(rng.uniform(-0.5, 0.5, (words, dim))) for _ in range(2)
    ...         )
    ...         self.bias_w, self.bias_c = (tw.Parameter(np.zeros(words)) for _ in range(2))
    ...     def loss(self, entry):
    ...         i, j, x = entry["row"], entry["column"], entry["count"]
    ...         score = (self.w[i] * self.c[j]).sum(axis=-1) + self.bias_w[i] + self.bias_c[j]
    ...         weight = np.minimum((x / 100) ** 0.75, 1)
    ...         return (weight * (score - np.log(x)) ** 2).sum()
    >>> text = [["you", "say", "goodbye"], ["i", "say", "hello"]] * 20
    >>> source = Cooccurrences(cooccurrence(text, distance_weighting="harmonic"))
    >>> source
    Cooccurrences(12 entries of (5, 5))
    >>> run = CompiledRun(GloVe(5, 4), source)
    >>> losses = [run.step(part, lr=0.1) for epoch in range(9) for part, _ in run.batches(epoch)]
    >>> losses[-1] < losses[0] / 2
    True
    """

    def __init__(self, counts: Any, *, batch_size: int = 256, seed: int = 1) -> None:
        if not hasattr(counts, "tocoo"):
            raise InputError("must be a SciPy sparse matrix", setting="counts")
        matrix = counts.tocsr(copy=True)
        matrix.sum_duplicates()
        matrix.eliminate_zeros()
        entries = matrix.tocoo()
        if not entries.nnz:
            raise InputError("has no entries, so there is nothing to learn", setting="counts")
        count = entries.data.astype(np.float64)
        columns = {"row": entries.row, "column": entries.col, "count": count}
        super().__init__(columns, batch_size=batch_size, seed=seed)
        wrong = entries.data < 0
        if wrong.any():
            at = int(wrong.argmax())
            raise InputError(
                f"holds {entries.data[at]} in row {entries.row[at]}, column {entries.col[at]}; "
                "what is counted is above 0",
                setting="counts",
            )
        self.shape: tuple[int, int] = matrix.shape

    def __repr__(self) -> str:
        return f"Cooccurrences({self.units:,} entries of {self.shape})"
