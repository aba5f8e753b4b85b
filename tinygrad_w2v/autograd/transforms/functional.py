"""Functions in, their derivatives as functions out: `grad`, `vjp`, `jacobian` and the rest.

Every transform runs ``f`` once on fresh leaves and walks the graph that it leaves. Transforms
nest: called with arrays they return arrays, called with Variables they record what they do and
return Variables, so that ``grad(grad(f))`` is the second derivative.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import NonScalarError, ShapeError
from tinygrad_w2v.autograd.backward import gradients
from tinygrad_w2v.autograd.modes import modes
from tinygrad_w2v.autograd.node import Node
from tinygrad_w2v.autograd.transforms import tree
from tinygrad_w2v.autograd.transforms.recorded_call import (
    Run,
    differentiable,
    name_of,
    returned,
    seed_of,
    tracing,
)
from tinygrad_w2v.autograd.variable import Variable

Argnums = int | Sequence[int]


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
        run = Run(f, args, kwargs, _positions(argnums, args, f))
        y = run.value
        if not isinstance(y, Node) or y._data.size != 1:
            shape = f"shape {y._data.shape}" if isinstance(y, Node) else f"type {type(y).__name__}"
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
    run = Run(f, args, {}, positions)
    is_output = [isinstance(y, Node) for _, y in tree.flatten(run.value)]

    def pull(g: Any) -> tuple[Any, ...]:
        given = [part for _, part in tree.flatten(g)]
        if len(given) != len(is_output):
            raise ShapeError(f"{len(given)} gradients for {len(is_output)} values of {name_of(f)}")
        used = [part for part, counts in zip(given, is_output, strict=True) if counts]
        seeds = [seed_of(y, part) for y, part in zip(run.outputs, used, strict=True)]
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
    run = Run(f, args, {}, positions)
    directions = [
        seed_of(leaf, part)
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


def _changes(run: Run, directions: list[Any], recorded: bool) -> list[Any]:
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
        run = Run(f, args, kwargs, _positions(argnums, args, f))
        number = iter(range(len(run.outputs)))

        def rows_of(y: Any) -> Any:
            rows = _rows(run, next(number)) if isinstance(y, Node) else _no_rows(run, np.shape(y))
            found = run.like_args(map(run.out, rows))
            return found[0] if isinstance(argnums, int) else tuple(found)

        return tree.mapped(rows_of, run.value)

    return jacobian_of


def _rows(run: Run, number: int) -> list[Any]:
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


def _no_rows(run: Run, shape: tuple[int, ...]) -> list[Any]:
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


def _positions(argnums: Argnums, args: Sequence[Any], f: Any) -> list[int]:
    numbers = [argnums] if isinstance(argnums, int) else list(argnums)
    for i in numbers:
        if not -len(args) <= i < len(args):
            raise IndexError(f"argnums names argument {i} of {name_of(f)}, which got {len(args)}")
    return [i % len(args) for i in numbers]


def _inner(values: list[Any], others: list[Any]) -> Any:
    """The sum of the products of two lists of arrays, as a Variable; None if there is nothing."""
    total = None
    for value, other in zip(values, others, strict=True):
        part = (value * other).sum()
        total = part if total is None else total + part
    return total
