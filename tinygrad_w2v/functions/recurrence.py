"""A loop over time: a step that makes the next state of the last one, and what stands in a row.

It is made of other ops: each step leaves those that it applies, and the states are stacked. So the
gradient, and the gradient of that, need no rule. A foreign array may keep the loop whole, as the
compiler does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import InputError, ShapeError
from tinygrad_w2v.autograd.debugging.sites import user_line
from tinygrad_w2v.autograd.function import Span, next_order
from tinygrad_w2v.autograd.node import Node, is_duck_array, offer_whole
from tinygrad_w2v.functions.casting import as_array, cast, dtype_of
from tinygrad_w2v.functions.joining import stack
from tinygrad_w2v.functions.lookup import get_item

__all__ = ["scan"]

Step = Callable[[Any, Any], Any]


def scan(step: Step, h0: Any, xs: Any) -> Any:
    """All states of ``h = step(h, x)``, which begins with `h0`, for each `x` along `xs`.

    ``h[t + 1] = step(h[t], xs[t]);  scan = h[1:]``. The gradient goes back through all steps, to
    `h0`, to `xs` and to whatever `step` reads of its surroundings, such as the Parameters of a
    module. In a compiled model it is one loop forward and one back, however many steps there are.

    Parameters
    ----------
    step : callable
        ``step(h, x)`` returns the next state, of the form of `h0`: arrays of the same shapes and
        dtypes. It computes; it changes nothing and keeps nothing.
    h0 : Variable or array, or tuple of them
        The state before the first step. Whole numbers, and constants beside Variables, take the
        dtype that the steps compute in.
    xs : Variable or array, or tuple of them
        What the steps are given, each a place of the first axis. Of a batch, move the axis of time
        to the front, ``np.moveaxis(xs, -2, 0)``.

    Returns
    -------
    Variable or array, or tuple of them
        The states after each step, ``(T, *h0.shape)``; of no steps of the shape ``(0, *h0.shape)``
        (`step` is then called once with zeros, to see what it makes).

    Raises
    ------
    ShapeError
        Where `step` returns another form, shape or dtype than that of `h0`, or the parts of `xs`
        have different lengths.
    InputError
        Where `step` writes into what it is given.

    Notes
    -----
    Elman, "Finding structure in time", Cognitive Science 14 (1990).

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> decay = tw.Variable(0.5)
    >>> h = F.scan(lambda h, x: decay * h + x, np.zeros(()), np.array([1.0, 1.0, 1.0]))
    >>> h.data
    array([1.  , 1.5 , 1.75])
    >>> h[-1].backward()
    >>> float(decay.grad)
    2.0
    """
    state, several = _parts("h0", h0)
    rows, together = _parts("xs", xs)
    count = _length(rows)
    for part in (*state, *rows):
        data = part._data if isinstance(part, Node) else part
        if is_duck_array(data):
            whole = offer_whole("scan", data, step, state, rows, several, together)
            if whole is not NotImplemented:
                return whole
    states: list[list[Any]] = [[] for _ in state]
    start = next_order()
    for t in range(max(count, 1)):
        x = [get_item(part, t) if count else _nothing(part) for part in rows]
        new = next_state(step, state, x, several, together, f"step {t}")
        first = begun(state, new) if t == 0 else None
        if first is not None:
            state, start = first, next_order()
            new = next_state(step, state, x, several, together, f"step {t}")
        check_dtypes(state, new)
        state = new
        for made, part in zip(states, state, strict=True):
            made.append(part)
    stacked = [stack(made) for made in states]
    _span(stacked, "scan", start)
    if not count:
        stacked = [get_item(part, slice(0, 0)) for part in stacked]
    return tuple(stacked) if several else stacked[0]


def next_state(
    step: Step, state: list[Any], x: list[Any], several: bool, together: bool, name: str
) -> list[Any]:
    """What `step` makes of a state and of one `x`, of the form of that state.

    Raises
    ------
    ShapeError, InputError
        As `scan`.
    """
    start = next_order()
    given = tuple(state) if several else state[0]
    locked = _locked([*state, *x])
    try:
        made = step(given, tuple(x) if together else x[0])
    except ValueError as error:
        if "read-only" not in str(error):
            raise
        raise InputError(
            "scan: step writes into the state or the x that it was given: return a new array, "
            f"`h + x` in place of `h += x`{user_line()}"
        ) from error
    finally:
        for array in locked:
            array.flags.writeable = True
    if several and not isinstance(made, tuple | list):
        raise ShapeError(
            f"scan: step returned {_kind(made)}, but h0 is a tuple of {len(state)}: return a tuple "
            f"of {len(state)}{user_line()}"
        )
    parts = list(made) if several else [made]
    if len(parts) != len(state):
        raise ShapeError(
            f"scan: step returned {len(parts)} parts, but h0 has {len(state)}: return one for each"
            f"{user_line()}"
        )
    new = [
        _like_before(part, before, f"part {i} of the state" if several else "the state")
        for i, (part, before) in enumerate(zip(parts, state, strict=True))
    ]
    _span(new, name, start)
    return new


def _like_before(new: Any, before: Any, what: str) -> Any:
    """A part of the next state, of the shape and dtype of what was given; a number as an array."""
    if type(new) in (int, float, bool):
        new = np.asarray(new, dtype_of(before))
    if not hasattr(new, "dtype"):
        raise ShapeError(
            f"scan: step returned {_kind(new)} as {what}: return an array or a Variable of the "
            f"shape {_shown(before)}{user_line()}"
        )
    if new.shape != before.shape:
        raise ShapeError(
            f"scan: step returned the shape {_shown(new)} as {what}, but h0 has {_shown(before)}: "
            f"a state keeps its shape{user_line()}"
        )
    return new


def check_dtypes(state: list[Any], new: list[Any]) -> None:
    """Refuse a state that changes its dtype."""
    for i, (before, made) in enumerate(zip(state, new, strict=True)):
        if made.dtype != before.dtype:
            raise ShapeError(
                f"scan: step returned {made.dtype} as part {i} of the state, of the shape "
                f"{_shown(made)}, but h0 is {before.dtype}: give h0 in the dtype that step "
                f"computes in, or write `.astype(h.dtype)` in it{user_line()}"
            )


def begun(state: list[Any], new: list[Any]) -> list[Any] | None:
    """A first `state` of whole numbers, or of constants, in the dtypes of what a step made of it.

    None where there is nothing to change.
    """
    dtypes = [
        made.dtype if _takes(before, made) else before.dtype
        for before, made in zip(state, new, strict=True)
    ]
    if all(d == part.dtype for d, part in zip(dtypes, state, strict=True)):
        return None
    return [
        part if d == part.dtype else cast(part, d) for d, part in zip(dtypes, state, strict=True)
    ]


def _takes(before: Any, new: Any) -> bool:
    if before.dtype.kind == "f":  # a constant gives way to Variables
        return isinstance(new, Node) > isinstance(before, Node) and new.dtype.kind == "f"
    return new.dtype.kind == "f" or bool(np.can_cast(before.dtype, new.dtype))


def _locked(parts: Sequence[Any]) -> list[Any]:
    """Arrays that may not be written into from now on: they belong to the states before."""
    arrays = [part._data if isinstance(part, Node) else part for part in parts]
    locked = [a for a in arrays if isinstance(a, np.ndarray) and a.flags.writeable]
    for array in locked:
        array.flags.writeable = False
    return locked


def _parts(name: str, value: Any) -> tuple[list[Any], bool]:
    """The parts of a state or of `xs`, as arrays, and whether they stand in a tuple."""
    several = isinstance(value, tuple)
    parts = list(value) if several else [value]
    if not parts:
        raise ShapeError(f"scan: {name} is an empty tuple: give one part or more{user_line()}")
    return [as_array(part) for part in parts], several


def _length(rows: list[Any]) -> Any:
    """How many steps there are; a foreign array's axis may be of a length that is no number."""
    for i, part in enumerate(rows):
        if not part.shape:
            raise ShapeError(
                f"scan: part {i} of xs has the shape (): give an array whose first axis is time"
                f"{user_line()}"
            )
        if part.shape[0] != rows[0].shape[0]:
            raise ShapeError(
                f"scan: xs has parts of different lengths, of the shapes {_shown(rows[0])} and "
                f"{_shown(part)}: each step takes one place of all of them{user_line()}"
            )
    return rows[0].shape[0]


def _nothing(rows: Any) -> Any:
    """What stands in for a place of rows of which there are none."""
    return np.zeros(rows.shape[1:], rows.dtype)


def _span(results: Sequence[Any], name: str, start: int) -> None:
    """Let the ops since `start` be drawn together."""
    span = Span(name, start, next_order())
    for creator in {part.creator for part in results if isinstance(part, Node)}:
        if creator is not None and creator.order > start:
            creator.spans += (span,)


def _kind(value: Any) -> str:
    if isinstance(value, tuple | list):
        return f"a tuple of {len(value)}"
    return "None" if value is None else f"a {type(value).__name__}"


def _shown(value: Any) -> str:
    lengths = ", ".join(str(n) for n in value.shape)
    return f"({lengths}{',' if len(value.shape) == 1 else ''})"
