"""What `compile` is asked for is looked at first: a wrong argument is named, with what to give.

Nothing here follows an expression. A model is a Module with a loss and Parameters that a kernel can
read and write; an optimizer is one; an axis is a length, a name, or a name with the most it can be.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import CompileError, InputError
from tinygrad_w2v._base.types import AnyArray
from tinygrad_w2v.autograd.debugging.sites import Site
from tinygrad_w2v.autograd.node import Node
from tinygrad_w2v.functions.lookup import Rows
from tinygrad_w2v.nn import Module, Parameter
from tinygrad_w2v.nn.module import name_in
from tinygrad_w2v.nn.trial import unwrapped
from tinygrad_w2v.optim.optimizer import Optimizer

DEFAULT_BOUND = 16
FLOATS = (np.dtype(np.float32), np.dtype(np.float64))


# ---------------------------------------------------------------------- the model and its helpers
def check_model(model: Any) -> None:
    """Raise an InputError for what is no Module, has no loss, or no Parameter that can be learned.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> check_model(tw.nn.Linear(2, 1))
    Traceback (most recent call last):
    tinygrad_w2v._base.errors.InputError: tw.compile: Linear has no method `loss(batch)`: ...
    """
    if isinstance(model, type):
        raise InputError(
            f"tw.compile: a class was given, {model.__name__}: give an object of it, "
            f"`{model.__name__}(...)`"
        )
    if not isinstance(model, Module):
        raise InputError(
            f"tw.compile: the model is a {type(model).__name__}: give a tw.Module, whose "
            "`loss(batch)` is compiled"
        )
    kind = type(model).__name__
    if not callable(getattr(model, "loss", None)):
        raise InputError(
            f"tw.compile: {kind} has no method `loss(batch)`: write one that returns the sum over "
            "the examples of a batch"
        )
    named = list(model.named_parameters())
    if not named:
        raise InputError(
            f"tw.compile: {kind} has no Parameter, so there is nothing to learn: assign "
            "`tw.Parameter(array)` to attributes of it"
        )
    for name, parameter in named:
        if parameter._data.dtype not in FLOATS:
            raise InputError(
                f"tw.compile: {name} of {kind} holds {parameter._data.dtype}, and a kernel reads "
                f"and writes float32 and float64: `model.{name}.data = "
                f"model.{name}.data.astype(np.float32)`"
            )


def check_optimizer(optimizer: Any) -> None:
    """Raise an InputError for what is no optimizer.

    Examples
    --------
    >>> check_optimizer("adam")
    Traceback (most recent call last):
    tinygrad_w2v._base.errors.InputError: tw.compile: the optimizer is 'adam': give one, such as \
`tw.optim.Adam()`
    """
    if optimizer is not None and not isinstance(optimizer, Optimizer):
        several = ", or several as `tw.optim.Groups([...])`" if isinstance(optimizer, list) else ""
        raise InputError(
            f"tw.compile: the optimizer is {optimizer!r:.60}: give one, such as `tw.optim.Adam()`"
            f"{several}"
        )


def float_type(dtype: Any) -> np.dtype[Any]:
    """Return float32 or float64 as a dtype; anything else is an InputError."""
    try:
        real = np.dtype("void" if dtype is None else dtype)
    except TypeError:
        real = np.dtype("void")
    if real not in FLOATS:
        shown = dtype if real.kind == "V" else real
        raise InputError(f"tw.compile: dtype is {shown}; a kernel computes in float32 or float64")
    return real


def checked_rate(lr: Any) -> float:
    """Return a learning rate as a float, if it is a finite number that is not negative.

    Examples
    --------
    >>> checked_rate(0.1), checked_rate(0)
    (0.1, 0.0)
    >>> checked_rate(float("nan"))
    Traceback (most recent call last):
    tinygrad_w2v._base.errors.InputError: lr is nan: a learning rate is a number that is not \
negative, such as 0.05
    """
    if type(lr) is float and 0.0 <= lr < math.inf:
        return lr
    try:
        wrong = isinstance(lr, bool | str | bytes | Node) or np.ndim(lr) != 0
        rate = math.nan if wrong else float(lr)
    except (TypeError, ValueError):
        rate = math.nan
    if not 0.0 <= rate < math.inf:
        raise InputError(
            f"lr is {lr!r}: a learning rate is a number that is not negative, such as 0.05"
        )
    return rate


# ---------------------------------------------------------------------- the loss
def check_leaves(model: Module, loss: Any, optimizer: Optimizer | None) -> None:
    """Refuse a Variable that a kernel would take for a constant, though somebody may learn it.

    Raises
    ------
    CompileError
        That names it and the line where it is read.
    """
    own = {id(parameter) for parameter in model.parameters()}
    own |= {id(parameter) for _, parameter in model.named_parameters()}
    held = {id(parameter) for parameter in (optimizer.parameters if optimizer else ())}
    for leaf, function in _leaves(loss):
        if id(leaf) in own or leaf._data.dtype.kind != "f":
            continue
        name = name_in(model, leaf)
        looked_up = isinstance(function, Rows)
        if not (isinstance(leaf, Parameter) or id(leaf) in held or name or looked_up):
            continue
        what = f"self.{name}" if name else (leaf.name or "it")
        kind = "Parameter" if isinstance(leaf, Parameter) else "Variable"
        where = "" if name else ", and no attribute of the model"
        site = f"\n  applied at {function.site}" if function.site else ""
        raise CompileError(
            f"{type(model).__name__}.loss reads {what}, a tw.{kind} that is no Parameter of the "
            f"model{where}: a kernel would hold it as a constant; assign "
            "`tw.Parameter(array)` to an attribute (an optimizer that does not hold it leaves it "
            "as it is), or keep the array, and look it up by `F.take(array, ids, axis=0)`" + site
        )


def _leaves(root: Any) -> Iterator[tuple[Any, Any]]:
    """Each leaf that a value is computed from, with an op that reads it."""
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        for part in node.creator.inputs or ():
            if not isinstance(part, Node) or id(part) in seen:
                continue
            seen.add(id(part))
            if part.creator is None:
                yield part, node.creator
            else:
                waiting.append(part)


def defined_at(function: Any) -> str:
    """The line of a method, to end a message."""
    code = getattr(unwrapped(function), "__code__", None)
    return f"\n  defined at {Site(code.co_filename, code.co_firstlineno)}" if code else ""


# ---------------------------------------------------------------------- axes
def dynamic_axes(
    arrays: Mapping[str, AnyArray], axes: Any
) -> tuple[dict[str, tuple[int | str, ...]], dict[str, int]]:
    """Return for each field a length or a name for each of its axes, and the bounds of the names.

    Parameters
    ----------
    arrays : dict of arrays
        The example's.
    axes
        What the user gave.

    Raises
    ------
    InputError
        That names the field, and says what to give.

    Examples
    --------
    >>> dynamic_axes({"c": np.zeros(4), "m": np.zeros((4, 3))}, {"c": ("C", 10), "m": ("C", 3)})
    ({'c': ('C',), 'm': ('C', 3)}, {'C': 10})
    """
    if not isinstance(axes, Mapping):
        raise InputError(f'axes is {axes!r}: give a dict, such as `{{"contexts": ("C",)}}`')
    unknown = [name for name in axes if name not in arrays]
    if unknown:
        raise InputError(f"axes names {unknown[0]!r}, which the example lacks; it has {[*arrays]}")
    parts: dict[str, tuple[int | str, ...]] = {}
    bounds: dict[str, int | None] = {}
    lengths: dict[str, tuple[int, str]] = {}
    for field, array in arrays.items():
        entries = _entries(field, array, axes)
        for entry, n in zip(entries, array.shape, strict=True):
            if _is_whole(entry):
                if entry != n:
                    raise InputError(
                        f"axes gives {field} the length {entry}; the example has {n}: name an axis "
                        "that changes, such as 'C'"
                    )
                continue
            name, bound = _named(field, entry)
            known, other = lengths.setdefault(name, (n, field))
            if known != n:
                raise InputError(
                    f"axes calls two lengths {name}: {known} in {other} and {n} in {field} of the "
                    "example; equal names are equal lengths"
                )
            if bound is not None and bound < n:
                raise InputError(
                    f"axes lets {name} be at most {bound}, but it is {n} in {field} of the example"
                )
            before = bounds.get(name)
            if None not in (before, bound) and before != bound:
                raise InputError(f"axes gives {name} two bounds, {before} and {bound}: give one")
            bounds[name] = before if bound is None else bound
        parts[field] = tuple(
            n if _is_whole(entry) else _named(field, entry)[0]
            for entry, n in zip(entries, array.shape, strict=True)
        )
    most = {
        name: max(DEFAULT_BOUND, lengths[name][0]) if bound is None else bound
        for name, bound in bounds.items()
    }
    return parts, most


def _is_whole(entry: Any) -> bool:
    return isinstance(entry, int | np.integer) and not isinstance(entry, bool)


def _entries(field: str, array: AnyArray, axes: Mapping[str, Any]) -> tuple[Any, ...]:
    """What was given for a field, an entry for each axis."""
    if field not in axes:
        return array.shape
    given = axes[field]
    if isinstance(given, str):
        given = (given,)
    if not isinstance(given, tuple | list):
        raise InputError(
            f"axes gives {field} {given!r}: give a tuple with an entry for each axis of one "
            "example: its length, a name for one that changes, or a name with the most it can be, "
            'such as `("C",)` or `(("C", 10),)`'
        )
    if array.ndim == 1 and len(given) == 2 and isinstance(given[0], str):
        given = (tuple(given),)
    if len(given) != array.ndim:
        raise InputError(
            f"axes gives {field} {len(given)} axes, but in the example it has the shape "
            f"{array.shape}: give one entry for each axis of one example"
        )
    return tuple(given)


def _named(field: str, entry: Any) -> tuple[str, int | None]:
    """The name of a dynamic axis, and the most it can be where that was given."""
    if isinstance(entry, str):
        return entry, None
    if isinstance(entry, tuple | list) and len(entry) == 2 and isinstance(entry[0], str):
        name, bound = entry
        if _is_whole(bound) and bound >= 1:
            return name, int(bound)
        raise InputError(
            f"axes gives {field} the axis {name} with the bound {bound!r}: the most that it can be "
            f'is a whole number from 1, such as `("{name}", 10)`'
        )
    raise InputError(
        f"axes gives {field} the axis {entry!r}: an axis is a length, a name for one that changes, "
        'or a name with the most it can be, such as `("C", 10)`'
    )
