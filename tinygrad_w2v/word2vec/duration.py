"""About how long training will take, said before a large text is read.

A word costs a part of its own and a part for every number that its window is compared by. Both were
measured on one machine with a small vocabulary, for each engine and model; a larger vocabulary does
not fit into the processor's cache, which is allowed for roughly. Expect it within a factor of two
or three.
"""

from __future__ import annotations

from tinygrad_w2v.text.resources import cores
from tinygrad_w2v.training.engines import EngineOptions, has_numba
from tinygrad_w2v.word2vec.settings import TrainingSettings

# Microseconds a word, and a number of its targets' rows. Measured on 166,000 words, 4,600 of them
# different, sizes 50 to 300, 5 and 15 negative words, one thread of a server processor.
COST = {
    ("compiled", "cbow"): (0.09, 0.00028),
    ("compiled", "skipgram"): (0.14, 0.0005),
    ("numpy", "cbow"): (2.2, 0.0037),
    ("numpy", "skipgram"): (1.7, 0.0032),
}
# How much longer a word takes where the vectors do not fit into the cache.
OUT_OF_CACHE = 1.5
# How many times longer it takes to give the same bytes for any number of threads.
MERGING = 1.7
# How many times longer a word takes that is read in parts.
PARTS = 3.0
# Inner nodes on the path of a word in a tree, about.
PATH = 12


def seconds_a_word(settings: TrainingSettings, options: EngineOptions) -> float:
    """Return about how long a word of the text takes, in all epochs together.

    Parameters
    ----------
    settings, options
        How it will be trained; more threads than there are cores gain nothing.

    Examples
    --------
    >>> settings = TrainingSettings("skipgram")
    >>> fast, slow = (seconds_a_word(settings, EngineOptions(e)) for e in ("compiled", "numpy"))
    >>> slow > 5 * fast
    True
    """
    engine = options.engine
    if engine == "auto":
        engine = "compiled" if has_numba() else "numpy"
    threads, merging = 1, 1.0
    on_machines = engine == "ray"
    engine = "compiled" if on_machines else engine
    if engine == "compiled":
        threads = max(1, min(int(options.workers), cores()))
        merging = MERGING if options.deterministic or on_machines else 1.0
    own, number = COST[engine, settings.model]
    if settings.input_rows(0):  # which n-grams share
        own, number = PARTS * own, PARTS * number
    targets = (1 + settings.negative if settings.negative else 0) + PATH * settings.hs
    microseconds = OUT_OF_CACHE * (own + number * settings.size * targets)
    return merging * settings.epochs * microseconds / 1e6 / threads
