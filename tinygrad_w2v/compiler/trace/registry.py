"""Who answers when a symbol is given to NumPy: handlers register themselves here.

A symbol asks this table alone, so it knows none of the modules that answer for it, and they may
import it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import CompileError
from tinygrad_w2v.autograd.debugging.sites import user_line
from tinygrad_w2v.autograd.dispatch import RULES

Handler = Callable[..., Any]
HANDLERS: dict[Any, Handler] = {}  # NumPy's functions, given what those are given
MADE: dict[Any, Handler] = {}  # functions that make arrays, with the trace in front
UFUNCS: dict[Any, Handler] = {}  # ufuncs that are no scalar function of their name
OPS_BY_NAME: dict[str, Handler] = {}  # ops that NumPy has no function for, and methods

OF_VALUES = (
    "how long it is, only the values say; write `np.where(condition, x, 0)`, which has a place for "
    "each"
)
DRAW_BY_KEY = (
    "draw from `tw.KeyedGenerator(example['key'])`, whose keys tw.examples.Keyed adds to examples, "
    "or give them as an array of the example"
)
REMEDIES = {
    **dict.fromkeys(
        (np.nonzero, np.flatnonzero, np.argwhere, np.unique, np.compress, np.extract), OF_VALUES
    ),
    **dict.fromkeys(
        (np.sort, np.argsort, np.partition, np.argpartition, np.median, np.searchsorted),
        "a kernel orders nothing; np.max, np.min, np.argmax and np.argmin it knows",
    ),
}


def handles(*functions: Any) -> Callable[[Any], Any]:
    """Declare what answers NumPy functions and ufuncs, and ops and methods by name."""

    def register(handler: Any) -> Any:
        for function in functions:
            if isinstance(function, str):
                OPS_BY_NAME[function] = handler
            elif isinstance(function, np.ufunc):
                UFUNCS[function] = handler
            else:
                HANDLERS[function] = handler
        return handler

    return register


def makes(*functions: Any) -> Callable[[Any], Any]:
    """Declare what answers NumPy functions that are given no array, but ``like=`` one."""

    def register(handler: Any) -> Any:
        MADE.update(dict.fromkeys(functions, handler))
        return handler

    return register


def unsupported(what: str, instead: str = "") -> CompileError:
    """The error for what has no instruction: it names it, what to write, and the user's line."""
    return CompileError(f"{what} cannot be compiled{': ' if instead else ''}{instead}{user_line()}")


def answer(trace: Any, function: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """Answer a NumPy function that is no ufunc."""
    kwargs = {k: v for k, v in kwargs.items() if v is not np._NoValue}
    if kwargs.pop("out", None) is not None:
        raise unsupported(f"{_name_of(function)} with `out`")
    if function in MADE:
        return MADE[function](trace, *args, **kwargs)
    handler = HANDLERS.get(function)
    if handler is None:
        return _by_other_functions(trace, function, args, kwargs)
    try:
        inspect.signature(handler).bind(*args, **kwargs)
    except TypeError as error:
        if function not in RULES or function in trace.within:
            raise unsupported(f"{_name_of(function)} called so ({error})") from None
        return _by_other_functions(trace, function, args, kwargs)
    return handler(*args, **kwargs)


def _by_other_functions(trace: Any, function: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """What a function is made of, where the package writes it as others."""
    rule = RULES.get(function)
    if rule is None or function in trace.within:
        called = (*trace.within, function)[0]
        remedy = REMEDIES.get(called) or REMEDIES.get(function)
        needs = "" if called is function else f"it needs {_name_of(function)}"
        raise unsupported(_name_of(called), remedy or needs)
    trace.within.append(function)  # an op of its own calls the same function again
    try:
        return rule(*args, **kwargs)
    finally:
        trace.within.remove(function)


def _name_of(function: Any) -> str:
    return f"np{function.__module__.removeprefix('numpy')}.{function.__name__}"
