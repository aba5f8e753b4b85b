"""What an error can say about an op: its name, the shapes, the line of the user's code.

The line of a failing forward is on the stack and costs nothing. The line of an op whose backward
fails must have been recorded when it was applied, which `debug` does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_w2v._base.errors import InPlaceError, ShapeError, TinygradError
from tinygrad_w2v.autograd.debugging.sites import place, user_line

if TYPE_CHECKING:
    from tinygrad_w2v.autograd.function import Function


_SHAPE_WORDS = (
    "shape",
    "broadcast",
    "dimension",
    "matmul",
    "size",
    "axis",
    "axes",
    "reshape",
    "division",
)
_SHOWN = 8  # parts of a list in a message
_HINT_DEBUG = "run it under `with tw.debug():` to see the line where it was applied"


def describe(value: Any) -> str:
    """``(2, 3) float32`` for an array; the value itself for a number; lists part by part."""
    if isinstance(value, list | tuple):
        shown = [describe(part) for part in value[:_SHOWN]] + ["..."] * (len(value) > _SHOWN)
        return f"[{', '.join(shown)}]"
    shape = getattr(value, "shape", None)
    if not isinstance(shape, tuple):  # a number, or a class such as `np.float32`
        return repr(value)
    return f"{tuple(shape)} {getattr(value, 'dtype', type(value).__name__)}"


def statistics(value: Any) -> str:
    """Shape, range and mean of an array, for a person who looks for the cause of a NaN."""
    array = np.asarray(value)
    if array.size == 0 or array.dtype.kind not in "fiub":
        return describe(array)
    low, high, mean = array.min(), array.max(), array.mean(dtype=np.float64)
    return f"{describe(array)} min {low:.6g} max {high:.6g} mean {mean:.6g}"


def forward_error(function: Function, arrays: Sequence[Any], error: Exception) -> Exception:
    """The error to raise instead of `error`: it names the op, the shapes and the user's line."""
    if isinstance(error, ValueError) and "read-only" in str(error):
        explained: Exception = InPlaceError(
            f"{function.label} writes into an array that it was given ({_shapes(arrays)}): forward "
            f"returns, it never writes{user_line()}"
        )
        explained._explained = True  # type: ignore[attr-defined]
        return explained
    return input_error(function.label, arrays, error)


def input_error(label: str, inputs: Sequence[Any], error: Exception) -> Exception:
    """`forward_error` for an op that is known by its `label` and refuses its inputs."""
    if getattr(error, "_explained", False):
        return error
    shapes = _shapes(inputs)
    if isinstance(error, TinygradError):
        error.add_note(f"in {label}({shapes}){user_line()}")
        explained: Exception = error
    elif isinstance(error, ValueError) and any(w in str(error).lower() for w in _SHAPE_WORDS):
        explained = ShapeError(
            f"{label}: the inputs {shapes} do not fit: {error}. Compare the shapes; "
            f"`reshape`, `np.expand_dims` and `np.swapaxes` change them{user_line()}"
        )
    elif type(error) in (ValueError, IndexError, TypeError, NotImplementedError):
        explained = type(error)(f"{label}: {error}. The inputs were {shapes}{user_line()}")
    else:
        error.add_note(f"in {label}({shapes}){user_line()}")
        explained = error
    explained._explained = True  # type: ignore[attr-defined]
    return explained


def _shapes(inputs: Iterable[Any]) -> str:
    return ", ".join(describe(getattr(x, "_data", x)) for x in inputs)


def backward_place(function: Function) -> str:
    """Shapes and line of an op, to end the message of an error in its backward."""
    return f"\n  inputs {_shapes(function.inputs or ())}" + place_or_hint(function)


def place_or_hint(function: Function) -> str:
    """The line where an op was applied, or how to have it recorded."""
    return place(function.site) or f"\n  {_HINT_DEBUG}"


def backward_error(function: Function, error: Exception) -> Exception:
    """The error to raise instead of `error`, which came out of a backward rule."""
    if getattr(error, "_explained", False):
        return error
    message = f"backward of {function.label}: {error}{backward_place(function)}"
    if isinstance(error, ValueError) and "read-only" in str(error):
        explained: Exception = InPlaceError(
            f"backward of {function.label} writes into an array that it was given: backward "
            f"returns, it never writes{backward_place(function)}"
        )
    elif isinstance(error, TinygradError) or type(error) in (
        ValueError,
        TypeError,
        IndexError,
        RuntimeError,
    ):
        explained = type(error)(message)
    else:
        error.add_note(message)
        explained = error
    explained._explained = True  # type: ignore[attr-defined]
    return explained
