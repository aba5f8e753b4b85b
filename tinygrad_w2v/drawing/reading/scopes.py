"""Which module call each op belongs to.

A module marks none of its ops: the op that made its result holds the span of creation numbers of
the whole call, and all ops created in that span belong to the call.
"""

from __future__ import annotations

from collections.abc import Iterable

from tinygrad_w2v.autograd.function import Function
from tinygrad_w2v.drawing.labels import printable
from tinygrad_w2v.drawing.reading.program import Scope


def scopes_of(functions: Iterable[Function]) -> dict[Function, tuple[Scope, ...]]:
    """The module calls that each op was made in, the outermost first.

    Parameters
    ----------
    functions : iterable of Function
        The ops of a graph, oldest first.
    """
    ops = list(functions)
    spans = sorted({span for f in ops for span in f.spans}, key=lambda s: (-s.start, s.end))
    scopes: dict[Function, tuple[Scope, ...]] = {}
    entered: list[tuple[int, Scope]] = []  # (end, call), the innermost last
    for function in ops if spans else ():
        while spans and spans[-1].start < function.order:
            span = spans.pop()
            _leave(entered, span.start)
            entered.append((span.end, Scope(printable(span.name), span.start)))
        _leave(entered, function.order)
        if entered:
            scopes[function] = tuple(scope for _, scope in entered)
    return scopes


def _leave(entered: list[tuple[int, Scope]], order: int) -> None:
    while entered and entered[-1][0] <= order:
        entered.pop()
