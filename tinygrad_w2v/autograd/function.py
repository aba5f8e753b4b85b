"""An op is one small class: its forward, its backward, and nothing of the plumbing.

``Exp()(x)`` runs `forward` on the arrays, wraps the result in a Variable and stays behind it as
its creator: the op instance *is* the node of the graph. What every op needs is done here once:
constants take the Variables' dtype, results become arrays, errors name the op and the shapes.

A node holds its inputs, never its outputs, so the graph has no reference cycles: it is freed at
the moment when the last Variable that was computed from it goes.
"""

from __future__ import annotations

import copy
import inspect
import itertools
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from tinygrad_w2v._base.errors import MissingRuleError, NonDifferentiableError
from tinygrad_w2v._base.types import AnyArray
from tinygrad_w2v.autograd.constants import (
    PYTHON_NUMBERS,
    float_dtype,
    is_small,
    owned,
    plain_array,
)
from tinygrad_w2v.autograd.debugging import watching
from tinygrad_w2v.autograd.debugging.errors import forward_error
from tinygrad_w2v.autograd.debugging.sites import Site, user_line, user_site
from tinygrad_w2v.autograd.modes import modes, unusual
from tinygrad_w2v.autograd.node import NO_GRAD, Node, is_duck_array

if TYPE_CHECKING:
    from tinygrad_w2v.autograd.variable import Variable

ndarray = np.ndarray
new_object = object.__new__
_ARRAYS = frozenset((ndarray, np.float64, np.float32, tuple))  # what `forward` mostly returns
_FLOAT64, _FLOAT32 = np.dtype(np.float64), np.dtype(np.float32)
next_order = itertools.count().__next__


class Span(NamedTuple):
    """The ops that one call of a module made: those with ``start < order < end``."""

    name: str  # the attribute's name, dotted; the class's name for a module at the top
    start: int
    end: int


class Function:
    """Base of all ops, the built-in ones and yours.

    A subclass writes `forward` on arrays and `backward` on gradients; parameters of the op (an
    axis, an exponent) go to ``__init__``. `backward` is written with operators and NumPy's
    functions, so that it can itself be differentiated. See ``docs/how-to/add-an-op.md``.

    Attributes
    ----------
    inputs : tuple
        The Variables that the op was applied to; constants stand in it as plain arrays.
    order : int
        Number of creation. An input is always older than its reader, so falling `order` is a
        reverse topological order.

    Examples
    --------
    >>> import numpy as np
    >>> import tinygrad_w2v as tw
    >>> class Cube(tw.Function):
    ...     '''y = x^3;  gx = 3 x^2 g'''
    ...     def forward(self, x):
    ...         self.save(x)
    ...         return x**3
    ...     def backward(self, g):
    ...         (x,) = self.saved
    ...         return 3 * x**2 * g
    >>> x = tw.Variable(2.0)
    >>> y = Cube()(x)
    >>> y.backward()
    >>> float(y), float(x.grad)
    (8.0, 12.0)
    """

    # Integer and boolean *arrays* among the inputs take the Variables' float dtype, too. Numbers
    # always do. An op of your own that takes ids or masks as inputs leaves this False.
    promotes_integers: ClassVar[bool] = False

    # Integers of fewer than 64 bits are computed as int64: in their own dtype a sum, difference
    # or product of them would wrap around.
    widens_integers: ClassVar[bool] = False

    inputs: Any = None
    order: int = -1
    site: Site | None = None  # the user's line, recorded under debug()
    spans: tuple[Span, ...] = ()  # the modules whose result this op made
    parameter_names: Mapping[str, str] = MappingProxyType({})  # of those given as Variables
    saved: tuple[Any, ...] = ()  # what `save` was given
    _checksums: tuple[int, ...] = ()
    _outputs: tuple[Any, ...] = ()  # arrays, kept where there are several or one was saved
    arity: int = 1  # how many outputs there are

    # ------------------------------------------------------------------ what a subclass writes
    def forward(self, *arrays: Any) -> Any:
        """Compute the result (an array, or a tuple of arrays) from the inputs' arrays."""
        raise MissingRuleError(f"{self.label} has no forward: write `def forward(self, x)`")

    def backward(self, g: Any) -> Any:
        """Return the gradient for each input, given that of the output.

        One gradient, or a tuple with one for each input; ``None`` where there is none. An op with
        several outputs is given one gradient for each: ``def backward(self, g0, g1)``.
        """
        raise MissingRuleError(
            f"{self.label} has no backward rule: write `def backward(self, g)` in the class "
            f"{type(self).__name__}, or stop the gradient before it with `F.stop_gradient`"
        )

    # ------------------------------------------------------------------ what it may call
    def save(self, *arrays: Any) -> None:
        """Keep some of the op's own inputs and outputs for `backward`, which reads `saved`.

        There `saved` holds these arrays, or under ``create_graph`` the Variables they belong to.
        """
        self.saved = arrays

    def keep_copy(self, parameter: str, value: Any) -> Any:
        """A copy of a parameter that is an array (ids, a mask): the caller may reuse his.

        Of an integer Variable it is that of its data, and pictures show its name.
        """
        if isinstance(value, Node):
            if value.name:
                self.parameter_names = {**self.parameter_names, parameter: value.name}
            value = value._data
        if type(value) is ndarray:
            return value.copy()
        if isinstance(value, ndarray | tuple):
            return owned(value, f"{self.label}: {parameter}")
        return value

    def needs(self, position: int) -> bool:
        """Whether input number `position` is a Variable: a constant needs no gradient."""
        return isinstance(self.inputs[position], Node)

    @property
    def label(self) -> str:
        """The op's name as a user knows it: class ``LogSigmoid`` is ``log_sigmoid``."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type(self).__name__).lower()

    @property
    def parameters_shown(self) -> dict[str, Any]:
        """The op's parameters (what ``__init__`` set), for pictures and messages."""
        hidden = Function.__annotations__
        return {k: v for k, v in vars(self).items() if k not in hidden and not k.startswith("_")}

    # ------------------------------------------------------------------ applying an op
    def __call__(self, *inputs: Any) -> Any:
        """Apply the op: Variables in, Variables out; arrays in, arrays out."""
        if self.inputs is not None:
            raise RuntimeError(
                f"this {self.label} was applied already: an op instance is one node of the "
                f"graph, so write `{type(self).__name__}(...)` anew for each use"
            )
        arrays = []
        constants = 0
        for x in inputs:
            if isinstance(x, Node):
                arrays.append(x._data)
            else:
                arrays.append(x)
                constants += 1
        if constants:
            inputs = self._with_constants(inputs, arrays)
            if constants == len(inputs):
                return self._run(self._fitted(inputs, arrays) if self.promotes_integers else arrays)
        if unusual() is not None:
            return self._call_watched(inputs, arrays)
        try:
            y = self.forward(*arrays)
        except Exception as error:
            raise forward_error(self, arrays, error) from error
        kind, usual = type(y), True
        if kind is ndarray:
            if self.promotes_integers:
                dtype = y.dtype
                usual = dtype is arrays[0].dtype and (dtype is _FLOAT64 or dtype is _FLOAT32)
        elif kind is tuple:
            return self._record_several(inputs, arrays, y)
        elif kind in _ARRAYS:
            first = arrays[0]
            usual = kind is type(first) or not self.promotes_integers or y.dtype is first.dtype
        else:
            y = self._checked_output(y)
            usual = not self.promotes_integers
        if not usual:
            fitted = self._fitted(inputs, arrays)
            if fitted is not inputs:
                self.saved = ()
                return self(*fitted)
        for array in self.saved:
            if array is y:
                self._outputs = (y,)
                continue
            for given in arrays:
                if array is given:
                    break
            else:
                self._save_refused(array)
        self.inputs = inputs
        self.order = next_order()
        result = new_object(Node.result_type)
        result._data = y
        result.creator = self
        result.index = 0
        result._grad = result.name = None
        return result

    def _with_constants(self, inputs: tuple[Any, ...], arrays: list[Any]) -> tuple[Any, ...]:
        """Make arrays of the constants, in `arrays` too; numbers take the Variables' dtype."""
        if len(arrays) == 2:  # by far the most frequent: `x * 2`, and arrays of one dtype
            x, y = arrays
            if type(y) in PYTHON_NUMBERS:
                if type(x) is np.float64 and inputs[0] is not x:
                    arrays[1] = y = np.float64(y)
                    return inputs[0], y
                if inputs[0] is not x and x.dtype.kind == "f":
                    arrays[1] = y = x.dtype.type(y)
                    return inputs[0], y
            elif type(x) is ndarray and type(y) is ndarray and x.dtype is y.dtype:
                return inputs
        dtype = float_dtype(inputs, arrays)
        converted = list(inputs)
        for i, x in enumerate(inputs):
            if x is not arrays[i]:
                continue  # a Variable: its data stands in `arrays`
            if dtype is not None and type(x) in PYTHON_NUMBERS:
                x = dtype.type(x)
            elif type(x) is ndarray or not is_duck_array(x):
                if type(x) is not ndarray:
                    where = f"{self.label}: input {i}" if isinstance(x, ndarray) else ""
                    x = plain_array(x, where)
                if x.dtype.kind not in "fiub":
                    raise self._constant_refused(i, x)
                fits = dtype is None or x.dtype == dtype
                if not fits and (x.ndim == 0 or (self.promotes_integers and x.dtype.kind in "iub")):
                    x = x.astype(dtype)
            converted[i] = arrays[i] = x
        return tuple(converted)

    def _fitted(self, inputs: tuple[Any, ...], arrays: list[Any]) -> tuple[Any, ...]:
        """`inputs` of arithmetic as they must be, and themselves if they are so already.

        Variables of integers take the dtype of the floats beside them, as constants do. Where all
        are integers, small ones take one in which their result does not wrap around.
        """
        if not all(isinstance(array, ndarray | np.generic) for array in arrays):
            return inputs
        integers = [array.dtype.kind != "f" for array in arrays]
        if not all(integers):
            dtype = float_dtype(inputs, arrays) if any(integers) else None
        elif self.widens_integers:
            integers, dtype = [is_small(array.dtype) for array in arrays], np.dtype(np.int64)
        else:
            dtype = None
        if dtype is None or not any(integers):
            return inputs
        return tuple(
            [x.astype(dtype) if odd else x for x, odd in zip(inputs, integers, strict=True)]
        )

    def _constant_refused(self, position: int, constant: AnyArray) -> TypeError:
        shown = f"{constant.item()!r}" if constant.ndim == 0 else f"an array of {constant.dtype}"
        return NonDifferentiableError(
            f"{self.label}: input {position} is {shown}, not real numbers: convert it, for example "
            "with `.astype(np.float64)`; what else an op of your own needs goes to its `__init__`"
            + user_line()
        )

    def _run(self, arrays: Sequence[Any]) -> Any:
        """Forward alone, nothing recorded."""
        try:
            y = self.forward(*arrays)
        except Exception as error:
            raise forward_error(self, arrays, error) from error
        return y if type(y) in _ARRAYS else self._checked_output(y)

    def _checked_output(self, y: Any) -> Any:
        """What `forward` returned, if that is no array: a number becomes one."""
        if type(y) in PYTHON_NUMBERS:
            return np.float64(y)
        if isinstance(y, Node) or not hasattr(y, "shape"):
            raise TypeError(
                f"forward of {self.label} returned a {type(y).__name__}: return an array or a "
                "tuple of arrays" + user_line()
            )
        return y

    def _record_several(
        self, inputs: tuple[Any, ...], arrays: list[Any], outputs: tuple[Any, ...]
    ) -> tuple[Variable, ...]:
        outputs = tuple([y if type(y) in _ARRAYS else self._checked_output(y) for y in outputs])
        for array in self.saved:
            if not any(array is known for known in (*arrays, *outputs)):
                self._save_refused(array)
        self.inputs = inputs
        self.order = next_order()
        if len(outputs) > 1:
            self.arity = len(outputs)
        self._outputs = outputs
        return tuple([_wrapped(y, self, index) for index, y in enumerate(outputs)])

    def _call_watched(self, inputs: tuple[Any, ...], arrays: list[Any]) -> Any:
        """Forward under `no_grad` or `debug`."""
        if self.promotes_integers:
            fitted = self._fitted(inputs, arrays)
            if fitted is not inputs:
                return self(*fitted)
        if modes.debugging:
            self.site = user_site()
            with watching.locked(arrays) as locked:
                y = self._run(arrays)
            watching.unlock_views(y, locked)
            watching.check_finite_forward(self, arrays, y)
        else:
            y = self._run(arrays)
        if not modes.recording:
            self.saved = ()
            if type(y) is tuple:
                return tuple([_leaf(part) for part in y])
            return _leaf(y)
        result: Any
        if type(y) is tuple:
            result = self._record_several(inputs, arrays, y)
        else:
            (result,) = self._record_several(inputs, arrays, (y,))
        self._checksums = watching.checksums(self.saved)
        return result

    # ------------------------------------------------------------------ plumbing of `save`
    def over_variables(self) -> Function:
        """The op with Variables in `saved`: what `backward` runs on under ``create_graph``."""
        view = copy.copy(self)
        owners: dict[int, list[Any]] = {}
        for x in self.inputs:
            owners.setdefault(id(x._data if isinstance(x, Node) else x), []).append(x)
        view.saved = tuple([self._variable_of(array, owners) for array in self.saved])
        return view

    def _variable_of(self, array: Any, owners: dict[int, list[Any]]) -> Any:
        """The Variable that a saved array belongs to; an output is wrapped anew (no cycle).

        Inputs that share one array (``x * x.detach()``) are taken in their order.
        """
        sharing = owners.get(id(array))
        if sharing:
            return sharing.pop(0) if len(sharing) > 1 else sharing[0]
        for index, output in enumerate(self._outputs):
            if output is array:
                return _wrapped(array, self, index)
        raise RuntimeError(
            f"backward(create_graph=True) of {self.label}: the `.data` of an input was replaced "
            "after forward, so the Variable that backward should read is gone; run forward again"
        )

    def _save_refused(self, array: Any) -> None:
        """Name what `save` was given that is neither input nor output."""
        self.saved = ()
        what = f"an array of shape {array.shape}" if isinstance(array, ndarray) else repr(array)
        raise TypeError(
            f"{self.label}.save was given {what} that is neither an input nor an output of the "
            "op: save those, and compute the rest from them in backward (ids, axes and shapes "
            "are attributes)"
        )


def _leaf(data: Any) -> Variable:
    """The result of an op under `no_grad`: a leaf, whose data may be written into."""
    return lone(np.asarray(data) if isinstance(data, np.generic) else data, NO_GRAD)


def lone(data: Any, lost: str | None) -> Variable:
    """A leaf that was computed, and a note why it has no graph."""
    result = _wrapped(data, None, 0)
    if lost:
        result.lost = lost
    return result


def _wrapped(data: Any, creator: Function | None, index: int) -> Variable:
    """A Variable made without its checks."""
    result = new_object(Node.result_type)
    result._data = data
    result.creator = creator
    result.index = index
    result._grad = result.name = None
    return result


def takes_one_gradient(function: Function) -> bool:
    """Whether `backward` of an op with several outputs wants them as one tuple."""
    parameters = inspect.signature(function.backward).parameters.values()
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return len(positional) == 1 and not any(p.kind is p.VAR_POSITIONAL for p in parameters)
