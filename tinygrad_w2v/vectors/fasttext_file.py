"""What a file of a model of fastText holds, and what of it cannot be.

Reader and writer ask the same questions, so that nothing is written that could not be read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tinygrad_w2v._base.limits import LARGEST_DIM, LONGEST_NGRAM, LONGEST_WORD
from tinygrad_w2v._base.types import FloatArray, IntArray
from tinygrad_w2v.vectors.blocks import shown
from tinygrad_w2v.vectors.table import first_non_finite_row

VERSIONS = (11, 12)
MODELS = ("cbow", "skipgram", "supervised")  # from 1 on, as fastText numbers them
LOSSES = ("hs", "ns", "softmax", "ova")


class FastTextSettingsOfFile(NamedTuple):
    """What a model of fastText was trained with, as its file says it.

    Attributes
    ----------
    dim, window, epochs, min_count, negative, word_ngrams : int
        fastText's ``dim ws epoch minCount neg wordNgrams``.
    loss : str
        One of `LOSSES`.
    model : str
        One of `MODELS`.
    buckets, min_n, max_n, lr_update_rate : int
        fastText's ``bucket minn maxn lrUpdateRate``.
    sample : float
        fastText's ``t``.
    """

    dim: int
    window: int
    epochs: int
    min_count: int
    negative: int
    word_ngrams: int
    loss: str
    model: str
    buckets: int
    min_n: int
    max_n: int
    lr_update_rate: int
    sample: float


class FastTextFile(NamedTuple):
    """A model of fastText.

    Attributes
    ----------
    settings : FastTextSettingsOfFile
        What it was trained with.
    words : list of str
        In the order of their rows. What is not UTF-8 in a word stands in it as Python's
        ``surrogateescape`` has it, so that its bytes are not lost.
    counts : IntArray
        How often each word occurred, ``(V,)``.
    tokens : int
        Words of the text, rare ones included.
    input : array of float32
        ``(V + buckets, dim)``: a row each word, then one each bucket of n-grams.
    output : array of float32
        ``(V, dim)``; of a classifier ``(labels, dim)``.
    labels : list of str
        What a classifier tells; also the words of any text that begin with ``__label__``.
    label_counts : IntArray
        How often each label occurred.
    version : int
        Of the format, one of `VERSIONS`.
    """

    settings: FastTextSettingsOfFile
    words: list[str]
    counts: IntArray
    tokens: int
    input: FloatArray
    output: FloatArray
    labels: Sequence[str] = ()
    label_counts: IntArray = np.zeros(0, np.int64)
    version: int = 12

    @property
    def longest_ngram(self) -> int:
        """``max_n``, or 0 where words have no n-grams: in old classifiers, and without buckets."""
        told = self.settings
        old = self.version == 11 and told.model == "supervised"
        return 0 if old or not told.buckets or told.min_n > told.max_n else told.max_n

    @property
    def shortest_ngram(self) -> int:
        """``min_n``; fastText's 0 means no more than 1."""
        return max(self.settings.min_n, 1)


def encode(word: str) -> bytes:
    r"""Return the bytes of a word of a model, also of one that is not UTF-8.

    Examples
    --------
    >>> encode("na\udcefve")
    b'na\xefve'
    """
    return word.encode("utf-8", "surrogateescape")


def wrong_setting(settings: FastTextSettingsOfFile) -> str | None:
    """Return what is wrong with the numbers of the settings."""
    if settings.loss not in LOSSES or settings.model not in MODELS:
        return f"the loss is {settings.loss!r}, the model {settings.model!r}"
    for name, value in settings._asdict().items():
        if not isinstance(value, str) and not 0 <= value < 1 << 31:  # NaN is neither
            return f"the setting {name} is {value}"
    if not 1 <= settings.dim <= LARGEST_DIM:
        return f"the setting dim is {settings.dim}; 1 to {LARGEST_DIM} are believed"
    if settings.max_n > LONGEST_NGRAM:
        return f"the setting max_n is {settings.max_n}; up to {LONGEST_NGRAM} are believed"
    return None


def wrong_parts(file: FastTextFile) -> str | None:
    """Return which parts of a model do not fit each other, or not into the format."""
    settings, words, labels = file.settings, file.words, file.labels
    if file.version not in VERSIONS or not words or file.tokens < 0:
        return f"version {file.version}, {len(words)} words, {file.tokens} tokens"
    classifier = settings.model == "supervised"
    if classifier and not labels:
        return "a classifier needs labels"
    outputs = len(labels) if classifier else len(words)
    shapes = {
        "counts": (file.counts, (len(words),)),
        "label_counts": (file.label_counts, (len(labels),)),
        "input": (file.input, (len(words) + settings.buckets, settings.dim)),
        "output": (file.output, (outputs, settings.dim)),
    }
    for name, (array, shape) in shapes.items():
        if array.shape != shape:
            return f"{name} has shape {array.shape}, and {shape} is needed"
    for names, counts in ((words, file.counts), (labels, file.label_counts)):
        if len(set(names)) < len(names) or counts.min(initial=0) < 0:
            return "a word occurs twice, or less than never"
        for word in names:
            problem = _wrong_word(word)
            if problem is not None:
                return f"the word {shown(word)} {problem}"
    for name, table in (("input", file.input), ("output", file.output)):
        if table.dtype != np.float32:
            return f"the {name} table holds {table.dtype}, and float32 is needed"
        bad = first_non_finite_row(table)
        if bad is not None:
            return f"row {bad} of the {name} table holds NaN or infinity"
    return None


def _wrong_word(word: str) -> str | None:
    try:
        raw = encode(word)
    except UnicodeEncodeError:
        return "holds half a surrogate pair, which UTF-8 cannot write"
    if raw.decode("utf-8", "surrogateescape") != word:
        return "holds bytes that would be read as other letters"
    if b"\0" in raw:
        return "holds a zero, which ends a word in this format"
    return f"is longer than {LONGEST_WORD} bytes" if len(raw) > LONGEST_WORD else None
