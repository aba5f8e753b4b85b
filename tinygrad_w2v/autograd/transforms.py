"""Functions in, their derivatives as functions out: `grad`, `vjp`, `jacobian` and the rest.

Every transform runs ``f`` once on fresh leaves and walks the graph that it leaves. Transforms
nest: called with arrays they return arrays, called with Variables they record what they do and
return Variables, so that ``grad(grad(f))`` is the second derivative.

How nesting stays right: the fresh leaf of an inner transform is linked to the Variable it was
made of by an op that moves nothing. While the inner transform works the link is cut, so that its
walk ends there (``f`` may use the outer Variable, too, and the two are not confused); then the
link is put back, and the outer walk passes through.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import NonDifferentiableError, NonScalarError, ShapeError
from tinygrad_w2v.autograd import tree
from tinygrad_w2v.autograd.backward import consumers_first, gradients
from tinygrad_w2v.autograd.modes import enable_grad, modes
from tinygrad_w2v.autograd.node import Node
from tinygrad_w2v.autograd.rows import densify
from tinygrad_w2v.autograd.shaping import Reshape
from tinygrad_w2v.autograd.variable import Variable

Argnums = int | Sequence[int]


# ---------------------------------------------------------------------- running f on fresh leaves
class _Tracing(threading.local):
    """The leaves of the transforms that are at work in this thread."""

    def __init__(self) -> None:
        self.leaves: list[Node] = []


_tracing = _Tracing()


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
    known = len(_tracing.leaves)
    _tracing.leaves += leaves
    try:
        with enable_grad(), cut_off(leaves):
            yield
    finally:
        del _tracing.leaves[known:]


def _is_traced(outputs: list[Variable]) -> bool:
    """Whether `outputs` depend on the leaves of an outer transform."""
    if not _tracing.leaves:
        return False
    outer = set(map(id, _tracing.leaves))
    functions = consumers_first([y.creator for y in outputs if y.creator is not None])
    found = [*outputs, *(x for function in functions for x in function.inputs or ())]
    return any(id(x) in outer for x in found)


def _leaf(value: Any, where: str) -> Variable:
    """A fresh Variable on `value`; linked to it if that is a Variable."""
    if isinstance(value, Node):
        x: Any = densify(value)
        # Its own array object: an op knows its inputs again by the identity of their arrays.
        leaf: Variable = Reshape(x._data.shape)(x)
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


class _Run:
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
        self.outputs = [y for _, y in tree.flatten(self.value) if isinstance(y, Node)]
        # Which kind goes out: Variables if any came in, or if an outer transform waits for them.
        self.wrapped = any(isinstance(x, Node) for _, x in tree.flatten(tuple(args)))
        self.wrapped = self.wrapped or _is_traced(self.outputs)  # type: ignore[arg-type]
        self.recorded = self.wrapped and recording

    def pull(self, seeds: list[Any], record: bool | None = None) -> list[Any]:
        """The gradient for each leaf, given one seed for each output; zeros where there is none."""
        record = self.recorded if record is None else record
        sums: list[Any] = [None] * len(self.leaves)
        with enable_grad(), cut_off(self.leaves):
            for y, seed in zip(self.outputs, seeds, strict=True):
                found = gradients(y, seed, record)
                for i, leaf in enumerate(self.leaves):
                    g = densify(found.get(leaf))
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
    value = densify(value)
    if isinstance(value, Node):
        if recorded:
            return value
        value = np.array(value._data)
    elif isinstance(value, np.ndarray | np.generic | float | int):
        value = np.asarray(value)
    else:
        return value
    return Variable(value) if wrapped else value


def name_of(f: Any) -> str:
    """How messages call a function."""
    name = getattr(f, "__name__", type(f).__name__)
    return "f" if name == "<lambda>" else str(name)


def _positions(argnums: Argnums, args: Sequence[Any], f: Any) -> list[int]:
    numbers = [argnums] if isinstance(argnums, int) else list(argnums)
    for i in numbers:
        if not -len(args) <= i < len(args):
            raise IndexError(f"argnums names argument {i} of {name_of(f)}, which got {len(args)}")
    return [i % len(args) for i in numbers]


def _seed_of(y: Node, seed: Any) -> Any:
    """`seed` as a gradient of `y`: of its dtype, its shape checked."""
    data: Any = seed if isinstance(seed, Node) else np.asarray(seed, y._data.dtype)
    if data.shape != y._data.shape:
        raise ShapeError(f"a gradient of shape {data.shape} for a value of shape {y._data.shape}")
    return data[()] if isinstance(data, np.ndarray) else data


def _inner(values: list[Any], others: list[Any]) -> Any:
    """The sum of the products of two lists of arrays, as a Variable; None if there is nothing."""
    total = None
    for value, other in zip(values, others, strict=True):
        part = (value * other).sum()
        total = part if total is None else total + part
    return total


# ---------------------------------------------------------------------- the transforms
def value_and_grad(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """Make a function that returns ``(f(*args), gradient)``; see `grad`.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> value, slope = tw.value_and_grad(lambda x: x**3)(2.0)
    >>> float(value), float(slope)
    (8.0, 12.0)
    """

    def value_and_gradient(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        run = _Run(f, args, kwargs, _positions(argnums, args, f))
        y = run.value
        if not tree.is_value(y) or np.size(y) != 1:
            shape = f"shape {np.shape(y)}" if tree.is_value(y) else f"type {type(y).__name__}"
            raise NonScalarError(
                f"grad of {name_of(f)}, which returned a value of {shape}: return one number, for "
                "example with `.sum()`, or use `tw.jacobian` or `tw.vjp`"
            )
        seeds = [np.ones_like(y._data)[()] for y in run.outputs]
        found = run.like_args(run.out(g) for g in run.pull(seeds))
        return run.out(y), found[0] if isinstance(argnums, int) else tuple(found)

    return value_and_gradient


def grad(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """Make the function that returns the gradient of a scalar-valued ``f``.

    Parameters
    ----------
    f : callable
        Takes Variables where the chosen arguments stand, returns one number.
    argnums : int or sequence of int
        Which arguments to differentiate by; a sequence gives a tuple of gradients. An argument
        may be an array, a number, or tuples, lists and dicts of them; its gradient has the same
        structure. Row gradients are made dense.

    Returns
    -------
    callable
        Takes what `f` takes. Arrays in, arrays out; if a Variable is among the arguments,
        Variables out, which can be differentiated further. Variables that `f` merely closes over
        are constants, unless a transform around this one differentiates by them.

    Raises
    ------
    NonScalarError
        When `f` returns more than one element.
    NonDifferentiableError
        When a chosen argument is not of real numbers.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> cube = lambda x: x**3
    >>> float(tw.grad(cube)(2.0)), float(tw.grad(tw.grad(cube))(2.0))
    (12.0, 12.0)
    """
    both = value_and_grad(f, argnums)

    def gradient(*args: Any, **kwargs: Any) -> Any:
        return both(*args, **kwargs)[1]

    return gradient


def vjp(f: Callable[..., Any], *args: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """Vector-Jacobian product: the value of ``f`` and the function that pulls gradients back.

    Returns
    -------
    value
        ``f(*args)``.
    pull : callable
        ``pull(g)``, where `g` is shaped (and nested) as `value`, is the tuple of ``g @ J``, one
        for each argument; None for an argument that has no derivative (integers). It may be
        called many times.

    Raises
    ------
    ShapeError
        From ``pull``, when `g` does not have the shape of `value`.

    Examples
    --------
    >>> import numpy as np
    >>> import tinygrad_w2v as tw
    >>> value, pull = tw.vjp(lambda x, y: x * y, np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    >>> pull(np.array([1.0, 10.0]))
    (array([ 3., 40.]), array([ 1., 20.]))
    """
    positions = differentiable(args)
    run = _Run(f, args, {}, positions)
    is_output = [isinstance(y, Node) for _, y in tree.flatten(run.value)]

    def pull(g: Any) -> tuple[Any, ...]:
        given = [part for _, part in tree.flatten(g)]
        if len(given) != len(is_output):
            raise ShapeError(f"{len(given)} gradients for {len(is_output)} values of {name_of(f)}")
        used = [part for part, counts in zip(given, is_output, strict=True) if counts]
        seeds = [_seed_of(y, part) for y, part in zip(run.outputs, used, strict=True)]
        wrapped = run.wrapped or any(isinstance(seed, Node) for seed in seeds)
        recorded = wrapped and modes.recording
        values = (returned(part, wrapped, recorded) for part in run.pull(seeds, recorded))
        found = dict(zip(positions, run.like_args(values), strict=True))
        return tuple(found.get(i) for i in range(len(args)))

    return tree.mapped(run.out, run.value), pull


def jvp(f: Callable[..., Any], args: Any, tangents: Any) -> tuple[Any, Any]:
    """Jacobian-vector product: the value of ``f``, and its change along `tangents`.

    The reverse mode is enough for it: ``u -> u @ J`` is linear in ``u``, so its own vector-Jacobian
    product with `tangents` is ``J @ tangents`` (J. Townsend, "A new trick for calculating Jacobian
    vector products", 2017).

    Parameters
    ----------
    f : callable
    args, tangents : tuple
        The arguments, and a direction for each of its shape and structure (None for one that does
        not move). Of a single argument the tuple may be left out.

    Returns
    -------
    value, tangent
        ``f(*args)`` and ``J @ tangents``, shaped (and nested) alike.

    Raises
    ------
    ShapeError
        When a tangent does not have the shape of its argument.

    Examples
    --------
    >>> import numpy as np
    >>> import tinygrad_w2v as tw
    >>> tw.jvp(np.square, (np.array([1.0, 2.0]),), (np.array([1.0, 10.0]),))
    (array([1., 4.]), array([ 2., 40.]))
    """
    args, tangents = _as_arguments(args), _as_arguments(tangents)
    if len(args) != len(tangents):
        raise ShapeError(f"jvp: {len(tangents)} tangents for {len(args)} arguments")
    positions = [i for i, tangent in enumerate(tangents) if tangent is not None]
    run = _Run(f, args, {}, positions)
    directions = [
        _seed_of(leaf, part)
        for leaf, part in zip(
            run.leaves,
            [part for i in positions for _, part in tree.flatten(tangents[i])],
            strict=True,
        )
    ]
    wrapped = run.wrapped or any(isinstance(part, Node) for part in directions)
    recorded = wrapped and modes.recording
    changes = iter(_changes(run, directions, recorded))

    def change(y: Any) -> Any:
        return returned(
            next(changes) if isinstance(y, Node) else np.zeros_like(y), wrapped, recorded
        )

    return tree.mapped(run.out, run.value), tree.mapped(change, run.value)


def _changes(run: _Run, directions: list[Any], recorded: bool) -> list[Any]:
    """``J @ directions`` for each output."""
    with tracing(run.leaves):
        weights = [Variable(np.zeros_like(y._data)) for y in run.outputs]
        total = _inner(run.pull(weights, record=True), directions)
        if not isinstance(total, Node):
            return [weight._data for weight in weights]
        found = gradients(total, np.ones_like(total._data)[()], recorded)
    return [found.get(weight, weight._data) for weight in weights]


def jacobian(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """Make the function that returns the Jacobian of ``f``: ``(*output.shape, *input.shape)``.

    One backward walk for each element of the output. Of a function with nested outputs (or a
    sequence of `argnums`) the result is nested: outputs outside, arguments inside.

    Examples
    --------
    >>> import numpy as np
    >>> import tinygrad_w2v as tw
    >>> tw.jacobian(np.square)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """

    def jacobian_of(*args: Any, **kwargs: Any) -> Any:
        run = _Run(f, args, kwargs, _positions(argnums, args, f))
        number = iter(range(len(run.outputs)))

        def rows_of(y: Any) -> Any:
            rows = _rows(run, next(number)) if isinstance(y, Node) else _no_rows(run, np.shape(y))
            found = run.like_args(map(run.out, rows))
            return found[0] if isinstance(argnums, int) else tuple(found)

        return tree.mapped(rows_of, run.value)

    return jacobian_of


def _rows(run: _Run, number: int) -> list[Any]:
    """The Jacobian of output `number` by each leaf."""
    y = run.outputs[number]._data
    pulled = []
    for i in range(y.size):
        seeds = [np.zeros_like(output._data)[()] for output in run.outputs]
        one = np.zeros(y.shape, y.dtype)
        one.reshape(-1)[i] = 1
        seeds[number] = one[()]
        pulled.append(run.pull(seeds))
    if not pulled:
        return _no_rows(run, y.shape)
    found = []
    for leaf, column in zip(run.leaves, zip(*pulled, strict=True), strict=True):
        stacked = np.stack(column) if run.recorded else np.stack([np.asarray(g) for g in column])
        found.append(np.reshape(stacked, (*y.shape, *leaf.shape)))
    return found


def _no_rows(run: _Run, shape: tuple[int, ...]) -> list[Any]:
    return [np.zeros((*shape, *leaf.shape), leaf.dtype) for leaf in run.leaves]


def hessian(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """Make the function that returns the second derivatives: ``(*input.shape, *input.shape)``.

    For a sequence of `argnums` a tuple of tuples: entry ``[i][j]`` belongs to arguments i and j.

    Examples
    --------
    >>> import numpy as np
    >>> import tinygrad_w2v as tw
    >>> tw.hessian(lambda x: (x**3).sum())(np.array([1.0, 2.0]))
    array([[ 6.,  0.],
           [ 0., 12.]])
    """
    return jacobian(grad(f, argnums), argnums)


def hvp(f: Callable[..., Any], args: Any = None, vectors: Any = None) -> Any:
    """Hessian-vector product of a scalar-valued ``f``, without the Hessian.

    ``hvp(f, args, vectors)`` is the change of the gradient along `vectors`. ``hvp(f)`` makes the
    function ``(*args, vectors) -> product``.

    Parameters
    ----------
    f : callable
    args, vectors : tuple
        The arguments, and a direction for each of its shape. Of a single argument the tuple may
        be left out.

    Returns
    -------
    array, tuple of arrays, or callable
        The product, of the argument's shape; a tuple where there are several arguments.

    Examples
    --------
    >>> import numpy as np
    >>> import tinygrad_w2v as tw
    >>> cubes = lambda x: (x**3).sum()
    >>> tw.hvp(cubes, np.array([1.0, 2.0]), np.array([1.0, 10.0]))
    array([  6., 120.])
    >>> tw.hvp(cubes)(np.array([1.0, 2.0]), np.array([1.0, 10.0]))
    array([  6., 120.])
    """
    if args is None:
        return lambda *args_and_vectors: hvp(f, args_and_vectors[:-1], args_and_vectors[-1])
    args, vectors = _as_arguments(args), _as_arguments(vectors)
    single = len(args) == 1
    return jvp(grad(f, 0 if single else tuple(range(len(args)))), args, vectors)[1]


def _as_arguments(args: Any) -> tuple[Any, ...]:
    """`args` as a tuple of arguments; a single one may come without its tuple."""
    return tuple(args) if isinstance(args, tuple | list) and not tree.is_value(args) else (args,)


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
