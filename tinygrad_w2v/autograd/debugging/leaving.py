"""Values that leave the graph while derivatives are taken: each line where one does is told once.

``float(x)``, ``math.exp(x)`` and ``z[0] = x`` make a plain number of a Variable, and the derivative
goes on without it. Outside of transforms that is how a loss is printed. Inside one it is nearly
always a mistake, so the lines are noted while the function runs, and told when it has ended: with
the error if there is one (it is the likely reason), else as a `GraphWarning`.

What says in its name that it leaves the graph (``.data``, ``detach``, ``stop_gradient``) is meant.
Comparisons and truth values choose a branch, whose derivative is right, and texts are for reading.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any, NamedTuple

from tinygrad_w2v._base.errors import GraphWarning
from tinygrad_w2v.autograd.backward import ops_behind
from tinygrad_w2v.autograd.debugging.sites import Place, Site
from tinygrad_w2v.autograd.node import Node


class _Watch(NamedTuple):
    """The leaves of all transforms that are at work, and where values left."""

    leaves: tuple[Node, ...]
    exits: dict[Site, tuple[str, Place]]


_watch: ContextVar[_Watch | None] = ContextVar("tinygrad_w2v transforms", default=None)
at_work = _watch.get  # None where no transform is


@contextmanager
def watching(leaves: Sequence[Node] = ()) -> Iterator[None]:
    """Note what leaves the graph of `leaves` until the block ends; the outermost block tells."""
    outer = _watch.get()
    watch = _Watch((*outer.leaves, *leaves), outer.exits) if outer else _Watch(tuple(leaves), {})
    token = _watch.set(watch)
    try:
        yield
    except Exception as error:
        if outer is None:
            for how, place in watch.exits.values():
                error.add_note(f"{how} at {place.site} made a number of a Variable")
            with suppress(Warning):  # where warnings are errors, this error is the one to see
                _tell(watch)
        raise
    finally:
        _watch.reset(token)
    if outer is None:
        _tell(watch)


def _tell(watch: _Watch) -> None:
    for how, place in watch.exits.values():
        place.warn(
            f"{how} of a Variable leaves the graph while derivatives are taken, which do not see "
            "what becomes of it (`math.exp(x)` and `z[0] = x` call it, too): use an op, such as "
            "`np.exp`, or `F.stack` for an array of values; where it is meant, write `.data`",
            GraphWarning,
        )


def leaves_graph(x: Any, how: str) -> None:
    """Note that a number is made of `x`; `how` is what the user may have called."""
    watch = _watch.get()
    if watch is None or x._data.dtype.kind != "f":
        return
    place = Place.here()
    if place.site not in watch.exits and depends_on([x], watch.leaves):
        watch.exits[place.site] = (how, place)


def depends_on(outputs: Sequence[Node], leaves: Sequence[Node]) -> bool:
    """Whether a walk from `outputs` meets one of `leaves`."""
    wanted = set(map(id, leaves))
    if not wanted:
        return False
    inputs = (x for function in ops_behind(outputs) for x in function.inputs)
    return any(id(x) in wanted for x in (*outputs, *inputs))
