"""What a gradient check looks at: arrays that may be varied, and the outputs they lead to.

There are three kinds: the arguments of a function, the parameters of a Module, and, for the
second order, the gradients of either, which are a function of the same arrays and of the weights
of the outputs.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import GradientError, InputError, NonDifferentiableError
from tinygrad_w2v._base.types import FloatArray, Shape
from tinygrad_w2v.autograd.backward import dense, ops_behind
from tinygrad_w2v.autograd.node import Node
from tinygrad_w2v.autograd.rowgrad import RowGrad
from tinygrad_w2v.autograd.transforms import tree
from tinygrad_w2v.autograd.transforms.recorded_call import (
    kind_of,
    name_of,
    nothing_in,
    number_kind,
    pulled,
    recording_from,
)
from tinygrad_w2v.autograd.variable import Variable
from tinygrad_w2v.checking.measurement import output_name


class NothingToCheckError(GradientError, NonDifferentiableError):
    """A gradient check in which nothing could be compared."""


class Checkable:
    """A function of arrays, with names for them.

    Attributes
    ----------
    name : str
        What messages call the function.
    names, values : list
        The arrays that are varied, as float64, and what messages call them.
    seeds : mapping
        Which of the arrays are the gradients of outputs: of which output, and of how many.
    """

    name: str
    names: list[str]
    values: list[FloatArray]
    seeds: Mapping[int, tuple[int, int]] = {}

    def labelled_rows(self, number: int) -> tuple[Shape, Sequence[int] | None]:
        """The shape of what labels name, and which of its rows the array holds, if not all."""
        return self.values[number].shape, None

    def leaves(self, arrays: Sequence[FloatArray]) -> list[Any]:
        """Leaves on `arrays`, one for each of `values`."""
        return [Variable(array) for array in arrays]

    def outputs(self, leaves: list[Any]) -> list[Variable]:
        """The Variables that the function makes of the leaves."""
        raise NotImplementedError

    def read(self, number: int, gradient: Any) -> FloatArray:
        """The gradient of a leaf as one of ``values[number]``."""
        return np.asarray(gradient)

    def evaluate(self, arrays: Sequence[FloatArray]) -> list[FloatArray]:
        """The outputs' arrays."""
        leaves = self.leaves([frozen(array) for array in arrays])
        with np.errstate(all="ignore"), recording_from(leaves):
            return [np.asarray(y._data) for y in self.outputs(leaves)]

    @contextmanager
    def prepared(self) -> Iterator[None]:
        """Bring everything into the state that a check needs, and back."""
        yield


def frozen(array: FloatArray) -> FloatArray:
    """A read-only view: a rule that writes into it fails."""
    view = array.view()
    view.flags.writeable = False
    return view


def _variables_in(value: Any, f: Any) -> list[Variable]:
    """The Variables among what `f` returned, row gradients made dense."""
    parts = [y for _, y in tree.flatten(value)]
    variables = [y for y in parts if isinstance(y, Node) and y._data.dtype.kind == "f"]
    if not variables:
        raise NothingToCheckError(f"check_grads of {name_of(f)}: {nothing_in(value)}")
    return [dense(y) for y in variables]


# ---------------------------------------------------------------------- the arguments of a function
class Arguments(Checkable):
    """The floating-point arguments of a function, nested ones too; others are left alone."""

    def __init__(self, f: Callable[..., Any], args: Sequence[Any]) -> None:
        self.f, self.args, self.name = f, tuple(args), name_of(f)
        parts = [
            (name + path, value)
            for name, arg in zip(_argument_names(f, args), args, strict=True)
            for path, value in tree.flatten(arg)
        ]
        varied = [number_kind(value) == "f" or isinstance(value, RowGrad) for _, value in parts]
        if not any(varied):
            # Python's integers may be axes or counts; they are numbers only where nothing else is.
            varied = [number_kind(value) == "i" for _, value in parts]
        if not any(varied):
            given = ", ".join(kind_of(value) for _, value in parts) or "no arguments"
            raise NothingToCheckError(
                f"check_grads: {self.name} was given nothing to differentiate by ({given}): pass "
                "arrays of floats, numbers or Variables as arguments, `check_grads(f, x, w)`"
            )
        self.varied = varied
        self.names, self.values = [], []
        self.tables: dict[int, tuple[Any, Any]] = {}
        for (path, value), counts in zip(parts, varied, strict=True):
            if counts:
                self._add(path, value)

    def _add(self, path: str, value: Any) -> None:
        name = value.name if isinstance(value, Node) and value.name else path
        data = value._data if isinstance(value, Node) else value
        if isinstance(data, RowGrad):
            # Its values are varied; where they belong is not.
            self.tables[len(self.values)] = (data.rows, data.shape)
            data = data.values
        self.names.append(name)
        self.values.append(np.asarray(data, np.float64))

    def leaves(self, arrays: Sequence[FloatArray]) -> list[Any]:
        leaves = []
        for i, array in enumerate(arrays):
            if i in self.tables:
                rows, shape = self.tables[i]
                leaves.append(Variable(RowGrad(rows, array, shape)))
            else:
                leaves.append(Variable(array))
        return leaves

    def outputs(self, leaves: list[Any]) -> list[Variable]:
        following, counts = iter(leaves), iter(self.varied)
        args = tree.mapped(lambda value: next(following) if next(counts) else value, self.args)
        return _variables_in(self.f(*args), self.f)

    def read(self, number: int, gradient: Any) -> FloatArray:
        if number in self.tables:
            gradient = gradient[self.tables[number][0]]
        return np.asarray(gradient)

    def labelled_rows(self, number: int) -> tuple[Shape, Sequence[int] | None]:
        rows, shape = self.tables.get(number, (None, self.values[number].shape))
        return shape, rows


def _argument_names(f: Any, args: Sequence[Any]) -> list[str]:
    """The parameters' names in the signature of `f`; ``argument 0`` where they are not known."""
    try:
        bound = inspect.signature(f).bind(*args)
    except (TypeError, ValueError):
        return [f"argument {i}" for i in range(len(args))]
    names: list[str] = []
    for name, value in bound.arguments.items():
        several = bound.signature.parameters[name].kind is inspect.Parameter.VAR_POSITIONAL
        names += [f"{name}[{i}]" for i in range(len(value))] if several else [name]
    return names


# ---------------------------------------------------------------------- the parameters of a Module
def is_module(f: Any) -> bool:
    """Whether `f` has parameters of its own (a Module)."""
    return callable(getattr(f, "named_parameters", None)) and not isinstance(f, type)


class Parameters(Checkable):
    """The parameters of a Module, in float64 while they are checked."""

    def __init__(self, module: Any, function: Callable[..., Any], args: Sequence[Any]) -> None:
        self.function, self.args, self.name = function, tuple(args), type(module).__name__
        self.nodes: list[Any] = []
        self.names, self.values = [], []
        for name, parameter in module.named_parameters():
            if parameter._data.dtype.kind == "f" and not any(parameter is p for p in self.nodes):
                self.nodes.append(parameter)
                self.names.append(name)
                self.values.append(np.array(parameter._data, np.float64))
        if not self.nodes:
            raise NothingToCheckError(f"check_grads: {self.name} has no parameters to check")

    @contextmanager
    def prepared(self) -> Iterator[None]:
        before = [parameter._data for parameter in self.nodes]
        try:
            yield
        finally:
            for parameter, data in zip(self.nodes, before, strict=True):
                parameter._data = data

    def leaves(self, arrays: Sequence[FloatArray]) -> list[Any]:
        for parameter, array in zip(self.nodes, arrays, strict=True):
            parameter._data = array
        return list(self.nodes)

    def outputs(self, leaves: list[Any]) -> list[Variable]:
        return _variables_in(self.function(*self.args), self.function)


# ---------------------------------------------------------------------- the next order
class Gradients(Checkable):
    """The gradients of another subject, as a function of its arrays and of the outputs' weights."""

    def __init__(self, lower: Checkable, weights: Sequence[FloatArray]) -> None:
        self.lower, self.name = lower, lower.name
        self.count = len(lower.values)
        self.seeds = {
            **lower.seeds,
            **{self.count + i: (i, len(weights)) for i in range(len(weights))},
        }
        self.names = lower.names + [output_name(i, len(weights)) for i in range(len(weights))]
        self.values = [*lower.values, *(np.array(weight, np.float64) for weight in weights)]

    def leaves(self, arrays: Sequence[FloatArray]) -> list[Any]:
        weights = [Variable(array) for array in arrays[self.count :]]
        return self.lower.leaves(arrays[: self.count]) + weights

    def outputs(self, leaves: list[Any]) -> list[Variable]:
        outputs = self.lower.outputs(leaves[: self.count])
        sums = pulled(outputs, leaves[self.count :], leaves[: self.count], create_graph=True)
        return [
            Variable(np.zeros(leaf._data.shape)) if g is None else _as_variable(g)
            for leaf, g in zip(leaves, sums, strict=False)
        ]

    def read(self, number: int, gradient: Any) -> FloatArray:
        if number < self.count:
            return self.lower.read(number, gradient)
        return np.asarray(gradient)


def _as_variable(g: Any) -> Variable:
    return g if isinstance(g, Variable) else Variable(np.asarray(g))


def must_be_connected(name: str, outputs: Sequence[Node], leaves: Sequence[Node]) -> None:
    """Refuse outputs that depend on no leaf: there would be nothing to compare."""
    met = set(map(id, (*outputs, *graph_of(outputs))))
    if not any(id(leaf) in met for leaf in leaves):
        raise NothingToCheckError(
            f"check_grads: what {name} returned does not depend on anything that is checked: "
            "compute it from the arguments by ops (`.data`, `float()`, `detach` leave the graph)"
        )


def graph_of(outputs: Sequence[Node]) -> Iterator[Any]:
    """All inputs of the ops that `outputs` were made by."""
    for function in ops_behind(outputs):
        yield from function.inputs


def arrays_of(outputs: Sequence[Node]) -> Iterator[Any]:
    """All arrays that the graph of `outputs` holds."""
    for x in graph_of(outputs):
        yield getattr(x, "_data", x)
    for function in ops_behind(outputs):
        yield from (*function.saved, *function._outputs)


def rounding_of(outputs: Sequence[Node]) -> float:
    """The relative rounding of the coarsest float dtype that the Variables of a graph have."""
    dtypes = {x._data.dtype for x in (*outputs, *graph_of(outputs)) if isinstance(x, Node)}
    return max(float(np.finfo(dtype).eps) for dtype in dtypes if dtype.kind == "f")


def checkable(f: Any, args: Sequence[Any]) -> Checkable:
    """What `check_grads` looks at, given `f`: its arguments, or the parameters of a Module."""
    if not callable(f):
        raise InputError(
            f"check_grads: f is a {type(f).__name__}: give the function and then its arguments, "
            "`check_grads(lambda x: (x * x).sum(), x)`"
        )
    if is_module(f):
        return Parameters(f, _loss_of(f, args), args)
    owner = getattr(f, "__self__", None)
    if owner is not None and is_module(owner):
        return Parameters(owner, f, args)
    return Arguments(f, args)


def _loss_of(module: Any, args: Sequence[Any]) -> Callable[..., Any]:
    """The module's `loss`; the module itself where it has none or these arguments are not its."""
    loss = getattr(module, "loss", None)
    if loss is None:
        return module
    try:
        inspect.signature(loss).bind(*args)
    except TypeError:
        return module
    return loss
