"""What a gradient check measured: one slope, and all slopes of one array at one order.

Only numbers are kept, never an array, and of each array a bounded number of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tinygrad_w2v._base.language import Language
from tinygrad_w2v._base.types import Shape
from tinygrad_w2v.checking.finite_differences import Sides
from tinygrad_w2v.checking.words import ordinal, say
from tinygrad_w2v.drawing.labels import printable

LONGEST = 200  # characters of a name
Verdict = Literal["right", "wrong", "kink", "unclear", "not_finite"]


@dataclass(frozen=True)
class Measurement:
    """Rule and finite difference in one entry, or (`index` None) along a direction of many."""

    index: tuple[int, ...] | None
    rule: float
    finite_difference: float
    step: float
    error: float  # along the line, that is for a step of `unit`
    relative_error: float
    uncertainty: float  # of the finite difference
    is_wrong: bool
    sides: Sides | None = None
    unit: float = 1.0
    moved: int = 1  # how many entries the line goes through

    @property
    def absolute_error(self) -> float:
        """How far the rule and the finite difference are apart."""
        return self.error / self.unit

    @property
    def verdict(self) -> Verdict:
        """What the numbers say of the rule."""
        if not self.is_wrong:
            return "right"
        if self.sides is not None and self.sides.kink:
            return "kink"
        if not math.isfinite(self.rule):
            return "not_finite"
        return "wrong" if self.is_clear else "unclear"

    @property
    def ratio(self) -> float | None:
        """The rule's number in units of the difference, where that is safely not zero."""
        if not math.isfinite(self.rule) or abs(self.finite_difference) <= 100 * self.uncertainty:
            return None
        return self.rule / self.finite_difference

    @property
    def is_clear(self) -> bool:
        """Whether the difference is known well enough to blame the rule."""
        size = max(abs(self.rule), abs(self.finite_difference))
        settled = math.isfinite(self.finite_difference) and self.uncertainty < 0.01 * size
        return settled or abs(self.rule - self.finite_difference) > 100 * self.uncertainty

    @property
    def badness(self) -> tuple[float, float]:
        """Orders by the relative error, in the two digits that are shown, then by the size."""
        return float(f"{self.relative_error:.1e}"), self.error


@dataclass(frozen=True)
class Comparison:
    """All that was measured of one array at one order."""

    order: int
    function: str
    name: str
    shape: Shape
    allowed: float  # relative error
    step: float  # relative to a value's size
    projected: bool  # the outputs were summed with random weights
    measured: list[Measurement]
    words: tuple[Mapping[int, str], Mapping[int, str]] = ({}, {})  # of rows, of columns
    output: tuple[int, int] | None = None  # the gradient given to this output, of so many

    @property
    def wrong(self) -> list[Measurement]:
        """The measurements that disagree with the rule."""
        return [m for m in self.measured if m.is_wrong]

    @property
    def entries(self) -> list[Measurement]:
        """The measurements of single entries."""
        return [m for m in self.measured if m.index is not None]

    @property
    def telling(self) -> list[Measurement]:
        """What the outcome rests on: the entries that disagree, else the directions, else all."""
        return [m for m in self.entries if m.is_wrong] or self.wrong or self.measured

    @property
    def worst(self) -> Measurement | None:
        """The one with the largest relative error among those that are `telling`."""
        return max(self.telling, key=lambda m: m.badness, default=None)

    @property
    def relative_error(self) -> float:
        """The largest relative error among those that are `telling`."""
        return max((m.relative_error for m in self.telling), default=0.0)

    @property
    def size(self) -> int:
        """How many entries the array has."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def directions(self) -> int:
        """Along how many directions of many entries it was measured."""
        return len(self.measured) - len(self.entries)

    @property
    def whole(self) -> bool:
        """Whether every entry was measured."""
        return len(self.entries) == self.size

    @property
    def what(self) -> str:
        """What was measured, in words."""
        return f"{len(self.measured)} {'directions and entries' if self.directions else 'entries'}"

    def line(self) -> str:
        """One line for a person."""
        return (
            f"{ordinal(self.order)} order  {name_in(self)} {self.shape}: {self.what}, "
            f"worst relative error {self.relative_error:.1e}  {'WRONG' if self.wrong else 'ok'}"
        )

    def words_at(self, index: tuple[int, ...]) -> tuple[str | None, str | None]:
        """The word of the row and that of the column of an entry, where they have one."""
        row, column = (*index, -1, -1)[:2]
        return self.words[0].get(row), self.words[1].get(column)


def shown(name: str) -> str:
    """A name as messages show it: on one line, and not endless."""
    return printable(name, LONGEST)


def name_in(comparison: Comparison, lang: Language = "en") -> str:
    """The name of a comparison's array; that of an output's gradient is a text."""
    if comparison.output is not None:
        return output_name(*comparison.output, lang)
    return shown(comparison.name)


def output_name(number: int, count: int, lang: Language = "en") -> str:
    """What the gradient that an output was given is called."""
    return say("output" if count == 1 else "output_number", lang, number=number)


def place_of(
    comparison: Comparison,
    measurement: Measurement,
    lang: Language = "en",
    written: Callable[[str], str] = str,
) -> str:
    """Where something was measured: ``w_in[3, 1] 'say'``; `written` writes the names in it."""
    index = measurement.index
    place = written(name_in(comparison, lang)) + (
        f"[{', '.join(map(str, index))}]" if index else ""
    )
    words = comparison.words_at(index) if index else ()
    known = ", ".join([f"'{written(printable(word))}'" for word in words if word is not None])
    return f"{place} {known}".rstrip()
