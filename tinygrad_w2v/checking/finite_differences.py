"""The slope of a function along a line, measured: differences, their errors, and kinks.

The central difference ``(phi(h) - phi(-h)) / 2h`` errs by ``h^2 phi''' / 6`` and by the rounding
of ``phi`` divided by ``h``. One step of middle size is right for nearly all functions; where the
number does not agree with a rule, `refined` looks for a better one before anybody is blamed.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from tinygrad_w2v._base.types import FloatArray

ROUNDING = float(np.finfo(np.float64).eps)
STEP = 1e-5  # relative to the value's magnitude; near the cube root of ROUNDING, the optimum
LADDER = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8)
KINK_STEPS = (1e-4, 1e-6)


class Estimate(NamedTuple):
    """A measured slope, how far it may be off, and the step it was measured with."""

    value: float
    error: float
    step: float


class Sides(NamedTuple):
    """The slopes to the left and to the right of a point."""

    left: float
    right: float
    kink: bool


class Line:
    """``phi(t) = sum_k <weights_k, outputs_k(t)>``, a function of one number.

    Parameters
    ----------
    evaluate : callable
        The outputs (a list of arrays) at ``t``.
    weights : list of arrays
        One for each output, of its shape.
    start : list of arrays
        The outputs at 0.
    rounding : float
        The relative rounding of the function's arithmetic.
    """

    def __init__(
        self,
        evaluate: Callable[[float], list[FloatArray]],
        weights: Sequence[FloatArray],
        start: list[FloatArray],
        rounding: float = ROUNDING,
    ) -> None:
        self.evaluate = evaluate
        self.weights = weights
        self.start = start
        self.rounding = rounding

    def _change(self, high: list[FloatArray], low: list[FloatArray]) -> tuple[float, float]:
        """``phi(high) - phi(low)``, and the rounding in it.

        Outputs are subtracted one by one: those that the step does not reach add no rounding.
        """
        change = noise = 0.0
        with np.errstate(all="ignore"):
            for weight, a, b in zip(self.weights, high, low, strict=True):
                difference = a - b
                change += float(np.sum(weight * difference))
                sizes = (np.abs(a) + np.abs(b)) * (difference != 0)
                noise += float(np.sum(np.abs(weight) * sizes))
        return change, self.rounding * noise

    def central(self, step: float) -> Estimate:
        """The central difference; its error is that of rounding only."""
        change, noise = self._change(self.evaluate(step), self.evaluate(-step))
        if not change and not noise:  # nothing moved: the step may be lost in the rounding
            sizes = zip(self.weights, self.start, strict=True)
            noise = 2 * self.rounding * sum(float(np.sum(np.abs(w * y))) for w, y in sizes)
        return Estimate(change / (2 * step), noise / (2 * step), step)

    def sided(self, step: float) -> tuple[float, float, float]:
        """The slopes to the left and the right, and the rounding in them."""
        right, noise = self._change(self.evaluate(step), self.start)
        left, other = self._change(self.start, self.evaluate(-step))
        return left / step, right / step, (noise + other) / step

    def refined(self, step: float) -> Estimate | None:
        """The best estimate over many steps, with an honest error; None if none is finite.

        At each step two differences make one of fourth order (Richardson). What counts is how
        little the estimate moves from one step to the next: too large a step moves with the
        function's curvature, too small a one with rounding.
        """
        estimates = [e for e in (self._fourth_order(t * step) for t in LADDER) if e is not None]
        if len(estimates) < 2:
            return estimates[0]._replace(error=math.inf) if estimates else None
        moves = [abs(a.value - b.value) for a, b in itertools.pairwise(estimates)]
        # The larger of the moves to both neighbours.
        spreads = [3 * moves[0], *itertools.starmap(max, itertools.pairwise(moves)), 3 * moves[-1]]
        best: Estimate | None = None
        for spread, estimate in sorted(
            zip(spreads, estimates, strict=True), key=lambda pair: pair[0]
        ):
            if best is not None and best.error <= spread:
                break
            # Small moves may be chance: rounding steps of f meet a step's own. So measure again.
            again = self._fourth_order(0.6 * estimate.step)
            moved = abs(again.value - estimate.value) if again is not None else math.inf
            error = max(spread, moved) + estimate.error
            if best is None or error < best.error:
                best = estimate._replace(error=error)
        return best

    def _fourth_order(self, step: float) -> Estimate | None:
        """Richardson's combination of the differences for `step` and its half."""
        coarse, fine = self.central(step), self.central(step / 2)
        value = (4 * fine.value - coarse.value) / 3
        return Estimate(value, fine.error, step) if math.isfinite(value) else None

    def sides(self) -> Sides | None:
        """The one-sided slopes, and whether they differ however small the step: a kink.

        On a smooth function they approach each other as the step shrinks.
        """
        measured = [self.sided(step) for step in KINK_STEPS]
        if not all(map(math.isfinite, (*measured[0], *measured[1]))):
            return None
        (left, right, noise), wide = measured[1], measured[0]
        jump, jump_before = abs(right - left), abs(wide[1] - wide[0])
        size = max(abs(left), abs(right))
        # At a kink the jump is the same for both steps; what grows is noise, or f itself jumps.
        kink = 0.3 * jump_before < jump < 3 * jump_before
        kink = kink and jump > 1e-4 * size and jump > 50 * noise
        return Sides(left, right, kink)
