"""What a model's loss is given: windows of one shape, over any leading axes.

It stands here and not in `text`, because models read it and may not import `text`.
"""

from typing import NamedTuple

from tinygrad_w2v._base.types import AnyArray


class Batch(NamedTuple):
    """Windows with equally many contexts C, and what each is to be told apart from.

    The leading axes ``...`` are ``()`` for one window and ``(B,)`` for B windows.

    Attributes
    ----------
    center : AnyArray
        Id of the word in the middle, shape ``(...,)``.
    contexts : AnyArray
        Ids of the words around it, from left to right, shape ``(..., C)``.
    offsets : AnyArray
        Position of each context relative to the centre, shape ``(..., C)``.
    targets : AnyArray
        With negative sampling ``(..., 1 + K)``: the true word, then K drawn words. With
        hierarchical softmax ``(..., L)``: the inner nodes on the path to the true word.
    labels : AnyArray
        float32, of the shape of `targets`: 1 for the true word and 0 for drawn ones, or the
        path's code.

    Examples
    --------
    >>> import numpy as np
    >>> batch = Batch(
    ...     center=np.array(2),
    ...     contexts=np.array([1, 3]),
    ...     offsets=np.array([-1, 1]),
    ...     targets=np.array([2, 0, 4]),
    ...     labels=np.array([1, 0, 0], dtype=np.float32),
    ... )
    >>> batch.contexts.shape, batch.targets.shape
    ((2,), (3,))
    """

    center: AnyArray
    contexts: AnyArray
    offsets: AnyArray
    targets: AnyArray
    labels: AnyArray
