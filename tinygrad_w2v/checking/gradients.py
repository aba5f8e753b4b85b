"""Do the backward rules agree with numbers? `check_grads` measures every slope and compares.

Rules are run in float64 on read-only arrays under `debug`, so that one that writes where it must
not is caught. Small arrays are varied entry by entry, large ones along random directions and in
a few single entries; where a direction disagrees, halving it finds the entry. The second order is
the same check on the gradients themselves, as a function of the arguments and of the weights that
the outputs are given.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from typing import Any, NamedTuple

import numpy as np

from tinygrad_w2v._base.errors import GradientError, NonFiniteError
from tinygrad_w2v._base.randomness import generator
from tinygrad_w2v._base.types import FloatArray
from tinygrad_w2v.autograd.debugging.leaving import watching
from tinygrad_w2v.autograd.debugging.watching import locked
from tinygrad_w2v.autograd.modes import debug
from tinygrad_w2v.autograd.transforms.recorded_call import pulled, recording_from
from tinygrad_w2v.checking import gradient_report
from tinygrad_w2v.checking.checkable import (
    Arguments,
    Gradients,
    Parameters,
    Subject,
    arrays_of,
    frozen,
    is_module,
    must_be_connected,
    rounding_of,
)
from tinygrad_w2v.checking.finite_differences import ROUNDING, STEP, Estimate, Line
from tinygrad_w2v.checking.gradient_report import Comparison, Mismatch, explained

RTOL = 1e-6
SMALL = 64  # arrays of up to so many entries are varied entry by entry
DIRECTIONS = 3
LEAST_SCALE = 1e-3
SINGLES = 4  # of a large array: so many of the largest gradients, and as many at random


class Tolerance(NamedTuple):
    """What the caller allows; None is the default, fitted to the rounding that is met."""

    eps: float | None
    rtol: float | None
    atol: float | None


def check_grads(
    f: Any,
    *args: Any,
    order: int = 1,
    eps: float | None = None,
    rtol: float | None = None,
    atol: float | None = None,
    rng: np.random.Generator | None = None,
    verbose: bool = False,
) -> None:
    """Compare the gradients of ``f`` with central differences; return if they agree.

    Everything is computed in float64, whatever the arguments' dtype. Arrays of at most 64 entries
    are checked entry by entry, larger ones along random directions (among the entries that the
    gradient reaches, and among the others) and in single entries. Of several outputs, or an output
    of many elements, a random projection with fixed weights is differentiated.

    Parameters
    ----------
    f : callable or Module
        Returns a Variable, or nested tuples, lists and dicts of them. Of a Module, or a method of
        one, every parameter is checked: of ``f.loss(*args)`` where there is a `loss` that takes
        them, else of ``f(*args)``; its data and dtypes are restored.
    *args
        Arrays, numbers, Variables, row gradients, nested tuples, lists and dicts of them. Integer
        arrays and other objects are handed on and not differentiated; Python's integers, too,
        unless nothing else is there.
    order : int
        2 checks the second derivatives as well, 3 the third, and so on.
    eps : float, optional
        The step, relative to the size of the value (1e-5). Given, no other step is tried.
    rtol, atol : float, optional
        Allowed error relative to the slope (1e-6), and absolute (by default what rounding makes).
    rng : numpy.random.Generator, optional
        Draws weights and directions; ``default_rng(0)`` by default.
    verbose : bool
        Print one line for each argument and order.

    Raises
    ------
    GradientError
        When a rule and the finite difference differ: with the worst entry, both numbers, the
        relative error, whether it looks like a kink, and what to do. Also when a rule writes into
        an array that it was given, when a value is not finite, when `f` is not deterministic, and
        when there is nothing to compare.

    Examples
    --------
    >>> import numpy as np
    >>> import tinygrad_w2v as tw
    >>> tw.check_grads(lambda x, w: np.tanh(x @ w), np.ones((2, 3)), np.ones((3, 2)), order=2)
    >>> class Square(tw.Function):
    ...     def forward(self, x):
    ...         self.save(x)
    ...         return x * x
    ...     def backward(self, g):
    ...         (x,) = self.saved
    ...         return g * x  # the factor 2 is missing
    >>> tw.check_grads(lambda x: Square()(x), np.array([1.0, 3.0]))
    Traceback (most recent call last):
    tinygrad_w2v._base.errors.GradientError: check_grads: the gradient of f is wrong at x[...
    """
    tolerance = Tolerance(eps, rtol, atol)
    with watching():
        for comparison in comparisons(f, args, order, tolerance, rng):
            if verbose:
                sys.stdout.write(comparison.line() + "\n")
            if comparison.mismatch is not None:
                raise GradientError(gradient_report.report(comparison))


def comparisons(
    f: Any,
    args: Sequence[Any],
    order: int = 1,
    tolerance: Tolerance = Tolerance(None, None, None),  # noqa: B008  (immutable)
    rng: np.random.Generator | None = None,
) -> Iterator[Comparison]:
    """Check order by order, and yield for each argument what was found.

    Of an order in which something is wrong only the worst argument is yielded; with it the
    check ends.
    """
    if order < 1 or order != int(order):
        raise ValueError(f"check_grads: order must be 1, 2, ..., not {order!r}")
    rng = generator(rng)
    subject = _subject(f, args)
    hidden = 0.0
    with subject.prepared():
        for level in range(1, order + 1):
            check = _Check(subject, level, tolerance, rng, hidden)
            found = check.run()
            wrong = [c for c in found if c.mismatch is not None]
            if wrong:
                yield max(wrong, key=lambda c: c.relative_error)
                return
            yield from found
            if level < order:
                hidden = check.scale
                subject = Gradients(subject, check.weights)


def _subject(f: Any, args: Sequence[Any]) -> Subject:
    if is_module(f):
        return Parameters(f, _loss_of(f, args), args)
    owner = getattr(f, "__self__", None)
    if owner is not None and is_module(owner):
        return Parameters(owner, f, args)
    return Arguments(f, args)


def _loss_of(module: Any, args: Sequence[Any]) -> Callable[..., Any]:
    """The module's `loss`; the module itself where it has none or these arguments are not its."""
    loss = getattr(module, "loss", None)
    if loss is None:
        return module
    try:
        inspect.signature(loss).bind(*args)
    except TypeError:
        return module
    return loss


class _Check:
    """One order of the check of one subject."""

    def __init__(
        self,
        subject: Subject,
        order: int,
        tolerance: Tolerance,
        rng: np.random.Generator,
        hidden: float,
    ) -> None:
        self.subject, self.order, self.tolerance, self.rng = subject, order, tolerance, rng
        self.assume(ROUNDING)
        # Gradients of gradients may be small differences of large numbers, whose rounding cannot
        # be seen in the outputs: `hidden` is the size of those numbers.
        self.hidden = hidden

    def assume(self, rounding: float) -> None:
        """Fit step and tolerance to the relative rounding of the function's arithmetic."""
        eps, rtol, _ = self.tolerance
        coarse = rounding > ROUNDING  # f computes in float32 somewhere, whatever it is given
        self.rounding = rounding
        self.step = float(eps) if eps is not None else rounding ** (1 / 3) if coarse else STEP
        self.rtol = float(rtol) if rtol is not None else rounding**0.5 / 2 if coarse else RTOL

    def run(self) -> list[Comparison]:
        """Compare all arrays of the subject."""
        self.start = self._start()
        self.weights = self._weights()
        self.scale = self.hidden + max(float(np.abs(y).max(initial=0)) for y in self.start)
        self.rules = self._rules()
        return [self._compare(i) for i in range(len(self.subject.values))]

    # ------------------------------------------------------------------ the values at the point
    def _start(self) -> list[FloatArray]:
        """The outputs at the point; they are finite, and the same each time."""
        with explained(self.subject.name, self.order):
            start = self.subject.evaluate(self.subject.values)
            if self.order == 1:
                again = self.subject.evaluate(self.subject.values)
                same = [np.array_equal(a, b, equal_nan=True) for a, b in zip(start, again)]  # noqa: B905
                if len(start) != len(again) or not all(same):
                    raise GradientError(gradient_report.not_deterministic(self.subject.name))
        for number, y in enumerate(start):
            if not np.isfinite(y).all():
                raise GradientError(
                    gradient_report.not_finite(self.subject.name, self.order, number, y)
                    + self._first_not_finite()
                )
        return start

    def _first_not_finite(self) -> str:
        """What `debug` says of the op that made the first value that is not finite."""
        try:
            with debug():
                self.subject.evaluate(self.subject.values)
        except NonFiniteError as error:
            return f"\n  {error}"
        return ""

    def _weights(self) -> list[FloatArray]:
        """Fixed weights of the outputs; a single number is differentiated as it is."""
        if len(self.start) == 1 and self.start[0].size == 1:
            return [np.ones(self.start[0].shape)]
        weights = []
        for y in self.start:
            size = self.rng.uniform(0.5, 1.5, y.shape)
            weights.append(np.asarray(size * self.rng.choice([-1.0, 1.0], y.shape)))
        return weights

    # ------------------------------------------------------------------ what the rules say
    def _rules(self) -> list[FloatArray]:
        """The gradient of the weighted sum of the outputs for each array, by the rules."""
        try:
            found = self._walk(debug())
        except NonFiniteError:
            # A value that is not finite may be masked later on; only the results count.
            found = self._walk(nullcontext())
        rules: list[FloatArray] = []
        for i, g in enumerate(found):
            value = self.subject.values[i]
            rule = np.zeros(value.shape) if g is None else self.subject.read(i, g)
            if rule.shape != value.shape:
                raise GradientError(
                    f"check_grads: the gradient for {self.subject.names[i]} has shape "
                    f"{rule.shape}, the value {value.shape}"
                )
            rules.append(rule.astype(np.float64))
        return rules

    def _walk(self, watching: Any) -> list[Any]:
        subject = self.subject
        with explained(subject.name, self.order), np.errstate(all="ignore"), watching:
            leaves = subject.leaves([frozen(array) for array in subject.values])
            with recording_from(leaves):
                outputs = subject.outputs(leaves)
                if self.order == 1:
                    must_be_connected(subject.name, outputs, leaves)
                self.assume(rounding_of(outputs))
                with locked(arrays_of(outputs)):
                    return pulled(outputs, [w[()] for w in self.weights], leaves)

    # ------------------------------------------------------------------ comparing one array
    def _compare(self, number: int) -> Comparison:
        name, value = self.subject.names[number], self.subject.values[number]
        rule = self.rules[number]
        found: list[Mismatch] = []
        bad = np.flatnonzero(~np.isfinite(rule))
        if bad.size:
            index = np.unravel_index(bad[0], rule.shape)
            found.append(Mismatch.of_bad_rule(index, float(rule[index])))
        else:
            scales = _scales(value)
            floor = 20 * self.rounding / self.step * float(np.abs(rule * scales).max(initial=0))
            ways = list(self._directions(rule, value, scales))
            found += [self._measure(number, way, scales, floor) for way in ways]
            if any(m.is_wrong for m in found) and not any(
                m.is_wrong and m.index is not None for m in found
            ):
                found += self._located(number, ways, found, scales, floor)
        wrong = [m for m in found if m.is_wrong]
        worst = max(wrong or found, key=_badness, default=None)
        return Comparison(
            order=self.order,
            subject=self.subject.name,
            name=name,
            shape=value.shape,
            measured=len(found),
            whole=value.size <= SMALL,
            relative_error=worst.relative_error if worst else 0.0,
            allowed=self.rtol,
            projected=sum(y.size for y in self.start) > 1,
            wrong=len(wrong),
            ratios=tuple(m.ratio for m in wrong if m.ratio is not None),
            mismatch=worst if wrong else None,
        )

    def _directions(
        self, rule: FloatArray, value: FloatArray, scales: FloatArray
    ) -> Iterator[FloatArray | int]:
        """Which ways to go: single entries (their flat index), or directions of many entries."""
        size = rule.size
        if size <= SMALL:
            yield from range(size)
            return
        rng = self.rng
        reached = rule.reshape(-1) != 0
        # Among many entries the small ones need no step that rounding lets see.
        magnitudes = np.abs(value)
        magnitudes[value == 0] = scales[value == 0]
        for among, count in ((reached, DIRECTIONS), (~reached, 1)):
            for _ in range(count if among.any() else 0):
                direction = rng.uniform(0.5, 1.5, size) * rng.choice([-1.0, 1.0], size) * among
                yield direction.reshape(rule.shape) * magnitudes
        largest = np.argsort(-np.abs(rule.reshape(-1)), kind="stable")[:SINGLES]
        pool = np.flatnonzero(reached) if reached.any() else np.arange(size)
        yield from sorted({*map(int, largest), *map(int, rng.choice(pool, SINGLES))})

    def _line(self, number: int, direction: FloatArray | int, scales: FloatArray) -> Line:
        values = list(self.subject.values)
        value = values[number]

        def evaluate(t: float) -> list[FloatArray]:
            moved = value.copy()
            if isinstance(direction, int):
                moved.reshape(-1)[direction] += t * scales.reshape(-1)[direction]
            else:
                moved += t * direction
            values[number] = moved
            return self.subject.evaluate(values)

        return Line(evaluate, self.weights, self.start, self.rounding)

    def _located(
        self,
        number: int,
        ways: list[FloatArray | int],
        found: list[Mismatch],
        scales: FloatArray,
        floor: float,
    ) -> list[Mismatch]:
        """The wrong entry of a direction that is wrong, by halving it; empty if it vanishes."""
        wrong = [way for way, m in zip(ways, found, strict=True) if m.is_wrong]
        direction = next(way for way in wrong if not isinstance(way, int))
        rule = self.rules[number]
        entries = np.flatnonzero(direction)
        while len(entries) > 1:
            errors = []
            halves = np.array_split(entries, 2)
            for half in halves:
                part = np.zeros_like(direction)
                part.reshape(-1)[half] = direction.reshape(-1)[half]
                measured = self._line(number, part, scales).central(self.step)
                errors.append(abs(measured.value - float(np.sum(rule * part))))
            entries = halves[int(errors[1] > errors[0])]
        single = self._measure(number, int(entries[0]), scales, floor)
        return [single] if single.is_wrong else []

    def _measure(
        self, number: int, direction: FloatArray | int, scales: FloatArray, floor: float
    ) -> Mismatch:
        """Compare rule and difference along one direction."""
        rule = self.rules[number]
        index: tuple[int, ...] | None = None
        unit = 1.0
        if isinstance(direction, int):
            index = tuple(int(i) for i in np.unravel_index(direction, rule.shape))
            unit = float(scales[index])
            slope = float(rule[index]) * unit
        else:
            slope = float(np.sum(rule * direction))
        line = self._line(number, direction, scales)
        measured = line.central(self.step)
        allowed = self._allowed(slope, measured, floor, unit)
        exact = self.rtol * max(abs(slope), abs(measured.value)) + allowed[1]
        agrees = np.isfinite(measured.value) and abs(measured.value - slope) <= exact
        if not agrees and self.tolerance.eps is None:
            tried = [line.refined(1.0)]
            magnitude = abs(float(self.subject.values[number][index])) if index is not None else 0
            if 0 < magnitude < unit:
                tried.append(line.refined(magnitude / unit))
            finite = [estimate for estimate in tried if estimate is not None]
            better = min(finite, key=lambda e: e.error / (abs(e.value) or 1.0), default=None)
            measured = better or measured
            allowed = self._allowed(slope, measured, floor, unit)
        error = abs(measured.value - slope)
        size = max(abs(slope), abs(measured.value), allowed[1] / (self.rtol or self.rounding))
        is_wrong = not (np.isfinite(measured.value) and error <= sum(allowed))
        return Mismatch(
            index=index,
            rule=slope / unit,
            difference=measured.value / unit,
            step=measured.step * unit,
            error=error,
            relative_error=error / size if size else 0.0,
            uncertainty=measured.error / unit,
            is_wrong=is_wrong,
            sides=line.sides() if is_wrong else None,
            unit=unit,
        )

    def _allowed(
        self, slope: float, measured: Estimate, floor: float, unit: float
    ) -> tuple[float, float]:
        """How far the two may be apart along a line: in relation to their size, and in any case."""
        size = max(abs(slope), abs(measured.value))
        # A difference that is known to be coarse is given that much, never more than 2e-4 of it.
        relative = max(self.rtol * size, min(3 * measured.error, 2e-4 * size))
        if self.tolerance.atol is not None:
            return relative, self.tolerance.atol * unit
        per_step = 20 * self.rounding / self.step
        unseen = 50 * self.rounding * self.scale + per_step * self.hidden
        return relative, floor + unseen + min(10 * measured.error, per_step * self.scale)


def _badness(mismatch: Mismatch) -> tuple[bool, float, float]:
    """Orders by: a single entry before a direction, relative error, and of equal ones the size."""
    rounded = float(f"{mismatch.relative_error:.1e}")
    return mismatch.index is not None, rounded, mismatch.error


def _scales(value: FloatArray) -> FloatArray:
    """The magnitude that each entry's step is fitted to; that of the whole array for tiny ones.

    A value that happens to be nearly zero says nothing of its scale, so there is a least one;
    where it is too large, the steps are refined.
    """
    typical = float(np.sqrt(np.mean(np.square(value)))) if value.size else 0.0
    if not np.isfinite(typical) or typical == 0:
        typical = 1.0
    return np.maximum(np.abs(value), max(0.1 * typical, LEAST_SCALE))
