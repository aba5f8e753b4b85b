"""Who answers which NumPy function when it is called with a symbol."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

HANDLERS: dict[Any, Callable[..., Any]] = {}  # given what NumPy's function is given
MADE: dict[Any, Callable[..., Any]] = {}  # the same with the trace in front: for what is made


def handles(*functions: Any) -> Callable[[Any], Any]:
    """Declare what answers NumPy functions."""

    def register(handler: Any) -> Any:
        HANDLERS.update(dict.fromkeys(functions, handler))
        return handler

    return register


def makes(*functions: Any) -> Callable[[Any], Any]:
    """Declare what answers NumPy functions that are given no array, but ``like=`` one."""

    def register(handler: Any) -> Any:
        MADE.update(dict.fromkeys(functions, handler))
        return handler

    return register
