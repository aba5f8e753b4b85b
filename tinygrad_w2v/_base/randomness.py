"""What is drawn from: a generator that is passed in, never the state of all."""

from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import InputError


def generator(rng: Any) -> np.random.Generator:
    """Return what is to be drawn from: a generator, by default ``default_rng(0)``.

    Raises
    ------
    InputError
        When it is anything else, see `require_generator`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> generator(rng) is rng, generator(None).random() == rng.random()
    (True, True)
    """
    return np.random.default_rng(0) if rng is None else require_generator(rng)


def require_generator(rng: Any) -> np.random.Generator:
    """Return a generator as it is; refuse a number, which may be meant as a seed.

    What is drawn again and again would draw the same each time from one number.

    Raises
    ------
    InputError
        When it is anything else.

    Examples
    --------
    >>> require_generator(0)
    Traceback (most recent call last):
    tinygrad_w2v._base.errors.InputError: rng must be a generator, not 0; give \
np.random.default_rng(0)
    """
    if isinstance(rng, np.random.Generator):
        return rng
    seed = int(rng) if isinstance(rng, (int, np.integer)) else 0
    raise InputError(
        f"rng must be a generator, not {rng!r:.60}; give np.random.default_rng({seed})"
    )
