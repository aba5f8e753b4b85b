"""What `debug` watches: values that are not finite, and arrays that are written into.

An op runs its rules through `forward` and `backward` of this module while the mode says so, and
knows nothing else of it.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import InPlaceError, NonFiniteError
from tinygrad_w2v._base.types import AnyArray
from tinygrad_w2v.autograd.debugging.errors import (
    backward_place,
    explained,
    place_or_hint,
    statistics,
)
from tinygrad_w2v.autograd.debugging.sites import op_site, place


def forward(op: Any, arrays: list[Any]) -> Any:
    """``op.forward(*arrays)``, which may not write into them; notes where, and what was saved.

    Raises
    ------
    NonFiniteError
        Where it made NaN or infinity out of finite inputs.
    """
    op.site = op_site(sys._getframe(1))
    with locked(arrays) as inputs:
        y = op.forward(*arrays)
    outputs = y if isinstance(y, tuple) else (y,)
    for output in outputs:
        # A view of an input is read-only by now: it may be written into, as it could be before.
        if isinstance(output, np.ndarray) and output.base is not None:
            if any(output.base is x or output.base is x.base for x in inputs):
                with suppress(ValueError):
                    output.flags.writeable = True
    if not all(map(_is_finite, outputs)) and all(map(_is_finite, arrays)):
        shown = _shown("input", arrays)
        raise explained(
            NonFiniteError(
                f"{op.label} made NaN or infinity out of finite inputs{shown}{place(op.site)}"
            )
        )
    op._checksums = tuple(map(_checksum, op.saved))
    return y


def backward(pull: Callable[..., Any], op: Any, g: Any) -> tuple[Any, ...]:
    """``pull(op, g)``, which may not write into `g`.

    Raises
    ------
    InPlaceError
        Where an array was written into that the op had saved.
    NonFiniteError
        Where the rule made NaN or infinity out of a finite gradient and finite inputs.
    """
    check_unwritten(op)
    if type(g) is np.ndarray:
        g = g.view()
        g.flags.writeable = False
    parts: tuple[Any, ...] = pull(op, g)
    if not all(map(_is_finite, parts)):
        given = g if isinstance(g, tuple) else (g,)
        if all(map(_is_finite, (*given, *op.inputs, *op.saved))):
            raise NonFiniteError(
                f"backward of {op.label} made NaN or infinity out of finite values"
                + _shown("incoming gradient", given)
                + _shown("input", op.inputs)
                + place_or_hint(op)
            )
    return parts


def check_unwritten(op: Any) -> None:
    """Raise where an array was written into after `op` had saved it."""
    for array, before in zip(op.saved, op._checksums, strict=False):
        if _checksum(array) != before:
            raise InPlaceError(
                f"backward of {op.label}: {_name_of(op, array)} of shape {array.shape} was changed "
                "in place after forward had saved it: assign a new array (`x.data = x.data + 1`) "
                f"or change it after backward{backward_place(op)}"
            )


@contextmanager
def locked(arrays: Iterable[Any]) -> Iterator[list[AnyArray]]:
    """Make those of `arrays` that can be written to read-only until the block ends."""
    writeable = [a for a in arrays if isinstance(a, np.ndarray) and a.flags.writeable]
    for array in writeable:
        array.flags.writeable = False
    try:
        yield writeable
    finally:
        # Owners of memory first: a view can only be unlocked after them.
        for array in sorted(writeable, key=lambda a: a.base is not None):
            with suppress(ValueError):
                array.flags.writeable = True


def _is_finite(value: Any) -> bool:
    """Whether a value (an array, a row gradient, a Variable of one) has no NaN and no infinity."""
    value = getattr(value, "_data", value)
    if hasattr(value, "parts"):
        return all(_is_finite(values) for _, values in value.parts)
    if not isinstance(value, np.ndarray | np.generic) or value.dtype.kind != "f":
        return True
    return bool(np.isfinite(value).all())


def _shown(what: str, values: Sequence[Any]) -> str:
    """A line with shape and range for each value."""
    numbers = [f" {i}" for i in range(len(values))] if what == "input" else [""] * len(values)
    return "".join(
        f"\n  {what}{number}: {statistics(getattr(value, '_data', value))}"
        for number, value in zip(numbers, values, strict=True)
    )


def _checksum(array: Any) -> int:
    """A number that changes when somebody writes into `array`."""
    if not isinstance(array, np.ndarray):
        return 0
    return zlib.crc32(np.ascontiguousarray(array).view(np.uint8).data)


def _name_of(op: Any, array: Any) -> str:
    for i, x in enumerate(op.inputs):
        if x is array:
            return f"the array that is input {i}"
        if getattr(x, "_data", None) is array:
            return f"`{x.name}.data`, input {i}" if x.name else f"the `.data` of input {i}"
    return "the output's `.data`"
