"""What an error can say about an op: its name, the shapes, the line of the user's code.

The line of a failing forward is on the stack and costs nothing. The line of an op whose backward
fails must have been recorded when it was applied, which `debug` does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import InPlaceError, ShapeError, TinygradError
from tinygrad_w2v.autograd.debugging.misfits import no_axis, of_shapes, unpaired
from tinygrad_w2v.autograd.debugging.sites import place, user_line

_SHAPE_WORDS = "shape broadcast dimension matmul size axis axes reshape division".split()
_OF_NUMPY = (ValueError, IndexError, TypeError, np.exceptions.AxisError)
_JARGON = "ufunc operand core dimension remap subscript einsum einstein iterator".split()
_UNPAIRED = ("operands could not be broadcast", "shape mismatch: objects cannot be broadcast")
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


def forward_error(op: Any, arrays: Sequence[Any], error: Exception) -> Exception:
    """The error to raise instead of `error`: it names the op, the shapes and the user's line."""
    if _is_of_writing(error):
        return explained(
            InPlaceError(
                f"{op.label} writes into an array that it was given ({_shapes(arrays)}): forward "
                f"returns, it never writes{user_line()}"
            )
        )
    why = ""
    if type(error) in _OF_NUMPY:
        with suppress(Exception):  # what a user's own `misfit` raises must not hide the error
            why = op.misfit(*[tuple(array.shape) for array in arrays])
    return input_error(op.label, arrays, error, why)


def input_error(label: str, inputs: Sequence[Any], error: Exception, why: str = "") -> Exception:
    """`forward_error` for an op that is known by its `label` and refuses its inputs.

    Parameters
    ----------
    label, inputs
        The op, and what it was given.
    error : Exception
        NumPy's, whose words are used where they are plain ones.
    why : str
        What is wrong with the shapes, if it is known.
    """
    if hasattr(error, "_explained"):
        return error
    line = user_line()
    why = why or _misfit(inputs, error)
    if why:
        kind = IndexError if type(error) is IndexError else ShapeError
        shapes = [np.shape(getattr(x, "_data", x)) for x in inputs]
        told = f"{label} of {of_shapes(shapes)}: {why}"
        if len(shapes) == 1:
            told = f"{label}: {why}. The input has the shape {shapes[0]}"
        raised = explained(kind(told + line))
        raised.__suppress_context__ = True  # the message says more than NumPy's does
        return raised
    given = _shapes(inputs) or "none"
    text = "they do not fit together" if _is_jargon(error) else str(error)
    if isinstance(error, ValueError) and not isinstance(error, TinygradError):
        if any(word in str(error).lower() for word in _SHAPE_WORDS):
            raised = ShapeError(f"{label}: {text}. The inputs were {given}{line}")
            return _caused(explained(raised), error)
    if type(error) in (ValueError, IndexError, TypeError, NotImplementedError):
        raised = type(error)(f"{label}: {text}. The inputs were {given}{line}")
        return _caused(explained(raised), error)
    error.add_note(f"in {label}({given}){line}")
    return explained(error)


def _misfit(inputs: Sequence[Any], error: Exception) -> str:
    """What is wrong with the shapes of any op's inputs: there is no such axis, or no pairing."""
    if isinstance(error, np.exceptions.AxisError):
        return no_axis(error)
    if type(error) is ValueError and str(error).startswith(_UNPAIRED):
        return unpaired([np.shape(getattr(x, "_data", x)) for x in inputs])
    return ""


def _is_jargon(error: Exception) -> bool:
    """Whether a message speaks of NumPy's inside, which says nothing to who called an op."""
    return type(error) in _OF_NUMPY and any(word in str(error).lower() for word in _JARGON)


def _caused(raised: Exception, error: Exception) -> Exception:
    raised.__cause__ = error
    return raised


def backward_error(op: Any, error: Exception) -> Exception:
    """The error to raise instead of `error`, which came out of a backward rule."""
    if hasattr(error, "_explained"):
        return error
    where = backward_place(op)
    if _is_of_writing(error):
        raised: Exception = InPlaceError(
            f"backward of {op.label} writes into an array that it was given: backward returns, it "
            f"never writes{where}"
        )
    elif isinstance(error, TinygradError) or type(error) in (
        ValueError,
        TypeError,
        IndexError,
        RuntimeError,
    ):
        raised = type(error)(f"backward of {op.label}: {error}{where}")
    else:
        raised = error
        error.add_note(f"backward of {op.label}: {error}{where}")
    return explained(raised)


def explained(error: Exception) -> Exception:
    """Mark an error that says all already, so that no op on its way adds to it."""
    error._explained = True  # type: ignore[attr-defined]
    return error


def _is_of_writing(error: Exception) -> bool:
    return isinstance(error, ValueError) and "read-only" in str(error)


def _shapes(inputs: Iterable[Any]) -> str:
    return ", ".join(describe(getattr(x, "_data", x)) for x in inputs)


def backward_place(op: Any) -> str:
    """Shapes and line of an op, to end the message of an error in its backward."""
    return f"\n  inputs {_shapes(op.inputs)}" + place_or_hint(op)


def place_or_hint(op: Any) -> str:
    """The line where an op was applied, or how to have it recorded."""
    return place(op.site) or f"\n  {_HINT_DEBUG}"
