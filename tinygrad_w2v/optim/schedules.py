"""Learning rates that change with the number of steps; an optimizer's `lr` may be one."""

from __future__ import annotations

import math

from tinygrad_w2v._base.errors import InputError


class LinearDecay:
    """From `start` to `end` in a straight line over `steps` steps, and `end` from then on.

    ``lr(n) = start + (end - start) n / steps``, as in word2vec.

    Parameters
    ----------
    start, end : float
        Positive rates.
    steps : int
        After how many steps `end` is reached.

    Raises
    ------
    InputError
        If a number is not positive.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> schedule = tw.optim.LinearDecay(start=0.5, end=0.1, steps=4)
    >>> schedule
    LinearDecay(start=0.5, end=0.1, steps=4)
    >>> [round(schedule(n), 2) for n in range(6)]
    [0.5, 0.4, 0.3, 0.2, 0.1, 0.1]
    >>> tw.optim.SGD(lr=schedule).lr
    0.5
    """

    def __init__(self, start: float, end: float, steps: int) -> None:
        for name, value in (("start", start), ("end", end), ("steps", steps)):
            if not (value > 0 and math.isfinite(value)):
                raise InputError(f"LinearDecay: {name} is {value:g}; give a positive number")
        self.start, self.end, self.steps = start, end, steps

    def __repr__(self) -> str:
        return f"LinearDecay(start={self.start:g}, end={self.end:g}, steps={self.steps:,})"

    def __call__(self, step: int) -> float:
        """The rate of the step before which `step` steps were done."""
        share = min(step / self.steps, 1.0)
        return self.start * (1.0 - share) + self.end * share
