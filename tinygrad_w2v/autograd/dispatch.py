"""NumPy's functions on Variables: ``np.exp(v)`` is the op `exp`.

Each op's public function says with `implements` which NumPy function it stands for. What has no
derivative to speak of (comparisons, ``argmax``, ``shape``) runs on the data and gives plain
arrays. Anything else is an error that names the function.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from tinygrad_w2v._base.errors import MissingRuleError
from tinygrad_w2v.autograd.debugging.errors import describe, input_error
from tinygrad_w2v.autograd.debugging.sites import user_line
from tinygrad_w2v.autograd.node import Node

F = TypeVar("F", bound=Callable[..., Any])

RULES: dict[Any, Callable[..., Any]] = {}

# fmt: off
PLAIN: frozenset[Any] = frozenset((
    np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal,
    np.isnan, np.isinf, np.isfinite, np.sign, np.floor, np.ceil, np.rint, np.trunc, np.signbit,
    np.logical_and, np.logical_or, np.logical_not, np.logical_xor,
    np.argmax, np.argmin, np.argsort, np.nonzero, np.count_nonzero, np.searchsorted,
    np.round, np.around, np.shape, np.ndim, np.size, np.ones_like, np.zeros_like, np.full_like,
    np.empty_like, np.any, np.all, np.allclose, np.array_equal, np.isclose, np.result_type,
    np.argpartition, np.argwhere, np.flatnonzero, np.lexsort, np.nanargmax, np.nanargmin,
    getattr(np, "fix", np.trunc), np.isposinf,  # deprecated from NumPy 2.5 on
    np.isneginf, np.isreal, np.isrealobj, np.iscomplex, np.iscomplexobj,
    np.isin, np.digitize, np.array_equiv, np.diag_indices_from, np.tril_indices_from,
    np.triu_indices_from, np.common_type, np.can_cast, np.min_scalar_type,
    np.array2string, np.array_repr, np.array_str, np.shares_memory, np.may_share_memory,
))
# fmt: on


def implements(*numpy_functions: Any) -> Callable[[F], F]:
    """Declare that a function of ours is what these NumPy functions do to Variables."""

    def register(function: F) -> F:
        for numpy_function in numpy_functions:
            RULES[numpy_function] = function
        return function

    return register


def call(numpy_function: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """Answer a NumPy function that was called with a Variable among its arguments."""
    rule = RULES.get(numpy_function)
    if rule is None:
        if numpy_function in PLAIN:
            plain = unwrapped(args)
            try:
                return numpy_function(*plain, **unwrapped(kwargs))
            except ValueError as error:
                raise input_error(_named(numpy_function), plain, error) from None
        raise MissingRuleError(
            f"{_named(numpy_function)} has no derivative rule: use `.data` for the plain array, "
            "an op of `tinygrad_w2v.functions`, or write one (docs/how-to/add-an-op.md)"
            + _inputs(args)
        )
    if kwargs:
        kwargs = {key: value for key, value in kwargs.items() if value is not np._NoValue}
        if kwargs.pop("out", None) is not None:
            raise _out_refused(_named(numpy_function))
    try:
        return rule(*args, **kwargs)
    except TypeError:
        misfit = _misfit(rule, args, kwargs)
        if misfit:
            raise MissingRuleError(
                f"{_named(numpy_function)} of a Variable does not take these: {misfit}"
                + _inputs(args)
            ) from None
        raise


def _misfit(rule: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> str:
    """Why the arguments do not fit the rule's signature; empty if they do."""
    try:
        inspect.signature(rule).bind(*args, **kwargs)
    except TypeError as error:
        return str(error)
    return ""


def call_ufunc(ufunc: np.ufunc, method: str, inputs: Any, kwargs: dict[str, Any]) -> Any:
    """Answer a ufunc, or a method of one such as ``np.add.reduce``."""
    if method == "__call__" and not kwargs and ufunc in RULES:
        return RULES[ufunc](*inputs)
    if method != "__call__":
        raise MissingRuleError(
            f"np.{ufunc.__name__}.{method} has no derivative rule: use `np.sum`, `np.prod`, "
            "`np.cumsum` or another op, or `.data` for the plain array" + _inputs(inputs)
        )
    return call(ufunc, inputs, kwargs)


def _named(numpy_function: Any) -> str:
    """A NumPy function as a user writes it: ``np.linalg.norm``."""
    module = getattr(numpy_function, "__module__", None) or "numpy"
    return f"np{module.removeprefix('numpy')}.{numpy_function.__name__}"


def _inputs(args: Any) -> str:
    """Shapes of the arguments and the user's line, to end a message."""
    shapes = ", ".join([describe(value) for value in unwrapped(args)])
    return f"\n  inputs {shapes}{user_line()}"


def _out_refused(name: str) -> TypeError:
    return TypeError(
        f"{name} cannot write a Variable into an existing array: a graph is made of new values. "
        "To change data in place use plain arrays: `.data`, and `.grad.data` for a gradient"
    )


def refuse_out(name: str, out: Any) -> None:
    """Raise if a place to write to was given."""
    if out is not None:
        raise _out_refused(name)


def unwrapped(value: Any) -> Any:
    """`value` with the Variables in it (in lists, tuples, dicts too) replaced by their data."""
    if isinstance(value, Node):
        return value._data
    if type(value) in (list, tuple):
        return type(value)([unwrapped(part) for part in value])
    if type(value) is dict:
        return {key: unwrapped(part) for key, part in value.items()}
    return value
