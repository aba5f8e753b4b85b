"""A node of the graph that holds a value: the data, and the op that made it.

`Variable` adds operators and NumPy's protocols to this class. Ops see only `Node`, so that the
file of ops does not need the file of Variables: whoever subclasses `Node` with ``results=True``
is what ops return.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

if TYPE_CHECKING:
    from tinygrad_w2v.autograd.function import Function


# Why a leaf has no graph though it was computed: what `Node.lost` says, in a message.
NO_GRAD = (
    "a result of `tw.no_grad()`, under which no graph is recorded: compute it outside that block, "
    "or make a leaf of it with `tw.Variable(x.data)`"
)
DETACHED = "detached from its graph: call `backward` on what was computed before `detach()`"
GRADIENT = (
    "a gradient that was made without its graph: to differentiate it, make it by "
    "`backward(create_graph=True)`"
)
COPY = "a copy, which has the value and not the graph: call `backward` on the original"


class Node:
    """Data that knows its origin: output number `index` of the op `creator`, or a leaf.

    `lost` is set only on a leaf that was computed without a graph, or has left it.
    """

    __slots__ = ("__weakref__", "_data", "_grad", "creator", "index", "lost", "name")
    _data: Any
    _grad: Any
    creator: Function | None
    index: int
    lost: str
    name: str | None
    result_type: ClassVar[type[Any]]

    def __init_subclass__(cls, results: bool = False, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if results:
            Node.result_type = cls


def made(data: Any, creator: Function | None, index: int = 0, new: Any = object.__new__) -> Any:
    """A Variable without the checks of its constructor: the result of an op."""
    result = new(Node.result_type)
    result._data = data
    result.creator = creator
    result.index = index
    result._grad = result.name = None
    return result


def lost_leaf(data: Any, lost: str) -> Any:
    """A leaf that was computed, and why it has no graph; its data may be written into."""
    leaf = made(np.asarray(data) if isinstance(data, np.generic) else data, None)
    leaf.lost = lost
    return leaf


def is_duck_array(value: object) -> bool:
    """Whether `value` is a foreign array: one that answers NumPy's protocols itself.

    It must answer both: what answers ufuncs alone (a pandas Series) is no array to NumPy's
    functions, and is read as the numbers that it holds.
    """
    kind = type(value)
    return (
        hasattr(kind, "__array_ufunc__")
        and hasattr(kind, "__array_function__")
        and hasattr(value, "shape")
        and not isinstance(value, np.ndarray | np.generic)
    )


def offer_whole(name: str, value: Any, *args: Any) -> Any:
    """Offer an op that NumPy has no function for to a foreign array, which may keep it whole.

    A duck array takes part by a method ``__tinygrad_op__(name, *args)``. Without it, or where it
    returns ``NotImplemented``, the op runs on NumPy's API.
    """
    method = getattr(type(value), "__tinygrad_op__", None)
    return NotImplemented if method is None else method(value, name, *args)
