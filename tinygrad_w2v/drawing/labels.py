"""Shapes, numbers and parameters of ops in few characters."""

from __future__ import annotations

import inspect
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from tinygrad_w2v.autograd.function import Function
from tinygrad_w2v.autograd.rowgrad import RowGrad

LONGEST_NAME = 48
_JOINERS = "\u200c\u200d"  # which scripts and emoji are written with
_known_arguments: WeakKeyDictionary[Any, dict[str, inspect.Parameter]] = WeakKeyDictionary()


def printable(text: str, longest: int = LONGEST_NAME) -> str:
    r"""`text` on one line: control characters as escapes, cut where it is too long.

    Examples
    --------
    >>> printable("two\nlines")
    'two\\nlines'
    """
    shown = "".join(
        c if c.isprintable() or c in _JOINERS else c.encode("unicode_escape").decode() for c in text
    )
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def label_of(function: Function) -> str:
    """The op's name, as its users know it."""
    label = printable(str(function.label))
    return "power" if label == "power_of_number" else label


def type_of(data: Any) -> str:
    """Shape, and the dtype where it is not float64; for a row gradient how many rows it holds."""
    shape = ", ".join(str(n) for n in data.shape) + ("," if len(data.shape) == 1 else "")
    text = f"({shape})"
    if data.dtype != np.float64:
        text += f" {data.dtype}"
    if isinstance(data, RowGrad):
        count = len(data.rows)
        text += f" {count} row" + ("s" if count != 1 else "")
    return text


def number(value: Any) -> str:
    """A number with four digits."""
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    return f"{value + 0:.4g}"  # no -0


def written(value: Any) -> str:
    """A number that may be computed with by hand: whole ones in full, others with four digits.

    Examples
    --------
    >>> written(12345.0), written(12345.67), written(0.123456), written(1234567.8)
    ('12345', '12346', '0.1235', '1.235e+06')
    """
    if isinstance(value, bool | np.bool_ | complex | np.complexfloating):
        return number(value)
    if isinstance(value, int | np.integer):
        return str(int(value))
    return f"{value:.0f}" if 1e3 <= abs(value) < 1e6 else number(value)


def content_of(data: Any) -> str:
    """The numbers themselves where they are few, else their range.

    Examples
    --------
    >>> content_of(np.array([1.0, 2.5])), content_of(np.arange(100.0))
    ('[1, 2.5]', '0 … 99')
    """
    if isinstance(data, RowGrad):
        data = data.values
    if not isinstance(data, np.ndarray | np.generic):
        return ""
    array = np.asarray(data)
    if array.size == 0:
        return "empty"
    if array.size <= 6:
        return _nested(array)
    with np.errstate(invalid="ignore"):
        finite = array[np.isfinite(array)] if array.dtype.kind == "f" else array
    if finite.size < array.size:
        return f"{array.size - finite.size} of {array.size} not finite"
    return f"{number(array.min())} … {number(array.max())}"


def _nested(array: Any) -> str:
    if array.ndim == 0:
        return written(array[()])
    return f"[{', '.join(map(_nested, array))}]"


def parameters_of(function: Function) -> tuple[str, ...]:
    """The op's parameters as in a call, without defaults and the shape of the result."""
    shown = function.parameters_shown
    asked = _arguments(type(function))
    named = [name for name in asked if name in shown]
    texts = []
    for name in named or list(shown):
        value = shown[name]
        default = asked[name].default if name in asked else inspect.Parameter.empty
        if name in ("shape", "x_shape") or (value is default or _equal(value, default)):
            continue
        if name in function.parameter_names:
            text = printable(function.parameter_names[name])
        else:
            text = _index(value) if name == "index" else parameter_text(value)
        plain = default is inspect.Parameter.empty and name in asked
        texts.append(text if plain else f"{name}={text}")
    return tuple(texts)


def _arguments(kind: Any) -> dict[str, inspect.Parameter]:
    if kind not in _known_arguments:
        _known_arguments[kind] = dict(inspect.signature(kind.__init__).parameters)
    return _known_arguments[kind]


def _equal(value: Any, default: Any) -> bool:
    kinds = (str, int, float, bool, tuple)
    return isinstance(value, kinds) and isinstance(default, kinds) and value == default


def _index(value: Any) -> str:
    parts = value if isinstance(value, tuple) else (value,)
    return f"[{', '.join(map(parameter_text, parts))}]"


def parameter_text(value: Any) -> str:
    """A parameter of an op in few characters."""
    if isinstance(value, np.ndarray | np.generic):
        array = np.asarray(value)
        return _nested(array) if array.size <= 8 else f"<{type_of(array)}>"
    if value is ...:
        return "..."
    if isinstance(value, slice):
        parts = ["" if p is None else str(p) for p in (value.start, value.stop, value.step)]
        return ":".join(parts[:2] if value.step is None else parts)
    if isinstance(value, tuple):
        inner = ", ".join(parameter_text(part) for part in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, np.dtype):
        return value.name
    if isinstance(value, float):
        return number(value)
    if isinstance(value, np.random.Generator):
        return "rng"
    if callable(value) and hasattr(value, "__name__"):
        return printable(value.__name__)
    return printable(repr(value), 40)
