"""Running a function on fresh leaves, so that its derivatives can be taken: what transforms share.

How nesting stays right: the fresh leaf of an inner transform is linked to the Variable it was
made of by an op that moves nothing. While the inner transform works the link is cut, so that its
walk ends there (``f`` may use the outer Variable, too, and the two are not confused); then the
link is put back, and the outer walk passes through.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import NonDifferentiableError, ShapeError
from tinygrad_w2v.autograd.backward import dense, gradients
from tinygrad_w2v.autograd.constants import plain_array
from tinygrad_w2v.autograd.debugging.leaving import at_work, depends_on, watching
from tinygrad_w2v.autograd.modes import enable_grad, modes
from tinygrad_w2v.autograd.node import NO_GRAD, Node, lost_leaf
from tinygrad_w2v.autograd.transforms import tree
from tinygrad_w2v.autograd.variable import Variable


@contextmanager
def cut_off(leaves: list[Variable]) -> Iterator[None]:
    """Make the nodes `leaves` real leaves until the block ends."""
    creators = [leaf.creator for leaf in leaves]
    for leaf in leaves:
        leaf.creator = None
    try:
        yield
    finally:
        for leaf, creator in zip(leaves, creators, strict=True):
            leaf.creator = creator


@contextmanager
def tracing(leaves: list[Variable]) -> Iterator[None]:
    """Record, and let transforms inside know that what depends on `leaves` is differentiated."""
    with watching(leaves), enable_grad(), cut_off(leaves):
        yield


def _is_traced(outputs: list[Any]) -> bool:
    """Whether `outputs` depend on the leaves of an outer transform."""
    watch = at_work()
    return watch is not None and depends_on(outputs, watch.leaves)


def _leaf(value: Any, where: str) -> Variable:
    """A fresh Variable on `value`; linked to it if that is a Variable."""
    if isinstance(value, Node):
        x: Any = dense(value)
        # Its own array object: an op knows its inputs again by the identity of their arrays.
        leaf: Variable = x.reshape(x._data.shape)
        leaf.name = value.name
    else:
        try:
            leaf = Variable(value)
        except (NonDifferentiableError, ValueError) as error:
            raise NonDifferentiableError(f"{where} cannot be differentiated: {error}") from None
        leaf._data = leaf._data.view()
    if leaf._data.dtype.kind != "f":
        raise NonDifferentiableError(
            f"{where} is an array of {leaf._data.dtype}, which has no derivative: convert it with "
            "`.astype(float)`, or choose other arguments by `argnums`"
        )
    return leaf


class Run:
    """One run of ``f``: what came out, and the leaves that the chosen arguments became."""

    def __init__(
        self,
        f: Callable[..., Any],
        args: Sequence[Any],
        kwargs: dict[str, Any],
        positions: Sequence[int],
    ) -> None:
        self.args = args
        self.positions = positions
        leaves: dict[int, list[Variable]] = {}
        given = list(args)
        for i in positions:
            where = f"argument {i} of {name_of(f)}"
            leaves[i] = [_leaf(value, where + path) for path, value in tree.flatten(args[i])]
            given[i] = tree.rebuilt(args[i], iter(leaves[i]))
        self.leaves = [leaf for i in positions for leaf in leaves[i]]
        recording = modes.recording
        with tracing(self.leaves):
            self.value = f(*given, **kwargs)
            self.outputs = differentiable_outputs(f, self.value)
        # Which kind goes out: Variables if any came in, or if an outer transform waits for them.
        self.wrapped = any(isinstance(x, Node) for _, x in tree.flatten(tuple(args)))
        self.wrapped = self.wrapped or _is_traced(self.outputs)
        self.recorded = self.wrapped and recording

    def pull(self, seeds: list[Any], record: bool | None = None) -> list[Any]:
        """The gradient for each leaf, given one seed for each output; zeros where there is none."""
        record = self.recorded if record is None else record
        sums: list[Any] = [None] * len(self.leaves)
        with enable_grad(), cut_off(self.leaves):
            for y, seed in zip(self.outputs, seeds, strict=True):
                found = gradients(y, seed, record)
                for i, leaf in enumerate(self.leaves):
                    g = dense(found.get(leaf))
                    if g is not None:
                        sums[i] = g if sums[i] is None else sums[i] + g
        return [
            np.zeros_like(leaf._data) if g is None else g
            for leaf, g in zip(self.leaves, sums, strict=True)
        ]

    def out(self, value: Any) -> Any:
        """A result as the caller expects it: a Variable if Variables came in, else an array."""
        return returned(value, self.wrapped, self.recorded)

    def like_args(self, values: Iterator[Any]) -> list[Any]:
        """`values`, one for each leaf, in the structure of the chosen arguments."""
        return [tree.rebuilt(self.args[i], values) for i in self.positions]


def returned(value: Any, wrapped: bool, recorded: bool) -> Any:
    """`value` as an array, as a Variable without history, or as the Variable that it is."""
    value = dense(value)
    if isinstance(value, Node):
        if recorded:
            return value
        value = np.array(value._data)
    elif isinstance(value, np.ndarray | np.generic | float | int):
        value = np.asarray(value)
    else:
        return value
    if not wrapped:
        return value
    # Without history though Variables came in: recording is switched off.
    return lost_leaf(value, NO_GRAD) if value.dtype.kind == "f" else Variable(value)


def differentiable_outputs(f: Any, value: Any) -> list[Any]:
    """The Variables among what a function returned, nested perhaps.

    Raises
    ------
    NonDifferentiableError
        If there is none of floats: with what came back, and what to return.
    """
    found = [y for _, y in tree.flatten(value) if isinstance(y, Node)]
    if not any(y._data.dtype.kind == "f" for y in found):
        raise NonDifferentiableError(f"the derivative of {name_of(f)}: {nothing_in(value)}")
    return found


def nothing_in(value: Any) -> str:
    """What came back instead of a Variable of floats, and what to return."""
    if value is None:
        return (
            "it returned None, which is not differentiable: end it with `return` and the Variable "
            "that it computes"
        )
    return (
        f"it returned {kind_of(value)}, which is not differentiable: it must return a Variable (or "
        "a tuple, list or dict of them) made of its arguments by ops; `.data` and `float()` leave "
        "the graph"
    )


def kind_of(value: Any) -> str:
    """How messages call a value: ``an array of int64``."""
    if isinstance(value, Node | np.ndarray):
        data = value._data if isinstance(value, Node) else value
        return f"{'a Variable' if isinstance(value, Node) else 'an array'} of {data.dtype}"
    return f"a {type(value).__name__}"


def name_of(f: Any) -> str:
    """How messages call a function."""
    name = getattr(f, "__name__", type(f).__name__)
    return "f" if name == "<lambda>" else str(name)


def seed_of(y: Node, seed: Any) -> Any:
    """`seed` as a gradient of `y`: of its dtype, its shape checked."""
    data: Any = seed
    if not isinstance(seed, Node):
        data = plain_array(seed, "the gradient of a value").astype(y._data.dtype, copy=False)
    if data.shape != y._data.shape:
        raise ShapeError(f"a gradient of shape {data.shape} for a value of shape {y._data.shape}")
    return data[()] if isinstance(data, np.ndarray) else data


def differentiable(args: Sequence[Any]) -> list[int]:
    """Which arguments are differentiated where nobody says so: those of real numbers.

    Python's integers may be axes or counts; they are numbers only where nothing else is.
    """
    values = [[value for _, value in tree.flatten(arg)] for arg in args]
    found = [i for i, parts in enumerate(values) if parts and all(map(is_float, parts))]
    return found or [i for i, parts in enumerate(values) if parts and all(map(is_number, parts))]


def is_float(value: Any) -> bool:
    """Whether `value` is of floating-point numbers."""
    if isinstance(value, Node):
        return bool(value._data.dtype.kind == "f")
    if isinstance(value, np.ndarray | np.generic):
        return value.dtype.kind == "f"
    return isinstance(value, float) or (
        isinstance(value, list) and bool(value) and np.asarray(value).dtype.kind == "f"
    )


def is_number(value: Any) -> bool:
    """Whether `value` is one of Python's integers or a list of them."""
    return (isinstance(value, int) and not isinstance(value, bool)) or (
        isinstance(value, list) and bool(value) and np.asarray(value).dtype.kind == "i"
    )
