"""Functions in, their derivatives as functions out: `grad`, `vjp`, `jacobian` and the rest.

Every transform runs ``f`` once on fresh leaves and walks the graph that it leaves. Transforms
nest: called with arrays they return arrays, called with Variables they record what they do and
return Variables, so that ``grad(grad(f))`` is the second derivative.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import NonScalarError, ShapeError
from tinygrad_w2v.autograd.backward import gradients
from tinygrad_w2v.autograd.node import Node
from tinygrad_w2v.autograd.transforms import tree
from tinygrad_w2v.autograd.transforms.recorded_call import (
    RecordedCall,
    differentiable,
    form_for,
    name_of,
    recording_from,
    seed_of,
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
        call = RecordedCall(f, args, kwargs, _positions(argnums, args, f))
        y = call.value
        if not isinstance(y, Node) or y._data.size != 1:
            shape = f"shape {y._data.shape}" if isinstance(y, Node) else f"type {type(y).__name__}"
            raise NonScalarError(
                f"grad of {name_of(f)}, which returned a value of {shape}: return one number, for "
                "example with `.sum()`, or use `tw.jacobian` or `tw.vjp`"
            )
        pulled = call.pull([np.ones_like(y._data)[()]], call.form.recorded)
        return call.form.of(y), _by_argument(argnums, call, map(call.form.of, pulled))

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
    call = RecordedCall(f, args, {}, positions)
    is_output = [isinstance(y, Node) for _, y in tree.flatten(call.value)]

    def pull(g: Any) -> tuple[Any, ...]:
        given = [part for _, part in tree.flatten(g)]
        if len(given) != len(is_output):
            raise ShapeError(f"{len(given)} gradients for {len(is_output)} values of {name_of(f)}")
        used = [part for part, counts in zip(given, is_output, strict=True) if counts]
        seeds = [seed_of(y, part) for y, part in zip(call.outputs, used, strict=True)]
        form = form_for(seeds, call.form.variables)
        values = map(form.of, call.pull(seeds, form.recorded))
        of_argument = dict(zip(positions, call.like_args(values), strict=True))
        return tuple(of_argument.get(i) for i in range(len(args)))

    return tree.mapped(call.form.of, call.value), pull


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
    call = RecordedCall(f, args, {}, positions)
    parts = [part for i in positions for _, part in tree.flatten(tangents[i])]
    directions = [seed_of(leaf, part) for leaf, part in zip(call.leaves, parts, strict=True)]
    form = form_for(directions, call.form.variables)
    with recording_from(call.leaves):
        weights = [Variable(np.zeros_like(y._data)) for y in call.outputs]
        products = zip(call.pull(weights, record=True), directions, strict=True)
        total = sum([(g * direction).sum() for g, direction in products])
        of_weight = {}
        if isinstance(total, Node):
            of_weight = gradients(total, np.ones_like(total._data)[()], form.recorded)
    changes = iter([of_weight.get(weight, weight._data) for weight in weights])

    def change(y: Any) -> Any:
        return form.of(next(changes) if isinstance(y, Node) else np.zeros_like(y))

    return tree.mapped(call.form.of, call.value), tree.mapped(change, call.value)


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
        call = RecordedCall(f, args, kwargs, _positions(argnums, args, f))
        numbers = iter(range(len(call.outputs)))

        def rows_of(y: Any) -> Any:
            rows = _rows(call, next(numbers) if isinstance(y, Node) else None, np.shape(y))
            return _by_argument(argnums, call, map(call.form.of, rows))

        return tree.mapped(rows_of, call.value)

    return jacobian_of


def _rows(call: RecordedCall, number: int | None, shape: tuple[int, ...]) -> list[Any]:
    """The Jacobian by each leaf of output `number`, of `shape`; zeros of what is no Variable."""
    pulled = []
    for i in range(0 if number is None else int(np.prod(shape))):
        seeds = [np.zeros(y._data.shape, y._data.dtype) for y in call.outputs]
        seeds[number or 0].reshape(-1)[i] = 1
        pulled.append(call.pull([seed[()] for seed in seeds], call.form.recorded))
    if not pulled:
        return [np.zeros((*shape, *leaf.shape), leaf.dtype) for leaf in call.leaves]
    one = (lambda g: g) if call.form.recorded else np.asarray
    return [
        np.reshape(np.stack([one(g) for g in column]), (*shape, *leaf.shape))
        for leaf, column in zip(call.leaves, zip(*pulled, strict=True), strict=True)
    ]


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


def _by_argument(argnums: Argnums, call: RecordedCall, values: Iterator[Any]) -> Any:
    """`values`, one for each leaf, as `argnums` asks: those of one argument, or a tuple."""
    parts = call.like_args(values)
    return parts[0] if isinstance(argnums, int) else tuple(parts)
