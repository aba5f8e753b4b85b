"""The memory that a training is sure to take, held against what is left before any of it is taken.

Three things may be large: the tables, by words and size; what is drawn of the text at a time; and
what a step computes with. Each is counted low rather than high, by measurement of what the engines
hold at once, so that nothing is refused that would do.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tinygrad_w2v._base.cache_lines import in_lines
from tinygrad_w2v._base.errors import InputError, Message, Setting
from tinygrad_w2v._base.memory import SMALL, in_bytes, memory_left
from tinygrad_w2v._base.types import IntArray
from tinygrad_w2v.sources.subsampling import keep_probability
from tinygrad_w2v.sources.window_batches import BLOCK_WORDS, BLOCK_WORDS_WITH_TREE
from tinygrad_w2v.training.engines import EngineOptions, has_numba
from tinygrad_w2v.training.engines.engine import LARGEST_STRETCH, shard_of, stretch_of
from tinygrad_w2v.word2vec.settings import TrainingSettings

# Bytes at the highest moment, measured with 100 negative words and 100 numbers in a vector:
DRAWN = 45  # a target of a word that NumPy draws windows around
DRAWN_FOR_PAIRS = 14  # the same where each context has targets of its own
STEPPED = 13  # a number of a target's row in a step of the NumPy engine
# A word in the table of negatives and in Python's lists while that is made.
WORD = 110

# The words of a text that has not been read: settings that need too much memory for so few words
# are refused at once.
UNREAD = 1000


class Need(NamedTuple):
    """Bytes, what takes them, and the settings that they grow with."""

    bytes: int
    what: str
    settings: tuple[str, ...]


class _Sizes(NamedTuple):
    """Words of a vocabulary, of its text, and those of the text that windows are drawn around."""

    words: int
    text: int
    kept: int


def check_memory(
    settings: TrainingSettings,
    options: EngineOptions,
    counts: IntArray | None = None,
    text_words: int = UNREAD,
    *,
    heldout: bool = False,
    tables: bool = True,
    more_rows: int = 0,
) -> None:
    """Refuse a training that would take more memory than is left.

    Parameters
    ----------
    settings, options
        How it will be trained.
    counts, text_words
        Occurrences of each word, and the number of words of the text; without, before it is read.
    heldout
        Whether the loss on a held-out part will be looked at.
    tables
        Whether the tables are still to be made.
    more_rows
        Rows of tables beside those of the words.

    Raises
    ------
    InputError
        It says what needs how much, and what to lower.

    Examples
    --------
    >>> settings = TrainingSettings(negative=10**9)
    >>> check_memory(settings, EngineOptions("numpy"))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    tinygrad_w2v._base.errors.InputError: windows with 1,000,000,000 negative words need about \
46.3 TB of memory and ... are left; use a smaller negative
    """
    sizes = _sizes(settings, counts, text_words)
    needs = _draws(settings, sizes, options, heldout)
    if tables:
        needs.append(_tables(settings, sizes.words, options, more_rows))
    total = sum(need.bytes for need in needs)
    left = memory_left() if total > SMALL else None
    if left is None or total <= left:
        return
    most = max(needs)
    raise InputError(
        f"{most.what} need about {in_bytes(total)} of memory and {in_bytes(left)} are left",
        remedy=("use a smaller ", *_either(most.settings)),
    )


def told_of_tables(
    settings: TrainingSettings, options: EngineOptions, words: int
) -> Message | None:
    """Return what the tables will take, where most of it is what words share, else None.

    Examples
    --------
    >>> told_of_tables(TrainingSettings(), EngineOptions("numpy"), 1000) is None
    True
    """
    if settings.input_rows(words) <= 2 * words:
        return None
    need = _tables(settings, words, options)
    return (
        f"{need.what} take {in_bytes(need.bytes)} of memory; a smaller ",
        Setting("bucket"),
        " takes less",
    )


def _either(names: tuple[str, ...]) -> Iterator[str | Setting]:
    for number, name in enumerate(names):
        yield " or " if number else ""
        yield Setting(name)


def _sizes(settings: TrainingSettings, counts: IntArray | None, text_words: int) -> _Sizes:
    if counts is None:
        return _Sizes(2, text_words, text_words)
    share = (counts * keep_probability(counts, settings.sample)).sum() / max(counts.sum(), 1)
    return _Sizes(len(counts), text_words, int(share * text_words))


def _draws(
    settings: TrainingSettings, sizes: _Sizes, options: EngineOptions, heldout: bool
) -> list[Need]:
    compiled = _compiled_draws(settings, sizes, options)
    plain = _plain_draws(settings, sizes)
    if options.engine == "numpy" or not has_numba():
        return [plain, _step(settings, sizes)]
    if heldout:  # which NumPy draws in any case
        return [plain]
    if options.engine == "ray":  # whose machines are looked at when they are known
        return []
    return [compiled if options.engine == "compiled" else min(compiled, plain)]


def _row(settings: TrainingSettings) -> int:
    """Bytes of a row of a table of the compiled engine, its padding included."""
    return 4 * in_lines((1, settings.size), 4)[1]


def _tables(
    settings: TrainingSettings, words: int, options: EngineOptions, more_rows: int = 0
) -> Need:
    rows = settings.input_rows(words) + more_rows
    rows += (words if settings.negative else 0) + (words - 1 if settings.hs else 0)
    more = f" and {more_rows:,} rows more" if more_rows else ""
    compiled = options.engine != "numpy" and has_numba()
    shared = settings.input_rows(words) - words
    beside = f" and {shared:,} buckets of n-grams" if shared else ""
    return Need(
        (_row(settings) if compiled or shared else 4 * settings.size) * rows + WORD * words,
        f"tables of {words:,} words{beside}{more} with {settings.size:,} numbers each",
        ("bucket", "vector_size") if shared > words else ("vector_size", "max_final_vocab"),
    )


def _targets(settings: TrainingSettings, words: int) -> int:
    """The fewest targets of a window: the true word, negative ones, inner nodes of a path."""
    return (1 + settings.negative if settings.negative else 0) + settings.hs * (words > 2)


def _subject(settings: TrainingSettings) -> tuple[str, tuple[str, ...]]:
    """What windows are large by."""
    if settings.negative > 2 * settings.window:
        return f"windows with {settings.negative:,} negative words", ("negative",)
    return f"windows of {settings.window:,} words on both sides", ("window",)


def _plain_draws(settings: TrainingSettings, sizes: _Sizes) -> Need:
    """What NumPy draws at a time."""
    targets = _targets(settings, sizes.words)
    block = BLOCK_WORDS_WITH_TREE if settings.hs else BLOCK_WORDS
    block = block * sizes.kept // max(block, sizes.text)
    # Windows end with their sentences, which may be short: one context at least.
    each = DRAWN if settings.shared_negatives else DRAWN_FOR_PAIRS
    return Need(each * block * targets, *_subject(settings))


def _step(settings: TrainingSettings, sizes: _Sizes) -> Need:
    """What a step of the NumPy engine computes with, where the user set the size of a batch."""
    windows = min(settings.batch or 1, sizes.kept, BLOCK_WORDS)
    targets = 1 + settings.negative
    return Need(
        STEPPED * windows * targets * settings.size,
        f"steps over {windows:,} windows with {targets:,} targets of {settings.size:,} numbers",
        ("batch", "negative", "vector_size") if settings.batch else ("negative", "vector_size"),
    )


def _compiled_draws(settings: TrainingSettings, sizes: _Sizes, options: EngineOptions) -> Need:
    """The windows of a stretch of text for each thread, and private rows for the same bytes."""
    threads, per_word = (
        int(options.workers),
        1 if settings.shared_negatives else 2 * settings.window,
    )
    stretch = shard = stretch_of(sizes.text, threads)
    if options.deterministic:
        shard = shard_of(sizes.text, per_word, options.parts())
        stretch = min(shard, LARGEST_STRETCH)
    windows = stretch * sizes.kept // max(stretch, sizes.text) * per_word
    contexts, targets = 2 * settings.window, _targets(settings, sizes.words)
    drawn = windows * 8 * (contexts + targets)
    inside = 4 * settings.size * (contexts + targets)
    private = 0
    if options.deterministic:
        # About half of the words of a stretch of text are there once.
        words = shard * sizes.kept // max(shard, sizes.text)
        private = options.parts() * _row(settings) * min(words, sizes.words)
    what, lower = _subject(settings)
    if private > threads * (drawn + inside):
        what, lower = (
            f"copies of rows with {settings.size:,} numbers for {options.parts()} parts",
            ("vector_size",),
        )
    if threads > 1:
        what, lower = f"{what} for {threads:,} threads", (*lower, "workers")
    return Need(threads * (drawn + inside) + private, what, lower)
