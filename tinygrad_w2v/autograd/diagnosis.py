"""What an error can say about an op: its name, the shapes, the line of the user's code.

The line of a failing forward is on the stack and costs nothing. The line of an op whose backward
fails must have been recorded when it was applied, which `debug` does.
"""

from __future__ import annotations

import linecache
import sys
import warnings
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tinygrad_w2v._base.errors import InPlaceError, NonFiniteError, ShapeError, TinygradError
from tinygrad_w2v._base.types import AnyArray

if TYPE_CHECKING:
    from tinygrad_w2v.autograd.function import Function

_PACKAGE = Path(__file__).resolve().parent.parent
_ENGINE = (
    *(str(_PACKAGE / name) for name in ("autograd", "functions", "compiler")),
    str(Path(np.__file__).parent),
)
_ENGINE_FILES = tuple(str(_PACKAGE / "nn" / name) for name in ("module.py", "parameter.py"))
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


class Site(NamedTuple):
    """A line of the user's code."""

    path: str
    line: int

    def __str__(self) -> str:
        text = linecache.getline(self.path, self.line).strip()
        return f"{self.path}:{self.line}" + (f": {text}" if text else "")


def user_site() -> Site | None:
    """The innermost line of the stack that is not the engine's own."""
    frame = user_frame()
    return None if frame is None else Site(frame.f_code.co_filename, frame.f_lineno)


def user_frame() -> FrameType | None:
    """The innermost frame of the stack that is not the engine's own."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        path = frame.f_code.co_filename
        if not path.startswith(_ENGINE) and path not in _ENGINE_FILES:
            return frame
        frame = frame.f_back
    return None


class Place(NamedTuple):
    """A line of the user's code, with what Python needs to warn of it once."""

    site: Site
    module: str
    registry: dict[Any, Any]

    @classmethod
    def here(cls) -> Place:
        """The line that the user's code is at."""
        frame = user_frame() or sys._getframe(1)
        known = frame.f_globals
        return cls(
            Site(frame.f_code.co_filename, frame.f_lineno),
            str(known.get("__name__", "__main__")),
            known.setdefault("__warningregistry__", {}),
        )

    def warn(self, message: str, category: type[Warning]) -> None:
        """Warn of this line; Python's filters decide how often."""
        path, line = self.site
        warnings.warn_explicit(message, category, path, line, self.module, self.registry)


def warn_user(message: str, category: type[Warning]) -> None:
    """Warn of the line that the user's code is at."""
    Place.here().warn(message, category)


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


def place(site: Site | None) -> str:
    """The line that ends a message: where an op was applied, if that is known."""
    return f"\n  applied at {site}" if site else ""


def user_line() -> str:
    """`place` of the line that the user's code is at."""
    return place(user_site())


# ---------------------------------------------------------------------- errors of forward, backward
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


# ---------------------------------------------------------------------- what debug mode watches
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
