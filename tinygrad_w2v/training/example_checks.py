"""Is a source what an engine takes it for, and do a model's ids fit? Looked at before training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import CompileError, InputError
from tinygrad_w2v._base.types import AnyArray
from tinygrad_w2v.compiler.codegen.index_checks import places_of, viewed
from tinygrad_w2v.compiler.ir.program import Program
from tinygrad_w2v.compiler.ir.sizes import value_of
from tinygrad_w2v.compiler.trace.repeatability import trace_repeatable
from tinygrad_w2v.compiler.trace.trace import Field, fields_of
from tinygrad_w2v.nn import Module
from tinygrad_w2v.sources.source import Drawn, Source

TRIED = 64  # units that are drawn twice


def check_source(source: Source) -> None:
    """Check that a source draws what its example says, and the same when it is asked again.

    Raises
    ------
    InputError
        It names the field.

    Examples
    --------
    >>> class Careless(Source):
    ...     units, rng = 9, np.random.default_rng(1)
    ...     def example(self):
    ...         return {"x": np.array(0.0)}
    ...     def axes(self):
    ...         return {}
    ...     def draw(self, epoch, first, last, room=None):
    ...         return Drawn({"x": self.rng.random(last - first)}, {}, last - first, last - first)
    >>> check_source(Careless())
    Traceback (most recent call last):
    tinygrad_w2v._base.errors.InputError: Careless.draw gave other examples (x) when the same \
units were drawn again: draw by the position alone, as by a hash of (seed, epoch, position)
    """
    name = type(source).__name__
    if source.units < 1:
        raise InputError(f"{name} has no units: there is nothing to train on")
    fields = fields_of(source.example(), source.axes())
    last = min(source.units, TRIED)
    first = _copied(source.draw(0, 0, last))
    for field in fields:
        if field.name not in first.arrays:
            raise InputError(f"{name}.draw gives no {field.name}, which its example has")
        found = first.arrays[field.name]
        if found.ndim != len(field.shape) + 1:
            raise InputError(
                f"{name}.draw gives {field.name} of the shape {found.shape}; its example's has "
                f"{len(field.shape)} axes, and examples stand along one axis more, in front"
            )
    for again in (source.draw(0, 0, last), _in_two(source, last)):
        changed = _changed(first, again, fields)
        if changed:
            raise InputError(
                f"{name}.draw gave other examples ({changed}) when the same units were drawn "
                "again: draw by the position alone, as by a hash of (seed, epoch, position)"
            )


def _in_two(source: Source, last: int) -> Drawn:
    """The same units, drawn in two parts: what one says must not depend on the others."""
    middle = last // 2
    one, two = _copied(source.draw(0, 0, middle)), source.draw(0, middle, last)
    arrays = {
        name: np.concatenate([one.arrays[name][: one.count], two.arrays[name][: two.count]])
        for name in one.arrays
    }
    sizes = {
        name: np.concatenate([one.sizes[name][: one.count], two.sizes[name][: two.count]])
        for name in one.sizes
    }
    return Drawn(arrays, sizes, one.count + two.count, one.used + two.used)


def _copied(drawn: Drawn) -> Drawn:
    arrays = {name: np.array(drawn.arrays[name]) for name in drawn.arrays}
    sizes = {name: np.array(lengths) for name, lengths in drawn.sizes.items()}
    return Drawn(arrays, sizes, drawn.count, drawn.used)


def _changed(one: Drawn, other: Drawn, fields: Sequence[Field]) -> str:
    """What differs between two draws of the same units; what lies beyond ends has no meaning."""
    if one.count != other.count:
        return f"{one.count} and then {other.count} of them"
    for name in one.sizes:
        if not np.array_equal(one.sizes[name][: one.count], other.sizes[name][: one.count]):
            return name
    for at in range(one.count):
        sizes = {name: int(lengths[at]) for name, lengths in one.sizes.items()}
        for field in fields:
            ends: Any = (at, *[slice(value_of(n, sizes)) for n in field.shape])
            if not np.array_equal(one.arrays[field.name][ends], other.arrays[field.name][ends]):
                return field.name
    return ""


def check_ids(model: Module, source: Source) -> None:
    """Check that ids whose range the source knows are rows of what the model reads by them.

    Raises
    ------
    InputError
        It names the field, the row where the source has rows, and the table's length.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> from tinygrad_w2v.sources.arrays import Arrays
    >>> class Mean(tw.Module):
    ...     def __init__(self):
    ...         self.means = tw.Parameter(np.zeros(3))
    ...     def loss(self, example):
    ...         return ((self.means[example["group"]] - example["x"]) ** 2).sum()
    >>> check_ids(Mean(), Arrays({"group": [0, 2, 3], "x": [1.0, 2.0, 3.0]}))
    Traceback (most recent call last):
    tinygrad_w2v._base.errors.InputError: group holds 3 in row 2, but Mean reads a table of 3 rows \
by it, 0 to 2: make the table longer, or leave such rows out
    """
    example = source.example()
    try:
        fields = fields_of(example, source.axes())
        program = trace_repeatable(model, example, fields, None, np.dtype(np.float32))[0].program
    except CompileError:
        return  # the NumPy engine runs it, and each op looks at its ids
    ranges = source.ranges()
    of_field = {field.identifier: field.name for field in fields}
    for ids, length in _direct(program):
        name = of_field.get(ids, "")
        low, high = ranges.get(name, (0, -1))
        if low < 0 or high >= length:
            bad = low if low < 0 else high
            row = _row_of(source, name, bad)
            raise InputError(
                f"{name} holds {bad}{row}, but {type(model).__name__} reads a table of {length} "
                f"rows by it, 0 to {length - 1}: make the table longer, or leave such rows out"
            )


def _direct(program: Program) -> Iterator[tuple[str, int]]:
    """The inputs that are ids as they are, each with the number of rows that they choose from."""
    known = program.by_name()
    for place in places_of(program):
        step = viewed(known, place.ids)
        if step.op == "input" and isinstance(place.length, int) and not place.starts:
            yield step.name, place.length


def _row_of(source: Any, name: str, value: int) -> str:
    """Where a source of columns holds a number."""
    columns: Mapping[str, AnyArray] = getattr(source, "columns", {})
    if name not in columns:
        return ""
    found = (columns[name] == value).reshape(len(columns[name]), -1).any(axis=1)
    return f" in row {int(np.argmax(found))}"
