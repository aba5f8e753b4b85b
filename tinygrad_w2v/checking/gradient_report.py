"""What `check_grads` found, and how it says so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from tinygrad_w2v._base.errors import GradientError, InPlaceError, ShapeError
from tinygrad_w2v._base.types import FloatArray, Shape
from tinygrad_w2v.checking.finite_differences import Sides

_ORDINALS = ("", "first", "second", "third")


@dataclass(frozen=True)
class Measurement:
    """Rule and finite difference in one entry, or (`index` None) along a direction of many."""

    index: tuple[int, ...] | None
    rule: float
    difference: float
    step: float
    error: float  # along the line, that is for a step of `unit`
    relative_error: float
    uncertainty: float  # of the difference
    is_wrong: bool
    sides: Sides | None = None
    unit: float = 1.0

    @property
    def ratio(self) -> float | None:
        """The rule's number in units of the difference, where that is safely not zero."""
        if not np.isfinite(self.rule) or abs(self.difference) <= 100 * self.uncertainty:
            return None
        return self.rule / self.difference

    @property
    def is_clear(self) -> bool:
        """Whether the difference is known well enough to blame the rule."""
        size = max(abs(self.rule), abs(self.difference))
        settled = bool(np.isfinite(self.difference)) and self.uncertainty < 0.01 * size
        return settled or abs(self.rule - self.difference) > 100 * self.uncertainty

    @property
    def badness(self) -> tuple[bool, float, float]:
        """Orders by: an entry before a direction, relative error, and of equal ones the size."""
        return self.index is not None, float(f"{self.relative_error:.1e}"), self.error


@dataclass(frozen=True)
class Comparison:
    """All that was measured of one array at one order."""

    order: int
    function: str
    name: str
    shape: Shape
    whole: bool  # every entry was measured
    allowed: float
    projected: bool  # the outputs were summed with random weights
    measured: list[Measurement]

    @property
    def wrong(self) -> list[Measurement]:
        """The measurements that disagree with the rule."""
        return [m for m in self.measured if m.is_wrong]

    @property
    def mismatch(self) -> Measurement | None:
        """The worst measurement that disagrees with the rule."""
        return max(self.wrong, key=lambda m: m.badness, default=None)

    @property
    def relative_error(self) -> float:
        """The worst error, relative to the size of the slope."""
        worst = max(self.wrong or self.measured, key=lambda m: m.badness, default=None)
        return worst.relative_error if worst else 0.0

    @property
    def what(self) -> str:
        """What was measured, in words."""
        return f"{len(self.measured)} {'entries' if self.whole else 'directions and entries'}"

    def line(self) -> str:
        """One line for a person."""
        return (
            f"{ordinal(self.order)} order  {self.name} {self.shape}: {self.what}, "
            f"worst relative error {self.relative_error:.1e}  {'WRONG' if self.wrong else 'ok'}"
        )


def ordinal(order: int) -> str:
    """``first``, ``second``, ``third``, ``order 4``."""
    return _ORDINALS[order] if order < len(_ORDINALS) else f"{order}th"


def report(comparison: Comparison) -> str:
    """The message of the error for a comparison that failed."""
    worst = comparison.mismatch
    assert worst is not None
    order = f"{ordinal(comparison.order)} order"
    derivative = "gradient" if comparison.order == 1 else f"{ordinal(comparison.order)} derivative"
    if worst.sides is not None and worst.sides.kink:
        verdict, after = "cannot be checked", ": a kink"
    elif not np.isfinite(worst.rule):
        verdict, after = "is not finite", ""
    else:
        verdict, after = "is wrong" if worst.is_clear else "cannot be confirmed", ""
    index = f"[{', '.join(map(str, worst.index))}]" if worst.index else ""
    along = "" if worst.index is not None else ", along a random direction"
    lines = [
        f"check_grads: the {derivative} of {comparison.function} {verdict} at "
        f"{comparison.name}{index}{after} ({order}{along})",
        f"  backward rule      {worst.rule:.10g}",
        f"  finite difference  {worst.difference:.10g}",
        f"  relative error     {worst.relative_error:.1e}   (allowed {comparison.allowed:.0e})",
        f"  {len(comparison.wrong)} of {comparison.what} of {comparison.name}, shape "
        f"{comparison.shape}, differ",
    ]
    if worst.step:
        lines[2] += f"   (step {worst.step:.1e}, uncertain by {worst.uncertainty:.0e})"
    if comparison.projected:
        lines.insert(
            1, "  (numbers are slopes of the sum of the outputs with fixed random weights)"
        )
    return "\n".join(lines + [f"  {line}" for line in _advice(comparison, worst)])


def _advice(comparison: Comparison, worst: Measurement) -> list[str]:
    """What the numbers suggest, and what to do."""
    if not np.isfinite(worst.rule):
        return ["run it under `with tw.debug():`, which names the op that made this value"]
    sides = worst.sides
    if sides is not None and sides.kink:
        left, right = sides.left / worst.unit, sides.right / worst.unit
        inside = min(left, right) <= worst.rule <= max(left, right)
        note = "" if inside else "; the rule's value lies between neither: look at the rule, too"
        return [
            f"it looks like a kink: the slope is {left:.6g} to the left and {right:.6g} to the "
            f"right{note}",
            "move the point away from the kink (ties, zeros of relu and abs, edges of clip), or "
            "leave this entry out; at a kink only the convention can be tested, not the slope",
        ]
    if not np.isfinite(worst.difference):
        return [
            "the function is not finite on one side of the point: it lies at the edge of the "
            "domain; move it inwards"
        ]
    if not worst.is_clear:
        return [
            "the difference does not settle as the step shrinks: f is noisy (float32 inside?) or "
            "jumps here; check it at another point, or give `eps` and `rtol`"
        ]
    lines = _pattern([m.ratio for m in comparison.wrong if m.ratio is not None])
    if sides is not None:
        lines.append("the slopes to the left and to the right agree: the function is smooth here")
    if comparison.order == 1:
        lines.append("look at `backward` of the ops on the way from this argument to the result")
    else:
        lines.append(
            "the order before is right: look for a `backward` that computes with `.data` or with "
            "plain arrays where `self.saved` gives Variables"
        )
    return lines


def _pattern(ratios: list[float]) -> list[str]:
    """What the rule's numbers, in units of the true ones, have in common."""
    if not ratios:
        return []
    low, high = min(ratios), max(ratios)
    if high - low > 1e-4 * max(abs(low), abs(high)):
        return []
    if abs(low) < 1e-9:
        return ["the rule gives 0: a use of this argument is not counted, or the graph was left"]
    if abs(low + 1) < 1e-4:
        return ["the sign is wrong"]
    return [f"the rule's numbers are {low:.6g} times the measured ones: a factor is wrong"]


# ---------------------------------------------------------------------- other findings
def not_finite(name: str, order: int, number: int, y: FloatArray) -> str:
    """For a function whose value at the point is NaN or infinite."""
    index = tuple(int(i) for i in np.argwhere(~np.isfinite(y))[0])
    what = f"output {number} of {name}" if order == 1 else f"derivative of {name}"
    place = f"[{', '.join(map(str, index))}]" if index else ""
    return (
        f"check_grads: {what} is not finite at the point ({y[index]} at {place or 'its value'}, "
        f"{ordinal(order)} order): choose a point inside the function's domain"
    )


def not_deterministic(name: str) -> str:
    """For a function that gives something else each time."""
    return (
        f"check_grads: {name} gives another value each time it is called with the same arguments: "
        "make its random generator inside it, with a fixed seed"
    )


@contextmanager
def rule_errors(name: str, order: int) -> Iterator[None]:
    """Turn what a broken rule raises into the report of a check; anything else passes."""
    try:
        yield
    except (InPlaceError, ShapeError, ValueError) as error:
        if isinstance(error, InPlaceError) or "read-only" in str(error):
            what = (
                "an op writes into an array that it was given or had saved; forward and backward "
                "return new arrays and write into none"
            )
        elif isinstance(error, ShapeError) and "gradient" in str(error).partition("\n")[0]:
            what = "a backward rule returns a gradient that does not fit"
        else:
            raise
        raise GradientError(
            f"check_grads: {name} ({ordinal(order)} order): {what}\n  {error}"
        ) from error
