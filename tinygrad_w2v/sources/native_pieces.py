"""The parts of the words around a centre, one after the other, as native code copies them."""

from __future__ import annotations

from functools import cache
from typing import Any

from tinygrad_w2v._base.errors import MissingDependencyError


# Not typed, as Numba types it by what it is given.
def copy_pieces(flat, offsets, contexts, lengths, count, pieces, owner, sizes):
    """Copy the parts of all contexts of each window, and of which context each is.

    Parameters
    ----------
    flat, offsets
        Of a `Ragged` with the parts of each word.
    contexts, lengths
        Ids of words, and how many each window has.
    count
        How many windows there are.
    pieces, owner, sizes
        Are written.
    """
    for row in range(count):
        to = 0
        for c in range(lengths[row]):
            word = contexts[row, c]
            for at in range(offsets[word], offsets[word + 1]):
                pieces[row, to] = flat[at]
                owner[row, to] = c
                to += 1
        sizes[row] = to


@cache
def copier() -> Any:
    """Return `copy_pieces` compiled, or as it is where numba is missing."""
    # Here, as who draws nothing natively needs no compiler.
    from tinygrad_w2v.compiler.codegen import kernel_cache

    try:
        return kernel_cache.jitted([copy_pieces])["copy_pieces"]
    except MissingDependencyError:
        return copy_pieces
