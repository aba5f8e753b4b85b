"""Which module call each op belongs to.

A module notes nothing on its ops: the op that made its result holds the span of creation numbers
of the whole call, and all ops born in that span are the call's.
"""

from __future__ import annotations

from collections.abc import Iterable

from tinygrad_w2v.autograd.function import Function
from tinygrad_w2v.drawing.describing import printable
from tinygrad_w2v.drawing.program import Scope


def scopes_of(functions: Iterable[Function]) -> dict[Function, tuple[Scope, ...]]:
    """The module calls that each op was made in, the outermost first.

    Parameters
    ----------
    functions : iterable of Function
        The ops of a graph, oldest first.
    """
    ops = list(functions)
    spans = sorted({span for f in ops for span in f.spans}, key=lambda s: (s.start, -s.end))
    found: dict[Function, tuple[Scope, ...]] = {}
    if not spans:
        return found
    waiting = iter(spans)
    following = next(waiting, None)
    entered: list[tuple[int, Scope]] = []  # (end, call), the innermost last
    for function in ops:
        while following is not None and following.start < function.order:
            _leave(entered, following.start)
            entered.append((following.end, Scope(printable(following.name), following.start)))
            following = next(waiting, None)
        _leave(entered, function.order)
        if entered:
            found[function] = tuple(scope for _, scope in entered)
    return found


def _leave(entered: list[tuple[int, Scope]], order: int) -> None:
    while entered and entered[-1][0] <= order:
        entered.pop()
