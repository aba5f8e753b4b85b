"""Word vectors by counting: co-occurrences, their PPMI, and its truncated SVD.

What inference learns a window at a time is here counted once for the whole text and then
factorised; both give the same :class:`~tinygrad_w2v.vectors.WordVectors`. Needs SciPy (the extra
``count``).
"""

from tinygrad_w2v.counting.association import ppmi
from tinygrad_w2v.counting.decomposition import svd_vectors
from tinygrad_w2v.counting.neighbour_counts import cooccurrence
from tinygrad_w2v.counting.pipeline import count_vectors

__all__ = ["cooccurrence", "count_vectors", "ppmi", "svd_vectors"]
