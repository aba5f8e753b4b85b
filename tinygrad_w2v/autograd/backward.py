"""Reverse-mode differentiation: one walk from the result to the leaves.

Every op is met once, after all its readers, because an op is always older than its readers. The
gradients that are on their way live in a local dict and go when they are used, so nothing is
left on the graph. What every rule would have to repeat is done here: broadcasting is undone,
shapes and dtypes are checked, row gradients are made dense before a rule sees them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from operator import attrgetter
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import NonDifferentiableError, NonScalarError, ShapeError
from tinygrad_w2v.autograd.constants import PYTHON_NUMBERS, plain_array
from tinygrad_w2v.autograd.debugging import missing, watching
from tinygrad_w2v.autograd.debugging.errors import backward_error, backward_place
from tinygrad_w2v.autograd.function import Function
from tinygrad_w2v.autograd.modes import enable_grad, modes
from tinygrad_w2v.autograd.node import GRADIENT, Node, is_duck_array, lost_leaf, made

ndarray = np.ndarray
_SCALARS = frozenset((np.float64, np.float32))
_by_order = attrgetter("order")
_CONCRETE = (ndarray, np.generic)
_DENSE = _SCALARS | {ndarray, tuple}


def consumers_first(roots: list[Function]) -> list[Function]:
    """All ops that `roots` depend on, each once, every op before those that it reads from.

    Parameters
    ----------
    roots : list of Function
        The ops whose results are differentiated (or drawn, or compiled).
    """
    functions = set(roots)
    waiting = list(functions)
    while waiting:
        for x in waiting.pop().inputs:
            if isinstance(x, Node):
                creator = x.creator
                if creator is not None and creator not in functions:
                    functions.add(creator)
                    waiting.append(creator)
    return sorted(functions, key=_by_order, reverse=True)


def ops_behind(outputs: Iterable[Node]) -> list[Function]:
    """All ops that some values were computed by, every op before those that it reads from."""
    return consumers_first([y.creator for y in outputs if y.creator is not None])


class Parts(tuple[Any, ...]):
    """What an op's rule gave each input; `summed` are the axes of it that were broadcast.

    They are those of what the rule returned, by the input's position; an input that was not
    broadcast has none.
    """

    summed: Mapping[int, tuple[int, ...]]


def gradients(
    root: Node,
    seed: Any,
    create_graph: bool = False,
    kept: dict[Node, Any] | None = None,
    parts: dict[Function, Parts] | None = None,
) -> dict[Node, Any]:
    """The gradient of `root` for each leaf; nothing on the graph is written.

    Parameters
    ----------
    root : Variable
        What is differentiated.
    seed : array or Variable
        The gradient of `root` itself, of `root`'s shape.
    create_graph : bool
        Run the rules on Variables, so that the result can be differentiated again.
    kept : dict, optional
        Is given the gradients of all Variables on the way, too.
    parts : dict, optional
        Is given what each op's rule returned, one part for each input (None for none), in the
        shape and dtype of that input, as `Parts`. A Variable's gradient is the sum of its parts.

    Returns
    -------
    dict
        Leaf to array, `RowGrad` or (with `create_graph`) Variable. The arrays are not shared.
    """
    pull: Callable[..., Any] = _pull_recorded if create_graph else _pull
    if parts is not None:
        pull = partial(_pull_noted, pull, parts)
    if not create_graph:
        return _walk(root, seed, pull, kept)
    with enable_grad():
        return _walk(root, seed, pull, kept)


def _walk(
    root: Node, seed: Any, pull: Callable[..., Any], kept: dict[Node, Any] | None
) -> dict[Node, Any]:
    arriving: dict[Any, Any] = {_key(root): seed}  # the sum of the gradients that came so far
    owned: set[Any] = set()  # keys whose sum is an array of ours, which may be added to in place
    functions = consumers_first([root.creator]) if root.creator is not None else []
    holders = _variables_by_key(root, functions) if kept is not None else {}
    if modes.debugging:
        pull = partial(watching.backward, pull)
    for function in functions:
        g = arriving.pop(function, None)
        if function.arity > 1:
            g = _gradients_of_outputs(function, g, arriving)
        if g is None:
            continue
        if kept is not None:
            for index, part in enumerate(g if function.arity > 1 else (g,)):
                for x in holders.get((function, index) if index else function, {}).values():
                    kept[x] = _private(dense(part))
        parts = pull(function, g)
        for x, part in zip(function.inputs, parts):  # noqa: B905 (pull has compared the lengths)
            if part is None or not isinstance(x, Node):
                continue
            data = x._data
            kind = type(part)
            if kind not in _SCALARS or kind is not type(data):  # a scalar fits one of its kind
                if kind is not ndarray and kind in PYTHON_NUMBERS:
                    part = np.float64(part)
                if part.shape != data.shape or part.dtype is not data.dtype:
                    part = _fitted(function, data, part)
                    if part is None:
                        continue
            key: Any = x.creator
            if key is None:
                key = x
            elif x.index:
                key = (key, x.index)
            before = arriving.get(key)
            if before is None:
                arriving[key] = part
            elif type(before) is ndarray and key in owned and type(part) is ndarray:
                before += part
            else:
                total = arriving[key] = before + part
                if type(total) is ndarray:
                    owned.add(key)
    return {leaf: g if leaf in owned else _private(g) for leaf, g in arriving.items()}


def _key(x: Node) -> Any:
    """Under what gradients of `x` are collected: its creator (an output may be wrapped twice)."""
    if x.creator is None:
        return x
    return (x.creator, x.index) if x.index else x.creator


def _private(g: Any) -> Any:
    """A gradient that shares no memory with the graph or with another one."""
    return np.array(g) if isinstance(g, _CONCRETE) else g


def _variables_by_key(root: Node, functions: list[Function]) -> dict[Any, dict[int, Node]]:
    """The Variables on the way, by what their gradients are collected under."""
    holders: dict[Any, dict[int, Node]] = {}
    for x in (root, *(x for function in functions for x in function.inputs)):
        if isinstance(x, Node) and x.creator is not None:
            holders.setdefault(_key(x), {})[id(x)] = x
    return holders


def _gradients_of_outputs(
    function: Function, first: Any, arriving: dict[Any, Any]
) -> tuple[Any, ...] | None:
    """One gradient for each output; zeros for one that was dropped or not used."""
    gs = [first] + [arriving.pop((function, i), None) for i in range(1, function.arity)]
    if all(g is None for g in gs):
        return None
    outputs = zip(gs, function._outputs, strict=True)
    return tuple([np.zeros_like(y) if g is None else dense(g) for g, y in outputs])


# ---------------------------------------------------------------------- running one rule
def _pull(function: Function, g: Any) -> tuple[Any, ...]:
    """The gradients for the inputs of one op."""
    if type(g) not in _DENSE:
        g = dense(g)
    try:
        if type(g) is tuple and not function._one_gradient:
            parts = function.backward(*g)
        else:
            parts = function.backward(g)
    except Exception as error:
        raise backward_error(function, error) from error
    if type(parts) is not tuple:
        parts = tuple(parts) if type(parts) is list else (parts,)
    if len(parts) != len(function.inputs):
        raise ShapeError(
            f"backward of {function.label} returned {len(parts)} gradient(s) for "
            f"{len(function.inputs)} input(s): return one for each, None where there is none"
            + backward_place(function)
        )
    return parts


def _pull_recorded(function: Function, g: Any) -> tuple[Any, ...]:
    """`_pull` on Variables, so that the result can be differentiated again."""
    return _pull(function.over_variables(), g)


def _pull_noted(
    pull: Callable[..., Any],
    noted: dict[Function, Parts],
    function: Function,
    g: Any,
) -> tuple[Any, ...]:
    """`pull`, whose result is fitted to the inputs and noted."""
    parts: list[Any] = []
    summed = {}
    for i, (x, part) in enumerate(zip(function.inputs, pull(function, g), strict=True)):
        if part is None or not isinstance(x, Node):
            parts.append(None)
            continue
        part = np.float64(part) if type(part) in PYTHON_NUMBERS else part
        parts.append(_fitted(function, x._data, part))
        if parts[i] is not None and part.shape != x._data.shape:
            summed[i] = broadcast_axes(part.shape, x._data.shape)
    noted[function] = Parts(parts)
    noted[function].summed = summed
    return noted[function]


def dense(g: Any) -> Any:
    """`g` as an array, or as a Variable of one: a row gradient knows how to become it."""
    to_dense = getattr(type(g), "to_dense", None)
    return g if to_dense is None else to_dense(g)


def _fitted(function: Function, data: Any, part: Any) -> Any:
    """`part` in the shape and dtype of an input: broadcasting is undone here, for all ops."""
    if data.dtype.kind != "f":
        return None
    if part.shape != data.shape:
        large, small = part.shape, data.shape
        extra = len(large) - len(small)
        if extra < 0 or any(n not in (m, 1) for n, m in zip(small, large[extra:], strict=True)):
            raise ShapeError(
                f"backward of {function.label} returned a gradient of shape {large} for an input "
                f"of shape {small}" + backward_place(function)
            )
        axes = broadcast_axes(large, small)
        if type(part) is ndarray:
            part = np.add.reduce(part, axis=axes).reshape(small)
        else:
            part = np.reshape(np.sum(part, axis=axes), small)
    return part if part.dtype == data.dtype else part.astype(data.dtype)


def broadcast_axes(large: tuple[int, ...], small: tuple[int, ...]) -> tuple[int, ...]:
    """The axes of `large` along which an array of the shape `small` was broadcast to it."""
    extra = len(large) - len(small)
    return tuple([i for i, m in enumerate(large) if i < extra or small[i - extra] != m])


# ---------------------------------------------------------------------- gradients into `.grad`
def leave_gradients(root: Any, grad: Any, retain_grad: bool, create_graph: bool) -> None:
    """What `Variable.backward` does: add the gradients of `root` to ``.grad`` of its leaves."""
    seed = _seed(root, grad, create_graph)
    kept: dict[Node, Any] | None = {} if retain_grad else None
    if root.creator is not None and root.creator.site is not None and not modes.debugging:
        # It was recorded under `debug`, whose block has ended.
        for function in ops_behind([root]):
            watching.check_unwritten(function)
    leaves = gradients(root, seed, create_graph, kept)
    for leaf in leaves:
        if leaf._data.dtype.kind == "f" and not hasattr(leaf, "lost"):
            break
    else:
        missing.must_reach(root, leaves, ops_behind([root]))
    for node, g in kept.items() if kept else ():
        if node.creator is not None:
            node._grad = _as_grad(g, create_graph)
    for leaf, g in leaves.items():
        if leaf._data.dtype.kind == "f":
            before = leaf._grad
            if before is not None:
                g = before + g if create_graph else before.data + g
            leaf._grad = _as_grad(g, create_graph)


def _as_grad(g: Any, create_graph: bool) -> Any:
    if isinstance(g, Node):
        return g
    return made(g, None) if create_graph else lost_leaf(g, GRADIENT)


def _seed(root: Node, grad: Any, create_graph: bool) -> Any:
    """The gradient of `root` itself: what was given, checked, or 1."""
    data = root._data
    if data.dtype.kind != "f":
        raise NonDifferentiableError(
            f"backward of a Variable of shape {data.shape} and dtype {data.dtype}"
            f"{missing.made_by(root)}: gradients need floating-point data; make it with "
            f"`.astype(float)` or a list{missing.applied_at(root)}"
        )
    if grad is None:
        if data.shape and any(n != 1 for n in data.shape):
            raise NonScalarError(
                f"backward() of a value of shape {data.shape}{missing.made_by(root)}: give its "
                "gradient, `backward(grad)`, or reduce it to one number first, for example "
                f"with `.sum()`{missing.applied_at(root)}"
            )
        return type(data)(1) if isinstance(data, np.generic) else np.ones_like(data)
    seed = dense(grad._data if isinstance(grad, Node) and not create_graph else grad)
    if not isinstance(grad, Node) and not is_duck_array(seed):
        # A copy: rows of it may stay in a RowGrad, and its owner may change the original.
        seed = plain_array(seed, "backward: the gradient").copy()
    if seed.shape != data.shape:
        raise ShapeError(
            f"backward(grad) of a value of shape {data.shape}{missing.made_by(root)}: grad has "
            f"shape {seed.shape}; give one number for each element{missing.applied_at(root)}"
        )
    return seed if seed.dtype == data.dtype else seed.astype(data.dtype)
