"""One order of a gradient check: the rules' numbers, and the slopes that are measured beside them.

Rules are run in float64 on read-only arrays under `debug`, so that one that writes where it must
not is caught. Small arrays are varied entry by entry, large ones along random directions and in
a few single entries; where a direction disagrees, halving it finds the entry.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any, NamedTuple

import numpy as np

from tinygrad_w2v._base.errors import GradientError, NonFiniteError
from tinygrad_w2v._base.types import FloatArray
from tinygrad_w2v.autograd.debugging.watching import locked
from tinygrad_w2v.autograd.modes import debug
from tinygrad_w2v.autograd.transforms.recorded_call import pulled, recording_from
from tinygrad_w2v.checking.checkable import (
    Checkable,
    arrays_of,
    frozen,
    must_be_connected,
    rounding_of,
)
from tinygrad_w2v.checking.findings import not_deterministic, not_finite, rule_errors
from tinygrad_w2v.checking.finite_differences import ROUNDING, STEP, Estimate, Line
from tinygrad_w2v.checking.measurement import Comparison, Measurement

RTOL = 1e-6
SMALL = 64  # arrays of up to so many entries are varied entry by entry
DIRECTIONS = 3
LEAST_SCALE = 1e-3
SINGLES = 4  # of a large array: so many of the largest gradients, and as many at random


class Tolerance(NamedTuple):
    """What the caller allows; None is the default, fitted to the rounding that is met."""

    eps: float | None = None
    rtol: float | None = None
    atol: float | None = None


class OrderCheck:
    """One order of the check of one function."""

    def __init__(
        self,
        checked: Checkable,
        order: int,
        tolerance: Tolerance,
        rng: np.random.Generator,
        hidden: float,
    ) -> None:
        self.checked, self.order, self.tolerance, self.rng = checked, order, tolerance, rng
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
        """Compare all arrays."""
        self.start = self._start()
        self.weights = self._weights()
        self.scale = self.hidden + max(float(np.abs(y).max(initial=0)) for y in self.start)
        rules = self._rules()
        return [
            Comparison(
                self.order,
                self.checked.name,
                name,
                value.shape,
                allowed=self.rtol,
                step=self.step,
                projected=sum(y.size for y in self.start) > 1,
                measured=self._measurements(number, rule, value),
                output=self.checked.seeds.get(number),
            )
            for number, (name, rule, value) in enumerate(
                zip(self.checked.names, rules, self.checked.values, strict=True)
            )
        ]

    # ------------------------------------------------------------------ the values at the point
    def _start(self) -> list[FloatArray]:
        """The outputs at the point; they are finite, and the same each time."""
        with rule_errors(self.checked.name, self.order):
            start = self.checked.evaluate(self.checked.values)
            if self.order == 1:
                again = self.checked.evaluate(self.checked.values)
                same = [np.array_equal(a, b, equal_nan=True) for a, b in zip(start, again)]  # noqa: B905
                if len(start) != len(again) or not all(same):
                    raise GradientError(not_deterministic(self.checked.name))
        for number, y in enumerate(start):
            if not np.isfinite(y).all():
                raise GradientError(
                    not_finite(self.checked.name, self.order, number, y) + self._first_not_finite()
                )
        return start

    def _first_not_finite(self) -> str:
        """What `debug` says of the op that made the first value that is not finite."""
        try:
            with debug():
                self.checked.evaluate(self.checked.values)
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
            gradients = self._walk(debug())
        except NonFiniteError:
            # A value that is not finite may be masked later on; only the results count.
            gradients = self._walk(nullcontext())
        rules: list[FloatArray] = []
        for i, g in enumerate(gradients):
            shape = self.checked.values[i].shape
            rule = np.zeros(shape) if g is None else self.checked.read(i, g)
            if rule.shape != shape:
                raise GradientError(
                    f"check_grads: the gradient for {self.checked.names[i]} has shape "
                    f"{rule.shape}, the value {shape}"
                )
            rules.append(rule.astype(np.float64))
        return rules

    def _walk(self, watched: Any) -> list[Any]:
        checked = self.checked
        with rule_errors(checked.name, self.order), np.errstate(all="ignore"), watched:
            leaves = checked.leaves([frozen(array) for array in checked.values])
            with recording_from(leaves):
                outputs = checked.outputs(leaves)
                if self.order == 1:
                    must_be_connected(checked.name, outputs, leaves)
                self.assume(rounding_of(outputs))
                with locked(arrays_of(outputs)):
                    return pulled(outputs, [w[()] for w in self.weights], leaves)

    # ------------------------------------------------------------------ comparing one array
    def _measurements(self, number: int, rule: FloatArray, value: FloatArray) -> list[Measurement]:
        bad = np.flatnonzero(~np.isfinite(rule))
        if bad.size:
            index = _index(bad[0], rule)
            infinite = (np.inf, np.inf, np.inf)
            return [Measurement(index, float(rule[index]), np.nan, 0.0, *infinite, is_wrong=True)]
        scales = _scales(value)
        # What the rounding of the rule's own largest number may hide.
        floor = 20 * self.rounding / self.step * float(np.abs(rule * scales).max(initial=0))
        line = Lines(self, number, rule, scales, floor)
        directions = list(self._directions(rule, value, scales))
        measured = [line.measured(direction) for direction in directions]
        wrong = [m for m in measured if m.is_wrong]
        if wrong and not any(m.index is not None for m in wrong):
            first = directions[next(i for i, m in enumerate(measured) if m.is_wrong)]
            single = line.measured(line.worst_entry(np.asarray(first)))
            measured += [single] if single.is_wrong else []
        return measured

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
        magnitudes = np.where(value == 0, scales, np.abs(value))
        for among, count in ((reached, DIRECTIONS), (~reached, 1)):
            for _ in range(count if among.any() else 0):
                direction = rng.uniform(0.5, 1.5, size) * rng.choice([-1.0, 1.0], size) * among
                yield direction.reshape(rule.shape) * magnitudes
        largest = np.argsort(-np.abs(rule.reshape(-1)), kind="stable")[:SINGLES]
        pool = np.flatnonzero(reached) if reached.any() else np.arange(size)
        yield from sorted({*map(int, largest), *map(int, rng.choice(pool, SINGLES))})


class Lines:
    """The slopes of one array's rule beside finite differences, along entries and directions."""

    def __init__(
        self, check: OrderCheck, number: int, rule: FloatArray, scales: FloatArray, floor: float
    ) -> None:
        self.check, self.number, self.rule = check, number, rule
        self.scales, self.floor = scales, floor

    def _line(self, direction: FloatArray | int) -> Line:
        check = self.check
        values = list(check.checked.values)
        value = values[self.number]

        def evaluate(t: float) -> list[FloatArray]:
            moved = value.copy()
            if isinstance(direction, int):
                moved.reshape(-1)[direction] += t * self.scales.reshape(-1)[direction]
            else:
                moved += t * direction
            values[self.number] = moved
            return check.checked.evaluate(values)

        return Line(evaluate, check.weights, check.start, check.rounding)

    def worst_entry(self, direction: FloatArray) -> int:
        """The entry of a wrong direction in which the error is, by halving it."""
        entries = np.flatnonzero(direction)
        while len(entries) > 1:
            errors = []
            halves = np.array_split(entries, 2)
            for half in halves:
                part = np.zeros_like(direction)
                part.reshape(-1)[half] = direction.reshape(-1)[half]
                measured = self._line(part).central(self.check.step)
                errors.append(abs(measured.value - float(np.sum(self.rule * part))))
            entries = halves[int(errors[1] > errors[0])]
        return int(entries[0])

    def measured(self, direction: FloatArray | int) -> Measurement:
        """Compare rule and difference along one direction."""
        check, rule = self.check, self.rule
        index: tuple[int, ...] | None = None
        unit, magnitude = 1.0, 0.0
        if isinstance(direction, int):
            index = _index(direction, rule)
            unit = float(self.scales[index])
            slope = float(rule[index]) * unit
            magnitude = abs(float(check.checked.values[self.number][index]))
        else:
            slope = float(np.sum(rule * direction))
        line = self._line(direction)
        estimate = line.central(check.step)
        relative, absolute = self._allowed(slope, estimate, unit)
        exact = check.rtol * max(abs(slope), abs(estimate.value)) + absolute
        agrees = np.isfinite(estimate.value) and abs(estimate.value - slope) <= exact
        if not agrees and check.tolerance.eps is None:
            steps = [1.0, magnitude / unit] if 0 < magnitude < unit else [1.0]
            finite = [e for e in map(line.refined, steps) if e is not None]
            estimate = min(finite, key=lambda e: e.error / (abs(e.value) or 1.0), default=estimate)
            relative, absolute = self._allowed(slope, estimate, unit)
        error = abs(estimate.value - slope) if np.isfinite(estimate.value) else np.inf
        size = max(abs(slope), abs(estimate.value), absolute / (check.rtol or check.rounding))
        is_wrong = not (np.isfinite(estimate.value) and error <= relative + absolute)
        return Measurement(
            index,
            rule=slope / unit,
            finite_difference=estimate.value / unit,
            step=estimate.step * unit,
            error=error,
            relative_error=error / size if size else 0.0,
            uncertainty=estimate.error / unit,
            is_wrong=is_wrong,
            sides=line.sides() if is_wrong else None,
            unit=unit,
            moved=1 if isinstance(direction, int) else int(np.count_nonzero(direction)),
        )

    def _allowed(self, slope: float, estimate: Estimate, unit: float) -> tuple[float, float]:
        """How far the two may be apart along a line: in relation to their size, and in any case."""
        check = self.check
        size = max(abs(slope), abs(estimate.value))
        # A difference that is known to be coarse is given that much, never more than 2e-4 of it.
        relative = max(check.rtol * size, min(3 * estimate.error, 2e-4 * size))
        if check.tolerance.atol is not None:
            return relative, check.tolerance.atol * unit
        per_step = 20 * check.rounding / check.step
        unseen = 50 * check.rounding * check.scale + per_step * check.hidden
        return relative, self.floor + unseen + min(10 * estimate.error, per_step * check.scale)


def _index(flat: Any, array: FloatArray) -> tuple[int, ...]:
    return tuple(int(i) for i in np.unravel_index(flat, array.shape))


def _scales(value: FloatArray) -> FloatArray:
    """The magnitude that each entry's step is fitted to; that of the whole array for tiny ones.

    A value that happens to be nearly zero says nothing of its scale, so there is a least one;
    where it is too large, the steps are refined.
    """
    typical = float(np.sqrt(np.mean(np.square(value)))) if value.size else 0.0
    if not np.isfinite(typical) or typical == 0:
        typical = 1.0
    return np.maximum(np.abs(value), max(0.1 * typical, LEAST_SCALE))
