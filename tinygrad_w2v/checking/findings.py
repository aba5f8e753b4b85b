"""What the numbers of a gradient check mean, and the messages of its errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from tinygrad_w2v._base.errors import GradientError, InPlaceError, ShapeError
from tinygrad_w2v._base.language import Language
from tinygrad_w2v._base.types import FloatArray
from tinygrad_w2v.checking.measurement import Comparison, Measurement, name_in, place_of, shown
from tinygrad_w2v.checking.words import derivative, ordinal, say


def heading(
    comparison: Comparison, lang: Language = "en", written: Callable[[str], str] = str
) -> str:
    """The outcome of a comparison that failed, in one line; `written` writes the names in it."""
    worst = comparison.worst
    assert worst is not None
    return say(
        worst.verdict,
        lang,
        derivative=derivative(comparison.order, lang),
        function=written(shown(comparison.function)),
        place=place_of(comparison, worst, lang, written),
    )


def message(comparison: Comparison) -> str:
    """The message of the error for a comparison that failed."""
    worst = comparison.worst
    assert worst is not None
    along = "" if worst.index is not None else ", along a random direction"
    lines = [
        f"check_grads: {heading(comparison)} ({ordinal(comparison.order)} order{along})",
        f"  backward rule      {worst.rule:.10g}",
        f"  finite difference  {worst.finite_difference:.10g}",
        f"  relative error     {worst.relative_error:.1e}   (allowed {comparison.allowed:.0e})",
        f"  {len(comparison.wrong)} of {comparison.what} of {name_in(comparison)}, shape "
        f"{comparison.shape}, differ",
    ]
    if worst.step:
        lines[2] += f"   (step {worst.step:.1e}, uncertain by {worst.uncertainty:.0e})"
    if comparison.projected:
        lines.insert(
            1, "  (numbers are slopes of the sum of the outputs with fixed random weights)"
        )
    return "\n".join(lines + [f"  {line}" for line in advice(comparison)])


def advice(comparison: Comparison, lang: Language = "en") -> list[str]:
    """What the numbers of a comparison that failed suggest, and what to do."""
    worst = comparison.worst
    assert worst is not None
    if worst.verdict == "not_finite":
        return [say("debug", lang)]
    sides = worst.sides
    if sides is not None and sides.kink:
        left, right = sides.left / worst.unit, sides.right / worst.unit
        inside = min(left, right) <= worst.rule <= max(left, right)
        key = "looks_like_kink" if inside else "looks_like_wrong_kink"
        return [say(key, lang, left=left, right=right), say("leave_kink", lang)]
    if not np.isfinite(worst.finite_difference):
        return [say("edge", lang)]
    if worst.verdict == "unclear":
        return [say("unsettled", lang)]
    lines = _pattern(comparison.wrong, lang)
    if sides is not None:
        lines.append(say("smooth", lang))
    return [*lines, say("look_at_backward" if comparison.order == 1 else "look_at_order", lang)]


def _pattern(wrong: list[Measurement], lang: Language) -> list[str]:
    """What the rule's numbers, in units of the true ones, have in common."""
    ratios = [m.ratio for m in wrong if m.ratio is not None]
    if not ratios:
        return []
    low, high = min(ratios), max(ratios)
    if high - low > 1e-4 * max(abs(low), abs(high)):
        return []
    if abs(low) < 1e-9:
        return [say("zero", lang)]
    if abs(low + 1) < 1e-4:
        return [say("sign", lang)]
    return [say("factor", lang, factor=low)]


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
