"""Which ops belong to which module: the numbers between which a call of it made its ops.

A module adds nothing to the cost of an op. Entering `forward` or `loss` notes how many ops were
made so far, leaving notes it again, and the op behind the result keeps both numbers with the
module's name (`Span`): drawings find from them which ops belong together.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any

from tinygrad_w2v.autograd.function import Function, Span, next_order
from tinygrad_w2v.autograd.node import Node


class _Running(threading.local):
    """The module whose `forward` or `loss` runs in this thread, the innermost."""

    module: Any = None

    def __reduce__(self) -> str:
        # A class of a user's script is sent to other processes with what its methods hold.
        return "_running"


_running = _Running()


def noting_its_span(method: Callable[..., Any]) -> Callable[..., Any]:
    """A method of a module that leaves its span with the ops of its result."""

    @functools.wraps(method)
    def spanned(self: Any, /, *args: Any, **kwargs: Any) -> Any:
        outer = _running.module
        if outer is self:  # `forward` that calls `loss`, or a `loss` that calls its parent class's
            return method(self, *args, **kwargs)
        start = next_order()
        _running.module = self
        try:
            result = method(self, *args, **kwargs)
        finally:
            _running.module = outer
        span = Span(self._name_in_parent or type(self).__name__, start, next_order())
        for creator in _creators(result):
            if creator.order > start:  # else the result was passed through
                creator.spans += (span,)
        return result

    return spanned


def _creators(result: Any) -> set[Function]:
    """The ops that made the Variables of a result, nested perhaps."""
    creators: set[Function] = set()
    waiting = [result]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Node):
            if part.creator is not None:
                creators.add(part.creator)
        elif isinstance(part, list | tuple):
            waiting.extend(part)
        elif isinstance(part, dict):
            waiting.extend(part.values())
    return creators
