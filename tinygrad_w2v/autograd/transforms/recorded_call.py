"""Calling a function on fresh leaves, so that its derivatives can be taken: what transforms share.

How nesting stays right: the fresh leaf of an inner transform is linked to the Variable it was
made of by an op that moves nothing. While the inner transform works the link is cut, so that its
walk ends there (``f`` may use the outer Variable, too, and the two are not confused); then the
link is put back, and the outer walk passes through.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from tinygrad_w2v._base.errors import NonDifferentiableError, ShapeError
from tinygrad_w2v.autograd.backward import dense, gradients
from tinygrad_w2v.autograd.constants import plain_array
from tinygrad_w2v.autograd.debugging.leaving import at_work, depends_on, watching
from tinygrad_w2v.autograd.modes import enable_grad, modes
from tinygrad_w2v.autograd.node import NO_GRAD, Node, lost_leaf
from tinygrad_w2v.autograd.transforms import tree
from tinygrad_w2v.autograd.variable import Variable


class Form(NamedTuple):
    """The form of results: Variables if any came in, and with their graph if one is recorded."""

    variables: bool
    recorded: bool

    def of(self, value: Any) -> Any:
        """`value` as an array, as a Variable without a graph, or as the Variable that it is."""
        value = dense(value)
        if isinstance(value, Node):
            if self.recorded:
                return value
            value = np.array(value._data)
        elif isinstance(value, np.ndarray | np.generic | float | int):
            value = np.asarray(value)
        else:
            return value
        if not self.variables:
            return value
        return lost_leaf(value, NO_GRAD) if value.dtype.kind == "f" else Variable(value)


def form_for(values: Iterable[Any], variables: bool = False) -> Form:
    """The form of results of `values`; `variables` asks for Variables in any case."""
    variables = variables or any(isinstance(x, Node) for x in values)
    return Form(variables, variables and modes.recording)


class RecordedCall:
    """One call of ``f``: what came out, and the leaves that the chosen arguments became.

    Attributes
    ----------
    value
        What `f` returned.
    outputs, leaves : list of Variable
        Those in `value`, and those on the values in the chosen arguments.
    form : Form
        Of what the transform returns.
    """

    def __init__(
        self,
        f: Callable[..., Any],
        args: Sequence[Any],
        kwargs: dict[str, Any],
        positions: Sequence[int],
    ) -> None:
        self.args, self.positions = args, positions
        self.leaves: list[Variable] = []
        given = list(args)
        for i in positions:
            where = f"argument {i} of {name_of(f)}"
            leaves = [_leaf(value, where + path) for path, value in tree.flatten(args[i])]
            given[i] = tree.rebuilt(args[i], iter(leaves))
            self.leaves += leaves
        self.form = form_for(x for _, x in tree.flatten(tuple(args)))
        with recording_from(self.leaves):
            self.value = f(*given, **kwargs)
            self.outputs = [y for _, y in tree.flatten(self.value) if isinstance(y, Node)]
            if not any(y._data.dtype.kind == "f" for y in self.outputs):
                what = f"the derivative of {name_of(f)}: {nothing_in(self.value)}"
                raise NonDifferentiableError(what)
        outer = at_work()
        if outer is not None and depends_on(self.outputs, outer.leaves):
            self.form = form_for((), variables=True)  # the outer transform waits for Variables

    def pull(self, seeds: Sequence[Any], record: bool) -> list[Any]:
        """The gradient for each leaf, given one seed for each output; zeros where there is none."""
        with enable_grad(), cut_off(self.leaves):
            sums = pulled(self.outputs, seeds, self.leaves, record)
        return [
            np.zeros_like(leaf._data) if g is None else g
            for leaf, g in zip(self.leaves, sums, strict=True)
        ]

    def like_args(self, values: Iterator[Any]) -> list[Any]:
        """`values`, one for each leaf, in the structure of the chosen arguments."""
        return [tree.rebuilt(self.args[i], values) for i in self.positions]


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


@contextmanager
def recording_from(leaves: list[Variable]) -> Iterator[None]:
    """Record, and let transforms inside know that what depends on `leaves` is differentiated."""
    with watching(leaves), enable_grad(), cut_off(leaves):
        yield


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


def pulled(
    outputs: Sequence[Any], seeds: Sequence[Any], leaves: Sequence[Any], create_graph: bool = False
) -> list[Any]:
    """The sum over the outputs of the gradients for each leaf, dense; None where there is none."""
    sums: list[Any] = [None] * len(leaves)
    for y, seed in zip(outputs, seeds, strict=True):
        of_leaf = gradients(y, seed, create_graph)
        for i, leaf in enumerate(leaves):
            g = dense(of_leaf.get(leaf))
            if g is not None:
                sums[i] = g if sums[i] is None else sums[i] + g
    return sums


def seed_of(y: Node, seed: Any) -> Any:
    """`seed` as a gradient of `y`: of its dtype, its shape checked."""
    data: Any = seed
    if not isinstance(seed, Node):
        data = plain_array(seed, "the gradient of a value").astype(y._data.dtype, copy=False)
    if data.shape != y._data.shape:
        raise ShapeError(f"a gradient of shape {data.shape} for a value of shape {y._data.shape}")
    return data[()] if isinstance(data, np.ndarray) else data


# ---------------------------------------------------------------------- which arguments, in words
def differentiable(args: Sequence[Any]) -> list[int]:
    """Which arguments are differentiated where nobody says so: those of real numbers.

    Python's integers may be axes or counts; they are numbers only where nothing else is.
    """
    kinds = [{number_kind(value) for _, value in tree.flatten(arg)} for arg in args]
    floats = [i for i, kind in enumerate(kinds) if kind == {"f"}]
    return floats or [i for i, kind in enumerate(kinds) if kind == {"i"}]


def number_kind(value: Any) -> str:
    """``"f"`` for floating-point numbers, ``"i"`` for Python's integers; lists of them, too."""
    if isinstance(value, Node | np.ndarray | np.generic):
        dtype = value._data.dtype if isinstance(value, Node) else value.dtype
        return "f" if dtype.kind == "f" else ""
    if isinstance(value, int):
        return "" if isinstance(value, bool) else "i"
    if isinstance(value, float):
        return "f"
    return np.asarray(value).dtype.kind if isinstance(value, list) and value else ""


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
    if isinstance(value, Node):
        return f"a Variable of {value._data.dtype}"
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype}"
    return f"a {type(value).__name__}"


def name_of(f: Any) -> str:
    """How messages call a function."""
    name = getattr(f, "__name__", type(f).__name__)
    return "f" if name == "<lambda>" else str(name)
