"""How windows of a text are drawn."""

from __future__ import annotations

from dataclasses import dataclass

from tinygrad_w2v._base.errors import InputError


@dataclass(frozen=True)
class WindowSettings:
    """How windows are drawn; the names and defaults are gensim's.

    Attributes
    ----------
    window : int
        The largest distance between a word and its context.
    shrink_windows : bool
        Draw each window's width evenly from 1 ... `window`, so that near words count more.
    sample : float
        The threshold of :func:`~tinygrad_w2v.sources.subsampling.keep_probability`; 0 keeps all.
    negative : int
        K, the number of negative words a window.
    ns_exponent : float
        The power of the counts that negative words are drawn in proportion to.
    seed : int
        Of all draws.
    batch_size : int
        The largest number of windows in a batch, pairs counted as the window that they are of. A
        summed over many more than 256 windows diverges at word2vec's learning rates.
    shared_negatives : bool
        Draw K negative words for a window, which all its contexts share; else every (context,
        centre) pair is a window of one context with K words of its own.
    hs : bool
        Give each window the inner nodes and the code of its word's path through a Huffman tree as
        its targets and labels (hierarchical softmax). Together with negative words, the V words
        are targets 0 ... V - 1 and the inner nodes V ... 2 V - 2, and the label of a node is 1
        for code 0, so that both are negative sampling over one longer table.

    Raises
    ------
    InputError
        When a number is out of its range.

    Examples
    --------
    >>> WindowSettings(window=2).negative
    5
    """

    window: int = 5
    shrink_windows: bool = True
    sample: float = 1e-3
    negative: int = 5
    ns_exponent: float = 0.75
    seed: int = 1
    batch_size: int = 256
    hs: bool = False
    shared_negatives: bool = True

    def __post_init__(self) -> None:
        for name, least in (("window", 1), ("negative", 0), ("batch_size", 1)):
            value = getattr(self, name)
            if value < least:
                raise InputError(f"{name} must be {least} or more, not {value}")
