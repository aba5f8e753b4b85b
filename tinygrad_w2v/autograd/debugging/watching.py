"""What `debug` watches: values that are not finite, and arrays that are written into."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_w2v._base.errors import InPlaceError, NonFiniteError
from tinygrad_w2v._base.types import AnyArray
from tinygrad_w2v.autograd.debugging.errors import backward_place, place_or_hint, statistics
from tinygrad_w2v.autograd.debugging.sites import place

if TYPE_CHECKING:
    from tinygrad_w2v.autograd.function import Function


def _is_finite(value: Any) -> bool:
    if not isinstance(value, np.ndarray | np.generic) or value.dtype.kind != "f":
        return True
    return bool(np.isfinite(value).all())


def _arrays_of(gradient: Any) -> list[Any]:
    """The arrays of a gradient: of rows, those of its parts."""
    return [v for _, v in gradient.parts] if hasattr(gradient, "parts") else [gradient]


def check_finite_forward(function: Function, arrays: list[Any], outputs: Any) -> None:
    """Raise where a forward made NaN or infinity out of finite inputs."""
    parts = outputs if isinstance(outputs, tuple) else (outputs,)
    if all(map(_is_finite, parts)) or not all(map(_is_finite, arrays)):
        return
    inputs = "".join(f"\n  input {i}: {statistics(a)}" for i, a in enumerate(arrays))
    raise NonFiniteError(
        f"{function.label} made NaN or infinity out of finite inputs{inputs}{place(function.site)}"
    )


def check_finite_backward(function: Function, g: Any, gradients: tuple[Any, ...]) -> None:
    """Raise where a backward made NaN or infinity out of a finite gradient and finite inputs."""
    values = [getattr(part, "_data", part) for part in gradients]
    values = [v for part in values for v in _arrays_of(part)]
    if all(map(_is_finite, values)):
        return
    given = [getattr(part, "_data", part) for part in (g if isinstance(g, tuple) else (g,))]
    inputs = [getattr(x, "_data", x) for x in function.inputs or ()]
    if not all(map(_is_finite, (*given, *inputs, *function.saved))):
        return
    lines = [f"\n  incoming gradient: {statistics(part)}" for part in given]
    lines += [f"\n  input {i}: {statistics(a)}" for i, a in enumerate(inputs)]
    raise NonFiniteError(
        f"backward of {function.label} made NaN or infinity out of finite values"
        + "".join(lines)
        + place_or_hint(function)
    )


@contextmanager
def locked(arrays: Iterable[Any]) -> Iterator[list[AnyArray]]:
    """Make those of `arrays` that can be written to read-only until the block ends."""
    found = [a for a in arrays if isinstance(a, np.ndarray) and a.flags.writeable]
    for array in found:
        array.flags.writeable = False
    try:
        yield found
    finally:
        # Owners of memory first: a view can only be unlocked after them.
        for array in sorted(found, key=lambda a: a.base is not None):
            with suppress(ValueError):
                array.flags.writeable = True


def unlock_views(outputs: Any, inputs: list[AnyArray]) -> None:
    """Make outputs that are views of once locked inputs writeable again, as they would be."""
    for y in outputs if isinstance(outputs, tuple) else (outputs,):
        if isinstance(y, np.ndarray) and y.base is not None and not y.flags.writeable:
            if any(y.base is x or y.base is x.base for x in inputs):
                with suppress(ValueError):
                    y.flags.writeable = True


def checksums(arrays: tuple[Any, ...]) -> tuple[int, ...]:
    """A number for each array that changes when somebody writes into it."""
    return tuple(
        zlib.crc32(np.ascontiguousarray(a).view(np.uint8).data) if isinstance(a, np.ndarray) else 0
        for a in arrays
    )


def check_unwritten(function: Function) -> None:
    """Raise where an array was written into after `function` had saved it."""
    if not function._checksums:
        return
    for array, before, now in zip(
        function.saved, function._checksums, checksums(function.saved), strict=True
    ):
        if before != now:
            raise InPlaceError(
                f"backward of {function.label}: {_name_of(function, array)} of shape {array.shape} "
                "was changed in place after forward had saved it: assign a new array "
                f"(`x.data = x.data + 1`) or change it after backward{backward_place(function)}"
            )


def _name_of(function: Function, array: Any) -> str:
    for i, x in enumerate(function.inputs or ()):
        if x is array:
            return f"the array that is input {i}"
        if getattr(x, "_data", None) is array:
            return f"`{x.name}.data`, input {i}" if x.name else f"the `.data` of input {i}"
    return "the output's `.data`"
